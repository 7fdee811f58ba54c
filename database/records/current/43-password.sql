-- Passwords and addresses: changed by whoever is signed in, or by a link that was mailed.

alter table care.address_change enable row level security;
alter table care.address_change force row level security;
revoke all on care.address_change from carekeep_server, carekeep_keykeeper;
create policy address_change_kept_by_the_gate on care.address_change to carekeep_gate using (true) with check (true);
grant select, insert, delete on care.address_change to carekeep_gate;
grant update (sign_in_token, sealed_address) on care.account to carekeep_gate;

-- What somebody signed in may know of their account: for the pages on which they change it. `setting` is what their password is hashed
-- with, as password_setting() gives it.
create function care.own_account(
    organization uuid, session_secret bytea,
    out account uuid, out setting text, out sealed_address bytea, out sealed_name bytea, out sealed_organization bytea
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
begin
    select a.id, left(a.password_hash, 29), a.sealed_address, m.sealed_name, o.sealed_name
      into account, setting, sealed_address, sealed_name, sealed_organization
      from care.account a
      join care.membership m on m.organization_id = s.organization_id and m.account_id = a.id
      join care.organization o on o.organization_id = s.organization_id
     where a.id = s.account_id and a.closed_at is null;
end
$$;

-- The same of whom a link that still works sets the password for.
create function care.account_of_link(
    organization uuid, link_secret bytea,
    out account uuid, out sealed_address bytea, out sealed_name bytea, out sealed_organization bytea
)
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    select a.id, a.sealed_address, m.sealed_name, o.sealed_name
      into account, sealed_address, sealed_name, sealed_organization
      from care.link l
      join care.account a on a.id = l.account_id
      join care.membership m on m.organization_id = l.organization_id and m.account_id = l.account_id
      join care.organization o on o.organization_id = l.organization_id
     where l.organization_id = organization and l.secret_sha256 = sha256(link_secret) and l.purpose = 'set-password'
       and l.used_at is null and l.until > care.clock();
end
$$;

-- Whether a session may change its account by this password's hash, which holds the account from here on. A session that has to show
-- a code first changes nothing by the password alone; wrong ones are counted in the session, which waits from the fifth on.
-- outcome: 0 it may, 1 no such session, 2 wrong password, 5 a second factor is needed, 7 too many tries
create function care.show_password(s care.session, hash text, out outcome integer, out refused text)
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    outcome := 0;
    if (s).id is null then
        outcome := 1; refused := 'no such session';
    elsif (s).second_factor_at is null and care.has_second_factor((s).account_id) then
        outcome := 5; refused := 'a second factor is needed';
    elsif (s).tries_wait_until > care.clock() then
        outcome := 7; refused := 'too many tries';
    else
        perform from care.account a
          where a.id = (s).account_id and a.password_hash = hash and a.closed_at is null for no key update;
        if not found then
            outcome := 2; refused := 'wrong password';
            perform care.count_try(s);
        end if;
    end if;
end
$$;

-- What ends with an old password besides sessions: links that set one, an address that waits for its answer, and sign-ins at providers
-- that somebody linked who had the password. Providers of organisations answer for their own.
create function care.end_other_ways_in(account uuid, at timestamptz) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    update care.link l set used_at = at
     where l.account_id = account and l.purpose = 'set-password' and l.used_at is null;
    delete from care.address_change x where x.account_id = account;
    -- Whoever had the password may have chosen a PIN.
    delete from care.pin p where p.account_id = account;
    delete from care.identity i
     where i.account_id = account and i.organization_id = '00000000-0000-0000-0000-000000000000';
end
$$;

-- Changes the password of whoever is signed in and shows the old one's hash. Every other session ends, and so does every other way in.
-- The letter, if there is one, tells them. The outcome is show_password's.
create function care.change_password(
    organization uuid, session_secret bytea, old_hash text, new_hash text, letter uuid, letter_sealed bytea,
    key_epoch integer, salt bytea, sealed bytea, out outcome integer
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
    at timestamptz := care.clock();
    refused text;
begin
    select p.outcome, p.refused into outcome, refused from care.show_password(s, old_hash) p;
    if outcome <> 0 then
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'password.change', refused, key_epoch, salt, sealed);
        return;
    end if;
    update care.account a set password_hash = new_hash, password_at = at where a.id = s.account_id;
    update care.session x set ended_at = at where x.account_id = s.account_id and x.id <> s.id and x.ended_at is null;
    perform care.end_other_ways_in(s.account_id, at);
    perform care.tell_account(s.account_id, 'password-changed', letter, letter_sealed, null);
    perform care.write_sign_in(
        s.organization_id, s.account_id, s.id, 'password.change', null, key_epoch, salt, sealed);
end
$$;

-- A letter that tells an account what has just happened to it; none where mail is not sent.
create function care.tell_account(account uuid, template text, letter uuid, letter_sealed bytea, sealed_address bytea)
    returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    if letter is null then
        -- Where mail is sent nobody leaves the letter out.
        if (select g.mails_links from care.guard g) then
            raise exception using errcode = '42501', message = 'account is told', constraint = 'account_is_told';
        end if;
    else
        perform care.queue_letter(
            '00000000-0000-0000-0000-000000000000', letter, account, template, 'en', letter_sealed, sealed_address,
            interval '3 days');
    end if;
end
$$;

-- Tells whose password was set by the link that this very transaction has used.
create function care.tell_of_link(organization uuid, link_secret bytea, letter uuid, letter_sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    told uuid;
begin
    select l.account_id into told from care.link l
     where l.organization_id = organization and l.secret_sha256 = sha256(link_secret) and l.purpose = 'set-password'
       and l.used_at is not null and l.xmin = pg_current_xact_id()::xid;
    if found then
        perform care.tell_account(told, 'password-changed', letter, letter_sealed, null);
    end if;
end
$$;

-- Asks that a link to set the password be mailed to whoever signs in by this address. What is done here is the same whether or not
-- anybody does: a row is written. Who it is, and whether they get a link, turns out when the letter is sent. (link_for_letter)
create function care.ask_for_link(
    token bytea, letter uuid, letter_sealed bytea, link_sha256 bytea, key_epoch integer, salt bytea, sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    if not (select g.mails_links from care.guard g) then
        raise exception using errcode = '42501', message = 'links are not mailed', constraint = 'links_are_mailed';
    end if;
    insert into care.letter (
        organization_id, id, template, language, sealed, sign_in_token, link_sha256, queued_at, until)
    values (nobody, letter, 'reset-password', 'en', letter_sealed, token, ask_for_link.link_sha256, at,
            at + interval '30 minutes');
    insert into care.job (organization_id, kind, key, opening_id, about_id, enqueued_at, run_at)
    values (nobody, 'mail.send', letter, letter, letter, at, at);
    perform care.write_sign_in(null, null, null, 'link.ask', null, key_epoch, salt, ask_for_link.sealed);
end
$$;

-- Makes the link that a letter to an address brings, when the letter is sent: for the account that signs in by it, in the organisation
-- it belongs to longest, as long as the letter says. Answers that organisation; null, and makes none, where nobody signs in by it, or
-- three such letters were sent to them within an hour. Asked for again it is the same link.
create function care.link_for_letter(l care.letter) returns uuid
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    m care.membership;
    at timestamptz := care.clock();
begin
    select x.* into m
      from care.membership x
      join care.account a on a.id = x.account_id
     where a.sign_in_token = (l).sign_in_token and a.closed_at is null
       and x.since <= at and (x.until is null or x.until > at)
     order by x.since, x.organization_id limit 1;
    if not found then
        return null;
    end if;
    -- Letters that are sent at the same moment are counted one after the other.
    perform from care.account a where a.id = m.account_id for no key update;
    if 3 <= (select count(*) from care.letter x
              where x.account_id = m.account_id and x.sign_in_token is not null and x.id <> (l).id
                and x.queued_at > at - interval '1 hour') then
        return null;
    end if;
    update care.letter x set account_id = m.account_id
     where x.organization_id = (l).organization_id and x.id = (l).id;
    insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
    values (m.organization_id, m.account_id, 'set-password', (l).link_sha256, (l).until)
        on conflict do nothing;
    return m.organization_id;
end
$$;

-- Whether links are mailed to whoever asks: said by the operator's process as the server starts.
create function care.mail_links(are_mailed boolean) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.guard set mails_links = are_mailed where mails_links <> are_mailed;
end
$$;
grant update (mails_links) on care.guard to carekeep_gate;

-- Asks for another address: whoever is signed in and shows their password's hash. The link goes to the new address; nothing changes
-- before it is followed. That somebody else signs in by that address is not told here. The outcome is show_password's.
create function care.ask_for_address(
    organization uuid, session_secret bytea, hash text, token bytea, new_address bytea, secret_sha256 bytea, letter uuid,
    letter_sealed bytea, key_epoch integer, salt bytea, sealed bytea, out outcome integer
)
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, 'page');
    refused text;
begin
    select p.outcome, p.refused into outcome, refused from care.show_password(s, hash) p;
    if outcome <> 0 then
        perform care.write_sign_in(
            s.organization_id, s.account_id, s.id, 'address.ask', refused, key_epoch, salt, sealed);
        return;
    end if;
    delete from care.address_change x where x.account_id = s.account_id;
    insert into care.address_change (account_id, sign_in_token, sealed_address, secret_sha256, until)
    values (s.account_id, token, new_address, ask_for_address.secret_sha256, care.clock() + interval '1 day');
    perform care.queue_letter(
        '00000000-0000-0000-0000-000000000000', letter, s.account_id, 'verify-address', 'en', letter_sealed, new_address,
        interval '1 day');
    perform care.write_sign_in(s.organization_id, s.account_id, s.id, 'address.ask', null, key_epoch, salt, sealed);
end
$$;

-- Whether a link to another address still works.
create function care.address_link_works(link_secret bytea) returns boolean
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    return exists (select from care.address_change x where x.secret_sha256 = sha256(link_secret) and x.until > care.clock());
end
$$;

-- Changes the address, by the link that was mailed to the new one; the old one is told. True if it did: not if somebody else signs
-- in by the new one by now.
create function care.change_address(
    link_secret bytea, letter uuid, letter_sealed bytea, key_epoch integer, salt bytea, sealed bytea
) returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    c care.address_change;
    old bytea;
begin
    delete from care.address_change x where x.secret_sha256 = sha256(link_secret) and x.until > care.clock() returning * into c;
    select a.sealed_address into old from care.account a where a.id = c.account_id and a.closed_at is null;
    if old is null or exists (
        select from care.account a where a.sign_in_token = c.sign_in_token and a.id <> c.account_id) then
        perform care.write_sign_in(null, null, null, 'address.change', 'no such link', key_epoch, salt, sealed);
        return false;
    end if;
    update care.account a set sign_in_token = c.sign_in_token, sealed_address = c.sealed_address where a.id = c.account_id;
    -- What was mailed to the old address sets no password any more.
    update care.link l set used_at = care.clock()
     where l.account_id = c.account_id and l.purpose = 'set-password' and l.used_at is null;
    perform care.tell_account(c.account_id, 'address-changed', letter, letter_sealed, old);
    perform care.write_sign_in(null, c.account_id, null, 'address.change', null, key_epoch, salt, sealed);
    return true;
end
$$;

grant execute on function
    care.own_account(uuid, bytea),
    care.account_of_link(uuid, bytea),
    care.change_password(uuid, bytea, text, text, uuid, bytea, integer, bytea, bytea),
    care.tell_of_link(uuid, bytea, uuid, bytea),
    care.ask_for_link(bytea, uuid, bytea, bytea, integer, bytea, bytea),
    care.ask_for_address(uuid, bytea, text, bytea, bytea, bytea, uuid, bytea, integer, bytea, bytea),
    care.address_link_works(bytea),
    care.change_address(bytea, uuid, bytea, integer, bytea, bytea)
    to carekeep_server;
