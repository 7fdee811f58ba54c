-- Tokens of programs. A session is a family: its secret stands in the access token and changes at each refresh; its refresh tokens follow
-- one another. Whatever ends the session ends them all. (ACC-4, docs/decisions/21)

do $$
declare
    t text;
begin
    foreach t in array array['refresh_token', 'token_key'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
    end loop;
end
$$;
create policy refresh_token_read_by_the_gate on care.refresh_token for select to carekeep_gate using (true);
create policy refresh_token_made_by_the_gate on care.refresh_token for insert to carekeep_gate with check (true);
create policy refresh_token_used_by_the_gate on care.refresh_token for update to carekeep_gate using (true) with check (true);
grant select, insert, update (used_at, salt, next_sha256) on care.refresh_token to carekeep_gate;
create policy token_key_kept_by_the_gate on care.token_key to carekeep_gate using (true) with check (true);
grant select, insert, delete on care.token_key to carekeep_gate;
grant update (access_until) on care.session to carekeep_gate;

-- How long a secret lasts that stands in an access token: never longer than the session, nor than ten minutes from when it is made. That
-- moment is the caller's: the clock, read again, is later, and a token of ten minutes and a bit is refused.
create function care.access_until(s care.session, made timestamptz, lasting interval) returns timestamptz
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return least(made + least(lasting, interval '10 minutes'), (s).until);
end
$$;

-- Gives a program's session a secret that lasts minutes, and, unless the hash is null, its first refresh token.
-- outcome: 0 given, 1 no such session, 2 there is a refresh token already, 5 a second factor is needed
create function care.grant_access(
    organization uuid, session_secret bytea, next_secret_sha256 bytea, refresh_sha256 bytea, lasting interval,
    out outcome integer, out session_id uuid, out account_id uuid, out at timestamptz, out access_ends timestamptz,
    out session_ends timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'api');
begin
    if s.id is null then
        outcome := 1;
        return;
    elsif not care.is_open(s) then
        outcome := 5;
        return;
    elsif refresh_sha256 is not null and exists (
        select from care.refresh_token r where r.organization_id = s.organization_id and r.session_id = s.id) then
        outcome := 2;
        return;
    end if;
    outcome := 0;
    session_id := s.id;
    account_id := s.account_id;
    at := care.clock();
    access_ends := care.access_until(s, at, lasting);
    session_ends := s.until;
    update care.session x set secret_sha256 = next_secret_sha256, access_until = access_ends
     where x.organization_id = s.organization_id and x.id = s.id;
    if refresh_sha256 is not null then
        insert into care.refresh_token (organization_id, session_id, secret_sha256, made_at)
        values (s.organization_id, s.id, refresh_sha256, at);
    end if;
end
$$;

-- Uses a refresh token: the session gets another secret, and another refresh token takes this one's place. Both were made of this token
-- and a salt. Shown again within ten seconds, while nobody used its successor, it is answered with the salt of the first time: the answer
-- was lost, and the same two come of it again. Shown again otherwise it has been copied, and the session ends; the caller commits that
-- although it refuses.
-- outcome: 0 used, 1 no such token, or its session is over, 2 used before: the session has ended
create function care.refresh_access(
    organization uuid, refresh_secret bytea, new_salt bytea, next_refresh_sha256 bytea, next_secret_sha256 bytea, lasting interval,
    key_epoch integer, salt bytea, sealed bytea,
    out outcome integer, out made_of bytea, out session_id uuid, out account_id uuid, out at timestamptz,
    out access_ends timestamptz, out session_ends timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown constant bytea := sha256(refresh_secret);
    s care.session;
    t care.refresh_token;
    refused text;
begin
    outcome := 1;
    -- The session is held: of two who show the same token at once one comes second, and reads what the first one did.
    select x.* into s from care.session x
     where x.organization_id = organization and x.id in (
            select r.session_id from care.refresh_token r where r.organization_id = organization and r.secret_sha256 = shown)
       for update of x;
    at := care.clock();
    select * into t from care.refresh_token r where r.organization_id = organization and r.secret_sha256 = shown;
    if s.id is null then
        refused := 'no such refresh token';
    elsif s.ended_at is not null or s.until <= at or s.seen_at + s.idle <= at
          or not exists (
            select from care.membership m
             where m.organization_id = s.organization_id and m.account_id = s.account_id
               and m.since <= at and (m.until is null or m.until > at)) then
        refused := 'session has ended';
    elsif t.used_at is null then
        outcome := 0;
        made_of := new_salt;
        access_ends := care.access_until(s, at, lasting);
        update care.refresh_token r set used_at = refresh_access.at, salt = new_salt, next_sha256 = next_refresh_sha256
         where r.organization_id = s.organization_id and r.secret_sha256 = shown;
        insert into care.refresh_token (organization_id, session_id, secret_sha256, made_at)
        values (s.organization_id, s.id, next_refresh_sha256, at);
        update care.session x
           set secret_sha256 = next_secret_sha256, access_until = access_ends, seen_at = refresh_access.at
         where x.organization_id = s.organization_id and x.id = s.id;
    elsif t.used_at > at - interval '10 seconds' and exists (
        select from care.refresh_token n
         where n.organization_id = s.organization_id and n.secret_sha256 = t.next_sha256 and n.used_at is null) then
        outcome := 0;
        made_of := t.salt;
        access_ends := s.access_until;
    else
        outcome := 2;
        refused := 'refresh token was used before';
        update care.session x set ended_at = refresh_access.at
         where x.organization_id = s.organization_id and x.id = s.id;
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'session.end', null, key_epoch, refresh_access.salt, sealed);
    end if;
    if outcome = 0 then
        session_id := s.id;
        account_id := s.account_id;
        session_ends := s.until;
    end if;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'session.refresh', refused, key_epoch, refresh_access.salt, sealed);
end
$$;

-- The keys that access tokens are checked with, the newest first, and whether each may still sign.
create function care.token_keys() returns table (id uuid, sealed_key bytea, signs boolean)
    language plpgsql stable security definer set search_path = care, pg_temp rows 2
as $$
declare
    at timestamptz := care.clock();
begin
    return query
        select k.id, k.sealed, k.made_at > at - interval '30 days' from care.token_key k
         where k.made_at > at - interval '30 days 1 hour'
         order by k.made_at desc, k.id;
end
$$;

-- Keeps a new key unless there is one that may sign. True if it was kept. Keys that nobody believes any more go.
create function care.add_token_key(key uuid, sealed_key bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    -- Of two servers that find none, one keeps its key and the other takes that.
    perform pg_advisory_xact_lock(hashtextextended('carekeep token key', 0));
    delete from care.token_key k where k.made_at <= at - interval '30 days 1 hour';
    if exists (select from care.token_key k where k.made_at > at - interval '30 days') then
        return false;
    end if;
    insert into care.token_key (id, sealed, made_at) values (key, sealed_key, at);
    return true;
end
$$;

grant execute on function
    care.grant_access(uuid, bytea, bytea, bytea, interval),
    care.refresh_access(uuid, bytea, bytea, bytea, bytea, interval, integer, bytea, bytea),
    care.token_keys(),
    care.add_token_key(uuid, bytea)
    to carekeep_server;
