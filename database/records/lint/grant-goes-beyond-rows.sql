-- TRUNCATE, REFERENCES and TRIGGER granted: row security knows nothing of them.
select format('%s on %s to %s', g.privilege_type, c.oid::regclass,
              case g.grantee when 0 then 'public' else g.grantee::regrole::text end)
  from pg_class c
  cross join lateral (
      select * from aclexplode(c.relacl)
      union all
      select x.* from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = c.oid
  ) g
 where c.relnamespace = current_schema()::regnamespace and g.grantee <> c.relowner
   and g.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER')
