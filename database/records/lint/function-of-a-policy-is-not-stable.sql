-- Functions that policies call and that are not STABLE: an IMMUTABLE one is worked out once for a plan that others use.
select distinct p.oid::regprocedure::text
  from pg_depend d
  join pg_proc p on p.oid = d.refobjid
 where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass
   and p.pronamespace = current_schema()::regnamespace and p.provolatile <> 's'
