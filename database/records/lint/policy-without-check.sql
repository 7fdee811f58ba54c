-- Policies for writing that do not say what may be written.
select format('%s on %s', p.polname, p.polrelid::regclass)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
 where p.polcmd in ('a', 'w', '*') and p.polwithcheck is null
