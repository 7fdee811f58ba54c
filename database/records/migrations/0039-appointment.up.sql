-- Reach by appointment: whoever an appointment names sees the patient around it. And who is who: which Practitioner of the directory is which
-- member.
--
-- Only adds. Beside the previous release: it writes appointments that let nobody in, and leaves alone whom they let in.

set local role carekeep_owner;
set local search_path = care;

create table practitioner (
    organization_id uuid        not null,
    record_id       uuid        not null,
    account_id      uuid        not null,
    since           timestamptz not null,
    until           timestamptz,

    primary key (organization_id, record_id, since),
    constraint practitioner_is_a_record
        foreign key (organization_id, record_id) references record (organization_id, id),
    constraint practitioner_is_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint practitioner_ends_after_it_begins check (until > since)
);
comment on table practitioner is
    'Which member a Practitioner or PractitionerRole of the directory is, so that appointments with them let that member in. (ROL-3)';
create unique index practitioner_is_one_member on practitioner (organization_id, record_id) where until is null;
create index practitioner_by_member on practitioner (organization_id, account_id);

alter table reach
    add column appointment_id uuid,
    drop constraint reach_has_a_known_kind,
    add constraint reach_has_a_known_kind
        check (kind in ('guardian', 'self', 'share', 'care-team', 'assignment', 'break-glass', 'break-glass-write', 'carer',
                        'carer-reading', 'appointment')),
    add constraint reach_by_appointment_says_by_which check ((kind = 'appointment') = (appointment_id is not null)),
    add constraint reach_by_appointment_has_an_end check (kind <> 'appointment' or until is not null),
    -- A month before at most, a week of it, three months after.
    add constraint reach_by_appointment_lasts_four_months_at_most
        check (kind <> 'appointment' or until <= since + interval '130 days'),
    add constraint reach_is_by_an_appointment_of_here
        foreign key (organization_id, appointment_id) references record (organization_id, id);
create index reach_by_appointment on reach (organization_id, appointment_id) where appointment_id is not null;
