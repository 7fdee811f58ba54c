-- Functions that claim to be leakproof: row security would let them see hidden rows.
select p.oid::regprocedure::text from pg_proc p where p.pronamespace = current_schema()::regnamespace and p.proleakproof
