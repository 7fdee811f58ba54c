-- A second person signs one version of a record, on the device of whoever wrote it: their PIN, and what they signed.
--
-- Only adds. The previous release knows neither, and asks nobody to sign.

set local role carekeep_owner;
set local search_path = care;

create table pin (
    organization_id uuid        not null,
    account_id      uuid        not null,
    hash            text        not null,
    set_at          timestamptz not null,

    primary key (organization_id, account_id),
    constraint pin_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint pin_is_bcrypt check (hash ~ '^\$2b\$[0-9]{2}\$[./A-Za-z0-9]{53}$')
);
comment on table pin is
    'By what a member signs as a second person on somebody else''s device: bcrypt of a keyed hash of six digits. Nobody signs in by it.';

create table countersignature (
    organization_id uuid        not null,
    record_id       uuid        not null,
    version         integer     not null,
    written_by      uuid        not null,
    signed_by       uuid        not null,
    session_id      uuid        not null,
    opening_id      uuid        not null,
    at              timestamptz not null,

    primary key (organization_id, record_id, version),
    constraint countersignature_is_on_a_record
        foreign key (organization_id, record_id) references record (organization_id, id),
    constraint countersignature_is_on_what_a_member_wrote
        foreign key (organization_id, written_by) references membership (organization_id, account_id),
    constraint countersignature_is_by_a_member
        foreign key (organization_id, signed_by) references membership (organization_id, account_id),
    constraint countersignature_is_by_another check (signed_by <> written_by),
    constraint countersignature_is_on_a_version check (version >= 1)
);
comment on table countersignature is
    'Who signed a version of a record as the second person: on the device, and in the session, of whoever wrote it.';

alter table entry add column on_device_of uuid;
comment on column entry.on_device_of is
    'In whose session somebody else did this, who showed there who they are; null where it was one''s own.';
