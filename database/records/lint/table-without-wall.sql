-- Tables that somebody who signs in may see or write some of, and that lack the restrictive policy for their organisation.
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
   and exists (
       select from pg_policy p join pg_roles r on r.oid = any (p.polroles) and r.rolcanlogin
        where p.polrelid = c.oid and p.polpermissive)
   and not exists (
       select from pg_policy p join pg_roles r on r.oid = any (p.polroles) and r.rolcanlogin
        where p.polrelid = c.oid and not p.polpermissive and p.polcmd = '*'
          and pg_get_expr(p.polqual, c.oid) ~ '^\(organization_id = ' and pg_get_expr(p.polwithcheck, c.oid) ~ '^\(organization_id = ')
