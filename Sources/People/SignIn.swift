public import Care
public import FoundationEssentials
public import Postgres
public import Seals
public import Trail

/// Signing in and out, and setting a password by a link. (ACC-3, ENC-7)
///
/// The database compares the password: it hands out the bcrypt setting of an address (a made-up one where nobody has the address),
/// the hash is computed here, and `care.begin_session` says whether it is the right one. So neither this process nor whoever takes it
/// over can read a hash, or begin a session without a password.
public final class SignIn: Sendable {
    /// How long sessions last.
    public struct Times: Sendable {
        /// Without a request, a session ends after this long.
        public var idle: Duration
        /// And at the latest after this long.
        public var lasting: Duration

        /// Sets both.
        public init(idle: Duration, lasting: Duration) {
            self.idle = idle
            self.lasting = lasting
        }
    }

    private let store: Store
    private let keys: Keykeeper
    private let gate: Gate
    private let hashing: HashingQueue
    private let times: @Sendable (SessionUse) -> Times

    /// Signs people in to a records store.
    public init(store: Store, keys: Keykeeper, gate: Gate, times: @escaping @Sendable (SessionUse) -> Times) {
        self.store = store
        self.keys = keys
        self.gate = gate
        self.times = times
        hashing = HashingQueue()
    }

    /// Signs in to the organisation wanted, or to the first of one's own.
    ///
    /// - Throws: `Refusal.wrongCredentials`, whether or not the address has an account.
    public func begin(
        address: String,
        password: String,
        organization wanted: Organization.ID?,
        use: SessionUse,
        origin: AccessNote
    ) async throws -> SessionToken {
        let token = try await keys.installation().signIn.token(email: address)
        let setting = try await refusing {
            try await store.query("select care.password_setting(\(token))")
        }.first?.decode(String.self, at: 0)
        guard let setting else { throw Refusal.unavailable }
        // A password that could never have been set opens nothing; something is hashed all the same, to take the same time.
        let typed = Password(password)
        let hashed = typed ?? Password("no password")
        let computed = try await hashing.run { hashed?.hash(setting: setting) }
        let hash = typed == nil ? nil : computed
        let secret = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(origin, organization: wanted?.uuid ?? Installation.id)
        let times = times(use)
        let row = try await refusing {
            try await store.query(
                """
                select outcome, organization from care.begin_session(
                    \(token), \(hash), \(wanted?.uuid), \(use.rawValue), \(Primitive.sha256(secret)),
                    make_interval(secs => \(times.idle.seconds)), make_interval(secs => \(times.lasting.seconds)),
                    \(String?.none), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first
        guard let row, try row.decode(Int32.self, at: 0) == 0,
            let organization = try row.decode(UUID?.self, at: 1)
        else { throw Refusal.wrongCredentials }
        if let cost = Password.cost(of: setting), cost < Password.cost { await raiseCost(token, hash ?? "", typed) }
        return SessionToken(organization: organization, secret: secret)
    }

    /// Ends the session; from the next request on, its token opens nothing.
    public func end(_ caller: Caller) async throws {
        let seal = try await gate.auditSeal(caller)
        _ = try await refusing {
            try await store.query(
                """
                select care.end_session(
                    \(caller.organization), \(caller.token.secret), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }
    }

    /// Who is signed in, for the head of a page. `nil` if the session is none.
    public func person(_ caller: Caller) async throws -> SignedInPerson? {
        let rows = try await refusing {
            try await store.query(
                """
                select account_id, roles, sealed_name, profile, sealed_organization, country, time_zone, used_as
                  from care.session_of(\(caller.organization), \(caller.token.secret))
                """
            )
        }
        guard let row = rows.first, let account = try row.decode(UUID?.self, at: 0),
            try row.decode(String?.self, at: 7) == caller.use.rawValue
        else { return nil }
        let names = Names(installation: try await keys.installation())
        return SignedInPerson(
            account: Person.ID(account),
            organization: Organization.ID(caller.organization),
            name: try names.open(row.decode([UInt8].self, at: 2), of: account, in: caller.organization),
            organizationName: try names.openOrganization(row.decode([UInt8].self, at: 4), caller.organization),
            profile: Organization.Profile(rawValue: try row.decode(String.self, at: 3)) ?? .family,
            roles: Set(try row.decode([String].self, at: 1).compactMap(Role.init)),
            country: try row.decode(String.self, at: 5),
            timeZone: try row.decode(String.self, at: 6)
        )
    }

    /// Sets the password of the account that a link was made for. The link works once.
    ///
    /// - Throws: `Refusal.weakPassword` (the link stays good), `Refusal.linkIsUsedUp`.
    public func setPassword(_ typed: String, link: AccountLink, origin: AccessNote) async throws {
        guard Password.isStrongEnough(typed), let password = Password(typed) else { throw Refusal.weakPassword }
        guard let hash = try await hashing.run({ password.newHash() }) else { throw Refusal.weakPassword }
        let seal = try await gate.auditSeal(origin, organization: link.organization)
        let done = try await refusing {
            try await store.query(
                """
                select care.use_link(
                    \(link.organization), \(link.secret), \(hash), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Bool.self, at: 0)
        guard done == true else { throw Refusal.linkIsUsedUp }
    }

    private func raiseCost(_ token: [UInt8], _ hash: String, _ password: Password?) async {
        guard let newHash = try? await hashing.run({ password?.newHash() }) else { return }
        // The person is signed in either way; the cost is raised now or the next time.
        _ = try? await store.query("select care.raise_cost(\(token), \(hash), \(newHash))")
    }
}

/// A link that works once, to set a password: organisation and secret, as text in the form of a ``SessionToken``.
public struct AccountLink: Sendable {
    public let organization: UUID
    public let secret: [UInt8]

    init(organization: UUID) {
        self.organization = organization
        secret = Primitive.freshBytes(32)
    }

    /// Reads a link's text.
    public init?(_ text: String) {
        guard let token = SessionToken(text) else { return nil }
        organization = token.organization
        secret = token.secret
    }

    /// The text that stands in the link.
    public var text: String { SessionToken(organization: organization, secret: secret).text }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
