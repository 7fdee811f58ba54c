import Care
import FoundationEssentials
import Postgres
import Trail

/// What a request sends to have a pass opened and used.
struct Opening: Sendable {
    let errand: Errand
    let caller: Caller
    let secret: PassSecret
    let seal: AuditSeal
    /// What is done under the pass, in transaction 2; empty if that comes later.
    let work: [SQL]

    /// Whether it may travel with others: it reads one record, so that nobody waits long for its work. Those who write have a
    /// commit of their own to wait for, and would wait for one another's.
    var isShared: Bool { errand.act == .readRecord && errand.targets.count == 1 && errand.newPatients.isEmpty }

    /// Opens it by itself.
    var statement: SQL {
        """
        select outcome, context, patients, records, roles from care.open_pass(
            \(caller.organization), \(caller.token.secret), \(secret.bytes), \(caller.use.rawValue),
            \(errand.act.rawValue), \(errand.targets), \(errand.newPatients), \(errand.purpose.rawValue),
            \(seal.epoch), \(seal.salt), \(seal.sealed))
        """
    }

    /// Opens several, each by its own right, with one commit. One row each, in order.
    static func statement(of openings: [Opening]) -> SQL {
        """
        select outcome, context, patients, records, roles, secret_sha256 from care.open_passes(
            \(openings.map(\.caller.organization)), \(openings.map(\.caller.token.secret)),
            \(openings.map(\.secret.bytes)), \(openings.map(\.caller.use.rawValue)),
            \(openings.map(\.errand.act.rawValue)), \(openings.map(\.errand.targets[0])),
            \(openings.map(\.errand.purpose.rawValue)), \(openings.map(\.seal.epoch)), \(openings.map(\.seal.salt)),
            \(openings.map(\.seal.sealed)))
        """
    }

    /// Transaction 2: shows the pass and does the work.
    var use: [SQL] { [secret.shown] + work }
}

/// What became of an opening, and of the work under it.
struct Outcome: Sendable {
    let answer: GateAnswer
    /// Each statement's rows, the first of them of showing the pass; empty without work.
    let work: Result<[Rows], PostgresError>
}
