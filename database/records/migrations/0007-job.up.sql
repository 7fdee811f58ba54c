-- Jobs: work to be done later, again and again, or outside, that a crash must not lose. A queue in the store, so that what a
-- transaction asks for is asked for if, and only if, that transaction commits.
--
-- Only adds. The previous release sweeps by itself and takes no job.

set local role carekeep_owner;
set local search_path = care;

create table job_kind (
    name                  text    not null,
    power                 text,
    period_seconds        integer,
    lease_seconds         integer not null,
    attempts              integer not null,
    pause_seconds         integer not null,
    longest_pause_seconds integer not null,

    primary key (name),
    constraint job_kind_is_asked_for_or_periodic check ((power is null) <> (period_seconds is null)),
    constraint job_kind_has_numbers_above_zero check (
        period_seconds > 0 and lease_seconds > 0 and attempts > 0 and pause_seconds > 0
        and longest_pause_seconds >= pause_seconds)
);
comment on table job_kind is
    'What kinds of jobs there are: by which power of a pass one is asked for, or after how long it is due again; how long it is held, '
    'how often it is tried, and the first and longest pause after a failure. Rows come with the release.';

create table job (
    organization_id uuid        not null,
    id              uuid        not null default gen_random_uuid(),
    kind            text        not null,
    key             uuid        not null,
    account_id      uuid,
    opening_id      uuid,
    patient_id      uuid,
    about_id        uuid,
    state           text        not null default 'waiting',
    enqueued_at     timestamptz not null,
    run_at          timestamptz not null,
    leased_until    timestamptz,
    fence           bigint      not null default 0,
    attempts        integer     not null default 0,
    last_error      text,
    failed_at       timestamptz,
    done_at         timestamptz,

    primary key (organization_id, id),
    constraint job_is_asked_for_once unique (organization_id, kind, key),
    constraint job_has_a_known_state check (state in ('waiting', 'done', 'dead')),
    constraint job_is_held_only_while_it_waits check (leased_until is null or state = 'waiting'),
    constraint job_error_is_a_code check (last_error ~ '^[A-Za-z0-9_.]{1,60}$')
);
comment on table job is
    'Work that somebody or the calendar asked for: whose, about whom by id, when it is due, who holds it until when by which fence. '
    'No content and no free text. The nil organisation has what belongs to the installation.';
create index job_by_run_at on job (run_at) where state <> 'done';
