-- The way back. Former versions of records are lost with it, so this refuses while there is one, unless the session
-- says that this is meant: set carekeep.destroy_versions = 'yes' (as in PGOPTIONS='-c carekeep.destroy_versions=yes').

do $$
begin
    if exists (select from care.version) and current_setting('carekeep.destroy_versions', true) is distinct from 'yes' then
        raise exception 'versions_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

-- What is deleted stays away: the previous release would show it again.
delete from care.change c using care.record r
 where r.organization_id = c.organization_id and r.id = c.record_id and r.is_deleted;
drop table care.version;
delete from care.record where is_deleted;
alter table care.record drop column is_deleted, drop column written_at;
alter table care.change drop constraint change_is_one_a_version;
create index change_by_record on care.change (organization_id, record_id);
alter table care.act drop column directory_powers, drop column directory_roles;
