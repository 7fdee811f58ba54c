-- The way back. Emergencies and their reviews are lost with it, so this refuses while there are some, unless the session says that this
-- is meant: set carekeep.destroy_emergencies = 'yes' (as in PGOPTIONS='-c carekeep.destroy_emergencies=yes'). Ways of reaching that came
-- of them end, and stand there as shares that were stopped; entries of the trail stay.

do $$
begin
    if exists (select from care.break_glass) and current_setting('carekeep.destroy_emergencies', true) is distinct from 'yes' then
        raise exception 'emergencies_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.break_glass;
alter table care.reach drop constraint break_glass_lasts_an_hour_at_most;
update care.reach set kind = 'share', withdrawn_at = coalesce(withdrawn_at, now())
 where kind in ('break-glass', 'break-glass-write');
alter table care.reach
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind check (kind in ('guardian', 'self', 'share', 'care-team', 'assignment'));
