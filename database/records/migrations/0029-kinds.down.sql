-- The way back. The release before lets in to whole records alone: whoever is let in to some kinds would get all of it, so they are
-- let out. Those who keep the record share anew.

alter table care.reach no force row level security;
update care.reach set withdrawn_at = greatest(clock_timestamp(), since) where kinds is not null and withdrawn_at is null;
alter table care.reach force row level security;
alter table care.pass no force row level security;
delete from care.pass;
alter table care.pass force row level security;
alter table care.pass drop column kinds;
alter table care.reach
    drop constraint reach_of_whoever_keeps_it_is_whole,
    drop constraint reach_names_few_kinds,
    drop constraint reach_to_some_kinds_shows_who_it_is,
    drop column kinds;
