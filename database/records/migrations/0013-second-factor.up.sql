-- Second factors: codes of an app (RFC 6238), recovery codes, and which acts ask for somebody to show again who they are.
--
-- Beside the previous release: it begins sessions that know nothing of a second factor. They open nothing that needs one once this
-- release's functions are in place.

set local role carekeep_owner;
set local search_path = care;

alter table act add column step_up boolean not null default false;
comment on column act.step_up is
    'Whether it takes that the same session showed within five minutes who is there: by a code, or by the password where there is none.';

alter table session
    add column profile text,
    add column second_factor_is_due boolean not null default false,
    add column second_factor_at timestamptz,
    add column tries integer not null default 0,
    add column tries_wait_until timestamptz,
    add constraint session_counts_its_tries check (tries >= 0);
comment on column session.profile is
    'The organisation''s profile, which never changes: here so that the gate need not look it up. Null where an older release began it.';
comment on column session.second_factor_is_due is
    'Whether this session opens nothing without a second factor, whatever the roles: its account has one, or an office.';
comment on column session.tries is
    'How often in a row a wrong code or password was shown in this session; from the fifth on the next one has to wait.';

create table second_factor (
    account_id    uuid        not null,
    sealed_secret bytea       not null,
    last_step     bigint      not null,
    since         timestamptz not null,
    failures      integer     not null default 0,
    failed_at     timestamptz,

    primary key (account_id),
    constraint second_factor_is_of_an_account foreign key (account_id) references account,
    constraint second_factor_counts_failures check (failures >= 0)
);
comment on table second_factor is
    'The secret of an account''s code app, sealed under the installation''s key, and the last step whose code was used: no code is good twice.';

create table second_factor_offer (
    account_id    uuid        not null,
    session_id    uuid        not null,
    sealed_secret bytea       not null,
    at            timestamptz not null,

    primary key (account_id),
    constraint second_factor_offer_is_to_an_account foreign key (account_id) references account
);
comment on table second_factor_offer is
    'A secret that was shown in one session and is no second factor until that session shows a code of it, within 15 minutes.';

create table recovery_code (
    account_id  uuid        not null,
    code_sha256 bytea       not null,
    used_at     timestamptz,

    primary key (account_id, code_sha256),
    constraint recovery_code_is_of_an_account foreign key (account_id) references account,
    constraint recovery_code_is_hashed check (octet_length(code_sha256) = 32)
);
comment on table recovery_code is
    'Codes for whoever has lost the app, each good once. A code has 120 random bits; here is its SHA-256.';
