-- Promises that are checked: what probes saw, and the two synthetic organisations that they see it in.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table canary (
    organization_id uuid        not null,
    since           timestamptz not null default clock_timestamp(),

    primary key (organization_id),
    constraint canary_is_an_organization foreign key (organization_id) references organization
);
comment on table canary is
    'The synthetic organisations that probes work in. Nobody belongs to them; they count in no statistics.';

create table probe_result (
    id       uuid        not null default gen_random_uuid(),
    run_id   uuid        not null,
    probe    text        not null,
    class    text        not null,
    outcome  text        not null,
    seen     text        not null,
    details  text[]      not null default '{}',
    release  text        not null,
    took_ms  integer     not null,
    at       timestamptz not null,
    until    timestamptz not null,

    primary key (id),
    constraint probe_result_is_of_a_named_probe check (probe ~ '^[a-z]+(-[a-z]+)*$' and length(probe) <= 40),
    constraint probe_result_has_a_known_class check (class in ('live', 'twin', 'release')),
    constraint probe_result_has_a_known_outcome check (outcome in ('begun', 'kept', 'falls short', 'broken', 'not tried')),
    constraint probe_result_is_short
        check (octet_length(seen) <= 2000 and cardinality(details) <= 100 and octet_length(release) <= 100),
    constraint probe_result_expires check (until > at and until <= at + interval '400 days')
);
comment on table probe_result is
    'What probes tried and saw. Belongs to the installation; holds no health data: probes meet synthetic people alone.';
create index probe_result_by_probe on probe_result (probe, at);
