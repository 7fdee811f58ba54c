-- Sessions as people see them: how long they last for whom, on which devices somebody is signed in, and ending them.

alter table care.session_limit enable row level security;
alter table care.session_limit force row level security;
revoke all on care.session_limit from carekeep_server, carekeep_keykeeper;
grant select on care.session_limit to carekeep_gate;
create policy session_limit_read_by_the_gate on care.session_limit for select to carekeep_gate using (true);

grant update (sealed_device) on care.session to carekeep_gate;

-- A family's phone stays signed in; a computer at a front desk does not. How long programs have, the operator says.
delete from care.session_limit;
insert into care.session_limit (profile, role, used_as, idle, lasting)
select p.profile, r.role, u.used_as,
       case when u.used_as = 'api' then interval '1 day' when p.profile = 'family' then interval '7 days'
            when r.is_staff then p.idle else interval '1 day' end,
       case when u.used_as = 'api' then interval '1 day' when p.profile = 'family' then interval '30 days'
            when r.is_staff then interval '12 hours' else interval '7 days' end
  from (values ('family', null::interval), ('clinic', interval '30 minutes'), ('operations', interval '1 hour')) p (profile, idle),
       (values ('owner', true), ('admin', true), ('clinician', true), ('staff', true), ('auditor', true), ('privacy-officer', true),
               ('researcher', true), ('data-governance-officer', true), ('principal-investigator', true), ('safety-monitor', true),
               ('member', false), ('caregiver', false), ('patient', false), ('teen', false)) r (role, is_staff),
       (values ('page'), ('api')) u (used_as);

-- The shortest of what is said for one of the roles. Whoever has roles of the organisation's own alone is taken for staff.
create function care.session_limits(
    profile text, roles text[], used_as text, out limit_idle interval, out limit_lasting interval
)
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    select min(l.idle), min(l.lasting) into limit_idle, limit_lasting
      from care.session_limit l
     where l.profile = session_limits.profile and l.used_as = session_limits.used_as and l.role = any (case when roles = '{}' then '{staff}' else roles end);
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

-- Ends another session of one's own; all others where none is named. How many ended. The entries are of the organisation in which it was
-- asked for.
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

do $$
declare
    f regprocedure;
begin
    for f in select oid::regprocedure from pg_proc
              where pronamespace = 'care'::regnamespace
                and proname in ('session_limits', 'is_open', 'note_device', 'own_sessions', 'end_own_sessions',
                                'end_member_sessions') loop
        execute format('alter function %s owner to carekeep_gate', f);
        execute format('revoke all on function %s from public', f);
    end loop;
end
$$;
grant execute on function
    care.note_device(uuid, bytea, text, bytea),
    care.own_sessions(uuid, bytea, text),
    care.end_own_sessions(uuid, bytea, text, uuid, integer, bytea, bytea),
    care.end_member_sessions(uuid, integer, bytea, bytea)
    to carekeep_server;
