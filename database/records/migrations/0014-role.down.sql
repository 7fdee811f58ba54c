-- The way back. An organisation's own roles, and the roles that the previous release does not know, are lost with it, so this
-- refuses while anybody has one, unless the session says that this is meant: set carekeep.destroy_roles = 'yes' (as in
-- PGOPTIONS='-c carekeep.destroy_roles=yes'). Who had nothing else is a plain member then.

do $$
begin
    if (exists (select from care.role)
        or exists (select from care.membership m
                    where not m.roles <@ array['owner', 'admin', 'member', 'caregiver', 'patient', 'clinician', 'staff']))
       and current_setting('carekeep.destroy_roles', true) is distinct from 'yes' then
        raise exception 'roles_are_not_thrown_away' using errcode = 'object_not_in_prerequisite_state';
    end if;
end
$$;

alter table care.membership no force row level security;
alter table care.membership drop constraint membership_has_a_role;
update care.membership m
   set roles = array(select r from unnest(m.roles) r
                      where r in ('owner', 'admin', 'member', 'caregiver', 'patient', 'clinician', 'staff'));
update care.membership set roles = '{member}' where roles = '{}';
alter table care.membership
    drop constraint membership_has_known_roles,
    add constraint membership_has_known_roles check (
        cardinality(roles) > 0
        and roles <@ array['owner', 'admin', 'member', 'caregiver', 'patient', 'clinician', 'staff']),
    drop column custom_roles,
    drop column permits;
alter table care.membership force row level security;

alter table care.act
    drop column permission,
    drop column directory_permission,
    add column directory_roles text[] not null default '{}';
comment on column care.act.directory_roles is 'Who may do it there; everybody if there is none.';
comment on column care.act.roles is null;

drop table care.role, care.built_in_role, care.permission;
