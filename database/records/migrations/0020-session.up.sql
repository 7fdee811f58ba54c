-- Sessions as people see them: on which device, and how long for whom.
--
-- Beside the previous release: it begins sessions that name no device, and knows no limits but those it asks for.

set local role carekeep_owner;
set local search_path = care;

alter table session
    add column sealed_device bytea,
    add constraint session_device_is_short check (octet_length(sealed_device) <= 1024);
comment on column session.sealed_device is
    'The device in words ("Firefox on Android"), sealed under the installation''s key for this session.';

create table session_limit (
    profile text     not null,
    role    text     not null,
    used_as text     not null,
    idle    interval not null,
    lasting interval not null,

    primary key (profile, role, used_as),
    constraint session_limit_is_for_pages_or_the_api check (used_as in ('page', 'api')),
    constraint session_limit_is_positive check (idle > interval '0' and lasting >= idle and lasting <= interval '30 days')
);
comment on table session_limit is
    'How long a session of somebody of this role lives without a request, and at the latest. Of several roles the shortest counts. '
    'Rows come with the release.';
