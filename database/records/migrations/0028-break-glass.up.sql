-- Break-glass: that somebody opened the record of a patient whom they did not reach, in an emergency, and what a second person says
-- of it; and the two ways of reaching that come of it.
--
-- Only adds. The previous release knows no such ways: its acts accept none of them.

alter table care.reach
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind check (
        kind in ('guardian', 'self', 'share', 'care-team', 'assignment', 'break-glass', 'break-glass-write')),
    add constraint break_glass_lasts_an_hour_at_most check (
        kind not in ('break-glass', 'break-glass-write') or (until is not null and until <= since + interval '1 hour'));

set local role carekeep_owner;
set local search_path = care;

create table break_glass (
    organization_id  uuid        not null,
    id               uuid        not null,
    account_id       uuid        not null,
    patient_id       uuid,
    since            timestamptz not null,
    until            timestamptz,
    review_by        timestamptz,
    key_epoch        integer     not null,
    salt             bytea       not null,
    sealed           bytea       not null,
    reviewed_at      timestamptz,
    reviewer_id      uuid,
    is_justified     boolean,
    review_key_epoch integer,
    review_salt      bytea,
    review_sealed    bytea,

    primary key (organization_id, id),
    constraint break_glass_is_by_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint break_glass_is_about_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint break_glass_is_reviewed_by_a_member
        foreign key (organization_id, reviewer_id) references membership (organization_id, account_id),
    constraint break_glass_salt_is_32_bytes check (octet_length(salt) = 32 and octet_length(review_salt) = 32),
    constraint break_glass_reason_is_short check (octet_length(sealed) <= 8192 and octet_length(review_sealed) <= 8192),
    constraint break_glass_ends_where_somebody_was_found check (
        (patient_id is null) = (until is null) and (patient_id is null) = (review_by is null) and until > since),
    constraint break_glass_is_reviewed_as_a_whole check (
        num_nulls(reviewed_at, reviewer_id, is_justified, review_key_epoch, review_salt, review_sealed) in (0, 6)),
    constraint break_glass_is_reviewed_by_somebody_else check (reviewer_id <> account_id),
    constraint break_glass_is_reviewed_after_its_end check (reviewed_at >= until)
);
comment on table break_glass is
    'That somebody opened a record in an emergency, or looked for somebody in vain: no patient. Reason and review are sealed under the '
    'organisation''s audit key.';
create index break_glass_by_member on break_glass (organization_id, account_id, since);
