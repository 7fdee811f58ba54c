-- The way back. Results that the earlier release does not know stay, and it passes over them; it adds none.

alter table care.probe_result
    drop constraint probe_result_has_a_known_class,
    add constraint probe_result_has_a_known_class check (class in ('live', 'twin', 'release')) not valid,
    drop constraint probe_result_has_a_known_outcome,
    add constraint probe_result_has_a_known_outcome
        check (outcome in ('begun', 'kept', 'falls short', 'broken', 'not tried')) not valid;
