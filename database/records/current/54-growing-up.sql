-- Growing up: whoever keeps a child's record asks the child to have an account of their own, from the age that the country's rule names.
-- From the birthday on which they decide by themselves, those who looked after them reach the record no more, unless they agreed. (ROL-2)
--
-- All of this is ends and beginnings of reach, so that nothing else is asked when a pass is opened. The birth date is sealed: the server
-- says it when an account is planned, and what stands here is the midnight that follows from it.

alter table care.growing_up enable row level security;
alter table care.growing_up force row level security;
revoke all on care.growing_up from carekeep_server, carekeep_keykeeper;
create policy growing_up_stays_in_its_organization on care.growing_up as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
-- Whoever reads the record, on either side: they see the birth date, too.
create policy growing_up_read_of_the_patient on care.growing_up for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('record.read'))::uuid[]));
grant select (organization_id, patient_id, grown_up_at, hands_over_at) on care.growing_up to carekeep_server;
create policy growing_up_read_by_the_gate on care.growing_up for select to carekeep_gate using (true);
create policy growing_up_planned_by_the_gate on care.growing_up for insert to carekeep_gate with check (true);
create policy growing_up_changed_by_the_gate on care.growing_up for update to carekeep_gate using (true) with check (true);
grant select, insert, update (planned_by, grown_up_at, hands_over_at) on care.growing_up to carekeep_gate;
grant update (until) on care.reach to carekeep_gate;
grant update (reach_until) on care.invitation to carekeep_gate;

-- The day on which somebody is so old. For 29 February it is 1 March in a year without that day, so that nobody is older a day too early.
create function care.birthday(born date, age integer) returns date
    language plpgsql immutable set search_path = care, pg_temp
as $$
declare
    day date := born + make_interval(years => age);
begin
    return case when extract(day from day) < extract(day from born) then day + 1 else day end;
end
$$;

-- From which age on somebody may have an account of their own in an organisation: what it set, or what the country's rule names, where
-- that is later; null where no such accounts are made.
create function care.account_from(organization uuid) returns integer
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    set_to integer := care.setting_of(organization, 'growing-up.account-from')::integer;
begin
    return (
        select greatest(set_to, r.age) from care.organization o join care.age_rule r on r.country in ('*', o.country)
         where o.organization_id = organization and r.opens_account and set_to is not null
         order by r.country desc limit 1);
end
$$;

-- From which age on somebody decides who sees their record, where the organisation is.
create function care.grown_up_from(organization uuid) returns integer
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (
        select r.age from care.organization o join care.age_rule r on r.country in ('*', o.country)
         where o.organization_id = organization and r.hands_over
         order by r.country desc limit 1);
end
$$;

-- The moment with which that birthday begins, where the organisation is.
create function care.birthday_begins(organization uuid, born date, age integer) returns timestamptz
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (
        select care.birthday(born, age)::timestamp at time zone o.time_zone from care.organization o
         where o.organization_id = organization);
end
$$;

-- Whether a patient may be asked to have an account: when they grow up is known, and nobody has theirs.
create function care.may_have_own_account(organization uuid, patient uuid, at timestamptz) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return exists (
            select from care.growing_up g where g.organization_id = organization and g.patient_id = patient)
       and not exists (
            select from care.reach r
             where r.organization_id = organization and r.patient_id = patient and r.kind = 'self'
               and r.withdrawn_at is null and (r.until is null or r.until > at));
end
$$;

-- Says when the patient of the pass was born, before they are asked to have an account; answers when they are grown up. Who keeps the
-- record says it, and once the account is there nobody says otherwise.
create function care.plan_growing_up(born date) returns timestamptz
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid := shown.patients[1];
    grown_up timestamptz;
begin
    if not coalesce('carer.invite' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if not care.may_invite(shown.organization_id, shown.account_id, patient, 'self', null, at) then
        raise exception using errcode = '23514', message = 'that is more than they have', constraint = 'reach_is_theirs_to_give';
    end if;
    if not coalesce(
            care.birthday_begins(shown.organization_id, born, care.account_from(shown.organization_id)) <= at, false) then
        raise exception using errcode = '23514', message = 'account waits for an age', constraint = 'own_account_waits_for_an_age';
    end if;
    grown_up := care.birthday_begins(shown.organization_id, born, care.grown_up_from(shown.organization_id));
    insert into care.growing_up (organization_id, patient_id, planned_by, grown_up_at)
    values (shown.organization_id, patient, shown.account_id, grown_up)
        on conflict (organization_id, patient_id) do nothing;
    if care.may_have_own_account(shown.organization_id, patient, at) then
        update care.growing_up g set grown_up_at = grown_up, planned_by = shown.account_id
         where g.organization_id = shown.organization_id and g.patient_id = patient;
    end if;
    return grown_up;
end
$$;

-- Which ways of reaching end when somebody decides by themselves: those of the family. A share has an end of its own within a year, and
-- the one whose record it is ends it when they like.
create function care.is_handed_over(kind text) returns boolean
    language plpgsql immutable set search_path = care, pg_temp
as $$
begin
    return kind in ('guardian', 'carer', 'carer-reading', 'care-team', 'assignment');
end
$$;

-- What accepting an account of one's own does besides: whoever looks after the patient does so until they are grown up, and whoever
-- would be let in for longer, too.
create function care.begin_handover(organization uuid, patient uuid, at timestamptz) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    g care.growing_up;
    ends timestamptz;
begin
    select x.* into g from care.growing_up x where x.organization_id = organization and x.patient_id = patient for update;
    ends := greatest(g.grown_up_at, at);
    update care.growing_up x set hands_over_at = ends where x.organization_id = organization and x.patient_id = patient;
    update care.reach r set until = ends
     where r.organization_id = organization and r.patient_id = patient and care.is_handed_over(r.kind)
       and r.withdrawn_at is null and r.since < ends and (r.until is null or r.until > ends or r.until = g.hands_over_at);
    -- Who was asked before, and answers later.
    update care.invitation i set reach_until = ends
     where i.organization_id = organization and i.patient_id = patient and i.outcome is null and care.is_handed_over(i.kind)
       and (i.reach_until is null or i.reach_until > ends or i.reach_until = g.hands_over_at);
end
$$;

-- Whoever is let in before that day is let in until then.
create function care.keep_handover() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    ends timestamptz;
begin
    if care.is_handed_over(new.kind) then
        select g.hands_over_at into ends from care.growing_up g
         where g.organization_id = new.organization_id and g.patient_id = new.patient_id;
        if new.since < ends then
            new.until := least(new.until, ends);
        end if;
    end if;
    return new;
end
$$;
create trigger reach_ends_with_growing_up before insert on care.reach for each row execute function care.keep_handover();

-- Whoever it is about agrees that somebody who looks after them goes on, as what they say: from the review before their birthday on, or
-- afterwards. It begins with the handover, and they end it when they like, before it begins or later.
create function care.keep_carer(carer uuid, kind text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid := shown.patients[1];
    review interval := care.time_set(shown.organization_id, 'growing-up.review-before');
    g care.growing_up;
begin
    if not coalesce('carer.keep' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    select x.* into g from care.growing_up x
     where x.organization_id = shown.organization_id and x.patient_id = patient;
    if not coalesce(kind in ('carer', 'carer-reading') and g.hands_over_at - review <= at, false)
       or not exists (
            select from care.reach r
              join care.membership m on m.organization_id = r.organization_id and m.account_id = r.account_id
             where r.organization_id = shown.organization_id and r.patient_id = patient and r.account_id = carer
               and care.is_handed_over(r.kind) and r.withdrawn_at is null and r.paused_at is null and r.until = g.hands_over_at
               and m.since <= at and (m.until is null or m.until > at)) then
        raise exception using errcode = '23514', message = 'that cannot be given so', constraint = 'reach_is_theirs_to_give';
    end if;
    if exists (
        select from care.reach r
         where r.organization_id = shown.organization_id and r.patient_id = patient and r.account_id = carer
           and care.is_handed_over(r.kind) and r.withdrawn_at is null and (r.until is null or r.until > g.hands_over_at)) then
        raise exception using errcode = '23505', message = 'carer exists', constraint = 'carer_is_let_in_once';
    end if;
    insert into care.reach (organization_id, patient_id, account_id, kind, basis, since)
    values (shown.organization_id, patient, carer, keep_carer.kind, 'agreement', greatest(at, g.hands_over_at));
end
$$;

grant execute on function care.plan_growing_up(date), care.keep_carer(uuid, text) to carekeep_server;
