/// Everything that makes up a database but its rows: one line `kind name: definition` for each thing.
///
/// Taken from the catalogue alone, so that two databases that behave alike have the same lines, whatever their history:
/// owners and grants by name, defaults of grants written out, expressions as PostgreSQL prints them with every name
/// qualified. Left out are the database's own name, the order of columns, and the roles' passwords.
struct DriftSnapshot: Sendable {
    /// What there is. The key says what it is and what it is called: `policy care.record.seen_by_the_patient`.
    var things: [String: String]

    /// The months of which there are partitions, as their names end: `_202611`.
    var months: Set<String>

    /// Reads the catalogue of the connection's database.
    init(of connection: AdminConnection) throws {
        things = [:]
        // Otherwise the catalogue prints names without their schema.
        try connection.query("select set_config('search_path', '', false), set_config('timezone', 'UTC', false)")
        for row in try connection.query(Self.catalogue) {
            things[try row.decode(String.self, at: 0)] = try row.decode(String.self, at: 1)
        }
        months = Set(
            try connection.query(Self.partitions).map { try String($0.decode(String.self, at: 0).suffix(7)) }
        )
    }

    /// Those partitions that are named by a month; they come and go without being drift.
    private static let partitions: SQL = #"""
        select relname::text from pg_catalog.pg_class where relispartition and relname ~ '_20\d{4}$'
        """#

    private static let catalogue: SQL = #"""
        with space as (
            select oid, nspname, nspowner, nspacl from pg_namespace
             where nspname !~ '^pg_' and nspname <> 'information_schema'
        ),
        foreign_object as (
            -- Members of extensions, which stand for themselves.
            select classid, objid from pg_depend where deptype = 'e'
        ),
        relation as (
            select c.*, c.oid::regclass::text as name
              from pg_class c join space s on s.oid = c.relnamespace
             where not exists (
                 select from foreign_object f where f.classid = 'pg_class'::regclass and f.objid = c.oid)
        ),
        routine as (
            select p.*, p.oid::regprocedure::text as name
              from pg_proc p join space s on s.oid = p.pronamespace
             where not exists (
                 select from foreign_object f where f.classid = 'pg_proc'::regclass and f.objid = p.oid)
        ),
        kind (relkind, word, acl) as (
            values ('r'::"char", 'table', 'r'::"char"), ('p', 'table', 'r'), ('v', 'view', 'r'),
                   ('m', 'materialized view', 'r'), ('f', 'foreign table', 'r'), ('S', 'sequence', 's')
        ),
        acl (place, acl) as (
            select format('%s %s', k.word, r.name), coalesce(r.relacl, acldefault(k.acl, r.relowner))
              from relation r join kind k using (relkind)
            union all
            select format('column %s.%I', r.name, a.attname), a.attacl
              from relation r join pg_attribute a on a.attrelid = r.oid where a.attacl is not null
            union all
            select format('function %s', p.name), coalesce(p.proacl, acldefault('f', p.proowner)) from routine p
            union all
            select format('schema %I', nspname), coalesce(nspacl, acldefault('n', nspowner)) from space
            union all
            select format('type %s', t.oid::regtype), coalesce(t.typacl, acldefault('T', t.typowner))
              from pg_type t join space s on s.oid = t.typnamespace
             where t.typtype in ('e', 'd')
                or t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')
            union all
            select 'the database', coalesce(datacl, acldefault('d', datdba))
              from pg_database where datname = current_database()
            union all
            select format('what %s will make in %s of kind %s', defaclrole::regrole,
                          coalesce((select nspname from space where oid = defaclnamespace), 'any schema'),
                          defaclobjtype), defaclacl
              from pg_default_acl
        )
        select format('schema %I', nspname), format('owner %s', nspowner::regrole) from space
        union all
        select format('%s %s', k.word, r.name),
               format('owner %s, row security %s, forced %s, persistence %s%s%s%s', r.relowner::regrole,
                      r.relrowsecurity, r.relforcerowsecurity, r.relpersistence,
                      ', partitioned by ' || pg_get_partkeydef(r.oid),
                      ', partition of ' || i.inhparent::regclass::text || ' '
                          -- Which month it is, its name says.
                          || regexp_replace(pg_get_expr(r.relpartbound, r.oid), '\d{4}-\d{2}-01', 'MONTH', 'g'),
                      ', options ' || array_to_string(r.reloptions, ' '))
          from relation r join kind k using (relkind) left join pg_inherits i on i.inhrelid = r.oid
        union all
        select format('column %s.%I', r.name, a.attname),
               concat_ws(' ', format_type(a.atttypid, a.atttypmod),
                         case when a.attnotnull then 'not null' end,
                         'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
                         'default ' || pg_get_expr(d.adbin, d.adrelid),
                         'collation ' || nullif(a.attcollation, t.typcollation)::regcollation::text)
          from relation r
          join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
          join pg_type t on t.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = r.oid and d.adnum = a.attnum
         where r.relkind in ('r', 'p', 'v', 'm', 'f', 'c')
        union all
        select format('view definition %s', r.name), pg_get_viewdef(r.oid) from relation r where r.relkind in ('v', 'm')
        union all
        select format('constraint %s.%I', r.name, k.conname),
               concat_ws(' ', pg_get_constraintdef(k.oid), case when not k.convalidated then 'not validated' end)
          from relation r join pg_constraint k on k.conrelid = r.oid
         where k.contype <> 't'
           -- Those that a partition has from its parent have names that PostgreSQL chose.
           and (k.conparentid = 0 or not r.relispartition)
        union all
        select format('index %s.%I', i.indrelid::regclass, r.relname),
               concat_ws(' ', pg_get_indexdef(r.oid), case when not i.indisvalid then 'not valid' end)
          from relation r join pg_index i on i.indexrelid = r.oid
        union all
        select format('policy %s.%I', r.name, p.polname),
               format('%s for %s to %s using (%s) with check (%s)',
                      case when p.polpermissive then 'permissive' else 'restrictive' end, p.polcmd,
                      (select string_agg(case x when 0 then 'public' else x::regrole::text end, ', ' order by x <> 0,
                                         case x when 0 then '' else x::regrole::text end)
                         from unnest(p.polroles) x),
                      coalesce(pg_get_expr(p.polqual, p.polrelid), 'nothing'),
                      coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'the same'))
          from pg_policy p join relation r on r.oid = p.polrelid
        union all
        select format('function %s', p.name),
               format(E'owner %s\n%s', p.proowner::regrole,
                      case when p.prokind in ('f', 'p', 'w') then pg_get_functiondef(p.oid) else 'an aggregate' end)
          from routine p
        union all
        select format('trigger %s.%I', r.name, t.tgname), format('%s, enabled %s', pg_get_triggerdef(t.oid), t.tgenabled)
          from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
        union all
        select format('event trigger %I', evtname),
               format('on %s runs %s, owner %s, enabled %s', evtevent, evtfoid::regprocedure, evtowner::regrole, evtenabled)
          from pg_event_trigger
        union all
        select format('rule %s.%I', r.name, w.rulename), pg_get_ruledef(w.oid)
          from pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'
        union all
        select format('sequence of values %s', r.name),
               format('%s from %s to %s by %s, cycle %s', q.seqtypid::regtype, q.seqmin, q.seqmax, q.seqincrement, q.seqcycle)
          from pg_sequence q join relation r on r.oid = q.seqrelid
        union all
        select format('type %s', t.oid::regtype),
               concat_ws(', ', format('owner %s', t.typowner::regrole),
                         (select string_agg(e.enumlabel, ' < ' order by e.enumsortorder)
                            from pg_enum e where e.enumtypid = t.oid),
                         case when t.typtype = 'd' then format_type(t.typbasetype, t.typtypmod) end,
                         (select string_agg(k.conname || ' ' || pg_get_constraintdef(k.oid), ', ' order by k.conname)
                            from pg_constraint k where k.contypid = t.oid))
          from pg_type t join space s on s.oid = t.typnamespace
         where t.typtype in ('e', 'd')
            or t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')
        union all
        select format('grant %s on %s to %s', g.privilege_type, a.place,
                      case g.grantee when 0 then 'public' else g.grantee::regrole::text end),
               case when bool_or(g.is_grantable) then 'and may grant it on' else '' end
          from acl a, aclexplode(a.acl) g group by 1
        union all
        select format('extension %I', extname), '' from pg_extension
        union all
        select format('publication %I', pubname), format('all tables %s', puballtables) from pg_publication
        union all
        select format('foreign server %I', srvname), '' from pg_foreign_server
        union all
        select format('role %I', rolname),
               format('superuser %s, bypasses row security %s, signs in %s, inherits %s, creates roles %s, databases %s, '
                      'replicates %s, connections %s, until %s',
                      rolsuper, rolbypassrls, rolcanlogin, rolinherit, rolcreaterole, rolcreatedb, rolreplication,
                      rolconnlimit, rolvaliduntil)
          from pg_roles
         where rolname like 'carekeep\_%' and rolname not like '%\_was\_' and rolname <> session_user
        union all
        select format('member %I of role %I', m.rolname, r.rolname), format('may admit others %s', a.admin_option)
          from pg_auth_members a join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid
         where (r.rolname like 'carekeep\_%' or m.rolname like 'carekeep\_%')
           and r.rolname not like '%\_was\_' and m.rolname not like '%\_was\_'
        union all
        select format('setting %s of role %I%s', split_part(entry, '=', 1), r.rolname,
                      case when s.setdatabase <> 0 then ' in this database' else '' end),
               substr(entry, strpos(entry, '=') + 1)
          from pg_db_role_setting s cross join unnest(s.setconfig) entry join pg_roles r on r.oid = s.setrole
         where r.rolname like 'carekeep\_%' and r.rolname not like '%\_was\_'
           and (s.setdatabase = 0
                or s.setdatabase = (select oid from pg_database where datname = current_database()))
        """#
}
