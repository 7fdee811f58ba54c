-- Tables without an organisation. Those listed belong to the installation and hold no health data.
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
   and c.relname not in (
       'account', 'act', 'address_change', 'age_rule', 'attestation', 'attestation_review', 'attestation_withdrawal', 'built_in_role', 'guard', 'job_kind',
       'migration', 'office', 'permission', 'probe_result', 'recovery_code', 'reminder', 'second_factor',
       'second_factor_offer', 'setting', 'sign_in_try', 'spending', 'token_key', 'vulnerability', 'vulnerability_act')
   and not exists (
       select from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'organization_id' and a.attnotnull and a.atttypid = 'uuid'::regtype)
