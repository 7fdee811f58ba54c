-- Versions: what a record was before it was changed or deleted. And when, and whether, its current one was.
--
-- Beside the previous release: its inserts name their columns, and never change or delete.

alter table care.record
    add column is_deleted boolean not null default false,
    add column written_at timestamptz;
-- As the administrator: row security is forced on the owner too.
update care.record set written_at = created_at;

set local role carekeep_owner;
set local search_path = care;

alter table record
    alter column written_at set default clock_timestamp(),
    alter column written_at set not null,
    -- Whoever is kept is erased with their keys, and in no other way.
    add constraint record_of_who_somebody_is_stays check (not is_deleted or kind <> 'Patient');

create table version (
    organization_id uuid        not null,
    record_id       uuid        not null,
    version         integer     not null,
    patient_id      uuid,
    kind            text        not null,
    is_deleted      boolean     not null,
    sealed          bytea       not null,
    written_at      timestamptz not null,

    primary key (organization_id, record_id, version),
    constraint version_is_of_a_record
        foreign key (organization_id, record_id) references record (organization_id, id)
);
comment on table version is
    'What a record was, sealed as it was then. A trigger on the record keeps them; nobody else writes here.';
create index version_by_patient on version (organization_id, patient_id, kind, written_at);

alter table change
    add constraint change_is_one_a_version unique (organization_id, record_id, version);
drop index change_by_record;

alter table act
    add column directory_powers text[] not null default '{}',
    add column directory_roles  text[] not null default '{}';
comment on column act.directory_powers is
    'What an act on one record may touch when that is of the directory; none if it cannot be done there.';
comment on column act.directory_roles is 'Who may do it there; everybody if there is none.';
