-- Second factors and stepping up: what makes a session more than a password.
--
-- The server computes codes, since the secret is sealed under a key that the database never sees. What the database keeps to itself
-- is what must not depend on the server: that a step's code is good once, near its own time, in one live session; how often somebody may
-- guess; and which acts ask for it (care.open_pass). docs/security/model.md says what a server that was taken over can do all the same.

do $$
declare
    t text;
begin
    foreach t in array array['second_factor', 'second_factor_offer', 'recovery_code'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select, insert, update, delete on care.%I to carekeep_gate', t);
        execute format('create policy %I on care.%I to carekeep_gate using (true) with check (true)', t || '_kept_by_the_gate', t);
    end loop;
end
$$;

grant update (secret_sha256, stepped_up_at, second_factor_at, second_factor_is_due, tries, tries_wait_until)
    on care.session to carekeep_gate;

-- Who needs a second factor, by what they are: everybody in clinics and operations who is more than a patient or whoever cares for
-- one, with a role of the organisation's own too. Whoever has one, or holds an office of the
-- installation, needs it too; the session knows that (second_factor_is_due). Part of each opening without one: planned into it.
create function care.needs_second_factor(profile text, roles text[], custom_roles uuid[]) returns boolean
    language sql immutable  -- on the search path of its caller, like care.acting()
as $$
    select profile is distinct from 'family'
       and (cardinality(custom_roles) > 0 or not roles <@ array['patient', 'teen', 'caregiver'])
$$;

-- Whom an organisation asks for one: never less than that, and perhaps more. A session knows it from when it begins, or from when it is
-- set (care.hold_sessions).
create function care.is_asked_for_second_factor(organization uuid, roles text[]) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return roles && string_to_array(care.setting_of(organization, 'second-factor.required'), ',');
end
$$;

create function care.has_second_factor(account uuid) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return exists (select from care.second_factor f where f.account_id = account);
end
$$;

-- How many steps of 30 seconds have passed since 1970.
create function care.code_step() returns bigint
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return floor(extract(epoch from care.clock()) / 30);
end
$$;

-- The session whose secret is shown, if it lives. What changes it asks for it `for update` first.
create function care.live_session(organization uuid, session_secret bytea, used_as text) returns care.session
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    s care.session;
    at timestamptz := care.clock();
begin
    select x.* into s
      from care.session x
      join care.membership m on m.organization_id = x.organization_id and m.account_id = x.account_id
     where x.organization_id = organization and x.secret_sha256 = sha256(session_secret)
       and x.used_as = live_session.used_as
       and x.ended_at is null and x.until > at and x.seen_at + x.idle > at and coalesce(x.access_until > at, true)
       and m.since <= at and (m.until is null or m.until > at)
       for update of x;
    return s;
end
$$;

create function care.is_stepped_up(s care.session) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return coalesce((s).stepped_up_at > care.clock() - care.time_set((s).organization_id, 'step-up.within'), false);
end
$$;

-- What a session may know of its own second factor: the sealed secret, the sealed secret on offer to this session, how many
-- recovery codes are left, and which step it is; whether the session opens nothing yet, and whether whoever it is needs one for what
-- they are. `account` is null where there is no such session.
create function care.second_factor_of(
    organization uuid, session_secret bytea, used_as text,
    out account uuid, out sealed_address bytea, out sealed_secret bytea, out since timestamptz, out codes_left integer,
    out sealed_offer bytea, out step bigint, out is_shown boolean, out is_due boolean, out is_required boolean,
    out failures integer
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    if s.id is null then
        return;
    end if;
    account := s.account_id;
    select a.sealed_address into sealed_address from care.account a where a.id = s.account_id;
    select f.sealed_secret, f.since, f.failures into sealed_secret, since, failures
      from care.second_factor f where f.account_id = s.account_id;
    select count(*) into codes_left from care.recovery_code c where c.account_id = s.account_id and c.used_at is null;
    select o.sealed_secret into sealed_offer from care.second_factor_offer o
     where o.account_id = s.account_id and o.session_id = s.id and o.at > care.clock() - interval '15 minutes';
    step := care.code_step();
    is_shown := s.second_factor_at is not null;
    select care.is_asked_for_second_factor(m.organization_id, m.roles)
           or care.needs_second_factor(o.profile, m.roles, m.custom_roles)
           or cardinality(care.offices_of(s.account_id)) > 0
      into is_required
      from care.membership m join care.organization o on o.organization_id = m.organization_id
     where m.organization_id = s.organization_id and m.account_id = s.account_id;
    is_due := not is_shown and (s.second_factor_is_due or is_required);
end
$$;

-- Counts a wrong code or password in its session. From the fifth on the next try waits: a minute, then twice as long each time, half an
-- hour at most. Nobody but this session waits.
create function care.count_try(s care.session) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    so_far integer := (s).tries + 1;
begin
    update care.session x
       set tries = so_far,
           tries_wait_until = case when so_far >= 5
               then care.clock() + least(interval '1 minute' * power(2, least(so_far, 10) - 5), interval '30 minutes') end
     where x.organization_id = (s).organization_id and x.id = (s).id;
end
$$;

-- Writes down in a session that somebody showed who they are. Its secret is a new one from here on.
create function care.raise_session(s care.session, by_code boolean, next_secret_sha256 bytea) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
begin
    update care.session x
       set stepped_up_at = at,
           second_factor_at = case when by_code then at else x.second_factor_at end,
           tries = 0,
           tries_wait_until = null,
           secret_sha256 = next_secret_sha256
     where x.organization_id = (s).organization_id and x.id = (s).id;
end
$$;

-- Shows a second factor in a session: a code, by the step that it is of (null for one that is of none), or a recovery code, by
-- its hash. Whichever it is, it is good once, on every node: the account's row is held while that is decided.
-- outcome: 0 shown, 1 no such session, 2 wrong or used, 3 there is no second factor, 7 too many tries
create function care.show_second_factor(
    organization uuid, session_secret bytea, used_as text, step bigint, recovery_sha256 bytea, next_secret_sha256 bytea,
    key_epoch integer, salt bytea, sealed bytea,
    out outcome integer, out wait_until timestamptz, out codes_left integer
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    f care.second_factor;
    at timestamptz := care.clock();
    refused text;
begin
    if s.id is null then
        outcome := 1;
        return;
    end if;
    select * into f from care.second_factor x where x.account_id = s.account_id for update;
    if not found then
        outcome := 3;
        return;
    end if;
    outcome := 2;
    if s.tries_wait_until > at then
        outcome := 7; wait_until := s.tries_wait_until; refused := 'too many tries';
    elsif recovery_sha256 is not null then
        -- Nobody guesses 120 bits, so these stay good while guessing of codes has to wait.
        update care.recovery_code c set used_at = at
         where c.account_id = s.account_id and c.code_sha256 = recovery_sha256 and c.used_at is null;
        if not found then
            refused := 'no such recovery code';
        end if;
    elsif f.failures >= 20 and f.failed_at between at - interval '30 seconds' and at then
        -- Whoever guesses knows the password and begins session after session: from here on one try in half a minute.
        outcome := 7; wait_until := f.failed_at + interval '30 seconds'; refused := 'too many tries';
    elsif step is null then
        refused := 'wrong code';
    elsif abs(step - care.code_step()) > 1 then
        refused := 'code of another time';
    elsif step <= f.last_step then
        refused := 'code was used';
    end if;
    if refused is null then
        outcome := 0;
        update care.second_factor x
           set last_step = greatest(x.last_step, coalesce(step, x.last_step)), failures = 0, failed_at = null
         where x.account_id = s.account_id;
        perform care.raise_session(s, true, next_secret_sha256);
    elsif outcome = 2 then
        perform care.count_try(s);
        if recovery_sha256 is null then
            update care.second_factor x set failures = x.failures + 1, failed_at = at where x.account_id = s.account_id;
        end if;
    end if;
    select count(*) into codes_left from care.recovery_code c where c.account_id = s.account_id and c.used_at is null;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'second-factor.show', refused, key_epoch, salt, sealed);
end
$$;

-- The bcrypt setting of the account whose session is shown.
create function care.own_password_setting(organization uuid, session_secret bytea, used_as text) returns text
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    return (select left(a.password_hash, 29) from care.account a where a.id = s.account_id and a.closed_at is null);
end
$$;

-- Steps up by the password, for whoever has no second factor.
-- outcome: 0 stepped up, 1 no such session, 2 wrong, 3 a code is needed, 7 too many tries
create function care.step_up_by_password(
    organization uuid, session_secret bytea, used_as text, hash text, next_secret_sha256 bytea,
    key_epoch integer, salt bytea, sealed bytea, out outcome integer, out wait_until timestamptz
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    kept text;
    refused text;
begin
    if s.id is null then
        outcome := 1;
        return;
    end if;
    select a.password_hash into kept from care.account a where a.id = s.account_id and a.closed_at is null;
    if care.has_second_factor(s.account_id) then
        outcome := 3; refused := 'a code is needed';
    elsif s.tries_wait_until > care.clock() then
        outcome := 7; wait_until := s.tries_wait_until; refused := 'too many tries';
    elsif kept is null or kept is distinct from hash then
        outcome := 2; refused := 'wrong password';
        perform care.count_try(s);
    else
        outcome := 0;
        perform care.raise_session(s, false, next_secret_sha256);
    end if;
    perform care.write_sign_in(s.organization_id, s.account_id, s.id, 'session.step-up', refused, key_epoch, salt, sealed);
end
$$;

-- Keeps a secret on offer to the session that asked. Only whoever has just shown who they are is offered one.
-- outcome: 0 offered, 1 no such session, 6 stepping up is needed
create function care.offer_second_factor(organization uuid, session_secret bytea, used_as text, sealed_secret bytea)
    returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    if s.id is null then
        return 1;
    elsif not care.is_stepped_up(s) then
        return 6;
    end if;
    delete from care.second_factor_offer o where o.account_id = s.account_id;
    insert into care.second_factor_offer (account_id, session_id, sealed_secret, at)
    values (s.account_id, s.id, offer_second_factor.sealed_secret, care.clock());
    return 0;
end
$$;

-- Recovery codes of an account, in place of those there were.
create function care.replace_recovery_codes(account uuid, codes_sha256 bytea[]) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    delete from care.recovery_code c where c.account_id = account;
    insert into care.recovery_code (account_id, code_sha256) select account, x.code from unnest(codes_sha256) x (code);
end
$$;

-- Makes of the secret on offer the account's second factor, once a code of it is shown in the same session; with new recovery codes, in
-- place of whatever there was. All other sessions of the account end.
-- outcome: 0 made, 1 no such session, 2 wrong code, 3 nothing is on offer, 6 stepping up is needed, 7 too many tries
create function care.confirm_second_factor(
    organization uuid, session_secret bytea, used_as text, step bigint, codes_sha256 bytea[], next_secret_sha256 bytea,
    key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    o care.second_factor_offer;
    at timestamptz := care.clock();
begin
    if s.id is null then
        return 1;
    elsif not care.is_stepped_up(s) then
        return 6;
    elsif s.tries_wait_until > at then
        return 7;
    end if;
    select * into o from care.second_factor_offer x
     where x.account_id = s.account_id and x.session_id = s.id and x.at > care.clock() - interval '15 minutes';
    if not found then
        return 3;
    elsif step is null or abs(step - care.code_step()) > 1 then
        perform care.count_try(s);
        return 2;
    end if;
    delete from care.second_factor f where f.account_id = s.account_id;
    insert into care.second_factor (account_id, sealed_secret, last_step, since)
    values (s.account_id, o.sealed_secret, step, at);
    delete from care.second_factor_offer x where x.account_id = s.account_id;
    perform care.replace_recovery_codes(s.account_id, codes_sha256);
    perform care.raise_session(s, true, next_secret_sha256);
    update care.session x set ended_at = at where x.account_id = s.account_id and x.id <> s.id and x.ended_at is null;
    perform care.write_sign_in(s.organization_id, s.account_id, s.id, 'second-factor.set', null, key_epoch, salt, sealed);
    return 0;
end
$$;

-- New recovery codes. outcome: 0 made, 1 no such session, 3 there is no second factor, 6 stepping up is needed
create function care.renew_recovery_codes(
    organization uuid, session_secret bytea, used_as text, codes_sha256 bytea[], key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    if s.id is null then
        return 1;
    elsif not care.has_second_factor(s.account_id) then
        return 3;
    elsif not care.is_stepped_up(s) then
        return 6;
    end if;
    perform care.replace_recovery_codes(s.account_id, codes_sha256);
    perform care.write_sign_in(s.organization_id, s.account_id, s.id, 'second-factor.codes', null, key_epoch, salt, sealed);
    return 0;
end
$$;

-- Takes the second factor away. Other sessions of the account end; this one has shown a password and no more.
-- outcome: 0 removed, 1 no such session, 3 there is none, 6 stepping up is needed
create function care.remove_second_factor(
    organization uuid, session_secret bytea, used_as text, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
begin
    if s.id is null then
        return 1;
    elsif not care.has_second_factor(s.account_id) then
        return 3;
    elsif not care.is_stepped_up(s) then
        return 6;
    end if;
    perform care.forget_second_factor(s.account_id, s.id);
    update care.session x
       set second_factor_at = null, stepped_up_at = null,
           second_factor_is_due = cardinality(care.offices_of(s.account_id)) > 0
               or (select care.is_asked_for_second_factor(m.organization_id, m.roles) from care.membership m
                    where m.organization_id = s.organization_id and m.account_id = s.account_id)
     where x.organization_id = s.organization_id and x.id = s.id;
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'second-factor.remove', null, key_epoch, salt, sealed);
    return 0;
end
$$;

-- Everything of an account's second factor, and every session of the account but one.
create function care.forget_second_factor(account uuid, but_session uuid) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    delete from care.recovery_code c where c.account_id = account;
    delete from care.second_factor_offer o where o.account_id = account;
    delete from care.second_factor f where f.account_id = account;
    update care.session x set ended_at = care.clock()
     where x.account_id = account and x.ended_at is null and x.id is distinct from but_session;
end
$$;

-- Takes somebody's second factor away who has lost the phone and the recovery codes. True if there was one. For the operator on the host: no
-- server role may call it.
create function care.reset_second_factor(account uuid, key_epoch integer, salt bytea, sealed bytea) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    if not care.has_second_factor(account) then
        return false;
    end if;
    perform care.forget_second_factor(account, null);
    perform care.write_sign_in(null, account, null, 'second-factor.reset', null, key_epoch, salt, sealed);
    return true;
end
$$;

grant execute on function
    care.second_factor_of(uuid, bytea, text),
    care.show_second_factor(uuid, bytea, text, bigint, bytea, bytea, integer, bytea, bytea),
    care.own_password_setting(uuid, bytea, text),
    care.step_up_by_password(uuid, bytea, text, text, bytea, integer, bytea, bytea),
    care.offer_second_factor(uuid, bytea, text, bytea),
    care.confirm_second_factor(uuid, bytea, text, bigint, bytea[], bytea, integer, bytea, bytea),
    care.renew_recovery_codes(uuid, bytea, text, bytea[], integer, bytea, bytea),
    care.remove_second_factor(uuid, bytea, text, integer, bytea, bytea)
    to carekeep_server;
