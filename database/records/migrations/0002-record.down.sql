-- The way back. Every record is lost with it, so this refuses while there is one, unless the session
-- says that this is meant: set carekeep.destroy_records = 'yes' (as in PGOPTIONS='-c carekeep.destroy_records=yes').

do $$
begin
    if exists (select from care.record) and current_setting('carekeep.destroy_records', true) is distinct from 'yes' then
        raise exception 'records_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.change, care.token, care.record, care.reach, care.patient;
