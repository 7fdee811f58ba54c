-- Functions that everybody may call.
select p.oid::regprocedure::text
  from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
 where p.pronamespace = current_schema()::regnamespace and g.grantee = 0
