-- Guests: a clinician of elsewhere is asked to read one record, for a purpose, until a day, by whoever keeps it. They belong to nothing
-- else of the organisation.
--
-- Only adds. Beside the previous release: it makes no such invitations, and takes the link of one for an ordinary one: who uses it there
-- belongs as a guest, and reaches nobody.

alter table care.membership
    drop constraint membership_has_known_roles,
    add constraint membership_has_known_roles check (
        roles <@ array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer', 'guest']);

set local role carekeep_owner;
set local search_path = care;

-- An organisation that calls a role of its own so keeps it by another name.
alter table role no force row level security;
update role r set name = 'guest-' || substr(md5(r.id::text), 1, 8) where r.name = 'guest';
alter table role force row level security;
alter table role
    drop constraint role_is_not_called_like_a_built_in_one,
    add constraint role_is_not_called_like_a_built_in_one check (
        replace(name, ' ', '-') <> all (array[
            'owner', 'admin', 'member', 'caregiver', 'patient', 'teen', 'clinician', 'staff', 'researcher',
            'data-governance-officer', 'principal-investigator', 'safety-monitor', 'auditor', 'privacy-officer', 'guest']));

alter table invitation
    add column purpose text,
    alter column basis drop not null,
    drop constraint invitation_is_to_be_a_carer,
    add constraint invitation_is_of_a_known_kind check (kind in ('guardian', 'carer', 'carer-reading', 'self', 'share')),
    drop constraint invitation_to_ones_own_is_on_that_basis,
    add constraint invitation_to_ones_own_is_on_that_basis
        check ((kind = 'self') = (basis is not distinct from 'own-record')),
    add constraint invitation_has_a_known_purpose check (purpose in ('care', 'treatment', 'second-opinion')),
    add constraint invitation_to_a_guest_says_what_for check ((kind = 'share') = (purpose is not null)),
    add constraint invitation_to_a_carer_says_by_what_right check ((kind = 'share') = (basis is null)),
    add constraint invitation_to_a_guest_has_an_end check (kind <> 'share' or reach_until is not null);
comment on table invitation is
    'That somebody is asked to be a carer of a patient, or as a guest to read their record: as what, for which kinds of record, on what '
    'basis or for what purpose, until when. The link that accepts it stands in `link`; what its page says of names is sealed. (ROL-1, ROL-3)';
