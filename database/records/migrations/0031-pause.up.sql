-- Pauses: somebody who reaches a patient is kept out for a while, for a reason that they are not told.
--
-- Only adds. Beside the previous release, which knows no pauses: there, who is paused is let in. Whoever means to pause somebody waits
-- until no server of the release before is left.

set local role carekeep_owner;
set local search_path = care;

alter table reach add column paused_at timestamptz;
comment on column reach.paused_at is 'Since when this opens nothing, for as long as a pause lasts; null otherwise.';

create table pause (
    organization_id uuid        not null,
    id              uuid        not null,
    patient_id      uuid        not null,
    account_id      uuid        not null,
    paused_by       uuid        not null,
    ask_account_id  uuid        not null,
    sealed_reason   bytea       not null,
    sealed_patient  bytea       not null,
    since           timestamptz not null,
    ended_at        timestamptz,
    ended_by        uuid,

    primary key (organization_id, id),
    constraint pause_is_from_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint pause_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint pause_is_by_a_member
        foreign key (organization_id, paused_by) references membership (organization_id, account_id),
    constraint pause_names_a_member_to_ask
        foreign key (organization_id, ask_account_id) references membership (organization_id, account_id),
    constraint pause_is_ended_by_a_member
        foreign key (organization_id, ended_by) references membership (organization_id, account_id),
    constraint pause_is_of_another check (account_id <> paused_by),
    constraint pause_has_an_end_and_who_ended_it check ((ended_at is null) = (ended_by is null)),
    constraint pause_ends_after_it_begins check (ended_at >= since)
);
comment on table pause is
    'That a carer is kept out of one patient''s record for a while: by whom, why (sealed, and not for them), whom they may ask. '
    'Rows stay when it has ended. (ROL-1)';
create unique index pause_is_one_at_a_time on pause (organization_id, patient_id, account_id) where ended_at is null;
