-- The way back. What organisations set of sessions stays where it is and is not looked at.

set local role carekeep_owner;
set local search_path = care;

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
