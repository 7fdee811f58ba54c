-- Private entries: whoever a record is about keeps an entry to themselves. Nobody else sees it, nor that there is one: not those who look
-- after them, nobody with whom the record is shared, nobody who runs the organisation. (ROL-1)
--
-- An entry is private from its first version on or never, so that nothing that somebody saw is gone one day. Medicines and appointments,
-- and who somebody is, are never private: whoever looks after them needs these.

-- Whose entries the pass may keep private.
create function care.acting_private_patients() returns uuid[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if 'record.keep-private' = any (shown.powers) and exists (
        select from care.organization o where o.organization_id = shown.organization_id and o.profile = 'family') then
        return shown.patients;
    end if;
    return '{}';
end
$$;
grant execute on function care.acting_private_patients() to carekeep_server;

-- Who acts is looked up for what is private alone: for everything else, these cost a look at the row.
create policy record_is_not_private_to_another on care.record as restrictive to carekeep_server
    using (private_to is null or private_to = (select care.acting_account()))
    with check (private_to is null or private_to = (select care.acting_account()));
create policy record_is_kept_private_by_whom_it_is_about on care.record as restrictive for insert to carekeep_server
    with check (private_to is null or patient_id = any ((select care.acting_private_patients())::uuid[]));
create policy version_is_not_private_to_another on care.version as restrictive for select to carekeep_server
    using (private_to is null or private_to = (select care.acting_account()));
-- Does not say of which kind its record is, nor whether it is private: a line is there for whoever the record is there for.
create policy change_is_there_with_its_record on care.change as restrictive for select to carekeep_server
    using (record_id in (select r.id from care.record r));
grant insert (private_to) on care.record to carekeep_server;
