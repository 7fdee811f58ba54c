-- Growing up: an account of one's own for whom a record is about, and the day from which those who kept it for them do so no more.
--
-- Only adds. Beside the previous release: it makes no such invitations. It takes the link of one for an ordinary one: who uses it there
-- belongs, and reaches nobody. The ends of reach that stand here are ends there, too.

set local role carekeep_owner;
set local search_path = care;

alter table age_rule
    add column opens_account boolean not null default false,
    add column hands_over    boolean not null default false;
comment on column age_rule.opens_account is 'Whether somebody may have an account of their own from this age on.';
comment on column age_rule.hands_over is 'Whether they decide from this age on who sees their record.';

alter table invitation
    drop constraint invitation_is_to_be_a_carer,
    add constraint invitation_is_to_be_a_carer check (kind in ('guardian', 'carer', 'carer-reading', 'self')),
    drop constraint invitation_to_keep_it_is_whole,
    add constraint invitation_to_keep_it_is_whole check (kinds is null or kind not in ('guardian', 'self')),
    drop constraint invitation_has_a_known_basis,
    add constraint invitation_has_a_known_basis check (
        basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out', 'own-record')),
    add constraint invitation_to_ones_own_is_on_that_basis check ((kind = 'self') = (basis = 'own-record'));
alter table reach
    drop constraint reach_has_a_known_basis,
    add constraint reach_has_a_known_basis check (
        basis in ('parental-responsibility', 'court-order', 'foster-care', 'agreement', 'helping-out', 'own-record'));

create table growing_up (
    organization_id uuid        not null,
    patient_id      uuid        not null,
    planned_by      uuid        not null,
    grown_up_at     timestamptz not null,
    hands_over_at   timestamptz,

    primary key (organization_id, patient_id),
    constraint growing_up_is_a_patients
        foreign key (organization_id, patient_id) references patient (organization_id, id),
    constraint growing_up_is_planned_by_a_member
        foreign key (organization_id, planned_by) references membership (organization_id, account_id)
);
comment on table growing_up is
    'From when on somebody decides who sees their record, where they were asked to have an account of their own. (ROL-2)';
comment on column growing_up.grown_up_at is
    'The midnight with which their birthday begins. It tells the birth date, which is sealed elsewhere.';
comment on column growing_up.hands_over_at is
    'When the reach of those who look after them ends: that midnight, or when they accepted, where that is later; null until they do.';
