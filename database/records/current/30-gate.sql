-- The gate: it decides, and it writes the entry from the very arguments that it authorised.

-- The versioned, length-prefixed form of what a pass carries: a version byte, then fields in this order, each a 16-bit
-- length (65535 for none) and its bytes: actor's organisation, record's organisation, account, session, opening, act, scope,
-- patients, purpose, expiry (microseconds since 2000), client scope, step-up time.
create function care.context_of(p care.pass) returns bytea
    language plpgsql immutable  -- on the search path of its caller, like care.acting()
as $$
declare
    field bytea;
    encoded bytea := '\x01';
begin
    foreach field in array array[
        uuid_send(p.actor_organization_id),
        uuid_send(p.organization_id),
        uuid_send(p.account_id),
        uuid_send(p.session_id),
        uuid_send(p.opening_id),
        convert_to(p.act, 'UTF8'),
        convert_to(p.scope, 'UTF8'),
        substr(array_send(p.patients), 21),
        convert_to(p.purpose, 'UTF8'),
        timestamptz_send(p.until),
        convert_to(p.client_scope, 'UTF8'),
        timestamptz_send(p.stepped_up_at)
    ] loop
        encoded := encoded || coalesce(substr(int4send(octet_length(field)), 3) || field, '\xffff');
    end loop;
    return encoded;
end
$$;

create function care.write_entry(
    p care.pass, patient uuid, record uuid, refused text, key_epoch integer, salt bytea, sealed bytea, at timestamptz,
    private_to uuid default null
) returns void
    language plpgsql volatile  -- on the search path of its caller; not SQL: that would be planned at each call
as $$
begin
    insert into care.entry (
        organization_id, id, opening_id, at, opened_in, actor_organization_id, account_id, session_id, act, scope,
        patient_id, record_id, granted, refusal, purpose, until, key_epoch, salt, sealed, private_to)
    values (
        coalesce((p).organization_id, '00000000-0000-0000-0000-000000000000'), gen_random_uuid(), (p).opening_id, at,
        pg_current_xact_id(), (p).actor_organization_id, (p).account_id, (p).session_id, (p).act, (p).scope,
        patient, record, refused is null, refused, (p).purpose, (p).until, key_epoch, salt, sealed, private_to);
end
$$;

-- Opens a pass, or refuses to; either way an entry says so. Commit before showing it.
--
-- targets      keyed tags of the records (or of the Patient records) that the act is about
-- new_patients ids for patients whom the act is going to create
-- roles        what the caller is in the organisation
-- outcome      0 opened, 1 no such session, 2 refused, 3 the guard is up, 4 the patient was merged into another one,
--              5 the session needs its second factor, 6 it must show again who is there,
--              7 that would be more patients than they may be shown in a day,
--              8 there is an agreement that they have to answer first
create function care.open_pass(
    organization uuid, session_secret bytea, pass_secret bytea, used_as text, act_name text,
    targets bytea[], new_patients uuid[], purpose text, key_epoch integer, salt bytea, sealed bytea,
    out outcome integer, out context bytea, out patients uuid[], out records uuid[], out roles text[]
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    g care.guard;
    s care.session;
    a care.act;
    p care.pass;
    refused text;
    at timestamptz;
    reached boolean;
    -- What the caller's roles permit, kept right beside them.
    permits text[];
    own_roles uuid[];
    -- From when on they have to have answered an agreement.
    agree_by timestamptz;
    target_record uuid;
    target_patient uuid;
    target_several boolean;
    target_kind text;
    target_kinds text[];
    -- Whose account a target is private to; and of each target, if it is the caller's.
    target_private uuid;
    kept_private uuid[];
    -- Whether somebody is reached for some kinds of record alone.
    is_narrowed boolean := false;
    -- Of records about several: their number among the targets, and the patients whom they stand with.
    several integer[] := '{}';
    stands_with uuid[] := '{}';
    also_reached uuid[];
    also_about uuid[] := '{}';
    subjects integer;
    subject uuid;
    asked constant integer := coalesce(cardinality(targets), 0);
    -- What is refused for asking too much leaves as many entries as could have been granted, and no more.
    n constant integer := least(asked, 100);
begin
    select * into g from care.guard;
    at := clock_timestamp() + g.clock_offset;
    p.opening_id := gen_random_uuid();
    p.act := left(act_name, 60);
    p.purpose := left(purpose, 60);
    p.new_patients := coalesce(new_patients, '{}');
    patients := '{}';
    records := '{}';
    outcome := 2;

    select * into s from care.session
     where session.organization_id = organization and session.secret_sha256 = sha256(session_secret);
    if not found then
        outcome := 1; refused := 'no such session';
    else
        p.organization_id := s.organization_id;
        p.actor_organization_id := s.organization_id;
        p.account_id := s.account_id;
        p.session_id := s.id;
        p.client_scope := s.client_scope;
        p.stepped_up_at := s.stepped_up_at;
        select m.roles, m.permits, m.custom_roles, m.agree_by into roles, permits, own_roles, agree_by from care.membership m
         where m.organization_id = s.organization_id and m.account_id = s.account_id
           and m.since <= at and (m.until is null or m.until > at);
        if s.profile is null then
            -- Begun by a release that knew no second factors.
            select o.profile into s.profile from care.organization o where o.organization_id = s.organization_id;
        end if;
        if s.ended_at is not null or s.until <= at or s.seen_at + s.idle <= at or roles is null then
            outcome := 1; refused := 'session has ended';
        elsif s.access_until <= at then
            outcome := 1; refused := 'access token has expired';
        elsif s.used_as is distinct from open_pass.used_as then
            outcome := 1; refused := 'session is of another use';
        end if;
    end if;

    if refused is null then
        select * into a from care.act where act.name = act_name;
        p.scope := a.scope;
        p.powers := a.powers;
        p.directory := false;
        if a.name is null then
            refused := 'no such act';
        elsif octet_length(pass_secret) is distinct from 16 then
            refused := 'secret is not 16 bytes';
        elsif asked + cardinality(p.new_patients) > 100 then
            refused := 'more than 100 targets';
        elsif octet_length(purpose) > 60 then
            refused := 'purpose is too long';
        elsif g.expected is null or g.seen is distinct from g.expected
              or coalesce(g.inspected_at, '-infinity') < clock_timestamp() - interval '5 minutes' then
            outcome := 3; refused := 'the guard is up';
        -- These are asked before anything is looked up, so that none tells what there is.
        elsif s.second_factor_at is null
              and (s.second_factor_is_due or care.needs_second_factor(s.profile, roles, own_roles)) then
            outcome := 5; refused := 'a second factor is needed';
        elsif agree_by <= at and not a.before_agreeing then
            outcome := 8; refused := 'an agreement is not answered';
        elsif a.step_up and not care.is_stepped_up(s) then
            outcome := 6; refused := 'stepping up is needed';
        end if;
    end if;

    -- Whom is it about? The gate finds the patients itself; an unknown record is refused like a forbidden one.
    if n > 0 and p.organization_id is not null then
        for i in 1 .. n loop
            select r.id, r.patient_id, r.is_about_several, r.kind, r.private_to
              into target_record, target_patient, target_several, target_kind, target_private
              from care.record r
             where r.organization_id = p.organization_id and r.tag = targets[i];
            -- What somebody keeps to themselves is not there for anybody else.
            if target_private <> p.account_id then
                target_record := null; target_patient := null; target_kind := null; target_private := null;
            end if;
            kept_private[i] := target_private;
            records[i] := target_record;
            patients[i] := target_patient;
            target_kinds[i] := target_kind;
            if target_several then
                several := several || i;
                stands_with := stands_with || target_patient;
            end if;
            if refused is null and target_record is null then
                refused := 'no such record';
            end if;
        end loop;
    end if;

    if refused is null then
        case a.scope
        when 'patient' then
            if n <> 1 or cardinality(p.new_patients) > 0 then
                refused := 'one target is needed';
            elsif patients[1] is null and cardinality(a.directory_powers) = 0 then
                refused := 'not a patient';
            elsif patients[1] is null then
                p.scope := 'directory';
                p.powers := a.directory_powers;
                a.permission := a.directory_permission;
            end if;
        when 'patients' then
            if exists (
                select from care.patient x
                 where x.organization_id = p.organization_id and x.id = any (p.new_patients)) then
                refused := 'patient exists';
            end if;
            if a.directory_permission = any (permits) then
                p.powers := a.powers || a.directory_powers;
            end if;
        when 'directory', 'organization' then
            if n > 0 and exists (select from unnest(patients) t (id) where t.id is not null) then
                refused := 'not of the directory';
            end if;
        when 'roster' then
            if n > 0 then
                refused := 'no target is taken';
            end if;
        when 'installation' then
            if n > 0 then
                refused := 'no target is taken';
            elsif not a.roles && care.offices_of(p.account_id) then
                refused := 'no such office';
            end if;
        end case;
        -- A role says what somebody may do, reach about whom.
        if refused is null and not a.permission = any (permits) then
            refused := 'no permission';
        end if;
        -- What an act brings along of the directory takes the permission for the directory, too.
        if p.scope <> 'directory' and 'directory.read' = any (p.powers) and not 'directory.read' = any (permits) then
            p.powers := array_remove(p.powers, 'directory.read');
        end if;
        -- Ids for patients to be made are taken at their word, so only an act that makes patients may bring any: on
        -- another pass they would stand among its patients, and open the key of whoever has such an id.
        if refused is null and cardinality(p.new_patients) > 0 and not 'patient.write' = any (a.powers) then
            refused := 'no patient is made';
        end if;
    end if;
    if p.scope = 'directory' or 'directory.read' = any (p.powers) then
        p.directory := true;
    end if;

    -- May they be reached, by a way of reaching that this act accepts?
    if refused is null and p.scope in ('patient', 'patients') then
        for i in 1 .. n loop
            -- A record of the directory is nobody's to reach.
            continue when patients[i] is null and 'directory.change' = any (p.powers);
            select exists (
                select from care.reach r
                 where r.organization_id = p.organization_id and r.account_id = p.account_id
                   and r.patient_id = patients[i] and r.kind = any (a.reach)
                   and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)
                   and r.kinds is null
            ) into reached;
            if not reached then
                reached := coalesce(target_kinds[i] = any (care.kinds_reached(
                    p.organization_id, p.account_id, array[patients[i]], a.reach, at)), false);
                is_narrowed := true;
            end if;
            if i = any (several) then
                -- Whoever reaches one of those whom it is about may read it. To change it, all must be reached.
                select array_agg(x.patient_id) filter (where x.reached), count(*) into also_reached, subjects from (
                    select o.patient_id, exists (
                        select from care.reach r
                         where r.organization_id = p.organization_id and r.account_id = p.account_id
                           and r.patient_id = o.patient_id and r.kind = any (a.reach)
                           and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until > at)
                           and (r.kinds is null or target_kinds[i] = any (r.kinds))
                    ) as reached
                      from care.record_subject o
                     where o.organization_id = p.organization_id and o.record_id = records[i]) x;
                also_reached := coalesce(also_reached, '{}');
                is_narrowed := true;
                if 'record.change' = any (p.powers) then
                    reached := reached and cardinality(also_reached) = subjects;
                elsif not reached and cardinality(also_reached) > 0 then
                    patients[i] := also_reached[1];
                    reached := true;
                end if;
                also_about := also_about || also_reached;
            end if;
            if not reached then
                refused := 'out of reach';
            end if;
        end loop;
    end if;

    -- About whom was merged nothing is written any more, but for the merge itself.
    if refused is null and a.powers && '{record.write,reach.share}' and exists (
        select from care.patient x
         where x.organization_id = p.organization_id and x.id = any (patients) and x.merged_into is not null
           and not ('patient.merge' = any (a.powers) and x.merged_into = any (patients))) then
        outcome := 4; refused := 'patient was merged';
    end if;

    -- What goes out as a whole is counted, whichever way.
    if refused is null and a.permission = 'record.export'
       and not care.count_disclosed(p.organization_id, p.account_id, patients) then
        outcome := 7; refused := 'more than a day''s limit';
    end if;

    p.until := case when refused is null then at + interval '60 seconds' end;
    p.patients := case when refused is null then array_remove(patients, null) || p.new_patients else '{}' end;
    foreach subject in array also_about loop
        if refused is null and not subject = any (p.patients) then
            p.patients := p.patients || subject;
        end if;
    end loop;
    -- Of several, what is open of each of them.
    if refused is null and is_narrowed then
        p.kinds := care.kinds_reached(
            p.organization_id, p.account_id,
            array(select x from unnest(p.patients) x where not x = any (p.new_patients)), a.reach, at);
    end if;
    if refused is null and 'record.keep-private' = any (p.powers) then
        kept_private[1] := p.account_id;
    end if;
    -- One entry for each target; one for none, unless the patients to be made have theirs below.
    for i in 1 .. case when refused is null and n = 0 and cardinality(p.new_patients) > 0 then 0 else greatest(n, 1) end loop
        perform care.write_entry(p, patients[i], records[i], refused, key_epoch, salt, sealed, at, kept_private[i]);
    end loop;
    -- What is done to a record about several is told to each of them.
    for i in 1 .. cardinality(several) loop
        for subject in
            select o.patient_id from care.record_subject o
             where o.organization_id = p.organization_id and o.record_id = records[several[i]]
               and o.patient_id <> patients[several[i]]
            union all select stands_with[i] where stands_with[i] <> patients[several[i]]
        loop
            perform care.write_entry(p, subject, records[several[i]], refused, key_epoch, salt, sealed, at);
        end loop;
    end loop;
    if refused is not null then
        patients := '{}';
        records := '{}';
        roles := '{}';
        return;
    end if;

    for i in 1 .. cardinality(p.new_patients) loop
        perform care.write_entry(p, p.new_patients[i], null, null, key_epoch, salt, sealed, at);
    end loop;
    insert into care.pass values (
        sha256(pass_secret), p.organization_id, p.actor_organization_id, p.account_id, p.session_id, p.opening_id, p.act,
        p.scope, p.powers, p.patients, p.new_patients, p.directory, p.purpose, pg_current_xact_id(), p.until,
        p.client_scope, p.stepped_up_at, p.kinds);
    if s.seen_at < at - interval '1 minute' then
        -- Whoever is about to write it down does so for all: openings that travel together never wait for one another.
        update care.session set seen_at = at
         where session.organization_id = s.organization_id and session.id in (
                select own.id from care.session own
                 where own.organization_id = s.organization_id and own.id = s.id for update skip locked);
    end if;
    outcome := 0;
    context := care.context_of(p);
end
$$;

-- Opens the passes of requests that wait at the same moment: each as open_pass decides it, each with its own secret and its
-- own entry, all with one commit. Nobody's refusal touches the others; an error, which no refusal is, opens none of them,
-- and each is then to be opened by itself. One target each, and no new patients. An answer says whose it is by the hash of
-- the secret.
create function care.open_passes(
    organizations uuid[], session_secrets bytea[], pass_secrets bytea[], uses text[], acts text[], targets bytea[],
    purposes text[], key_epochs integer[], salts bytea[], sealed bytea[]
)
    returns table (
        outcome integer, context bytea, patients uuid[], records uuid[], roles text[], secret_sha256 bytea
    )
    language plpgsql volatile set search_path = care, pg_temp  -- as its caller: open_pass has what it takes
as $$
begin
    for i in 1 .. cardinality(pass_secrets) loop
        select o.outcome, o.context, o.patients, o.records, o.roles into outcome, context, patients, records, roles
          from care.open_pass(
                organizations[i], session_secrets[i], pass_secrets[i], uses[i], acts[i], targets[i : i],
                '{}', purposes[i], key_epochs[i], salts[i], sealed[i]) o;
        secret_sha256 := sha256(pass_secrets[i]);
        return next;
    end loop;
end
$$;

-- Names in the trail the patients whom a search or list disclosed, and counts them: -1 where that would be more than somebody may be
-- shown in a day, and nothing may be answered. Commit before answering.
create function care.disclose(found_patients uuid[], key_epoch integer, salt bytea, sealed bytea) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    p care.pass := care.acting();
    patient uuid;
    at timestamptz := care.clock();
begin
    if p.scope is distinct from 'roster' then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    foreach patient in array found_patients loop
        if not patient in (select care.acting_roster('roster.read')) then
            raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
        end if;
    end loop;
    if not care.count_disclosed(p.organization_id, p.account_id, found_patients) then
        perform care.write_entry(p, null, null, 'more than a day''s limit', key_epoch, salt, sealed, at);
        return -1;
    end if;
    foreach patient in array found_patients loop
        perform care.write_entry(p, patient, null, null, key_epoch, salt, sealed, at);
    end loop;
    return cardinality(found_patients);
end
$$;

grant execute on function
    care.open_pass(uuid, bytea, bytea, text, text, bytea[], uuid[], text, integer, bytea, bytea),
    care.open_passes(
        uuid[], bytea[], bytea[], text[], text[], bytea[], text[], integer[], bytea[], bytea[]),
    care.disclose(uuid[], integer, bytea, bytea)
    to carekeep_server;

alter table care.pass enable row level security;
alter table care.pass force row level security;
revoke all on care.pass from carekeep_server, carekeep_keykeeper;
grant select, insert, delete on care.pass to carekeep_gate;
create policy pass_kept_by_the_gate on care.pass to carekeep_gate using (true) with check (true);
