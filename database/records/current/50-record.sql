-- Patients, reach, records, tokens, changes: what a pass opens of them.
--
-- Each table has one restrictive policy, the wall of the organisation (ISO-1), and permissive ones for what the pass names
-- (ISO-2). Functions are called as (select …): once a statement, not once a row.

do $$
declare
    t text;
begin
    foreach t in array array['patient', 'reach', 'record', 'record_subject', 'version', 'token', 'change'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format(
            'create policy %I on care.%I as restrictive to carekeep_server '
            'using (organization_id = (select care.acting_organization())) '
            'with check (organization_id = (select care.acting_organization()))',
            t || '_stays_in_its_organization', t);
    end loop;
end
$$;

-- The gate finds what an act is about, and who reaches whom.
grant select on care.patient, care.reach, care.record to carekeep_gate;
create policy patient_read_by_the_gate on care.patient for select to carekeep_gate using (true);
create policy reach_read_by_the_gate on care.reach for select to carekeep_gate using (true);
create policy record_read_by_the_gate on care.record for select to carekeep_gate using (true);

-- patient
create policy patient_read_on_the_roster on care.patient for select to carekeep_server
    using (id in (select care.acting_roster('roster.read')));
create policy patient_created_with_a_pass on care.patient for insert to carekeep_server
    with check (id = any ((select care.acting_new_patients('patient.write'))::uuid[]));
grant select, insert (organization_id, id) on care.patient to carekeep_server;

-- reach
create policy reach_read_by_the_patients_own on care.reach for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('reach.read'))::uuid[]));
create policy reach_begun_with_the_patient on care.reach for insert to carekeep_server
    with check (patient_id = any ((select care.acting_new_patients('reach.write'))::uuid[]));
create policy reach_shared_by_the_patients_own on care.reach for insert to carekeep_server
    with check (
        kind = 'share' and patient_id = any ((select care.acting_patients('reach.share'))::uuid[])
        and account_id <> (select care.acting_account())
        and exists (
            select from care.membership m
             where m.organization_id = reach.organization_id and m.account_id = reach.account_id
               and m.roles && '{clinician,guest}'
               and m.since <= now() and (m.until is null or m.until > now())));
create policy reach_withdrawn_by_the_patients_own on care.reach for update to carekeep_server
    using (
        kind in ('share', 'carer', 'carer-reading') and withdrawn_at is null
        and patient_id = any ((select care.acting_patients('reach.withdraw'))::uuid[]))
    -- Once, and now: nobody writes a share's end down earlier or later than it was.
    with check (withdrawn_at = now() and now() > clock_timestamp() - interval '1 minute');
grant select,
      insert (organization_id, patient_id, account_id, kind, kinds, purpose, until),
      update (withdrawn_at)
   on care.reach to carekeep_server;

-- record
create policy record_read_of_the_patient on care.record for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('record.read'))::uuid[]));
create policy record_read_of_another_subject on care.record for select to carekeep_server
    using (id = any ((select care.acting_shared('record.read'))::uuid[]));
create policy record_read_of_the_directory on care.record for select to carekeep_server
    using (patient_id is null and (select care.acting_may('directory.read')));
create policy record_read_on_the_roster on care.record for select to carekeep_server
    using (kind = 'Patient' and patient_id in (select care.acting_roster('roster.read')));
create policy record_written_of_the_patient on care.record for insert to carekeep_server
    with check (patient_id = any ((select care.acting_patients('record.write'))::uuid[]));
create policy record_written_of_the_directory on care.record for insert to carekeep_server
    with check (patient_id is null and (select care.acting_may('directory.write')));
create policy record_changed_of_the_patient on care.record for update to carekeep_server
    using (patient_id = any ((select care.acting_patients('record.change'))::uuid[]))
    with check (
        patient_id = any ((select care.acting_patients('record.change'))::uuid[])
        and (not is_deleted or patient_id = any ((select care.acting_patients('record.delete'))::uuid[])));
create policy record_changed_of_the_directory on care.record for update to carekeep_server
    using (patient_id is null and (select care.acting_may('directory.change')))
    with check (
        patient_id is null and (select care.acting_may('directory.change'))
        and (not is_deleted or (select care.acting_may('record.delete'))));
grant select,
      insert (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several),
      update (version, sealed, card, is_deleted)
   on care.record to carekeep_server;

-- record_subject
-- Whether a record was made by this transaction, about several, and with one of the pass's patients: only then may others be
-- named. Of a record that is there, nobody else gets to be a subject.
create function care.acting_maker_of(record uuid) returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    return exists (
        select from care.record r
         where r.organization_id = shown.organization_id and r.id = record and r.is_about_several
           and r.version = 1 and r.written_in = pg_current_xact_id_if_assigned()
           and r.patient_id = any (shown.patients));
end
$$;
grant execute on function care.acting_maker_of(uuid) to carekeep_server;

create policy record_subject_read_of_the_patient on care.record_subject for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('record.read'))::uuid[]));
create policy record_subject_named_with_the_record on care.record_subject for insert to carekeep_server
    with check (
        patient_id = any ((select care.acting_patients('record.write'))::uuid[])
        and care.acting_maker_of(record_id));
grant select, insert (organization_id, record_id, patient_id) on care.record_subject to carekeep_server;
grant select on care.record_subject to carekeep_gate;
create policy record_subject_read_by_the_gate on care.record_subject for select to carekeep_gate using (true);

-- version
-- Every version is kept: whatever changes a record, whoever asks, what it was stays here, and the next one is counted.
create function care.keep_version() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    if new.version is distinct from old.version + 1 then
        raise exception using errcode = '23514', message = 'versions are counted', constraint = 'record_counts_its_versions';
    end if;
    insert into care.version (
        organization_id, record_id, version, patient_id, kind, is_deleted, sealed, written_at, written_in, private_to)
    values (
        old.organization_id, old.id, old.version, old.patient_id, old.kind, old.is_deleted, old.sealed, old.written_at,
        old.written_in, old.private_to);
    new.written_at := greatest(clock_timestamp(), old.written_at + interval '1 microsecond');
    new.written_in := pg_current_xact_id();
    return new;
end
$$;
create trigger record_keeps_its_versions before update on care.record for each row execute function care.keep_version();
grant insert on care.version to carekeep_gate;
create policy version_kept_by_the_gate on care.version for insert to carekeep_gate with check (true);

create policy version_read_of_the_patient on care.version for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('version.read'))::uuid[]));
create policy version_read_of_another_subject on care.version for select to carekeep_server
    using (record_id = any ((select care.acting_shared('version.read'))::uuid[]));
create policy version_read_on_the_roster on care.version for select to carekeep_server
    using (kind = 'Patient' and patient_id in (select care.acting_roster('version.read')));
create policy version_read_of_the_directory on care.version for select to carekeep_server
    using (patient_id is null and (select care.acting_may('version.read')));
grant select on care.version to carekeep_server;

-- token
create policy token_read_on_the_roster on care.token for select to carekeep_server
    using (patient_id in (select care.acting_roster('roster.read')));
create policy token_written_of_the_patient on care.token for insert to carekeep_server
    with check (patient_id = any ((select care.acting_patients('record.write'))::uuid[]));
grant select, insert (organization_id, value, epoch, patient_id) on care.token to carekeep_server;

-- Who is called otherwise now is found by the new name alone: what is not to be kept goes. (A grant to delete would be one
-- to lock the table.)
create function care.forget_tokens(patient uuid, of_epoch integer, kept bigint[]) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    if not patient = any (care.acting_patients('record.change')) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    delete from care.token t
     where t.organization_id = care.acting_organization() and t.patient_id = patient and t.epoch = of_epoch
       and t.value <> all (kept);
    get diagnostics gone = row_count;
    return gone;
end
$$;
grant execute on function care.forget_tokens(uuid, integer, bigint[]) to carekeep_server;
grant select, delete on care.token to carekeep_gate;
create policy token_forgotten_by_the_gate on care.token for delete to carekeep_gate using (true);
create policy token_read_by_the_gate on care.token for select to carekeep_gate using (true);

-- change
-- That the record is of the patient: the foreign key alone would take any record of the organisation, and so tell an id
-- that exists from one that does not.
create function care.acting_on(record uuid, patient uuid) returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return exists (
        select from care.record r
         where r.organization_id = care.acting_organization() and r.id = record
           and r.patient_id is not distinct from patient
           and (r.private_to is null or r.private_to = care.acting_account()));
end
$$;
grant execute on function care.acting_on(uuid, uuid) to carekeep_server;

create policy change_read_of_the_patient on care.change for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('record.read'))::uuid[]));
create policy change_written_of_the_patient on care.change for insert to carekeep_server
    with check (
        opening_id = (select care.acting_opening())
        and patient_id = any ((select care.acting_patients('record.write'))::uuid[])
        and care.acting_on(record_id, patient_id));
create policy change_written_of_the_directory on care.change for insert to carekeep_server
    with check (
        opening_id = (select care.acting_opening())
        and patient_id is null and (select care.acting_may('directory.write'))
        and care.acting_on(record_id, patient_id));
grant select,
      insert (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
   on care.change to carekeep_server;

-- Which of these tags are of no record that the pass may refer to: one of its patients', or of the directory. What is in
-- other hands is answered like what is not there.
create function care.unknown_references(tags bytea[]) returns bytea[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('record.write' = any (shown.powers) or 'directory.write' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return array(
        select t.tag from unnest(tags) t (tag)
         where not exists (
            select from care.record r
             where r.organization_id = shown.organization_id and r.tag = t.tag and not r.is_deleted
               and (shown.kinds is null or r.kind = any (shown.kinds) or r.patient_id is null)
               -- What is private is referred to by what is private alone.
               and (r.private_to is null or r.private_to = shown.account_id and 'record.keep-private' = any (shown.powers))
               and (r.patient_id is null or r.patient_id = any (shown.patients)
                    or r.is_about_several and exists (
                        select from care.record_subject s
                         where s.organization_id = r.organization_id and s.record_id = r.id
                           and s.patient_id = any (shown.patients)))));
end
$$;

-- The same as a condition of the transaction: with a reference that leads nowhere, nothing is written.
create function care.require_references(tags bytea[]) returns void
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    if cardinality(care.unknown_references(tags)) > 0 then
        raise exception using errcode = '23503', message = 'reference is unknown', constraint = 'reference_is_known';
    end if;
end
$$;

grant execute on function care.unknown_references(bytea[]), care.require_references(bytea[]) to carekeep_server;
