-- Merging: two patients who turn out to be one person.
--
-- Beside the previous release: its inserts name their columns. It knows of no merge, and would still write about who was
-- merged meanwhile; merging once more moves that, too.

set local role carekeep_owner;
set local search_path = care;

alter table patient
    add column merged_into uuid,
    add constraint patient_is_merged_into_a_patient
        foreign key (organization_id, merged_into) references patient (organization_id, id),
    add constraint patient_is_merged_into_another check (merged_into <> id);
comment on column patient.merged_into is
    'The patient whom this one turned out to be: their records are there, or on their way. Nothing is written here any more.';
create index patient_by_merge on patient (organization_id, merged_into) where merged_into is not null;
