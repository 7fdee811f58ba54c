-- Roles as data: what each built-in role may, what an organisation's own roles may, and which permission an act asks for.
--
-- What an act asked for by roles it asks for by a permission now; offices of the installation stay as they are.

alter table care.membership
    drop constraint membership_has_known_roles,
    add constraint membership_has_known_roles check (
        roles <@ array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer']),
    add column custom_roles uuid[] not null default '{}',
    add column permits text[] not null default '{}',
    add constraint membership_has_a_role check (cardinality(roles) + cardinality(custom_roles) > 0);
comment on column care.membership.custom_roles is 'Which of the organisation''s own roles they have.';
comment on column care.membership.permits is
    'What all their roles together permit: written by a trigger and by nothing else, so that the gate need not look it up.';

alter table care.act
    add column permission text,
    add column directory_permission text,
    drop column directory_roles;
comment on column care.act.permission is 'What whoever does it must be permitted; null for what everybody who belongs may.';
comment on column care.act.directory_permission is 'The same where the record is of the directory.';
comment on column care.act.roles is 'The offices that an act of the installation takes.';

set local role carekeep_owner;
set local search_path = care;

create table permission (
    name   text not null,
    module text not null,
    action text not null,

    primary key (name),
    constraint permission_is_named_by_module_and_action check (name = module || '.' || action),
    constraint permission_is_of_a_known_action check (action in ('read', 'write', 'export', 'administer'))
);
comment on table permission is
    'Modules and what can be done in them. Rows come with the release. What no act asks for is not built yet.';

create table built_in_role (
    profile     text    not null,
    name        text    not null,
    is_offered  boolean not null,
    permissions text[]  not null,

    primary key (profile, name),
    constraint built_in_role_is_of_a_known_profile check (profile in ('family', 'clinic', 'operations'))
);
comment on table built_in_role is
    'What each role may in each kind of organisation, and whether it is offered there. Rows come with the release.';

create table role (
    organization_id uuid        not null,
    id              uuid        not null,
    name            text        not null,
    permissions     text[]      not null,
    made_at         timestamptz not null,
    ended_at        timestamptz,

    primary key (organization_id, id),
    constraint role_is_of_an_organization foreign key (organization_id) references organization,
    constraint role_has_a_plain_name check (name ~ '^[a-z][a-z0-9]*([ -][a-z0-9]+)*$' and char_length(name) between 2 and 40),
    constraint role_is_not_called_like_a_built_in_one check (
        replace(name, ' ', '-') <> all (array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer'])),
    constraint role_permits_something check (cardinality(permissions) > 0),
    constraint role_ends_after_it_is_made check (ended_at >= made_at)
);
comment on table role is
    'An organisation''s own roles. The name is kept plain, in a few letters: it says what somebody does, and nothing of anybody.';
create unique index role_by_name on role (organization_id, name) where ended_at is null;
