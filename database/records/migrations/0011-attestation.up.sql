-- What people vouch for: who holds an office of the installation, what a steward says was done, and what another one says to it.
--
-- Only adds. The previous release knows no act of the scope `installation`, and no office.

set local role carekeep_owner;
set local search_path = care;

alter table act
    drop constraint act_has_a_known_scope,
    add constraint act_has_a_known_scope
        check (scope in ('patient', 'patients', 'roster', 'directory', 'organization', 'installation'));

create table office (
    account_id uuid        not null,
    office     text        not null,
    since      timestamptz not null,
    until      timestamptz,

    primary key (account_id, office, since),
    constraint office_is_of_an_account foreign key (account_id) references account,
    constraint office_is_a_known_one check (office in ('steward', 'auditor')),
    constraint office_ends_after_it_begins check (until >= since)
);
comment on table office is
    'What somebody does for the installation: stewards vouch for promises, auditors see what went wrong. Given and ended by '
    'the operator on the host, since an organisation''s administrator is not the installation''s.';

create table attestation (
    id          uuid        not null,
    promise     text        not null,
    follows     uuid,
    account_id  uuid        not null,
    words       text        not null,
    signed_as   text        not null,
    link        text,
    file_sha256 bytea,
    file_kind   text,
    sealed_file bytea,
    since       timestamptz not null,
    until       timestamptz not null,
    at          timestamptz not null,

    primary key (id),
    constraint attestation_is_known_with_its_author unique (id, account_id),
    constraint attestation_is_known_with_its_promise unique (promise, id),
    constraint attestation_is_by_an_account foreign key (account_id) references account,
    constraint attestation_follows_one_of_its_promise foreign key (promise, follows) references attestation (promise, id),
    -- Each follows the last that its author saw, so that nobody vouches past what somebody else did meanwhile.
    constraint attestation_follows_the_last unique nulls not distinct (promise, follows),
    constraint attestation_is_of_a_promise check (promise ~ '^[A-Z]{2,3}-[1-9][0-9]?$'),
    constraint attestation_says_what_was_done check (char_length(words) between 1 and 500),
    constraint attestation_is_signed check (char_length(signed_as) between 1 and 100),
    constraint attestation_links_over_https
        check (link ~ '^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$' and char_length(link) <= 500),
    constraint attestation_has_evidence check (link is not null or sealed_file is not null),
    constraint attestation_file_is_whole
        check ((sealed_file is null) = (file_sha256 is null) and (sealed_file is null) = (file_kind is null)),
    constraint attestation_file_is_of_a_known_kind check (file_kind in ('pdf', 'png', 'text')),
    constraint attestation_file_has_a_digest check (octet_length(file_sha256) = 32),
    -- 5 MiB, and what sealing adds.
    constraint attestation_file_is_small check (octet_length(sealed_file) <= 5246976),
    constraint attestation_has_begun check (since <= at),
    constraint attestation_is_not_over check (until > at),
    -- The last day counts whole.
    constraint attestation_lasts_24_months_at_most check (until <= at + interval '24 months 1 day')
);
comment on table attestation is
    'What a steward says was done for a promise, until when, and on what evidence. Never changed, never removed. Public once '
    'another steward accepted it; the file is sealed under the installation''s key. Holds no health data.';

create table attestation_review (
    attestation_id uuid        not null,
    author_id      uuid        not null,
    account_id     uuid        not null,
    accepted       boolean     not null,
    reason         text,
    at             timestamptz not null,

    primary key (attestation_id),
    constraint attestation_review_is_of_an_attestation
        foreign key (attestation_id, author_id) references attestation (id, account_id),
    constraint attestation_review_is_by_an_account foreign key (account_id) references account,
    constraint attestation_is_reviewed_by_another check (account_id <> author_id),
    constraint attestation_review_says_why_not check (accepted or reason is not null),
    constraint attestation_review_is_short check (char_length(reason) between 1 and 500)
);
comment on table attestation_review is
    'That another steward looked at an attestation and accepted or declined it, once. Never changed, never removed.';

create table attestation_withdrawal (
    attestation_id uuid        not null,
    account_id     uuid        not null,
    reason         text        not null,
    at             timestamptz not null,

    primary key (attestation_id),
    constraint attestation_withdrawal_is_of_an_attestation foreign key (attestation_id) references attestation,
    constraint attestation_withdrawal_is_by_an_account foreign key (account_id) references account,
    constraint attestation_withdrawal_says_why check (char_length(reason) between 1 and 500)
);
comment on table attestation_withdrawal is
    'That a steward took an attestation back: it does not hold any more. Never changed, never removed.';
