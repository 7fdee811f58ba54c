public import Assurance
public import Care
import Database
import FHIR
public import Foundation
public import People
public import Postgres
import Records
public import Seals
import Synchronization
import Trail

/// A fresh Carekeep with people in it, for one test: databases cloned from migrated templates, on clusters that the test run starts
/// and stops.
///
/// - **The Okafors**, a family in Britain: Amara (owner, caregiver) keeps Ada's record; Bo (caregiver) keeps Ben's; Imani is a
///   clinician and reaches nobody until something is shared with her; Tunde is an administrator without reach.
/// - **Sunrise**, clinics in India: Meera (owner, clinician) treats Arjun; Ravi is staff.
public final class TestTown: Sendable {
    /// The Carekeep.
    public let home: Home
    /// The records store, as its superuser: for damage, and for counting what others may not see.
    public let admin: String
    /// The same for the keys store.
    public let keysAdmin: String
    /// How the records store is reached by a role, for tests that speak SQL as it.
    public let conninfo: @Sendable (_ role: String) -> String

    public let okafors: UUID
    public let sunrise: UUID
    private let people: [String: Inhabitant]
    private let another: @Sendable () async throws -> Home

    /// Someone who can sign in.
    public struct Inhabitant: Sendable {
        public let name: String
        public let address: String
        public let organization: UUID
        public let account: Person.ID
    }

    /// Someone of the town, by first name.
    public subscript(name: String) -> Inhabitant {
        guard let inhabitant = people[name] else { preconditionFailure("nobody is called \(name)") }
        return inhabitant
    }

    /// Opens a town.
    public init(poolSize: Int = 4) async throws {
        let clusters = try Clusters.shared.get()
        let name = "town_\(UUID().uuidString.lowercased().replacing("-", with: "_"))"
        try clusters.records.clone(as: name)
        try clusters.keys.clone(as: name)
        let (records, keys) = (clusters.records.cluster, clusters.keys.cluster)
        admin = records.conninfo(role: Cluster.superuser, database: name)
        keysAdmin = keys.conninfo(role: Cluster.superuser, database: name)
        conninfo = { records.conninfo(role: $0, database: name) }
        let root = try Self.rootKey()
        let stores = Home.Stores(
            records: records.conninfo(role: "carekeep_server", database: name),
            voucher: records.conninfo(role: "carekeep_keykeeper", database: name),
            keys: keys.conninfo(role: "carekeep_keykeeper", database: name)
        )
        let another = { @Sendable () async throws -> Home in
            let home = Home(stores, root: root, poolSize: poolSize)
            try await home.open()
            return home
        }
        self.another = another
        home = try await another()
        var people: [String: Inhabitant] = [:]
        okafors = try await Self.found(
            .family,
            "The Okafors",
            "GB",
            "Europe/London",
            [
                ("Amara", "Amara Okafor", [.owner, .caregiver]), ("Bo", "Bo Okafor", [.caregiver]),
                ("Imani", "Dr Imani Bello", [.clinician]), ("Tunde", "Tunde Okafor", [.admin]),
            ],
            home,
            admin,
            &people
        )
        sunrise = try await Self.found(
            .clinic,
            "Sunrise Clinics",
            "IN",
            "Asia/Kolkata",
            [("Meera", "Dr Meera Kulkarni", [.owner, .clinician]), ("Ravi", "Ravi Patil", [.staff])],
            home,
            admin,
            &people
        )
        self.people = people
    }

    /// Another server's view of the same stores. Whoever asks closes it.
    public func secondServer() async throws -> Home { try await another() }

    /// Lets go of the stores. The databases end with the clusters.
    public func close() async {
        await home.close()
    }

    // MARK: Signing in

    /// The hash that every inhabitant has: no password gives it, and hashing is not what these tests are about.
    private static let hash = "$2b$12$" + String(repeating: "k", count: 53)

    /// A session of somebody, begun without hashing a password; with the code of those who need one.
    public func session(of name: String, use: SessionUse = .api, showingSecondFactor: Bool = true) async throws
        -> Caller
    {
        let inhabitant = self[name]
        let token = try await home.keys.installation().signIn.token(email: inhabitant.address)
        let secret = Primitive.freshBytes(32)
        let rows = try await home.store.query(
            """
            select outcome from care.begin_session(
                \(token), \(Self.hash), \(inhabitant.organization), \(use.rawValue), \(Primitive.sha256(secret)),
                interval '1 hour', interval '1 day', null, 1, \(Primitive.freshBytes(32)), \([UInt8]([0])))
            """
        )
        guard try rows.first?.decode(Int32.self, at: 0) == 0 else { throw Refusal.wrongCredentials }
        let organization = withUnsafeBytes(of: inhabitant.organization.uuid) { Array($0) }
        guard let session = SessionToken(Self.base64(organization + secret)) else { throw Refusal.signedOut }
        let caller = Caller(
            token: session,
            use: use,
            origin: AccessNote(address: "192.0.2.7", device: "a test", request: "r1")
        )
        return showingSecondFactor ? try await complete(caller, of: inhabitant.account.uuid) : caller
    }

    /// The session with its second factor shown, by whoever has one.
    private func complete(_ caller: Caller, of account: UUID) async throws -> Caller {
        guard try await home.signIn.secondFactor(of: caller).isDue else { return caller }
        let connection = try AdminConnection(admin)
        // Whoever was given an office has none yet.
        if try connection.query("select from care.second_factor where account_id = \(account)").isEmpty {
            try await Self.giveSecondFactor(to: account, home, over: connection)
        }
        // Tests sign in more often than once in 30 seconds: steps that were used are forgotten.
        let step = try connection.query(
            "update care.second_factor set last_step = 0 returning floor(extract(epoch from care.clock()) / 30)::bigint"
        )[0].decode(Int64.self, at: 0)
        guard case .shown(let token) = try await home.signIn.show(Self.secret.code(of: step), for: caller) else {
            throw Refusal.wrongCode
        }
        return Caller(token: token, use: caller.use, origin: caller.origin)
    }

    /// The secret of everybody's code app, of those who need one.
    public static let secret = OneTimeSecret([UInt8]("12345678901234567890".utf8))!

    /// Sets up the code app of an account as the operator's database would have it.
    public static func giveSecondFactor(to account: UUID, _ home: Home, over connection: AdminConnection) async throws {
        let sealed = try await home.keys.installation().key.seal(
            secret.bytes,
            for: Binding(organization: Installation.id, kind: "SecondFactor", id: account, version: 1)
        )
        try connection.query(
            """
            insert into care.second_factor (account_id, sealed_secret, last_step, since)
            values (\(account), \(sealed), 0, clock_timestamp())
            """
        )
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }

    // MARK: Making it

    private static func found(
        _ profile: Organization.Profile,
        _ name: String,
        _ country: String,
        _ zone: String,
        _ cast: [(String, String, [Role])],
        _ home: Home,
        _ admin: String,
        _ people: inout [String: Inhabitant]
    ) async throws -> UUID {
        let connection = try AdminConnection(admin)
        let newcomers = cast.map {
            Members.Newcomer(name: $0.1, address: "\($0.0.lowercased())@example.org", roles: $0.2)
        }
        let (organization, _) = try await Founding(keys: home.keys).found(
            Founding.Plan(name: name, profile: profile, country: country, timeZone: zone, owner: newcomers[0]),
            over: connection
        )
        for newcomer in newcomers.dropFirst() {
            try await Founding(keys: home.keys).admit(newcomer, to: organization, over: connection)
        }
        try connection.query("update care.account set password_hash = \(hash), password_at = now()")
        for (short, newcomer) in zip(cast.map(\.0), newcomers) {
            let token = try await home.keys.installation().signIn.token(email: newcomer.address)
            let account = try connection.query("select care.account_of(\(token))")[0].decode(UUID.self, at: 0)
            people[short] = Inhabitant(
                name: newcomer.name,
                address: newcomer.address,
                organization: organization.uuid,
                account: Person.ID(account)
            )
            if profile != .family { try await giveSecondFactor(to: account, home, over: connection) }
        }
        return organization.uuid
    }

    private static func rootKey() throws -> RootKey {
        let path = FileManager.default.temporaryDirectory.appending(path: "carekeep-root-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try RootKey.create(at: path, passphrase: nil)
    }
}

/// The two clusters of a test run, each with a migrated template.
private final class Clusters: Sendable {
    let records: TemplateCluster
    let keys: TemplateCluster

    static let shared = Result { try Clusters() }

    private init() throws {
        records = try TemplateCluster("records", schema: "care")
        keys = try TemplateCluster("keys", schema: "keys")
    }
}

private final class TemplateCluster: Sendable {
    private let temporary: TemporaryCluster
    private let cloning = Mutex(())

    var cluster: Cluster { temporary.cluster }

    init(_ name: String, schema: String) throws {
        temporary = try TemporaryCluster(name)
        let migrator = try Migrator(
            store: name,
            schema: schema,
            folder: Database.folder(of: name),
            conninfo: temporary.cluster.adminConninfo
        )
        _ = try migrator.up()
    }

    /// A copy of the template. Clones lose what is granted on the database itself, so it is granted again.
    func clone(as name: String) throws {
        guard let identifier = SQL.Identifier(name), let template = SQL.Identifier(cluster.name) else { return }
        try cloning.withLock { _ in
            let connection = try AdminConnection(cluster.conninfo(role: Cluster.superuser, database: "postgres"))
            try connection.query("create database \(identifier) template \(template) strategy wal_log")
            try connection.query("revoke all on database \(identifier) from public")
            try connection.query("grant connect on database \(identifier) to carekeep_keykeeper")
            if cluster.name == "records" {
                try connection.query("grant connect on database \(identifier) to carekeep_server")
            }
        }
    }
}
