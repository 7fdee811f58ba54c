-- What changes at which age, by country: as data, with where it is from and when that was last looked at.
--
-- Only adds.

set local role carekeep_owner;
set local search_path = care;

create table age_rule (
    country    text    not null,
    age        integer not null,
    words      text    not null,
    source     text    not null,
    checked_on date    not null,

    primary key (country, age),
    constraint age_rule_is_of_a_country_or_all check (country ~ '^([A-Z]{2}|[*])$'),
    constraint age_rule_is_of_a_childs_age check (age between 1 and 30)
);
comment on table age_rule is
    'What changes at which birthday, by country; * is for every country that has no row of that age. Rows come with the release.';
