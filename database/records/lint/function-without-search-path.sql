-- Functions that do not fix their search path, or let temporary objects come before others. One that runs as its caller, and
-- that its owner alone may call, is on the path of the owner's functions, which fix theirs.
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = current_schema()::regnamespace
   and not exists (
       select from unnest(p.proconfig) setting
        where setting ~ '^search_path=' and setting ~ ', ?pg_temp$' and setting !~ '\mpublic\M|\$user')
   and not (not p.prosecdef and not exists (
       select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee <> p.proowner))
