-- Things that belong to other roles than the owner and the gate, and these if they can sign in or pass row security.
select format('%s belongs to %s', c.oid::regclass, c.relowner::regrole)
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relowner <> 'carekeep_owner'::regrole
   and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
union all
select format('%s belongs to %s', p.oid::regprocedure, p.proowner::regrole)
  from pg_proc p
 where p.pronamespace = current_schema()::regnamespace
   and p.proowner not in ('carekeep_owner'::regrole, 'carekeep_gate'::regrole)
union all
select format('schema %s belongs to %s', n.nspname, n.nspowner::regrole)
  from pg_namespace n where n.nspname = current_schema() and n.nspowner <> 'carekeep_owner'::regrole
union all
select format('%s can sign in, or is not bound by row security', r.rolname)
  from pg_roles r
 where r.rolname in ('carekeep_owner', 'carekeep_gate') and (r.rolcanlogin or r.rolsuper or r.rolbypassrls)
