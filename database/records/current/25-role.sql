-- Roles: what each permits, who gives them, and the organisation's own ones. (ROL-6, ROL-7)
--
-- Whoever gives or takes a role, or makes one, needs what the act asks for (`member.administer`, `role.administer`). Owners give any
-- role. Nobody else gives, takes or changes what they do not hold themselves, nor anything of owners: so an administrator
-- makes no owner and no auditor, by whatever door.

do $$
declare
    t text;
begin
    foreach t in array array['permission', 'built_in_role', 'role'] loop
        execute format('alter table care.%I enable row level security', t);
        execute format('alter table care.%I no force row level security', t);
        execute format('revoke all on care.%I from carekeep_server, carekeep_keykeeper', t);
        execute format('grant select on care.%I to carekeep_gate', t);
        execute format('create policy %I on care.%I for select to carekeep_gate using (true)', t || '_read_by_the_gate', t);
    end loop;
end
$$;

-- The modules that there are, and those that the promises name and nobody has built yet: no act asks for anything of theirs.
delete from care.permission;
insert into care.permission (name, module, action)
select module || '.' || action, module, action
  from unnest(array[
           'record', 'directory', 'sharing', 'trail', 'member', 'role', 'settings', 'sign-in', 'emergency', 'overview', 'assurance', 'journal',
           'practice', 'medicines', 'research']) module,
       unnest(array['read', 'write', 'export', 'administer']) action;

-- Reach says whose record, a role what can be done with it: an owner without reach reads nobody's.
delete from care.built_in_role;
insert into care.built_in_role (profile, name, is_offered, permissions)
select profile, name, profile = any (offered_in), permissions
  from unnest(array['family', 'clinic', 'operations']) profile,
       (values
        ('owner', '{family,clinic,operations}'::text[],
         '{record.read,record.write,record.export,record.administer,directory.read,directory.write,sharing.read,sharing.write,trail.read,trail.administer,member.read,member.administer,role.administer,settings.read,settings.administer}'::text[]),
        ('admin', '{family,clinic,operations}',
         '{record.read,record.write,record.export,record.administer,directory.read,directory.write,sharing.read,sharing.write,trail.read,member.read,member.administer,role.administer,settings.read,settings.administer}'),
        ('member', '{family,clinic,operations}',
         '{record.read,record.export,directory.read,sharing.read,sharing.write,trail.read,member.read}'),
        ('caregiver', '{family}',
         '{record.read,record.write,record.export,record.administer,directory.read,directory.write,sharing.read,sharing.write,trail.read,member.read}'),
        ('patient', '{family,clinic}',
         '{record.read,record.write,record.export,directory.read,sharing.read,sharing.write,trail.read,member.read}'),
        ('teen', '{family}',
         '{record.read,record.write,record.export,directory.read,sharing.read,sharing.write,trail.read,member.read}'),
        ('clinician', '{family,clinic,operations}',
         '{record.read,record.write,record.export,record.administer,directory.read,directory.write,sharing.read,sharing.write,trail.read,member.read}'),
        ('staff', '{clinic,operations}',
         '{record.read,record.write,record.export,record.administer,directory.read,directory.write,sharing.read,sharing.write,trail.read,member.read}'),
        -- Sums and records without names, once there are any: live records never.
        ('researcher', '{family}', '{research.read}'),
        ('data-governance-officer', '{family}', '{research.read,research.administer,settings.read}'),
        ('principal-investigator', '{family}', '{research.read,research.write}'),
        ('safety-monitor', '{family}', '{research.read}'),
        ('auditor', '{clinic,operations}', '{trail.read,trail.administer,member.read,settings.read}'),
        ('privacy-officer', '{family,clinic,operations}', 
         '{trail.read,trail.administer,sharing.read,member.read,settings.read}'),
        -- Of elsewhere, to read what is shared with them; given with an invitation (53-family.sql) and offered nowhere else.
        ('guest', '{}', '{record.read}')
       ) r (name, offered_in, permissions);

-- The organisation in numbers: whoever administers it, and whoever looks over how it is run.
update care.built_in_role set permissions = permissions || '{overview.read,overview.administer}'
 where name in ('owner', 'admin', 'data-governance-officer');
update care.built_in_role set permissions = permissions || '{overview.read}' where name = 'auditor';

-- Whoever names a provider says who is let in: owners, and those alone to whom they give it by a role of the organisation's own.
update care.built_in_role set permissions = permissions || '{sign-in.read}' where name in ('owner', 'admin');
update care.built_in_role set permissions = permissions || '{sign-in.administer}' where name = 'owner';

-- Opening a record in an emergency takes to be a clinician besides (58-break-glass.sql): those who make clinicians have the permission to
-- give, and nothing by it. There is none of it in families.
update care.built_in_role set permissions = permissions || '{emergency.write}'
 where name in ('owner', 'admin', 'clinician') and profile in ('clinic', 'operations');
update care.built_in_role set permissions = permissions || '{emergency.administer}'
 where name = 'privacy-officer' and profile in ('clinic', 'operations');

alter table care.permission force row level security;
alter table care.built_in_role force row level security;
alter table care.role force row level security;

create policy role_stays_in_its_organization on care.role as restrictive to carekeep_server
    using (organization_id = (select care.acting_organization()))
    with check (organization_id = (select care.acting_organization()));
create policy role_read_with_a_pass on care.role for select to carekeep_server
    using ((select care.acting_may('role.read')));
grant select on care.role to carekeep_server;
create policy role_made_by_the_gate on care.role for insert to carekeep_gate with check (true);
create policy role_changed_by_the_gate on care.role for update to carekeep_gate using (true) with check (true);
grant insert, update (permissions, ended_at) on care.role to carekeep_gate;

-- What these roles permit together in an organisation.
create function care.permits_of(organization uuid, roles text[], custom_roles uuid[]) returns text[]
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    return array(
        select distinct x.permission from (
            select unnest(b.permissions) from care.organization o
              join care.built_in_role b on b.profile = o.profile
             where o.organization_id = organization and b.name = any (roles)
            union all
            select unnest(r.permissions) from care.role r
             where r.organization_id = organization and r.id = any (custom_roles) and r.ended_at is null) x (permission)
         order by 1);
end
$$;

-- The member who acts, as they are now. Whoever has left meanwhile is none.
create function care.acting_member() returns care.membership
    language plpgsql stable set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    at timestamptz := care.clock();
    m care.membership;
begin
    select * into m from care.membership x
     where x.organization_id = shown.organization_id and x.account_id = shown.account_id
       and x.since <= at and (x.until is null or x.until > at);
    if not found then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return m;
end
$$;

-- The condition that whoever acts may give, or take, these roles.
create function care.require_may_give(giver care.membership, roles text[], custom_roles uuid[]) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    if 'owner' = any (giver.roles) then
        return;
    end if;
    if coalesce('owner' = any (roles), true)
       or not coalesce(care.permits_of(giver.organization_id, roles, custom_roles) <@ giver.permits, false) then
        raise exception using errcode = '42501', message = 'role is not theirs to give', constraint = 'role_is_theirs_to_give';
    end if;
end
$$;

-- The condition that an organisation of this kind offers these roles: others are built for other kinds, with other rules.
create function care.require_offered(organization uuid, roles text[]) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    if exists (
        select from unnest(roles) r (name)
         where not exists (
            select from care.organization o
              join care.built_in_role b on b.profile = o.profile
             where o.organization_id = organization and b.name = r.name and b.is_offered)) then
        raise exception using errcode = '23514', message = 'role is not offered there', constraint = 'role_is_offered_there';
    end if;
end
$$;

-- Holds the owners of an organisation still, so that no two changes at once leave it without one.
create function care.hold_owners(organization uuid) returns void
    language plpgsql volatile set search_path = care, pg_temp
as $$
begin
    perform from care.membership m
     where m.organization_id = organization and 'owner' = any (m.roles) order by m.account_id for update;
end
$$;

-- The condition that somebody who has joined, and is not to leave, owns the organisation.
create function care.require_owner(organization uuid) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    if not exists (
        select from care.membership m
         where m.organization_id = organization and 'owner' = any (m.roles)
           and m.since <= care.clock() and m.until is null) then
        raise exception using errcode = '23514', message = 'the last owner stays', constraint = 'organization_keeps_an_owner';
    end if;
end
$$;

-- The condition that these permissions are those of acts that there are, and the giver's to give.
create function care.require_may_permit(giver care.membership, permissions text[]) returns void
    language plpgsql stable set search_path = care, pg_temp
as $$
begin
    if not coalesce(permissions <@ array(
            select a.permission from care.act a union select a.directory_permission from care.act a), false) then
        raise exception using errcode = '23514', message = 'permission is unknown', constraint = 'permission_is_known';
    end if;
    if not ('owner' = any (giver.roles) or permissions <@ giver.permits) then
        raise exception using errcode = '42501', message = 'role is not theirs to give', constraint = 'role_is_theirs_to_give';
    end if;
end
$$;

-- Makes a role of the organisation's own.
create function care.make_role(id uuid, name text, permissions text[]) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
begin
    if not coalesce('role.make' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    perform care.require_may_permit(care.acting_member(), permissions);
    insert into care.role (organization_id, id, name, permissions, made_at)
    values (shown.organization_id, make_role.id, make_role.name, make_role.permissions, care.clock());
end
$$;

-- A role that is to be changed or ended, with the condition that it is the giver's to change: whoever is no owner changes none that
-- they have themselves, that an owner has, or that permits what they do not hold.
create function care.role_to_change(shown care.pass, giver care.membership, role uuid) returns care.role
    language plpgsql volatile set search_path = care, pg_temp
as $$
declare
    found_role care.role;
begin
    select * into found_role from care.role r
     where r.organization_id = shown.organization_id and r.id = role and r.ended_at is null
       for update;
    if found_role.id is null then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    if not 'owner' = any (giver.roles) and (
        not found_role.permissions <@ giver.permits
        or role = any (giver.custom_roles)
        or exists (
            select from care.membership m
             where m.organization_id = shown.organization_id and 'owner' = any (m.roles) and role = any (m.custom_roles))) then
        raise exception using errcode = '42501', message = 'role is not theirs to give', constraint = 'role_is_theirs_to_give';
    end if;
    return found_role;
end
$$;

-- Changes what a role of the organisation's own permits, for all who have it, from their next request on.
create function care.change_role(role uuid, permissions text[]) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    giver care.membership := care.acting_member();
    old care.role;
begin
    if not coalesce('role.change' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    old := care.role_to_change(shown, giver, role);
    perform care.require_may_permit(giver, permissions);
    update care.role r set permissions = change_role.permissions
     where r.organization_id = shown.organization_id and r.id = old.id;
end
$$;

-- Ends a role of the organisation's own: it permits nothing any more to whoever has it.
create function care.end_role(role uuid) returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    shown care.pass := care.acting();
    old care.role;
begin
    if not coalesce('role.end' = any (shown.powers), false) then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    old := care.role_to_change(shown, care.acting_member(), role);
    update care.role r set ended_at = greatest(care.clock(), r.made_at)
     where r.organization_id = shown.organization_id and r.id = old.id;
end
$$;

-- The roles that are offered in the acting organisation, and which permissions some act asks for: for a page of choices.
create function care.roles_offered(out name text, out permissions text[]) returns setof record
    language plpgsql stable security definer set search_path = care, pg_temp
as $$
begin
    if not care.acting_may('role.read') then
        raise exception using errcode = '42501', message = 'pass is not for this', constraint = 'pass_is_for_this';
    end if;
    return query
        select b.name, b.permissions
          from care.organization o join care.built_in_role b on b.profile = o.profile
         where o.organization_id = care.acting_organization() and b.is_offered
         order by 1;
end
$$;

grant execute on function
    care.make_role(uuid, text, text[]), care.change_role(uuid, text[]),
    care.end_role(uuid), care.roles_offered()
    to carekeep_server;
