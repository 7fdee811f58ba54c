-- The way back. Work that was promised and not done is lost with it, so this refuses while there is some, unless the session says
-- that this is meant: set carekeep.destroy_jobs = 'yes' (as in PGOPTIONS='-c carekeep.destroy_jobs=yes'). Periodic jobs come back
-- with the next step up.

do $$
begin
    if exists (select from care.job where state <> 'done' and opening_id is not null)
       and current_setting('carekeep.destroy_jobs', true) is distinct from 'yes' then
        raise exception 'jobs_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.job, care.job_kind;
