public import FHIR
public import Foundation
import Seals

/// What a provider says of whoever signed in there, checked. (OpenID Connect Core 1.0, section 3.1.3.7)
public struct IDToken: Sendable {
    /// What a token must fit to.
    public struct Expectation: Sendable {
        /// Who made it.
        public var issuer: String
        /// For whom.
        public var clientID: String
        /// For which visit.
        public var nonce: String

        /// All three.
        public init(issuer: String, clientID: String, nonce: String) {
            self.issuer = issuer
            self.clientID = clientID
            self.nonce = nonce
        }
    }

    /// How far two clocks may be apart, in seconds.
    static let leeway = 60.0
    /// How long ago a token may have been made, in seconds. It is fetched as soon as it is.
    static let oldest = 600.0

    /// Who it is, to this issuer. Never an address: those change hands.
    public let subject: String
    /// The session there, for signing out.
    public let session: String?
    /// An address that the issuer vouches for; `nil` for one that it does not.
    public let address: String?
    /// As the provider calls them. They may have chosen it.
    public let name: String?
    /// Everything that it says.
    public let claims: JSON

    /// Checks a token, and whether the access token that came with it, if one did, is its own.
    ///
    /// - Throws: `SignInTrouble` for the first thing that is wrong.
    public init(
        _ token: JSONWebToken,
        signedBy keys: KeySet,
        for expected: Expectation,
        accessToken: String? = nil,
        now: Date = Date()
    ) throws(SignInTrouble) {
        guard token.type == nil || token.type == "jwt" else { throw .token }
        let claims = try token.claims(signedBy: keys)
        try Self.check(claims, issuer: expected.issuer, clientID: expected.clientID)
        try Self.check(times: claims, now: now)
        guard let nonce = claims["nonce"]?.string,
            Primitive.areEqual(Array(nonce.utf8), Array(expected.nonce.utf8))
        else { throw .nonce }
        if let hash = claims["at_hash"] {
            guard let accessToken, hash.string == Self.hash(of: accessToken, by: token) else { throw .accessToken }
        }
        subject = try Self.subject(claims)
        session = claims["sid"]?.string.flatMap { $0.utf8.count <= 255 ? $0 : nil }
        address = Self.address(claims)
        name = claims["name"]?.string
        self.claims = claims
    }

    /// Who made it, and for whom: for us, and where it is for others too, given to us.
    static func check(_ claims: JSON, issuer: String, clientID: String) throws(SignInTrouble) {
        guard let named = claims["iss"]?.string, named.utf8.elementsEqual(issuer.utf8) else { throw .issuer }
        let audience = claims["aud"]?.string.map { [$0] } ?? claims["aud"]?.array?.compactMap(\.string) ?? []
        guard audience.contains(clientID) else { throw .audience }
        if let given = claims["azp"] {
            guard given.string == clientID else { throw .audience }
        } else if Set(audience).count > 1 {
            throw .audience
        }
    }

    /// When it was made, if that and its end are well.
    @discardableResult
    static func check(times claims: JSON, now: Date) throws(SignInTrouble) -> Date {
        let now = now.timeIntervalSince1970
        guard let ends = seconds(claims["exp"]), let made = seconds(claims["iat"]) else { throw .time }
        guard ends > now - leeway, made < now + leeway, made > now - oldest else { throw .time }
        if let begins = claims["nbf"] {
            guard let begins = seconds(begins), begins < now + leeway else { throw .time }
        }
        return Date(timeIntervalSince1970: made)
    }

    private static func seconds(_ json: JSON?) -> Double? {
        json?.number.flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil }
    }

    /// The first half of the access token's hash, by the hash that goes with the token's algorithm.
    private static func hash(of accessToken: String, by token: JSONWebToken) -> String {
        let bytes = Array(accessToken.utf8)
        let hash = token.algorithm == .edDSA ? Primitive.sha512(bytes) : Primitive.sha256(bytes)
        return Base64URL.text(Array(hash.prefix(hash.count / 2)))
    }

    static func subject(_ claims: JSON) throws(SignInTrouble) -> String {
        guard let subject = claims["sub"]?.string, !subject.isEmpty, subject.utf8.count <= 255 else { throw .subject }
        return subject
    }

    /// Apple writes `"true"` where others write `true`.
    private static func address(_ claims: JSON) -> String? {
        let verified = claims["email_verified"]
        guard verified?.bool == true || verified?.string == "true", let address = claims["email"]?.string,
            address.utf8.count <= 254, address.split(separator: "@", omittingEmptySubsequences: false).count == 2,
            address.unicodeScalars.allSatisfy({ $0.isASCII && $0.value > 0x20 && $0.value != 0x7F })
        else { return nil }
        return address
    }
}

/// What a provider says when somebody signed out there. (OpenID Connect Back-Channel Logout 1.0, section 2.6)
struct LogoutToken {
    let subject: String?
    let session: String?
    /// What it ends, where it names no session, began by then: when it was made, and as much later as clocks may differ.
    let begunBy: Date

    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    init(
        _ token: JSONWebToken,
        signedBy keys: KeySet,
        issuer: String,
        clientID: String,
        now: Date = Date()
    ) throws(SignInTrouble) {
        guard token.type == nil || token.type == "jwt" || token.type == "logout+jwt" else { throw .logout }
        let claims = try token.claims(signedBy: keys)
        try IDToken.check(claims, issuer: issuer, clientID: clientID)
        let made = try IDToken.check(times: claims, now: now)
        // An ID token has a nonce, and none of its kind ends anything.
        guard claims["nonce"] == nil, claims["events"]?[Self.event]?.object != nil, claims["jti"]?.string != nil else {
            throw .logout
        }
        subject = claims["sub"]?.string
        session = claims["sid"]?.string
        guard subject != nil || session != nil else { throw .logout }
        begunBy = made.addingTimeInterval(IDToken.leeway)
    }
}
