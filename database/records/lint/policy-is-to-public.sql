-- Policies that apply to everybody.
select format('%s on %s', p.polname, p.polrelid::regclass)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
 where 0 = any (p.polroles)
