-- The way back. The release before knows no pauses, and would let in who is paused: so whoever is paused is let out for good, and may be
-- asked in again. The reasons are lost, so this refuses while there is a pause, or was one, unless the session says that this is meant:
-- set carekeep.destroy_pauses = 'yes' (as in PGOPTIONS='-c carekeep.destroy_pauses=yes').

do $$
begin
    if exists (select from care.pause) and current_setting('carekeep.destroy_pauses', true) is distinct from 'yes' then
        raise exception 'pauses_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.reach no force row level security;
update care.reach set withdrawn_at = greatest(clock_timestamp(), since) where paused_at is not null and withdrawn_at is null;
alter table care.reach force row level security;
drop table care.pause;
alter table care.reach drop column paused_at;
