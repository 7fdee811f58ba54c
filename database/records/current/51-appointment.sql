-- Reach by appointment: whoever an appointment names sees the patient from some days before it to some days after, and no longer. (ROL-3)
--
-- What an appointment says is sealed. Of one that the same transaction writes, the server tells when it is and which Practitioners of the
-- directory it names; which member each of them is, an administrator says; how many days, a setting says, which there is in clinics alone.
-- Nobody lets others in so for longer than they are there themselves.

alter table care.practitioner enable row level security;
alter table care.practitioner force row level security;
revoke all on care.practitioner from carekeep_server, carekeep_keykeeper;
create policy practitioner_stays_in_its_organization on care.practitioner as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy practitioner_read_with_a_pass on care.practitioner for select to carekeep_server
    using ((select care.acting_may('practitioner.read')));
grant select on care.practitioner to carekeep_server;
create policy practitioner_read_by_the_gate on care.practitioner for select to carekeep_gate using (true);
create policy practitioner_named_by_the_gate on care.practitioner for insert to carekeep_gate with check (true);
create policy practitioner_ended_by_the_gate on care.practitioner for update to carekeep_gate using (true) with check (true);
grant select, insert, update (until) on care.practitioner to carekeep_gate;

-- Ends that a member is these Practitioners, or any, and what appointments let them in to.
create function care.end_practitioners(organization uuid, account uuid, record uuid, at timestamptz) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    update care.practitioner p set until = greatest(at, p.since + interval '1 microsecond')
     where p.organization_id = organization and p.account_id = account and p.record_id = coalesce(record, p.record_id) and p.until is null;
    update care.reach r set withdrawn_at = at
     where r.organization_id = organization and r.account_id = account and r.kind = 'appointment'
       and r.withdrawn_at is null and r.until > at;
end
$$;

-- Says which member a Practitioner or PractitionerRole of the directory is; null for none any more. Only owners say it of themselves: an
-- administrator who reaches nobody would let themselves in.
create function care.link_practitioner(record_tag bytea, account uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    d care.record;
    was uuid;
begin
    if not coalesce('practitioner.link' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- Of two who say it at once, one after the other.
    select r.* into d from care.record r
     where r.organization_id = shown.organization_id and r.tag = record_tag and r.kind in ('Practitioner', 'PractitionerRole')
       and r.patient_id is null for no key update;
    if d.id is null or account is not null and d.is_deleted then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if account is not null and not exists (
            select from care.membership m
             where m.organization_id = shown.organization_id and m.account_id = link_practitioner.account
               and m.since <= at and (m.until is null or m.until > at) and 'record.read' = any (m.permits))
       or account = shown.account_id and not 'owner' = any ((care.acting_member()).roles) then
        raise exception using errcode = '23514', message = 'that cannot be given so', constraint = 'reach_is_theirs_to_give';
    end if;
    select p.account_id into was from care.practitioner p
     where p.organization_id = shown.organization_id and p.record_id = d.id and p.until is null;
    if was = account then
        return;
    end if;
    if was is not null then
        perform care.end_practitioners(shown.organization_id, was, d.id, at);
    end if;
    if account is not null then
        insert into care.practitioner (organization_id, record_id, account_id, since)
        values (shown.organization_id, d.id, link_practitioner.account, at);
    end if;
end
$$;

-- The members whom an appointment with these Practitioners lets in.
create function care.members_named(organization uuid, practitioners bytea[], at timestamptz) returns uuid[]
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return array(
        select distinct p.account_id from care.practitioner p
          join care.record d on d.organization_id = p.organization_id and d.id = p.record_id
          join care.membership m on m.organization_id = p.organization_id and m.account_id = p.account_id
         where p.organization_id = organization and p.until is null and d.tag = any (practitioners)
           and m.since <= at and (m.until is null or m.until > at) and 'record.read' = any (m.permits));
end
$$;

-- Lets those in whom an appointment names, and ends what it no longer says; called with each write of an Appointment, in its transaction.
--
-- Whoever is named still, at a time that what they have fits into, keeps it, whoever writes. `starts` is null for one that does not take
-- place: not booked, cancelled, deleted.
create function care.keep_appointment(record uuid, practitioners bytea[], starts timestamptz, ends timestamptz) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    subjects uuid[];
    named uuid[];
    opens timestamptz;
    closes timestamptz;
    lasting timestamptz;
    patient uuid;
begin
    subjects := array(
        select x.patient_id from care.record r
          cross join lateral (
                select r.patient_id
                union select s.patient_id from care.record_subject s
                 where s.organization_id = r.organization_id and s.record_id = r.id) x
         where r.organization_id = shown.organization_id and r.id = record and r.kind = 'Appointment'
           and r.written_in = pg_current_xact_id() and x.patient_id = any (shown.patients));
    if not coalesce('record.write' = any (shown.powers) and cardinality(subjects) > 0, false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    named := care.members_named(shown.organization_id, practitioners, at);
    -- Of an appointment that says to take months, a week counts.
    opens := starts - care.time_set(shown.organization_id, 'appointment.reach-before');
    closes := starts + least(ends - starts, interval '7 days') + care.time_set(shown.organization_id, 'appointment.reach-after');

    update care.reach r set withdrawn_at = at
     where r.organization_id = shown.organization_id and r.appointment_id = record and r.withdrawn_at is null and r.until > at
       and not coalesce(
            r.patient_id = any (subjects) and r.account_id = any (named) and r.since >= opens and r.until <= closes, false);
    if not coalesce(closes > at, false) or not 'sharing.write' = any ((care.acting_member()).permits) then
        return;
    end if;
    opens := greatest(opens, at);
    foreach patient in array subjects loop
        lasting := care.may_let_in_until(shown, patient, '{guardian,self,care-team,assignment}');
        continue when lasting is null;
        lasting := least(lasting, closes);
        continue when lasting <= opens;
        update care.reach r set withdrawn_at = at
         where r.organization_id = shown.organization_id and r.appointment_id = record and r.patient_id = patient
           and r.withdrawn_at is null and r.until > at and (r.until < lasting or r.since > opens);
        insert into care.reach (organization_id, patient_id, account_id, kind, appointment_id, since, until)
        select shown.organization_id, patient, m.account_id, 'appointment', record, opens, lasting from unnest(named) m (account_id)
         where not exists (
            select from care.reach r
             where r.organization_id = shown.organization_id and r.appointment_id = record and r.patient_id = patient
               and r.account_id = m.account_id and r.withdrawn_at is null and r.until > at);
    end loop;
end
$$;

grant execute on function care.link_practitioner(bytea, uuid), care.keep_appointment(uuid, bytea[], timestamptz, timestamptz)
    to carekeep_server;
