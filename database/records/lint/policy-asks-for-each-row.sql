-- Policies that call a function of the pass for each row instead of once, as (select …).
-- acting_on and acting_maker_of depend on the row.
select format('%s on %s', p.polname, p.polrelid::regclass)
  from pg_policy p
  join pg_class c on c.oid = p.polrelid and c.relnamespace = current_schema()::regnamespace
 where regexp_replace(
           concat(pg_get_expr(p.polqual, p.polrelid), ' ', pg_get_expr(p.polwithcheck, p.polrelid)),
           'SELECT (\w+\.)?acting_\w+\(', '', 'g')
       ~ 'acting_(?!(on|maker_of)\()\w+\('
