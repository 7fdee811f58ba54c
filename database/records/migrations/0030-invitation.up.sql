-- Invitations: a second carer is let in to one patient's record, on what basis, to see and do what, until when. They see it before
-- they accept it.
--
-- Only adds. Beside the previous release: it makes no invitations, and knows none of the new ways of reaching, so that they open
-- nothing there. It takes a link of an invitation for an ordinary one: who uses it there belongs, and reaches nobody.

set local role carekeep_owner;
set local search_path = care;

alter table reach
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind
        check (kind in ('guardian', 'self', 'share', 'care-team', 'assignment', 'break-glass', 'break-glass-write', 'carer',
                        'carer-reading')),
    add column basis text,
    add constraint reach_has_a_known_basis
        check (basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out'));
comment on column reach.basis is 'By what right a carer is one, as whoever invited them said; null where nobody did.';

create table invitation (
    organization_id uuid        not null,
    id              uuid        not null,
    link_sha256     bytea       not null,
    patient_id      uuid        not null,
    invited_by      uuid        not null,
    account_id      uuid        not null,
    kind            text        not null,
    kinds           text[],
    basis           text        not null,
    reach_until     timestamptz,
    sealed          bytea       not null,
    made_at         timestamptz not null,
    until           timestamptz not null,
    outcome         text,
    settled_at      timestamptz,

    primary key (organization_id, id),
    constraint invitation_has_a_link_of_its_own unique (organization_id, link_sha256),
    constraint invitation_is_to_a_patient
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint invitation_is_by_a_member
        foreign key (organization_id, invited_by) references membership (organization_id, account_id),
    constraint invitation_is_for_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint invitation_is_to_be_a_carer check (kind in ('guardian', 'carer', 'carer-reading')),
    constraint invitation_to_some_kinds_shows_who_it_is check (kinds is null or 'Patient' = any (kinds)),
    constraint invitation_names_few_kinds check (cardinality(kinds) <= 150),
    constraint invitation_to_keep_it_is_whole check (kinds is null or kind <> 'guardian'),
    constraint invitation_has_a_known_basis
        check (basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out')),
    constraint invitation_comes_to_a_known_end check (outcome in ('accepted', 'declined', 'withdrawn')),
    constraint invitation_ends_at_a_time check ((outcome is null) = (settled_at is null))
);
comment on table invitation is
    'That somebody is asked to be a carer of a patient: as what, for which kinds of record, on what basis, until when. The link that '
    'accepts it stands in `link`; what its page says of names is sealed. (ROL-1)';
create index invitation_by_patient on invitation (organization_id, patient_id);
