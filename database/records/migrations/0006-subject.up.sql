-- Records about several patients: mother and baby, a group. Each of them has such a record in theirs.
--
-- Only adds. The previous release knows no such records and makes none.

alter table care.record add column is_about_several boolean not null default false;

set local role carekeep_owner;
set local search_path = care;

create table record_subject (
    organization_id uuid not null,
    record_id       uuid not null,
    patient_id      uuid not null,

    primary key (organization_id, record_id, patient_id),
    constraint subject_is_of_a_record
        foreign key (organization_id, record_id) references record (organization_id, id),
    constraint subject_is_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id)
);
comment on table record_subject is
    'Whom a record is about besides its first patient. What it says is sealed so that each of their keys opens it.';
create index record_subject_by_patient on record_subject (organization_id, patient_id);
create index record_about_several on record (organization_id) where is_about_several;
comment on column record.is_about_several is 'Whether it has rows in record_subject.';
