-- Devices that somebody signed in from before, so that a letter can tell of one that was not seen yet.
--
-- Only adds. The previous release tells of none.

set local role carekeep_owner;
set local search_path = care;

create table account_device (
    organization_id uuid        not null,
    account_id      uuid        not null,
    token           bytea       not null,
    since           timestamptz not null,

    primary key (organization_id, account_id, token),
    constraint account_device_is_of_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint account_device_token_is_hashed check (octet_length(token) = 32)
);
comment on table account_device is
    'From which devices somebody has signed in by a password: a keyed hash of account, browser and network. Neither can be read from it.';
