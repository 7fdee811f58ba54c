-- Rate limits: how much was asked for in the minutes at hand, by addresses, people and organisations, on all servers together.
--
-- Only adds. Unlogged: a crash forgets it, and everybody begins anew.

set local role carekeep_owner;
set local search_path = care;

create unlogged table spending (
    bucket   bytea   not null,
    period   bigint  not null,
    spent    integer not null,
    until    timestamptz not null,

    primary key (bucket),
    constraint spending_bucket_is_16_bytes check (octet_length(bucket) = 16),
    constraint spending_is_counted_from_one check (spent > 0)
);
comment on table spending is
    'Requests of one kind from one address, person or organisation in one period. The bucket is a keyed hash of which; it cannot be '
    'turned back. Belongs to the installation.';
