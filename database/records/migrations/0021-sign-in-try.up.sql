-- How often signing in was tried in vain: from which network to which account, so that guessing slows down and nobody is locked out.
--
-- Only adds. The previous release counts nothing.

set local role carekeep_owner;
set local search_path = care;

create table sign_in_try (
    key      bytea       not null,
    failures integer     not null,
    last_at  timestamptz not null,

    primary key (key),
    constraint sign_in_try_key_is_hashed check (octet_length(key) = 32),
    constraint sign_in_try_counts_failures check (failures >= 0)
);
comment on table sign_in_try is
    'Tries to sign in that came to nothing, by a keyed hash of account and network, account and known device, network, or account. '
    'Neither an address nor an account can be read from it.';
create index sign_in_try_by_age on sign_in_try (last_at);
