-- Jobs: who asks for one, who holds it, and what becomes of it.
--
-- A job carries no right. It says by ids what is to be done; whoever does it opens passes of their own where they need any, and the
-- gate decides on these as on all. What makes that safe when the server's role is in wrong hands:
--
-- - A job is asked for under a pass that carries the power which its kind names. Organisation, account and opening are the pass's and
--   not arguments, and the patient is one whom the pass names. So nobody has done for them later what they could not do now.
-- - Kinds that run again and again name no power: their one job comes with the release, and nobody can ask for another.
-- - `about_id` is taken at its word: a handler looks it up under its own pass, in the job's organisation, like any id from outside.
-- - Whoever has the role may take jobs and say that they are done or failed: so they can withhold work, as they can stop
--   the server. They learn ids, which open nothing.
--
-- The clock is the database's alone. A lease or pause more than twice as long as its kind's comes from a clock that was set back, and
-- counts as over; not one that is a little longer, since somebody else's clock was read a moment after this one.

delete from care.job_kind;
insert into care.job_kind
    (name, power, period_seconds, lease_seconds, attempts, pause_seconds, longest_pause_seconds)
values
    -- Every pass leaves a row, up to thousands a second.
    ('pass.sweep', null, 30, 60, 5, 5, 60),
    ('housekeeping', null, 3600, 60, 5, 10, 600),
    ('stewards.remind', null, 3600, 60, 5, 10, 600),
    ('families.remind', null, 3600, 60, 5, 10, 600),
    -- Letters are queued with their jobs by the functions of 42-mail.sql. No pass carries this power, so nobody else asks for one. How
    -- long one is tried says the letter; the attempts are more than fit into that.
    ('mail.send', 'mail.send', null, 180, 10000, 20, 3600);

-- Of what is periodic there is one job each. What the release no longer has goes.
delete from care.job j
 where j.opening_id is null
   and not exists (select from care.job_kind k where k.name = j.kind and k.period_seconds is not null);
insert into care.job (organization_id, kind, key, enqueued_at, run_at)
select '00000000-0000-0000-0000-000000000000', name, '00000000-0000-0000-0000-000000000000', now(), now()
  from care.job_kind where period_seconds is not null
    on conflict do nothing;

revoke all on care.job, care.job_kind from carekeep_server, carekeep_keykeeper;
alter table care.job enable row level security;
alter table care.job force row level security;
alter table care.job_kind enable row level security;
alter table care.job_kind force row level security;
create policy job_kind_read_by_the_gate on care.job_kind for select to carekeep_gate using (true);
create policy job_kept_by_the_gate on care.job to carekeep_gate using (true) with check (true);
grant select on care.job_kind to carekeep_gate;
grant select, insert, delete,
      update (state, run_at, leased_until, fence, attempts, last_error, failed_at, done_at)
   on care.job to carekeep_gate;

-- Asks for a job, in the caller's transaction: it is there if what it follows from is. Answers the job's id, the same for the same
-- key, whether it waits or was done: whoever wants it again says so by another key. An opening's id makes a good one.
create function care.enqueue_job(kind text, key uuid, patient uuid, about uuid) returns uuid
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    k care.job_kind;
    at timestamptz := care.clock();
    asked uuid;
begin
    select * into k from care.job_kind where job_kind.name = enqueue_job.kind;
    if not coalesce(k.power = any (shown.powers), false)
       or not (patient is null or patient = any (shown.patients)) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    insert into care.job (
        organization_id, kind, key, account_id, opening_id, patient_id, about_id, enqueued_at, run_at)
    values (
        shown.organization_id, k.name, enqueue_job.key, shown.account_id, shown.opening_id, patient, about, at, at)
        on conflict do nothing;
    select job.id into asked from care.job
     where job.organization_id = shown.organization_id and job.kind = k.name and job.key = enqueue_job.key;
    return asked;
end
$$;

-- Takes the job that has been due longest, of these kinds, for as long as its kind says. Each taking raises the fence; whoever
-- held the job before can do nothing in its name any more. Null in `job`: nothing is due.
create function care.take_job(
    kinds text[],
    out organization uuid, out job uuid, out kind text, out fence bigint, out attempt integer, out lease_seconds integer,
    out account uuid, out patient uuid, out about uuid
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job;
    k care.job_kind;
    at timestamptz := care.clock();
begin
    loop
        select w.* into j
          from care.job w
          join care.job_kind x on x.name = w.kind
         where w.kind = any (kinds)
           and w.state = 'waiting'
           and (w.run_at <= at
                or w.run_at > at + make_interval(secs => 2 * greatest(x.period_seconds, x.longest_pause_seconds)))
           and (w.leased_until is null or w.leased_until <= at
                or w.leased_until > at + make_interval(secs => 2 * x.lease_seconds))
         order by w.run_at
         limit 1
           for update of w skip locked;
        if not found then
            return;
        end if;
        select * into k from care.job_kind where job_kind.name = j.kind;
        -- Whoever held it never said what became of it: it hung, or its process is gone.
        if j.leased_until is not null then
            j.last_error := 'lease_expired';
            j.failed_at := at;
        end if;
        exit when j.attempts < k.attempts or k.period_seconds is not null;
        update care.job x set state = 'dead', leased_until = null, last_error = j.last_error, failed_at = j.failed_at
         where x.organization_id = j.organization_id and x.id = j.id;
    end loop;
    update care.job x
       set leased_until = at + make_interval(secs => k.lease_seconds), fence = j.fence + 1, attempts = j.attempts + 1,
           last_error = j.last_error, failed_at = j.failed_at
     where x.organization_id = j.organization_id and x.id = j.id;
    organization := j.organization_id;
    job := j.id;
    kind := j.kind;
    fence := j.fence + 1;
    attempt := j.attempts + 1;
    lease_seconds := k.lease_seconds;
    account := j.account_id;
    patient := j.patient_id;
    about := j.about_id;
end
$$;

-- The job, locked until the transaction ends, if it is held by this fence; else an error.
create function care.held_job(organization uuid, job uuid, fence bigint) returns care.job
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    j care.job;
begin
    select x.* into j from care.job x
     where x.organization_id = organization and x.id = job and x.fence = held_job.fence
       and x.leased_until is not null
       for update;
    if not found then
        raise exception using errcode = '42501', message = 'job is not held', constraint = 'job_is_held';
    end if;
    return j;
end
$$;

-- For a transaction that does a job's work: nobody takes the job before it ends, and it fails if somebody has.
create function care.job_holds(organization uuid, job uuid, fence bigint) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    perform care.held_job(organization, job, fence);
end
$$;

-- Holds on to it: the lease begins anew.
create function care.extend_job(organization uuid, job uuid, fence bigint) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
begin
    update care.job x
       set leased_until = care.clock() + make_interval(secs => k.lease_seconds)
      from care.job_kind k
     where x.organization_id = j.organization_id and x.id = j.id and k.name = x.kind;
end
$$;

-- It is done; what is periodic is due again after its period.
create function care.finish_job(organization uuid, job uuid, fence bigint) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
    at timestamptz := care.clock();
begin
    update care.job x
       set state = case when k.period_seconds is null then 'done' else 'waiting' end,
           run_at = case when k.period_seconds is null then x.run_at
                         else at + make_interval(secs => k.period_seconds) end,
           attempts = case when k.period_seconds is null then x.attempts else 0 end,
           leased_until = null, last_error = null, done_at = at
      from care.job_kind k
     where x.organization_id = j.organization_id and x.id = j.id and k.name = x.kind;
end
$$;

-- It failed, for the reason that the code names. Waits twice as long after each failure, up to the longest pause, less a random part so
-- that what failed together does not come back together. With its attempts used up it is dead, and stays so until an operator
-- retries it; what is periodic goes on. Answers the state.
create function care.fail_job(organization uuid, job uuid, fence bigint, code text) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
    k care.job_kind;
    at timestamptz := care.clock();
    pause double precision;
begin
    select * into k from care.job_kind where job_kind.name = j.kind;
    pause := least(k.longest_pause_seconds, k.pause_seconds * 2 ^ least(j.attempts - 1, 30)) * (0.5 + random() / 2);
    if j.attempts >= k.attempts and k.period_seconds is null then
        j.state := 'dead';
    end if;
    update care.job x
       set state = j.state, run_at = at + make_interval(secs => pause), leased_until = null, last_error = code,
           failed_at = at
     where x.organization_id = j.organization_id and x.id = j.id;
    return j.state;
end
$$;

-- Gives it back undone, as a server does that stops: due at once, and not counted as an attempt.
create function care.give_back_job(organization uuid, job uuid, fence bigint) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
begin
    update care.job x
       set run_at = care.clock(), leased_until = null, attempts = x.attempts - 1
     where x.organization_id = j.organization_id and x.id = j.id;
end
$$;

-- A dead job waits again, with all its attempts. For the operator on the host: no server role may call it.
create function care.retry_job(job uuid) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.job x set state = 'waiting', run_at = care.clock(), attempts = 0 where x.id = job and x.state = 'dead';
    return found;
end
$$;

-- How many there are of each kind, of all organisations together.
create function care.job_counts(out kind text, out waiting bigint, out running bigint, out dead bigint) returns setof record
    language plpgsql stable security definer set search_path = care, pg_temp rows 10
as $$
declare
    at timestamptz := care.clock();
begin
    return query
        select k.name,
               count(*) filter (where j.state = 'waiting' and (j.leased_until is null or j.leased_until <= at)),
               count(*) filter (where j.leased_until > at),
               count(*) filter (where j.state = 'dead')
          from care.job_kind k
          left join care.job j on j.kind = k.name and j.state <> 'done'
         group by k.name;
end
$$;

-- Housekeeping. Each call takes away 2,000 rows at most, so that no transaction is long, and says how many; entries in the trail stay,
-- and refer to nothing that goes. None takes an argument: there is nothing to be had by calling them.

-- Passes end after a minute; a minute more and they go.
create function care.sweep_passes() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.pass where ctid = any (array(
        select p.ctid from care.pass p where p.until < care.clock() - interval '1 minute'
         limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Sessions, 90 days after they ended. Until then whoever shows the secret of one is known: their attempt stands in the trail under account
-- and organisation, and afterwards under nobody's. What a session did stands there for good, with its id.
create function care.sweep_sessions() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.session where ctid = any (array(
        select s.ctid from care.session s
         where least(s.until, s.seen_at + s.idle, s.ended_at) < care.clock() - interval '90 days'
         limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Links, 90 days after they were used or ran out. Neither opens anything before, and the answer is the same after.
create function care.sweep_links() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.link where ctid = any (array(
        select l.ctid from care.link l
         where least(l.used_at, l.until) < care.clock() - interval '90 days'
         limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

-- Jobs, 30 days after they were done: as long as that, the same key asks for nothing new. Dead ones stay.
create function care.sweep_jobs() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    gone integer;
begin
    delete from care.job where ctid = any (array(
        select j.ctid from care.job j
         where j.state = 'done' and j.done_at < care.clock() - interval '30 days'
         limit 2000));
    get diagnostics gone = row_count;
    return gone;
end
$$;

create policy session_swept_by_the_gate on care.session for delete to carekeep_gate using (true);
create policy link_swept_by_the_gate on care.link for delete to carekeep_gate using (true);
grant delete on care.session, care.link to carekeep_gate;

grant execute on function
    care.enqueue_job(text, uuid, uuid, uuid),
    care.take_job(text[]),
    care.job_holds(uuid, uuid, bigint),
    care.extend_job(uuid, uuid, bigint),
    care.finish_job(uuid, uuid, bigint),
    care.fail_job(uuid, uuid, bigint, text),
    care.give_back_job(uuid, uuid, bigint),
    care.job_counts(),
    care.sweep_passes(),
    care.sweep_sessions(),
    care.sweep_links(),
    care.sweep_jobs()
    to carekeep_server;
