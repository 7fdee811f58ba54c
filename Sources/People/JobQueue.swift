public import Postgres

/// The jobs of the records store, as a server takes them. The rules are the database's (`database/records/current/70-job.sql`).
public struct JobQueue: Sendable {
    private let store: Store

    /// How long a transaction of a job may take; a stop may have to wait for one.
    private static let patience: Duration = .seconds(2)

    /// A queue in a records store.
    public init(store: Store) {
        self.store = store
    }

    /// Takes the job that has been due longest, of these kinds; `nil` if none is due. No two hold one job: whoever takes it later has
    /// the higher fence.
    public func take(_ kinds: some Collection<JobKind>) async throws -> HeldJob? {
        let asked = ContinuousClock.now
        let rows = try await store.query(
            """
            select organization, job, kind, fence, attempt, lease_seconds, account, patient, about
              from care.take_job(\(kinds.map(\.description)))
            """,
            timeout: Self.patience
        )
        guard let row = rows.first, let name = try row.decode(String?.self, at: 2),
            let kind = kinds.first(where: { $0.description == name })
        else { return nil }
        return try HeldJob(row, kind: kind, queue: self, asked: asked)
    }

    /// How many jobs of a kind there are, of all organisations together.
    public struct Count: Sendable {
        public let kind: String
        /// Nobody holds them: due, or due later.
        public let waiting: Int
        /// Somebody holds them.
        public let running: Int
        /// Their attempts are used up; an operator looks at them.
        public let dead: Int
    }

    /// Counts, for the metrics.
    public func counts() async throws -> [Count] {
        try await store.query(
            "select kind, waiting, running, dead from care.job_counts() order by 1",
            timeout: Self.patience
        )
        .map { row in
            let (kind, waiting, running, dead) = try row.decode((String, Int, Int, Int).self)
            return Count(kind: kind, waiting: waiting, running: running, dead: dead)
        }
    }

    func run(_ statement: SQL) async throws { _ = try await run([statement]) }

    /// Runs statements of one transaction that is fenced.
    func run(_ statements: [SQL]) async throws -> [Rows] {
        do throws(PostgresError) {
            return try await store.pipeline([statements], timeout: Self.patience)[0].get()
        } catch {
            throw error.constraint == "job_is_held" ? JobError.notHeld : error
        }
    }
}
