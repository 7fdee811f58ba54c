public import Care
public import FoundationEssentials
public import Postgres
public import Seals
import Synchronization
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

    let store: Store
    let keys: Keykeeper
    let gate: Gate
    let hashing: HashingQueue
    /// What programs that have signed in present.
    public let tokens: ProgramTokens
    /// Where letters are sealed; `nil` where no mail is sent.
    let outbox: Outbox?
    private let profiles = Mutex<[UUID: Organization.Profile]>([:])
    let times: @Sendable (SessionUse) -> Times

    /// Signs people in to a records store.
    public init(
        store: Store,
        keys: Keykeeper,
        gate: Gate,
        outbox: Outbox? = nil,
        times: @escaping @Sendable (SessionUse) -> Times
    ) {
        self.outbox = outbox
        self.store = store
        self.keys = keys
        self.gate = gate
        self.times = times
        hashing = HashingQueue()
        tokens = ProgramTokens(store: store, keys: keys, gate: gate)
    }

    /// Signs in to the organisation wanted, or to the first of one's own.
    ///
    /// `knownDevice` is what ``knownDevice(of:)`` once gave the device; `visit` the secret of a visit to an organisation's own provider
    /// that waits to be told whose account it is: it takes the password where members else sign in at providers alone.
    ///
    /// - Throws: `Refusal.wrongCredentials`, whether or not the address has an account; ``TooManyTries``, likewise.
    public func begin(
        address: String,
        password: String,
        organization wanted: Organization.ID?,
        use: SessionUse,
        origin: AccessNote,
        knownDevice: String? = nil,
        backFrom visit: FlowSecret? = nil
    ) async throws -> SessionToken {
        let attempt = try await count(address, from: origin.address, showing: knownDevice)
        let proof = try await proof(address: address, password: password)
        let secret = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(origin, organization: wanted?.uuid ?? Installation.id)
        let times = times(use)
        // Whether or not anybody is let in: so that it takes the same.
        let (device, letter) = try await telling(of: origin, attempt)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select b.outcome, b.organization, b.session_id,
                       care.tell_of_device(b.organization, b.session_id, \(device), \(letter?.id), \(letter?.sealed))
                  from care.begin_session(
                    \(proof.token), \(proof.hash), \(wanted?.uuid), \(use.rawValue), \(Primitive.sha256(secret)),
                    make_interval(secs => \(times.idle.seconds)), make_interval(secs => \(times.lasting.seconds)),
                    \(String?.none), \(seal.epoch), \(seal.salt), \(seal.sealed), \(visit?.hash)) b
                """
            )
        }.first
        guard let row, try row.decode(Int32.self, at: 0) == 0,
            let organization = try row.decode(UUID?.self, at: 1)
        else { throw Refusal.wrongCredentials }
        try await forgive(attempt)
        if let cost = Password.cost(of: proof.setting), cost < Password.cost { await raiseCost(proof) }
        let token = SessionToken(organization: organization, secret: secret)
        try await noteDevice(origin.device, of: row.decode(UUID.self, at: 2), token, use)
        return token
    }

    /// Ends the session; from the next request on, its token opens nothing.
    public func end(_ caller: Caller) async throws {
        let seal = try await gate.auditSeal(caller)
        _ = try await refusing(at: .gate) {
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
        let rows = try await refusing(at: .gate) {
            try await store.query(
                """
                select account_id, roles, sealed_name, profile, sealed_organization, country, time_zone, used_as,
                       offices, permits, agree_by, belongs_elsewhere
                  from care.session_of(\(caller.organization), \(caller.token.secret))
                """
            )
        }
        guard let row = rows.first, let account = try row.decode(UUID?.self, at: 0),
            try row.decode(String?.self, at: 7) == caller.use.rawValue
        else { return nil }
        caller.proof.find()
        let names = Names(installation: try await keys.installation())
        return SignedInPerson(
            account: Person.ID(account),
            organization: Organization.ID(caller.organization),
            name: try names.open(row.decode([UInt8].self, at: 2), of: account, in: caller.organization),
            organizationName: try names.openOrganization(row.decode([UInt8].self, at: 4), caller.organization),
            profile: Organization.Profile(rawValue: try row.decode(String.self, at: 3)) ?? .family,
            roles: Set(try row.decode([String].self, at: 1).compactMap(Role.init)),
            permits: Set(try row.decode([String].self, at: 9)),
            offices: Set(try row.decode([String].self, at: 8).compactMap(Office.init)),
            country: try row.decode(String.self, at: 5),
            timeZone: try row.decode(String.self, at: 6),
            agreeBy: try row.decode(Date?.self, at: 10),
            belongsElsewhere: try row.decode(Bool.self, at: 11)
        )
    }

    /// The profile of the organisation that a session is of. It never changes, so it is asked for once an organisation.
    ///
    /// It decides what is refused before anything is looked up; who may do what is for the gate.
    public func profile(for caller: Caller) async throws -> Organization.Profile {
        if let known = profiles.withLock({ $0[caller.organization] }) { return known }
        guard let person = try await person(caller) else { throw Refusal.signedOut }
        profiles.withLock { $0[caller.organization] = person.profile }
        return person.profile
    }

    /// Sets the password of the account that a link was made for. The link works once.
    ///
    /// - Throws: `Refusal.weakPassword` (the link stays good), `Refusal.linkIsUsedUp`.
    public func setPassword(_ typed: String, link: AccountLink, origin: AccessNote) async throws {
        let words = try await account(behind: link)?.words ?? PersonalWords([])
        guard Password.weakness(of: typed, personal: words) == nil, let password = Password(typed) else {
            throw Refusal.weakPassword
        }
        guard let hash = try await hashing.run({ password.newHash() }) else { throw Refusal.weakPassword }
        let seal = try await gate.auditSeal(origin, organization: link.organization)
        var statements: [SQL] = [
            """
            select care.use_link(
                \(link.organization), \(link.secret), \(hash), \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        ]
        if let letter = try await outbox?.seal(.passwordChanged) {
            statements.append(
                "select care.tell_of_link(\(link.organization), \(link.secret), \(letter.id), \(letter.sealed))"
            )
        }
        let work = statements
        let done = try await refusing(at: .gate) {
            try await store.pipeline([work])[0].get()
        }[0].first?.decode(Bool.self, at: 0)
        guard done == true else { throw Refusal.linkIsUsedUp }
    }

    /// What a link that still works is for, and the name of the organisation that made it.
    ///
    /// - Throws: `Refusal.linkIsUsedUp`, whether it was used, is over or never was.
    public func purpose(of link: AccountLink) async throws -> (purpose: Invitation.Purpose, organizationName: String) {
        let row = try await refusing(at: .gate) {
            try await store.query(
                "select purpose, sealed_organization from care.link_of(\(link.organization), \(link.secret))"
            )
        }.first
        guard let row, let purpose = try row.decode(String?.self, at: 0).flatMap(Invitation.Purpose.init) else {
            throw Refusal.linkIsUsedUp
        }
        let names = Names(installation: try await keys.installation())
        return (purpose, try names.openOrganization(row.decode([UInt8].self, at: 1), link.organization))
    }

    /// Joins the organisation that a link is of, with an account that was there before. The link works once.
    ///
    /// - Throws: `Refusal.wrongCredentials` if the link is not for whoever signs in by this address and password; it stays good.
    public func join(
        by link: AccountLink,
        address: String,
        password: String,
        origin: AccessNote,
        knownDevice: String? = nil
    ) async throws {
        let attempt = try await count(address, from: origin.address, showing: knownDevice)
        let proof = try await proof(address: address, password: password)
        let seal = try await gate.auditSeal(origin, organization: link.organization)
        let done = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.join_organization(
                    \(link.organization), \(link.secret), \(proof.token), \(proof.hash),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Bool.self, at: 0)
        guard done == true else { throw Refusal.wrongCredentials }
        try await forgive(attempt)
    }

    /// What the database compares: an address's token, and the hash that a password gives under its setting.
    private struct Proof {
        let token: [UInt8]
        let setting: String
        let typed: Password?
        /// `nil` for what could never have been set as a password.
        let hash: String?
    }

    private func proof(address: String, password: String) async throws -> Proof {
        let token = try await keys.installation().signIn.token(email: address)
        let setting = try await refusing(at: .gate) {
            try await store.query("select care.password_setting(\(token))")
        }.first?.decode(String.self, at: 0)
        guard let setting else { throw Refusal.unavailable }
        // A password that could never have been set opens nothing; something is hashed all the same, to take the same time.
        let typed = Password(password)
        let hashed = typed ?? Password("no password")
        let computed = try await hashing.run { hashed?.hash(setting: setting) }
        return Proof(token: token, setting: setting, typed: typed, hash: typed == nil ? nil : computed)
    }

    private func raiseCost(_ proof: Proof) async {
        // No failure here is the person's, who is signed in either way: the cost is raised now or the next time.
        guard let newHash = try? await hashing.run({ proof.typed?.newHash() }) else { return }
        _ = try? await store.query("select care.raise_cost(\(proof.token), \(proof.hash), \(newHash))")
    }
}

/// A link that works once, to set a password or to join: organisation and secret, as text in the form of a ``SessionToken``.
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
