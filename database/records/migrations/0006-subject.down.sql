-- The way back. Whom else a record is about is lost with it, so this refuses while there is one, unless the session says that
-- this is meant: set carekeep.destroy_subjects = 'yes' (as in PGOPTIONS='-c carekeep.destroy_subjects=yes').

do $$
begin
    if exists (select from care.record_subject)
       and current_setting('carekeep.destroy_subjects', true) is distinct from 'yes' then
        raise exception 'subjects_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

drop table care.record_subject;
drop index care.record_about_several;
alter table care.record drop column is_about_several;
