-- Which transaction wrote a version, so that a search or history of several pages can be told as of its first one.
--
-- Beside the previous release: its inserts name their columns. Its trigger keeps no transaction, and so the versions that it
-- keeps meanwhile count as always there.

alter table care.record add column written_in xid8 not null default '3';
alter table care.version add column written_in xid8 not null default '3';

set local role carekeep_owner;
set local search_path = care;

alter table record alter column written_in set default pg_current_xact_id();
comment on column record.written_in is 'The transaction that wrote this version. What was there before has 3: long ago.';
