import Glibc
import Synchronization

/// A database and the pool of connections to it.
///
/// One thread waits for all connections at once (`epoll`) and speaks libpq's pipeline mode; whoever asks is suspended
/// and resumed from there. Nothing here blocks a caller's thread. Connecting and cancelling, which block, have
/// short-lived threads of their own.
///
/// ```swift
/// let store = Store(.init(conninfo: "host=/run/carekeep dbname=records user=carekeep"))
/// try await store.start()
/// let answers = try await store.pipeline([["select open_pass(\(secret))"], [useThePass, "select body from record"]])
/// let body = try answers[1].get()[1].first?.decode([UInt8].self, at: 0)
/// ```
public final class Store: Sendable {
    private let configuration: Configuration
    private let inbox: Inbox

    /// A store that is not connected yet.
    public init(_ configuration: Configuration) {
        self.configuration = configuration
        inbox = Inbox(queueLimit: configuration.queueLimit)
    }

    deinit { inbox.post(.shutDown(.now, nil)) }

    /// Connects; returns when the first connection stands, or throws when it cannot be had. A store that could not be
    /// started is used up: make another one.
    public func start() async throws(PostgresError) {
        let target = try ConnectionTarget(configuration.conninfo, applicationName: configuration.applicationName)
        guard inbox.open() else { throw .connection("08003") }
        let (configuration, inbox) = (configuration, inbox)
        WorkerThread.start(named: "postgres") {
            Switchboard(configuration: configuration, target: target, inbox: inbox).run()
        }
        let outcome = await withUnsafeContinuation { inbox.post(.awaitStart($0)) }
        guard case .failure(let error) = outcome else { return }
        await shutdown(within: .zero)
        throw error
    }

    /// Takes no more work, lets what runs and waits come to its end, and stops what has not by then.
    public func shutdown(within duration: Duration = .seconds(10)) async {
        await withUnsafeContinuation { continuation in
            if !inbox.post(.shutDown(.now + duration, continuation)) { continuation.resume() }
        }
    }

    /// Runs transactions on one connection in one round trip.
    ///
    /// Each is an implicit transaction: its statements, then a Sync, at which it commits. An error in one does not stop
    /// the next. The answers are there when the last has committed.
    ///
    /// - Parameters:
    ///   - transactions: the statements of each.
    ///   - timeout: how long everything may take, waiting for a connection included. Otherwise waiting ends with
    ///     `waitingTime` and each statement with `statementTimeout`.
    ///   - heedingCancellation: whether everything is stopped when the caller's task is cancelled: not where others wait
    ///     for it too.
    /// - Returns: one result per transaction, in order, each with one `Rows` per statement. A `.connection` failure
    ///   leaves open whether the transaction was committed.
    /// - Throws: only if nothing was sent.
    public func pipeline(
        _ transactions: [[SQL]],
        timeout: Duration? = nil,
        heedingCancellation: Bool = true
    ) async throws(PostgresError) -> [Result<[Rows], PostgresError>] {
        guard !transactions.isEmpty else { return [] }
        let job = Job(
            transactions,
            timeout: timeout,
            waitUntil: .now + min(configuration.waitingTime, timeout ?? configuration.waitingTime)
        )
        return try await run(job, heedingCancellation: heedingCancellation)
    }

    /// Runs one statement in a transaction of its own.
    public func query(_ sql: SQL, timeout: Duration? = nil) async throws(PostgresError) -> Rows {
        try await pipeline([[sql]], timeout: timeout).onlyRows()
    }

    /// Runs `begin`, what the body does, and `commit` on one connection: for writes that need to look first.
    ///
    /// The body throws: everything is rolled back. The time is over: the server's statement is stopped, the transaction
    /// rolled back and the connection given to others, whatever the body is doing. Nothing is sent before the body's
    /// first statement, which `begin` accompanies.
    public func transaction<Answer: Sendable>(
        _ isolation: Isolation = .readCommitted,
        lasting duration: Duration = .seconds(2),
        _ body: @Sendable (TransactionScope) async throws -> Answer
    ) async throws -> Answer {
        let scope = TransactionScope(store: self, isolation: isolation, lasting: duration)
        do {
            let answer = try await body(scope)
            try await scope.commit()
            return answer
        } catch {
            await scope.rollBack()
            throw error
        }
    }

    /// What a transaction sees of others; the names are PostgreSQL's.
    public enum Isolation: Sendable {
        /// Each statement sees what is committed when it begins.
        case readCommitted
        /// All statements see what was committed when the first began.
        case repeatableRead
        /// As if one transaction ran after another; may fail with 40001 and is then to be repeated.
        case serializable
    }

    /// Counts of this moment and since the start. Numbers only.
    public var statistics: Statistics { inbox.statistics }

    /// How many connections it has when all stand.
    public var poolSize: Int { configuration.poolSize }

    var waitingTime: Duration { configuration.waitingTime }

    /// Hands a job over and waits for the one answer that it gets.
    func run(_ job: Job, heedingCancellation: Bool = true) async throws(PostgresError) -> Job.Answers {
        guard heedingCancellation else { return try await submit(job).get() }
        guard !Task.isCancelled else { throw .cancelled }
        let outcome = await withTaskCancellationHandler {
            await submit(job)
        } onCancel: {
            inbox.post(.cancel(job))
        }
        return try outcome.get()
    }

    private func submit(_ job: Job) async -> Job.Outcome {
        await withUnsafeContinuation { continuation in
            job.continuation = continuation
            // A refused job is known to nobody else, so that it is answered here.
            if let refusal = inbox.submit(job) { continuation.resume(returning: .failure(refusal)) }
        }
    }
}

extension Store {
    /// How a store connects and what it allows.
    public struct Configuration: Sendable, CustomStringConvertible, CustomReflectable {
        /// libpq's string. May hold a password, and is never printed. Without `sslmode` a remote server must prove its
        /// name (`verify-full`); `sslrootcert` says by which authority.
        public var conninfo: String
        /// Connections. Four for each core of the database was the best of what we measured.
        public var poolSize: Int
        /// How many jobs may wait for a connection; the next is refused at once.
        public var queueLimit = 1024
        /// How long a job may wait for a connection.
        public var waitingTime: Duration = .seconds(5)
        /// How long a statement may take. The server stops it by itself.
        public var statementTimeout: Duration = .seconds(30)
        /// What `pg_stat_activity` shows.
        public var applicationName = "carekeep"
        /// Statements for each new connection, such as settings.
        public var onConnect: [SQL] = []

        /// A configuration with the usual limits.
        public init(conninfo: String, poolSize: Int? = nil) {
            self.conninfo = conninfo
            self.poolSize = poolSize ?? 4 * max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1)
        }

        /// Nothing that connects.
        public var description: String { "Store.Configuration(\(applicationName))" }
        /// Hides the fields from `dump` and from test reports.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Counts, and nothing that belongs to anybody.
    public struct Statistics: Sendable, Equatable {
        /// Connections that stand.
        public internal(set) var connected = 0
        /// Of these, those at work or held by a transaction.
        public internal(set) var busy = 0
        /// Jobs without a connection.
        public internal(set) var waiting = 0
        /// Jobs answered by the server since the start.
        public internal(set) var completed = 0
        /// Jobs refused since too many waited.
        public internal(set) var refused = 0
        /// Jobs that no connection became free for in time.
        public internal(set) var expired = 0
        /// Requests to the server to stop a statement.
        public internal(set) var cancellations = 0
        /// Connections that were lost.
        public internal(set) var lost = 0
    }
}

extension [Result<[Rows], PostgresError>] {
    /// The rows of the only statement.
    func onlyRows() throws(PostgresError) -> Rows {
        guard let rows = try first?.get().first else { throw .client }
        return rows
    }
}
