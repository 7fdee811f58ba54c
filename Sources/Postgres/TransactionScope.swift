import Synchronization

/// A transaction that is open on a connection; see ``Store/transaction(_:lasting:_:)``.
public struct TransactionScope: Sendable {
    private let store: Store
    private let lease: Lease
    private let opening: [SQL]
    private let progress = Progress()

    init(store: Store, isolation: Store.Isolation, lasting duration: Duration) {
        self.store = store
        lease = Lease(lasting: duration)
        let limit = "\(max(duration / .milliseconds(1), 1).rounded(.up))".prefix { $0 != "." }
        opening = [
            isolation.begin,
            """
            select set_config('statement_timeout', \(String(limit)), true),
                   set_config('idle_in_transaction_session_timeout', \(String(limit)), true)
            """,
        ]
    }

    /// Runs one statement.
    @discardableResult
    public func query(_ sql: SQL) async throws(PostgresError) -> Rows {
        guard let rows = try await pipeline([sql]).first else { throw .client }
        return rows
    }

    /// Runs statements in one round trip. After an error the transaction can only be rolled back.
    @discardableResult
    public func pipeline(_ statements: [SQL]) async throws(PostgresError) -> [Rows] {
        guard progress.begin() else {
            return try await run(statements, .within(lease))
        }
        return Array(try await run(opening + statements, .opens(lease)).dropFirst(opening.count))
    }

    func commit() async throws(PostgresError) {
        guard progress.hasBegun else { return }
        let rows = try await run(["commit"], .ends(lease))
        guard rows.first?.isCommit == true else { throw PostgresError(kind: .server, sqlState: "25P02") }
    }

    /// Waits for the server's answer even in a cancelled task: then the locks are gone.
    func rollBack() async {
        guard progress.hasBegun else { return }
        // It fails if there is nothing left to roll back: the connection was lost, or the time was over.
        _ = try? await store.run(job(["rollback"], .ends(lease)), heedingCancellation: false)
    }

    private func run(_ statements: [SQL], _ role: Job.Role) async throws(PostgresError) -> [Rows] {
        guard let only = try await store.run(job(statements, role)).first else { throw .client }
        return try only.get()
    }

    private func job(_ statements: [SQL], _ role: Job.Role) -> Job {
        Job([statements], role: role, timeout: nil, waitUntil: .now + store.waitingTime)
    }

    private final class Progress: Sendable {
        private let begun = Atomic(false)
        var hasBegun: Bool { begun.load(ordering: .acquiring) }

        /// True for the first who asks.
        func begin() -> Bool { !begun.exchange(true, ordering: .acquiringAndReleasing) }
    }
}

extension Store.Isolation {
    fileprivate var begin: SQL {
        switch self {
        case .readCommitted: "begin isolation level read committed"
        case .repeatableRead: "begin isolation level repeatable read"
        case .serializable: "begin isolation level serializable"
        }
    }
}
