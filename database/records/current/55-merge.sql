-- Moving records to another patient, and merging two patients into one. No role may write whose a record is: only these
-- functions do, and they move a record whole, with all its versions and all lines of its changes.

-- What the functions touch, and nothing else.
grant update (patient_id, version, sealed, card, is_about_several) on care.record to carekeep_gate;
grant insert (organization_id, record_id, patient_id), delete on care.record_subject to carekeep_gate;
grant select (organization_id, record_id, version, patient_id), update (patient_id, sealed) on care.version to carekeep_gate;
grant select (organization_id, id, record_id, patient_id), update (patient_id, sealed_diff) on care.change to carekeep_gate;
grant update (merged_into) on care.patient to carekeep_gate;
create policy record_moved_by_the_gate on care.record for update to carekeep_gate using (true) with check (true);
create policy version_found_by_the_gate on care.version for select to carekeep_gate using (true);
create policy version_moved_by_the_gate on care.version for update to carekeep_gate using (true) with check (true);
create policy change_found_by_the_gate on care.change for select to carekeep_gate using (true);
create policy change_moved_by_the_gate on care.change for update to carekeep_gate using (true) with check (true);
create policy subject_named_by_the_gate on care.record_subject for insert to carekeep_gate with check (true);
create policy subject_replaced_by_the_gate on care.record_subject for delete to carekeep_gate using (true);
create policy patient_merged_by_the_gate on care.patient for update to carekeep_gate using (true) with check (true);

-- Who moves records may know whether those whom they name were merged.
create policy patient_read_to_move on care.patient for select to carekeep_server
    using (id = any ((select care.acting_patients('record.move'))::uuid[]));

-- Moves records from one patient to another, whole or not at all.
--
-- moved, now_sealed, cards     the records, with their next version's content and search card
-- version_*                    every version that they have, this one's former one too, sealed for the new patient
-- change_*                     every line of their changes, likewise
--
-- Contents are sealed, so the database cannot tell what they say; that there is one for each it can, and does.
create function care.move_records(
    from_patient uuid, to_patient uuid, moved uuid[], now_sealed bytea[], cards bytea[],
    version_records uuid[], version_numbers integer[], version_sealed bytea[], change_ids uuid[], change_diffs bytea[]
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    records integer;
    versions integer;
    changes integer;
begin
    if not coalesce('record.move' = any (shown.powers) and array[from_patient, to_patient] <@ shown.patients, false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- Two who move the same records do so one after the other; and the second finds that they are gone. A merge of the new patient
    -- comes before all of this or after it: in between, records would stay with somebody who is found no more.
    perform from care.patient p
      where p.organization_id = shown.organization_id and p.id in (from_patient, to_patient) order by p.id for no key update;
    if not exists (
        select from care.patient p
         where p.organization_id = shown.organization_id and p.id = to_patient and p.merged_into is null) then
        raise exception using errcode = '23514', message = 'patient was merged', constraint = 'patient_is_not_merged';
    end if;

    update care.record r
       set patient_id = to_patient, version = r.version + 1, sealed = m.sealed, card = m.card
      from unnest(moved, now_sealed, cards) m (id, sealed, card)
     where r.organization_id = shown.organization_id and r.id = m.id
       and r.patient_id = from_patient and r.kind <> 'Patient' and not r.is_about_several
       and r.private_to is null;
    get diagnostics records = row_count;
    update care.version v
       set patient_id = to_patient, sealed = m.sealed
      from unnest(version_records, version_numbers, version_sealed) m (record_id, version, sealed)
     where v.organization_id = shown.organization_id and v.record_id = m.record_id and v.version = m.version
       and v.record_id = any (moved);
    get diagnostics versions = row_count;
    update care.change c
       set patient_id = to_patient, sealed_diff = m.diff
      from unnest(change_ids, change_diffs) m (id, diff)
     where c.organization_id = shown.organization_id and c.id = m.id and c.record_id = any (moved);
    get diagnostics changes = row_count;

    if records is distinct from cardinality(moved)
       or versions is distinct from cardinality(version_records)
       or changes is distinct from cardinality(change_ids)
       or exists (
            select from care.version v
             where v.organization_id = shown.organization_id and v.record_id = any (moved)
               and v.patient_id is distinct from to_patient)
       or exists (
            select from care.change c
             where c.organization_id = shown.organization_id and c.record_id = any (moved)
               and c.patient_id is distinct from to_patient) then
        raise exception using errcode = '23514', message = 'move is not whole', constraint = 'move_is_whole';
    end if;
    -- Whom an appointment let in to the one patient has nothing of the other by it; written again, it lets them in there.
    update care.reach r set withdrawn_at = care.clock()
     where r.organization_id = shown.organization_id and r.appointment_id = any (moved) and r.patient_id = from_patient
       and r.withdrawn_at is null and r.until > care.clock();
    return records;
end
$$;

-- Puts one patient in another's place in a record about several, whole or not at all. Of one who is among them already, it is about
-- once. All whom it is about are named by the pass: somebody who reaches a part of them changes nothing.
--
-- now_sealed, now_card         the record's next version, sealed for those whom it is about then
-- version_*, change_*          every version that it has and every line of its changes, likewise
create function care.move_shared_record(
    moved uuid, from_patient uuid, to_patient uuid, now_sealed bytea, now_card bytea,
    version_numbers integer[], version_sealed bytea[], change_ids uuid[], change_diffs bytea[]
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    first_of uuid;
    first_now uuid;
    others uuid[];
    versions integer;
    changes integer;
begin
    if not coalesce('record.move' = any (shown.powers) and to_patient = any (shown.patients), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- A merge of the new patient comes before this or after it.
    perform from care.patient p where p.organization_id = shown.organization_id and p.id = to_patient for no key update;
    if not exists (
        select from care.patient p
         where p.organization_id = shown.organization_id and p.id = to_patient and p.merged_into is null) then
        raise exception using errcode = '23514', message = 'patient was merged', constraint = 'patient_is_not_merged';
    end if;
    -- Two who move it do so one after the other; and the second finds others there.
    select r.patient_id into first_of from care.record r
     where r.organization_id = shown.organization_id and r.id = moved and r.is_about_several for no key update;
    others := array(
        select s.patient_id from care.record_subject s
         where s.organization_id = shown.organization_id and s.record_id = moved);
    if not others || first_of <@ shown.patients then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    first_now := case when first_of = from_patient then to_patient else first_of end;

    delete from care.record_subject s
     where s.organization_id = shown.organization_id and s.record_id = moved and s.patient_id in (from_patient, to_patient);
    if first_now <> to_patient then
        insert into care.record_subject (organization_id, record_id, patient_id)
        values (shown.organization_id, moved, to_patient);
    end if;
    update care.record r
       set patient_id = first_now, version = r.version + 1, sealed = now_sealed, card = now_card,
           is_about_several = exists (
                select from care.record_subject s
                 where s.organization_id = shown.organization_id and s.record_id = moved)
     where r.organization_id = shown.organization_id and r.id = moved;
    update care.version v
       set patient_id = first_now, sealed = m.sealed
      from unnest(version_numbers, version_sealed) m (version, sealed)
     where v.organization_id = shown.organization_id and v.record_id = moved and v.version = m.version;
    get diagnostics versions = row_count;
    update care.change c
       set patient_id = first_now, sealed_diff = m.diff
      from unnest(change_ids, change_diffs) m (id, diff)
     where c.organization_id = shown.organization_id and c.record_id = moved and c.id = m.id;
    get diagnostics changes = row_count;

    if from_patient = to_patient or not from_patient = any (others || first_of)
       or versions is distinct from cardinality(version_numbers)
       or versions is distinct from (
            select count(*) from care.version v
             where v.organization_id = shown.organization_id and v.record_id = moved)::integer
       or changes is distinct from cardinality(change_ids)
       or changes is distinct from (
            select count(*) from care.change c
             where c.organization_id = shown.organization_id and c.record_id = moved)::integer then
        raise exception using errcode = '23514', message = 'move is not whole', constraint = 'move_is_whole';
    end if;
    update care.reach r set withdrawn_at = care.clock()
     where r.organization_id = shown.organization_id and r.appointment_id = moved and r.patient_id = from_patient
       and r.withdrawn_at is null and r.until > care.clock();
end
$$;

-- Says that a patient turned out to be another one. From here on the gate lets nobody write about them, passes that were
-- open for it end, and they are found by name no more. What is theirs is moved afterwards, in as many steps as it takes.
create function care.merge_patients(source uuid, target uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('patient.merge' = any (shown.powers) and array[source, target] <@ shown.patients, false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- Of two merges that have a patient in common, one after the other; and after whoever is writing a record of theirs.
    perform from care.patient p
      where p.organization_id = shown.organization_id and p.id in (source, target) order by p.id for update;
    if exists (
        select from care.patient p
         where p.organization_id = shown.organization_id
           and (p.id = target and p.merged_into is not null or p.id = source and p.merged_into <> target)) then
        raise exception using errcode = '23514', message = 'patient was merged', constraint = 'patient_is_not_merged';
    end if;
    if exists (
        select from care.patient p join care.record r on r.organization_id = p.organization_id and r.patient_id = p.id
         where p.organization_id = shown.organization_id and p.merged_into = source and r.kind <> 'Patient') then
        raise exception using errcode = '23514', message = 'merge is not finished', constraint = 'merge_is_finished';
    end if;
    update care.patient p set merged_into = target where p.organization_id = shown.organization_id and p.id = source;
    delete from care.token t where t.organization_id = shown.organization_id and t.patient_id = source;
    delete from care.pass p
     where p.organization_id = shown.organization_id and source = any (p.patients)
       and p.powers && '{record.write,reach.share}' and p.secret_sha256 <> shown.secret_sha256;
end
$$;

-- In how many ways others reach a patient now. A merge takes none of them along, and says how many stay behind.
create function care.count_reach_of_merged(source uuid) returns integer
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
begin
    if not coalesce('patient.merge' = any (shown.powers) and source = any (shown.patients), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return (
        select count(*) from care.reach r
         where r.organization_id = shown.organization_id and r.patient_id = source and r.account_id <> shown.account_id
           and r.withdrawn_at is null and r.since <= at and (r.until is null or r.until > at));
end
$$;

grant execute on function
    care.move_records(uuid, uuid, uuid[], bytea[], bytea[], uuid[], integer[], bytea[], uuid[], bytea[]),
    care.move_shared_record(uuid, uuid, uuid, bytea, bytea, integer[], bytea[], uuid[], bytea[]),
    care.merge_patients(uuid, uuid),
    care.count_reach_of_merged(uuid)
    to carekeep_server;
