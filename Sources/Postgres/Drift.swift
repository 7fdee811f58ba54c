/// One thing in a database that is not as the release says.
public struct Difference: Sendable, Equatable, CustomStringConvertible {
    /// How it differs.
    public enum Kind: String, Sendable {
        /// The release has it; the database does not.
        case missing
        /// The database has it; the release does not.
        case unexpected
        /// Both have it, otherwise.
        case differs
    }

    /// How it differs.
    public let kind: Kind
    /// What it is: `policy care.record.seen_by_the_patient`, `grant SELECT on table care.pass to carekeep_server`.
    public let subject: String
    /// How the release has it.
    public let expected: String?
    /// How it is.
    public let found: String?

    /// One line: `missing: policy …`; for what differs, the first line in which it does.
    public var description: String {
        guard kind == .differs, let expected, let found else { return "\(kind.rawValue): \(subject)" }
        let ours = expected.split(separator: "\n", omittingEmptySubsequences: false)
        let theirs = found.split(separator: "\n", omittingEmptySubsequences: false)
        let line = zip(ours, theirs).prefix { $0 == $1 }.count
        let expectation = line < ours.count ? String(ours[line]).trimmed : "(nothing more)"
        let finding = line < theirs.count ? String(theirs[line]).trimmed : "(nothing more)"
        return "differs: \(subject): is «\(finding)», the release has «\(expectation)»"
    }
}

extension Migrator {
    /// Compares the database, thing by thing, with one made from the release's files, and names what differs: tables,
    /// columns, constraints, indexes, policies, functions, triggers, grants, owners, roles. Rows do not matter.
    ///
    /// The other one is a scratch database on the same cluster, in which the release is built in a transaction that is
    /// rolled back; so are the roles, which stand under other names meanwhile. Nothing that others see changes.
    public func drift() throws -> [Difference] {
        let here = try DriftSnapshot(of: AdminConnection(conninfo))
        let release = try inScratchDatabase { try snapshotOfRelease($0) }
        return Self.differences(of: here, from: release)
    }

    /// Differences in the order of their subjects; what belongs to a table that is missing or unexpected is not told.
    static func differences(of here: DriftSnapshot, from release: DriftSnapshot) -> [Difference] {
        let expected = release.expected(forMonthsOf: here)
        // A cluster may hold another store as well, whose roles are not this release's.
        let found = here.things.filter { !$0.key.hasPrefix("role ") || expected[$0.key] != nil }
        let subjects = Set(expected.keys).union(found.keys).sorted()
        let differences = subjects.compactMap { subject -> Difference? in
            switch (expected[subject], found[subject]) {
            case (let ours?, let theirs?) where ours != theirs:
                Difference(kind: .differs, subject: subject, expected: ours, found: theirs)
            case (let ours?, nil): Difference(kind: .missing, subject: subject, expected: ours, found: nil)
            case (nil, let theirs?): Difference(kind: .unexpected, subject: subject, expected: nil, found: theirs)
            default: nil
            }
        }
        let whole = differences.filter { $0.kind != .differs }.map(\.subject)
        return differences.filter { difference in
            !whole.contains { Self.is(difference.subject, partOf: $0) }
        }
    }

    private static func `is`(_ subject: String, partOf whole: String) -> Bool {
        guard subject != whole else { return false }
        for kind in ["table", "view", "function", "schema", "sequence", "role"] where whole.hasPrefix(kind + " ") {
            let name = whole.dropFirst(kind.count + 1)
            if subject.contains(" on \(whole) to ") || subject.contains(" on column \(name).") { return true }
            if ["view", "table"].contains(kind) {
                return subject.split(separator: " ").contains { $0.hasPrefix("\(name).") }
                    || subject == "view definition \(name)"
            }
            if kind == "schema" { return subject.split(separator: " ").contains { $0.hasPrefix("\(name).") } }
        }
        return false
    }

    private func snapshotOfRelease(_ connection: AdminConnection) throws -> DriftSnapshot {
        try connection.query("begin")
        try connection.execute(script: Self.setRolesAside)
        try connection.execute(script: release.roles)
        try apply(release.steps, to: connection)
        try removeCurrent(connection)
        try applyCurrent(connection)
        let snapshot = try DriftSnapshot(of: connection)
        try connection.query("rollback")
        return snapshot
    }

    /// Roles belong to the whole cluster. Under other names, within this transaction, they do not keep the release from
    /// making its own; and what a hand has changed in them does not get into the comparison's other side.
    private static let setRolesAside: SQLScript = #"""
        do $$
        declare
            role name;
        begin
            for role in
                select rolname from pg_roles where rolname like 'carekeep\_%' and rolname <> session_user
            loop
                execute format('alter role %I rename to %I', role, role || '_was_');
            end loop;
        end
        $$
        """#

    private func inScratchDatabase<R>(_ body: (AdminConnection) throws -> R) throws -> R {
        let connection = try AdminConnection(conninfo)
        let oid = try connection.query("select oid::int8 from pg_database where datname = current_database()")[0]
            .decode(Int64.self, at: 0)
        let name = "carekeep_\(oid)_\(UInt32.random(in: 0...UInt32.max))"
        guard let scratch = SQL.Identifier(name) else { throw MigrationError("\(name) is no name") }
        // Held for as long as the database is there: one that nobody holds was left behind.
        try connection.query("select pg_advisory_lock(hashtextextended(\(name), 0))")
        do {
            try connection.query("create database \(scratch) template template0")
        } catch {
            guard error.sqlState == "42501" else { throw error }
            throw MigrationError(
                "the role that migrates the \(store) store may not create databases, which finding drift takes"
            )
        }
        defer { _ = try? connection.query("drop database if exists \(scratch) with (force)") }  // it is empty
        return try body(AdminConnection(Self.conninfo(conninfo, database: name)))
    }

    /// The same server and role, another database. In both of libpq's forms the last word counts.
    static func conninfo(_ conninfo: String, database: String) -> String {
        guard conninfo.contains("://") else { return conninfo + " dbname=\(database)" }
        return conninfo + (conninfo.contains("?") ? "&" : "?") + "dbname=\(database)"
    }
}

extension DriftSnapshot {
    /// What the release expects of a database that has partitions of these months.
    ///
    /// One month of the release is the model; each month that is there must be like it.
    func expected(forMonthsOf other: DriftSnapshot) -> [String: String] {
        guard let model = months.min() else { return things }
        var expected = things.filter { thing in !months.contains { thing.key.contains($0) } }
        let wanted = other.months.isEmpty ? months : other.months
        for (subject, definition) in things where subject.contains(model) {
            for month in wanted {
                expected[subject.replacing(model, with: month)] = definition.replacing(model, with: month)
            }
        }
        return expected
    }
}
