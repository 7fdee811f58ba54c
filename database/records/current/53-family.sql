-- What of a record somebody is let in to: all of it, or some kinds of entry. (ROL-1, ROL-3)
--
-- The pass carries the kinds, and one restrictive policy for each table that holds records keeps everything else from it. What
-- belongs to the directory is of nobody's record.

-- The kinds of record that somebody reaches of all these patients, by one of these ways; null for every kind, none for whoever is not
-- reached.
create function care.kinds_reached(organization uuid, account uuid, patients uuid[], ways text[], at timestamptz) returns text[]
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    patient uuid;
    of_one text[];
    of_all text[];
begin
    foreach patient in array patients loop
        continue when exists (
            select from care.reach r
             where r.organization_id = organization and r.account_id = account and r.patient_id = patient
               and r.kind = any (ways) and r.withdrawn_at is null and r.paused_at is null
               and r.since <= at and (r.until is null or r.until > at)
               and r.kinds is null);
        of_one := array(
            select distinct k from care.reach r cross join unnest(r.kinds) k
             where r.organization_id = organization and r.account_id = account and r.patient_id = patient
               and r.kind = any (ways) and r.withdrawn_at is null and r.paused_at is null
               and r.since <= at and (r.until is null or r.until > at)
             order by k);
        of_all := case when of_all is null then of_one else array(select unnest(of_all) intersect select unnest(of_one)) end;
    end loop;
    return of_all;
end
$$;

-- The kinds of record that the pass opens; null for every kind.
create function care.acting_kinds() returns text[]
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return (care.acting()).kinds;
end
$$;

-- Invitations: whoever keeps a record asks somebody to be a carer, too, or a clinician of elsewhere to read it as a guest. It is the
-- ordinary link that accepts (care.link), and brings the reach with it; an invitation that no longer stands makes its link one that does
-- not work. (ROL-1, ROL-3)

alter table care.invitation enable row level security;
alter table care.invitation force row level security;
revoke all on care.invitation from carekeep_server, carekeep_keykeeper;
create policy invitation_stays_in_its_organization on care.invitation as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy invitation_read_by_the_patients_own on care.invitation for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('carer.read'))::uuid[]));
grant select (organization_id, id, patient_id, account_id, kind, kinds, basis, purpose, reach_until, made_at, until, outcome, settled_at)
   on care.invitation to carekeep_server;
create policy invitation_read_by_the_gate on care.invitation for select to carekeep_gate using (true);
create policy invitation_made_by_the_gate on care.invitation for insert to carekeep_gate with check (true);
create policy invitation_settled_by_the_gate on care.invitation for update to carekeep_gate using (true) with check (true);
grant select, insert, update (outcome, settled_at) on care.invitation to carekeep_gate;

-- Whether somebody may let others in as this, until then: they keep the record, for as long, and are what the organisation's setting
-- asks for. Whoever it is about makes no guardians, and nobody else of themselves; an account of their own outlasts whoever keeps the
-- record until they are grown up.
create function care.may_invite(organization uuid, account uuid, patient uuid, kind text, lasting timestamptz, at timestamptz)
    returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return exists (
        select from care.reach r
          join care.membership m on m.organization_id = r.organization_id and m.account_id = r.account_id
         where r.organization_id = organization and r.account_id = account and r.patient_id = patient
           and (r.kind = 'guardian' or r.kind = 'self' and may_invite.kind not in ('guardian', 'self'))
           and r.withdrawn_at is null and r.paused_at is null and r.since <= at and (r.until is null or r.until >= lasting
                or may_invite.kind = 'self' and exists (
                    select from care.growing_up g
                     where g.organization_id = r.organization_id and g.patient_id = r.patient_id and g.hands_over_at = r.until))
           and m.since <= at and (m.until is null or m.until > at)
           and m.roles && string_to_array(care.setting_of(organization, 'carer.invited-by'), ','));
end
$$;

-- Whether a link may be used: it is of no invitation, or of one that still stands.
create function care.invitation_stands(organization uuid, link_sha256 bytea, at timestamptz) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return not exists (
        select from care.invitation i
         where i.organization_id = organization and i.link_sha256 = invitation_stands.link_sha256
           and (i.reach_until <= at
                or i.kind = 'self' and not care.may_have_own_account(i.organization_id, i.patient_id, at)
                or not care.may_invite(i.organization_id, i.invited_by, i.patient_id, i.kind, i.reach_until, at)));
end
$$;

-- Asks somebody to be a carer of the patient of the pass, or, with the power for that, as a guest to read their record. Whoever belongs
-- already keeps their roles, and gets one more where they could not do what they are asked for; who does not, belongs once they accept.
-- Answers what the link is for, as care.admit does.
create function care.invite_carer(
    invitation uuid, account uuid, address_token bytea, sealed_address bytea, sealed_name bytea, kind text, kinds text[],
    basis text, purpose text, lasting timestamptz, sealed bytea, link_sha256 bytea
) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid := shown.patients[1];
    role constant text :=
        case kind when 'carer-reading' then 'member' when 'self' then 'teen' when 'share' then 'guest' else 'caregiver' end;
    link_is_for text := 'join';
    lasts interval := care.time_set(shown.organization_id, 'invitation.lasts');
    m care.membership;
begin
    if not coalesce(case kind when 'share' then 'guest.invite' else 'carer.invite' end = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if not care.may_invite(shown.organization_id, shown.account_id, patient, kind, lasting, at)
       or account = shown.account_id or coalesce(lasting <= at, false) then
        raise exception using errcode = '23514', message = 'that is more than they have', constraint = 'reach_is_theirs_to_give';
    end if;
    if kind = 'share' and lasting > at + interval '1 year 1 day' then
        raise exception using errcode = '23514', message = 'share is too long', constraint = 'share_lasts_a_year_at_most';
    end if;
    if kind = 'self' and not care.may_have_own_account(shown.organization_id, patient, at) then
        raise exception using errcode = '23505', message = 'account exists', constraint = 'patient_has_one_account';
    end if;
    select * into m from care.membership x
     where x.organization_id = shown.organization_id and x.account_id = invite_carer.account
       and (x.until is null or x.until > at)
       for update;
    if m.account_id is null then
        perform care.require_may_give(care.acting_member(), array[role], '{}');
        link_is_for := care.admit(
            shown.organization_id, account, address_token, sealed_address, sealed_name, array[role], link_sha256);
        update care.membership x set since = 'infinity'
         where x.organization_id = shown.organization_id and x.account_id = invite_carer.account;
    elsif not exists (
        select from care.account a where a.id = invite_carer.account and a.sign_in_token = address_token) then
        raise exception using errcode = '23505', message = 'account exists', constraint = 'account_signs_in_by_one_address';
    elsif exists (
        select from care.reach r
         where r.organization_id = shown.organization_id and r.account_id = m.account_id and r.patient_id = patient
           and (r.kind in ('guardian', 'self', 'carer', 'carer-reading') or r.kind = 'share' and invite_carer.kind = 'share')
           and r.withdrawn_at is null and (r.until is null or r.until > at)) then
        raise exception using errcode = '23505', message = 'carer exists', constraint = 'carer_is_let_in_once';
    else
        if not 'record.write' = any (m.permits) then
            perform care.require_may_give(care.acting_member(), array[role], '{}');
        end if;
        -- Whoever waits begins with what they wait with, so it must be the inviter's to give. Whose account was opened here, and who
        -- belongs nowhere else, has no password yet to show. Who belongs already has ways in of their own: this link sets none.
        if m.since = 'infinity' then
            perform care.require_may_give(care.acting_member(), m.roles, m.custom_roles);
            if exists (
                select from care.account a
                 where a.id = m.account_id and a.password_hash is null
                   and not exists (
                        select from care.membership o
                         where o.account_id = a.id and o.organization_id <> shown.organization_id)) then
                link_is_for := 'set-password';
            end if;
        end if;
        insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
        values (shown.organization_id, m.account_id, link_is_for, link_sha256, at + lasts);
    end if;
    -- A new one takes the place of one that waits, and of any to the patient themselves: there is one account of theirs.
    perform care.settle_invitations(shown.organization_id, array(
        select i.id from care.invitation i
         where i.organization_id = shown.organization_id and i.patient_id = patient
           and (i.account_id = invite_carer.account or i.kind = 'self' and invite_carer.kind = 'self') and i.outcome is null), 'withdrawn', at);
    insert into care.invitation (
        organization_id, id, link_sha256, patient_id, invited_by, account_id, kind, kinds, basis, purpose, reach_until, sealed,
        made_at, until)
    values (
        shown.organization_id, invitation, invite_carer.link_sha256, patient, shown.account_id, invite_carer.account,
        invite_carer.kind, invite_carer.kinds, invite_carer.basis, invite_carer.purpose, lasting, invite_carer.sealed, at, at + lasts);
    return link_is_for;
end
$$;

-- Brings invitations to an end: their links do not work any more.
create function care.settle_invitations(organization uuid, invitations uuid[], outcome text, at timestamptz) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    i care.invitation;
begin
    for i in
        update care.invitation x set outcome = settle_invitations.outcome, settled_at = at
         where x.organization_id = organization and x.id = any (invitations) and x.outcome is null
        returning x.*
    loop
        update care.link l set used_at = at
         where l.organization_id = i.organization_id and l.secret_sha256 = i.link_sha256 and l.used_at is null;
    end loop;
end
$$;

-- Takes an invitation back, before it is accepted.
create function care.withdraw_invitation(invitation uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('carer.withdraw' = any (shown.powers), false)
       or not exists (
            select from care.invitation i
             where i.organization_id = shown.organization_id and i.id = invitation and i.patient_id = any (shown.patients)
               and i.outcome is null) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.settle_invitations(shown.organization_id, array[invitation], 'withdrawn', care.clock());
end
$$;

-- What somebody is invited to, by a link that still works; nothing by any other.
create function care.invitation_of(
    organization uuid, link_secret bytea,
    out invitation uuid, out kind text, out kinds text[], out basis text, out purpose text, out reach_until timestamptz,
    out sealed bytea, out time_zone text
)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    select i.id, i.kind, i.kinds, i.basis, i.purpose, i.reach_until, i.sealed, o.time_zone
      into invitation, kind, kinds, basis, purpose, reach_until, sealed, time_zone
      from care.invitation i
      join care.organization o on o.organization_id = i.organization_id
      join care.link l on l.organization_id = i.organization_id and l.secret_sha256 = i.link_sha256
     where i.organization_id = organization and i.link_sha256 = sha256(link_secret)
       and l.used_at is null and l.until > at and care.invitation_stands(i.organization_id, i.link_sha256, at);
end
$$;

-- What using a link does besides, if it is of an invitation: the membership begins, and with it the reach; the patient's trail says so.
-- For the functions that use a link up, which have asked whether it stands.
create function care.take_up_invitation(used care.link, at timestamptz, key_epoch integer, salt bytea, sealed bytea) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    i care.invitation;
begin
    update care.invitation x set outcome = 'accepted', settled_at = at
     where x.organization_id = (used).organization_id and x.link_sha256 = (used).secret_sha256 and x.outcome is null
    returning x.* into i;
    if not found then
        return;
    end if;
    update care.membership m set since = at
     where m.organization_id = i.organization_id and m.account_id = i.account_id and m.since = 'infinity';
    -- Whoever could only read so far, and is to enter, is a caregiver from now on, too.
    update care.membership m set roles = m.roles || '{caregiver}'::text[]
     where m.organization_id = i.organization_id and m.account_id = i.account_id and i.kind not in ('carer-reading', 'self', 'share')
       and not 'record.write' = any (m.permits);
    update care.membership m set roles = m.roles || '{teen}'::text[]
     where m.organization_id = i.organization_id and m.account_id = i.account_id and i.kind = 'self'
       and not 'record.write' = any (m.permits);
    -- Who is to read, and could not read anything so far, can now.
    update care.membership m set roles = m.roles || case i.kind when 'share' then 'guest' else 'member' end
     where m.organization_id = i.organization_id and m.account_id = i.account_id and not 'record.read' = any (m.permits);
    perform care.hold_sessions(i.organization_id, i.account_id);
    insert into care.reach (organization_id, patient_id, account_id, kind, kinds, basis, purpose, since, until)
    values (i.organization_id, i.patient_id, i.account_id, i.kind, i.kinds, i.basis, coalesce(i.purpose, 'care'), at, i.reach_until);
    if i.kind = 'self' then
        perform care.begin_handover(i.organization_id, i.patient_id, at);
    end if;
    perform care.write_for_patient(i.organization_id, i.account_id, i.patient_id, 'carer.accept', key_epoch, salt, sealed);
end
$$;

-- An entry in a patient's trail of something done before there is a pass.
create function care.write_for_patient(
    organization uuid, account uuid, patient uuid, act_name text, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    p care.pass;
begin
    p.organization_id := organization;
    p.actor_organization_id := organization;
    p.account_id := account;
    p.opening_id := gen_random_uuid();
    p.act := act_name;
    p.scope := 'patient';
    perform care.write_entry(p, patient, null, null, key_epoch, salt, sealed, care.clock());
end
$$;

-- Says no to an invitation, by its link alone. True if there was one.
create function care.decline_invitation(organization uuid, link_secret bytea, key_epoch integer, salt bytea, sealed bytea)
    returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    i care.invitation;
    at timestamptz := care.clock();
begin
    select x.* into i from care.invitation x
      join care.link l on l.organization_id = x.organization_id and l.secret_sha256 = x.link_sha256
     where x.organization_id = organization and x.link_sha256 = sha256(link_secret)
       and l.used_at is null and l.until > at and x.outcome is null
       for update of x;
    if not found then
        return false;
    end if;
    perform care.settle_invitations(i.organization_id, array[i.id], 'declined', at);
    perform care.write_for_patient(i.organization_id, i.account_id, i.patient_id, 'carer.decline', key_epoch, salt, sealed);
    return true;
end
$$;

-- Pausing: whoever keeps a record keeps a carer out of it, at once, for a reason that the carer is not told, and lets them in again.
-- What a pause closes says reach.paused_at, which the gate reads like the end of a reach. (ROL-1)

alter table care.pause enable row level security;
alter table care.pause force row level security;
revoke all on care.pause from carekeep_server, carekeep_keykeeper;
create policy pause_stays_in_its_organization on care.pause as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
-- Never by the one whom it keeps out, or kept out once.
create policy pause_read_by_the_patients_own on care.pause for select to carekeep_server
    using (patient_id = any ((select care.acting_patients('carer.read'))::uuid[]) and account_id <> (select care.acting_account()));
grant select on care.pause to carekeep_server;
create policy pause_read_by_the_gate on care.pause for select to carekeep_gate using (true);
create policy pause_begun_by_the_gate on care.pause for insert to carekeep_gate with check (true);
create policy pause_ended_by_the_gate on care.pause for update to carekeep_gate using (true) with check (true);
grant select, insert, update (ended_at, ended_by) on care.pause to carekeep_gate;
grant update (paused_at) on care.reach to carekeep_gate;

-- Which ways of reaching a patient a pause closes: those that the patient's own give, and a family's any but one's own. Who is in a
-- clinic's care team the clinic says, and an emergency opens whatever was agreed before.
create function care.is_paused_with(organization uuid, kind text) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return kind in ('guardian', 'carer', 'carer-reading', 'share')
        or kind in ('care-team', 'assignment')
           and exists (select from care.organization o where o.organization_id = organization and o.profile = 'family');
end
$$;

-- One after another for somebody and a patient: what pauses them, what ends that, and what lets them in.
create function care.hold_pauses(organization uuid, patient uuid, account uuid) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('pause' || organization::text || patient::text || account::text, 0));
end
$$;

-- Whether whoever acts may keep this member out: nobody themselves; who keeps the record, only an owner or administrator, and an
-- owner only an owner.
create function care.may_pause(acting care.membership, paused care.membership, keeps boolean) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (paused).account_id <> (acting).account_id
       and (not keeps or (acting).roles && '{owner,admin}')
       and (not 'owner' = any ((paused).roles) or 'owner' = any ((acting).roles));
end
$$;

-- Keeps somebody out of the record of the pass's patient, from their next request on, and ends what they have open. `ask` is whom they
-- are told to ask.
create function care.pause_carer(pause uuid, account uuid, ask uuid, sealed_reason bytea, sealed_patient bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    patient uuid := shown.patients[1];
    m care.membership;
    ways text[];
begin
    if not coalesce('carer.pause' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    select x.* into m from care.membership x
     where x.organization_id = shown.organization_id and x.account_id = pause_carer.account;
    perform care.hold_pauses(shown.organization_id, patient, m.account_id);
    update care.reach r set paused_at = at
     where r.organization_id = shown.organization_id and r.account_id = m.account_id and r.patient_id = patient
       and care.is_paused_with(r.organization_id, r.kind)
       and r.withdrawn_at is null and (r.until is null or r.until > at) and r.paused_at is null;
    if not found then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    select array_agg(r.kind) into ways from care.reach r
     where r.organization_id = shown.organization_id and r.account_id = m.account_id and r.patient_id = patient
       and r.withdrawn_at is null and r.paused_at = at;
    if not care.may_pause(care.acting_member(), m, 'guardian' = any (ways))
       or not exists (
            select from care.membership x
             where x.organization_id = shown.organization_id and x.account_id = ask and x.account_id <> m.account_id
               and x.since <= at and (x.until is null or x.until > at)) then
        raise exception using errcode = '23514', message = 'that is more than they have', constraint = 'reach_is_theirs_to_give';
    end if;
    insert into care.pause (
        organization_id, id, patient_id, account_id, paused_by, ask_account_id, sealed_reason, sealed_patient, since)
    values (
        shown.organization_id, pause, patient, m.account_id, shown.account_id, ask, pause_carer.sealed_reason,
        pause_carer.sealed_patient, at);
    delete from care.pass p
     where p.organization_id = shown.organization_id and p.account_id = m.account_id and patient = any (p.patients);
end
$$;

-- Lets them in again: with what they had, as far as it has not ended meanwhile. Who may pause them may do that.
create function care.resume_carer(pause uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    p care.pause;
    m care.membership;
begin
    if not coalesce('carer.resume' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    select x.* into p from care.pause x
     where x.organization_id = shown.organization_id and x.id = resume_carer.pause and x.patient_id = any (shown.patients)
       and x.ended_at is null
       for update;
    perform care.hold_pauses(p.organization_id, p.patient_id, p.account_id);
    select x.* into m from care.membership x
     where x.organization_id = p.organization_id and x.account_id = p.account_id;
    if p.id is null or not care.may_pause(care.acting_member(), m, exists (
            select from care.reach r
             where r.organization_id = p.organization_id and r.account_id = p.account_id and r.patient_id = p.patient_id
               and r.kind = 'guardian' and r.paused_at is not null)) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    update care.pause x set ended_at = at, ended_by = shown.account_id
     where x.organization_id = p.organization_id and x.id = p.id;
    update care.reach r set paused_at = null
     where r.organization_id = p.organization_id and r.account_id = p.account_id and r.patient_id = p.patient_id;
end
$$;

-- Whoever stops sharing with somebody takes back what they were asked to read of the same record, too.
create function care.take_back_with_share() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    perform care.settle_invitations(new.organization_id, array(
        select i.id from care.invitation i
         where i.organization_id = new.organization_id and i.patient_id = new.patient_id and i.account_id = new.account_id
           and i.kind = 'share' and i.outcome is null), 'withdrawn', care.clock());
    return null;
end
$$;

-- Whoever is paused stays so, whatever way they are let in by meanwhile.
create function care.keep_paused() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    perform care.hold_pauses(new.organization_id, new.patient_id, new.account_id);
    select p.since into new.paused_at from care.pause p
     where p.organization_id = new.organization_id and p.patient_id = new.patient_id and p.account_id = new.account_id
       and p.ended_at is null and care.is_paused_with(new.organization_id, new.kind);
    return new;
end
$$;

-- From whose records whoever is signed in is kept out, since when, and whom they may ask. Not why.
create function care.own_pauses(organization uuid, session_secret bytea, used_as text)
    returns table (pause uuid, sealed_patient bytea, since timestamptz, ask uuid, sealed_ask bytea)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    if not care.is_open(s) then
        return;
    end if;
    return query
        select p.id, p.sealed_patient, p.since, p.ask_account_id, m.sealed_name
          from care.pause p
          join care.membership m on m.organization_id = p.organization_id and m.account_id = p.ask_account_id
         where p.organization_id = s.organization_id and p.account_id = s.account_id and p.ended_at is null
         order by p.since, p.id;
end
$$;

-- Growing up: what changes at which birthday. The birth date is sealed, so the day itself is reckoned by the server.

alter table care.age_rule enable row level security;
alter table care.age_rule no force row level security;
revoke all on care.age_rule from carekeep_server, carekeep_keykeeper;
grant select on care.age_rule to carekeep_gate;
create policy age_rule_read_by_the_gate on care.age_rule for select to carekeep_gate using (true);

delete from care.age_rule;
insert into care.age_rule (country, age, words, source, checked_on) values
    ('*', 12, 'Many young people want to see their own record from about 12. Talk about it, and about what they would rather keep to themselves.',
        'our choice', '2026-11-22'),
    ('*', 18, 'Most countries count somebody as grown up at 18. From then on they decide who sees their record.', 'our choice', '2026-11-22'),
    ('GB', 11, 'In England, Wales and Northern Ireland, GP practices look from 11 on at whether parents should still open everything online, for each child by itself.',
        'NHS page for under-16s; guidance of GP committees', '2026-11-22'),
    ('GB', 12, 'In Scotland, somebody of 12 is presumed able to ask for their own data. Many want to see their own record from about this age: talk about it.',
        'Information Commissioner, on requests by children', '2026-11-22'),
    ('GB', 16, 'In England, Wales and Northern Ireland, a parent’s online access at the GP ends at 16 unless the young person agrees that it goes on.',
        'NHS page for under-16s', '2026-11-22'),
    ('US', 13, 'Up to 13, US law asks a parent before an online service takes a child’s data.', 'COPPA', '2026-11-22'),
    ('US', 18, 'At 18 they decide by themselves who sees their health record.', '45 CFR 164.502(g)(3), which binds hospitals', '2026-11-22'),
    ('IN', 18, 'Up to 18, Indian law asks for a parent’s consent that can be verified.', 'DPDP rules 2025, Fourth Schedule; in force in May 2027', '2026-11-22');
insert into care.age_rule (country, age, words, source, checked_on)
select country, age, 'From ' || age || ' on they may agree to an online service by themselves.', source, '2026-11-22'
  from (values
            (13, '{BE,EE,FI,LV,MT,PT,SE}'::text[], 'GDPR 8; a table after a Commission paper of 2020'),
            (14, '{AT,BG,CY,ES,IT,LT}', 'GDPR 8; a table after a Commission paper of 2020'),
            (15, '{CZ,FR,GR}', 'GDPR 8; a table after a Commission paper of 2020'),
            (15, '{DK,SI}', 'GDPR 8; both moved to 15 since the table of 2020, which we have not seen in their laws'),
            (16, '{DE,HR,HU,IE,LU,NL,PL,RO,SK}', 'GDPR 8; a table after a Commission paper of 2020')
       ) ages (age, countries, source) cross join unnest(countries) country;

-- From when on somebody has an account of their own, where whoever keeps their record asks them to: that is the parent's consent, which
-- laws on the consent of children ask for below their ages. And from when on they decide by themselves.
update care.age_rule set opens_account = true where (country, age) in (('*', 12), ('US', 13));
update care.age_rule set hands_over = true where (country, age) in (('*', 18), ('GB', 16), ('US', 18), ('IN', 18));
alter table care.age_rule force row level security;

-- What changes where the acting organisation is, and how many days before it is to be looked at; for whoever reads a record.
create function care.age_rules() returns table (
    age integer, words text, source text, checked_on date, review_before integer, opens_account boolean, hands_over boolean
)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('record.read' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select distinct on (r.age) r.age, r.words, r.source, r.checked_on,
               care.setting_of(o.organization_id, 'growing-up.review-before')::integer,
               r.age = care.account_from(o.organization_id), r.age = care.grown_up_from(o.organization_id)
          from care.organization o join care.age_rule r on r.country in ('*', o.country)
         where o.organization_id = shown.organization_id
         order by r.age, r.country desc;
end
$$;

grant execute on function
    care.acting_kinds(),
    care.invite_carer(uuid, uuid, bytea, bytea, bytea, text, text[], text, text, timestamptz, bytea, bytea),
    care.withdraw_invitation(uuid), care.invitation_of(uuid, bytea),
    care.decline_invitation(uuid, bytea, integer, bytea, bytea),
    care.pause_carer(uuid, uuid, uuid, bytea, bytea), care.resume_carer(uuid), care.own_pauses(uuid, bytea, text), care.age_rules()
    to carekeep_server;

create trigger share_ends_with_its_invitations after update of withdrawn_at on care.reach for each row
    when (new.kind = 'share' and old.withdrawn_at is null and new.withdrawn_at is not null)
    execute function care.take_back_with_share();
create trigger reach_stays_paused before insert on care.reach for each row execute function care.keep_paused();

create policy record_is_of_a_kind_of_the_pass on care.record as restrictive to carekeep_server
    using (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null)
    with check (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null);
create policy version_is_of_a_kind_of_the_pass on care.version as restrictive for select to carekeep_server
    using (coalesce(kind = any ((select care.acting_kinds())::text[]), true) or patient_id is null);
-- Does not say of which kind its record is: a line is there for whoever the record is there for.
create policy record_subject_is_of_a_kind_of_the_pass on care.record_subject as restrictive for select to carekeep_server
    using ((select care.acting_kinds()) is null or record_id in (select r.id from care.record r));
