-- Permissive policies that let a role that signs in see or write every row.
select format('%s on %s to %s', p.polname, p.polrelid::regclass, r.rolname)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
  join pg_roles r on r.oid = any (p.polroles) and r.rolcanlogin
 where p.polpermissive
   and (pg_get_expr(p.polqual, p.polrelid) = 'true' or pg_get_expr(p.polwithcheck, p.polrelid) = 'true')
