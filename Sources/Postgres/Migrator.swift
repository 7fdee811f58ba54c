import Glibc

public import struct FoundationEssentials.Date
public import struct FoundationEssentials.URL

/// Brings a store's database to what the release says, and back, and says where it differs.
///
/// Tables move by steps that are appended to and never edited; each has its way back. Policies, grants, functions,
/// triggers and views are the release's files in `current`: with each move they are all removed and applied whole, in
/// the same transaction, so that nothing is left of an older release or of somebody's hand.
///
/// All of it blocks, and holds an advisory lock: of two migrators one waits.
public struct Migrator: Sendable {
    /// `records`, `keys`.
    public let store: String

    let schema: SQL.Identifier
    let release: Release
    package let conninfo: String

    /// - `store`: what to call it.
    /// - `schema`: where its tables are.
    /// - `folder`: the release's files of this store.
    /// - `conninfo`: as whom to migrate: a member of the owners' roles that may create roles; our own clusters'
    ///   superuser.
    public init(store: String, schema: String, folder: URL, conninfo: String) throws {
        guard let identifier = SQL.Identifier(schema) else { throw MigrationError("\(schema) is no schema's name") }
        self.store = store
        self.schema = identifier
        self.release = try Release(folder: folder)
        self.conninfo = conninfo
    }

    /// Where a store stands.
    public struct Status: Sendable {
        /// A step of the release, and when it was applied here.
        public struct Step: Sendable {
            /// `0001-people`.
            public let name: String
            /// Nil if it is pending.
            public let appliedAt: Date?
        }

        /// In order.
        public let steps: [Step]
        /// Whether the policies, grants and functions here are those applied with this release: whether a server may
        /// start. A hand edit since does not show here, but in ``Migrator/drift()``.
        public let isReady: Bool
    }
}

// MARK: - Up, down, status

extension Migrator {
    /// Applies the steps that are pending, and `current` whole.
    ///
    /// With `evenIfReady`, also when nothing is pending: to put right what a hand has changed. A server's start leaves
    /// a ready database alone, so that the guard's fingerprint stays that of the release; and it does not undo a step
    /// down, which somebody ordered.
    /// Answers with the names of the steps applied.
    @discardableResult
    public func up(evenIfReady: Bool = true) throws -> [String] {
        try locked { connection in
            let applied = try history(connection)
            if !evenIfReady {
                if try isSteppedDown(connection) {
                    throw MigrationError(
                        "the \(store) store was taken a step back by hand; to bring it to this release, run: "
                            + "carekeep migrate up"
                    )
                }
                if try isReady(connection), applied.count == release.steps.count { return [] }
            }
            try connection.execute(script: release.roles)
            let pending = release.steps.dropFirst(applied.count)
            try inTransaction(connection) {
                try removeCurrent(connection)
                try apply(pending, to: connection)
                try applyCurrent(connection)
            }
            return pending.map(\.name)
        }
    }

    /// Takes the last step back, or all those above a number; `current` goes in any case, and no server starts until
    /// the next ``up(evenIfReady:)``. Tables keep row security forced, without policies: nobody sees a row.
    ///
    /// Answers with the names of the steps taken back, last first.
    @discardableResult
    public func down(to number: Int? = nil) throws -> [String] {
        try locked { connection in
            let applied = try history(connection)
            let target = number ?? applied.count - 1
            guard (0...applied.count).contains(target) else {
                throw MigrationError("the \(store) store is at \(applied.count) and cannot go down to \(target)")
            }
            guard !applied.isEmpty else { return [] }
            let leaving = release.steps[target..<applied.count].reversed()
            try inTransaction(connection) {
                try removeCurrent(connection)
                try mark(Self.steppedDown, connection)
                if target == 0 { try connection.query("drop table \(schema).migration") }
                for step in leaving {
                    try run(step.down, on: connection)
                    if target > 0 {
                        try asOwner(connection, "delete from \(schema).migration where name = \(step.name)")
                    }
                }
            }
            return leaving.map(\.name)
        }
    }

    /// Which steps were applied, and whether a server may start.
    public func status() throws -> Status {
        let connection = try AdminConnection(conninfo)
        let applied = try history(connection)
        return Status(
            steps: release.steps.enumerated().map { index, step in
                Status.Step(name: step.name, appliedAt: index < applied.count ? applied[index].at : nil)
            },
            isReady: try isReady(connection)
        )
    }

    /// Refuses a database that is not of this release, or was stepped down. Any role may ask.
    public func requireReady(_ connection: AdminConnection) throws {
        guard try isReady(connection) else {
            throw MigrationError("the \(store) store is not at this release; run: carekeep migrate up")
        }
    }
}

// MARK: - The steps

extension Migrator {
    /// What the ledger says of a step.
    struct Applied {
        var name: String
        var at: Date
    }

    /// The steps applied. Refuses a history that is not a beginning of the release's.
    private func history(_ connection: AdminConnection) throws -> [Applied] {
        guard try hasLedger(connection) else { return [] }
        let rows = try connection.query("select name, sha256, applied_at from \(schema).migration order by name")
        return try rows.enumerated().map { index, row in
            let name = try row.decode(String.self, at: 0)
            guard index < release.steps.count, release.steps[index].name == name else {
                throw MigrationError(
                    "the \(store) store has step \(name), which this release does not know; use the newer release"
                )
            }
            guard try row.decode([UInt8].self, at: 1) == sha256(release.steps[index].up.text, connection) else {
                throw MigrationError(
                    "\(name) of the \(store) store was edited after it was applied; put it back and append a step"
                )
            }
            return Applied(name: name, at: try row.decode(Date.self, at: 2))
        }
    }

    func apply(_ steps: some Sequence<Release.Step>, to connection: AdminConnection) throws {
        for step in steps {
            try run(step.up, on: connection)
            if try !hasLedger(connection) { try makeLedger(connection) }
            let hash = try sha256(step.up.text, connection)
            try asOwner(
                connection,
                "insert into \(schema).migration (name, sha256) values (\(step.name), \(hash))"
            )
        }
        try force(connection)
    }

    /// Applies the policies, grants and functions of the release. What was there must be gone.
    func applyCurrent(_ connection: AdminConnection) throws {
        // Before the files, since one of them may set up a guard that looks at each change that comes after it.
        try mark(releaseHash(connection), connection)
        for script in release.current { try run(script, on: connection) }
        try requireForce(connection)
        if try hasFunction("adopt_fingerprint", connection) {
            try connection.query("select \(schema).adopt_fingerprint()")
        }
    }

    /// Scripts become other roles and set a search path; the next one must not inherit that.
    private func run(_ script: SQLScript, on connection: AdminConnection) throws {
        try connection.execute(script: script)
        try connection.query("reset role")
        try connection.query("reset search_path")
    }

    private func asOwner(_ connection: AdminConnection, _ statement: SQL) throws {
        try connection.query("set local role carekeep_owner")
        try connection.query(statement)
        try connection.query("reset role")
    }

    /// The ledger is a table like the others: forced row security, nothing for any role but its owner.
    private func makeLedger(_ connection: AdminConnection) throws {
        for statement: SQL in [
            """
            create table \(schema).migration (
                name       text        not null,
                sha256     bytea       not null,
                applied_at timestamptz not null default clock_timestamp(),

                primary key (name),
                constraint migration_has_a_sha256 check (octet_length(sha256) = 32)
            )
            """,
            "alter table \(schema).migration enable row level security",
            "alter table \(schema).migration force row level security",
            """
            create policy migration_kept_by_the_migrator on \(schema).migration to carekeep_owner
                using (true) with check (true)
            """,
        ] { try asOwner(connection, statement) }
    }

    private func hasLedger(_ connection: AdminConnection) throws -> Bool {
        try !connection.query(
            """
            select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(schema.name) and c.relname = 'migration'
            """
        ).isEmpty
    }

    private func hasFunction(_ name: String, _ connection: AdminConnection) throws -> Bool {
        try !connection.query(
            """
            select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
             where n.nspname = \(schema.name) and p.proname = \(name)
            """
        ).isEmpty
    }

    /// The database computes it: this module has no cryptography of its own.
    private func sha256(_ text: String, _ connection: AdminConnection) throws -> [UInt8] {
        let rows = try connection.query("select pg_catalog.sha256(\(Array(text.utf8)))")
        return try rows.first?.decode([UInt8].self, at: 0) ?? []
    }

    private func releaseHash(_ connection: AdminConnection) throws -> String {
        let digits = Array("0123456789abcdef")
        return try String(
            sha256(release.everything, connection).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        )
    }
}

// MARK: - What is current

extension Migrator {
    /// Removes every policy, function, trigger, view and grant of the schema.
    func removeCurrent(_ connection: AdminConnection) throws {
        try connection.query("select set_config('carekeep.schema', \(schema.name), true)")
        try connection.execute(script: Self.removal)
        try connection.query("reset search_path")
    }

    /// Forces row security on all tables of the schema, whether or not a step or a file does.
    private func force(_ connection: AdminConnection) throws {
        try connection.query("select set_config('carekeep.schema', \(schema.name), true)")
        try connection.execute(
            script: """
                do $$
                declare
                    relation regclass;
                begin
                    for relation in
                        select oid from pg_class
                         where relnamespace = current_setting('carekeep.schema')::regnamespace and relkind in ('r', 'p')
                           and not (relrowsecurity and relforcerowsecurity)
                    loop
                        execute format('alter table %s enable row level security, force row level security', relation);
                    end loop;
                end
                $$
                """
        )
    }

    /// The mark that says which release's policies, grants and functions a database has is the ledger's comment: every
    /// role can read it, without a grant.
    private func mark(_ release: String, _ connection: AdminConnection) throws {
        try connection.query(
            """
            select set_config('carekeep.schema', \(schema.name), true), set_config('carekeep.mark', \(Self.mark + release), true)
            """
        )
        try connection.execute(
            script: """
                do $$ begin
                    execute format(
                        'comment on table %I.migration is %L', current_setting('carekeep.schema'),
                        current_setting('carekeep.mark'));
                end $$
                """
        )
    }

    private static let mark = "The steps of this schema, kept by carekeep migrate. Release: "
    private static let steppedDown = "none: stepped down"

    private func isReady(_ connection: AdminConnection) throws -> Bool {
        try isMarked(releaseHash(connection), connection)
    }

    private func isSteppedDown(_ connection: AdminConnection) throws -> Bool {
        try isMarked(Self.steppedDown, connection)
    }

    private func isMarked(_ release: String, _ connection: AdminConnection) throws -> Bool {
        let rows = try connection.query(
            """
            select d.description
              from pg_catalog.pg_description d
              join pg_catalog.pg_class c on c.oid = d.objoid and d.classoid = 'pg_catalog.pg_class'::regclass
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(schema.name) and c.relname = 'migration' and d.objsubid = 0
            """
        )
        return try rows.first?.decode(String.self, at: 0) == Self.mark + release
    }

    private func requireForce(_ connection: AdminConnection) throws {
        let open = try connection.query(
            """
            select c.relname::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where n.nspname = \(schema.name) and c.relkind in ('r', 'p')
               and not (c.relrowsecurity and c.relforcerowsecurity)
             order by 1
            """
        ).map { try $0.decode(String.self, at: 0) }
        guard open.isEmpty else {
            throw MigrationError("row security is not forced on: \(open.joined(separator: ", "))")
        }
    }

    private static let removal: SQLScript = #"""
        do $$
        declare
            home constant oid := (
                select oid from pg_catalog.pg_namespace where nspname = current_setting('carekeep.schema'));
            statement text;
        begin
            if home is null then
                return;
            end if;
            perform set_config('search_path', '', true);  -- so that names come out qualified

            foreach statement in array array(
                with relation as (
                    select oid, relkind, relowner, relacl, oid::regclass as name
                      from pg_class where relnamespace = home
                ),
                routine as (
                    select p.oid, p.oid::regprocedure::text as name from pg_proc p
                     where p.pronamespace = home
                       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
                ),
                removed (rank, statement) as (
                    -- First, since it may look at each change that follows.
                    select 1, format('drop event trigger %I', e.evtname)
                      from pg_event_trigger e join routine r on r.oid = e.evtfoid
                    union all
                    select 2, format('drop policy %I on %s', p.polname, r.name)
                      from pg_policy p join relation r on r.oid = p.polrelid
                     where p.polname <> 'migration_kept_by_the_migrator'
                    union all
                    select 3, format('drop trigger %I on %s', t.tgname, r.name)
                      from pg_trigger t join relation r on r.oid = t.tgrelid
                     where not t.tgisinternal and t.tgparentid = 0
                    union all
                    select 4, format('drop %s if exists %s cascade',
                                     case relkind when 'm' then 'materialized view' else 'view' end, name)
                      from relation where relkind in ('v', 'm')
                    union all
                    -- In one statement, for functions may depend on each other; without cascade, for nothing else may.
                    select 5, 'drop routine if exists ' || string_agg(name, ', ') from routine having count(*) > 0
                    union all
                    select distinct 6, format('revoke all on %s %s from %s cascade',
                                              case r.relkind when 'S' then 'sequence' else 'table' end, r.name,
                                              case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
                      from relation r
                      cross join lateral (
                          select grantee from aclexplode(r.relacl)
                          union
                          select x.grantee from pg_attribute c, aclexplode(c.attacl) x where c.attrelid = r.oid
                      ) a
                     where r.relkind in ('r', 'p', 'S', 'f') and a.grantee <> r.relowner
                    union all
                    select distinct 6, format('revoke all on schema %I from %s cascade', n.nspname,
                                              case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
                      from pg_namespace n, aclexplode(n.nspacl) a
                     where n.oid = home and a.grantee <> n.nspowner
                    union all
                    select distinct 6, format('revoke all on type %s from %s cascade', t.oid::regtype,
                                              case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
                      from pg_type t, aclexplode(t.typacl) a
                     where t.typnamespace = home and a.grantee <> t.typowner and t.typrelid = 0 and t.typelem = 0
                    union all
                    select distinct 6, format(
                               'alter default privileges for role %s in schema %I revoke all on %s from %s',
                               d.defaclrole::regrole, current_setting('carekeep.schema'),
                               case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
                                                    when 'f' then 'functions' else 'types' end,
                               case a.grantee when 0 then 'public' else a.grantee::regrole::text end)
                      from pg_default_acl d, aclexplode(d.defaclacl) a
                     where d.defaclnamespace = home
                )
                select removed.statement from removed order by rank, removed.statement
            ) loop
                execute statement;
            end loop;
        end
        $$
        """#
}

// MARK: - Connections

extension Migrator {
    private func locked<R>(_ body: (AdminConnection) throws -> R) throws -> R {
        let connection = try AdminConnection(conninfo)
        // A number of our own; advisory locks are the database's, so each store has its own lock.
        let key: Int64 = 0x6361_7265_6b65_6570
        let deadline = ContinuousClock.now + .seconds(60)
        while try connection.query("select pg_catalog.pg_try_advisory_lock(\(key))").first?.decode(Bool.self, at: 0)
            != true
        {
            guard ContinuousClock.now < deadline else {
                throw MigrationError("the \(store) store is being migrated by another process; wait for it")
            }
            usleep(50_000)
        }
        // The lock ends with the connection.
        return try body(connection)
    }

    func inTransaction<R>(_ connection: AdminConnection, _ body: () throws -> R) throws -> R {
        try connection.query("begin")
        do {
            // The server's transactions are short. Whatever holds a table for longer is not to be waited for, because
            // everybody else would wait behind us.
            try connection.query("set local lock_timeout = '20s'")
            let result = try body()
            try connection.query("commit")
            return result
        } catch {
            _ = try? connection.query("rollback")  // the error that led here is the one to tell
            throw error
        }
    }
}
