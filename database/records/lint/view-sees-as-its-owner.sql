-- Views that see as their owner does, and copies of rows that no policy guards.
select c.oid::regclass::text
  from pg_class c
 where c.relnamespace = current_schema()::regnamespace
   and (c.relkind in ('m', 'f')
        or c.relkind = 'v'
           and not coalesce((select option_value::boolean from pg_options_to_table(c.reloptions)
                              where option_name = 'security_invoker'), false))
