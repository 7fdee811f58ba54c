-- Settings as data: what a release sets for each kind of organisation, from what source; and what an organisation set otherwise.
-- Counts of whom somebody was shown in a day, and notices to those who run an organisation.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table setting (
    profile    text    not null,
    name       text    not null,
    kind       text    not null,
    value      text    not null,
    floor      text,
    ceiling    text,
    is_obeyed  boolean not null,
    source     text    not null,
    checked_on date    not null,

    primary key (profile, name),
    constraint setting_is_of_a_known_profile check (profile in ('family', 'clinic', 'operations')),
    constraint setting_is_of_a_known_kind check (kind in ('count', 'minutes', 'hours', 'days', 'years', 'roles', 'text'))
);
comment on table setting is
    'What each kind of organisation begins with, between which bounds it may set it otherwise, from what source, and when that was '
    'last looked at. Rows come with the release. What is not obeyed yet is kept for what will be built.';

create table organization_setting (
    organization_id uuid        not null,
    name            text        not null,
    value           text        not null,
    changed_at      timestamptz not null,

    primary key (organization_id, name),
    constraint organization_setting_is_of_an_organization foreign key (organization_id) references organization,
    constraint organization_setting_is_short check (char_length(value) <= 200)
);
comment on table organization_setting is 'What an organisation set otherwise than its kind begins with.';

create unlogged table disclosed (
    organization_id uuid not null,
    account_id      uuid not null,
    day             date not null,
    patient_id      uuid not null,

    primary key (organization_id, account_id, day, patient_id)
);
comment on table disclosed is
    'Whom lists, searches and exports showed to somebody today, to be counted. Unlogged: a crash begins the count anew.';

create table notice (
    organization_id uuid        not null,
    id              uuid        not null,
    at              timestamptz not null,
    day             date        not null,
    kind            text        not null,
    account_id      uuid        not null,

    primary key (organization_id, id),
    constraint notice_is_of_an_organization foreign key (organization_id) references organization,
    constraint notice_is_about_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint notice_is_of_a_known_kind check (kind in ('disclosure-limit')),
    constraint notice_comes_once_a_day unique (organization_id, account_id, kind, day)
);
comment on table notice is
    'What those who run an organisation are told: that somebody went beyond the limit of whom they may be shown in a day.';
