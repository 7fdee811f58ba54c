-- Organisations, accounts, memberships, sessions and links: who signs in, and what a pass shows of colleagues.

do $$
declare
    t text;
begin
    foreach t in array array['organization', 'account', 'membership', 'session', 'link'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select on care.%I to carekeep_gate', t);
    end loop;
end
$$;

create policy organization_read_by_the_gate on care.organization for select to carekeep_gate using (true);
create policy organization_founded_by_the_gate on care.organization for insert to carekeep_gate with check (true);
grant insert on care.organization to carekeep_gate;

create policy account_read_by_the_gate on care.account for select to carekeep_gate using (true);
create policy account_opened_by_the_gate on care.account for insert to carekeep_gate with check (true);
create policy account_changed_by_the_gate on care.account for update to carekeep_gate using (true) with check (true);
grant insert, update (password_hash, password_at) on care.account to carekeep_gate;

create policy membership_read_by_the_gate on care.membership for select to carekeep_gate using (true);
create policy membership_added_by_the_gate on care.membership for insert to carekeep_gate with check (true);
create policy membership_begun_by_the_gate on care.membership for update to carekeep_gate using (true) with check (true);
grant insert, update (since) on care.membership to carekeep_gate;

create function care.acting_may_see_members() returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return coalesce('member.read' = any ((care.acting()).powers), false);
end
$$;

-- Colleagues' names, for those who share a record or read its trail. (ISO-1)
create policy membership_stays_in_its_organization on care.membership as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy membership_read_with_a_pass on care.membership for select to carekeep_server
    using ((select care.acting_may_see_members()));
grant select (organization_id, account_id, roles, sealed_name, since, until) on care.membership to carekeep_server;

create policy session_read_by_the_gate on care.session for select to carekeep_gate using (true);
create policy session_begun_by_the_gate on care.session for insert to carekeep_gate with check (true);
create policy session_changed_by_the_gate on care.session for update to carekeep_gate using (true) with check (true);
grant insert, update (seen_at, ended_at) on care.session to carekeep_gate;

create policy link_read_by_the_gate on care.link for select to carekeep_gate using (true);
create policy link_made_by_the_gate on care.link for insert to carekeep_gate with check (true);
create policy link_used_by_the_gate on care.link for update to carekeep_gate using (true) with check (true);
grant insert, update (used_at, invited_by) on care.link to carekeep_gate;

-- What of an acting party the entry of a sign-in shows, before there is a pass.
create function care.write_sign_in(
    organization uuid, account uuid, session uuid, act_name text, refused text, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    p care.pass;
begin
    p.organization_id := organization;
    p.actor_organization_id := organization;
    p.account_id := account;
    p.session_id := session;
    p.opening_id := gen_random_uuid();
    p.act := act_name;
    p.scope := 'organization';
    perform care.write_entry(p, null, null, refused, key_epoch, salt, sealed, care.clock());
end
$$;

-- The bcrypt setting (`$2b$`, cost, salt) to hash a password with. The hash itself never leaves the database: the caller
-- hashes and hands the result to begin_session, which compares. For an address that nobody has, a setting made of a secret
-- and the token, so that it looks, and stays, like any other.
create function care.password_setting(token bytea) returns text
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    kept text;
    g care.guard;
begin
    select left(password_hash, 29) into kept from care.account where sign_in_token = token and closed_at is null;
    if kept is null then
        select * into g from care.guard;
        kept := '$2b$12$'
            || left(translate(encode(sha256(g.decoy_secret || token), 'base64'), '+=' || E'\n', '..'), 21)
            -- The last of a salt's letters holds two bits.
            || substr('.Oeu', 1 + get_byte(sha256(g.decoy_secret || token), 31) % 4, 1);
    end if;
    return kept;
end
$$;

-- Signs in: an address's token, and the bcrypt hash that its owner's password gives under password_setting().
-- outcome: 0 signed in, 1 not.
-- flow_sha256: of a visit to an organisation's own provider that waits to be told whose account it is. There the password opens where
-- else providers alone do: else whoever was not known by the provider before the rule would be locked out.
create function care.begin_session(
    token bytea, hash text, wanted uuid, used_as text, secret_sha256 bytea, idle interval, lasting interval,
    scope_of_client text, key_epoch integer, salt bytea, sealed bytea, flow_sha256 bytea default null,
    out outcome integer, out organization uuid, out session_id uuid
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    who care.account;
    m care.membership;
    at timestamptz := care.clock();
    refused text;
begin
    outcome := 1;
    -- Held, so that whoever changes the password at this moment ends this session, too, or is before it.
    select * into who from care.account where sign_in_token = token and closed_at is null for share;
    if not found or who.password_hash is null or who.password_hash is distinct from hash then
        refused := 'wrong address or password';
    end if;
    select * into m from care.membership
     where membership.account_id = who.id and membership.since <= at
       and (membership.until is null or membership.until > at)
       and (wanted is null or membership.organization_id = wanted)
       and (care.password_opens(membership.organization_id, membership.roles)
            or used_as = 'page' and care.waits_for_account(membership.organization_id, flow_sha256))
     order by membership.since, membership.organization_id limit 1;
    if refused is null and not found then
        refused := 'not a member';
    end if;
    if refused is null then
        session_id := care.add_session(
            m.organization_id, who.id, m.roles, used_as, begin_session.secret_sha256, scope_of_client, idle, lasting);
        outcome := 0;
        organization := m.organization_id;
    end if;
    perform care.write_sign_in(
        m.organization_id, who.id, session_id, 'session.begin', refused, key_epoch, salt, sealed);
end
$$;

-- Ends the session whose secret is shown. Ending one that is not there is no error.
create function care.end_session(organization uuid, session_secret bytea, key_epoch integer, salt bytea, sealed bytea)
    returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session;
begin
    update care.session set ended_at = care.clock()
     where session.organization_id = organization and session.secret_sha256 = sha256(session_secret)
       and session.ended_at is null
     returning * into s;
    if found then
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'session.end', null, key_epoch, salt, sealed);
    end if;
end
$$;

-- What the signed-in person may know of themselves without a pass: for the head of a page.
create function care.session_of(
    organization uuid, session_secret bytea,
    out account_id uuid, out roles text[], out sealed_name bytea, out profile text, out sealed_organization bytea,
    out country text, out time_zone text, out used_as text, out offices text[], out permits text[], out agree_by timestamptz,
    out belongs_elsewhere boolean
)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    select s.account_id, m.roles, m.sealed_name, o.profile, o.sealed_name, o.country, o.time_zone, s.used_as,
           care.offices_of(s.account_id), m.permits, m.agree_by, exists (
                select from care.membership e
                 where e.account_id = s.account_id and e.organization_id <> s.organization_id
                   and e.since <= at and (e.until is null or e.until > at))
      into account_id, roles, sealed_name, profile, sealed_organization, country, time_zone, used_as, offices, permits, agree_by,
           belongs_elsewhere
      from care.session s
      join care.membership m on m.organization_id = s.organization_id and m.account_id = s.account_id
      join care.organization o on o.organization_id = s.organization_id
     where s.organization_id = organization and s.secret_sha256 = sha256(session_secret)
       and s.ended_at is null and s.until > at and s.seen_at + s.idle > at and coalesce(s.access_until > at, true)
       and m.since <= at and (m.until is null or m.until > at);
end
$$;

-- Adds someone to the acting organisation, opening an account where the address is new, with a link to set a password.
-- Nobody gives a role that is not theirs to give: only owners make owners.
create function care.add_member(
    account uuid, address_token bytea, sealed_address bytea, sealed_name bytea, roles text[], link_sha256 bytea
) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    link_is_for text;
begin
    if not coalesce('member.add' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.require_may_give(care.acting_member(), roles, '{}');
    perform care.require_offered(shown.organization_id, roles);
    link_is_for := care.admit(
        shown.organization_id, account, address_token, sealed_address, sealed_name, roles, link_sha256);
    update care.link l set invited_by = shown.account_id
     where l.organization_id = shown.organization_id and l.secret_sha256 = link_sha256;
    return link_is_for;
end
$$;

-- The account that signs in by this address, so that names can be sealed for it before it is added somewhere.
create function care.account_of(address_token bytea) returns uuid
    language sql stable security definer set search_path = care, pg_temp
as $$
    select a.id from care.account a where a.sign_in_token = address_token
$$;

create function care.account_to_add(address_token bytea) returns uuid
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    if not coalesce((care.acting()).powers && '{member.add,carer.invite,guest.invite}', false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return care.account_of(address_token);
end
$$;

-- Makes someone a member, opening the account if there is none. Answers what the link is for: 'set-password' if the account
-- was opened here; 'join' if it was there. That membership begins when the account's password and this organisation's link
-- come together: whoever opened the account, perhaps with somebody else's address, has only the one, and whoever adds the
-- same address here has only the other.
create function care.admit(
    organization uuid, account uuid, address_token bytea, sealed_address bytea, sealed_name bytea, roles text[],
    link_sha256 bytea
) returns text
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    link_is_for text := 'join';
    begins timestamptz := 'infinity';
begin
    insert into care.account (id, sign_in_token, sealed_address) values (account, address_token, admit.sealed_address)
        on conflict do nothing;
    if found then
        link_is_for := 'set-password';
        begins := care.clock();
    end if;
    if not exists (select from care.account a where a.id = account and a.sign_in_token = address_token) then
        raise exception using errcode = '23505', message = 'account exists',
            constraint = 'account_signs_in_by_one_address';
    end if;
    insert into care.membership as m (organization_id, account_id, roles, sealed_name, since)
    values (organization, account, admit.roles, admit.sealed_name, begins)
        -- Whoever left may come back, by a new link and with nothing of what they had.
        on conflict on constraint membership_pkey do update
           set roles = excluded.roles, custom_roles = '{}', sealed_name = excluded.sealed_name, since = 'infinity', until = null
         where m.until <= care.clock();
    if not found then
        raise exception using errcode = '23505', message = 'membership exists', constraint = 'membership_pkey';
    end if;
    update care.reach r set withdrawn_at = care.clock()
     where r.organization_id = organization and r.account_id = account and r.withdrawn_at is null;
    perform care.end_practitioners(organization, account, null, care.clock());
    update care.session s set ended_at = care.clock()
     where s.organization_id = organization and s.account_id = account and s.ended_at is null;
    update care.link l set used_at = care.clock()
     where l.organization_id = organization and l.account_id = account and l.used_at is null;
    insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
    values (organization, account, link_is_for, link_sha256,
            care.clock() + care.time_set(organization, 'invitation.lasts'));
    return link_is_for;
end
$$;

-- Founds an organisation with its owner. For the operator on the host: no server role may call it.
create function care.found_organization(
    organization uuid, profile text, country text, time_zone text, sealed_organization bytea,
    account uuid, address_token bytea, sealed_address bytea, sealed_name bytea, roles text[], link_sha256 bytea,
    key_epoch integer, salt bytea, sealed bytea
) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    purpose text;
begin
    insert into care.organization (organization_id, profile, country, time_zone, sealed_name)
    values (organization, found_organization.profile, found_organization.country, found_organization.time_zone,
            sealed_organization);
    purpose := care.admit(
        organization, account, address_token, sealed_address, found_organization.sealed_name, roles, link_sha256);
    perform care.write_sign_in(
        organization, account, null, 'organization.found', null, key_epoch, salt, sealed);
    return purpose;
end
$$;

-- Makes a new link for a member, to set a password or, where they have not joined yet, to join; links made before end. What it is
-- for; null for nobody. For the operator on the host: no server role may call it, since whoever sets a password is let in
-- wherever its account belongs.
create function care.renew_link(
    organization uuid, account uuid, link_sha256 bytea, key_epoch integer, salt bytea, sealed bytea
) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    m care.membership;
    link_is_for text;
begin
    select * into m from care.membership
     where membership.organization_id = organization and membership.account_id = account
       and (membership.until is null or membership.until > care.clock());
    if not found then
        return null;
    end if;
    link_is_for := case when m.since = 'infinity' then 'join' else 'set-password' end;
    update care.link set used_at = care.clock()
     where link.organization_id = organization and link.account_id = account and link.used_at is null;
    insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
    values (organization, account, link_is_for, link_sha256,
            care.clock() + care.time_set(organization, 'invitation.lasts'));
    perform care.write_sign_in(organization, account, null, 'link.renew', null, key_epoch, salt, sealed);
    return link_is_for;
end
$$;

-- Sets a password by a link that works once. True if it did.
create function care.use_link(
    organization uuid, link_secret bytea, hash text, key_epoch integer, salt bytea, sealed bytea
) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    l care.link;
    at timestamptz := care.clock();
begin
    update care.link set used_at = at
     where link.organization_id = organization and link.secret_sha256 = sha256(link_secret)
       and link.purpose = 'set-password' and link.used_at is null and link.until > at
       and exists (select from care.membership m
                    where m.organization_id = link.organization_id and m.account_id = link.account_id
                      and (m.until is null or m.until > at))
       and care.invitation_stands(link.organization_id, link.secret_sha256, at)
     returning * into l;
    if not found then
        perform care.write_sign_in(null, null, null, 'password.set', 'no such link', key_epoch, salt, sealed);
        return false;
    end if;
    update care.account set password_hash = hash, password_at = at where id = l.account_id;
    update care.session set ended_at = at where account_id = l.account_id and ended_at is null;
    perform care.end_other_ways_in(l.account_id, at);
    perform care.take_up_invitation(l, at, key_epoch, salt, sealed);
    perform care.write_sign_in(l.organization_id, l.account_id, null, 'password.set', null, key_epoch, salt, sealed);
    return true;
end
$$;

-- What a link that still works is for, and by whom it was made; nothing for any other.
create function care.link_of(organization uuid, link_secret bytea, out purpose text, out sealed_organization bytea)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    select l.purpose, o.sealed_name into purpose, sealed_organization
      from care.link l
      join care.organization o on o.organization_id = l.organization_id
     where l.organization_id = organization and l.secret_sha256 = sha256(link_secret)
       and l.used_at is null and l.until > care.clock()
       and care.invitation_stands(l.organization_id, l.secret_sha256, care.clock());
end
$$;

-- Begins the membership that a link is for, once its account's own password is shown. True if it did.
create function care.join_organization(
    organization uuid, link_secret bytea, token bytea, hash text, key_epoch integer, salt bytea, sealed bytea
) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    used care.link;
    at timestamptz := care.clock();
begin
    update care.link l set used_at = at from care.account a
     where l.organization_id = organization and l.secret_sha256 = sha256(link_secret)
       and l.purpose = 'join' and l.used_at is null and l.until > at
       and care.invitation_stands(l.organization_id, l.secret_sha256, at)
       and a.id = l.account_id and a.sign_in_token = token and a.password_hash = hash and a.closed_at is null
     returning l.* into used;
    if not found then
        perform care.write_sign_in(null, null, null, 'member.join', 'no such link', key_epoch, salt, sealed);
        return false;
    end if;
    update care.membership m set since = at
     where m.organization_id = used.organization_id and m.account_id = used.account_id and m.since = 'infinity';
    perform care.take_up_invitation(used, at, key_epoch, salt, sealed);
    perform care.write_sign_in(
        used.organization_id, used.account_id, null, 'member.join', null, key_epoch, salt, sealed);
    return true;
end
$$;

-- Raises a hash's cost at sign-in: the old hash is the proof, the new one replaces it.
create function care.raise_cost(token bytea, old_hash text, new_hash text) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.account set password_hash = new_hash
     where sign_in_token = token and password_hash = old_hash and closed_at is null
       and substr(new_hash, 5, 2)::integer > substr(old_hash, 5, 2)::integer
       and new_hash ~ '^\$2b\$1[0-4]\$[./A-Za-z0-9]{53}$';
    return found;
end
$$;

grant execute on function
    care.acting_may_see_members(),
    care.password_setting(bytea),
    care.begin_session(bytea, text, uuid, text, bytea, interval, interval, text, integer, bytea, bytea, bytea),
    care.end_session(uuid, bytea, integer, bytea, bytea),
    care.session_of(uuid, bytea),
    care.account_to_add(bytea),
    care.add_member(uuid, bytea, bytea, bytea, text[], bytea),
    care.use_link(uuid, bytea, text, integer, bytea, bytea),
    care.link_of(uuid, bytea),
    care.join_organization(uuid, bytea, bytea, text, integer, bytea, bytea),
    care.raise_cost(bytea, text, text)
    to carekeep_server;
