import Crypto
import CryptoExtras
import FHIR
import Foundation
import Seals
import Testing

@testable import People

/// Tokens that nobody should believe, each beside one that is right but for that.
@Suite struct `ID tokens` {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)
    static let expected = IDToken.Expectation(issuer: "https://idp.example", clientID: "us", nonce: "n0nce")
    static let signer = TokenSigner()

    static var keys: KeySet { get throws { KeySet(try #require(signer.publicKey), id: "k1") } }

    static func claims(_ changes: [(String, JSON?)] = []) -> JSON {
        var claims = JSONObject([
            ("iss", "https://idp.example"), ("aud", "us"), ("sub", "ada"), ("nonce", "n0nce"),
            ("iat", 1_800_000_000), ("exp", 1_800_000_300),
        ])
        for (name, value) in changes { claims[name] = value }
        return .object(claims)
    }

    static func token(_ claims: JSON, header: JSON = ["alg": "ES256", "kid": "k1"]) throws -> JSONWebToken {
        try JSONWebToken(JSONWebToken.signed(header: header, claims: claims, by: signer))
    }

    private func read(
        _ changes: [(String, JSON?)] = [],
        header: JSON = ["alg": "ES256", "kid": "k1"],
        access: String? = nil
    )
        throws -> IDToken
    {
        try IDToken(
            Self.token(Self.claims(changes), header: header),
            signedBy: Self.keys,
            for: Self.expected,
            accessToken: access,
            now: Self.now
        )
    }

    @Test func `are believed when everything is right`() throws {
        let token = try read([
            ("email", "ada@example.org"), ("email_verified", true), ("sid", "s1"), ("nbf", 1_800_000_050),
            ("exp", .number("1800000000.5")), ("iat", 1_799_999_500),
        ])
        #expect(token.subject == "ada")
        #expect(token.address == "ada@example.org")
        #expect(token.session == "s1")
        #expect(try read([("aud", ["us"])]).subject == "ada")
        #expect(try read([("aud", ["them", "us"]), ("azp", "us")]).subject == "ada")
        #expect(try read(header: ["alg": "ES256", "typ": "JWT"]).subject == "ada")
    }

    private static let wrong: [(String, JSON?, SignInTrouble)] = [
        ("iss", "https://idp.example/", .issuer), ("iss", nil, .issuer),
        ("iss", ["https://idp.example"], .issuer), ("iss", "https://IDP.example", .issuer),
        ("aud", "them", .audience), ("aud", nil, .audience), ("aud", ["them"], .audience), ("aud", [], .audience),
        ("aud", ["us", "them"], .audience), ("azp", "them", .audience), ("azp", 7, .audience),
        ("nonce", "other", .nonce), ("nonce", nil, .nonce), ("nonce", "", .nonce), ("nonce", 7, .nonce),
        ("exp", 1_799_999_940, .time), ("exp", nil, .time), ("exp", "1800000300", .time),
        ("iat", 1_800_000_060, .time), ("iat", 1_799_999_400, .time), ("iat", nil, .time),
        ("nbf", 1_800_000_060, .time), ("nbf", "soon", .time),
        ("sub", nil, .subject), ("sub", "", .subject), ("sub", 7, .subject),
        ("sub", .string(String(repeating: "a", count: 256)), .subject),
        ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA", .accessToken),
    ]

    @Test func `are refused for one wrong claim`() throws {
        for (name, value, trouble) in Self.wrong {
            #expect(throws: trouble, "\(name)") { try read([(name, value)], access: "access") }
        }
        #expect(try read(access: "access").subject == "ada")
    }

    @Test func `hold on to their access token`() throws {
        // The example of OpenID Connect Core 1.0, appendix A.3: an access token and its hash.
        let access = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        let changes: [(String, JSON?)] = [("at_hash", "77QmUPtjPfzWtF2AnpK9RQ")]
        #expect(try read(changes, access: access).subject == "ada")
        #expect(throws: SignInTrouble.accessToken) { try read(changes, access: access + "x") }
        #expect(throws: SignInTrouble.accessToken) { try read(changes) }
    }

    @Test func `vouch for an address only if they say so`() throws {
        #expect(try read([("email", "a@b.example"), ("email_verified", "true")]).address == "a@b.example")
        for said in [nil, false, "false", 1, "yes"] as [JSON?] {
            #expect(try read([("email", "a@b.example"), ("email_verified", said)]).address == nil)
        }
        for address in ["a", "a@b@c", "a b@c", "a\u{1}@c", "ä@c", ""] {
            #expect(try read([("email", .string(address)), ("email_verified", true)]).address == nil)
        }
    }

    @Test func `are refused when they are tokens of another kind`() {
        for type in ["logout+jwt", "at+jwt", "dpop+jwt"] {
            #expect(throws: SignInTrouble.token) {
                try read(header: ["alg": "ES256", "kid": "k1", "typ": .string(type)])
            }
        }
        #expect(throws: SignInTrouble.token) { try read(header: ["alg": "ES256", "kid": "k1", "crit": ["exp"]]) }
        #expect(throws: SignInTrouble.token) { try read(header: ["alg": "ES256", "kid": 7]) }
        #expect(throws: SignInTrouble.unknownKey) { try read(header: ["alg": "ES256", "kid": "k2"]) }
    }

    @Test(arguments: ["none", "None", "HS256", "HS512", "RS512", "ES384", "es256", "", "null"])
    func `are refused for an algorithm that is not taken`(_ name: String) {
        #expect(throws: SignInTrouble.algorithm) { try read(header: ["alg": .string(name), "kid": "k1"]) }
        #expect(throws: SignInTrouble.algorithm) { try read(header: ["kid": "k1"]) }
    }

    @Test func `are refused for another key's algorithm`() {
        for name in ["RS256", "PS256", "EdDSA"] {
            #expect(throws: SignInTrouble.algorithm) { try read(header: ["alg": .string(name), "kid": "k1"]) }
        }
    }

    @Test func `are refused with another signature, or none`() throws {
        let right = try JSONWebToken.signed(header: ["alg": "ES256"], claims: Self.claims(), by: Self.signer)
        let parts = right.split(separator: ".").map(String.init)
        let others = try JSONWebToken.signed(header: ["alg": "ES256"], claims: Self.claims(), by: TokenSigner())
        let theirs = String(others.split(separator: ".")[2])
        let changed = Base64URL.text(Self.claims([("sub", "eve")]).serialized())
        let short = Base64URL.text(try #require(Base64URL.bytes(parts[2])).dropLast())
        let zeros = Base64URL.text([UInt8](repeating: 0, count: 64))
        for text in [
            "\(parts[0]).\(parts[1]).\(theirs)", "\(parts[0]).\(changed).\(parts[2])", "\(parts[0]).\(parts[1]).",
            "\(parts[0]).\(parts[1]).\(zeros)", "\(parts[0]).\(parts[1]).\(short)",
        ] {
            #expect(throws: SignInTrouble.signature) {
                try IDToken(JSONWebToken(text), signedBy: Self.keys, for: Self.expected, now: Self.now)
            }
        }
        #expect(
            try IDToken(JSONWebToken(right), signedBy: Self.keys, for: Self.expected, now: Self.now).subject == "ada"
        )
    }

    @Test(arguments: ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.=", "e30.e30. ", "bnVsbA.e30.", "W10.W10.AA", "!.!.!"])
    func `are none when they are something else`(_ text: String) {
        #expect(throws: SignInTrouble.self) { try JSONWebToken(text) }
    }

    @Test func `are none when they are too long`() {
        let length = { (letters: Int) throws in
            let claims = `ID tokens`.claims([("more", .string(String(repeating: "x", count: letters)))])
            _ = try Self.token(claims)
        }
        #expect(throws: Never.self) { try length(40_000) }
        #expect(throws: SignInTrouble.token) { try length(50_000) }
    }

    @Test func `are written in one way alone`() {
        #expect(Base64URL.bytes("AA") == [0])
        for text in ["AB", "A", "AA=", "AA==", "+A", "/A", "A A", "AA\n"] { #expect(Base64URL.bytes(text) == nil) }
    }

    @Test func `name a claim once`() throws {
        let claims = Base64URL.text(Array(#"{"sub": "ada", "sub": "eve"}"#.utf8))
        #expect(throws: SignInTrouble.token) { try JSONWebToken("eyJhbGciOiJFUzI1NiJ9.\(claims).AA") }
    }
}

/// Each algorithm that is taken, by the key that a provider would publish.
@Suite struct `Keys of providers` {
    private func token(_ algorithm: String, _ sign: (Data) throws -> Data) throws -> JSONWebToken {
        let header: JSON = ["alg": .string(algorithm), "kid": "k"]
        let text = "\(Base64URL.text(header.serialized())).\(Base64URL.text(`ID tokens`.claims().serialized()))"
        return try JSONWebToken("\(text).\(Base64URL.text(Array(sign(Data(text.utf8)))))")
    }

    private func subject(_ token: JSONWebToken, _ key: JSON) throws -> String {
        let keys = try #require(KeySet(["keys": [key]]))
        return try IDToken(token, signedBy: keys, for: `ID tokens`.expected, now: `ID tokens`.now).subject
    }

    private func text(_ bytes: some Sequence<UInt8>) -> JSON { .string(Base64URL.text(Array(bytes))) }

    @Test func `sign with RSA`() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let parts = try key.publicKey.getKeyPrimitives()
        let published: JSON = [
            "kty": "RSA", "kid": "k", "use": "sig", "n": text(parts.modulus), "e": text(parts.publicExponent),
        ]
        let old = try token("RS256") {
            try key.signature(for: $0, padding: .insecurePKCS1v1_5).rawRepresentation
        }
        let new = try token("PS256") { try key.signature(for: $0, padding: .PSS).rawRepresentation }
        #expect(try subject(old, published) == "ada")
        #expect(try subject(new, published) == "ada")
        // One way of signing is not the other.
        let crossed = try token("PS256") {
            try key.signature(for: $0, padding: .insecurePKCS1v1_5).rawRepresentation
        }
        #expect(throws: SignInTrouble.signature) { try subject(crossed, published) }
        var pinned = published
        pinned["alg"] = "PS256"
        #expect(try subject(new, pinned) == "ada")
        #expect(throws: SignInTrouble.algorithm) { try subject(old, pinned) }
        for (name, value) in [("use", "enc"), ("key_ops", ["encrypt"]), ("n", text([1, 2, 3])), ("kty", "oct")]
            as [(String, JSON)]
        {
            var other = published
            other[name] = value
            #expect(throws: SignInTrouble.unknownKey) { try subject(old, other) }
        }
    }

    @Test func `are not taken when they are short`() throws {
        let key = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let parts = try key.publicKey.getKeyPrimitives()
        #expect(SignatureKey(modulus: Array(parts.modulus), exponent: Array(parts.publicExponent)) == nil)
    }

    @Test func `sign with elliptic curves`() throws {
        let p256 = P256.Signing.PrivateKey()
        let point = p256.publicKey.rawRepresentation
        let published: JSON = [
            "kty": "EC", "crv": "P-256", "kid": "k", "x": text(point.prefix(32)), "y": text(point.suffix(32)),
        ]
        let signed = try token("ES256") { try p256.signature(for: $0).rawRepresentation }
        #expect(try subject(signed, published) == "ada")
        let ed = Curve25519.Signing.PrivateKey()
        let edPublished: JSON = ["kty": "OKP", "crv": "Ed25519", "kid": "k", "x": text(ed.publicKey.rawRepresentation)]
        let edSigned = try token("EdDSA") { try ed.signature(for: $0) }
        #expect(try subject(edSigned, edPublished) == "ada")
        #expect(throws: SignInTrouble.algorithm) { try subject(edSigned, published) }
        #expect(throws: SignInTrouble.algorithm) { try subject(signed, edPublished) }
    }

    @Test func `are told apart by name`() throws {
        let (one, two) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let published = { (key: P256.Signing.PrivateKey, id: String) -> JSON in
            let point = key.publicKey.rawRepresentation
            return [
                "kty": "EC", "crv": "P-256", "kid": .string(id), "x": self.text(point.prefix(32)),
                "y": self.text(point.suffix(32)),
            ]
        }
        let keys = try #require(KeySet(["keys": [published(one, "j"), published(two, "k")]]))
        let (mine, theirs) = (
            try token("ES256") { try two.signature(for: $0).rawRepresentation },
            try token("ES256") { try one.signature(for: $0).rawRepresentation }
        )
        let read = { (token: JSONWebToken) in
            try IDToken(token, signedBy: keys, for: `ID tokens`.expected, now: `ID tokens`.now).subject
        }
        #expect(try read(mine) == "ada")
        #expect(throws: SignInTrouble.signature) { try read(theirs) }
        // Without a name it could be either.
        let nameless = try `ID tokens`.token(`ID tokens`.claims(), header: ["alg": "ES256"])
        #expect(throws: SignInTrouble.algorithm) { try read(nameless) }
    }
}

@Suite struct `Logout tokens` {
    private func read(_ changes: [(String, JSON?)] = [], type: String = "logout+jwt") throws -> LogoutToken {
        let event: JSON = ["http://schemas.openid.net/event/backchannel-logout": [:]]
        let claims = `ID tokens`.claims([("nonce", nil), ("events", event), ("jti", "j"), ("sid", "s")] + changes)
        return try LogoutToken(
            `ID tokens`.token(claims, header: ["alg": "ES256", "kid": "k1", "typ": .string(type)]),
            signedBy: `ID tokens`.keys,
            issuer: "https://idp.example",
            clientID: "us",
            now: `ID tokens`.now
        )
    }

    @Test func `name a subject, a session or both`() throws {
        #expect(try read().subject == "ada")
        #expect(try read().session == "s")
        #expect(try read([("sub", nil)]).session == "s")
        #expect(try read([("sid", nil)], type: "JWT").subject == "ada")
    }

    @Test func `are about what began before they were made`() throws {
        let made = `ID tokens`.now.addingTimeInterval(-300)
        let token = try read([("iat", .number("\(Int(made.timeIntervalSince1970))"))])
        #expect(token.begunBy == made.addingTimeInterval(IDToken.leeway))
    }

    @Test func `are refused for one thing that is wrong`() {
        let wrong: [(String, JSON?)] = [
            ("nonce", "n0nce"), ("events", nil), ("events", [:]), ("events", ["other": [:]]), ("jti", nil),
        ]
        for change in wrong { #expect(throws: SignInTrouble.logout) { try read([change]) } }
        #expect(throws: SignInTrouble.logout) { try read([("sub", nil), ("sid", nil)]) }
        #expect(throws: SignInTrouble.issuer) { try read([("iss", "https://other.example")]) }
        #expect(throws: SignInTrouble.audience) { try read([("aud", "them")]) }
        #expect(throws: SignInTrouble.time) { try read([("exp", 1_799_999_000)]) }
        #expect(throws: SignInTrouble.logout) { try read(type: "at+jwt") }
    }
}

@Suite struct `What is asked of providers` {
    /// Answers like a provider, and counts how often it is asked for what.
    private actor Desk {
        var asked: [String: Int] = [:]
        var keys: JSON = ["keys": []]

        func publish(_ signer: TokenSigner, as id: String) {
            keys = [
                "keys": [["kty": "RSA", "kid": .string(id), "e": "AQAB", "n": .string(Self.modulus)]]
            ]
        }

        static let modulus = Base64URL.text([0x80] + [UInt8](repeating: 1, count: 255))

        func answer(_ question: OutsideQuestion) -> OutsideAnswer {
            asked[question.address.text, default: 0] += 1
            let document: JSON = [
                "issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/go",
                "token_endpoint": "https://idp.example/token", "jwks_uri": "https://idp.example/keys",
            ]
            let isKeys = question.address.text.hasSuffix("/keys")
            return OutsideAnswer(status: 200, body: (isKeys ? keys : document).serialized())
        }
    }

    @Test func `a new key is fetched, and names that nobody has do not wear a provider out`() async throws {
        let desk = Desk()
        let directory = ProviderDirectory(door: { await desk.answer($0) }, mayBeLocal: false)
        await desk.publish(TokenSigner(), as: "old")
        _ = try await directory.keys(of: "https://idp.example", naming: "old")
        await desk.publish(TokenSigner(), as: "new")
        #expect(!(try await directory.keys(of: "https://idp.example", naming: "new")).lacks("new"))
        for number in 0..<200 { _ = try await directory.keys(of: "https://idp.example", naming: "none \(number)") }
        let asked = await desk.asked
        #expect(asked["https://idp.example/keys"] ?? 0 <= ProviderDirectory.most)
        #expect(asked["https://idp.example/.well-known/openid-configuration"] == 1)
        // What is known is still of use.
        #expect(!(try await directory.keys(of: "https://idp.example", naming: "new")).lacks("new"))
    }

    @Test func `a document says who it is of, and leads to places with HTTPS alone`() throws {
        func document(_ name: String? = nil, _ value: JSON? = nil, isLocal: Bool = false) throws {
            var json: JSON = [
                "issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/go",
                "token_endpoint": "https://idp.example/token", "jwks_uri": "https://keys.example/keys",
            ]
            if let name { json[name] = value }
            _ = try ProviderDirectory.Document(json, issuer: "https://idp.example", mayBeLocal: isLocal)
        }
        try document()
        try document("token_endpoint", "http://localhost:9/t", isLocal: true)
        let wrong: [(String, JSON?)] = [
            ("issuer", "https://idp.example/"), ("issuer", nil), ("token_endpoint", "http://idp.example/token"),
            ("token_endpoint", "http://localhost:9/t"), ("jwks_uri", "file:///etc/passwd"), ("jwks_uri", nil),
            ("authorization_endpoint", "javascript:alert(1)"),
            ("authorization_endpoint", "https://idp.example/go#there"), ("token_endpoint", "https://a@idp.example/t"),
        ]
        for (name, value) in wrong { #expect(throws: SignInTrouble.document) { try document(name, value) } }
    }

    @Test(arguments: [
        "https://localhost@evil.example/", "http://localhost.evil.example/", "http://localhost:80@evil.example/",
        "http://127.0.0.1.evil.example/", "HTTPS://a/ b", "https://a/\r\nb", "ftp://localhost/", "https:///x", "//a/b",
    ])
    func `a place is one and no other`(_ text: String) {
        #expect(WebAddress(text, mayBeLocal: true) == nil)
    }
}

@Suite struct `A visit's secret` {
    @Test func `makes a verifier that fits its challenge`() throws {
        let secret = FlowSecret()
        #expect(secret.challenge == Base64URL.text(Primitive.sha256(Array(secret.verifier.utf8))))
        #expect(secret.verifier.wholeMatch(of: /[A-Za-z0-9_-]{43,128}/) != nil)
        let all = [secret.text, secret.state, secret.nonce, secret.verifier, secret.challenge]
        #expect(Set(all).count == all.count)
        #expect(FlowSecret(secret.text)?.state == secret.state)
        #expect(FlowSecret(secret.text + "A") == nil)
    }

    @Test func `is no session of Apple's for long`() throws {
        let key = P256.Signing.PrivateKey()
        let settings = ProviderSettings.apple(
            clientID: "care.example",
            team: "TEAM",
            key: "KEY",
            pem: key.pemRepresentation
        )
        let token = try JSONWebToken(settings.clientSecret(now: `ID tokens`.now))
        let point = Array(key.publicKey.rawRepresentation)
        let known = try #require(SignatureKey(x: Array(point.prefix(32)), y: Array(point.suffix(32))))
        let claims = try token.claims(signedBy: KeySet(known, id: "KEY"))
        #expect(claims["iss"]?.string == "TEAM")
        #expect(claims["sub"]?.string == "care.example")
        #expect(claims["aud"]?.string == "https://appleid.apple.com")
        #expect(claims["exp"]?.integer == 1_800_000_300)
    }
}
