-- Checks of the machine under the installation: their class, and a result for a machine that does not tell.
--
-- Beside the previous release: it adds and reads what it knows, and passes over the others.

set local role carekeep_owner;
set local search_path = care;

alter table probe_result
    drop constraint probe_result_has_a_known_class,
    add constraint probe_result_has_a_known_class check (class in ('live', 'twin', 'host', 'release')),
    drop constraint probe_result_has_a_known_outcome,
    add constraint probe_result_has_a_known_outcome
        check (outcome in ('begun', 'kept', 'falls short', 'broken', 'not tried', 'cannot be told'));
