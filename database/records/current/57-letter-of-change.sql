-- Letters that tell somebody what happened to their account: a device that was not seen before, another second factor, another way to
-- sign in; and those who look after reports of what looks wrong of a new one, and who sent it of the answer. Each follows from something
-- that the same transaction did, and there are a few a day. A run of probes takes back what it left.

alter table care.account_device enable row level security;
alter table care.account_device force row level security;
revoke all on care.account_device from carekeep_server, carekeep_keykeeper;
grant select, insert, delete on care.account_device to carekeep_gate;
create policy account_device_read_by_the_gate on care.account_device for select to carekeep_gate using (true);
create policy account_device_added_by_the_gate on care.account_device for insert to carekeep_gate with check (true);
create policy account_device_forgotten_by_the_gate on care.account_device for delete to carekeep_gate using (true);
grant select (opened_in) on care.entry to carekeep_gate;

-- Whether an account was told in this way less often than so many times within a day.
create function care.may_tell(account uuid, template text, most integer) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return most > (
        select count(*) from care.letter l
         where l.account_id = account and l.template = may_tell.template and l.queued_at > care.clock() - interval '1 day');
end
$$;

-- Tells of a session that this very transaction has begun, if it was from a device that was not seen before, wherever the account
-- belongs. Not of the first, and of three a day. Where there is no such session nothing is told.
create function care.tell_of_device(organization uuid, session uuid, device bytea, letter uuid, letter_sealed bytea) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session;
    known bytea[];
begin
    select x.* into s from care.session x
     where x.organization_id = organization and x.id = tell_of_device.session and x.xmin = pg_current_xact_id()::xid;
    if s.id is null or device is null then
        return;
    end if;
    known := array(
        select d.token from care.membership m
          join care.account_device d on d.organization_id = m.organization_id and d.account_id = m.account_id
         where m.account_id = s.account_id);
    insert into care.account_device (organization_id, account_id, token, since)
    values (s.organization_id, s.account_id, device, care.clock())
        on conflict do nothing;
    if cardinality(known) > 0 and device <> all (known) and care.may_tell(s.account_id, 'new-device', 3) then
        perform care.tell_account(s.account_id, 'new-device', letter, letter_sealed, null);
    end if;
end
$$;

-- Tells whoever is signed in of what this very transaction did to their account: what it was says its entry. Five a day.
create function care.tell_of_change(
    organization uuid, session_secret bytea, used_as text, letter uuid, letter_sealed bytea
) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    s care.session := care.live_session(organization, session_secret, used_as);
    template text;
begin
    select case e.act when 'identity.link' then 'way-linked' else 'second-factor-changed' end into template
      from care.entry e
     where e.organization_id = s.organization_id and e.account_id = s.account_id and e.at > care.clock() - interval '1 minute'
       and e.opened_in = pg_current_xact_id() and e.granted
       and e.act in ('second-factor.set', 'second-factor.remove', 'identity.link')
     order by e.at desc limit 1;
    if template is not null and care.may_tell(s.account_id, template, 5) then
        perform care.tell_account(s.account_id, template, letter, letter_sealed, null);
    end if;
end
$$;

-- Tells of a report that this very transaction has made those who are permitted to answer it, other than who made it; of an answer that
-- it has given, whoever reported. As many as there are letters, and each three times a day. That there is something, and not what.
create function care.tell_of_concern(concern uuid, letters uuid[], sealed_letters bytea[]) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    now_at timestamptz := care.clock();
    template text := case when 'concern.report' = any (shown.powers) then 'concern-reported' else 'concern-answered' end;
    told uuid[];
begin
    if not coalesce(shown.powers && '{concern.report,concern.answer}', false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if not (select g.mails_links from care.guard g) then
        return;
    end if;
    told := array(
        select m.account_id from care.concern c
          join care.membership m on m.organization_id = c.organization_id and m.account_id <> c.account_id
         where c.organization_id = shown.organization_id and c.id = tell_of_concern.concern and c.xmin = pg_current_xact_id()::xid
           and 'trail.administer' = any (m.permits) and m.since <= now_at and (m.until is null or m.until > now_at)
           and care.may_tell(m.account_id, template, 3)
        union all
        select c.account_id from care.concern c
          join care.concern_reply r on r.organization_id = c.organization_id and r.concern_id = c.id and r.account_id <> c.account_id
         where c.organization_id = shown.organization_id and c.id = tell_of_concern.concern and r.xmin = pg_current_xact_id()::xid
           and care.may_tell(c.account_id, template, 3));
    for n in 1 .. least(cardinality(told), cardinality(letters), cardinality(sealed_letters)) loop
        perform care.queue_letter(
            shown.organization_id, letters[n], told[n], template, 'en', sealed_letters[n], null, interval '7 days');
    end loop;
end
$$;

grant execute on function
    care.tell_of_concern(uuid, uuid[], bytea[]),
    care.tell_of_device(uuid, uuid, bytea, uuid, bytea),
    care.tell_of_change(uuid, bytea, text, uuid, bytea)
    to carekeep_server;
