-- Tables that do not say what they hold.
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
   and obj_description(c.oid, 'pg_class') is null
