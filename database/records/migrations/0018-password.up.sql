-- Passwords: a way back in by mail for whoever forgot theirs, and another address to sign in by.
--
-- Only adds, and lets a letter be to whoever signs in by an address. The previous release sends no such letter, and none is lost for it.

set local role carekeep_owner;
set local search_path = care;

alter table letter
    alter column account_id drop not null,
    add column sign_in_token bytea,
    add column link_sha256 bytea,
    add constraint letter_is_to_an_account_or_an_address check (account_id is not null or sign_in_token is not null),
    add constraint letter_brings_a_link_to_an_address check (
        (sign_in_token is null) = (link_sha256 is null) and octet_length(link_sha256) = 32);
comment on column letter.sign_in_token is
    'To whoever signs in by this address, if anybody does. Who that is turns out when the letter is sent, not when it is asked for.';

alter table guard add column mails_links boolean not null default false;
comment on column guard.mails_links is
    'Whether links to set a password are mailed to whoever asks for one: set as the server starts, by whether mail is configured.';

create table address_change (
    account_id     uuid        not null,
    sign_in_token  bytea       not null,
    sealed_address bytea       not null,
    secret_sha256  bytea       not null,
    until          timestamptz not null,

    primary key (account_id),
    constraint address_change_is_of_an_account foreign key (account_id) references account,
    constraint address_change_is_found_by_one_secret unique (secret_sha256),
    constraint address_change_secret_is_hashed check (octet_length(secret_sha256) = 32),
    constraint address_change_token_is_32_bytes check (octet_length(sign_in_token) = 32)
);
comment on table address_change is
    'Another address that somebody wants to sign in by, until the link that was mailed to it is followed. One an account: the last one.';
