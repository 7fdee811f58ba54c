-- Functions that do not fix their search path, or let temporary objects come before others.
select p.oid::regprocedure::text
  from pg_proc p
 where p.pronamespace = current_schema()::regnamespace
   and not exists (
       select from unnest(p.proconfig) setting
        where setting ~ '^search_path=' and setting ~ ', ?pg_temp$' and setting !~ '\mpublic\M|\$user')
