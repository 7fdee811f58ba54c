-- Tables without row security, or whose owner it does not bind; months of the trail like the others.
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
   and not (c.relrowsecurity and c.relforcerowsecurity)
