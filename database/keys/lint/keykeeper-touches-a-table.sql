-- Privileges on tables or their columns of a role that signs in: it has functions and nothing else.
select format('%s on %s to %s', g.privilege_type, c.oid::regclass, r.rolname)
  from pg_class c
  cross join lateral (
      select * from aclexplode(c.relacl)
      union all
      select x.* from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = c.oid
  ) g
  join pg_roles r on r.oid = g.grantee and r.rolcanlogin and not r.rolsuper
 where c.relnamespace = current_schema()::regnamespace
