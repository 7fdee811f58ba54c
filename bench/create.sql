-- What the server sends to answer POST /fhir/Observation for a patient it knows.
\set a random(1, 9223372036854775806)
\set b random(1, 9223372036854775806)
\startpipeline
select outcome, context, patients, records, roles from care.open_pass(:organization::uuid, decode(:secret, 'hex'), int8send(:a::bigint) || int8send(:b::bigint), 'api', 'record.create', array[decode(:patient_tag, 'hex')], array[]::uuid[], 'care', 2026, sha256(int8send(:a::bigint)), (select note from bench.sample));
\endpipeline
\startpipeline
select set_config('care.pass', 'v1.' || encode(int8send(:a::bigint) || int8send(:b::bigint), 'hex'), true);
insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several, private_to) select :organization::uuid, encode(int8send(:a::bigint) || int8send(:b::bigint), 'hex')::uuid, :patient::uuid, 'Observation', 1, substr(sha256(int8send(:b::bigint) || int8send(:a::bigint)), 1, 16), s.sealed, s.card, false, null from bench.sample s;
insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff) select :organization::uuid, (select care.acting_opening()), encode(int8send(:a::bigint) || int8send(:b::bigint), 'hex')::uuid, :patient::uuid, 1, s.diff from bench.sample s;
select care.require_references(array[decode(:patient_tag, 'hex')]);
\endpipeline
