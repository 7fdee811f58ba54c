import Assurance
import CarekeepTesting
import Foundation
import People
import Postgres
import Synchronization

/// One damage to what isolation rests on.
struct Mutant: Sendable {
    let name: String
    /// Statements of the damage, run by the superuser.
    let damage: [String]
    /// The function that is damaged, or those that use what is: the groups of checks that ask about them look first.
    var functions: Set<String> = []
    /// The tables whose rows it could open; nil for all.
    var tables: Set<String>?
    /// What looks for it, in this order; the first failure ends the search.
    var search: [Set<UnauthorisedPerson.Part>]
    /// Whether the guard can see it: not where it is the guard that is damaged.
    var canBeSeen = true
    /// Why nothing can find it, if that is so: it changes the text and not what is done.
    var equivalentBecause: String?
}

/// What became of a mutant.
struct Verdict: Sendable, CustomStringConvertible {
    let mutant: Mutant
    /// Whether the gate refused for it, before its fingerprint was adopted.
    let wasSeen: Bool
    /// The first failure, with the fingerprint adopted; nil if it lives.
    let killer: String?
    let duration: Duration

    var description: String {
        "\(wasSeen ? "seen" : "UNSEEN") | \(mutant.name.replacing("\n", with: " ")) | \(killer ?? "ALIVE") | \(duration)"
    }
}

/// A release, ready to be cloned and damaged.
struct Original: Sendable {
    private let town: TestTown
    private let name: SQL.Identifier
    private let opening: SQL
    /// Which groups of the gate's checks ask about a function.
    private let groups: [String: Set<String>]
    private let controls = Controls()

    /// A town whose people have gone home: nobody is connected, so that it can be a template.
    init() async throws {
        town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let organization = town.okafors
        let secret = amara.token.secret
        opening = """
            select outcome from care.open_pass(
                \(organization), \(secret), uuid_send(gen_random_uuid()), 'api', 'patient.list', '{}', '{}', 'care', 1,
                uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), '\\x00')
            """
        await town.close()
        let database = try AdminConnection(town.admin).query("select current_database()::text")[0].decode(
            String.self,
            at: 0
        )
        guard let name = SQL.Identifier(database) else { throw PostgresError(kind: .decoding, sqlState: "42602") }
        self.name = name
        groups = try await Self.groups(of: town, name)
    }

    /// What a run of all groups, which must find nothing, asks about.
    private static func groups(of town: TestTown, _ name: SQL.Identifier) async throws -> [String: Set<String>] {
        try await onThread {
            try clone(of: name, in: town) { person in
                let report = try person.run([.gate])
                guard report.failures.isEmpty else { throw Unsound(failures: report.failures.map(\.description)) }
                return report.groups
            }
        }
    }

    /// Checks fail where nothing is damaged.
    struct Unsound: Error {
        let failures: [String]
    }

    /// Sets of groups that were run without damage, by themselves, and found nothing: no failure of theirs is their order's.
    private final class Controls: Sendable {
        private let sound = Mutex<Set<Set<String>>>([])

        func isNew(_ groups: Set<String>) -> Bool { sound.withLock { $0.insert(groups).inserted } }
    }

    /// Does something to a copy of the original.
    private static func clone<R>(
        of original: SQL.Identifier,
        in town: TestTown,
        _ body: (UnauthorisedPerson) throws -> R
    ) throws -> R {
        let name = "mutant_\(UUID().uuidString.lowercased().replacing("-", with: "_"))"
        guard let clone = SQL.Identifier(name) else { throw PostgresError(kind: .decoding, sqlState: "42602") }
        let maintenance = try AdminConnection("\(town.admin) dbname=postgres")
        try maintenance.query("create database \(clone) template \(original) strategy wal_log")
        // It ends with its cluster otherwise.
        defer { _ = try? maintenance.query("drop database \(clone) with (force)") }
        try maintenance.query("revoke all on database \(clone) from public")
        try maintenance.query("grant connect on database \(clone) to carekeep_server, carekeep_keykeeper")
        return try body(
            UnauthorisedPerson(
                .init(
                    superuser: "\(town.admin) dbname=\(name)",
                    server: "\(town.conninfo("carekeep_server")) dbname=\(name)",
                    keykeeper: "\(town.conninfo("carekeep_keykeeper")) dbname=\(name)",
                    lints: Release.lints(of: "records")
                )
            )
        )
    }

    /// The original's own connection, to read its catalogue.
    func connection() throws -> AdminConnection { try AdminConnection(town.admin) }

    /// Damages a clone and says what notices.
    func judge(_ mutant: Mutant) throws -> Verdict {
        let start = ContinuousClock.now
        let (wasSeen, killer) = try Self.clone(of: name, in: town) { person in try judge(mutant, person) }
        return Verdict(mutant: mutant, wasSeen: wasSeen, killer: killer, duration: ContinuousClock.now - start)
    }

    private func judge(_ mutant: Mutant, _ person: UnauthorisedPerson) throws -> (wasSeen: Bool, killer: String?) {
        let admin = try AdminConnection(person.ways.superuser)
        do { for statement in mutant.damage { try admin.run(statement) } } catch let error as ScriptError {
            // The guard looks at each change of the catalogue, and where it cannot look the change does not take place.
            guard error.error.sqlState == "42501" else { throw error }
            return (true, "it is refused as it is made")
        }
        let intact = try admin.query("select care.inspect()")[0].decode(Bool?.self, at: 0) ?? false
        // A broken gate may throw: that is no opening.
        let outcome = try? admin.query(opening)[0].decode(Int32.self, at: 0)
        let wasSeen = !intact && outcome != 0
        do { try admin.query("select care.adopt_fingerprint()") } catch { return (wasSeen, "it cannot be adopted") }
        return (wasSeen, try killer(of: mutant, person))
    }

    /// First what asks about the damaged function, then all that could find it.
    private func killer(of mutant: Mutant, _ person: UnauthorisedPerson) throws -> String? {
        let near = mutant.functions.reduce(into: Set<String>()) { $0.formUnion(groups[$1] ?? []) }
        if !near.isEmpty {
            try prove(near)
            if let failure = failure({ try person.run([.gate], groups: near, stoppingAtFirstFailure: true) }) {
                return failure
            }
        }
        for parts in mutant.search {
            let search = { try person.run(parts, tables: mutant.tables, stoppingAtFirstFailure: true) }
            if let failure = failure(search) { return failure }
        }
        return nil
    }

    private func failure(_ search: () throws -> UnauthorisedPerson.Report) -> String? {
        do { return try search().failures.first.map { "\($0)" } } catch { return "the suite could not run: \(error)" }
    }

    /// That these groups, by themselves, find nothing where nothing is damaged; once for each set of them.
    private func prove(_ groups: Set<String>) throws {
        guard controls.isNew(groups) else { return }
        try Self.clone(of: name, in: town) { person in
            let report = try person.run([.gate], groups: groups)
            guard report.failures.isEmpty else { throw Unsound(failures: report.failures.map(\.description)) }
        }
    }
}

extension AdminConnection {
    /// Runs text made at run time, which no statement of the program can be.
    func run(_ text: String) throws {
        try query("select set_config('suite.text', \(text), false)")
        try execute(script: "do $$ begin execute current_setting('suite.text'); end $$")
    }
}
