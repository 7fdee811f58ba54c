import FHIR
import FoundationEssentials
import Seals

/// What a program presents at each request: a JSON Web Token that lasts ten minutes at most. (RFC 9068, for what fits us)
///
/// It is signed, so that any server refuses what was made up without asking the database. Who may do what it does not say: it holds the
/// secret of a session, and the gate decides by that secret each time. So what ends the session ends the token.
struct AccessToken: Sendable {
    /// Seconds between the moment it is made and its end, at most.
    static let longest = 600
    /// For whom it is: this installation's programming interface, and nothing else.
    static let audience = "carekeep-api"
    /// How far the clocks of two servers may be apart, in seconds. The database goes by its own.
    private static let leeway = 30.0
    private static let type = "at+jwt"

    let organization: UUID
    let account: UUID
    let session: UUID
    /// 32 bytes, whose SHA-256 the database keeps.
    let secret: [UInt8]
    let made: Int
    let ends: Int

    init(organization: UUID, account: UUID, session: UUID, secret: [UInt8], made: Date, ends: Date) {
        self.organization = organization
        self.account = account
        self.session = session
        self.secret = secret
        self.made = Int(made.timeIntervalSince1970.rounded(.down))
        self.ends = Int(ends.timeIntervalSince1970.rounded(.down))
    }

    /// What opens passes.
    var sessionToken: SessionToken { SessionToken(organization: organization, secret: secret) }

    /// The token as its holder presents it.
    func text(of issuer: String, signedBy signer: TokenSigner, named key: String) throws(SealError) -> String {
        let claims: JSON = [
            "iss": .string(issuer), "aud": .string(Self.audience), "sub": .string(Self.text(account)),
            "org": .string(Self.text(organization)), "sid": .string(Self.text(session)),
            "iat": .number("\(made)"), "exp": .number("\(ends)"),
            // Another for each secret, and nothing that opens: for logs of whoever must name one.
            "jti": .string(Base64URL.text(Array(Primitive.sha256(Array("jti".utf8) + secret).prefix(16)))),
            "key": .string(Base64URL.text(secret)),
        ]
        let header: JSON = ["alg": "ES256", "typ": .string(Self.type), "kid": .string(key)]
        return try JSONWebToken.signed(header: header, claims: claims, by: signer)
    }

    /// Reads a token that is by one of these keys, of this installation, for this interface, and of this moment; `nil` for any other.
    init?(_ token: JSONWebToken, signedBy keys: KeySet, issuer: String, now: Date) {
        // One algorithm, whatever the token says; a token of another kind is none, whoever signed it.
        guard token.algorithm == .es256, token.type == Self.type, let claims = try? token.claims(signedBy: keys),
            claims["iss"]?.string == issuer, claims["aud"]?.string == Self.audience,
            let account = Self.id(claims["sub"]), let organization = Self.id(claims["org"]),
            let session = Self.id(claims["sid"]), let made = claims["iat"]?.integer, let ends = claims["exp"]?.integer,
            claims["jti"]?.string?.isEmpty == false,
            let secret = claims["key"]?.string.flatMap({ Base64URL.bytes($0) }), secret.count == 32
        else { return nil }
        (self.account, self.organization, self.session) = (account, organization, session)
        (self.secret, self.made, self.ends) = (secret, made, ends)
        guard (0...Self.longest).contains(ends.subtractingReportingOverflow(made).partialValue), isOf(now) else {
            return nil
        }
        if let begins = claims["nbf"] {
            guard let begins = begins.integer, Double(begins) <= now.timeIntervalSince1970 + Self.leeway else {
                return nil
            }
        }
    }

    /// Whether it is not over.
    func isOf(_ now: Date) -> Bool { Double(ends) > now.timeIntervalSince1970 - Self.leeway }

    private static func text(_ id: UUID) -> String { id.uuidString.lowercased() }

    private static func id(_ json: JSON?) -> UUID? { json?.string.flatMap { UUID(uuidString: $0) } }
}
