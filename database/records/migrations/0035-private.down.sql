-- The way back. The release before would show what is private to everybody who reaches the record, so it goes; lines of the trail stay.
-- This refuses while there is any, unless the session says that this is meant: set carekeep.destroy_private = 'yes'
-- (as in PGOPTIONS='-c carekeep.destroy_private=yes').

do $$
begin
    if (exists (select from care.record where private_to is not null)
        or exists (select from care.version where private_to is not null))
       and current_setting('carekeep.destroy_private', true) is distinct from 'yes' then
        raise exception 'private_entries_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.record no force row level security;
alter table care.version no force row level security;
alter table care.change no force row level security;
delete from care.version v where v.private_to is not null;
delete from care.version v using care.record r
 where r.organization_id = v.organization_id and r.id = v.record_id and r.private_to is not null;
delete from care.change c using care.record r
 where r.organization_id = c.organization_id and r.id = c.record_id and r.private_to is not null;
delete from care.record where private_to is not null;
alter table care.record
    drop constraint private_record_is_about_one,
    drop constraint private_record_is_of_a_kind_for_that,
    drop constraint record_is_private_to_a_member,
    drop column private_to;
alter table care.version drop column private_to;
alter table care.entry drop column private_to;
alter table care.record force row level security;
alter table care.version force row level security;
alter table care.change force row level security;
