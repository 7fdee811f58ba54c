-- What the server sends to answer GET /fhir/Observation/{id}: transaction 1 opens the pass and commits, transaction 2 uses it.
-- pgbench cannot put two Syncs into one pipeline before version 17, so these are two; the server sends one.
\set a random(1, 9223372036854775806)
\set b random(1, 9223372036854775806)
\set n random(1, :count)
\startpipeline
select outcome, context, patients, records, roles from care.open_pass(:organization::uuid, decode(:secret, 'hex'), int8send(:a::bigint) || int8send(:b::bigint), 'api', 'record.read', array[(select tag from bench.pick where n = :n::integer)], array[]::uuid[], 'care', 2026, sha256(int8send(:a::bigint)), (select note from bench.sample));
\endpipeline
\startpipeline
select set_config('care.pass', 'v1.' || encode(int8send(:a::bigint) || int8send(:b::bigint), 'hex'), true);
select id, patient_id, kind, version, sealed, written_at, is_deleted from care.record where organization_id = :organization::uuid and tag = (select tag from bench.pick where n = :n::integer);
\endpipeline
