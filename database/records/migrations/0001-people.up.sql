-- Who there is: organisations, accounts, memberships, sessions, and links that work once.
--
-- The first migration: there is no previous release to run beside.

create schema care authorization carekeep_owner;
comment on schema care is 'Everything Carekeep keeps in the records store.';

set local role carekeep_owner;
set local search_path = care;

create table organization (
    organization_id uuid        not null,
    profile         text        not null,
    country         text        not null,
    time_zone       text        not null default 'UTC',
    sealed_name     bytea       not null,
    created_at      timestamptz not null default clock_timestamp(),

    primary key (organization_id),
    constraint organization_has_a_known_profile check (profile in ('family', 'clinic', 'operations')),
    constraint organization_country_is_two_letters check (country ~ '^[A-Z]{2}$')
);
comment on table organization is 'A family, a group of clinics or a service. Its name is sealed under the installation key.';

create table account (
    id             uuid        not null default gen_random_uuid(),
    sign_in_token  bytea       not null,
    sealed_address bytea       not null,
    password_hash  text,
    password_at    timestamptz,
    created_at     timestamptz not null default clock_timestamp(),
    closed_at      timestamptz,

    primary key (id),
    constraint account_signs_in_by_one_address unique (sign_in_token),
    constraint account_token_is_32_bytes check (octet_length(sign_in_token) = 32),
    constraint account_password_is_bcrypt check (password_hash ~ '^\$2b\$\d\d\$[./A-Za-z0-9]{53}$')
);
comment on table account is
    'Someone who can sign in. Belongs to the installation, not to an organisation; holds no health data. '
    'The address is a keyed token and a sealed text; the bcrypt hash is readable by the gate alone.';

create table membership (
    organization_id uuid        not null,
    account_id      uuid        not null,
    roles           text[]      not null,
    sealed_name     bytea       not null,
    since           timestamptz not null default clock_timestamp(),
    until           timestamptz,

    primary key (organization_id, account_id),
    constraint membership_is_of_an_organization foreign key (organization_id) references organization,
    constraint membership_is_of_an_account foreign key (account_id) references account,
    constraint membership_has_known_roles check (
        cardinality(roles) > 0
        and roles <@ array['owner', 'admin', 'member', 'caregiver', 'patient', 'clinician', 'staff']),
    constraint membership_ends_after_it_begins check (until > since)
);
comment on table membership is
    'That someone belongs to an organisation, as what, from when until when. From infinity: they were asked and have not joined.';

create table session (
    organization_id uuid        not null,
    id              uuid        not null default gen_random_uuid(),
    account_id      uuid        not null,
    used_as         text        not null,
    secret_sha256   bytea       not null,
    client_scope    text,
    created_at      timestamptz not null,
    seen_at         timestamptz not null,
    idle            interval    not null,
    until           timestamptz not null,
    stepped_up_at   timestamptz,
    ended_at        timestamptz,

    primary key (organization_id, id),
    constraint session_secret_is_its_own unique (organization_id, secret_sha256),
    constraint session_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint session_is_for_pages_or_the_api check (used_as in ('page', 'api')),
    constraint session_keeps_a_hash_of_its_secret check (octet_length(secret_sha256) = 32),
    constraint session_ends check (until > created_at and until <= created_at + interval '30 days')
);
comment on table session is 'Someone signed in, for pages or for the API. The secret is theirs; here is its SHA-256.';

create table link (
    organization_id uuid        not null,
    id              uuid        not null default gen_random_uuid(),
    account_id      uuid        not null,
    purpose         text        not null,
    secret_sha256   bytea       not null,
    until           timestamptz not null,
    used_at         timestamptz,

    primary key (organization_id, id),
    constraint link_secret_is_its_own unique (organization_id, secret_sha256),
    constraint link_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint link_has_a_known_purpose check (purpose in ('set-password', 'join'))
);
comment on table link is
    'A link that works once, to set a password or to join an organisation. The secret is in the link; here is its SHA-256.';
