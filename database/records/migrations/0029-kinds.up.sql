-- Kinds of record: somebody may be let in to some kinds of entry of a record, and to no others.
--
-- Only adds. Beside the previous release: it gives whole records alone, which nothing here stands for.

set local role carekeep_owner;
set local search_path = care;

alter table reach
    add column kinds text[],
    add constraint reach_to_some_kinds_shows_who_it_is check (kinds is null or 'Patient' = any (kinds)),
    add constraint reach_names_few_kinds check (cardinality(kinds) <= 150),
    add constraint reach_of_whoever_keeps_it_is_whole check (kinds is null or kind not in ('guardian', 'self'));
comment on column reach.kinds is
    'The kinds of record (FHIR types) that may be seen, who it is about among them; null for the whole record.';

alter table pass add column kinds text[];
comment on column pass.kinds is 'The kinds of record that it opens; null for all.';
