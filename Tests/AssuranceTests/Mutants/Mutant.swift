import Assurance
import CarekeepTesting
import Foundation
import People
import Postgres

/// One damage to what isolation rests on.
struct Mutant: Sendable {
    let name: String
    /// Statements of the damage, run by the superuser.
    let damage: [String]
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
    }

    /// The original's own connection, to read its catalogue.
    func connection() throws -> AdminConnection { try AdminConnection(town.admin) }

    /// Damages a clone and says what notices.
    func judge(_ mutant: Mutant) throws -> Verdict {
        let start = ContinuousClock.now
        let name = "mutant_\(UUID().uuidString.lowercased().replacing("-", with: "_"))"
        guard let clone = SQL.Identifier(name) else { throw PostgresError(kind: .decoding, sqlState: "42602") }
        let maintenance = try AdminConnection("\(town.admin) dbname=postgres")
        try maintenance.query("create database \(clone) template \(self.name) strategy wal_log")
        // It ends with its cluster otherwise.
        defer { _ = try? maintenance.query("drop database \(clone) with (force)") }
        try maintenance.query("revoke all on database \(clone) from public")
        try maintenance.query("grant connect on database \(clone) to carekeep_server, carekeep_keykeeper")
        let admin = try AdminConnection("\(town.admin) dbname=\(name)")
        do { for statement in mutant.damage { try admin.run(statement) } } catch let error as ScriptError {
            // The guard looks at each change of the catalogue, and where it cannot look the change does not take place.
            guard error.error.sqlState == "42501" else { throw error }
            return Verdict(
                mutant: mutant,
                wasSeen: true,
                killer: "it is refused as it is made",
                duration: ContinuousClock.now - start
            )
        }
        let intact = try admin.query("select care.inspect()")[0].decode(Bool?.self, at: 0) ?? false
        // A broken gate may throw: that is no opening.
        let outcome = try? admin.query(opening)[0].decode(Int32.self, at: 0)
        do { try admin.query("select care.adopt_fingerprint()") } catch {
            return Verdict(
                mutant: mutant,
                wasSeen: !intact && outcome != 0,
                killer: "it cannot be adopted",
                duration: ContinuousClock.now - start
            )
        }
        let person = UnauthorisedPerson(
            .init(
                superuser: "\(town.admin) dbname=\(name)",
                server: "\(town.conninfo("carekeep_server")) dbname=\(name)",
                keykeeper: "\(town.conninfo("carekeep_keykeeper")) dbname=\(name)",
                lints: Release.lints(of: "records")
            )
        )
        return Verdict(
            mutant: mutant,
            wasSeen: !intact && outcome != 0,
            killer: killer(of: mutant, person),
            duration: ContinuousClock.now - start
        )
    }

    private func killer(of mutant: Mutant, _ person: UnauthorisedPerson) -> String? {
        for parts in mutant.search {
            do {
                let report = try person.run(parts, tables: mutant.tables, stoppingAtFirstFailure: true)
                if let failure = report.failures.first { return "\(failure)" }
            } catch { return "the suite could not run: \(error)" }
        }
        return nil
    }
}

extension AdminConnection {
    /// Runs text made at run time, which no statement of the program can be.
    func run(_ text: String) throws {
        try query("select set_config('suite.text', \(text), false)")
        try execute(script: "do $$ begin execute current_setting('suite.text'); end $$")
    }
}
