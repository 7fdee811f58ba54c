public import Care
import FHIR
import Foundation
import Seals

/// A place on the web that a provider, or whoever names one, names: HTTPS, and nothing else that an address can hold.
public struct WebAddress: Sendable, Equatable {
    /// As it was written.
    public let text: String
    /// `host` or `host:port`.
    public let authority: Substring

    /// Reads an address. `mayBeLocal` takes plain HTTP to this very machine, for development.
    public init?(_ text: String, mayBeLocal: Bool) {
        guard text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            let match = text.wholeMatch(
                of: /(https?):\/\/(([a-zA-Z0-9.-]+|\[::1\])(?::[0-9]{1,5})?)(\/[^#\\@"<>]*)?(\?[^#\\"<>]*)?/
            )
        else { return nil }
        let isHere = ["localhost", "127.0.0.1", "[::1]"].contains(String(match.3).lowercased())
        guard match.1 == "https" || (isHere && mayBeLocal) else { return nil }
        self.text = text
        authority = match.2
    }

    /// This address with fields in its query.
    func adding(_ fields: [(String, String)]) -> String {
        text + (text.contains("?") ? "&" : "?") + Self.form(fields)
    }

    /// Fields as forms and queries have them.
    static func form(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0)=\(encoded($0.1))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }

    private static let plain = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )
}

/// How we sign in at a provider, and whom it lets in here. Kept sealed.
public struct ProviderSettings: Sendable, Equatable {
    /// What proves to a provider that it is us.
    public enum Credential: Sendable, Equatable {
        case secret(String)
        /// Apple has none: each time a token is signed with the team's key.
        case apple(team: String, key: String, pem: String)
    }

    /// A role that a claim's value stands for.
    public struct Mapping: Sendable, Equatable {
        /// What the claim holds.
        public var value: String
        /// What it makes somebody here.
        public var role: Role

        /// One for the other.
        public init(value: String, role: Role) {
            self.value = value
            self.role = role
        }
    }

    /// What stands on the button, after "Sign in with".
    public var name: String
    /// To the letter, as its tokens have it.
    public var issuer: String
    /// Who we are there.
    public var clientID: String
    /// How we prove it.
    public var credential: Credential
    /// What we ask for; `openid` among it.
    public var scopes: [String]
    /// Whether it answers with a form that is posted, as Apple does.
    public var answersByPost = false
    /// Domains of the addresses that it may vouch for; none for all.
    public var domains: [String] = []
    /// The claim that says what somebody is.
    public var claim: String?
    /// What its values stand for.
    public var mappings: [Mapping] = []

    /// With nothing that few providers need.
    public init(name: String, issuer: String, clientID: String, credential: Credential, scopes: [String]) {
        self.name = name
        self.issuer = issuer
        self.clientID = clientID
        self.credential = credential
        self.scopes = scopes
    }

    /// Google, by what one gets there.
    public static func google(clientID: String, secret: String) -> ProviderSettings {
        ProviderSettings(
            name: "Google",
            issuer: "https://accounts.google.com",
            clientID: clientID,
            credential: .secret(secret),
            scopes: ["openid", "email", "profile"]
        )
    }

    /// Apple, by what one gets there: a service's id, and a team's key.
    public static func apple(clientID: String, team: String, key: String, pem: String) -> ProviderSettings {
        var settings = ProviderSettings(
            name: "Apple",
            issuer: "https://appleid.apple.com",
            clientID: clientID,
            credential: .apple(team: team, key: key, pem: pem),
            scopes: ["openid", "email", "name"]
        )
        settings.answersByPost = true
        return settings
    }

    /// The address that a token vouches for, if this provider may.
    func address(of token: IDToken) -> String? {
        guard let address = token.address else { return nil }
        let domain = address.split(separator: "@").last?.lowercased() ?? ""
        return domains.isEmpty || domains.contains(domain) ? address : nil
    }

    /// The roles that a token's claim stands for.
    func roles(of token: IDToken) -> Set<Role> {
        guard let claim, let said = token.claims[claim] else { return [] }
        let values = Set(said.array?.compactMap(\.string) ?? said.string.map { [$0] } ?? [])
        return Set(mappings.filter { values.contains($0.value) }.map(\.role))
    }

    /// The roles that it may give at all: what the database holds it to.
    var admits: [Role] { Role.allCases.filter { role in mappings.contains { $0.role == role } } }

    /// Whether a key, where one is needed, is one.
    public var canSign: Bool {
        if case .apple(_, _, let pem) = credential { TokenSigner(pem: pem) != nil } else { true }
    }

    /// The secret to show now. Apple's lasts five minutes.
    func clientSecret(now: Date = Date()) throws(SealError) -> String {
        switch credential {
        case .secret(let text): return text
        case .apple(let team, let key, let pem):
            guard let signer = TokenSigner(pem: pem) else { throw .malformed }
            let made = Int(now.timeIntervalSince1970)
            return try JSONWebToken.signed(
                header: ["alg": "ES256", "kid": .string(key)],
                claims: [
                    "iss": .string(team), "iat": .number("\(made)"), "exp": .number("\(made + 300)"),
                    "aud": .string(issuer), "sub": .string(clientID),
                ],
                by: signer
            )
        }
    }
}

// MARK: Sealed

extension ProviderSettings {
    /// Sealed for one provider of one organisation.
    func sealed(for provider: UUID, of organization: UUID, by key: SubjectKey) throws(SealError) -> [UInt8] {
        try key.seal(json.serialized(), for: Self.binding(provider, organization))
    }

    init(opening sealed: [UInt8], of provider: UUID, _ organization: UUID, by key: SubjectKey) throws(SealError) {
        let bytes = try key.open(sealed, for: Self.binding(provider, organization))
        // What was sealed and is no JSON is malformed like what lacks a member.
        guard let json = try? JSON(parsing: bytes), let settings = ProviderSettings(json) else { throw .malformed }
        self = settings
    }

    /// Bound to both: settings moved to another provider, or to another organisation's, do not open.
    private static func binding(_ provider: UUID, _ organization: UUID) -> Binding {
        let bytes = [provider, organization].flatMap { id in withUnsafeBytes(of: id.uuid) { Array($0) } }
        let id = Primitive.sha256(bytes).withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
        return Binding(organization: Installation.id, kind: "Provider", id: UUID(uuid: id), version: 1)
    }

    private var json: JSON {
        let texts = { (values: [String]) in JSON.array(values.map { .string($0) }) }
        let credential: JSON =
            switch credential {
            case .secret(let text): ["secret": .string(text)]
            case .apple(let team, let key, let pem):
                ["team": .string(team), "key": .string(key), "pem": .string(pem)]
            }
        return [
            "name": .string(name), "issuer": .string(issuer), "client": .string(clientID), "credential": credential,
            "scopes": texts(scopes), "post": .bool(answersByPost), "domains": texts(domains),
            "claim": claim.map { .string($0) } ?? .null,
            "values": texts(mappings.map(\.value)), "roles": texts(mappings.map(\.role.rawValue)),
        ]
    }

    private init?(_ json: JSON) {
        let texts = { (name: String) in json[name]?.array?.compactMap(\.string) ?? [] }
        guard let name = json["name"]?.string, let issuer = json["issuer"]?.string,
            let client = json["client"]?.string, let kept = json["credential"]
        else { return nil }
        if let secret = kept["secret"]?.string {
            credential = .secret(secret)
        } else if let team = kept["team"]?.string, let key = kept["key"]?.string, let pem = kept["pem"]?.string {
            credential = .apple(team: team, key: key, pem: pem)
        } else {
            return nil
        }
        self.name = name
        self.issuer = issuer
        clientID = client
        scopes = texts("scopes")
        answersByPost = json["post"]?.bool ?? false
        domains = texts("domains")
        claim = json["claim"]?.string
        mappings = zip(texts("values"), texts("roles")).compactMap { value, role in
            Role(rawValue: role).map { Mapping(value: value, role: $0) }
        }
    }
}
