-- Reminders: letters to stewards of the installation when what somebody vouched for is about to end or waits for a second person, and
-- when a weakness was reported or its clock runs out; letters to a family whose child soon decides who sees their record. Each once. A
-- letter says that there is something, and not what.

alter table care.reminder enable row level security;
alter table care.reminder force row level security;
revoke all on care.reminder from carekeep_server, carekeep_keykeeper;
grant select, insert on care.reminder to carekeep_gate;
create policy reminder_read_by_the_gate on care.reminder for select to carekeep_gate using (true);
create policy reminder_added_by_the_gate on care.reminder for insert to carekeep_gate with check (true);

-- What stewards have not been told of. What was vouched for ends within 30 days, as their pages say, where nothing that was accepted
-- lasts longer; of what was promised to a reporter a quarter of the time is left.
create function care.reminders_due() returns table (kind text, about uuid)
    language plpgsql stable set search_path = care, pg_temp rows 10
as $$
declare
    now_at timestamptz := care.clock();
begin
    return query
        with vouched as (
            select a.id, a.promise, a.until, coalesce(r.accepted, false) as accepted, r.attestation_id is not null as reviewed
              from care.attestation a
              left join care.attestation_review r on r.attestation_id = a.id
             where a.until > now_at
               and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id)
        ),
        reported as (
            select v.id, v.at, v.acknowledge_by, v.answer_by,
                   exists (select from care.vulnerability_act x where x.vulnerability_id = v.id and x.kind <> 'written') as is_read,
                   exists (select from care.vulnerability_act x where x.vulnerability_id = v.id and x.kind = 'answered') as is_answered
              from care.vulnerability v where not v.is_test
        ),
        due (kind, about) as (
            select 'attestation-ends', one.id from vouched one
             where one.accepted and one.until < now_at + interval '30 days'
               and not exists (select from vouched other
                                where other.promise = one.promise and other.accepted and other.until > one.until)
            union all
            select 'review-waits', one.id from vouched one where not one.reviewed
            union all
            select 'weakness-reported', v.id from reported v where not v.is_read
            union all
            select 'weakness-unread', v.id from reported v
             where not v.is_read and now_at > v.acknowledge_by - (v.acknowledge_by - v.at) / 4
            union all
            select 'weakness-unanswered', v.id from reported v
             where not v.is_answered and now_at > v.answer_by - (v.answer_by - v.at) / 4
        )
        select d.kind, d.about from due d
         where not exists (select from care.reminder m where m.kind = d.kind and m.about_id = d.about);
end
$$;

-- For whoever holds the job: tells each steward, in one letter a kind, of what they have not been told. Answers how many letters that
-- takes: where fewer were brought none is queued, and nothing is noted. 0 where there is nothing, nobody to tell, or no mail.
create function care.remind_stewards(organization uuid, job uuid, fence bigint, letters uuid[], sealed_letters bytea[]) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
    told uuid[];
    kinds text[];
    needed integer;
    n integer := 0;
    template text;
    steward uuid;
begin
    if j.kind <> 'stewards.remind' then
        raise exception using errcode = '42501', message = 'job is not held', constraint = 'job_is_held';
    end if;
    if not (select g.mails_links from care.guard g) then
        return 0;
    end if;
    told := array(
        select distinct o.account_id from care.office o join care.account a on a.id = o.account_id
         where o.office = 'steward' and o.until is null and a.closed_at is null);
    kinds := array(select distinct d.kind from care.reminders_due() d);
    needed := cardinality(told) * cardinality(kinds);
    if needed = 0 or needed > coalesce(cardinality(letters), 0) or needed > coalesce(cardinality(sealed_letters), 0) then
        return needed;
    end if;
    foreach template in array kinds loop
        foreach steward in array told loop
            n := n + 1;
            perform care.queue_letter(
                '00000000-0000-0000-0000-000000000000', letters[n], steward, template, 'en', sealed_letters[n], null,
                interval '3 days');
        end loop;
    end loop;
    insert into care.reminder (kind, about_id, told_at)
    select d.kind, d.about, care.clock() from care.reminders_due() d;
    return needed;
end
$$;

-- Whom to tell that a record is handed over: whoever it is about, and those who look after it until then, from the review before that day
-- on, while they belong there. The nearest hundred, and the rest the next time. (ROL-2)
grant update (told_of) on care.growing_up to carekeep_gate;
create function care.handovers_due() returns table (organization_id uuid, patient_id uuid, account_id uuid)
    language plpgsql stable set search_path = care, pg_temp rows 10
as $$
declare
    now_at timestamptz := care.clock();
begin
    return query
        select distinct g.organization_id, g.patient_id, r.account_id
          from (select x.* from care.growing_up x
                 where x.hands_over_at > now_at and x.told_of is distinct from x.hands_over_at
                   and x.hands_over_at - care.time_set(x.organization_id, 'growing-up.review-before') <= now_at
                 order by x.hands_over_at, x.organization_id, x.patient_id limit 100) g
          join care.reach r on r.organization_id = g.organization_id and r.patient_id = g.patient_id
          join care.membership m on m.organization_id = r.organization_id and m.account_id = r.account_id
          join care.account a on a.id = r.account_id
         where (r.kind = 'self' and (r.until is null or r.until > now_at) or care.is_handed_over(r.kind) and r.until = g.hands_over_at)
           and r.since <= now_at and r.withdrawn_at is null and r.paused_at is null
           and m.since <= now_at and (m.until is null or m.until > now_at) and a.closed_at is null;
end
$$;

-- For whoever holds the job: tells families of a handover, each person in one letter a record. Answers how many letters that takes: where
-- fewer were brought none is queued, and nothing is noted. 0 where there is nothing, or no mail.
create function care.remind_families(organization uuid, job uuid, fence bigint, letters uuid[], sealed_letters bytea[]) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
    needed integer;
    n integer := 0;
    told record;
begin
    if j.kind <> 'families.remind' then
        raise exception using errcode = '42501', message = 'job is not held', constraint = 'job_is_held';
    end if;
    if not (select g.mails_links from care.guard g) then
        return 0;
    end if;
    needed := (select count(*) from care.handovers_due());
    if needed > coalesce(cardinality(letters), 0) or needed > coalesce(cardinality(sealed_letters), 0) then
        return needed;
    end if;
    for told in select * from care.handovers_due() loop
        n := n + 1;
        perform care.queue_letter(
            told.organization_id, letters[n], told.account_id, 'handover-nears', 'en', sealed_letters[n], null, interval '7 days');
        update care.growing_up g set told_of = g.hands_over_at
         where g.organization_id = told.organization_id and g.patient_id = told.patient_id;
    end loop;
    return needed;
end
$$;

grant execute on function
    care.remind_stewards(uuid, uuid, bigint, uuid[], bytea[]),
    care.remind_families(uuid, uuid, bigint, uuid[], bytea[])
    to carekeep_server;
