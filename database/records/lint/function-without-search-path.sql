-- Functions that do not fix their search path, or let temporary objects come before others. Four are called at each request,
-- and are on the path of their owner's functions, which fix theirs: as long as they run as their caller, and nobody else may.
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = current_schema()::regnamespace
   and not exists (
       select from unnest(p.proconfig) setting
        where setting ~ '^search_path=' and setting ~ ', ?pg_temp$' and setting !~ '\mpublic\M|\$user')
   and not (p.proname in ('acting', 'context_of', 'needs_second_factor', 'write_entry') and not p.prosecdef and not exists (
       select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee <> p.proowner))
