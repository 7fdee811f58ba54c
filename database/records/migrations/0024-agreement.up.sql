-- Agreements: terms, notices and consents of an organisation, by version and language; and what each member answered.
--
-- Only adds. The previous release asks nobody to agree, and lets everybody in.

set local role carekeep_owner;
set local search_path = care;

alter table act add column before_agreeing boolean not null default false;
comment on column act.before_agreeing is 'Whether it can be done while there is something to agree to first.';

alter table membership add column agree_by timestamptz;
comment on column membership.agree_by is
    'From when on they have to have answered an agreement that they have not answered yet; null if there is none. Written by the '
    'functions that publish and answer, and by a trigger for whoever is new, so that the gate need not look it up.';

create table agreement (
    organization_id uuid        not null,
    id              uuid        not null,
    kind            text        not null,
    begun_at        timestamptz not null,

    primary key (organization_id, id),
    constraint agreement_is_of_an_organization foreign key (organization_id) references organization,
    constraint agreement_is_of_a_known_kind check (kind in ('terms', 'notice', 'consent'))
);
comment on table agreement is
    'What an organisation asks its members to agree to (terms), to take note of (notice), or to permit if they wish (consent).';

create table agreement_version (
    organization_id uuid        not null,
    agreement_id    uuid        not null,
    version         integer     not null,
    language        text        not null,
    title           text        not null,
    body            text        not null,
    changes         text,
    effective_at    timestamptz not null,
    published_at    timestamptz not null,
    account_id      uuid        not null,

    primary key (organization_id, agreement_id, version, language),
    constraint agreement_version_is_of_an_agreement
        foreign key (organization_id, agreement_id) references agreement (organization_id, id),
    constraint agreement_version_is_published_by_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint agreement_version_is_counted_from_one check (version >= 1),
    constraint agreement_version_says_what_changed check (version = 1 or changes is not null),
    constraint agreement_version_is_in_a_language check (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    constraint agreement_version_is_of_some_length check (
        char_length(title) between 1 and 200 and char_length(body) between 1 and 50000
        and char_length(changes) between 1 and 4000)
);
comment on table agreement_version is
    'The text of one version in one language, in clear: it is the same for everybody, and nothing of anybody''s health. Added, and '
    'neither changed nor removed.';

create table agreement_answer (
    organization_id uuid        not null,
    account_id      uuid        not null,
    agreement_id    uuid        not null,
    number          integer     not null,
    version         integer     not null,
    language        text        not null,
    answer          text        not null,
    at              timestamptz not null,
    opening_id      uuid        not null,

    primary key (organization_id, account_id, agreement_id, number),
    constraint agreement_answer_is_to_a_version
        foreign key (organization_id, agreement_id, version, language)
        references agreement_version (organization_id, agreement_id, version, language),
    constraint agreement_answer_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint agreement_answer_is_a_known_one check (answer in ('accepted', 'refused', 'withdrawn'))
);
comment on table agreement_answer is
    'What somebody answered to which version, in which language they had read it, and when. Added, and neither changed nor removed.';
