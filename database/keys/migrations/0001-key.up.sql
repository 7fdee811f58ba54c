-- The key store: wrapped keys of organisations and of their subjects. Kept apart from what they unseal, so that neither
-- store is worth anything alone, and never restored to the past.
--
-- The first migration; nothing else is running.

create schema keys authorization carekeep_owner;

set local role carekeep_owner;
set local search_path = keys, pg_temp;

create table organization_key (
    organization_id uuid        not null,
    purpose         text        not null,
    epoch           integer     not null,
    state           text        not null default 'active',
    wrapped         bytea,
    created_at      timestamptz not null default transaction_timestamp(),
    ended_at        timestamptz,

    primary key (organization_id, purpose, epoch),

    -- None of these can be reached through the functions of the gate, which write nothing else.
    constraint organization_key_has_a_known_purpose  check (purpose in ('wrap', 'index', 'sign-in')),
    constraint organization_key_has_a_known_state    check (state in ('active', 'retired', 'destroyed')),
    constraint organization_key_counts_epochs_from_1 check (epoch >= 1),
    constraint organization_key_is_there_until_destroyed check ((wrapped is null) = (state = 'destroyed')),
    constraint organization_key_has_its_length       check (octet_length(wrapped) = 81),
    constraint organization_key_ends_unless_active   check ((ended_at is null) = (state = 'active'))
);

comment on table organization_key is
    'An organisation''s keys, wrapped under the root key: to wrap its subjects'' keys, and to make blind tokens. The '
    'installation is the organisation 00000000-0000-0000-0000-000000000000.';

create unique index organization_has_one_active_key_for_a_purpose
    on organization_key (organization_id, purpose) where state = 'active';

create table subject (
    organization_id uuid        not null,
    id              uuid        not null,
    fenced_at       timestamptz,

    primary key (organization_id, id)
);

comment on table subject is
    'Whoever or whatever has keys. A fenced one gets none any more, so that a late write brings nobody back.';

create table subject_key (
    organization_id uuid        not null,
    subject_id      uuid        not null,
    class           text        not null,
    state           text        not null default 'active',
    -- Repeats what the foreign key needs; a subject's key is wrapped under nothing else.
    purpose         text        not null generated always as ('wrap') stored,
    epoch           integer     not null,
    wrapped         bytea,
    created_at      timestamptz not null default transaction_timestamp(),
    erased_at       timestamptz,
    fingerprint     bytea,

    primary key (organization_id, subject_id, class),

    -- None of these can be reached through the functions of the gate, but for the class, which the server spells.
    constraint subject_key_is_of_a_subject
        foreign key (organization_id, subject_id) references subject (organization_id, id),
    constraint subject_key_is_wrapped_under_a_key_of_its_organization
        foreign key (organization_id, purpose, epoch) references organization_key (organization_id, purpose, epoch),

    constraint subject_key_has_a_plain_class     check (class ~ '^[a-z]{1,32}(-[0-9]{4})?$'),
    constraint subject_key_has_a_known_state     check (state in ('active', 'erased')),
    constraint subject_key_is_there_until_erased check ((wrapped is null) = (state = 'erased')),
    constraint subject_key_has_its_length        check (octet_length(wrapped) = 81),
    constraint subject_key_leaves_a_fingerprint  check ((erased_at is null) = (state = 'active')
                                                        and (fingerprint is null) = (state = 'active'))
);

comment on table subject_key is
    'A subject''s key for one class of records, wrapped under its organisation''s. Erasing overwrites it and leaves the '
    'SHA-256 of what was there. Fenced is a state of the subject, not of a key.';

-- Finds what a new epoch has yet to wrap anew.
create index subject_key_by_epoch on subject_key (organization_id, epoch) where state = 'active';

-- Who may is in current/key.sql. Until that is applied nobody may, and the owner is nobody too.
alter table organization_key enable row level security;
alter table organization_key force row level security;
alter table subject enable row level security;
alter table subject force row level security;
alter table subject_key enable row level security;
alter table subject_key force row level security;

reset role;
