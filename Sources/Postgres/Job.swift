/// What one caller waits for: transactions to run on one connection.
///
/// Made by the caller's thread and handed over with ``Inbox/submit(_:)``; from then on only the store's thread touches
/// the fields that change, and it alone resumes the caller. That is why it happens exactly once.
final class Job: @unchecked Sendable {
    typealias Answers = [Result<[Rows], PostgresError>]
    typealias Outcome = Result<Answers, PostgresError>

    /// How a job relates to a transaction of several round trips.
    enum Role {
        /// It is complete in itself.
        case alone
        /// It takes a connection and keeps it.
        case opens(Lease)
        /// It uses the connection that another job took.
        case within(Lease)
        /// It uses that connection and gives it back.
        case ends(Lease)
    }

    let transactions: [[SQL]]
    let role: Role
    /// When it is to be over, if the caller said so.
    let deadline: Moment
    /// When waiting for a connection is over.
    let waitUntil: Moment

    var continuation: UnsafeContinuation<Outcome, Never>?
    var isCancelled = false
    /// Where it is being run.
    var line: Line?

    init(_ transactions: [[SQL]], role: Role = .alone, timeout: Duration?, waitUntil: Moment) {
        self.transactions = transactions
        self.role = role
        self.deadline = timeout.map { .now + $0 } ?? .never
        self.waitUntil = waitUntil
    }

    func finish(_ outcome: Outcome) {
        line = nil
        continuation?.resume(returning: outcome)
        continuation = nil
    }

    /// The transaction of several round trips that it belongs to.
    var lease: Lease? {
        switch role {
        case .alone: nil
        case .opens(let lease), .within(let lease), .ends(let lease): lease
        }
    }

    /// How many statements it sends.
    var statementCount: Int { transactions.reduce(0) { $0 + $1.count } }
}

/// The right of a transaction to a connection between its round trips. Only the store's thread touches what changes.
final class Lease: @unchecked Sendable {
    enum State {
        /// Its opening job waits for a connection.
        case wanted
        case granted(Line)
        case over(PostgresError)
    }

    let duration: Duration
    var state = State.wanted
    /// Set when it is granted.
    var deadline = Moment.never
    /// Jobs that came while another of this transaction was running.
    var backlog: [Job] = []

    init(lasting duration: Duration) { self.duration = duration }
}
