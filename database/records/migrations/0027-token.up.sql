-- Tokens of programs: an access token of minutes, and a refresh token that works once.
--
-- Beside the previous release: it begins sessions for programs whose secret is good as long as the session, and knows no other.

set local role carekeep_owner;
set local search_path = care;

alter table session add column access_until timestamptz;
comment on column session.access_until is
    'Until when the secret opens anything; a refresh token then gives another one. Null: as long as the session lives.';

create table refresh_token (
    organization_id uuid        not null,
    session_id      uuid        not null,
    secret_sha256   bytea       not null,
    made_at         timestamptz not null,
    used_at         timestamptz,
    salt            bytea,
    next_sha256     bytea,

    primary key (organization_id, secret_sha256),
    constraint refresh_token_is_of_a_session
        foreign key (organization_id, session_id) references session on delete cascade,
    constraint refresh_token_secret_is_hashed check (octet_length(secret_sha256) = 32),
    constraint refresh_token_has_a_successor_once_used check (
        (used_at is null) = (salt is null) and (used_at is null) = (next_sha256 is null)),
    constraint refresh_token_salt_is_32_bytes check (octet_length(salt) = 32),
    constraint refresh_token_successor_is_hashed check (octet_length(next_sha256) = 32)
);
comment on table refresh_token is
    'Refresh tokens of a session, one after another, as hashes: the session is the family. One that was used keeps the salt from which its '
    'successor was made, so that an answer that was lost can be given again.';
create unique index refresh_token_is_one_a_session on refresh_token (organization_id, session_id) where used_at is null;
create index refresh_token_by_session on refresh_token (organization_id, session_id);

create table token_key (
    id      uuid        not null,
    sealed  bytea       not null,
    made_at timestamptz not null,

    primary key (id),
    constraint token_key_is_short check (octet_length(sealed) <= 1024)
);
comment on table token_key is
    'Keys that sign access tokens, sealed under the installation''s key. The newest signs for 30 days; each is believed for an hour longer.';
