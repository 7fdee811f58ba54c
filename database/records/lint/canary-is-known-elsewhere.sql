-- Functions, policies and views that know the synthetic organisations, besides those that make, lend and count them: to whatever serves
-- people they are like any other, or what probes see says nothing.
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = current_schema()::regnamespace and p.prosrc ~* 'canar(y|ies)'
   and p.proname not in ('adopt_canary', 'canaries', 'recall_canaries')
union all
select format('%s on %s', p.polname, p.polrelid::regclass)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
 where concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)) ~* 'canar(y|ies)'
union all
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('v', 'm') and pg_get_viewdef(c.oid) ~* 'canar(y|ies)'
