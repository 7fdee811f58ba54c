-- Constraints whose names are no sentences: they show in refusals and in this code, and say what must be so.
select format('%s on %s', conname, conrelid::regclass)
  from pg_constraint
 where connamespace = current_schema()::regnamespace and conrelid <> 0 and contype in ('c', 'f', 'u', 'x')
   and coninhcount = 0
   and (conname !~ '^[a-z]+(_[a-z0-9]+)+$' or conname ~ '_(check|key|fkey|excl)\d*$')
