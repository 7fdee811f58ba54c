-- What is kept: patients, who reaches them, their sealed records, and the tokens that find them.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table patient (
    organization_id uuid        not null,
    id              uuid        not null,
    created_at      timestamptz not null default clock_timestamp(),

    primary key (organization_id, id),
    constraint patient_is_of_an_organization foreign key (organization_id) references organization
);
comment on table patient is 'That there is someone. Who it is stands, sealed, in their record of kind Patient.';

create table reach (
    organization_id uuid        not null,
    id              uuid        not null default gen_random_uuid(),
    patient_id      uuid        not null,
    account_id      uuid        not null,
    kind            text        not null,
    purpose         text        not null default 'care',
    since           timestamptz not null default clock_timestamp(),
    until           timestamptz,
    withdrawn_at    timestamptz,

    primary key (organization_id, id),
    constraint reach_is_to_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint reach_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint reach_has_a_known_kind check (kind in ('guardian', 'self', 'share', 'care-team', 'assignment')),
    constraint reach_has_a_known_purpose check (purpose in ('care', 'treatment', 'second-opinion')),
    constraint reach_ends_after_it_begins check (until > since),
    constraint share_has_an_end check (kind <> 'share' or until is not null),
    constraint share_lasts_a_year_at_most check (kind <> 'share' or until <= since + interval '1 year 1 day')
);
comment on table reach is 'That someone may reach a patient, as what, from when until when. (ROL-1, ROL-2, ROL-3)';
create index reach_by_member on reach (organization_id, account_id, patient_id) where withdrawn_at is null;
create index reach_by_patient on reach (organization_id, patient_id);

create table record (
    organization_id uuid        not null,
    id              uuid        not null,
    patient_id      uuid,
    kind            text        not null,
    version         integer     not null,
    tag             bytea       not null,
    sealed          bytea       not null,
    card            bytea       not null,
    created_at      timestamptz not null default clock_timestamp(),

    primary key (organization_id, id),
    constraint record_has_a_tag_of_its_own unique (organization_id, tag),
    constraint record_is_of_a_patient_or_the_directory
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint record_kind_is_a_type_name check (kind ~ '^[A-Z][A-Za-z]{1,40}$'),
    constraint record_tag_is_16_bytes check (octet_length(tag) = 16),
    constraint record_counts_versions_from_one check (version >= 1)
);
comment on table record is
    'One FHIR resource, sealed under its patient''s key, or the directory''s where it belongs to nobody. '
    'The tag is a keyed hash of kind and public id; the card holds the sealed search values.';
create index record_by_patient on record (organization_id, patient_id, kind);

create table token (
    organization_id uuid    not null,
    value           bigint  not null,
    epoch           integer not null,
    patient_id      uuid    not null,

    primary key (organization_id, value, epoch, patient_id),
    constraint token_is_of_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id)
);
comment on table token is
    'Blind tokens: HMACs of declared search values of a patient. Equality and frequency show; the value does not.';
create index token_by_patient on token (organization_id, patient_id);

create table change (
    organization_id uuid        not null,
    id              uuid        not null default gen_random_uuid(),
    opening_id      uuid        not null,
    record_id       uuid        not null,
    patient_id      uuid,
    version         integer     not null,
    sealed_diff     bytea       not null,
    at              timestamptz not null default clock_timestamp(),

    primary key (organization_id, id),
    constraint change_is_of_a_record
        foreign key (organization_id, record_id) references record (organization_id, id)
);
comment on table change is
    'What a write changed, sealed under the patient''s key. Its presence says that the announced act took place.';
create index change_by_record on change (organization_id, record_id);
