-- Settings: what each kind of organisation begins with, and what an organisation set otherwise within its bounds.

do $$
declare
    t text;
begin
    foreach t in array array['setting', 'organization_setting'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I no force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select on care.%I to carekeep_gate', t);
        execute format('create policy %I on care.%I for select to carekeep_gate using (true)', t || '_read_by_the_gate', t);
    end loop;
end
$$;

delete from care.setting;
insert into care.setting (profile, name, kind, value, floor, ceiling, is_obeyed, source, checked_on) values
    -- How many patients one member may be shown in a day by lists, searches and exports.
    ('family', 'disclosure.limit', 'count', '200', '5', '2000', true, 'our choice: more than a family has', '2026-11-22'),
    ('clinic', 'disclosure.limit', 'count', '1000', '20', '10000', true, 'our choice: a busy front desk in a day', '2026-11-22'),
    ('operations', 'disclosure.limit', 'count', '1000', '20', '10000', true, 'our choice: a large event in a day', '2026-11-22'),
    -- How long somebody stays signed in without a request, and at the latest; for staff as short as here or shorter, and programs alike.
    ('family', 'session.idle', 'days', '7', '1', '7', true, 'our choice: a phone of the family', '2026-11-22'),
    ('family', 'session.lasting', 'days', '30', '1', '30', true, 'our choice: a phone of the family', '2026-11-22'),
    ('family', 'session.programs', 'hours', '24', '1', '24', true, 'our choice; the operator sets less', '2026-11-22'),
    ('clinic', 'session.staff-idle', 'minutes', '30', '5', '60', true, 'our choice; NIST SP 800-63B-4, AAL2: an hour at most', '2026-11-22'),
    ('clinic', 'session.staff-lasting', 'hours', '12', '1', '24', true, 'a long day; NIST SP 800-63B-4, AAL2: 24 hours at most', '2026-11-22'),
    ('clinic', 'session.idle', 'hours', '24', '1', '168', true, 'our choice: patients and those who care for them', '2026-11-22'),
    ('clinic', 'session.lasting', 'days', '7', '1', '30', true, 'our choice: patients and those who care for them', '2026-11-22'),
    ('clinic', 'session.programs', 'hours', '24', '1', '24', true, 'our choice; the operator sets less', '2026-11-22'),
    ('operations', 'session.staff-idle', 'minutes', '60', '5', '60', true, 'our choice: a shift with gloves on; NIST SP 800-63B-4, AAL2: an hour at most', '2026-11-22'),
    ('operations', 'session.staff-lasting', 'hours', '12', '1', '24', true, 'a shift; NIST SP 800-63B-4, AAL2: 24 hours at most', '2026-11-22'),
    ('operations', 'session.idle', 'hours', '24', '1', '168', true, 'our choice: patients and those who care for them', '2026-11-22'),
    ('operations', 'session.lasting', 'days', '7', '1', '30', true, 'our choice: patients and those who care for them', '2026-11-22'),
    ('operations', 'session.programs', 'hours', '24', '1', '24', true, 'our choice; the operator sets less', '2026-11-22'),
    -- Opening a record in an emergency: for how many minutes (0: not at all), whether to write (1) or to read alone (0), how often
    -- one person may in a day, and within how many hours somebody else looks at it. None in families.
    ('clinic', 'break-glass.minutes', 'minutes', '60', '0', '60', true, 'our choice: as long as an emergency, and no shift', '2026-11-22'),
    ('clinic', 'break-glass.writes', 'count', '0', '0', '1', true, 'our choice: whoever writes joins the team', '2026-11-22'),
    ('clinic', 'break-glass.daily', 'count', '3', '1', '20', true, 'our choice: more are no emergencies', '2026-11-22'),
    ('clinic', 'break-glass.review-within', 'hours', '72', '1', '168', true, 'our choice: three days', '2026-11-22'),
    ('operations', 'break-glass.minutes', 'minutes', '60', '0', '60', true, 'our choice: as long as an emergency, and no shift', '2026-11-22'),
    ('operations', 'break-glass.writes', 'count', '1', '0', '1', true, 'our choice: whoever treats on scene writes it down', '2026-11-22'),
    ('operations', 'break-glass.daily', 'count', '10', '1', '20', true, 'our choice: a large event in a day', '2026-11-22'),
    ('operations', 'break-glass.review-within', 'hours', '72', '1', '168', true, 'our choice: three days', '2026-11-22'),
    -- How long before an appointment, and after it, whoever it names sees the patient.
    ('clinic', 'appointment.reach-before', 'days', '7', '0', '30', true, 'our choice: a week to prepare', '2026-11-24'),
    ('clinic', 'appointment.reach-after', 'days', '30', '0', '90', true, 'our choice: until results and letters are done', '2026-11-24'),
    -- Who among those who keep a record lets in other carers.
    ('family', 'carer.invited-by', 'roles', 'owner,admin,caregiver', 'owner', 'owner,admin,member,caregiver,patient,teen', true, 'our choice: whoever keeps the record', '2026-11-22'),
    -- Growing up: a review before a birthday, not a cut.
    ('family', 'growing-up.review-before', 'days', '90', '30', '180', true, 'our choice; guidance differs by country', '2026-11-22'),
    ('family', 'growing-up.account-from', 'years', '12', '12', '16', true, 'our choice; COPPA and GDPR 8 ask for a parent below 13 to 16', '2026-11-22'),
    -- How long things are kept.
    ('family', 'retention.after-closing', 'days', '30', '30', '365', false, 'the family''s page', '2026-11-22'),
    ('family', 'retention.trail', 'years', '7', '7', '30', false, 'the family''s page', '2026-11-22'),
    ('clinic', 'retention.record', 'years', '5', '3', '30', false, 'Indian Medical Council regulations 2002, 1.3.1: 3 years; central rules 3 or 5', '2026-11-22'),
    ('clinic', 'retention.child-until-age', 'years', '21', '18', '30', false, 'a state association''s table', '2026-11-22'),
    ('clinic', 'retention.trail', 'years', '7', '1', '30', false, 'DPDP rules 2025, rule 8(3): 1 year at least', '2026-11-22'),
    ('operations', 'retention.record', 'years', '10', '8', '30', false, 'NHS records management code; one service''s schedule', '2026-11-22'),
    ('operations', 'retention.child-until-age', 'years', '25', '25', '30', false, 'NHS records management code', '2026-11-22'),
    ('operations', 'retention.drug-register', 'years', '7', '2', '30', false, 'Misuse of Drugs Regulations 2001: 2 years from the last entry', '2026-11-22'),
    ('operations', 'retention.trail', 'years', '7', '7', '30', false, 'the service''s page', '2026-11-22'),
    -- Clocks that begin when a breach is known.
    ('family', 'breach.people', 'hours', '72', '1', '72', false, 'the family''s page', '2026-11-22'),
    ('family', 'breach.authority', 'hours', '72', '1', '72', false, 'UK GDPR 33', '2026-11-22'),
    ('clinic', 'breach.organisation', 'hours', '24', '1', '72', false, 'the clinic''s page: 72 hours', '2026-11-22'),
    ('clinic', 'breach.board', 'hours', '72', '1', '72', false, 'DPDP rules 2025, rule 7', '2026-11-22'),
    ('clinic', 'breach.cert-in', 'hours', '6', '1', '6', false, 'CERT-In directions of 2022', '2026-11-22'),
    ('operations', 'breach.authority', 'hours', '72', '1', '72', false, 'UK GDPR 33', '2026-11-22'),
    -- Clocks of requests by those whose data they are.
    ('family', 'request.answer', 'days', '28', '1', '28', false, 'UK GDPR 12(3): one month', '2026-11-22'),
    ('clinic', 'request.record', 'hours', '72', '1', '72', false, 'Indian Medical Council regulations 2002, 1.3.2', '2026-11-22'),
    ('clinic', 'request.answer', 'days', '30', '1', '90', false, 'our choice; DPDP rules 2025 ask to publish a period', '2026-11-22'),
    ('operations', 'request.answer', 'days', '28', '1', '28', false, 'UK GDPR 12(3): one month', '2026-11-22'),
    ('operations', 'complaint.acknowledge', 'days', '30', '1', '30', false, 'Data (Use and Access) Act 2025', '2026-11-22');

-- The same for every kind of organisation: how long showing who one is counts before something grave, and how long an invitation does.
insert into care.setting (profile, name, kind, value, floor, ceiling, is_obeyed, source, checked_on)
select p.profile, s.*
  from (values ('family'), ('clinic'), ('operations')) p (profile),
       (values ('step-up.within', 'minutes', '5', '1', '5', true, 'our promise ACC-1: five minutes at most', date '2026-11-22'),
               ('invitation.lasts', 'days', '7', '1', '14', true, 'our choice: a week in which to read one''s mail', date '2026-11-22'),
               -- Overviews: below which number of people none is shown, and how far apart two are taken.
               ('overview.smallest', 'count', '10', '5', '100', true, 'our choice; CMS hides 1 to 10, OpenSAFELY 1 to 7', date '2026-11-23'),
               ('overview.every', 'days', '7', '7', '90', true, 'our choice: two of one week differ by few people', date '2026-11-23')) s;

-- Who has to show a second factor. In clinics and operations that is all staff, whatever is set (care.needs_second_factor): one may ask
-- for it of more people, and of nobody less.
insert into care.setting (profile, name, kind, value, floor, ceiling, is_obeyed, source, checked_on)
select p.profile, 'second-factor.required', 'roles', p.staff, p.staff,
       'owner,admin,member,caregiver,patient,teen,clinician,staff,researcher,data-governance-officer,principal-investigator,'
       'safety-monitor,auditor,privacy-officer,guest',
       true, 'our promise ACC-1: staff must, a family may', '2026-11-22'
  from (values ('family', ''), ('clinic', null), ('operations', null)) k (profile, staff),
       lateral (select k.profile, coalesce(
            k.staff, 'owner,admin,member,clinician,staff,researcher,data-governance-officer,principal-investigator,safety-monitor,'
                     'auditor,privacy-officer')) p (profile, staff);

alter table care.setting force row level security;
alter table care.organization_setting force row level security;
create policy organization_setting_kept_by_the_gate on care.organization_setting for insert to carekeep_gate with check (true);
create policy organization_setting_changed_by_the_gate on care.organization_setting for update to carekeep_gate
    using (true) with check (true);
create policy organization_setting_taken_back_by_the_gate on care.organization_setting for delete to carekeep_gate using (true);
grant insert, update (value, changed_at), delete on care.organization_setting to carekeep_gate;

-- What holds in an organisation: what it set, while that is within the bounds, or else what its kind begins with; null for no such
-- setting. For functions of the gate, about any organisation: no server role may ask.
create function care.setting_of(organization uuid, name text) returns text
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (
        select case when care.setting_fits(s, x.value) then x.value else s.value end
          from care.organization o
          join care.setting s on s.profile = o.profile and s.name = setting_of.name
          left join care.organization_setting x on x.organization_id = o.organization_id and x.name = s.name
         where o.organization_id = organization);
end
$$;

-- The same of a time.
create function care.time_set(organization uuid, name text) returns interval
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (
        select (care.setting_of(o.organization_id, s.name) || ' ' || s.kind)::interval
          from care.organization o
          join care.setting s on s.profile = o.profile and s.name = time_set.name
         where o.organization_id = organization);
end
$$;

-- Whether a value is of its kind and within its bounds. Of roles, the floor's must be among them, and they among the ceiling's.
create function care.setting_fits(s care.setting, wanted text) returns boolean
    language plpgsql immutable set search_path = care, pg_temp
as $$
begin
    if s.kind = 'roles' then
        return wanted ~ '^([a-z-]+(,[a-z-]+)*)?$'
            and string_to_array(coalesce(s.floor, ''), ',') <@ string_to_array(wanted, ',')
            and string_to_array(wanted, ',') <@ string_to_array(coalesce(s.ceiling, ''), ',');
    elsif s.kind = 'text' then
        return s.floor is null and s.ceiling is null;
    end if;
    return wanted ~ '^[0-9]{1,9}$'
        and wanted::bigint between coalesce(s.floor::bigint, 0) and coalesce(s.ceiling::bigint, 999999999);
end
$$;

-- Sets something otherwise in the acting organisation; null takes that back.
create function care.change_setting(name text, value text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    s care.setting;
begin
    if not coalesce('settings.change' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    select x.* into s from care.organization o join care.setting x on x.profile = o.profile
     where o.organization_id = shown.organization_id and x.name = change_setting.name and x.is_obeyed;
    if s.name is null or not coalesce(care.setting_fits(s, value), value is null) then
        raise exception using errcode = '23514', message = 'setting is out of bounds', constraint = 'setting_is_within_bounds';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('setting' || shown.organization_id::text, 0));
    if value is null then
        delete from care.organization_setting x
         where x.organization_id = shown.organization_id and x.name = change_setting.name;
    else
        insert into care.organization_setting (organization_id, name, value, changed_at)
        values (shown.organization_id, s.name, change_setting.value, care.clock())
            on conflict on constraint organization_setting_pkey
            do update set value = excluded.value, changed_at = excluded.changed_at;
    end if;
    if s.name ~ '^(session|second-factor)\.' then
        perform care.hold_sessions(shown.organization_id, null);
    end if;
end
$$;

-- Everything that is set in the acting organisation; since when, where it set that itself.
create function care.settings(
    out name text, out kind text, out value text, out begins_with text, out floor text, out ceiling text, out is_obeyed boolean,
    out source text, out checked_on date, out changed_at timestamptz
) returns setof record
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    if not care.acting_may('settings.read') then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select s.name, s.kind, care.setting_of(o.organization_id, s.name), s.value, s.floor, s.ceiling, s.is_obeyed, s.source,
               s.checked_on, case when care.setting_fits(s, x.value) then x.changed_at end
          from care.organization o
          join care.setting s on s.profile = o.profile
          left join care.organization_setting x on x.organization_id = o.organization_id and x.name = s.name
         where o.organization_id = care.acting_organization()
         order by 1;
end
$$;

grant execute on function care.change_setting(text, text), care.settings() to carekeep_server;
