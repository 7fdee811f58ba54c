-- Publications that carry tables away, past row security.
select format('%s of %s', u.pubname, t.tablename)
  from pg_publication u
  join pg_publication_tables t on t.pubname = u.pubname
 where t.schemaname = current_schema()
