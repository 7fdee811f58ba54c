-- Indexes, unique ones above all, that do not begin with the organisation: they look past row security.
-- Those listed are of tables of the installation, found by 256 random bits, or not unique and on a table that only the gate reads.
select format('%s on %s', i.indexrelid::regclass, i.indrelid::regclass)
  from pg_index i
  join pg_class c on c.oid = i.indrelid
  left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
   and a.attname is distinct from 'organization_id'
   and (select relname from pg_class where oid = i.indexrelid) not in (
       'account_pkey', 'age_rule_pkey', 'address_change_pkey', 'address_change_is_found_by_one_secret', 'account_signs_in_by_one_address', 
       'act_pkey', 'built_in_role_pkey', 'guard_pkey', 'job_by_run_at',
       'job_kind_pkey', 'pass_pkey', 'permission_pkey', 'setting_pkey', 'migration_pkey', 'probe_result_pkey',
       'probe_result_by_probe', 'office_pkey', 'attestation_pkey', 'reminder_pkey',
       'attestation_is_known_with_its_author', 'attestation_is_known_with_its_promise', 'attestation_follows_the_last',
       'attestation_review_pkey', 'spending_pkey', 'attestation_withdrawal_pkey',
       'sign_in_try_pkey', 'token_key_pkey', 'sign_in_try_by_age', 'second_factor_pkey', 'second_factor_offer_pkey', 'recovery_code_pkey',
       'vulnerability_pkey', 'vulnerability_is_found_by_one_token', 'vulnerability_by_number', 'vulnerability_act_pkey',
       'federated_session_by_subject', 'federated_session_by_provider', 'membership_by_account', 'session_by_account', 'letter_by_account',
       'link_by_account')
