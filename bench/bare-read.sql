-- The same record without pass, entry and policies: from a copy of the table that has none.
\set n random(1, :count)
select id, patient_id, kind, version, sealed, written_at, is_deleted from bench.record where organization_id = :organization::uuid and tag = (select tag from bench.pick where n = :n::integer);
