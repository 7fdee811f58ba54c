-- Guessing passwords slows down, on all servers together, and locks nobody out.
--
-- Tries are counted before anything is compared, so that many at once are not looked at for the price of one; a good one takes its own
-- count back. Accounts that are not there count like those that are.

alter table care.sign_in_try enable row level security;
alter table care.sign_in_try force row level security;
revoke all on care.sign_in_try from carekeep_server, carekeep_keykeeper;
grant select, insert, update, delete on care.sign_in_try to carekeep_gate;
create policy sign_in_try_kept_by_the_gate on care.sign_in_try to carekeep_gate using (true) with check (true);

-- Under which key a kind of tries is counted: nobody can tell from it whose they are.
create function care.try_key(kind text, token bytea, place bytea) returns bytea
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return sha256(
        (select g.decoy_secret from care.guard g) || convert_to(kind || ' ', 'UTF8')
        || coalesce(token, '') || convert_to(' ', 'UTF8') || coalesce(place, ''));
end
$$;

-- Until when a key has to wait. So many are free; then half a minute, twice as long each time, an hour at most. A day without any, and it
-- begins anew. The row is held from here on.
create function care.try_waits(tried bytea, free integer, out wait_until timestamptz, out failures integer)
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    b care.sign_in_try;
    at timestamptz := care.clock();
begin
    insert into care.sign_in_try (key, failures, last_at) values (tried, 0, at) on conflict do nothing;
    select * into b from care.sign_in_try t where t.key = tried for update;
    if b.last_at < at - interval '1 day' then
        update care.sign_in_try t set failures = 0 where t.key = tried;
        b.failures := 0;
    end if;
    failures := b.failures;
    -- A clock that was ahead and is put right keeps nobody waiting for it.
    b.last_at := least(b.last_at, at);
    wait_until := b.last_at + least(interval '30 seconds' * power(2, least(b.failures - free, 10)), interval '1 hour');
    if b.failures < free or wait_until <= at then
        wait_until := null;
    end if;
end
$$;

-- A try to sign in, counted, unless it has to wait: then it is not to be looked at, and does not count.
--
-- From one network to one account five are free, and 200 to all accounts together. A device on which the account was signed in before
-- counts by itself, ten free: whatever others do, it waits for nobody. What everybody does to one account together makes each try of
-- an unknown device take a little longer, three seconds at most, and never wait: so nobody can keep somebody out.
create function care.try_sign_in(token bytea, network text, device bytea, out wait_until timestamptz, out pause interval)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    pair bytea := care.try_key('network', token, convert_to(network, 'UTF8'));
    place bytea := care.try_key('place', null, convert_to(network, 'UTF8'));
    everybody bytea := care.try_key('everybody', token, null);
    so_far integer;
begin
    pause := '0';
    if device is not null then
        pair := care.try_key('device', token, device);
        select w.wait_until into wait_until from care.try_waits(pair, 10) w;
    else
        select w.wait_until into wait_until from care.try_waits(pair, 5) w;
        select greatest(try_sign_in.wait_until, w.wait_until) into wait_until from care.try_waits(place, 200) w;
        -- Its wait is not waited for.
        select w.failures into so_far from care.try_waits(everybody, 0) w;
        pause := least(interval '50 milliseconds' * greatest(so_far - 20, 0), interval '3 seconds');
    end if;
    if wait_until is null then
        update care.sign_in_try t set failures = t.failures + 1, last_at = care.clock()
         where t.key = pair or device is null and t.key in (place, everybody);
    end if;
end
$$;

-- A try was good: it is taken back, and what came before it from there to that account is forgotten.
create function care.forgive_sign_in(token bytea, network text, device bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    if device is not null then
        delete from care.sign_in_try t where t.key = care.try_key('device', token, device);
    else
        delete from care.sign_in_try t where t.key = care.try_key('network', token, convert_to(network, 'UTF8'));
        update care.sign_in_try t set failures = greatest(t.failures - 1, 0)
         where t.key in (care.try_key('place', null, convert_to(network, 'UTF8')), care.try_key('everybody', token, null));
    end if;
end
$$;

-- What is two days old counts for nothing any more.
create function care.sweep_sign_in_tries() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.sign_in_try where ctid = any (array(
        select t.ctid from care.sign_in_try t where t.last_at < care.clock() - interval '2 days' limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

grant execute on function
    care.try_sign_in(bytea, text, bytea),
    care.forgive_sign_in(bytea, text, bytea),
    care.sweep_sign_in_tries()
    to carekeep_server;
