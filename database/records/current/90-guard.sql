-- The guard: while policies, grants, FORCE or functions differ from the release's, the gate refuses every pass. (ISO-3)

alter table care.guard enable row level security;
alter table care.guard force row level security;
revoke all on care.guard from carekeep_server, carekeep_keykeeper;
grant select, update (expected, seen, inspected_at) on care.guard to carekeep_gate;
create policy guard_read_by_the_gate on care.guard for select to carekeep_gate using (true);
create policy guard_kept_by_the_gate on care.guard for update to carekeep_gate using (true) with check (true);

-- One line for each thing that isolation rests on. Months of the trail are one thing: a month that differs is another line.
create function care.security_lines() returns setof text
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    with relation as (
        select c.*, regexp_replace(c.relname, '^entry_\d{6}', 'entry_MONTH') as known_as
          from pg_class c
         where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    ),
    line as (
        select format('relation %s kind=%s rls=%s force=%s owner=%s',
                      known_as, relkind, relrowsecurity, relforcerowsecurity, relowner::regrole) as text from relation
        union all
        select format('grant %s %s to %s by %s grantable=%s', r.known_as, g.privilege_type,
                      case g.grantee when 0 then 'public' else g.grantee::regrole::text end, g.grantor::regrole, g.is_grantable)
          from relation r, aclexplode(coalesce(r.relacl, acldefault('r', r.relowner))) g
        union all
        select format('grant %s.%s %s to %s', r.known_as, a.attname, g.privilege_type,
                      case g.grantee when 0 then 'public' else g.grantee::regrole::text end)
          from relation r join pg_attribute a on a.attrelid = r.oid and a.attacl is not null, aclexplode(a.attacl) g
        union all
        select format('policies of %s: %s', r.known_as, (
                   select string_agg(format('%s permissive=%s for %s to %s using %s check %s', p.polname, p.polpermissive,
                              p.polcmd, (select string_agg(case x when 0 then 'public' else x::regrole::text end, ',' order by 1)
                                           from unnest(p.polroles) x),
                              coalesce(pg_get_expr(p.polqual, p.polrelid), '-'),
                              coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '-')), ' | ' order by p.polname)
                     from pg_policy p where p.polrelid = r.oid))
          from relation r
        union all
        select format('constraint %s on %s: %s', regexp_replace(k.conname, '^entry_\d{6}', 'entry_MONTH'), r.known_as,
                      pg_get_constraintdef(k.oid))
          from relation r join pg_constraint k on k.conrelid = r.oid and k.contype in ('f', 'u', 'p', 'c', 'x')
         where not r.relispartition
        union all
        select format('trigger %s on %s: %s enabled=%s', t.tgname, r.known_as, pg_get_triggerdef(t.oid), t.tgenabled)
          from relation r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
        union all
        -- Rules; those of views are what the views show.
        select format('rule %s on %s: %s enabled=%s', w.rulename, r.known_as, pg_get_ruledef(w.oid), w.ev_enabled)
          from relation r join pg_rewrite w on w.ev_class = r.oid
        union all
        select format('publication %s of %s', u.pubname, r.known_as)
          from relation r, pg_publication u
         where u.puballtables
            or exists (select from pg_publication_rel x where x.prpubid = u.oid and x.prrelid = r.oid)
            or exists (select from pg_publication_namespace x where x.pnpubid = u.oid and x.pnnspid = 'care'::regnamespace)
        union all
        select format('event trigger %s on %s calls %s enabled=%s', v.evtname, v.evtevent, v.evtfoid::regprocedure, v.evtenabled)
          from pg_event_trigger v join pg_proc p on p.oid = v.evtfoid where p.pronamespace = 'care'::regnamespace
        union all
        select format('function %s owner=%s acl=%s body=%s', p.oid::regprocedure, p.proowner::regrole, (
                   select string_agg(format('%s:%s', case g.grantee when 0 then 'public' else g.grantee::regrole::text end,
                              g.privilege_type), ',' order by g.grantee::regrole::text, g.privilege_type)
                     from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g),
                   encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex'))
          from pg_proc p where p.pronamespace = 'care'::regnamespace and p.prokind in ('f', 'p')
        union all
        select format('%s %s', case p.prokind when 'a' then 'aggregate' else 'window function' end, p.oid::regprocedure)
          from pg_proc p where p.pronamespace = 'care'::regnamespace and p.prokind not in ('f', 'p')
        union all
        select format('index %s: %s', i.indexrelid::regclass, pg_get_indexdef(i.indexrelid))
          from pg_index i join pg_class c on c.oid = i.indexrelid
         where c.relnamespace = 'care'::regnamespace and i.indisunique and not c.relispartition
        union all
        select format('schema care owner=%s %s to %s', n.nspowner::regrole, g.privilege_type,
                      case g.grantee when 0 then 'public' else g.grantee::regrole::text end)
          from pg_namespace n, aclexplode(n.nspacl) g where n.nspname = 'care'
        union all
        select format('role %s super=%s bypassrls=%s login=%s createrole=%s createdb=%s replication=%s member of %s, '
                      'members %s',
                      r.rolname, r.rolsuper, r.rolbypassrls, r.rolcanlogin, r.rolcreaterole, r.rolcreatedb, r.rolreplication,
                      (select string_agg(m.roleid::regrole::text, ',' order by m.roleid::regrole::text)
                         from pg_auth_members m where m.member = r.oid),
                      (select string_agg(m.member::regrole::text, ',' order by m.member::regrole::text)
                         from pg_auth_members m where m.roleid = r.oid))
          from pg_roles r where r.rolname in ('carekeep_owner', 'carekeep_gate', 'carekeep_server', 'carekeep_keykeeper')
    )
    select distinct text from line
$$;

create function care.fingerprint() returns bytea
    language sql stable security definer set search_path = care, pg_catalog, pg_temp
as $$
    select sha256(convert_to(string_agg(text, E'\n' order by text collate "C"), 'UTF8')) from (
        select text from care.security_lines() text
        union all
        select 'act ' || a::text from care.act a
        union all
        select 'job kind ' || k::text from care.job_kind k
        union all
        select 'role ' || b::text from care.built_in_role b
        union all
        select 'setting ' || s::text from care.setting s
        union all
        select 'permission ' || p::text from care.permission p
        union all
        select 'age rule ' || r::text from care.age_rule r
    ) everything
$$;

-- Looks again. True while everything is as released.
create function care.inspect() returns boolean
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
declare
    intact boolean;
begin
    update care.guard set seen = care.fingerprint(), inspected_at = clock_timestamp()
    returning seen is not distinct from expected into intact;
    return intact;
end
$$;

-- Called by the migrator when it has applied this folder: what is there now is what the release means.
create function care.adopt_fingerprint() returns void
    language plpgsql volatile security definer set search_path = care, pg_temp
as $$
begin
    update care.guard set expected = care.fingerprint(), seen = care.fingerprint(), inspected_at = clock_timestamp();
end
$$;

create function care.inspect_after_ddl() returns event_trigger
    language plpgsql security definer set search_path = care, pg_temp
as $$
begin
    perform care.inspect();
end
$$;

alter function care.security_lines() owner to carekeep_gate;
alter function care.fingerprint() owner to carekeep_gate;
alter function care.inspect() owner to carekeep_gate;
alter function care.adopt_fingerprint() owner to carekeep_gate;
alter function care.inspect_after_ddl() owner to carekeep_gate;
revoke all on function care.security_lines(), care.fingerprint(), care.inspect(), care.adopt_fingerprint(),
    care.inspect_after_ddl() from public;
grant execute on function care.inspect() to carekeep_server;

select care.add_months();

-- Looking again at once after each change of the catalogue needs a superuser to set up; without one the server's own look
-- every 30 seconds remains.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to carekeep_server, carekeep_keykeeper', current_database());
    if (select rolsuper from pg_roles where rolname = current_user) then
        execute 'drop event trigger if exists carekeep_guard';
        execute 'create event trigger carekeep_guard on ddl_command_end execute function care.inspect_after_ddl()';
    end if;
end
$$;
