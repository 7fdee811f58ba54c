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

-- The runs whose results count no more, since the clock was ahead when they were noted: the operator said so. (note_clock_ahead)
create function care.runs_ahead() returns uuid[]
    language sql stable set search_path = care, pg_temp
as $$
    select coalesce(array_agg(d.run::uuid), '{}')
      from care.probe_result r, unnest(r.details) d (run)
     where r.probe = 'clock-was-ahead'
$$;

-- Notes what a probe saw, and an entry of the trail that says so; that one has begun is no result. Time does not run backwards here: a
-- result from before the last one tells of a clock that was set back, and is refused.
create function care.note_probe(
    run uuid, probe text, class text, outcome text, seen text, details text[], release text, took_ms integer,
    fresh interval, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    now_at timestamptz := care.clock();
begin
    -- That a clock was ahead is the operator's to say.
    if note_probe.probe = 'clock-was-ahead' then
        raise exception using errcode = '42501', message = 'not a probe', constraint = 'probe_result_is_of_a_probe';
    end if;
    if now_at < (select max(r.at) from care.probe_result r where r.run_id <> all (care.runs_ahead())) then
        raise exception using errcode = '22008', message = 'the clock was set back',
            constraint = 'probe_result_follows_the_last';
    end if;
    insert into care.probe_result (run_id, probe, class, outcome, seen, details, release, took_ms, at, until)
    values (run, note_probe.probe, note_probe.class, note_probe.outcome, note_probe.seen, note_probe.details,
            note_probe.release, note_probe.took_ms, now_at, now_at + fresh);
    if note_probe.outcome <> 'begun' then
        perform care.write_sign_in(
            null, null, null, 'promise.prove', nullif(note_probe.outcome, 'kept'), key_epoch, salt, sealed);
    end if;
end
$$;

-- The last results of each probe, for the public page: what was seen is told where all was well. What went wrong is for
-- auditors, and for whoever runs `carekeep prove` on the host.
--
-- Results that say something, those of a machine that did not tell, and tries that came to nothing are counted apart, so that none
-- pushes another off the page. `since` is the first failure without a good result between, of all that were ever noted.
create function care.probe_results(each integer)
    returns table (probe text, class text, outcome text, seen text, release text, took_ms integer, at timestamptz,
                   until timestamptz, since timestamptz)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    ahead uuid[] := care.runs_ahead();
begin
    return query
        select r.probe, r.class, r.outcome, case when r.outcome = 'kept' then r.seen end, r.release, r.took_ms, r.at,
               r.until, case when r.outcome in ('falls short', 'broken') then care.failing_since(r.probe, r.at, ahead) end
          from (select x.*, row_number() over (
                           partition by x.probe, x.outcome in ('kept', 'falls short', 'broken'), x.outcome = 'cannot be told'
                           order by x.at desc, (x.outcome = 'begun')) as n
                  from care.probe_result x
                 where x.probe <> 'clock-was-ahead' and x.run_id <> all (ahead)) r
         where r.n <= least(each, 100)
         order by r.probe, r.at, (r.outcome <> 'begun');
end
$$;

-- The first failure of a probe up to a time, without a good result between; results of these runs are passed over.
create function care.failing_since(failing text, seen_at timestamptz, ahead uuid[]) returns timestamptz
    language sql stable set search_path = care, pg_temp
as $$
    select min(b.at) from care.probe_result b
     where b.probe = failing and b.outcome in ('falls short', 'broken') and b.run_id <> all (ahead)
       and b.at > coalesce((select max(k.at) from care.probe_result k
                             where k.probe = failing and k.outcome = 'kept' and k.at < seen_at and k.run_id <> all (ahead)),
                           '-infinity')
$$;

-- For the operator on the host, who put right a clock that had been ahead: no server role may call this. Results of later times than
-- now count no more, and new ones are taken again; nothing is removed. The last of those times, or null where there is none.
create function care.note_clock_ahead(release text, key_epoch integer, salt bytea, sealed bytea) returns timestamptz
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    now_at timestamptz := care.clock();
    last_at timestamptz;
begin
    select max(r.at) into last_at from care.probe_result r where r.at > now_at and r.run_id <> all (care.runs_ahead());
    if last_at is null then
        return null;
    end if;
    insert into care.probe_result (run_id, probe, class, outcome, seen, details, release, took_ms, at, until)
    select gen_random_uuid(), 'clock-was-ahead', 'host', 'not tried', format('The clock was ahead until %s.', last_at),
           array_agg(x.run_id::text), note_clock_ahead.release, 0, now_at, now_at + interval '1 day'
      from (select r.run_id, (row_number() over () - 1) / 100 as part
              from (select distinct p.run_id from care.probe_result p where p.at > now_at) r) x
     group by x.part;
    perform care.write_sign_in(null, null, null, 'promise.clock', null, key_epoch, salt, note_clock_ahead.sealed);
    return last_at;
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

-- Ends what was lent: sessions, links and passwords, of canaries alone; and removes what probes published and reported, and letters to
-- whoever is nobody, with their jobs. How many sessions and links went. Nobody else's agreements are ever removed: only this function asks for it.
grant delete on care.agreement, care.agreement_version, care.agreement_answer to carekeep_gate;
create policy agreement_removed_by_the_gate on care.agreement for delete to carekeep_gate using (true);
create policy agreement_version_removed_by_the_gate on care.agreement_version for delete to carekeep_gate using (true);
create policy agreement_answer_removed_by_the_gate on care.agreement_answer for delete to carekeep_gate using (true);
create function care.recall_canaries() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
    more integer;
    nobodys uuid[] := array(
        select x.account_id from care.membership x
         where x.organization_id in (select c.organization_id from care.canary c)
           -- Whoever belongs somewhere else too is somebody.
           and not exists (select from care.membership y
                            where y.account_id = x.account_id
                              and y.organization_id not in (select c.organization_id from care.canary c)));
begin
    delete from care.session s where s.organization_id in (select c.organization_id from care.canary c);
    get diagnostics gone = row_count;
    delete from care.link l where l.organization_id in (select c.organization_id from care.canary c);
    get diagnostics more = row_count;
    delete from care.account_device d where d.organization_id in (select c.organization_id from care.canary c);
    -- What a probe published, to see that nothing opens before it is agreed to.
    delete from care.agreement_answer a where a.organization_id in (select c.organization_id from care.canary c);
    delete from care.agreement_version v where v.organization_id in (select c.organization_id from care.canary c);
    delete from care.agreement a where a.organization_id in (select c.organization_id from care.canary c);
    update care.membership m set agree_by = null
     where m.agree_by is not null and m.organization_id in (select c.organization_id from care.canary c);
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
    delete from care.vulnerability v where v.is_test;
    with unsent as (
        delete from care.letter w
         where w.account_id = any (nobodys)
            or w.sign_in_token in (select a.sign_in_token from care.account a where a.id = any (nobodys))
        returning w.id)
    delete from care.job j using unsent where j.kind = 'mail.send' and j.about_id = unsent.id;
    return gone + more;
end
$$;

grant execute on function
    care.note_probe(uuid, text, text, text, text, text[], text, integer, interval, integer, bytea, bytea),
    care.probe_results(integer)
    to carekeep_server;
