-- Offices of the installation; what stewards vouch for, which is added and read, neither changed nor removed; and what probes saw
-- where they failed.

do $$
declare
    t text;
begin
    foreach t in array array['office', 'attestation', 'attestation_review', 'attestation_withdrawal'] loop
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
create policy office_ended_by_the_gate on care.office for update to carekeep_gate using (true) with check (true);
grant update (until) on care.office to carekeep_gate;

-- For the operator on the host, who names stewards and auditors: no server role may call these. True if it was not so before.
create function care.give_office(account uuid, office text, key_epoch integer, salt bytea, sealed bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    if exists (select from care.office o
                where o.account_id = account and o.office = give_office.office and o.until is null) then
        return false;
    end if;
    insert into care.office (account_id, office, since) values (account, give_office.office, care.clock());
    update care.session s set second_factor_is_due = true where s.account_id = account and s.ended_at is null;
    perform care.write_sign_in(null, account, null, 'office.give', null, key_epoch, salt, sealed);
    return true;
end
$$;

-- Ends an office at once: a pass outlives it by a minute at most.
create function care.end_office(account uuid, office text, key_epoch integer, salt bytea, sealed bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.office o set until = care.clock()
     where o.account_id = account and o.office = end_office.office and o.until is null;
    if not found then
        return false;
    end if;
    perform care.write_sign_in(null, account, null, 'office.end', null, key_epoch, salt, sealed);
    return true;
end
$$;

create function care.office_holders()
    returns table (account_id uuid, office text, since timestamptz, sealed_address bytea)
    language sql stable security definer set search_path = care, pg_temp
as $$
    select o.account_id, o.office, o.since, a.sealed_address
      from care.office o join care.account a on a.id = o.account_id
     where o.until is null
     order by o.office, o.since
$$;

-- The offices that somebody holds now. One that was ended stays ended, whatever the clock says.
create function care.offices_of(account uuid) returns text[]
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    return array(
        select o.office from care.office o
         where o.account_id = account and o.since <= at and o.until is null
         order by o.office);
end
$$;

-- Whose pass is shown, if it carries the power; else an error.
create function care.acting_officer(power text) returns uuid
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce(power = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return shown.account_id;
end
$$;

-- A steward vouches. What must be so of it are the table's constraints; it counts when another one has accepted it.
create function care.attest(
    attestation uuid, promise text, follows uuid, words text, signed_as text, link text, file_sha256 bytea, file_kind text,
    sealed_file bytea, since timestamptz, until timestamptz
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    author uuid := care.acting_officer('attestation.make');
begin
    insert into care.attestation (
        id, promise, follows, account_id, words, signed_as, link, file_sha256, file_kind, sealed_file, since, until, at)
    values (
        attestation, attest.promise, attest.follows, author, attest.words, attest.signed_as, attest.link,
        attest.file_sha256, attest.file_kind, attest.sealed_file, attest.since, attest.until, care.clock());
end
$$;

-- Holds other acts on an attestation off until this transaction ends: what is being withdrawn is not accepted meanwhile.
create function care.hold_attestation(attestation uuid) returns void
    language sql volatile set search_path = care, pg_temp
as $$
    select pg_advisory_xact_lock(hashtextextended('carekeep attestation ' || attestation, 0))
$$;

-- Another steward accepts or declines what waits, while its time is not over: once, and never one's own.
-- (attestation_is_reviewed_by_another)
create function care.review_attestation(attestation uuid, accepted boolean, reason text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    reviewer uuid := care.acting_officer('attestation.review');
begin
    perform care.hold_attestation(attestation);
    insert into care.attestation_review (attestation_id, author_id, account_id, accepted, reason, at)
    select a.id, a.account_id, reviewer, review_attestation.accepted, review_attestation.reason, care.clock()
      from care.attestation a
     where a.id = attestation and a.until > care.clock()
       and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id);
    if not found then
        raise exception using errcode = '23514', message = 'it does not wait for a review',
            constraint = 'attestation_waits_for_review';
    end if;
end
$$;

-- Any steward may say that something does not hold any more, whoever vouched for it.
create function care.withdraw_attestation(attestation uuid, reason text) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    steward uuid := care.acting_officer('attestation.withdraw');
begin
    perform care.hold_attestation(attestation);
    insert into care.attestation_withdrawal (attestation_id, account_id, reason, at)
    values (attestation, steward, withdraw_attestation.reason, care.clock());
end
$$;

-- Everything that was ever vouched for, with what became of it, for stewards and auditors: also whose accounts did so, since everybody
-- signs as they like. The files have a function of their own.
create function care.attestations()
    returns table (
        id uuid, promise text, words text, signed_as text, link text, file_sha256 bytea, file_kind text, since timestamptz,
        until timestamptz, at timestamptz, is_own boolean, accepted boolean, reviewed_at timestamptz, review_reason text,
        withdrawn_at timestamptz, withdrawal_reason text, author uuid, author_address bytea, reviewer uuid,
        reviewer_address bytea, withdrawer uuid, withdrawer_address bytea
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    officer uuid := care.acting_officer('attestation.read');
begin
    return query
        select a.id, a.promise, a.words, a.signed_as, a.link, a.file_sha256, a.file_kind, a.since, a.until, a.at,
               a.account_id = officer, r.accepted, r.at, r.reason, w.at, w.reason, a.account_id, one.sealed_address,
               r.account_id, two.sealed_address, w.account_id, three.sealed_address
          from care.attestation a
          join care.account one on one.id = a.account_id
          left join care.attestation_review r on r.attestation_id = a.id
          left join care.account two on two.id = r.account_id
          left join care.attestation_withdrawal w on w.attestation_id = a.id
          left join care.account three on three.id = w.account_id
         order by a.at, a.id;
end
$$;

create function care.attestation_file(attestation uuid, out kind text, out sealed bytea)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    perform care.acting_officer('attestation.file');
    select a.file_kind, a.sealed_file into kind, sealed from care.attestation a where a.id = attestation;
end
$$;

-- What was accepted, for the public page: also what has run out or was withdrawn, but not why, and not by whom it was reviewed.
create function care.accepted_attestations()
    returns table (
        promise text, words text, signed_as text, link text, file_sha256 bytea, since timestamptz, until timestamptz,
        accepted_at timestamptz, withdrawn_at timestamptz
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return query
        select a.promise, a.words, a.signed_as, a.link, a.file_sha256, a.since, a.until, r.at, w.at
          from care.attestation a
          join care.attestation_review r on r.attestation_id = a.id and r.accepted
          left join care.attestation_withdrawal w on w.attestation_id = a.id
         order by r.at, a.id;
end
$$;

-- How many wait for a review: a number, for reminders and metrics.
create function care.attestations_waiting() returns bigint
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (
        select count(*) from care.attestation a
         where a.until > care.clock()
           and not exists (select from care.attestation_review r where r.attestation_id = a.id)
           and not exists (select from care.attestation_withdrawal w where w.attestation_id = a.id));
end
$$;

-- The last results of each probe where it failed, with what was seen: for those who repair it, and for auditors. `since` is the
-- first of those without a good one between; `stands` while none came after.
create function care.probe_failures(each integer)
    returns table (
        probe text, class text, outcome text, seen text, details text[], release text, run_id uuid, at timestamptz,
        since timestamptz, stands boolean
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    ahead uuid[] := care.runs_ahead();
begin
    perform care.acting_officer('probe.read');
    return query
        select r.probe, r.class, r.outcome, r.seen, r.details, r.release, r.run_id, r.at,
               care.failing_since(r.probe, r.at, ahead),
               not exists (select from care.probe_result k
                            where k.probe = r.probe and k.outcome = 'kept' and k.at > r.at and k.run_id <> all (ahead))
          from (select x.*, row_number() over (partition by x.probe order by x.at desc) as n
                  from care.probe_result x
                 where x.outcome in ('falls short', 'broken') and x.run_id <> all (ahead)) r
         where r.n <= least(each, 20)
         order by r.probe, r.at desc;
end
$$;

grant execute on function
    care.attest(uuid, text, uuid, text, text, text, bytea, text, bytea, timestamptz, timestamptz),
    care.review_attestation(uuid, boolean, text),
    care.withdraw_attestation(uuid, text),
    care.attestations(),
    care.attestation_file(uuid),
    care.accepted_attestations(),
    care.attestations_waiting(),
    care.probe_failures(integer)
    to carekeep_server;
