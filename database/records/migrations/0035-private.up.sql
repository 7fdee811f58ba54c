-- Entries that whoever a record is about keeps to themselves.
--
-- Only adds. Beside the previous release, which knows none: there, everybody who reaches the record sees them. Whoever means to keep
-- something private waits until no server of the release before is left.

set local role carekeep_owner;
set local search_path = care;

alter table record
    add column private_to uuid,
    add constraint record_is_private_to_a_member
        foreign key (organization_id, private_to) references membership (organization_id, account_id),
    add constraint private_record_is_of_a_kind_for_that check (
        private_to is null or kind not in (
            'Patient', 'Appointment', 'AppointmentResponse', 'Medication', 'MedicationAdministration', 'MedicationDispense',
            'MedicationRequest', 'MedicationStatement', 'Provenance', 'AuditEvent')),
    add constraint private_record_is_about_one check (private_to is null or not is_about_several);
comment on column record.private_to is 'The account of whoever it is about, who keeps it to themselves; null for what is not private.';
alter table version add column private_to uuid;
comment on column version.private_to is 'As it was of the record.';
alter table entry add column private_to uuid;
comment on column entry.private_to is
    'Whose private entry it was done to: nobody else is shown that; null for everything else.';
