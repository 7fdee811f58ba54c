public import Postgres
public import Seals

/// What was asked for on all servers together, as the records store keeps it (`database/records/current/44-rate-limit.sql`).
public struct SpendingBook: Sendable {
    /// What one server has let pass in one period, for one address, person or organisation.
    public struct Item: Sendable {
        /// Which, in words of the program and bytes of the request's; only a keyed hash of it leaves this process.
        public var name: String
        /// The number of the period since 1970.
        public var period: Int64
        /// How many requests since the last time.
        public var amount: Int
        /// How long a period is, in seconds.
        public var seconds: Int

        /// Says all of it.
        public init(name: String, period: Int64, amount: Int, seconds: Int) {
            (self.name, self.period, self.amount, self.seconds) = (name, period, amount, seconds)
        }
    }

    private let store: Store
    private let keys: Keykeeper

    /// Over a records store.
    public init(store: Store, keys: Keykeeper) {
        self.store = store
        self.keys = keys
    }

    /// Adds what was spent here, and answers what is spent everywhere, in the order of the items. One statement.
    public func settle(_ items: [Item]) async throws -> [Int] {
        guard !items.isEmpty else { return [] }
        let installation = try await keys.installation()
        let buckets = items.map {
            Array(Primitive.sha256(Array(installation.mark(of: "carekeep/rate/\($0.name)").utf8)).prefix(16))
        }
        let rows = try await store.query(
            """
            select bucket, spent from care.settle_spending(
                \(buckets), \(items.map(\.period)), \(items.map { Int32(clamping: $0.amount) }),
                \(items.map { Int32(clamping: $0.seconds) }))
            """,
            timeout: .seconds(2)
        )
        var spent: [[UInt8]: Int] = [:]
        for row in rows { spent[try row.decode([UInt8].self, at: 0)] = Int(try row.decode(Int32.self, at: 1)) }
        return zip(buckets, items).map { spent[$0] ?? $1.amount }
    }
}
