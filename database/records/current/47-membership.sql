-- Members: what they are permitted, which roles they have, and how they leave.

-- Keeps what a member is permitted beside their roles, whoever writes there.
create function care.keep_permits() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    new.permits := care.permits_of(new.organization_id, new.roles, new.custom_roles);
    return new;
end
$$;

-- The same when a role changes: its members' rows are written anew.
create function care.keep_permits_of_members() returns trigger
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.membership m set permits = '{}'
     where m.organization_id = new.organization_id and m.custom_roles @> array[new.id];
    return null;
end
$$;

-- Gives somebody other roles, from their next request on.
create function care.change_roles(account uuid, roles text[], custom_roles uuid[]) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    giver care.membership;
    taker care.membership;
begin
    if not coalesce('member.change' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    -- A role that changes or ends at this moment does so before or after, not meanwhile.
    perform from care.role r
      where r.organization_id = shown.organization_id and r.id = any (change_roles.custom_roles) order by r.id for share;
    perform care.hold_owners(shown.organization_id);
    giver := care.acting_member();
    select * into taker from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = account
       and (m.until is null or m.until > care.clock())
       for update;
    if taker.account_id is null
       or (select count(*) from care.role r
            where r.organization_id = shown.organization_id and r.id = any (change_roles.custom_roles) and r.ended_at is null)
          is distinct from cardinality(change_roles.custom_roles)::bigint then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.require_may_give(giver, taker.roles, taker.custom_roles);
    perform care.require_may_give(giver, change_roles.roles, change_roles.custom_roles);
    perform care.require_offered(
        shown.organization_id, array(select unnest(change_roles.roles) except select unnest(taker.roles)));
    update care.membership m set roles = change_roles.roles, custom_roles = change_roles.custom_roles
     where m.organization_id = shown.organization_id and m.account_id = account;
    perform care.require_owner(shown.organization_id);
    perform care.hold_sessions(shown.organization_id, account);
    -- An invitation that waits gives no role back that was taken away, and none that was given since to whoever holds its link.
    if taker.since = 'infinity' or not exists (
        select from care.membership m
         where m.organization_id = shown.organization_id and m.account_id = change_roles.account
           and 'record.write' = any (m.permits)) then
        perform care.settle_invitations(shown.organization_id, array(
            select i.id from care.invitation i
             where i.organization_id = shown.organization_id and i.account_id = change_roles.account and i.outcome is null),
            'withdrawn', care.clock());
    end if;
end
$$;

-- Ends all that somebody is let in by in an organisation, at once: their membership, sessions, links that they have not used, open
-- passes, and every reach; and links that they sent to others who have not come yet: somebody else asks those, or nobody does. Shares of
-- a record that nobody but they could stop end, too; others stay with those who keep the record.
create function care.off_board(organization uuid, account uuid, at timestamptz) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    update care.reach s set withdrawn_at = at
     where s.organization_id = organization and s.kind = 'share' and s.withdrawn_at is null
       and exists (
            select from care.reach r
             where r.organization_id = organization and r.account_id = account and r.patient_id = s.patient_id
               and r.kind in ('guardian', 'self') and r.withdrawn_at is null)
       and not exists (
            select from care.reach r
              join care.membership m on m.organization_id = r.organization_id and m.account_id = r.account_id
             where r.organization_id = organization and r.account_id <> account and r.patient_id = s.patient_id
               and r.kind in ('guardian', 'self') and r.withdrawn_at is null and (r.until is null or r.until > at)
               and (m.until is null or m.until > at));
    update care.reach r set withdrawn_at = at
     where r.organization_id = organization and r.account_id = account and r.withdrawn_at is null;
    update care.session s set ended_at = at
     where s.organization_id = organization and s.account_id = account and s.ended_at is null;
    update care.link l set used_at = at
     where l.organization_id = organization and account in (l.account_id, l.invited_by) and l.used_at is null;
    delete from care.pass p where p.organization_id = organization and p.account_id = account;
    delete from care.pin p where p.organization_id = organization and p.account_id = account;
    perform care.end_practitioners(organization, account, null, at);
    -- Whoever comes back is asked anew who they are at the organisation's own providers.
    delete from care.identity i where i.organization_id = organization and i.account_id = account;
    update care.membership m set since = least(m.since, at - interval '1 microsecond'), until = at
     where m.organization_id = organization and m.account_id = account;
end
$$;

-- The patients whom nobody but this member reaches so as to write.
create function care.patients_alone_with(organization uuid, account uuid, at timestamptz) returns setof care.reach
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return query
        select distinct on (r.patient_id) r.* from care.reach r
         where r.organization_id = organization and r.account_id = account
           and r.kind in ('guardian', 'care-team', 'assignment')
           and r.withdrawn_at is null and r.since <= at and (r.until is null or r.until > at)
           and not exists (
                select from care.reach o
                  join care.membership m on m.organization_id = o.organization_id and m.account_id = o.account_id
                 where o.organization_id = organization and o.account_id <> account and o.patient_id = r.patient_id
                   and o.kind not in ('share', 'carer', 'carer-reading', 'break-glass', 'break-glass-write', 'appointment')
                   and o.withdrawn_at is null and o.paused_at is null
                   and (o.until is null or o.until > at) and (m.until is null or m.until > at))
         order by r.patient_id, r.since;
end
$$;

-- Ends somebody's membership, or one's own: now, or at a time to come. Patients whom nobody else looks after go to the successor, if
-- one is named, and each one's trail says so. Answers how many patients nobody looks after any more.
create function care.end_membership(
    account uuid, leaves timestamptz, successor uuid, key_epoch integer, salt bytea, sealed bytea
) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    giver care.membership;
    leaver care.membership;
    r care.reach;
    alone integer := 0;
begin
    if not coalesce('member.end' = any (shown.powers)
                    or 'member.leave' = any (shown.powers) and account = shown.account_id and successor is null, false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.hold_owners(shown.organization_id);
    giver := care.acting_member();
    select * into leaver from care.membership m
     where m.organization_id = shown.organization_id and m.account_id = end_membership.account
       and (m.until is null or m.until > at)
       for update;
    if leaver.account_id is null then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if leaver.account_id <> shown.account_id then
        perform care.require_may_give(giver, leaver.roles, leaver.custom_roles);
    end if;
    if leaves is not null then
        -- Whoever is to leave does not prolong their own stay.
        if not (leaves > at and leaves <= at + interval '1 year 1 day' and leaver.since <= at and successor is null
                and (leaver.until is null or leaves <= leaver.until
                     or 'member.end' = any (shown.powers) and leaver.account_id <> shown.account_id)) then
            raise exception using errcode = '23514', message = 'end is not in the year to come',
                constraint = 'membership_ends_within_a_year';
        end if;
        update care.membership m set until = leaves
         where m.organization_id = shown.organization_id and m.account_id = leaver.account_id;
        perform care.require_owner(shown.organization_id);
        return 0;
    end if;
    -- Nobody who is no owner comes by patients in this way themselves.
    if successor is not null and (
        successor = leaver.account_id
        or successor = shown.account_id and not 'owner' = any (giver.roles)
        or not exists (
            select from care.membership m
             where m.organization_id = shown.organization_id and m.account_id = successor
               and m.since <= at and m.until is null and 'record.write' = any (m.permits))
        -- Nor does whoever is kept out of a record say who keeps it.
        or exists (
            select from care.patients_alone_with(shown.organization_id, leaver.account_id, at) x
              join care.pause p on p.organization_id = x.organization_id and p.patient_id = x.patient_id
             where p.account_id = shown.account_id and p.ended_at is null)) then
        raise exception using errcode = '23514', message = 'nobody can be handed this', constraint = 'successor_is_a_member_who_writes';
    end if;
    for r in select * from care.patients_alone_with(shown.organization_id, leaver.account_id, at) loop
        if successor is null then
            alone := alone + 1;
        else
            insert into care.reach (organization_id, patient_id, account_id, kind, purpose, since)
            values (shown.organization_id, r.patient_id, successor, r.kind, r.purpose, at);
            perform care.write_entry(shown, r.patient_id, null, null, key_epoch, salt, sealed, at);
        end if;
    end loop;
    perform care.off_board(shown.organization_id, leaver.account_id, at);
    perform care.require_owner(shown.organization_id);
    return alone;
end
$$;

-- Whether somebody was neither let in to a record nor asked to come since then.
create function care.is_let_in_nowhere(organization uuid, account uuid, since_then timestamptz) returns boolean
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return not exists (
            select from care.reach r
             where r.organization_id = organization and r.account_id = account
               and coalesce(least(r.until, r.withdrawn_at), 'infinity') > since_then)
       and not exists (
            select from care.invitation i
             where i.organization_id = organization and i.account_id = account and i.made_at > since_then);
end
$$;

-- Ends all that members had whose time has come: shares that nobody else could stop, links, sessions; and lets guests go who read nothing
-- for 30 days, or did not come. How many they were.
create function care.sweep_memberships() returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    m care.membership;
    count integer := 0;
begin
    for m in
        select * from care.membership x
         where x.until <= care.clock()
           and (exists (select from care.reach r
                         where r.organization_id = x.organization_id and r.account_id = x.account_id and r.withdrawn_at is null)
                or exists (select from care.link l
                            where l.organization_id = x.organization_id and l.account_id = x.account_id and l.used_at is null)
                or exists (select from care.session s
                            where s.organization_id = x.organization_id and s.account_id = x.account_id and s.ended_at is null))
         limit 100 for update skip locked
    loop
        perform care.off_board(m.organization_id, m.account_id, m.until);
        count := count + 1;
    end loop;
    for m in
        select * from care.membership x
         where x.roles = '{guest}' and x.custom_roles = '{}' and (x.until is null or x.until > care.clock())
           and (x.since <= care.clock() - interval '30 days' or x.since = 'infinity')
           and care.is_let_in_nowhere(x.organization_id, x.account_id, care.clock() - interval '30 days')
         limit 100 for update skip locked
    loop
        -- Whoever asked them meanwhile held the row.
        continue when not care.is_let_in_nowhere(m.organization_id, m.account_id, care.clock() - interval '30 days');
        perform care.off_board(m.organization_id, m.account_id, care.clock());
        count := count + 1;
    end loop;
    return count;
end
$$;

-- The same at once, for the operator on the host: no server role may call it. Null for nobody.
create function care.expel(organization uuid, account uuid, key_epoch integer, salt bytea, sealed bytea) returns integer
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
    alone integer;
begin
    perform care.hold_owners(organization);
    perform from care.membership m
     where m.organization_id = organization and m.account_id = account and (m.until is null or m.until > at)
       for update;
    if not found then
        return null;
    end if;
    select count(*)::integer into alone from care.patients_alone_with(organization, account, at);
    perform care.off_board(organization, account, at);
    perform care.require_owner(organization);
    perform care.write_sign_in(organization, account, null, 'member.end', null, key_epoch, salt, sealed);
    return alone;
end
$$;

-- Counts whom somebody is shown today by lists, searches and exports, each patient once. False where that would be more than the
-- organisation's limit: then nobody is counted, and whoever runs the organisation is told, once a day.
create function care.count_disclosed(organization uuid, account uuid, patients uuid[]) returns boolean
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    at timestamptz := care.clock();
    today date := (at at time zone 'UTC')::date;
    most integer := care.setting_of(organization, 'disclosure.limit')::integer;
    counted integer;
begin
    -- Whom they were shown today is counted already, without anything to write or to wait for.
    if not exists (
        select unnest(patients)
        except select d.patient_id from care.disclosed d
         where d.organization_id = organization and d.account_id = account and d.day = today) then
        return true;
    end if;
    -- One after another, so that many requests at once do not each see few.
    perform pg_advisory_xact_lock(hashtextextended('disclosed' || organization::text || account::text, 0));
    delete from care.disclosed d where d.organization_id = organization and d.account_id = account and d.day < today;
    select count(*) into counted from (
        select d.patient_id from care.disclosed d
         where d.organization_id = organization and d.account_id = account and d.day = today
        union select unnest(patients)) x;
    if counted <= most then
        insert into care.disclosed (organization_id, account_id, day, patient_id)
        select organization, account, today, p from unnest(patients) p where p is not null
            on conflict do nothing;
        return true;
    end if;
    insert into care.notice (organization_id, id, at, day, kind, account_id)
    values (organization, gen_random_uuid(), at, today, 'disclosure-limit', account)
        on conflict do nothing;
    return false;
end
$$;

do $$
declare
    t text;
begin
    foreach t in array array['disclosed', 'notice'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
    end loop;
end
$$;
create policy disclosed_kept_by_the_gate on care.disclosed to carekeep_gate using (true) with check (true);
grant select, insert, delete on care.disclosed to carekeep_gate;
create policy notice_written_by_the_gate on care.notice for insert to carekeep_gate with check (true);
grant insert on care.notice to carekeep_gate;
create policy notice_stays_in_its_organization on care.notice as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy notice_read_with_a_pass on care.notice for select to carekeep_server
    using ((select care.acting_may('notice.read')));
grant select on care.notice to carekeep_server;

create policy reach_handed_over_by_the_gate on care.reach for insert to carekeep_gate with check (true);
create policy reach_ended_by_the_gate on care.reach for update to carekeep_gate using (true) with check (true);
grant insert, update (withdrawn_at) on care.reach to carekeep_gate;

grant execute on function
    care.change_roles(uuid, text[], uuid[]), care.end_membership(uuid, timestamptz, uuid, integer, bytea, bytea), care.sweep_memberships()
    to carekeep_server;

create trigger membership_keeps_its_permits before insert or update on care.membership
    for each row execute function care.keep_permits();
create trigger role_keeps_its_members_permits after update on care.role
    for each row execute function care.keep_permits_of_members();
grant update (roles, custom_roles, permits, until, sealed_name) on care.membership to carekeep_gate;
grant select (custom_roles) on care.membership to carekeep_server;

-- What the release's roles permit now, for everybody.
alter table care.membership no force row level security;
update care.membership set permits = '{}';
alter table care.membership force row level security;
