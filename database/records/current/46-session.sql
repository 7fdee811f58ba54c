-- Sessions: how they begin, how long they last for whom, on which devices somebody is signed in, and ending them.

grant update (sealed_device, idle, until) on care.session to carekeep_gate;

-- How long sessions of these roles last in an organisation, as it is set there. Whoever has roles of the organisation's own alone is taken
-- for staff. A family knows no staff.
create function care.session_limits(
    organization uuid, roles text[], used_as text, out limit_idle interval, out limit_lasting interval
)
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    if used_as = 'api' then
        limit_idle := care.time_set(organization, 'session.programs');
        limit_lasting := limit_idle;
        return;
    end if;
    limit_idle := care.time_set(organization, 'session.idle');
    limit_lasting := care.time_set(organization, 'session.lasting');
    if roles = '{}' or not roles <@ array['patient', 'teen', 'caregiver', 'member'] then
        limit_idle := coalesce(care.time_set(organization, 'session.staff-idle'), limit_idle);
        limit_lasting := coalesce(care.time_set(organization, 'session.staff-lasting'), limit_lasting);
    end if;
end
$$;

-- Writes down a session that begins. Whoever has a second factor, must have one or holds an office shows it there before anything is
-- opened; for whoever has none, what they just showed is good for stepping up. Its id.
create function care.add_session(
    organization uuid, account uuid, roles text[], used_as text, secret_sha256 bytea, scope_of_client text, idle interval,
    lasting interval
) returns uuid
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
    session_id uuid := gen_random_uuid();
    has_one boolean := care.has_second_factor(account);
begin
    -- A setting that changes meanwhile counts for this one: before, or by care.hold_sessions() after.
    perform pg_advisory_xact_lock_shared(hashtextextended('setting' || organization::text, 0));
    insert into care.session (
        organization_id, id, account_id, used_as, secret_sha256, client_scope, created_at, seen_at, idle, until,
        profile, second_factor_is_due, stepped_up_at)
    select organization, session_id, account, add_session.used_as, add_session.secret_sha256, scope_of_client,
           at, at, least(add_session.idle, l.limit_idle), at + least(lasting, l.limit_lasting),
           o.profile,
           has_one or cardinality(care.offices_of(account)) > 0 or care.is_asked_for_second_factor(organization, add_session.roles),
           case when not has_one then at end
      from care.organization o, care.session_limits(organization, add_session.roles, add_session.used_as) l
     where o.organization_id = organization;
    return session_id;
end
$$;

-- Holds the sessions of an organisation, or of one member, to what is set there now: they end sooner where that is shorter, and show a
-- second factor where one is asked for. What is longer counts for those that begin.
create function care.hold_sessions(organization uuid, account uuid) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    update care.session s
       set idle = least(s.idle, h.limit_idle), until = least(s.until, s.created_at + h.limit_lasting),
           second_factor_is_due = s.second_factor_is_due or h.is_due
      from (
            select x.id, l.limit_idle, l.limit_lasting, care.is_asked_for_second_factor(organization, m.roles) as is_due
              from care.session x
              join care.membership m on m.organization_id = x.organization_id and m.account_id = x.account_id
             cross join lateral care.session_limits(organization, m.roles, x.used_as) l
             where x.organization_id = organization and x.ended_at is null and x.until > care.clock()
               and (hold_sessions.account is null or x.account_id = hold_sessions.account)) h
     where s.organization_id = organization and s.id = h.id;
end
$$;

-- Whether a session has shown all that it needs to open something.
create function care.is_open(s care.session) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (s).id is not null
       and ((s).second_factor_at is not null
            or not ((s).second_factor_is_due
                    or (select care.needs_second_factor(o.profile, m.roles, m.custom_roles)
                          from care.membership m join care.organization o on o.organization_id = m.organization_id
                         where m.organization_id = (s).organization_id and m.account_id = (s).account_id)));
end
$$;

-- Names the device of the session that is shown, once.
create function care.note_device(organization uuid, session_secret bytea, used_as text, sealed bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    update care.session x set sealed_device = note_device.sealed
     where x.organization_id = s.organization_id and x.id = s.id and x.sealed_device is null;
    return found;
end
$$;

-- Where the account of the session that is shown is signed in, in whatever organisation. Nothing for a session that has to show more.
create function care.own_sessions(organization uuid, session_secret bytea, used_as text)
    returns table (
        session_id uuid, session_organization uuid, use text, began_at timestamptz, last_seen_at timestamptz,
        sealed_device bytea, sealed_organization bytea, is_this boolean
    )
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    at timestamptz := care.clock();
begin
    if not care.is_open(s) then
        return;
    end if;
    return query
        select x.id, x.organization_id, x.used_as, x.created_at, x.seen_at, x.sealed_device, o.sealed_name, x.id = s.id
          from care.session x join care.organization o on o.organization_id = x.organization_id
         where x.account_id = s.account_id and x.ended_at is null and x.until > at and x.seen_at + x.idle > at
         order by x.seen_at desc, x.id;
end
$$;

-- Where the account of the session that is shown belongs now. Nothing for a session that has to show more.
create function care.own_organizations(organization uuid, session_secret bytea, used_as text)
    returns table (organization_id uuid, sealed_organization bytea, roles text[], is_this boolean)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    at timestamptz := care.clock();
begin
    if not care.is_open(s) then
        return;
    end if;
    return query
        select m.organization_id, o.sealed_name, m.roles, m.organization_id = s.organization_id
          from care.membership m join care.organization o on o.organization_id = m.organization_id
         where m.account_id = s.account_id and m.since <= at and (m.until is null or m.until > at)
         order by m.since, m.organization_id;
end
$$;

-- Ends another session of one's own; all others where none is named. How many ended. The entries are of the organisation in which it was
-- asked for. It takes stepping up: whoever found a device that is signed in signs nobody else out by it.
create function care.end_own_sessions(
    organization uuid, session_secret bytea, used_as text, session uuid, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    gone uuid;
    count integer := 0;
begin
    if not care.is_open(s) then
        return 0;
    elsif not care.is_stepped_up(s) then
        raise exception using errcode = '42501', message = 'stepping up is needed', constraint = 'session_is_stepped_up';
    end if;
    for gone in
        update care.session x set ended_at = care.clock()
         where x.account_id = s.account_id and x.id <> s.id and x.ended_at is null
           and (end_own_sessions.session is null or x.id = end_own_sessions.session)
        returning x.id
    loop
        count := count + 1;
        perform care.write_sign_in(s.organization_id, s.account_id, gone, 'session.end', null, key_epoch, salt, sealed);
    end loop;
    return count;
end
$$;

-- Ends all sessions of a member in the acting organisation. Only owners end an owner's. How many ended.
create function care.end_member_sessions(account uuid, key_epoch integer, salt bytea, sealed bytea) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    held text[];
    theirs text[];
    gone uuid;
    count integer := 0;
begin
    select m.roles into held from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = shown.account_id;
    select m.roles into theirs from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = end_member_sessions.account;
    if not coalesce('session.end' = any (shown.powers), false)
       or ('owner' = any (theirs) and not coalesce('owner' = any (held), false)) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    for gone in
        update care.session x set ended_at = care.clock()
         where x.organization_id = shown.organization_id and x.account_id = end_member_sessions.account and x.ended_at is null
        returning x.id
    loop
        count := count + 1;
        perform care.write_entry(shown, null, gone, null, key_epoch, salt, sealed, care.clock());
    end loop;
    return count;
end
$$;

grant execute on function
    care.note_device(uuid, bytea, text, bytea),
    care.own_organizations(uuid, bytea, text), care.own_sessions(uuid, bytea, text),
    care.end_own_sessions(uuid, bytea, text, uuid, integer, bytea, bytea),
    care.end_member_sessions(uuid, integer, bytea, bytea)
    to carekeep_server;
