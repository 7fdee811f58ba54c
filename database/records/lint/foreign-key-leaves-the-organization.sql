-- Foreign keys that do not begin with the organisation on both sides: they would take, and tell of, another one's row.
-- Those listed lead to accounts, which belong to the installation, or are of tables of the installation.
select format('%s on %s', k.conname, k.conrelid::regclass)
  from pg_constraint k
  join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
 where k.connamespace = current_schema()::regnamespace and k.contype = 'f'
   and (a.attname, b.attname) <> ('organization_id', 'organization_id')
   and k.conname not in (
       'membership_is_of_an_account', 'letter_is_to_an_account', 'address_change_is_of_an_account', 'office_is_of_an_account', 'attestation_is_by_an_account',
       'attestation_follows_one_of_its_promise', 'attestation_review_is_of_an_attestation',
       'attestation_review_is_by_an_account', 'attestation_withdrawal_is_of_an_attestation',
       'attestation_withdrawal_is_by_an_account', 'vulnerability_act_is_on_a_report',
       'second_factor_is_of_an_account', 'second_factor_offer_is_to_an_account', 'recovery_code_is_of_an_account',
       'identity_is_of_an_account')
