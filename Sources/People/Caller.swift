public import Care
public import FoundationEssentials
import Seals
import Synchronization
public import Trail

/// What a signed-in person's client presents: the organisation they are signed in to, and the secret of their session.
///
/// As text it is 64 letters of base64url: 16 bytes of organisation, 32 of secret. The organisation only says under which key to
/// look; the gate takes the organisation from the session that the secret opens, so changing it opens nothing.
public struct SessionToken: Sendable {
    /// The organisation that the session is of.
    public let organization: UUID
    /// 32 random bytes. The database keeps their SHA-256.
    public let secret: [UInt8]

    init(organization: UUID, secret: [UInt8]) {
        self.organization = organization
        self.secret = secret
    }

    /// Reads a token; `nil` for anything that cannot be one.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 64, let bytes = Base64URL.bytes(text), bytes.count == 48 else { return nil }
        organization = UUID(uuid: bytes.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) })
        secret = Array(bytes.dropFirst(16))
    }

    /// The token as its holder presents it.
    public var text: String {
        Base64URL.text(withUnsafeBytes(of: organization.uuid) { Array($0) } + secret)
    }

    /// The token that forms of this session carry: useless without the cookie, and not to be guessed without the secret. (APP-2)
    public var formToken: String {
        Base64URL.text(Primitive.sha256(Array("carekeep form v1".utf8) + secret))
    }
}

/// What a session is used for. A cookie's session opens nothing on the API, and a token's no page.
public enum SessionUse: String, Sendable {
    case page, api
}

/// Whether the session that a request presents was found to be one that lives. Before that a token is a text that anybody can make up.
public final class SessionProof: Sendable {
    private let found = Atomic(false)

    /// Nothing is found yet.
    public init() {}

    /// Whether the database knew it.
    public var isFound: Bool { found.load(ordering: .relaxed) }

    /// Said by whoever asked the database, and nobody else.
    func find() { found.store(true, ordering: .relaxed) }
}

/// Someone who presents a session, and where they do it from. Whether the session is any good is for the gate to say.
public struct Caller: Sendable {
    /// What they present.
    public let token: SessionToken
    /// At which door.
    public let use: SessionUse
    /// From where, to be sealed in the entry.
    public let origin: AccessNote
    /// Whether it was found to be a session that lives.
    public let proof: SessionProof

    /// Someone at a door.
    public init(token: SessionToken, use: SessionUse, origin: AccessNote, proof: SessionProof = SessionProof()) {
        self.token = token
        self.use = use
        self.origin = origin
        self.proof = proof
    }

    /// The organisation that the token names.
    public var organization: UUID { token.organization }
}

/// Who is signed in, in words for the head of a page.
public struct SignedInPerson: Sendable {
    /// Theirs, in whatever organisation.
    public let account: Person.ID
    /// The one that the session is of.
    public let organization: Organization.ID
    /// As the organisation calls them.
    public let name: String
    /// As its members know it.
    public let organizationName: String
    /// What kind of organisation it is.
    public let profile: Organization.Profile
    /// Which of the roles that every organisation has.
    public let roles: Set<Role>
    /// What these and the organisation's own roles permit them: `member.administer`.
    public let permits: Set<String>
    /// What they do for the installation.
    public let offices: Set<Office>
    /// ISO 3166, two letters.
    public let country: String
    /// IANA name.
    public let timeZone: String
    /// From when on they have to have answered an agreement that they have not; `nil` if there is none.
    public let agreeBy: Date?
    /// Whether they belong to another organisation, too.
    public let belongsElsewhere: Bool
}
