-- Sequences: their gaps and last values tell every organisation how much the others write.
select c.oid::regclass::text from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'S'
