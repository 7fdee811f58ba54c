-- Foreign keys that do not begin with the organisation on both sides: they would take, and tell of, another one's row.
-- membership_is_of_an_account: accounts belong to the installation.
select format('%s on %s', k.conname, k.conrelid::regclass)
  from pg_constraint k
  join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
  join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
 where k.connamespace = current_schema()::regnamespace and k.contype = 'f'
   and (a.attname, b.attname) <> ('organization_id', 'organization_id')
   and k.conname <> 'membership_is_of_an_account'
