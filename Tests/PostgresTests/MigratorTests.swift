import Foundation
import Testing

@testable import Postgres

/// A store for one test: a database of its own in a shared cluster, and a release in a folder of its own.
private final class Fixture {
    private static let cluster = Result { try TemporaryCluster("shared") }

    let folder = FileManager.default.temporaryDirectory.appending(component: "carekeep-release-\(UUID())")
    let conninfo: String
    private let admin: AdminConnection

    init() throws {
        let cluster = try Self.cluster.get().cluster
        let name = "store_\(UInt32.random(in: 0...UInt32.max))"
        admin = try AdminConnection(cluster.adminConninfo)
        try admin.query("create database \(#require(SQL.Identifier(name))) template template0")
        conninfo = cluster.conninfo(role: Cluster.superuser, database: name)
        for (path, text) in Self.release { try write(path, text) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ path: String, _ text: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    func migrator() throws -> Migrator {
        try Migrator(store: "test", schema: "care", folder: folder, conninfo: conninfo)
    }

    func connect() throws -> AdminConnection { try AdminConnection(conninfo) }

    private static let release = [
        "roles.sql": """
        do $$
        declare wanted text;
        begin
            foreach wanted in array array['carekeep_owner', 'carekeep_server'] loop
                if not exists (select from pg_roles where rolname = wanted) then
                    begin
                        execute format('create role %I', wanted);
                    exception when duplicate_object or unique_violation then null;
                    end;
                end if;
            end loop;
        end
        $$;
        """,
        "migrations/0001-patient.up.sql": """
        create schema care authorization carekeep_owner;
        set local role carekeep_owner;
        set local search_path = care;
        create table patient (
            organization_id uuid not null,
            id              uuid not null,
            name            text not null,
            primary key (organization_id, id),
            constraint patient_has_a_name check (name <> '')
        );
        """,
        "migrations/0001-patient.down.sql": "drop table care.patient; drop schema care;",
        "migrations/0002-entry.up.sql": """
        set local role carekeep_owner;
        create table care.entry (
            organization_id uuid not null, at timestamptz not null, primary key (organization_id, at)
        ) partition by range (at);
        create index entry_by_time on care.entry (at);
        create table care.entry_202611 partition of care.entry for values from ('2026-11-01') to ('2026-12-01');
        """,
        "migrations/0002-entry.down.sql": "drop table care.entry;",
        "current/10-patient.sql": """
        grant usage on schema care to carekeep_server;
        create function care.acting_organization() returns uuid
            language sql stable as $$ select nullif(current_setting('care.organization', true), '')::uuid $$;
        create function care.names() returns setof text
            language sql stable begin atomic select name from care.patient where care.acting_organization() is not null; end;
        create policy patient_stays on care.patient as restrictive to carekeep_server
            using (organization_id = (select care.acting_organization()));
        create policy patient_seen on care.patient for select to carekeep_server using (true);
        grant select, insert (organization_id, id, name) on care.patient to carekeep_server;
        create view care.directory with (security_invoker) as select id from care.patient;
        """,
        "current/20-entry.sql": """
        create function care.guard_entry() returns trigger language plpgsql as $$ begin return new; end $$;
        create trigger entry_is_guarded before insert on care.entry for each row execute function care.guard_entry();
        do $$
        declare part regclass;
        begin
            for part in select inhrelid from pg_inherits where inhparent = 'care.entry'::regclass loop
                execute format('create policy entry_written on %s for insert to carekeep_server with check (true)', part);
            end loop;
        end
        $$;
        """,
    ]
}

@Suite struct `A migrator` {
    private func names(_ connection: AdminConnection, _ sql: SQL) throws -> [String] {
        try connection.query(sql).map { try $0.decode(String.self, at: 0) }
    }

    @Test func `goes up, down and up again on a filled database`() throws {
        let fixture = try Fixture()
        let migrator = try fixture.migrator()
        #expect(try migrator.up() == ["0001-patient", "0002-entry"])
        let connection = try fixture.connect()
        try connection.query("insert into care.patient values (gen_random_uuid(), gen_random_uuid(), 'Ada')")
        try connection.query("insert into care.entry values (gen_random_uuid(), '2026-11-05')")
        #expect(try migrator.down() == ["0002-entry"])
        #expect(try migrator.status().isReady == false)
        #expect(try migrator.up() == ["0002-entry"])
        #expect(try migrator.status().isReady)
        #expect(try names(connection, "select name from care.patient") == ["Ada"])
        #expect(try migrator.drift() == [])
        #expect(try migrator.down(to: 0) == ["0002-entry", "0001-patient"])
        #expect(try names(connection, "select nspname::text from pg_namespace where nspname = 'care'") == [])
        #expect(try migrator.up() == ["0001-patient", "0002-entry"])
        #expect(try migrator.drift() == [])
    }

    @Test func `applied twice leaves the same catalogue`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        let once = try DriftSnapshot(of: fixture.connect()).things
        #expect(try fixture.migrator().up() == [])
        #expect(try DriftSnapshot(of: fixture.connect()).things == once)
        #expect(once.count > 40)
    }

    @Test func `stepping down leaves forced tables without policies, functions and grants`() throws {
        let fixture = try Fixture()
        let migrator = try fixture.migrator()
        try migrator.up()
        try migrator.down(to: 2)
        let connection = try fixture.connect()
        let open: SQL = """
            select relname::text from pg_class c where relnamespace = 'care'::regnamespace and relkind in ('r', 'p')
               and not (relrowsecurity and relforcerowsecurity)
            """
        #expect(try names(connection, open) == [])
        #expect(try names(connection, "select polname::text from pg_policy") == ["migration_kept_by_the_migrator"])
        #expect(
            try names(connection, "select proname::text from pg_proc where pronamespace = 'care'::regnamespace") == []
        )
        #expect(try names(connection, "select tgname::text from pg_trigger where not tgisinternal") == [])
        let things = try DriftSnapshot(of: connection).things
        #expect(things.keys.filter { $0.contains("carekeep_server") && $0.contains("care.") } == [])
        #expect(throws: MigrationError.self) { try migrator.requireReady(connection) }
        try migrator.up()
        try migrator.requireReady(connection)
    }

    @Test func `refuses an applied step that was edited, and names it`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        try fixture.write("migrations/0002-entry.up.sql", "-- something else")
        let error = #expect(throws: MigrationError.self) { try fixture.migrator().up() }
        #expect(error?.description.contains("0002-entry of the test store was edited") == true)
        #expect(throws: MigrationError.self) { try fixture.migrator().down() }
        #expect(throws: MigrationError.self) { try fixture.migrator().status() }
    }

    @Test func `refuses a database that a newer release has moved on`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        for end in ["up", "down"] {
            try FileManager.default.removeItem(
                at: fixture.folder.appending(path: "migrations/0002-entry.\(end).sql")
            )
        }
        let error = #expect(throws: MigrationError.self) { try fixture.migrator().up() }
        #expect(error?.description.contains("0002-entry") == true)
    }

    @Test func `changes nothing when a step fails, and says where`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        let before = try DriftSnapshot(of: fixture.connect()).things
        try fixture.write("migrations/0003-more.up.sql", "create table care.more (n int);\ncreate tabel care.oops ();")
        try fixture.write("migrations/0003-more.down.sql", "drop table care.more;")
        let error = #expect(throws: ScriptError.self) { try fixture.migrator().up() }
        #expect(error?.description.hasPrefix("0003-more.up.sql:2:") == true)
        #expect(try DriftSnapshot(of: fixture.connect()).things == before)
    }

    @Test(arguments: [
        ("migrations/0004-gap.up.sql", "number 3"), ("migrations/0003-lone.up.sql", "no way back"),
        ("migrations/3-odd.up.sql", "not named NNNN-noun.up.sql"), ("migrations/0009-x.down.sql", "belongs to no step"),
    ])
    func `refuses a release whose files are out of order`(file: String, complaint: String) throws {
        let fixture = try Fixture()
        try fixture.write(file, "select 1;")
        let error = #expect(throws: MigrationError.self) { try fixture.migrator() }
        #expect(error?.description.contains(complaint) == true, "\(error?.description ?? "")")
    }

    @Test func `refuses policies that leave a table unforced`() throws {
        let fixture = try Fixture()
        try fixture.write("current/90-open.sql", "alter table care.patient no force row level security;")
        let error = #expect(throws: MigrationError.self) { try fixture.migrator().up() }
        #expect(error?.description.contains("patient") == true)
    }

    @Test func `leaves a ready database alone at a server's start`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        try fixture.connect().query("drop policy patient_seen on care.patient")
        try fixture.migrator().up(evenIfReady: false)
        #expect(try fixture.migrator().drift().map(\.description) == ["missing: policy care.patient.patient_seen"])
        try fixture.write("current/30-new.sql", "create function care.fresh() returns int language sql return 1;")
        try fixture.migrator().up(evenIfReady: false)
        #expect(try fixture.migrator().drift() == [])
    }

    @Test func `does not undo a step down at a server's start`() throws {
        let fixture = try Fixture()
        try fixture.migrator().up()
        try fixture.migrator().down()
        let error = #expect(throws: MigrationError.self) { try fixture.migrator().up(evenIfReady: false) }
        #expect(error?.description.contains("carekeep migrate up") == true)
        try fixture.migrator().up()
        #expect(try fixture.migrator().up(evenIfReady: false) == [])
    }

    @Test func `has the release's fingerprint adopted once its policies stand`() throws {
        let fixture = try Fixture()
        try fixture.write(
            "current/90-guard.sql",
            """
            create function care.adopt_fingerprint() returns void language plpgsql as $$
            begin perform from pg_policy where polname = 'patient_seen'; if not found then raise 'too early'; end if;
            execute 'comment on schema care is ''adopted'''; end $$;
            """
        )
        try fixture.migrator().up()
        let comment: SQL = "select obj_description('care'::regnamespace, 'pg_namespace')"
        #expect(try names(fixture.connect(), comment) == ["adopted"])
    }

    @Test func `waits for another migrator`() async throws {
        let fixture = try Fixture()
        let migrator = try fixture.migrator()
        async let first: [String] = Task.detached { try migrator.up() }.value
        async let second: [String] = Task.detached { try migrator.up() }.value
        let both = try await [first, second]
        #expect(both.contains(["0001-patient", "0002-entry"]) && both.contains([]))
    }
}

@Suite struct `Drift` {
    @Test(
        arguments: [
            ("drop policy patient_stays on care.patient", "missing: policy care.patient.patient_stays"),
            ("create policy all_may on care.patient using (true)", "unexpected: policy care.patient.all_may"),
            (
                "alter policy patient_seen on care.patient using (false)",
                "differs: policy care.patient.patient_seen: is «permissive for r to carekeep_server using (false) with "
                    + "check (the same)», the release has «permissive for r to carekeep_server using (true) with check (the same)»"
            ),
            (
                "grant delete on care.patient to carekeep_server",
                "unexpected: grant DELETE on table care.patient to carekeep_server"
            ),
            (
                "grant update (name) on care.patient to carekeep_server",
                "unexpected: grant UPDATE on column care.patient.name to carekeep_server"
            ),
            (
                "revoke usage on schema care from carekeep_server",
                "missing: grant USAGE on schema care to carekeep_server"
            ),
            (
                """
                create or replace function care.acting_organization() returns uuid
                    language sql stable as $$ select gen_random_uuid() $$
                """,
                "differs: function care.acting_organization(): is «AS $function$ select gen_random_uuid() $function$», "
                    + "the release has «AS $function$ select nullif(current_setting('care.organization', true), '')::uuid $function$»"
            ),
            ("alter table care.patient add column note text", "unexpected: column care.patient.note"),
            (
                "alter table care.patient alter name drop not null",
                "differs: column care.patient.name: is «text», the release has «text not null»"
            ),
            (
                "alter table care.patient drop constraint patient_has_a_name",
                "missing: constraint care.patient.patient_has_a_name"
            ),
            ("create table care.stray (n int primary key)", "unexpected: table care.stray"),
            ("create table public.stray (n int)", "unexpected: table public.stray"),
            ("drop view care.directory", "missing: view care.directory"),
            ("create index by_name on care.patient (name)", "unexpected: index care.patient.by_name"),
            (
                "alter table care.entry disable trigger entry_is_guarded",
                "differs: trigger care.entry.entry_is_guarded: is «CREATE TRIGGER entry_is_guarded BEFORE INSERT ON "
                    + "care.entry FOR EACH ROW EXECUTE FUNCTION care.guard_entry(), enabled D», the release has «CREATE "
                    + "TRIGGER entry_is_guarded BEFORE INSERT ON care.entry FOR EACH ROW EXECUTE FUNCTION care.guard_entry(), enabled O»"
            ),
            (
                "alter table care.patient no force row level security",
                "differs: table care.patient: is «owner carekeep_owner, row security t, forced f, persistence p», the "
                    + "release has «owner carekeep_owner, row security t, forced t, persistence p»"
            ),
            ("create publication leak for all tables", "unexpected: publication leak"),
            ("drop policy entry_written on care.entry_202611", "missing: policy care.entry_202611.entry_written"),
        ])
    func `names exactly what a hand has changed`(edit: String, finding: String) throws {
        let fixture = try Fixture()
        let migrator = try fixture.migrator()
        try migrator.up()
        try fixture.write("edit.sql", edit)
        try fixture.connect().execute(script: SQLScript(contentsOf: fixture.folder.appending(component: "edit.sql")))
        let found = try migrator.drift().map(\.description)
        // Disabling a trigger on a partitioned table disables it on the parts as well.
        #expect(found.filter { !$0.contains("trigger care.entry_202611") } == [finding])
        try migrator.up()
        let curable = ["policy", "grant", "function", "view", "trigger"].contains {
            finding.split(separator: " ")[1] == $0
        }
        if curable { #expect(try migrator.drift() == []) }
    }

    @Test func `does not take a new month for drift, but a month that is unlike the others`() throws {
        let fixture = try Fixture()
        let migrator = try fixture.migrator()
        try migrator.up()
        let connection = try fixture.connect()
        try connection.query(
            "create table care.entry_202612 partition of care.entry for values from ('2026-12-01') to ('2027-01-01')"
        )
        for statement: SQL in [
            "alter table care.entry_202612 owner to carekeep_owner",
            "alter table care.entry_202612 enable row level security",
            "alter table care.entry_202612 force row level security",
            "create policy entry_written on care.entry_202612 for insert to carekeep_server with check (true)",
        ] { try connection.query(statement) }
        #expect(try migrator.drift() == [])
        try connection.query("create policy entry_read on care.entry_202612 for select using (true)")
        #expect(try migrator.drift().map(\.description) == ["unexpected: policy care.entry_202612.entry_read"])
    }

    @Test func `sees what roles may, in a cluster of its own, and leaves it as it is`() throws {
        let cluster = try TemporaryCluster("records")
        let fixture = try Fixture()
        let migrator = try Migrator(
            store: "records",
            schema: "care",
            folder: fixture.folder,
            conninfo: cluster.cluster.adminConninfo
        )
        try migrator.up()
        let connection = try AdminConnection(cluster.cluster.adminConninfo)
        #expect(try migrator.drift() == [])
        try connection.query("alter role carekeep_server bypassrls")
        try connection.query("create role eve login")
        try connection.query("grant carekeep_owner to eve")
        for _ in 1...2 {
            let found = try migrator.drift()
            #expect(found.map(\.subject) == ["member eve of role carekeep_owner", "role carekeep_server"])
            #expect(found.last?.description.contains("bypasses row security t") == true)
        }
        #expect(try connection.query("select from pg_database where datname like 'carekeep_drift%'").isEmpty)
    }

    @Test func `is asked of another database by either form of a connection string`() {
        #expect(Migrator.conninfo("host=/x dbname=a", database: "b") == "host=/x dbname=a dbname=b")
        #expect(Migrator.conninfo("postgresql://u@h/a", database: "b") == "postgresql://u@h/a?dbname=b")
        #expect(
            Migrator.conninfo("postgresql://u@h/a?sslmode=require", database: "b")
                == "postgresql://u@h/a?sslmode=require&dbname=b"
        )
    }
}

@Suite struct `The release's own files` {
    @Test(arguments: [("records", "care"), ("keys", "keys")])
    func `go up, down and up, are the same applied twice, and do not drift`(store: String, schema: String) throws {
        let cluster = try TemporaryCluster(store)
        let root = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let migrator = try Migrator(
            store: store,
            schema: schema,
            folder: root.appending(path: "database/\(store)"),
            conninfo: cluster.cluster.adminConninfo
        )
        let steps = try migrator.up()
        #expect(try migrator.drift() == [])
        let once = try DriftSnapshot(of: AdminConnection(cluster.cluster.adminConninfo)).things
        try migrator.up()
        #expect(try DriftSnapshot(of: AdminConnection(cluster.cluster.adminConninfo)).things == once)
        #expect(try migrator.down(to: 0) == steps.reversed())
        #expect(try migrator.up() == steps)
        #expect(try migrator.drift() == [])
    }
}
