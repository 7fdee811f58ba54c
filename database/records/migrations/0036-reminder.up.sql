-- Reminders by mail to stewards: which were told of what already.
--
-- Only adds. The previous release reminds on its pages alone.

set local role carekeep_owner;
set local search_path = care;

create table reminder (
    kind     text        not null,
    about_id uuid        not null,
    told_at  timestamptz not null,

    primary key (kind, about_id),
    constraint reminder_is_of_a_known_kind check (
        kind in ('attestation-ends', 'review-waits', 'weakness-reported', 'weakness-unread', 'weakness-unanswered'))
);
comment on table reminder is
    'What stewards of the installation were told of by mail, once each: by its kind and the id of the attestation or report.';
