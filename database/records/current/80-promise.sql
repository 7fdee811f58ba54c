-- Promises that are checked: results are added and read, and neither changed nor removed; probes' credentials end with their run.

do $$
declare
    t text;
begin
    foreach t in array array['canary', 'probe_result'] loop
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

-- Notes what a probe saw, and an entry of the trail that says so. Time does not run backwards here: a result from before the
-- last one tells of a clock that was set back, and is refused.
create function care.note_probe(
    run uuid, probe text, class text, outcome text, seen text, details text[], release text, took_ms integer,
    fresh interval, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    now_at timestamptz := care.clock();
begin
    if now_at < (select max(r.at) from care.probe_result r) then
        raise exception using errcode = '22008', message = 'the clock was set back',
            constraint = 'probe_result_follows_the_last';
    end if;
    insert into care.probe_result (run_id, probe, class, outcome, seen, details, release, took_ms, at, until)
    values (run, note_probe.probe, note_probe.class, note_probe.outcome, note_probe.seen, note_probe.details,
            note_probe.release, note_probe.took_ms, now_at, now_at + fresh);
    if note_probe.outcome not in ('begun', 'not tried', 'cannot be told') then
        perform care.write_sign_in(
            null, null, null, 'promise.prove', nullif(note_probe.outcome, 'kept'), key_epoch, salt, sealed);
    end if;
end
$$;

-- The last results of each probe, for the public page: what was seen is told where all was well. What went wrong is for
-- auditors, and for whoever runs `carekeep prove` on the host.
create function care.probe_results(each integer)
    returns table (probe text, class text, outcome text, seen text, release text, took_ms integer, at timestamptz,
                   until timestamptz)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return query
        select r.probe, r.class, r.outcome, case when r.outcome = 'kept' then r.seen end, r.release, r.took_ms, r.at,
               r.until
          from (select x.*, row_number() over (partition by x.probe order by x.at desc, (x.outcome = 'begun')) as n
                  from care.probe_result x) r
         where r.n <= least(each, 100)
         order by r.probe, r.at, (r.outcome <> 'begun');
end
$$;

-- For the operator on the host, who makes them and lends them to probes: no server role may call these.
create function care.adopt_canary(organization uuid) returns void
    language sql volatile security definer set search_path = care, pg_temp
as $$
    insert into care.canary (organization_id) values (organization) on conflict do nothing
$$;

create function care.canaries() returns setof uuid
    language sql stable security definer set search_path = care, pg_temp
as $$
    select c.organization_id from care.canary c order by c.since, c.organization_id
$$;

-- Ends what was lent: sessions, links and passwords, of canaries alone. How many rows went.
create function care.recall_canaries() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
    more integer;
begin
    delete from care.session s where s.organization_id in (select c.organization_id from care.canary c);
    get diagnostics gone = row_count;
    delete from care.link l where l.organization_id in (select c.organization_id from care.canary c);
    get diagnostics more = row_count;
    perform care.forget_second_factor(m.account_id, null)
       from care.membership m where m.organization_id in (select c.organization_id from care.canary c)
        -- Whoever belongs somewhere else too is somebody.
        and not exists (select from care.membership e
                         where e.account_id = m.account_id
                           and e.organization_id not in (select c.organization_id from care.canary c));
    update care.account a set password_hash = null
     where a.password_hash is not null
       and exists (select from care.membership m where m.account_id = a.id)
       -- Whoever belongs somewhere else too is somebody.
       and not exists (select from care.membership m
                        where m.account_id = a.id
                          and m.organization_id not in (select c.organization_id from care.canary c));
    return gone + more;
end
$$;

do $$
declare
    f regprocedure;
begin
    for f in select oid::regprocedure from pg_proc
              where pronamespace = 'care'::regnamespace
                and proname in ('note_probe', 'probe_results', 'adopt_canary', 'canaries', 'recall_canaries') loop
        execute format('alter function %s owner to carekeep_gate', f);
        execute format('revoke all on function %s from public', f);
    end loop;
end
$$;
grant execute on function
    care.note_probe(uuid, text, text, text, text, text[], text, integer, interval, integer, bytea, bytea),
    care.probe_results(integer)
    to carekeep_server;
