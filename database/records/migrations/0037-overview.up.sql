-- Overviews: how many people an organisation keeps records of, in numbers too large to be anybody.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table overview (
    organization_id uuid        not null,
    id              uuid        not null,
    opening_id      uuid        not null,
    account_id      uuid        not null,
    taken_at        timestamptz not null,
    smallest        integer     not null,

    primary key (organization_id, id),
    constraint overview_is_of_an_organization foreign key (organization_id) references organization,
    constraint overview_is_taken_by_a_member
        foreign key (organization_id, account_id) references membership (organization_id, account_id),
    constraint overview_hides_what_is_below_five check (smallest >= 5)
);
comment on table overview is
    'That an overview was taken: by whom, when, under which entry of the trail, and below which number it shows none. (ROL-4)';
create index overview_by_time on overview (organization_id, taken_at);

create table overview_cell (
    organization_id uuid    not null,
    overview_id     uuid    not null,
    subject         text    not null,
    line            text    not null,
    heading        text    not null,
    position        integer not null,
    shown           integer,

    primary key (organization_id, overview_id, subject, line, heading),
    constraint overview_cell_is_of_an_overview
        foreign key (organization_id, overview_id) references overview (organization_id, id),
    constraint overview_cell_shows_no_exact_number check (shown >= 5 and shown % 5 = 0)
);
comment on table overview_cell is
    'A number of an overview, rounded to fives; none where it is withheld. The number as it was counted is kept nowhere.';
