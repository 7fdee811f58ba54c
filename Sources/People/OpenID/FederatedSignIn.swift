public import Care
import FHIR
public import Foundation
public import Postgres
public import Seals
public import Trail

/// The secret of one visit to a provider. It is in the visitor's cookie, and nowhere else; what the provider sees is made of it.
public struct FlowSecret: Sendable {
    let bytes: [UInt8]

    init() { bytes = Primitive.freshBytes(32) }

    /// Reads a secret's text; `nil` for what is none.
    public init?(_ text: some StringProtocol) {
        guard let bytes = Base64URL.bytes(text), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// As the cookie has it.
    public var text: String { Base64URL.text(bytes) }

    var hash: [UInt8] { Primitive.sha256(bytes) }
    /// Comes back with the answer: who answers to it has the cookie.
    var state: String { derived("state") }
    /// Comes back in the token.
    var nonce: String { derived("nonce") }
    /// Shown when the code is exchanged; the provider sees its hash before. (RFC 7636)
    var verifier: String { derived("verifier") }
    var challenge: String { Base64URL.text(Primitive.sha256(Array(verifier.utf8))) }

    /// None of them tells of another.
    private func derived(_ use: String) -> String {
        Base64URL.text(Primitive.sha256(Array("carekeep flow v1 \(use) ".utf8) + bytes))
    }
}

/// What a provider's answer brings along, through the visitor's browser.
public struct ProviderAnswer: Sendable {
    /// What we sent along, if it is the answer to us.
    public var state: String?
    /// What is exchanged for tokens.
    public var code: String?
    /// Whose answer it says it is. (RFC 9207)
    public var issuer: String?
    /// Whether it says that it signed nobody in.
    public var isError: Bool

    /// What an address or a form held.
    public init(state: String?, code: String?, issuer: String?, isError: Bool) {
        self.state = state
        self.code = code
        self.issuer = issuer
        self.isError = isError
    }
}

/// Signing in by OpenID Connect: the code flow with PKCE, state and nonce. (ACC-5)
///
/// The provider says who came; the database says whom that signs in to, and to which organisation
/// (`database/records/current/48-provider.sql`).
public final class FederatedSignIn: Sendable {
    /// A provider as a page shows it.
    public struct Offer: Sendable {
        /// Its id.
        public let provider: UUID
        /// What stands on the button, after "Sign in with".
        public let name: String
    }

    /// Where somebody can sign in.
    public struct Offers: Sendable {
        /// In the order in which they were added.
        public let providers: [Offer]
        /// The organisation's name, where there is one with providers.
        public let organizationName: String?
        /// Whether its members sign in at these alone.
        public let isOnly: Bool
    }

    /// Where to send somebody, and the secret to give them along.
    public struct Departure: Sendable {
        /// The provider's own address, with our question.
        public let location: String
        /// For the visitor's cookie.
        public let secret: FlowSecret
    }

    /// What came of a visit.
    public enum Arrival: Sendable {
        case signedIn(SessionToken)
        /// Nobody is known by who they are there. They prove whose account it is by signing in to it; then ``link(_:at:for:)``.
        case unknown(address: String?)
    }

    let store: Store
    let keys: Keykeeper
    let gate: Gate
    private let signIn: SignIn
    private let door: OutsideDoor
    private let directory: ProviderDirectory
    private let base: String
    /// Whether plain HTTP to this very machine is taken: for development alone.
    public let mayBeLocal: Bool

    /// `base` is where people reach this server, `https://care.example.org`. `mayBeLocal` takes providers on this machine, without HTTPS:
    /// for development alone.
    public init(
        store: Store,
        keys: Keykeeper,
        gate: Gate,
        signIn: SignIn,
        base: String,
        mayBeLocal: Bool,
        door: @escaping OutsideDoor
    ) {
        self.store = store
        self.keys = keys
        self.gate = gate
        self.signIn = signIn
        self.base = base
        self.mayBeLocal = mayBeLocal
        self.door = door
        directory = ProviderDirectory(door: door, mayBeLocal: mayBeLocal)
    }

    /// Where a provider sends people back to.
    public static func returnAddress(of provider: UUID, base: String) -> String {
        "\(base)/sign-in/back/\(provider.uuidString.lowercased())"
    }

    /// Where a provider tells us that somebody signed out there.
    public static func logoutAddress(of provider: UUID, base: String) -> String {
        "\(base)/sign-in/logout/\(provider.uuidString.lowercased())"
    }

    /// What a provider says of itself.
    func document(of issuer: String) async throws -> ProviderDirectory.Document {
        try await directory.document(of: issuer)
    }

    // MARK: Going there

    /// Providers of an organisation, or of the installation.
    public func offers(at organization: UUID? = nil) async throws -> Offers {
        let installation = try await keys.installation()
        let wanted = organization ?? Installation.id
        let rows = try await query(
            "select organization_id, id, sealed, sealed_organization, is_only from care.providers(\(wanted))"
        ).filter { try $0.decode(UUID.self, at: 0) == wanted }
        let found = try rows.map { try Provider($0, installation) }
        let name = try rows.first?.decode([UInt8]?.self, at: 3).flatMap {
            try Names(installation: installation).openOrganization($0, wanted)
        }
        return Offers(
            providers: found.map { Offer(provider: $0.id, name: $0.settings.name) },
            organizationName: name,
            isOnly: try rows.first?.decode(Bool.self, at: 4) ?? false
        )
    }

    /// Begins a visit.
    ///
    /// - Throws: `SignInTrouble`: `.provider` for one that is not there, `.full` while too many visits are under way, and what keeps
    ///   its document from being read; `Refusal.unavailable` while a store is away.
    public func begin(at id: UUID) async throws -> Departure {
        let provider = try await provider(id)
        let document = try await directory.document(of: provider.settings.issuer)
        let secret = FlowSecret()
        let begun = try await query("select care.begin_flow(\(id), \(secret.hash))").first?.decode(
            Int32.self,
            at: 0
        )
        guard begun == 0 else { throw begun == 2 ? SignInTrouble.full : .provider }
        var fields = [
            ("response_type", "code"), ("client_id", provider.settings.clientID),
            ("redirect_uri", Self.returnAddress(of: id, base: base)),
            ("scope", provider.settings.scopes.joined(separator: " ")),
            ("state", secret.state), ("nonce", secret.nonce),
            ("code_challenge", secret.challenge), ("code_challenge_method", "S256"),
        ]
        if provider.settings.answersByPost { fields.append(("response_mode", "form_post")) }
        return Departure(location: document.authorization.adding(fields), secret: secret)
    }

    // MARK: Coming back

    /// Takes somebody back who brings a provider's answer. What comes to nothing is noted with its reason.
    ///
    /// - Throws: `SignInTrouble`.
    public func comeBack(
        from id: UUID,
        with answer: ProviderAnswer,
        _ secret: FlowSecret?,
        origin: AccessNote
    ) async throws -> Arrival {
        do {
            let provider = try await provider(id)
            guard let secret else { throw SignInTrouble.state }
            let token = try await token(of: provider, answer, secret)
            return try await begin(provider, token, secret, origin)
        } catch let trouble as SignInTrouble {
            // What the database refuses, it has noted.
            // Nothing was let in or shown: where it cannot be noted, the visitor is told the reason all the same.
            if trouble != .notAMember { try? await note(trouble, at: id, origin) }
            throw trouble
        }
    }

    private func token(of provider: Provider, _ answer: ProviderAnswer, _ secret: FlowSecret) async throws -> IDToken {
        guard let state = answer.state, Primitive.areEqual(Array(state.utf8), Array(secret.state.utf8)) else {
            throw SignInTrouble.state
        }
        let isOn = try await query("select care.return_flow(\(provider.id), \(secret.hash))").first?.decode(
            Bool.self,
            at: 0
        )
        guard isOn == true else { throw SignInTrouble.visit }
        let settings = provider.settings
        let document = try await directory.document(of: settings.issuer)
        if answer.issuer != nil || document.namesItself {
            guard answer.issuer?.utf8.elementsEqual(settings.issuer.utf8) == true else { throw SignInTrouble.mixedUp }
        }
        guard !answer.isError else { throw SignInTrouble.declined }
        guard let code = answer.code else { throw SignInTrouble.code }
        let given = try await exchange(code, secret, at: document, provider)
        guard let text = given["id_token"]?.string else { throw SignInTrouble.token }
        let token = try JSONWebToken(text)
        return try IDToken(
            token,
            signedBy: try await directory.keys(of: settings.issuer, naming: token.keyID, by: .provider),
            for: .init(issuer: settings.issuer, clientID: settings.clientID, nonce: secret.nonce),
            accessToken: given["access_token"]?.string
        )
    }

    /// The code for tokens, and the verifier with it: whoever else has the code has nothing.
    private func exchange(
        _ code: String,
        _ secret: FlowSecret,
        at document: ProviderDirectory.Document,
        _ provider: Provider
    ) async throws -> JSON {
        let own = try provider.settings.clientSecret()
        var fields = [
            ("grant_type", "authorization_code"), ("code", code),
            ("redirect_uri", Self.returnAddress(of: provider.id, base: base)), ("code_verifier", secret.verifier),
            ("client_id", provider.settings.clientID),
        ]
        var authorization: String?
        if document.takesSecretInForm {
            fields.append(("client_secret", own))
        } else {
            // Each encoded as in a form first. (RFC 6749, section 2.3.1)
            let pair = "\(WebAddress.encoded(provider.settings.clientID)):\(WebAddress.encoded(own))"
            authorization = "Basic \(Data(pair.utf8).base64EncodedString())"
        }
        let answer = try await door(
            OutsideQuestion(document.token, form: WebAddress.form(fields), authorization: authorization)
        )
        guard answer.status == 200, let json = ProviderDirectory.json(answer.body) else { throw SignInTrouble.garbage }
        return json
    }

    /// Asks the database for a session.
    private func begin(_ provider: Provider, _ token: IDToken, _ secret: FlowSecret, _ origin: AccessNote) async throws
        -> Arrival
    {
        let installation = try await keys.installation()
        let address = provider.settings.address(of: token)
        let (account, session) = (UUID(), Primitive.freshBytes(32))
        let tokens = SubjectTokens(token.subject, token.session, of: provider, installation)
        let names = Names(installation: installation)
        let seal = try await gate.auditSeal(origin, organization: provider.organization)
        let times = signIn.times(.page)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select outcome, organization, session_id from care.begin_federated_session(
                    \(provider.id), \(secret.hash), \(tokens.subject), \(tokens.session),
                    \(address.map { installation.signIn.token(email: $0) }),
                    \(provider.settings.roles(of: token).map(\.rawValue).sorted()), \(account),
                    \(names.sealAddress(address ?? "", of: account)),
                    \(names.seal(Self.name(of: token, or: address), of: account, in: provider.organization)),
                    \(Primitive.sha256(session)), make_interval(secs => \(times.idle.seconds)),
                    make_interval(secs => \(times.lasting.seconds)), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first
        guard let row else { throw SignInTrouble.visit }
        let organization = try row.decode(UUID?.self, at: 1)
        switch (try row.decode(Int32.self, at: 0), organization) {
        case (0, let organization?):
            let token = SessionToken(organization: organization, secret: session)
            try await signIn.noteDevice(origin.device, of: row.decode(UUID.self, at: 2), token, .page)
            return .signedIn(token)
        case (2, _): return .unknown(address: address)
        case (3, _): throw SignInTrouble.notAMember
        default: throw SignInTrouble.visit
        }
    }

    private static func name(of token: IDToken, or address: String?) -> String {
        let name = (token.name ?? "").filter { $0.isLetter || $0.isNumber || " .'’-".contains($0) }
        let text = String(name.prefix(100)).trimmingCharacters(in: .whitespaces)
        return text.isEmpty ? String(address?.prefix { $0 != "@" } ?? "Member") : text
    }

    /// Links whoever a visit waits with to the account of somebody signed in. False if the visit is over.
    public func link(_ secret: FlowSecret, at provider: UUID, for caller: Caller) async throws -> Bool {
        let seal = try await gate.auditSeal(caller)
        let linking: SQL = """
            select care.link_identity(
                \(caller.organization), \(caller.token.secret), \(provider), \(secret.hash),
                \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        return try await signIn.doing(linking, tellingOf: .wayLinked, by: caller.token, caller.use)?
            .decode(Bool.self, at: 0) ?? false
    }

    /// Whose name a button had, and the organisation that a provider signs in to; `nil` for the installation's.
    public func offer(_ id: UUID) async throws -> (name: String, organization: Organization.ID?) {
        let provider = try await provider(id)
        let organization = provider.organization
        return (provider.settings.name, organization == Installation.id ? nil : Organization.ID(organization))
    }

    // MARK: Signing out

    /// Ends the sessions that a provider says are over. (OpenID Connect Back-Channel Logout 1.0)
    ///
    /// Of a token that names somebody and no session of theirs, what began after it was made goes on, so that it ends nothing when it is
    /// sent again.
    ///
    /// - Throws: `SignInTrouble` for a token that is not to be believed.
    public func end(by text: String, of id: UUID, origin: AccessNote) async throws {
        let provider = try await provider(id)
        let settings = provider.settings
        let token = try JSONWebToken(text)
        let said = try LogoutToken(
            token,
            signedBy: try await directory.keys(of: settings.issuer, naming: token.keyID, by: .anybody),
            issuer: settings.issuer,
            clientID: settings.clientID
        )
        let tokens = SubjectTokens(said.subject, said.session, of: provider, try await keys.installation())
        let seal = try await gate.auditSeal(origin, organization: provider.organization)
        _ = try await query(
            """
            select care.end_federated_sessions(
                \(id), \(tokens.subject), \(tokens.session), \(said.begunBy), \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        )
    }

    /// The provider at which a session was begun; `nil` for one begun by a password.
    public func provider(of caller: Caller) async throws -> UUID? {
        try await query("select care.provider_of_session(\(caller.organization), \(caller.token.secret))").first?
            .decode(UUID?.self, at: 0)
    }

    /// Where somebody signs out of a provider, too; `nil` where it has no such place. (OpenID Connect RP-Initiated Logout 1.0)
    public func wayOut(of id: UUID) async throws -> String? {
        let provider = try await provider(id)
        let fields = [
            ("client_id", provider.settings.clientID), ("post_logout_redirect_uri", "\(base)/sign-in?bye=1"),
        ]
        return try await directory.document(of: provider.settings.issuer).ending?.adding(fields)
    }

    // MARK: Providers

    /// A database that is away is a refusal like others, and no fault.
    private func query(_ statement: SQL) async throws -> Rows {
        try await refusing(at: .gate) { try await store.query(statement) }
    }

    private func note(_ trouble: SignInTrouble, at id: UUID, _ origin: AccessNote) async throws {
        let organization = try? await provider(id).organization  // one that is not there has none
        let seal = try await gate.auditSeal(origin, organization: organization ?? Installation.id)
        _ = try await query(
            "select care.refuse_flow(\(id), \(trouble.rawValue), \(seal.epoch), \(seal.salt), \(seal.sealed))"
        )
    }

    private func provider(_ id: UUID) async throws -> Provider {
        let rows = try await query(
            "select organization_id, id, sealed from care.providers(\(id))"
        ).filter { try $0.decode(UUID.self, at: 1) == id }
        guard let row = rows.first else { throw SignInTrouble.provider }
        return try Provider(row, try await keys.installation())
    }
}

/// A provider's row, opened.
struct Provider {
    let organization: UUID
    let id: UUID
    let settings: ProviderSettings

    init(_ row: Row, _ installation: Installation) throws {
        organization = try row.decode(UUID.self, at: 0)
        id = try row.decode(UUID.self, at: 1)
        settings = try ProviderSettings(
            opening: row.decode([UInt8].self, at: 2),
            of: id,
            organization,
            by: installation.key
        )
    }
}

/// Who somebody is at a provider, and in which of its sessions, as the database knows it.
struct SubjectTokens {
    let subject: [UInt8]?
    let session: [UInt8]?

    init(_ subject: String?, _ session: String?, of provider: Provider, _ installation: Installation) {
        let issuer = provider.settings.issuer
        self.subject = subject.map { installation.signIn.token(issuer: issuer, kind: "sub", id: $0) }
        self.session = session.map { installation.signIn.token(issuer: issuer, kind: "sid", id: $0) }
    }
}
