-- Break-glass: in an emergency a clinician opens the record of a patient of their organisation whom they do not reach. (ROL-8)
--
-- - It is found by what the clinician knows of the patient, and there is no list: an answer tells that one patient was found, or not.
-- - What comes of it is a way of reaching like any other, but for its end, which stands there from the beginning and is near. No act
--   takes it for an export, a removal, a share, or to let others in.
-- - Patient and guardians are told at once: by the trail, and by a letter. Somebody else reads the reason, sees what was done
--   meanwhile, and says whether it was right.
-- - How long, whether one may write, how often, and until when it is to be reviewed are settings. Families have none of them, and so
--   nobody opens anything there.

alter table care.break_glass enable row level security;
alter table care.break_glass force row level security;
revoke all on care.break_glass from carekeep_server, carekeep_keykeeper;
create policy break_glass_stays_in_its_organization on care.break_glass as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy break_glass_read_to_review on care.break_glass for select to carekeep_server
    using ((select care.acting_may('break-glass.read')));
grant select on care.break_glass to carekeep_server;
create policy break_glass_read_by_the_gate on care.break_glass for select to carekeep_gate using (true);
create policy break_glass_written_by_the_gate on care.break_glass for insert to carekeep_gate with check (true);
create policy break_glass_reviewed_by_the_gate on care.break_glass for update to carekeep_gate using (true) with check (true);
grant select, insert,
      update (reviewed_at, reviewer_id, is_justified, review_key_epoch, review_salt, review_sealed)
   on care.break_glass to carekeep_gate;

-- For how many minutes a record is opened here; 0 where none is, as in every family.
create function care.break_glass_minutes(organization uuid) returns integer
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return coalesce(care.setting_of(organization, 'break-glass.minutes')::integer, 0);
end
$$;

-- What whoever is about to open one is told: for how long, whether they may write, and until when it is reviewed.
create function care.break_glass_terms(out minutes integer, out writes boolean, out review_hours integer)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    if not (care.acting_may('break-glass.offer') and 'clinician' = any ((care.acting_member()).roles)) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    minutes := care.break_glass_minutes(care.acting_organization());
    writes := coalesce(care.setting_of(care.acting_organization(), 'break-glass.writes') = '1', false);
    review_hours := care.setting_of(care.acting_organization(), 'break-glass.review-within')::integer;
end
$$;

-- Opens the record of the one patient who has all of these search tokens.
--
-- outcome  0 opened, 1 not one patient was found, 2 whoever asks reaches them already, 3 that would be more than in a day
-- tag      of the record that says who the patient is
--
-- `letters` are ids under which letters to the guardians and to the patient have been sealed; as many go out as there are people to
-- be told.
create function care.break_glass(
    id uuid, tokens bigint[], token_epoch integer, key_epoch integer, salt bytea, sealed bytea,
    letters uuid[], language text, sealed_letters bytea[],
    out outcome integer, out tag bytea, out lasting timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    minutes integer := care.break_glass_minutes(shown.organization_id);
    most integer := care.setting_of(shown.organization_id, 'break-glass.daily')::integer;
    opened integer;
    missed integer;
    found_patients uuid[];
    patient uuid;
    told uuid[];
begin
    if not coalesce('break-glass.open' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- A permission makes nobody a clinician: not an owner, not an administrator, and no role of the organisation's own.
    if minutes = 0 or not 'clinician' = any ((care.acting_member()).roles) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- One after another, so that many at once do not each see few.
    perform pg_advisory_xact_lock(hashtextextended('break-glass' || shown.organization_id::text || shown.account_id::text, 0));
    select count(*) filter (where b.patient_id is not null), count(*) filter (where b.patient_id is null) into opened, missed
      from care.break_glass b
     where b.organization_id = shown.organization_id and b.account_id = shown.account_id and b.since > at - interval '1 day';
    -- Whoever looks for people in vain is guessing, or has to be helped in another way.
    if opened >= most or missed >= 4 * most then
        perform care.write_entry(shown, null, null, 'more than a day''s emergencies', key_epoch, salt, sealed, at);
        outcome := 3;
        return;
    end if;

    found_patients := array(
        select t.patient_id from care.token t
         where t.organization_id = shown.organization_id and t.value = any (tokens) and t.epoch = token_epoch
         group by t.patient_id
        having count(distinct t.value) = (select count(distinct x) from unnest(tokens) x)
         limit 2);
    if cardinality(found_patients) <> 1 then
        insert into care.break_glass (organization_id, id, account_id, since, key_epoch, salt, sealed)
        values (shown.organization_id, break_glass.id, shown.account_id, at, break_glass.key_epoch, break_glass.salt,
                break_glass.sealed);
        outcome := 1;
        return;
    end if;
    patient := found_patients[1];
    select r.tag into tag from care.record r
     where r.organization_id = shown.organization_id and r.patient_id = patient and r.kind = 'Patient';
    if exists (
        select from care.reach r
         where r.organization_id = shown.organization_id and r.account_id = shown.account_id and r.patient_id = patient
           and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)) then
        outcome := 2;
        return;
    end if;

    lasting := at + make_interval(mins => minutes);
    insert into care.reach (organization_id, patient_id, account_id, kind, since, until)
    values (shown.organization_id, patient, shown.account_id,
            case when care.setting_of(shown.organization_id, 'break-glass.writes') = '1' then 'break-glass-write'
                 else 'break-glass' end, at, lasting);
    insert into care.break_glass (
        organization_id, id, account_id, patient_id, since, until, review_by, key_epoch, salt, sealed)
    values (
        shown.organization_id, break_glass.id, shown.account_id, patient, at, lasting,
        at + make_interval(hours => care.setting_of(shown.organization_id, 'break-glass.review-within')::integer),
        break_glass.key_epoch, break_glass.salt, break_glass.sealed);
    perform care.write_entry(shown, patient, null, null, key_epoch, salt, sealed, at);
    told := array(
        select distinct r.account_id from care.reach r
          join care.membership m on m.organization_id = r.organization_id and m.account_id = r.account_id
         where r.organization_id = shown.organization_id and r.patient_id = patient and r.kind in ('guardian', 'self')
           and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)
           and m.since <= at and (m.until is null or m.until > at));
    if (select g.mails_links from care.guard g)
       and coalesce(cardinality(letters), 0) < least(cardinality(told), 8) then
        raise exception using errcode = '42501', message = 'account is told', constraint = 'account_is_told';
    end if;
    for i in 1 .. least(cardinality(told), cardinality(letters)) loop
        perform care.queue_letter(
            shown.organization_id, letters[i], told[i], 'break-glass', language, sealed_letters[i], null, interval '7 days');
    end loop;
    outcome := 0;
end
$$;

-- Whether an entry is of somebody's emergency: what they did about that patient while it lasted. For the policy of the trail, under a
-- pass that reviews.
create function care.is_of_an_emergency(account uuid, patient uuid, done_at timestamptz) returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return care.acting_may('break-glass.read') and exists (
        select from care.break_glass b
         where b.organization_id = care.acting_organization() and b.account_id = account and b.patient_id = patient
           and b.since <= done_at and b.until >= done_at);
end
$$;

-- Says, once and after its end, whether it was right to open the record. Never of what one opened oneself.
create function care.review_break_glass(
    reviewed uuid, justified boolean, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid;
begin
    if not coalesce('break-glass.review' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    update care.break_glass b
       set reviewed_at = at, reviewer_id = shown.account_id, is_justified = justified,
           review_key_epoch = review_break_glass.key_epoch, review_salt = review_break_glass.salt,
           review_sealed = review_break_glass.sealed
     where b.organization_id = shown.organization_id and b.id = reviewed and b.until <= at
       and b.reviewed_at is null and b.account_id <> shown.account_id
    returning b.patient_id into patient;
    if not found then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.write_entry(shown, patient, null, null, key_epoch, salt, sealed, at);
end
$$;

grant execute on function
    care.break_glass_terms(),
    care.break_glass(uuid, bigint[], integer, integer, bytea, bytea, uuid[], text, bytea[]),
    care.is_of_an_emergency(uuid, uuid, timestamptz),
    care.review_break_glass(uuid, boolean, integer, bytea, bytea)
    to carekeep_server;
