-- The same record without pass, entry and policies: from a copy of the table that has none.
\set n random(1, :count)
select id, patient_id, kind, version, sealed, created_at from bench.record where organization_id = :organization::uuid and tag = (select tag from bench.pick where n = :n::integer);
