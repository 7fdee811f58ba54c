public import People
public import Postgres
public import Records
public import Seals

/// A Carekeep put together over its stores: what the server, the commands and the tests all work with.
public final class Home: Sendable {
    /// Where the stores are, and by which roles they are reached. libpq's connection strings.
    public struct Stores: Sendable {
        /// The records store, as `carekeep_server`.
        public var records: String
        /// The records store, as `carekeep_keykeeper`.
        public var voucher: String
        /// The keys store, as `carekeep_keykeeper`.
        public var keys: String

        /// Names all three.
        public init(records: String, voucher: String, keys: String) {
            self.records = records
            self.voucher = voucher
            self.keys = keys
        }
    }

    public let gate: Gate
    public let keys: Keykeeper
    public let members: Members
    public let records: PatientRecords
    public let signIn: SignIn
    /// Work to be done later, again and again, or outside.
    public let jobs: JobQueue
    /// The records store, as the server reaches it.
    public let store: Store

    private let all: [Store]

    /// Puts a home together. Nothing is connected yet. With `sendsMail`, links are mailed to whom they are for.
    public init(
        _ stores: Stores,
        root: RootKey,
        poolSize: Int? = nil,
        sendsMail: Bool = false,
        sessions: @escaping @Sendable (SessionUse) -> SignIn.Times = Home.defaultTimes
    ) {
        var configuration = Store.Configuration(conninfo: stores.records)
        if let poolSize { configuration.poolSize = poolSize }
        store = Store(configuration)
        let voucher = Store(Store.Configuration(conninfo: stores.voucher, poolSize: 2))
        let keyStore = Store(Store.Configuration(conninfo: stores.keys, poolSize: 2))
        all = [keyStore, voucher, store]
        keys = Keykeeper(root: root, store: keyStore, voucher: DatabaseVoucher(store: voucher))
        gate = Gate(store: store, keys: keys)
        jobs = JobQueue(store: store)
        let outbox = sendsMail ? Outbox(keys: keys) : nil
        members = Members(gate: gate, keys: keys, outbox: outbox)
        signIn = SignIn(store: store, keys: keys, gate: gate, outbox: outbox, times: sessions)
        records = PatientRecords(gate: gate, keys: keys, members: members, signIn: signIn)
    }

    /// Nobody longer than this; for whom it is shorter, the database says (`session_limits`).
    public static let defaultTimes: @Sendable (SessionUse) -> SignIn.Times = { use in
        switch use {
        case .page: SignIn.Times(idle: .seconds(7 * 86_400), lasting: .seconds(30 * 86_400))
        case .api: SignIn.Times(idle: .seconds(3600), lasting: .seconds(3600))
        }
    }

    /// Connects to the stores, looks at policies and grants, and makes the installation's keys if there are none.
    public func open() async throws {
        for store in all { try await store.start() }
        // What was last seen may be too long ago for the gate, and this month's partition may be missing.
        try await inspect()
        _ = try await store.query("select care.add_months()")
        try await keys.establishInstallation()
    }

    /// Lets go of the stores.
    public func close() async {
        for store in all.reversed() { await store.shutdown() }
        keys.forgetAll()
    }

    /// Whether the stores answer and the guard is down.
    public var isReady: Bool {
        get async {
            do {
                for store in all.dropLast() { _ = try await store.query("select 1") }
                return try await store.query("select care.inspect()").first?.decode(Bool.self, at: 0) ?? false
            } catch {
                return false  // whoever asks wants to know whether, not why; `carekeep migrate status` says why
            }
        }
    }

    /// Looks at policies and grants, as each server does every 30 seconds. What is done once for all servers is a job.
    public func inspect() async throws {
        _ = try await store.query("select care.inspect()")
    }
}
