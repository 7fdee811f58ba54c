-- The pass: which acts there are, which passes are open, the entries they left, and the guard over it all.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table act (
    name   text   not null,
    scope  text   not null,
    powers text[] not null,
    reach  text[] not null default '{}',
    roles  text[] not null default '{}',

    primary key (name),
    constraint act_has_a_known_scope
        check (scope in ('patient', 'patients', 'roster', 'directory', 'organization'))
);
comment on table act is
    'What can be done: how far it reaches, what it may touch, and who may do it. Rows come with the release.';

create table guard (
    only_row     boolean     not null default true,
    expected     bytea,
    seen         bytea,
    inspected_at timestamptz,
    clock_offset interval    not null default '0',
    decoy_secret bytea       not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),

    primary key (only_row),
    constraint guard_has_one_row check (only_row)
);
comment on table guard is
    'The fingerprint of policies, grants, FORCE and functions: as released, and as last found. '
    'The clock''s offset is zero but in tests.';
insert into guard default values;

create unlogged table pass (
    secret_sha256         bytea       not null,
    organization_id       uuid        not null,
    actor_organization_id uuid        not null,
    account_id            uuid        not null,
    session_id            uuid        not null,
    opening_id            uuid        not null,
    act                   text        not null,
    scope                 text        not null,
    powers                text[]      not null,
    patients              uuid[]      not null,
    new_patients          uuid[]      not null,
    directory             boolean     not null,
    purpose               text,
    opened_in             xid8        not null,
    until                 timestamptz not null,
    client_scope          text,
    stepped_up_at         timestamptz,

    primary key (secret_sha256)
);
comment on table pass is
    'Passes that are open: committed capabilities, found by the SHA-256 of a secret. Unlogged: a crash ends them all.';

create table entry (
    organization_id       uuid        not null,
    id                    uuid        not null,
    opening_id            uuid        not null,
    at                    timestamptz not null,
    opened_in             xid8        not null,
    actor_organization_id uuid,
    account_id            uuid,
    session_id            uuid,
    act                   text        not null,
    scope                 text,
    patient_id            uuid,
    record_id             uuid,
    granted               boolean     not null,
    refusal               text,
    purpose               text,
    until                 timestamptz,
    key_epoch             integer     not null,
    salt                  bytea       not null,
    sealed                bytea       not null,

    primary key (organization_id, id, at),
    constraint entry_salt_is_32_bytes check (octet_length(salt) = 32),
    constraint entry_says_why_it_was_refused check (granted = (refusal is null))
) partition by range (at);
comment on table entry is
    'The audit trail: one row per act and patient, granted or refused, written by the gate from the arguments it '
    'authorised. IP address, device, query and reason are sealed under the organisation''s audit key. '
    'The nil organisation holds what could not be attributed to one.';
create index entry_by_patient on entry (organization_id, patient_id, at) where patient_id is not null;

-- Partitions come from care.add_months(); the month in which the installation was made is the first.
