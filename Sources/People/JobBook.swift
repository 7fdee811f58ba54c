public import FoundationEssentials
public import Postgres

/// Jobs as the operator on the host sees and retries them. No server role may do either.
public struct JobBook {
    private let admin: AdminConnection

    /// Over the operator's connection to the records store.
    public init(over admin: AdminConnection) {
        self.admin = admin
    }

    /// A kind, and how its jobs stand.
    public struct Kind {
        /// As `JobKind` names it.
        public let name: String
        /// Seconds between the end of one run and the next, if it is periodic.
        public let period: Int?
        /// Held by nobody: due, or due later.
        public let waiting: Int
        /// Held by a server.
        public let running: Int
        /// Their attempts are used up.
        public let dead: Int
        /// When the next one is due.
        public let next: Date?
        /// When one was last done.
        public let lastDone: Date?
        /// Of the waiting one that failed last.
        public let lastError: String?
    }

    /// The kinds, by name.
    public func kinds() throws -> [Kind] {
        try admin.query(
            """
            select k.name, k.period_seconds, c.waiting, c.running, c.dead,
                   (select min(j.run_at) from care.job j where j.kind = k.name and j.state = 'waiting'),
                   (select max(j.done_at) from care.job j where j.kind = k.name),
                   (select j.last_error from care.job j
                     where j.kind = k.name and j.state = 'waiting' and j.last_error is not null
                     order by j.failed_at desc limit 1)
              from care.job_kind k join care.job_counts() c on c.kind = k.name
             order by 1
            """
        ).map { row in
            Kind(
                name: try row.decode(String.self, at: 0),
                period: try row.decode(Int32?.self, at: 1).map { Int($0) },
                waiting: try row.decode(Int.self, at: 2),
                running: try row.decode(Int.self, at: 3),
                dead: try row.decode(Int.self, at: 4),
                next: try row.decode(Date?.self, at: 5),
                lastDone: try row.decode(Date?.self, at: 6),
                lastError: try row.decode(String?.self, at: 7)
            )
        }
    }

    /// A job whose attempts are used up.
    public struct Dead {
        /// By which it is tried again.
        public let id: UUID
        /// As `JobKind` names it.
        public let kind: String
        /// Whose it is; the installation's own id where it is nobody's.
        public let organization: UUID
        /// How often it was tried.
        public let attempts: Int
        /// When that was for the last time.
        public let failedAt: Date?
        /// Why: an SQLSTATE, or the name of an error. Never what it says.
        public let lastError: String?
    }

    /// The dead ones, the latest first, a hundred at most.
    public func dead() throws -> [Dead] {
        try admin.query(
            """
            select id, kind, organization_id, attempts, failed_at, last_error from care.job where state = 'dead'
             order by failed_at desc, id limit 100
            """
        ).map { row in
            Dead(
                id: try row.decode(UUID.self, at: 0),
                kind: try row.decode(String.self, at: 1),
                organization: try row.decode(UUID.self, at: 2),
                attempts: Int(try row.decode(Int32.self, at: 3)),
                failedAt: try row.decode(Date?.self, at: 4),
                lastError: try row.decode(String?.self, at: 5)
            )
        }
    }

    /// Lets a dead job wait again, with all its attempts; false if there is no dead one of this id.
    public func retry(_ id: UUID) throws -> Bool {
        try admin.query("select care.retry_job(\(id))").first?.decode(Bool.self, at: 0) ?? false
    }
}
