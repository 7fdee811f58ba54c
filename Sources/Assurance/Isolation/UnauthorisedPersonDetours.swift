import FoundationEssentials
import Postgres
import Seals

/// What goes round the tables: other roles, settings, shadows, plans kept from before, oracles.
struct Detours {
    let scene: Scene
    let catalogue: Catalogue
    let ledger: Ledger

    func run() throws {
        try scene.lookAgain()
        try forbiddenStatements()
        try forbiddenFunctions()
        try settings()
        try shadows()
        try keptPlans()
        try oracles()
        try statistics()
    }

    /// Runs statements in a transaction that is rolled back, and says what came of the last.
    private func seen(_ connection: AdminConnection, _ statements: [SQL]) throws -> Seen {
        try connection.query("begin")
        defer { _ = try? connection.query("rollback") }  // a connection that is gone fails the next attempt
        var last = Seen.rows(0)
        do throws(PostgresError) {
            for statement in statements {
                let rows = try connection.query(statement)
                last = .rows(max(rows.count, rows.affected))
            }
        } catch {
            return error.kind == .connection ? .copyBegan : .refused(error.sqlState, error.constraint)
        }
        return last
    }

    private func expect(
        _ subject: String,
        _ command: String,
        _ situation: String,
        _ seen: Seen,
        _ isRight: (Seen) -> Bool = \.isDenied
    ) throws {
        ledger.report.attempts += 1
        if !isRight(seen) { try ledger.fail(subject, command, situation, "\(seen)") }
    }

    // MARK: What a role might do

    private func forbiddenStatements() throws {
        for (name, statement) in Self.forbidden {
            for (connection, role) in [(scene.server, "the server"), (scene.keykeeper, "the keykeeper")] {
                try expect("database", name, role, try seen(connection, [statement]))
            }
        }
    }

    private static let forbidden: [(String, SQL)] = [
        ("set role to the gate", "set role carekeep_gate"),
        ("set role to the owner", "set role carekeep_owner"),
        ("set role to one who reads everything", "set role pg_read_all_data"),
        ("set session authorization", "set session authorization carekeep_gate"),
        ("set session_replication_role", "set session_replication_role = replica"),
        ("create a temporary table", "create temporary table pass (secret_sha256 bytea)"),
        ("create a schema", "create schema mine"),
        ("create a table in care", "create table care.mine (id integer)"),
        ("create a table in public", "create table public.mine (id integer)"),
        ("create a view in public", "create view public.mine as select 1 as x"),
        ("create a function in care", "create function care.mine() returns integer language sql as 'select 1'"),
        (
            "create a leakproof function",
            "create function public.mine(uuid) returns boolean language sql immutable leakproof as 'select true'"
        ),
        ("disable row security", "alter table care.record disable row level security"),
        ("unforce row security", "alter table care.record no force row level security"),
        ("drop a policy", "drop policy record_stays_in_its_organization on care.record"),
        ("create a policy", "create policy mine on care.record using (true)"),
        ("alter a policy", "alter policy record_stays_in_its_organization on care.record using (true)"),
        (
            "create a trigger",
            "create trigger mine before insert on care.record execute function suppress_redundant_updates_trigger()"
        ),
        ("create a rule", "create rule mine as on insert to care.record do also notify mine"),
        ("create an index", "create index on care.record (kind)"),
        ("create a publication", "create publication mine for table care.record"),
        ("create a replication slot", "select pg_create_logical_replication_slot('mine', 'pgoutput')"),
        ("grant", "grant select on care.pass to carekeep_server"),
        ("become a member", "grant carekeep_gate to carekeep_server"),
        ("create a role", "create role mine"),
        ("bypass row security", "alter role carekeep_server bypassrls"),
        ("own the gate's function", "alter function care.acting() owner to carekeep_server"),
        ("read a file", "select pg_read_file('postgresql.conf')"),
        ("list a folder", "select pg_ls_dir('.')"),
        ("copy from a program", "copy care.record from program 'id'"),
        ("copy to a file", "copy (select 1) to '/tmp/mine'"),
        ("read password hashes", "select 1 from pg_authid"),
        ("read raw statistics", "select 1 from pg_statistic"),
        ("drop the event trigger", "drop event trigger carekeep_guard"),
    ]

    // MARK: The gate's own functions

    private func forbiddenFunctions() throws {
        let opened = scene.open(
            scene.request("record.read", by: scene.north.keeper, of: scene.north, about: scene.north.ada)
        )
        let show: SQL = "select set_config('care.pass', \(opened.setting), true)"
        for (name, statement) in inner {
            try expect(name, "call", "the server, with a pass", try seen(scene.server, [show, statement]))
            try expect(name, "call", "the keykeeper, with a pass", try seen(scene.keykeeper, [show, statement]))
        }
        let request = scene.request("record.read", by: scene.north.keeper, of: scene.north, about: scene.north.ada)
        try expect("open_pass", "call", "the keykeeper", try seen(scene.keykeeper, [request.statement]))
        try expect(
            "open_passes",
            "call",
            "the keykeeper",
            try seen(
                scene.keykeeper,
                ["select care.open_passes('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"]
            )
        )
        let vouch: SQL = """
            select care.vouch(\(opened.sha256), \(scene.north.organization), 'patient', \([scene.north.ada.patient]))
            """
        try expect("vouch", "call", "the server", try seen(scene.server, [vouch]))
    }

    private var inner: [(String, SQL)] {
        [
            ("acting", "select care.acting()"),
            ("account_of", "select care.account_of(\(scene.north.keeper.token))"),
            ("adopt_fingerprint", "select care.adopt_fingerprint()"),
            ("fingerprint", "select care.fingerprint()"),
            ("security_lines", "select care.security_lines()"),
            ("guard_entry", "select care.guard_entry('care.record')"),
            ("context_of", "select care.context_of(null)"),
            (
                "write_entry",
                "select care.write_entry(null, null, null, null, 1, \(Primitive.freshBytes(32)), '', now())"
            ),
            (
                "write_sign_in",
                "select care.write_sign_in(null, null, null, 'x', null, 1, \(Primitive.freshBytes(32)), '')"
            ),
            (
                "admit",
                "select care.admit(\(scene.north.organization), \(UUID()), \(Primitive.freshBytes(32)), '', '', '{owner}', '')"
            ),
            (
                "renew_link",
                """
                select care.renew_link(
                    \(scene.north.organization), \(scene.north.keeper.account), \(Primitive.freshBytes(32)), 1,
                    \(Primitive.freshBytes(32)), '')
                """
            ),
            (
                "found_organization",
                """
                select care.found_organization(
                    \(UUID()), 'family', 'GB', 'UTC', '', \(UUID()), \(Primitive.freshBytes(32)), '', '', '{owner}',
                    \(Primitive.freshBytes(32)), 1, \(Primitive.freshBytes(32)), '')
                """
            ),
        ]
    }

    // MARK: Settings (R3, R4)

    private func settings() throws {
        let opened = scene.open(
            scene.request("record.search", by: scene.north.keeper, of: scene.north, about: scene.north.ada)
        )
        let show: SQL = "select set_config('care.pass', \(opened.setting), true)"
        let look: SQL = "select 1 from care.record"
        let nothing: (Seen) -> Bool = { $0 == .rows(0) }
        let server = scene.server
        try expect("record", "select", "a pass (control)", try seen(server, [show, look])) { $0 == .rows(4) }
        try expect("record", "select", "the transaction after", try seen(server, [look]), nothing)
        try expect(
            "record",
            "select",
            "row_security off",
            try seen(server, [show, "set local row_security = off", look])
        )
        try expect("record", "select", "after reset all", try seen(server, [show, "reset all", look]), nothing)
        try expect(
            "record",
            "select",
            "after reset care.pass",
            try seen(server, [show, "reset care.pass", look]),
            nothing
        )
        try expect(
            "record",
            "select",
            "after a savepoint that showed it",
            try seen(server, ["savepoint s", show, "rollback to savepoint s", look]),
            nothing
        )
        _ = try? server.query("begin")  // what follows is about the transaction after a failed one
        _ = try? server.query(show)
        _ = try? server.query("select 1 / 0")
        _ = try? server.query("rollback")
        try expect("record", "select", "after a transaction that failed", try seen(server, [look]), nothing)
        try server.query("select set_config('care.pass', \(opened.setting), false)")
        try server.query("discard all")
        try expect("record", "select", "after discard all", try seen(server, [look]), nothing)
        try expect(
            "record",
            "select",
            "in parallel, without a pass",
            try seen(server, Self.parallel + [look]),
            nothing
        )
    }

    private static let parallel: [SQL] = [
        """
        select set_config(name, 'on', true) from pg_settings
         where name in ('force_parallel_mode', 'debug_parallel_query')
        """,
        "set local parallel_setup_cost = 0", "set local parallel_tuple_cost = 0",
    ]

    // MARK: Shadows (R11)

    /// Tables and functions of the same names, first on the search path, holding a pass that everything would be opened by.
    private func shadows() throws {
        let secret = Primitive.freshBytes(16)
        let setting = Scene.Opened.setting(of: secret)
        for statement in Self.evil { try scene.admin.query(statement) }
        try scene.admin.query(
            """
            insert into evil.pass
            select \(Primitive.sha256(secret)), \(scene.north.organization), \(scene.north.organization), \(UUID()), \(UUID()),
                   \(UUID()), 'record.search', 'patient', '{record.read}', \([scene.north.ada.patient]), '{}', true, null, '1',
                   'infinity', null, null
            """
        )
        defer { _ = try? scene.admin.query("drop schema evil cascade") }  // the store is a copy
        let path: SQL = "set local search_path = evil, pg_catalog, care"
        let show: SQL = "select set_config('care.pass', \(setting), true)"
        try expect(
            "record",
            "select",
            "a shadow of the table of passes",
            try seen(scene.server, [path, show, "select 1 from care.record"])
        )
        try expect(
            "session_of",
            "call",
            "a shadow of the table of sessions",
            try seen(
                scene.server,
                [
                    path,
                    """
                    select 1 from care.session_of(\(scene.north.organization), \(Primitive.freshBytes(32)))
                     where account_id is not null
                    """,
                ]
            )
        ) { $0 == .rows(0) }
        guard let database = try scene.admin.query("select current_database()::text").first?.decode(String.self, at: 0),
            let name = SQL.Identifier(database)
        else { return }
        try scene.admin.query("grant temporary on database \(name) to carekeep_server")
        // The store is a copy.
        defer { _ = try? scene.admin.query("revoke temporary on database \(name) from carekeep_server") }
        try expect(
            "record",
            "select",
            "a temporary shadow of the table of passes",
            try seen(
                scene.server,
                [
                    "create temporary table pass on commit drop as select * from evil.pass",
                    "grant select on pass to public", "set local search_path = pg_temp, care", show,
                    "select 1 from care.record",
                ]
            )
        )
    }

    private static let evil: [SQL] = [
        "drop schema if exists evil cascade",
        "create schema evil",
        "create table evil.pass (like care.pass)",
        """
        create table evil.session as
        select s.organization_id, s.id, s.account_id, s.used_as, s.secret_sha256, s.created_at, s.seen_at, s.idle, s.until,
               s.ended_at
          from care.session s
        """,
        "create table evil.guard as select interval '0' as clock_offset",
        "create function evil.sha256(bytea) returns bytea language sql immutable as 'select secret_sha256 from evil.pass limit 1'",
        "create function evil.clock() returns timestamptz language sql as 'select timestamptz ''-infinity'''",
        "grant usage on schema evil to public",
        "grant select on all tables in schema evil to public",
        "grant execute on all functions in schema evil to public",
    ]

    // MARK: Plans kept from before (R5)

    private func keptPlans() throws {
        let passes = [scene.north, scene.south].map { house in
            (house, scene.open(scene.request("record.search", by: house.keeper, of: house, about: house.ada)))
        }
        let server = scene.server
        try server.query("set plan_cache_mode = force_generic_plan")
        try server.query("prepare kept as select organization_id from care.record")
        defer {
            _ = try? server.query("deallocate kept")  // both end with the connection, too
            _ = try? server.query("reset plan_cache_mode")
        }
        for _ in 0..<3 {
            for (house, opened) in passes {
                try server.query("begin")
                try server.query("select set_config('care.pass', \(opened.setting), true)")
                let organizations = try? server.query("execute kept").map { try $0.decode(UUID.self, at: 0) }
                try server.query("rollback")
                ledger.report.attempts += 1
                if organizations != Array(repeating: house.organization, count: 4) {
                    let foreign = organizations?.filter { $0 != house.organization }.count ?? -1
                    try ledger.fail(
                        "record",
                        "execute a generic plan",
                        "a pass of each organisation in turn",
                        "\(foreign) foreign rows"
                    )
                }
            }
            try expect("record", "execute a generic plan", "no pass", try seen(server, ["execute kept"])) {
                $0 == .rows(0)
            }
        }
        // A plan made by one role, executed by another: the shape of several holes that PostgreSQL has closed.
        let admin = scene.admin
        try expect(
            "record",
            "execute a superuser's plan",
            "as the server",
            try seen(
                admin,
                [
                    "prepare everything as select 1 from care.record", "execute everything",
                    "set local role carekeep_server", "execute everything",
                ]
            )
        ) { $0 == .rows(0) }
        _ = try? admin.query("deallocate everything")  // it may have been rolled back with its transaction
    }

    // MARK: Oracles (R7)

    private func oracles() throws {
        let (north, south) = (scene.north, scene.south)
        let create = scene.open(scene.request("record.create", by: north.keeper, of: north, about: north.ada))
        let make = scene.open(scene.request("patient.create", by: north.keeper, of: north, about: north.ada))
        let share = scene.open(scene.request("reach.share", by: north.keeper, of: north, about: north.ada))
        try alike("change", "insert, of a record", "one of another patient, and none", create) {
            change(of: $0 ? north.ben.weight.id : UUID())
        }
        try alike("change", "insert, of a record", "one of the directory, and none", create) {
            change(of: $0 ? north.place.id : UUID())
        }
        try alike("change", "insert, of an opening", "another one, and none", create) {
            """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            select \(north.organization), \($0 ? UUID() : UUID()), \(north.ada.weight.id), \(north.ada.patient), 9, ''
            """
        }
        guard let new = make.newPatients.first else { return }
        let before: SQL = "insert into care.patient (organization_id, id) values (\(north.organization), \(new))"
        try alike(
            "reach",
            "insert, for an account",
            "one of another organisation, and none",
            make,
            after: before,
            "23503"
        ) {
            """
            insert into care.reach (organization_id, patient_id, account_id, kind)
            values (\(north.organization), \(new), \($0 ? south.keeper.account : UUID()), 'guardian')
            """
        }
        for (whom, account) in [
            ("of another organisation", south.clinician.account), ("no clinician", north.other.account),
            ("oneself", north.keeper.account),
        ] {
            try alike("reach", "insert, a share with an account", "one \(whom), and none", share) {
                """
                insert into care.reach (organization_id, patient_id, account_id, kind, until)
                values (\(north.organization), \(north.ada.patient), \($0 ? account : UUID()), 'share', now() + interval '1 day')
                """
            }
        }
        try foreignPatient()
    }

    private func change(of record: UUID) -> SQL {
        """
        insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
        values (\(scene.north.organization), (select care.acting_opening()), \(record), \(scene.north.ada.patient), 9, '')
        """
    }

    /// An id that is a patient's elsewhere is as good for a new patient as one that is nobody's.
    private func foreignPatient() throws {
        let id = UUID()
        try scene.admin.query(
            "insert into care.patient (organization_id, id) values (\(scene.south.organization), \(id))"
        )
        let request = Scene.Request("patient.create", by: scene.north.keeper, of: scene.north, newPatients: [id])
        let opened = scene.open(request)
        try expect(
            "patient",
            "insert",
            "an id that another organisation has",
            try seen(
                scene.server,
                [
                    "select set_config('care.pass', \(opened.setting), true)",
                    "insert into care.patient (organization_id, id) values (\(scene.north.organization), \(id))",
                ]
            )
        ) { $0 == .rows(1) }
    }

    private func alike(
        _ table: String,
        _ command: String,
        _ situation: String,
        _ opened: Scene.Opened,
        after before: SQL? = nil,
        _ state: String = "42501",
        _ statement: (Bool) -> SQL
    ) throws {
        let show: SQL = "select set_config('care.pass', \(opened.setting), true)"
        let first = [show] + (before.map { [$0] } ?? [])
        let answers = try [true, false].map { try seen(scene.server, first + [statement($0)]) }
        ledger.report.attempts += 2
        guard answers[0] == answers[1], case .refused(state, _) = answers[0] else {
            return try ledger.fail(table, command, situation, "answered \(answers[0]) and \(answers[1])")
        }
    }

    // MARK: Statistics (R9)

    private func statistics() throws {
        try scene.admin.query("analyze care.record")
        for (connection, role) in [(scene.server, "the server"), (scene.keykeeper, "the keykeeper")] {
            try expect(
                "pg_stats",
                "select",
                role,
                try seen(connection, ["select 1 from pg_stats where schemaname = 'care'"])
            ) { $0 == .rows(0) }
            try expect(
                "pg_stats_ext",
                "select",
                role,
                try seen(connection, ["select 1 from pg_stats_ext where schemaname = 'care'"])
            ) { $0 == .rows(0) }
        }
    }
}
