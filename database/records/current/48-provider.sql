-- Signing in by OpenID Connect: providers, who is who there, and visits to them.
--
-- The database cannot check a provider's signature; the server does, and says who came back. What the database holds to is the
-- rest: a visit works once and within ten minutes; a provider signs in those alone who are known by it, or were invited by its own
-- organisation and have no password yet, or whom it may make members; and an organisation's provider signs in to that
-- organisation and no other. What a server that was taken over could do with that is in docs/security/model.md.

do $$
declare
    t text;
begin
    foreach t in array array['provider', 'identity', 'sign_in_flow', 'federated_session', 'sign_in_rule'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select, insert on care.%I to carekeep_gate', t);
        execute format('create policy %I on care.%I for select to carekeep_gate using (true)', t || '_read_by_the_gate', t);
        execute format(
            'create policy %I on care.%I for insert to carekeep_gate with check (true)', t || '_added_by_the_gate', t);
    end loop;
end
$$;

create policy provider_changed_by_the_gate on care.provider for update to carekeep_gate using (true) with check (true);
grant update (sealed, admits, until) on care.provider to carekeep_gate;
create policy sign_in_flow_moved_by_the_gate on care.sign_in_flow for update to carekeep_gate using (true) with check (true);
grant update (returned_at, subject_token, done_at) on care.sign_in_flow to carekeep_gate;
-- Visits are over after ten minutes; none is needed afterwards.
create policy sign_in_flow_swept_by_the_gate on care.sign_in_flow for delete to carekeep_gate using (true);
create policy sign_in_rule_lifted_by_the_gate on care.sign_in_rule for delete to carekeep_gate using (true);
create policy identity_unlinked_by_the_gate on care.identity for delete to carekeep_gate using (true);
grant delete on care.sign_in_flow, care.sign_in_rule, care.identity to carekeep_gate;

-- Whether a password opens an organisation to somebody of these roles: not where members sign in at its own providers alone.
-- Owners are let in all the same: a provider that is gone locks nobody out for good.
create function care.password_opens(organization uuid, roles text[]) returns boolean
    language sql stable set search_path = care, pg_temp
as $$
    select 'owner' = any (roles) or not exists (select from care.sign_in_rule r where r.organization_id = organization)
$$;

-- Whether a visit to an organisation's own provider waits to be told whose account it is.
create function care.waits_for_account(organization uuid, flow_sha256 bytea) returns boolean
    language sql stable set search_path = care, pg_temp
as $$
    select exists (
        select from care.sign_in_flow f
          join care.provider p on p.organization_id = f.organization_id and p.id = f.provider_id and p.until is null
         where f.organization_id = organization and f.secret_sha256 = flow_sha256
           and f.subject_token is not null and f.done_at is null and f.until > care.clock())
$$;

-- Providers that are on: one, by its id, or all of an organisation, by its; of the installation, by the nil one's.
create function care.providers(wanted uuid)
    returns table (organization_id uuid, id uuid, sealed bytea, sealed_organization bytea, is_only boolean)
    language sql stable security definer set search_path = care, pg_temp
as $$
    select p.organization_id, p.id, p.sealed, o.sealed_name,
           exists (select from care.sign_in_rule r where r.organization_id = p.organization_id)
      from care.provider p left join care.organization o on o.organization_id = p.organization_id
     where p.until is null and wanted in (p.id, p.organization_id)
     order by p.since, p.id
$$;

-- Begins a visit. 0 begun, 1 there is no such provider, 2 too many visits are under way.
create function care.begin_flow(provider uuid, flow_sha256 bytea) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    delete from care.sign_in_flow f where f.until < at - interval '1 hour';
    if 10000 <= (select count(*) from care.sign_in_flow f where f.until > at) then
        return 2;
    end if;
    insert into care.sign_in_flow (organization_id, provider_id, secret_sha256, until)
    select p.organization_id, p.id, flow_sha256, at + interval '10 minutes'
      from care.provider p where p.id = provider and p.until is null;
    return case when found then 0 else 1 end;
end
$$;

-- Takes somebody back from a visit, once. True if they were on it.
create function care.return_flow(provider uuid, flow_sha256 bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    update care.sign_in_flow f set returned_at = at
     where f.provider_id = provider and f.secret_sha256 = flow_sha256 and f.returned_at is null and f.until > at;
    return found;
end
$$;

-- Notes that a visit came to nothing, and why.
create function care.refuse_flow(provider uuid, reason text, key_epoch integer, salt bytea, sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    perform care.write_sign_in(
        (select p.organization_id from care.provider p
          where p.id = provider and p.organization_id <> '00000000-0000-0000-0000-000000000000'),
        null, null, 'session.begin', coalesce(left(reason, 60), 'refused'), key_epoch, salt, refuse_flow.sealed);
end
$$;

-- The account that a provider's subject signs in to, for whoever was not known by it before: somebody whom its organisation invited by
-- an address that it vouches for and who never set a password, or somebody new whom it may make a member. Null for anybody else:
-- they prove whose account it is by signing in to it. A provider of the installation has invited nobody and may make nobody a member.
create function care.admit_identity(
    p care.provider, subject bytea, address_token bytea, claimed text[], new_account uuid, sealed_address bytea, sealed_name bytea,
    at timestamptz
) returns uuid
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    who uuid;
begin
    if address_token is null then
        return null;
    end if;
    if exists (select from care.account a where a.sign_in_token = address_token) then
        update care.link l set used_at = at from care.account a
         where l.organization_id = p.organization_id and l.account_id = a.id and l.purpose = 'set-password'
           and l.used_at is null and l.until > at
           and a.sign_in_token = address_token and a.password_hash is null and a.closed_at is null
           -- What an invitation to be a carer asks is answered by its own link.
           and not exists (
                select from care.invitation i
                 where i.organization_id = l.organization_id and i.link_sha256 = l.secret_sha256)
        returning l.account_id into who;
    elsif cardinality(claimed) > 0 and claimed <@ p.admits then
        insert into care.account (id, sign_in_token, sealed_address)
        values (new_account, address_token, admit_identity.sealed_address);
        insert into care.membership (organization_id, account_id, roles, sealed_name, since)
        values (p.organization_id, new_account, claimed, admit_identity.sealed_name, at);
        who := new_account;
    end if;
    if who is not null then
        insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
        values (p.organization_id, p.id, subject, who, at);
    end if;
    return who;
end
$$;

-- Signs in whoever came back from a visit as this subject.
--
-- address_token  of the address that the provider vouches for, if it does and may
-- claimed        the roles that a claim stands for
-- outcome        0 signed in, 1 there is no such visit, 2 nobody is known by this subject: the visit waits for link_identity(),
--                3 whoever is known by it has no way in here
create function care.begin_federated_session(
    provider uuid, flow_sha256 bytea, subject bytea, sid bytea, address_token bytea, claimed text[], new_account uuid,
    sealed_address bytea, sealed_name bytea, secret_sha256 bytea, idle interval, lasting interval,
    key_epoch integer, salt bytea, sealed bytea,
    out outcome integer, out organization uuid, out session_id uuid
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    p care.provider;
    m care.membership;
    who uuid;
    at timestamptz := care.clock();
    refused text;
begin
    select * into p from care.provider x where x.id = provider and x.until is null;
    update care.sign_in_flow f set done_at = at
     where f.organization_id = p.organization_id and f.provider_id = p.id and f.secret_sha256 = flow_sha256
       and f.returned_at is not null and f.subject_token is null and f.done_at is null and f.until > at;
    if not found then
        outcome := 1;
        refused := 'no such visit to a provider';
    else
        select i.account_id into who from care.identity i join care.account a on a.id = i.account_id
         where i.organization_id = p.organization_id and i.provider_id = p.id and i.subject_token = subject
           and a.closed_at is null
           for share of a;
        if not found then
            who := care.admit_identity(
                p, subject, address_token, claimed, new_account, begin_federated_session.sealed_address,
                begin_federated_session.sealed_name, at);
            if who is not null then
                perform care.write_sign_in(
                    p.organization_id, who, null, case who when new_account then 'member.join' else 'identity.link' end, null,
                    key_epoch, salt, begin_federated_session.sealed);
            end if;
        end if;
        if who is null then
            outcome := 2;
            refused := 'identity is not linked';
            update care.sign_in_flow f set done_at = null, subject_token = subject
             where f.organization_id = p.organization_id and f.provider_id = p.id and f.secret_sha256 = flow_sha256;
        else
            select * into m from care.membership x
             where x.account_id = who and x.since <= at and (x.until is null or x.until > at)
               and case when p.organization_id = '00000000-0000-0000-0000-000000000000'
                        then care.password_opens(x.organization_id, x.roles)
                        else x.organization_id = p.organization_id end
             order by x.since, x.organization_id limit 1;
            if not found then
                outcome := 3;
                refused := 'not a member';
            end if;
        end if;
    end if;
    if refused is null then
        -- The provider stands for the password: a second factor is asked for here all the same.
        session_id := care.add_session(
            m.organization_id, who, m.roles, 'page', begin_federated_session.secret_sha256, null, idle, lasting);
        insert into care.federated_session (organization_id, session_id, provider_id, subject_token, sid_token)
        values (m.organization_id, session_id, p.id, subject, sid);
        outcome := 0;
        organization := m.organization_id;
    end if;
    perform care.write_sign_in(
        coalesce(m.organization_id, nullif(p.organization_id, '00000000-0000-0000-0000-000000000000')), who, session_id,
        'session.begin', refused, key_epoch, salt, begin_federated_session.sealed);
end
$$;

-- Links the subject that a visit waits with to the account of a session: whoever is signed in proved whose it is. True if it did.
create function care.link_identity(
    organization uuid, session_secret bytea, provider uuid, flow_sha256 bytea, key_epoch integer, salt bytea, sealed bytea
) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
    f care.sign_in_flow;
    at timestamptz := care.clock();
begin
    update care.sign_in_flow x set done_at = at from care.provider p
     where x.organization_id in (s.organization_id, '00000000-0000-0000-0000-000000000000')
       and x.provider_id = provider and x.secret_sha256 = flow_sha256
       and x.subject_token is not null and x.done_at is null and x.until > at
       and p.organization_id = x.organization_id and p.id = x.provider_id and p.until is null and care.is_open(s)
    returning x.* into f;
    if found then
        insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
        values (f.organization_id, f.provider_id, f.subject_token, s.account_id, at)
        on conflict do nothing;
    end if;
    if not found then
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'identity.link', 'no such visit to a provider', key_epoch, salt,
            link_identity.sealed);
        return false;
    end if;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'identity.link', null, key_epoch, salt, link_identity.sealed);
    return true;
end
$$;

-- Where the account of the session that is shown signs in besides by its password. Nothing for a session that has to show more.
create function care.own_identities(organization uuid, session_secret bytea)
    returns table (provider_organization uuid, provider uuid, sealed bytea, sealed_organization bytea, linked_at timestamptz)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
begin
    if not care.is_open(s) then
        return;
    end if;
    return query
        select p.organization_id, p.id, p.sealed, o.sealed_name, min(i.since)
          from care.identity i
          join care.provider p on p.organization_id = i.organization_id and p.id = i.provider_id and p.until is null
          left join care.organization o on o.organization_id = p.organization_id
         where i.account_id = s.account_id
         group by p.organization_id, p.id, p.sealed, o.sealed_name
         order by min(i.since), p.id;
end
$$;

-- Whether somebody is let in to an organisation by something else than a provider: by their password, or by another one.
create function care.is_let_in_without(provider uuid, m care.membership) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return exists (
            select from care.account a
             where a.id = (m).account_id and a.password_hash is not null
               and care.password_opens((m).organization_id, (m).roles))
        or exists (
            select from care.identity i
              join care.provider p on p.organization_id = i.organization_id and p.id = i.provider_id and p.until is null
             where i.account_id = (m).account_id and p.id <> provider
               and (p.organization_id = (m).organization_id
                    or p.organization_id = '00000000-0000-0000-0000-000000000000'
                       and care.password_opens((m).organization_id, (m).roles)));
end
$$;

-- Unlinks the account of the session that is shown from a provider, and ends its sessions that were begun there, but for this one. Never
-- where it is the last way in to somewhere.
-- outcome: 0 unlinked, 1 no such session, or not linked; 2 it is the last way in; 6 stepping up is needed
create function care.unlink_identity(
    organization uuid, session_secret bytea, provider uuid, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
    at timestamptz := care.clock();
    outcome integer := 0;
begin
    if not care.is_open(s) then
        return 1;
    elsif not care.is_stepped_up(s) then
        return 6;
    end if;
    -- One after another, so that two ways in are not taken away at the same moment, each for the sake of the other.
    perform from care.account a where a.id = s.account_id for update;
    if not exists (
        select from care.identity i where i.account_id = s.account_id and i.provider_id = unlink_identity.provider) then
        outcome := 1;
    elsif exists (
        select from care.membership m
         where m.account_id = s.account_id and m.since <= at and (m.until is null or m.until > at)
           and not care.is_let_in_without(unlink_identity.provider, m)) then
        outcome := 2;
    else
        delete from care.identity i where i.account_id = s.account_id and i.provider_id = unlink_identity.provider;
        update care.session x set ended_at = at from care.federated_session f
         where x.account_id = s.account_id and x.id <> s.id and x.ended_at is null
           and f.organization_id = x.organization_id and f.session_id = x.id and f.provider_id = unlink_identity.provider;
    end if;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'identity.unlink',
        case outcome when 1 then 'identity is not linked' when 2 then 'it is the last way in' end, key_epoch, salt,
        unlink_identity.sealed);
    return outcome;
end
$$;

-- The provider at which a session was begun, while it is on; null for a session begun by a password.
create function care.provider_of_session(organization uuid, session_secret bytea) returns uuid
    language sql stable security definer set search_path = care, pg_temp
as $$
    select f.provider_id
      from care.session s
      join care.federated_session f on f.organization_id = s.organization_id and f.session_id = s.id
      join care.provider p on p.id = f.provider_id and p.until is null
     where s.organization_id = organization and s.secret_sha256 = sha256(session_secret)
$$;

-- Ends sessions that were begun at a provider: of a subject, of one of its sessions there, or of both if both are named. How many.
create function care.end_federated_sessions(
    provider uuid, subject bytea, sid bytea, begun_by timestamptz, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session;
    ended integer := 0;
begin
    for s in
        update care.session x set ended_at = care.clock() from care.federated_session f
         where f.organization_id = x.organization_id and f.session_id = x.id and x.ended_at is null
           -- Of somebody's every session, what began after the word was given is not what it is about: else whoever sends it again
           -- signs them out. One session of theirs is over once.
           and (sid is not null or x.created_at <= begun_by)
           and f.provider_id = provider and (subject is not null or sid is not null)
           and (subject is null or f.subject_token = subject) and (sid is null or f.sid_token = sid)
        returning x.*
    loop
        ended := ended + 1;
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'session.end', null, key_epoch, salt, end_federated_sessions.sealed);
    end loop;
    return ended;
end
$$;

-- For the operator on the host: no server role may call these. Whoever names a provider says who is let in.

-- Names a provider, or changes one. Which organisation it is of never changes.
create function care.set_provider(
    organization uuid, provider uuid, settings bytea, roles text[], key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    insert into care.provider (organization_id, id, sealed, admits, since)
    values (organization, provider, settings, roles, care.clock())
    on conflict (organization_id, id) do update set sealed = settings, admits = roles, until = null;
    perform care.write_sign_in(
        organization, null, null, 'provider.set', null, key_epoch, salt, set_provider.sealed);
end
$$;

-- Ends a provider, with every session that was begun there: the operator any, an organisation its own. The organisation whose it was; null
-- if there was none.
create function care.close_provider(provider uuid, at timestamptz) returns uuid
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    p care.provider;
begin
    update care.provider x set until = at where x.id = provider and x.until is null returning x.* into p;
    update care.session s set ended_at = at from care.federated_session f
     where f.organization_id = s.organization_id and f.session_id = s.id and f.provider_id = p.id and s.ended_at is null;
    return p.organization_id;
end
$$;

-- For the operator: ends a provider. Whether there was one.
create function care.end_provider(provider uuid, key_epoch integer, salt bytea, sealed bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    organization constant uuid := care.close_provider(provider, care.clock());
begin
    if organization is null then
        return false;
    end if;
    perform care.write_sign_in(
        organization, null, null, 'provider.end', null, key_epoch, salt, end_provider.sealed);
    return true;
end
$$;

-- Whether members of an organisation sign in at its own providers alone. Refused (false) where it has none.
create function care.hold_to_providers(organization uuid, is_only boolean, at timestamptz) returns boolean
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    if is_only and not exists (
        select from care.provider p where p.organization_id = organization and p.until is null) then
        return false;
    end if;
    delete from care.sign_in_rule r where r.organization_id = organization;
    if is_only then
        insert into care.sign_in_rule (organization_id, since) values (organization, at);
        -- Whoever came in another way, and is no owner, comes in by the provider from now on.
        update care.session s set ended_at = at
         where s.organization_id = organization and s.ended_at is null
           and not exists (
                select from care.membership m
                 where m.organization_id = s.organization_id and m.account_id = s.account_id
                   and care.password_opens(organization, m.roles))
           and not exists (
                select from care.federated_session f
                  join care.provider p on p.id = f.provider_id
                 where f.organization_id = s.organization_id and f.session_id = s.id and p.organization_id = organization);
    end if;
    return true;
end
$$;

-- For the operator: the same, with its entry.
create function care.set_sign_in_rule(organization uuid, is_only boolean, key_epoch integer, salt bytea, sealed bytea)
    returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    if not care.hold_to_providers(organization, is_only, care.clock()) then
        return false;
    end if;
    perform care.write_sign_in(
        organization, null, null, 'sign-in.rule', null, key_epoch, salt, set_sign_in_rule.sealed);
    return true;
end
$$;

-- For an organisation's owners, by a pass: its own providers, and no others.

-- Those that are on, with how many members sign in there.
create function care.own_providers()
    returns table (organization_id uuid, id uuid, sealed bytea, since timestamptz, linked bigint, is_only boolean)
    language plpgsql stable security definer set search_path = care, pg_temp rows 3
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('provider.read' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select p.organization_id, p.id, p.sealed, p.since,
               (select count(*) from care.identity i where i.organization_id = p.organization_id and i.provider_id = p.id),
               exists (select from care.sign_in_rule r where r.organization_id = p.organization_id)
          from care.provider p
         where p.organization_id = shown.organization_id and p.until is null
         order by p.since, p.id;
end
$$;

-- The organisation whose providers the pass that is shown changes. Its changes come one after the other.
create function care.changing_providers() returns uuid
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('provider.change' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('carekeep providers ' || shown.organization_id, 0));
    return shown.organization_id;
end
$$;

-- Names a provider, which makes members of these roles at most: of those that whoever names it may give. Ten at a time are plenty.
-- One that is there is not changed: whoever signs in would find another behind the same button.
create function care.name_provider(provider uuid, settings bytea, roles text[]) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    organization constant uuid := care.changing_providers();
begin
    perform care.require_may_give(care.acting_member(), roles, '{}');
    perform care.require_offered(organization, roles);
    if (select count(*) from care.provider p where p.organization_id = organization and p.until is null) >= 10 then
        raise exception using errcode = '23514', message = 'there are ten', constraint = 'providers_are_few';
    end if;
    -- Visits go by a provider's id alone: one of another organisation's would stand in its place.
    if exists (select from care.provider p where p.id = provider) then
        raise exception using errcode = '23505', message = 'there is such a provider', constraint = 'provider_is_one';
    end if;
    insert into care.provider (organization_id, id, sealed, admits, since)
    values (organization, provider, settings, roles, care.clock());
end
$$;

-- Ends one. outcome: 0 ended, 1 there is none, 2 it is the last one where members sign in in no other way.
create function care.stop_provider(provider uuid) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    organization constant uuid := care.changing_providers();
begin
    if not exists (
        select from care.provider p where p.organization_id = organization and p.id = provider and p.until is null) then
        return 1;
    elsif exists (select from care.sign_in_rule r where r.organization_id = organization) and not exists (
        select from care.provider p where p.organization_id = organization and p.id <> provider and p.until is null) then
        return 2;
    end if;
    perform care.close_provider(provider, care.clock());
    return 0;
end
$$;

-- Says whether members sign in at these providers alone. False where there is none.
create function care.require_providers(is_only boolean) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    return care.hold_to_providers(care.changing_providers(), is_only, care.clock());
end
$$;

grant execute on function
    care.providers(uuid),
    care.own_providers(),
    care.name_provider(uuid, bytea, text[]),
    care.stop_provider(uuid),
    care.require_providers(boolean),
    care.begin_flow(uuid, bytea),
    care.return_flow(uuid, bytea),
    care.refuse_flow(uuid, text, integer, bytea, bytea),
    care.begin_federated_session(
        uuid, bytea, bytea, bytea, bytea, text[], uuid, bytea, bytea, bytea, interval, interval, integer, bytea, bytea),
    care.link_identity(uuid, bytea, uuid, bytea, integer, bytea, bytea),
    care.own_identities(uuid, bytea),
    care.unlink_identity(uuid, bytea, uuid, integer, bytea, bytea),
    care.provider_of_session(uuid, bytea),
    care.end_federated_sessions(uuid, bytea, bytea, timestamptz, integer, bytea, bytea)
    to carekeep_server;
