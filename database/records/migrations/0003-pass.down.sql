-- The way back. The audit trail is lost with it, so this refuses while there is one, unless the session
-- says that this is meant: set carekeep.destroy_trail = 'yes' (as in PGOPTIONS='-c carekeep.destroy_trail=yes').

do $$
begin
    if exists (select from care.entry) and current_setting('carekeep.destroy_trail', true) is distinct from 'yes' then
        raise exception 'the_trail_is_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.entry, care.pass, care.guard, care.act;
