-- Two people on one device: a second person signs, as themselves, one version of a record that the first has just written.
--
-- - They show a PIN, which is theirs in this organisation and opens no session: all that it does is one signature. The database compares
--   it, as it compares passwords (docs/decisions/6).
-- - The signature comes about in the one call that compares the PIN, and names the record and its version. There is nothing left that could
--   be shown again, and the pass by which it was asked for ends with the call, whatever comes of it.
-- - No pass is ever opened for the second person, so nothing of what they reach is open to the first.
-- - Wrong PINs make the next one wait: for that pair of people from the fifth on, for everybody from the 20th. How the second person signs
--   in stays as it is, and they are told.

do $$
declare
    t text;
begin
    foreach t in array array['pin', 'countersignature'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('create policy %I on care.%I to carekeep_gate using (true) with check (true)', t || '_kept_by_the_gate', t);
    end loop;
end
$$;
grant select, insert, delete on care.pin to carekeep_gate;
grant select, insert on care.countersignature to carekeep_gate;
grant select (organization_id, opening_id, record_id, version) on care.change to carekeep_gate;
grant select (opening_id) on care.entry to carekeep_gate;

-- Whoever the record is about signs nothing in it for others, and whoever only reads does not either.
alter table care.act no force row level security;
insert into care.act (name, scope, permission, powers, reach) values
    ('countersign.offer', 'patient', 'record.write', '{countersign.offer}', '{guardian,care-team,assignment}'),
    ('countersign.sign', 'patient', 'record.write', '{countersign.sign}', '{guardian,care-team,assignment}');
alter table care.act force row level security;

-- MARK: The PIN

-- Since when whoever is signed in has a PIN here, and until when it waits for everybody.
create function care.own_pin(
    organization uuid, session_secret bytea, used_as text, out account uuid, out since timestamptz, out wait_until timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    account := s.account_id;
    select p.set_at into since from care.pin p
     where p.organization_id = s.organization_id and p.account_id = s.account_id;
    if since is not null then
        select w.wait_until into wait_until from care.try_waits(care.pin_key(s.organization_id, s.account_id, null), 20) w;
    end if;
end
$$;

-- Sets the PIN of whoever is signed in, in place of one that there was; or takes it away, where `hash` is null.
-- outcome: 0 done, 1 no such session, 3 there is none to take away, 5 a second factor is needed, 6 stepping up is needed
create function care.set_pin(
    organization uuid, session_secret bytea, used_as text, hash text, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    is_removed boolean;
begin
    if s.id is null then
        return 1;
    elsif s.second_factor_at is null and (s.second_factor_is_due or exists (
        select from care.membership m join care.organization o on o.organization_id = m.organization_id
         where m.organization_id = s.organization_id and m.account_id = s.account_id
           and care.needs_second_factor(o.profile, m.roles, m.custom_roles))) then
        return 5;
    elsif not care.is_stepped_up(s) then
        return 6;
    end if;
    delete from care.pin p where p.organization_id = s.organization_id and p.account_id = s.account_id;
    is_removed := found;
    delete from care.sign_in_try t where t.key = care.pin_key(s.organization_id, s.account_id, null);
    if hash is not null then
        insert into care.pin (organization_id, account_id, hash, set_at)
        values (s.organization_id, s.account_id, set_pin.hash, care.clock());
    elsif not is_removed then
        return 3;
    end if;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, case when hash is null then 'pin.remove' else 'pin.set' end, null, key_epoch, salt,
        sealed);
    return 0;
end
$$;

-- Under which key wrong PINs of somebody are counted: on one person's devices, or (null) on all.
create function care.pin_key(organization uuid, account uuid, device_of uuid) returns bytea
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return care.try_key('pin', uuid_send(organization) || uuid_send(account), uuid_send(device_of));
end
$$;

-- MARK: Signing

-- The record of this tag, if the pass that is shown names its patient and takes its kind, and nobody keeps it to themselves; raises where
-- it does not.
create function care.record_to_sign(shown care.pass, record_tag bytea, power text) returns care.record
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    r care.record;
begin
    select x.* into r from care.record x
     where x.organization_id = (shown).organization_id and x.tag = record_tag
       and x.patient_id = any ((shown).patients) and x.private_to is null
       and ((shown).kinds is null or x.kind = any ((shown).kinds));
    if not found or not coalesce(power = any ((shown).powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return r;
end
$$;

-- Whether a version of a record can be signed by a second person, asked for by somebody: it is how the record is now, they wrote it
-- themselves within a day, it is about one patient, and nobody has signed it.
create function care.can_be_countersigned(r care.record, version integer, writer uuid, at timestamptz) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return (r).version = can_be_countersigned.version and not (r).is_deleted and not (r).is_about_several and (r).kind <> 'Patient'
       and (r).written_at > at - interval '1 day'
       and exists (
            select from care.change c
              join care.entry e on e.organization_id = c.organization_id and e.opening_id = c.opening_id
             where c.organization_id = (r).organization_id and c.record_id = (r).id
               and c.version = can_be_countersigned.version and e.account_id = writer and e.granted
               -- Not long before it was written: entries are found by account and time.
               and e.at > (r).written_at - interval '1 hour')
       and not exists (
            select from care.countersignature s
             where s.organization_id = (r).organization_id and s.record_id = (r).id
               and s.version = can_be_countersigned.version);
end
$$;

-- Who may sign a record as the second person: members other than the first who may write, are held up by no agreement, reach the
-- patient for this kind of record now, and have a PIN.
create function care.countersigners_of(r care.record, writer uuid, at timestamptz) returns setof care.pin
    language plpgsql stable set search_path = care, pg_temp rows 10
as $$
begin
    return query
        select p.* from care.pin p
          join care.membership m on m.organization_id = p.organization_id and m.account_id = p.account_id
         where p.organization_id = (r).organization_id and p.account_id <> writer
           and m.since <= at and (m.until is null or m.until > at)
           and 'record.write' = any (m.permits) and (m.agree_by is null or m.agree_by > at)
           and exists (
                select from care.reach x
                 where x.organization_id = p.organization_id and x.account_id = p.account_id and x.patient_id = (r).patient_id
                   and x.kind in ('guardian', 'care-team', 'assignment', 'appointment')
                   and x.withdrawn_at is null and x.paused_at is null and x.since <= at and (x.until is null or x.until > at)
                   and (x.kinds is null or (r).kind = any (x.kinds)));
end
$$;

-- What the first person is shown before the second signs: which version that would be, whether it can be signed, and by whom; a row
-- without an account where there is nobody. `setting` is what the PIN is to be hashed with, as in password_setting().
create function care.offer_countersigning(record_tag bytea)
    returns table (version integer, can_be_signed boolean, account uuid, sealed_name bytea, setting text)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    r care.record := care.record_to_sign(shown, record_tag, 'countersign.offer');
begin
    return query
        select r.version, care.can_be_countersigned(r, r.version, shown.account_id, at), p.account_id, m.sealed_name,
               left(p.hash, 29)
          from (select) one
          left join care.countersigners_of(r, shown.account_id, at) p on true
          left join care.membership m on m.organization_id = p.organization_id and m.account_id = p.account_id;
end
$$;

-- Writes down what the second person did: as their act, in the first one's session, and on whose device that was.
create function care.write_countersigning(
    shown care.pass, signer uuid, r care.record, refused text, key_epoch integer, salt bytea, sealed bytea, at timestamptz
) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    insert into care.entry (
        organization_id, id, opening_id, at, opened_in, actor_organization_id, account_id, session_id, act, scope,
        patient_id, record_id, granted, refusal, purpose, key_epoch, salt, sealed, on_device_of)
    values (
        (shown).organization_id, gen_random_uuid(), (shown).opening_id, at, pg_current_xact_id(), (shown).actor_organization_id,
        signer, (shown).session_id, 'record.countersign', 'patient', (r).patient_id, (r).id, refused is null, refused,
        (shown).purpose, write_countersigning.key_epoch, write_countersigning.salt, write_countersigning.sealed,
        (shown).account_id);
end
$$;

-- Signs one version of a record as the second person, who shows their PIN's hash. The pass ends with it, whatever comes of it: who
-- tries again opens another.
-- outcome: 0 signed, 2 wrong PIN, 4 this cannot be signed (any more), 6 nobody who may sign, 7 too many tries
create function care.countersign(
    record_tag bytea, version integer, signer uuid, hash text, letter uuid, letter_sealed bytea,
    key_epoch integer, salt bytea, sealed bytea, out outcome integer, out wait_until timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    r care.record := care.record_to_sign(shown, record_tag, 'countersign.sign');
    p care.pin;
    pair bytea := care.pin_key(shown.organization_id, signer, shown.account_id);
    everybody bytea := care.pin_key(shown.organization_id, signer, null);
    of_pair integer;
    of_all integer;
    of_all_until timestamptz;
begin
    delete from care.pass x where x.secret_sha256 = sha256(decode(substr(current_setting('care.pass'), 4), 'hex'));
    -- One after another, so that the second sees what the first has signed.
    perform pg_advisory_xact_lock(hashtextextended('countersign' || shown.organization_id::text || r.id::text, 0));
    select x.* into p from care.countersigners_of(r, shown.account_id, at) x where x.account_id = signer;
    if not found then
        outcome := 6;
        return;
    elsif not care.can_be_countersigned(r, countersign.version, shown.account_id, at) then
        outcome := 4;
        return;
    end if;
    select w.wait_until, w.failures into wait_until, of_pair from care.try_waits(pair, 5) w;
    select w.wait_until, w.failures into of_all_until, of_all from care.try_waits(everybody, 20) w;
    wait_until := greatest(wait_until, of_all_until);
    if wait_until is not null then
        outcome := 7;
        perform care.write_countersigning(shown, signer, r, 'too many tries', key_epoch, salt, sealed, at);
    elsif p.hash is distinct from countersign.hash then
        outcome := 2;
        update care.sign_in_try t set failures = t.failures + 1, last_at = at where t.key in (pair, everybody);
        perform care.write_countersigning(shown, signer, r, 'wrong pin', key_epoch, salt, sealed, at);
        if (of_pair + 1 >= 5 or of_all + 1 >= 20) and care.may_tell(signer, 'pin-locked', 3) then
            perform care.tell_account(signer, 'pin-locked', letter, letter_sealed, null);
        end if;
    else
        outcome := 0;
        delete from care.sign_in_try t where t.key = pair;
        update care.sign_in_try t set failures = t.failures / 2 where t.key = everybody;
        insert into care.countersignature (
            organization_id, record_id, version, written_by, signed_by, session_id, opening_id, at)
        values (
            shown.organization_id, r.id, countersign.version, shown.account_id, signer, shown.session_id, shown.opening_id, at);
        perform care.write_countersigning(shown, signer, r, null, key_epoch, salt, sealed, at);
    end if;
end
$$;

-- Who wrote and who signed versions of a record, for whoever reads it: no rows of one that the pass does not open.
create function care.countersignatures(record_tag bytea)
    returns table (
        version integer, written_by uuid, sealed_writer bytea, signed_by uuid, sealed_signer bytea, signed_at timestamptz
    )
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    return query
        select s.version, s.written_by, w.sealed_name, s.signed_by, m.sealed_name, s.at
          from care.record r
          join care.countersignature s on s.organization_id = r.organization_id and s.record_id = r.id
          join care.membership w on w.organization_id = s.organization_id and w.account_id = s.written_by
          join care.membership m on m.organization_id = s.organization_id and m.account_id = s.signed_by
         where r.organization_id = shown.organization_id and r.tag = record_tag
           and 'record.read' = any (shown.powers) and r.patient_id = any (shown.patients) and r.private_to is null
           and (shown.kinds is null or r.kind = any (shown.kinds))
         order by s.version desc;
end
$$;

grant execute on function
    care.own_pin(uuid, bytea, text),
    care.set_pin(uuid, bytea, text, text, integer, bytea, bytea),
    care.offer_countersigning(bytea),
    care.countersign(bytea, integer, uuid, text, uuid, bytea, integer, bytea, bytea),
    care.countersignatures(bytea)
    to carekeep_server;
