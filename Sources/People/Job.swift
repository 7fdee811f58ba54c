public import FoundationEssentials
public import Postgres
import Synchronization

/// A kind of job, by the name that its row in `care.job_kind` has. Kinds are literals of the program, so that a log line and a metric
/// may name one.
public struct JobKind: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// As in the database, such as `pass.sweep`.
    public let name: StaticString

    /// A kind written in the program.
    public init(stringLiteral name: StaticString) { self.name = name }

    /// The name.
    public var description: String { name.description }

    public static func == (one: JobKind, other: JobKind) -> Bool { one.description == other.description }
    public func hash(into hasher: inout Hasher) { hasher.combine(description) }
}

extension JobKind {
    /// Takes away passes that are over, each half minute.
    public static let sweepPasses: JobKind = "pass.sweep"
    /// Takes away what ended long ago and makes the months ahead, each hour.
    public static let housekeeping: JobKind = "housekeeping"
    /// Tells stewards what waits for them, each hour.
    public static let remindStewards: JobKind = "stewards.remind"
    /// Tells families that somebody soon decides who sees their record, each hour.
    public static let remindFamilies: JobKind = "families.remind"
    /// Sends a letter by mail; queued with the letter.
    public static let sendMail: JobKind = "mail.send"
    /// Those of this release.
    public static let all = [sweepPasses, housekeeping, remindStewards, remindFamilies, sendMail]

    /// A statement that asks for a job, for the transaction that it follows from: it is there if, and only if, that commits. The pass
    /// that is shown there must carry the kind's power, and name the patient.
    ///
    /// - Parameters:
    ///   - key: what makes it one job: asked for twice, it is done once. The opening of the pass makes a good one.
    ///   - patient: whom it is about.
    ///   - about: the id of something else that it is about. Nobody checks it: the handler looks it up under a pass of its own.
    /// - Returns: a statement that answers the job's id.
    public func enqueued(key: UUID, patient: UUID? = nil, about: UUID? = nil) -> SQL {
        "select care.enqueue_job(\(description), \(key), \(patient), \(about))"
    }
}

/// A job while this process holds it.
///
/// The database counts each taking with a fence. Should somebody else take the job meanwhile, since the lease ran out, nothing can be
/// done in its name here any more: ``extend()`` throws, and a transaction that begins with ``holding`` fails whole.
public final class HeldJob: Sendable {
    /// What is to be done.
    public let kind: JobKind
    /// The job. It is the same in each attempt.
    public let id: UUID
    /// Whose it is; the nil organisation is the installation.
    public let organization: UUID
    /// Who asked for it; nobody did for what is periodic.
    public let account: UUID?
    /// Whom it is about.
    public let patient: UUID?
    /// What else it is about; to be looked up, not believed.
    public let about: UUID?
    /// Which attempt this is, from 1.
    public let attempt: Int

    let fence: Int64
    private let queue: JobQueue
    private let lease: Duration
    private let deadline: Mutex<ContinuousClock.Instant>

    /// `asked` is when the database was asked, before which no lease can have begun.
    init(_ row: Row, kind: JobKind, queue: JobQueue, asked: ContinuousClock.Instant) throws(PostgresError) {
        self.kind = kind
        self.queue = queue
        organization = try row.decode(UUID.self, at: 0)
        id = try row.decode(UUID.self, at: 1)
        fence = try row.decode(Int64.self, at: 3)
        attempt = Int(try row.decode(Int32.self, at: 4))
        lease = .seconds(try row.decode(Int32.self, at: 5))
        account = try row.decode(UUID?.self, at: 6)
        patient = try row.decode(UUID?.self, at: 7)
        about = try row.decode(UUID?.self, at: 8)
        deadline = Mutex(asked + lease)
    }

    /// What a deliverer hands on, so that the other side takes what comes twice for one: a crash between delivering and saying so
    /// delivers again, under the same key.
    public var idempotencyKey: UUID { id }

    /// The first statement of a transaction that does the job's work in the database.
    public var holding: SQL { "select care.job_holds(\(organization), \(id), \(fence))" }

    /// Holds on to the job: its lease begins anew. For work of several steps, after each.
    ///
    /// - Throws: `JobError.notHeld` if somebody else has it.
    public func extend() async throws {
        let asked = ContinuousClock.now
        try await queue.run("select care.extend_job(\(organization), \(id), \(fence))")
        deadline.withLock { $0 = asked + lease }
    }

    /// Does one step of the work in the database, in a transaction of its own, fenced, and holds on to the job.
    public func step(_ statement: SQL) async throws -> Rows {
        let asked = ContinuousClock.now
        let rows = try await queue.run([
            holding, statement, "select care.extend_job(\(organization), \(id), \(fence))",
        ])
        deadline.withLock { $0 = asked + lease }
        return rows[1]
    }

    /// Whether the lease has run out, as far as this process knows: it says so early rather than late.
    var leaseIsOver: Bool { deadline.withLock { ContinuousClock.now >= $0 } }

    /// Returns when the lease has run out; early if the task is cancelled.
    func awaitEndOfLease() async {
        while !Task.isCancelled {
            let end = deadline.withLock { $0 }
            guard ContinuousClock.now < end else { return }
            // Whoever cancels is done with it.
            try? await Task.sleep(until: end, clock: .continuous)
        }
    }

    func finish() async throws { try await queue.run("select care.finish_job(\(organization), \(id), \(fence))") }

    func giveBack() async throws { try await queue.run("select care.give_back_job(\(organization), \(id), \(fence))") }

    /// Whether the job is dead now.
    func fail(_ code: String) async throws -> Bool {
        let rows = try await queue.run(["select care.fail_job(\(organization), \(id), \(fence), \(code))"])
        return try rows[0].first?.decode(String.self, at: 0) == "dead"
    }
}

/// What goes wrong with a job.
public enum JobError: Error, Equatable {
    /// Somebody else holds it, or nobody; nothing was done.
    case notHeld
    /// The handler gives up this attempt; the code is kept.
    case failed(code: StaticString)

    public static func == (one: JobError, other: JobError) -> Bool {
        switch (one, other) {
        case (.notHeld, .notHeld): true
        case (.failed(let one), .failed(let other)): one.description == other.description
        default: false
        }
    }
}
