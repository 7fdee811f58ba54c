-- Mail: who queues a letter, who opens it to send it, and what becomes of it.
--
-- - A letter follows from something: it is queued by a function that does that thing, or names a link that the same transaction has
--   made. So whoever speaks SQL as the server can send nobody a letter without cause.
-- - It is sent by the job that is queued with it. Who holds the job opens the letter and says what became of it.
-- - Its values and its address are sealed under the installation's key. Once it is sent or given up they are gone: a link
--   that was mailed stands nowhere any more.

alter table care.letter enable row level security;
alter table care.letter force row level security;
revoke all on care.letter from carekeep_server, carekeep_keykeeper;
create policy letter_kept_by_the_gate on care.letter to carekeep_gate using (true) with check (true);
grant select, insert, delete, update (account_id, attempts, last_error, sealed, sealed_address, settled_at, state)
   on care.letter to carekeep_gate;

-- Queues a letter and the job that sends it, in the caller's transaction. For the gate's own functions and the operator on the
-- host. `letter` is made by the caller, who seals the values for it; the message that is sent bears it, in each attempt.
create function care.queue_letter(
    organization uuid, letter uuid, account uuid, template text, language text, sealed bytea, sealed_address bytea,
    lasting interval
) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    insert into care.letter (
        organization_id, id, account_id, template, language, sealed, sealed_address, queued_at, until)
    values (
        organization, letter, account, queue_letter.template, queue_letter.language, queue_letter.sealed,
        queue_letter.sealed_address, at, at + lasting);
    insert into care.job (organization_id, kind, key, account_id, opening_id, about_id, enqueued_at, run_at)
    values (organization, 'mail.send', letter, account, letter, letter, at, at);
end
$$;

-- Mails the link that this very transaction has made to the account that it is for, as long as it works.
create function care.mail_link(organization uuid, link_sha256 bytea, letter uuid, language text, sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    l care.link;
begin
    select x.* into l from care.link x
     where x.organization_id = organization and x.secret_sha256 = link_sha256 and x.used_at is null
       and x.xmin = pg_current_xact_id()::xid;
    if not found then
        raise exception using errcode = '42501', message = 'link is not of this transaction',
            constraint = 'link_is_of_this_transaction';
    end if;
    perform care.queue_letter(
        l.organization_id, letter, l.account_id, case l.purpose when 'join' then 'invitation' else l.purpose end,
        mail_link.language, mail_link.sealed, null, l.until - care.clock());
end
$$;

-- The letter that a job is to send, for whoever holds the job; it counts as an attempt. Nothing if it is settled. One that came too
-- late, or whose account is closed, is given up here.
create function care.open_letter(
    organization uuid, job uuid, fence bigint,
    out letter uuid, out account uuid, out template text, out language text, out sealed bytea, out sealed_address bytea,
    out sealed_organization bytea, out queued_at timestamptz, out link_organization uuid
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
    l care.letter;
    reached bytea;
    at timestamptz := care.clock();
begin
    select x.* into l from care.letter x
     where x.organization_id = j.organization_id and x.id = j.about_id and j.kind = 'mail.send' and x.state = 'waiting'
       for update;
    if not found then
        return;
    end if;
    -- To whoever signs in by an address: now it turns out who that is, and whether they get the link.
    if l.sign_in_token is not null then
        link_organization := care.link_for_letter(l);
        if link_organization is not null then
            select a.id into l.account_id from care.account a where a.sign_in_token = l.sign_in_token;
        end if;
    end if;
    select coalesce(l.sealed_address, a.sealed_address) into reached
      from care.account a where a.id = l.account_id and a.closed_at is null;
    if reached is null or l.until <= at or (l.sign_in_token is not null and link_organization is null) then
        update care.letter x set state = 'expired', sealed = null, sealed_address = null, settled_at = at
         where x.organization_id = l.organization_id and x.id = l.id;
        link_organization := null;
        return;
    end if;
    update care.letter x set attempts = x.attempts + 1 where x.organization_id = l.organization_id and x.id = l.id;
    letter := l.id;
    account := l.account_id;
    template := l.template;
    language := l.language;
    sealed := l.sealed;
    sealed_address := reached;
    queued_at := l.queued_at;
    select o.sealed_name into sealed_organization from care.organization o where o.organization_id = l.organization_id;
end
$$;

-- What became of it: 'sent', 'refused' for good, or 'waiting' for another attempt; and the code of what went wrong.
create function care.settle_letter(organization uuid, job uuid, fence bigint, outcome text, code text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    j care.job := care.held_job(organization, job, fence);
begin
    update care.letter x
       set state = outcome, last_error = code,
           sealed = case when outcome = 'waiting' then x.sealed end,
           sealed_address = case when outcome = 'waiting' then x.sealed_address end,
           settled_at = case when outcome <> 'waiting' then care.clock() end
     where x.organization_id = j.organization_id and x.id = j.about_id and j.kind = 'mail.send' and x.state = 'waiting';
end
$$;

-- How many letters there are in each state, of all organisations together.
create function care.letter_counts(out state text, out letters bigint) returns setof record
    language plpgsql stable security definer set search_path = care, pg_temp rows 4
as $$
begin
    return query
        select s.name, count(x.id)
          from unnest(array['waiting', 'sent', 'refused', 'expired']) s (name)
          left join care.letter x on x.state = s.name
         group by s.name;
end
$$;

-- Housekeeping, 2,000 rows a call: what nobody could send in time is emptied, and what was settled 30 days ago goes.
create function care.sweep_letters() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    emptied integer;
    gone integer;
begin
    update care.letter set state = 'expired', sealed = null, sealed_address = null, settled_at = care.clock()
     where ctid = any (array(
        select x.ctid from care.letter x where x.state = 'waiting' and x.until <= care.clock()
         limit 2000));
    get diagnostics emptied = row_count;
    delete from care.letter where ctid = any (array(
        select x.ctid from care.letter x where x.settled_at < care.clock() - interval '30 days'
         limit 2000));
    get diagnostics gone = row_count;
    return emptied + gone;
end
$$;

grant execute on function
    care.mail_link(uuid, bytea, uuid, text, bytea),
    care.open_letter(uuid, uuid, bigint),
    care.settle_letter(uuid, uuid, bigint, text, text),
    care.letter_counts(),
    care.sweep_letters()
    to carekeep_server;
