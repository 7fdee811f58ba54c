public import Foundation
import Postgres

/// Somebody who speaks SQL as the server's database role and wants what no pass was opened for.
///
/// For every table of the schema `care` (the catalogue says which there are), every command and every way of not having the right
/// pass, a statement is sent over libpq; it must end in an error 42501, or find no row and change none. Beside each attempt stand
/// its controls: the superuser's, which shows that the statement does what it says, and the right pass's, which shows that
/// the table is not closed to everybody. So neither a broken statement nor a broken gate looks like safety.
///
/// Tests, mutation runs and probes call the same function. It blocks, writes its own people into the store and leaves
/// them there, and for moments moves the store's clock: it is for a copy, not for a store in use.
public struct UnauthorisedPerson {
    /// How the store is reached: libpq's connection strings.
    public struct Ways: Sendable {
        /// As a superuser: to make the scene, and to see what others must not.
        public var superuser: String
        /// As `carekeep_server`.
        public var server: String
        /// As `carekeep_keykeeper`.
        public var keykeeper: String
        /// The folder of the store's lints; without one they are left out.
        public var lints: URL?

        /// Names all of them.
        public init(superuser: String, server: String, keykeeper: String, lints: URL? = nil) {
            self.superuser = superuser
            self.server = server
            self.keykeeper = keykeeper
            self.lints = lints
        }
    }

    /// What is tried.
    public enum Part: Sendable, Hashable, CaseIterable {
        /// Each table has row security, FORCE, the wall of its organisation, and a specimen here.
        case structure
        /// Grants, roles and memberships are the declared ones, and no lint finds anything.
        case grants
        /// Tables × commands × situations.
        case tables
        /// What goes round the tables: roles, settings, plans, oracles, shadows.
        case detours
        /// Each condition in the functions that decide.
        case gate
    }

    /// What was found.
    public struct Report: Sendable, CustomStringConvertible {
        /// The tables that the catalogue named.
        public internal(set) var tables: [String] = []
        /// How many statements were tried that must come to nothing.
        public internal(set) var attempts = 0
        /// How many were tried that must work.
        public internal(set) var controls = 0
        /// Which groups of the gate's checks asked about a function, by its name.
        public internal(set) var groups: [String: Set<String>] = [:]
        /// What was not as it must be.
        public internal(set) var failures: [Failure] = []

        /// Counts, and a line for each failure.
        public var description: String {
            let lines = failures.map { "\n  \($0)" }.joined()
            return
                "\(tables.count) tables, \(attempts) attempts, \(controls) controls, \(failures.count) failures\(lines)"
        }
    }

    /// One thing that is not as it must be. Holds names and numbers, and no value of a row.
    public struct Failure: Sendable, Equatable, CustomStringConvertible {
        /// The table, or the function.
        public let table: String
        /// What was tried.
        public let command: String
        /// By whom, with what.
        public let situation: String
        /// What came of it.
        public let seen: String

        /// `table · command · situation: what was seen`.
        public var description: String { "\(table) · \(command) · \(situation): \(seen)" }
    }

    /// How they come in.
    public let ways: Ways

    /// Somebody with these ways in.
    public init(_ ways: Ways) {
        self.ways = ways
    }

    /// Tries everything, or the parts named, and says what was seen. Throws only what keeps it from trying.
    ///
    /// Of the part `Part.tables` only `tables`, of `Part.gate` only `groups`, if given; mutation runs, which ask only whether there is a
    /// failure, stop at the first.
    public func run(
        _ parts: Set<Part> = Set(Part.allCases),
        tables: Set<String>? = nil,
        groups: Set<String>? = nil,
        stoppingAtFirstFailure: Bool = false
    ) throws -> Report {
        let ledger = Ledger(stopping: stoppingAtFirstFailure)
        do {
            let catalogue = try Catalogue(AdminConnection(ways.superuser))
            ledger.report.tables = catalogue.tables.map(\.name)
            if parts.contains(.structure) { try catalogue.checkStructure(ledger) }
            if parts.contains(.grants) { try checkGrants(ledger) }
            guard !parts.isDisjoint(with: [.tables, .detours, .gate]) else { return ledger.report }
            let scene = try Scene(ways)
            if parts.contains(.tables) {
                try Matrix(scene: scene, catalogue: catalogue, ledger: ledger).run(only: tables)
            }
            if parts.contains(.detours) { try Detours(scene: scene, catalogue: catalogue, ledger: ledger).run() }
            if parts.contains(.gate) { try GateChecks(scene: scene, ledger: ledger).run(only: groups) }
        } catch is Enough {
            // One failure was asked for, and it is in the ledger.
        }
        return ledger.report
    }

    private func checkGrants(_ ledger: Ledger) throws {
        let admin = try AdminConnection(ways.superuser)
        for difference in try DeclaredGrants.records.differences(over: admin) {
            try ledger.fail("grants", "compared with the declared", "-", difference)
        }
        for lint in try ways.lints.map(SQLLint.all) ?? [] {
            for finding in try lint.findings(in: "care", over: admin) {
                try ledger.fail("lint", lint.name, "-", finding)
            }
        }
    }
}

/// Thrown when one failure is enough.
struct Enough: Error {}

/// Collects what a run tries and finds.
final class Ledger {
    var report = UnauthorisedPerson.Report()
    /// The group of the gate's checks that is under way.
    var group = ""
    private let stopping: Bool

    init(stopping: Bool) {
        self.stopping = stopping
    }

    func fail(_ table: String, _ command: String, _ situation: String, _ seen: String) throws(Enough) {
        report.failures.append(.init(table: table, command: command, situation: situation, seen: seen))
        if stopping { throw Enough() }
    }
}

/// What came of a statement.
enum Seen: Equatable, CustomStringConvertible {
    /// The server refused; SQLSTATE and constraint.
    case refused(String, String?)
    /// It ended; so many rows were returned or changed.
    case rows(Int)
    /// A COPY from the client was let in.
    case copyBegan

    /// What a missing privilege and row security answer.
    var isDenied: Bool {
        if case .refused("42501", _) = self { true } else { false }
    }

    var description: String {
        switch self {
        case .refused(let state, let constraint): "refused \(state)" + (constraint.map { " (\($0))" } ?? "")
        case .rows(let count): "\(count) rows"
        case .copyBegan: "copying began"
        }
    }
}
