import FHIR
import Foundation
import People
import Seals

/// Probes of signing in at somebody else's.
extension Probe {
    // ACC-5
    static let foreignTokens = Probe.foreignTokens { try IDToken($0, signedBy: $1, for: $2, accessToken: $3) }

    /// The probe, of a way to read tokens.
    static func foreignTokens(readBy reading: @escaping TokenTrial.Reading) -> Probe {
        Probe(
            .foreignTokens,
            .live,
            tries:
                "shows the check of foreign sign-ins a right token and others that are each wrong in one way, and comes back from where nobody went"
        ) { ground in try await foreignTokens(readBy: reading, at: ground.door()) }
    }

    private static func foreignTokens(readBy reading: TokenTrial.Reading, at door: any FrontDoor) async throws
        -> Sighting
    {
        let faults = try TokenTrial().faults(reading)
        guard !faults.isControl else { throw ProbeTrouble.controlFailed("the right token was refused") }
        var wrong = faults.believed.map { "a token with \($0) was believed" }
        let nobody = UUID().uuidString.lowercased()
        for path in ["/sign-in/back/\(nobody)?code=c&state=s", "/sign-in/back/\(nobody)"] {
            let answer = try await door.ask(DoorQuestion(path))
            if answer.status != 404 { wrong.append("a way back from nowhere is answered with \(answer.status)") }
            let isIn = answer.headers.contains { $0.name == "set-cookie" && $0.value.contains("__Host-carekeep=") }
            if isIn { wrong.append("a way back from nowhere signs somebody in") }
        }
        return .judged(
            "\(TokenTrial.count) tokens that were each wrong in one way were refused, and the right one taken; nobody came in from nowhere.",
            wrong: wrong
        )
    }
}

/// A provider of a moment's own, whose tokens are right but for one thing each.
struct TokenTrial {
    typealias Reading = @Sendable (JSONWebToken, KeySet, IDToken.Expectation, String?) throws -> IDToken

    /// How it came out.
    struct Faults {
        /// Wrong tokens that were believed, by what is wrong with them.
        var believed: [String] = []
        /// Whether the right one was not.
        var isControl = false
    }

    private static let now = Int(Date().timeIntervalSince1970)
    private static let access = "an access token"

    /// Claims that are wrong; `nil` for one that is missing.
    private static let claims: [(what: String, name: String, value: JSON?)] = [
        ("another issuer", "iss", "https://other.example"), ("no issuer", "iss", nil),
        ("another audience", "aud", "somebody else"), ("no audience", "aud", nil),
        ("several audiences", "aud", ["carekeep", "somebody else"]),
        ("another party", "azp", "somebody else"), ("another nonce", "nonce", "other"), ("no nonce", "nonce", nil),
        ("a time that has passed", "exp", .number("\(now - 3600)")), ("no end", "exp", nil),
        ("a time to come", "nbf", .number("\(now + 3600)")), ("a date to come", "iat", .number("\(now + 3600)")),
        ("no date", "iat", nil), ("another access token", "at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), ("nobody", "sub", nil),
    ]

    /// Heads that are wrong.
    private static let heads: [(what: String, header: JSON)] = [
        ("no algorithm", ["alg": "none", "kid": "k"]), ("a secret's algorithm", ["alg": "HS256", "kid": "k"]),
        ("another key's algorithm", ["alg": "RS256", "kid": "k"]),
        ("a key that nobody has", ["alg": "ES256", "kid": "x"]),
        ("something to be understood", ["alg": "ES256", "kid": "k", "crit": ["x"]]),
        ("another kind", ["alg": "ES256", "kid": "k", "typ": "logout+jwt"]),
    ]

    /// How many are tried, with one that somebody else signed, one whose signature is gone and one that was changed.
    static let count = claims.count + heads.count + 3

    private let signer = TokenSigner()

    private func claims(_ name: String? = nil, _ value: JSON? = nil) -> JSON {
        var claims: JSON = [
            "iss": "https://provider.example", "aud": "carekeep", "sub": "somebody", "nonce": "nonce",
            "iat": .number("\(Self.now)"), "exp": .number("\(Self.now + 300)"),
        ]
        if let name { claims[name] = value }
        return claims
    }

    private func isBelieved(_ text: String, _ read: Reading) throws -> Bool {
        guard let key = signer.publicKey else { throw ProbeTrouble.controlFailed("a key that was just made is none") }
        let expected = IDToken.Expectation(issuer: "https://provider.example", clientID: "carekeep", nonce: "nonce")
        do {
            _ = try read(JSONWebToken(text), KeySet(key, id: "k"), expected, Self.access)
            return true
        } catch is SignInTrouble { return false }
    }

    /// What the check makes of them.
    func faults(_ read: Reading) throws -> Faults {
        let head: JSON = ["alg": "ES256", "kid": "k"]
        let right = try JSONWebToken.signed(header: head, claims: claims(), by: signer)
        let parts = right.split(separator: ".").map(String.init)
        let others = try JSONWebToken.signed(header: head, claims: claims(), by: TokenSigner())
        let changed = Base64URL.text(claims("sub", "somebody else").serialized())
        var tried: [(String, String)] = [
            ("somebody else's signature", others), ("no signature", "\(parts[0]).\(parts[1])."),
            ("words that were changed", "\(parts[0]).\(changed).\(parts[2])"),
        ]
        tried += try Self.claims.map {
            ($0.what, try JSONWebToken.signed(header: head, claims: claims($0.name, $0.value), by: signer))
        }
        tried += try Self.heads.map {
            ($0.what, try JSONWebToken.signed(header: $0.header, claims: claims(), by: signer))
        }
        var faults = Faults(isControl: try !isBelieved(right, read))
        for (what, text) in tried where try isBelieved(text, read) { faults.believed.append(what) }
        return faults
    }
}
