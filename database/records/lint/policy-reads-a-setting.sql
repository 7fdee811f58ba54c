-- Policies that read a setting themselves: anybody can set one. The pass is what it opens.
select format('%s on %s', p.polname, p.polrelid::regclass)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
 where concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)) ~ 'current_setting'
