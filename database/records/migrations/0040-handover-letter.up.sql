-- Growing up: of which handover a family was told by mail.
--
-- Only adds. The previous release tells nobody.

set local role carekeep_owner;
set local search_path = care;

alter table growing_up add column told_of timestamptz;
comment on column growing_up.told_of is 'The handover that the family was told of by mail, as it was in hands_over_at; null for none.';
