import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import Postgres
import Seals
import Testing
import Trail

@testable import People

/// Tokens of programs as the server makes and reads them. What each condition in the database does is ``UnauthorisedPerson``'s part `gate`.
@Suite struct `A program's tokens` {
    private static let origin = AccessNote(address: "192.0.2.7", device: "a test", request: "r1")

    @Test func `open records on every server, and stay out when they are over`() async throws {
        let town = try await TestTown()
        let other = try await town.secondServer()
        let issued = try await tokens("Amara", in: town)
        #expect(issued.seconds == 600)
        let there = try #require(try await other.signIn.tokens.session(of: issued.access))
        #expect(try await !other.members.list(for: caller(there)).isEmpty)
        try later("11 minutes", in: town)
        await #expect(throws: Refusal.signedOut) { try await other.members.list(for: caller(there)) }
        let next = try await other.signIn.tokens.refresh(try #require(issued.refresh), origin: Self.origin)
        #expect(try await !town.home.members.list(for: caller(next.session)).isEmpty)
        await other.close()
        await town.close()
    }

    @Test func `are given again when the answer was lost, by whichever server, and there is one successor`()
        async throws
    {
        let town = try await TestTown()
        let other = try await town.secondServer()
        let first = try #require(try await tokens("Amara", in: town).refresh)
        async let here = town.home.signIn.tokens.refresh(first, origin: Self.origin)
        async let there = other.signIn.tokens.refresh(first, origin: Self.origin)
        let (one, two) = (try await here, try await there)
        #expect(one.refresh == two.refresh && one.session.secret == two.session.secret)
        #expect(one.refresh != first)
        #expect(try await !town.home.members.list(for: caller(two.session)).isEmpty)
        let live = try AdminConnection(town.admin).query("select from care.refresh_token where used_at is null")
        #expect(live.count == 1)
        await other.close()
        await town.close()
    }

    @Test func `all end when a refresh token is used twice, on every server, though the request is refused`()
        async throws
    {
        let town = try await TestTown()
        let other = try await town.secondServer()
        let first = try #require(try await tokens("Amara", in: town).refresh)
        let second = try await town.home.signIn.tokens.refresh(first, origin: Self.origin)
        let third = try await town.home.signIn.tokens.refresh(try #require(second.refresh), origin: Self.origin)
        let apart = try await tokens("Amara", in: town)
        #expect(try await !other.members.list(for: caller(third.session)).isEmpty)
        await #expect(throws: Refusal.signedOut) {
            try await other.signIn.tokens.refresh(first, origin: Self.origin)
        }
        await #expect(throws: Refusal.signedOut) { try await town.home.members.list(for: caller(third.session)) }
        await #expect(throws: Refusal.signedOut) {
            try await town.home.signIn.tokens.refresh(third.refresh ?? "", origin: Self.origin)
        }
        #expect(try await !town.home.members.list(for: caller(apart.session)).isEmpty, "another family goes on")
        await other.close()
        await town.close()
    }

    @Test func `end with their session, however it ends`() async throws {
        let town = try await TestTown()
        let home = town.home
        let ways: [(String, @Sendable (IssuedTokens) async throws -> Void)] = [
            ("signing out", { try await home.signIn.end(self.caller($0.session)) }),
            (
                "ending it elsewhere",
                { _ in _ = try await home.signIn.endSession(nil, of: try await town.session(of: "Bo")) }
            ),
            (
                "an administrator",
                { _ in
                    let tunde = try await town.session(of: "Tunde")
                    _ = try await home.members.endSessions(of: town["Bo"].account.uuid, for: tunde)
                }
            ),
            (
                "a new password",
                { _ in
                    let invitation = try await Founding(keys: home.keys).renewLink(
                        for: town["Bo"].address,
                        in: Organization.ID(town.okafors),
                        over: AdminConnection(town.admin)
                    )
                    let link = try #require(invitation?.link)
                    try await home.signIn.setPassword("nine lamps on the quay", link: link, origin: Self.origin)
                    try AdminConnection(town.admin).query(
                        """
                        update care.account a set password_hash = b.password_hash from care.account b
                         where a.id = \(town["Bo"].account.uuid) and b.id = \(town["Amara"].account.uuid)
                        """
                    )
                }
            ),
            (
                "leaving",
                { _ in try await self.leave("Bo", town) }
            ),
        ]
        for (words, end) in ways {
            let issued = try await tokens("Bo", in: town)
            #expect(try await !home.members.list(for: caller(issued.session)).isEmpty, "\(words): control")
            try await end(issued)
            await #expect(throws: Refusal.signedOut, "\(words)") {
                try await home.members.list(for: caller(issued.session))
            }
            await #expect(throws: Refusal.signedOut, "\(words)") {
                try await home.signIn.tokens.refresh(issued.refresh ?? "", origin: Self.origin)
            }
        }
        await town.close()
    }

    @Test func `are over when the session is, used or not`() async throws {
        let town = try await TestTown()
        for offset in ["61 minutes", "25 hours"] {
            let issued = try await tokens("Amara", in: town)
            try later(offset, in: town)
            await #expect(throws: Refusal.signedOut, "\(offset)") {
                try await town.home.signIn.tokens.refresh(issued.refresh ?? "", origin: Self.origin)
            }
            try later("0", in: town)
        }
        await town.close()
    }

    // MARK: What is made up

    @Test func `that somebody made or changed are refused`() async throws {
        let (town, elsewhere) = (try await TestTown(), try await TestTown())
        let issued = try await tokens("Amara", in: town)
        let reader = town.home.signIn.tokens
        let parts = issued.access.split(separator: ".").map(String.init)
        let (own, others) = (try await key(of: town), TokenSigner())
        var header = try JSON(parsing: Base64URL.bytes(parts[0]) ?? [])
        let claims = try JSON(parsing: Base64URL.bytes(parts[1]) ?? [])
        let now = Int(Date().timeIntervalSince1970)
        let made = { (change: (inout JSON) -> Void) -> String in
            var other = claims
            change(&other)
            return try JSONWebToken.signed(header: header, claims: other, by: own)
        }
        let headed = { (change: (inout JSON) -> Void) -> String in
            var other = header
            change(&other)
            return try JSONWebToken.signed(header: other, claims: claims, by: own)
        }
        let edited = { (change: (inout JSON) -> Void) -> String in
            var other = claims
            change(&other)
            return "\(parts[0]).\(Base64URL.text(other.serialized())).\(parts[2])"
        }
        let unsigned = { (algorithm: String) -> String in
            var other = header
            other["alg"] = .string(algorithm)
            return "\(Base64URL.text(other.serialized())).\(parts[1]).\(parts[2])"
        }
        // What we sign is taken: so it is the change that is refused.
        #expect(try await reader.session(of: made { _ in }) != nil)
        #expect(try await reader.session(of: headed { _ in }) != nil)
        #expect(try await reader.session(of: made { $0["nbf"] = .number("\(now)") }) != nil)
        let forged: [(String, String)] = [
            ("no signature", "\(unsigned("none").split(separator: ".")[0]).\(parts[1])."),
            ("alg none, signed", unsigned("none")), ("alg HS256", unsigned("HS256")), ("alg RS256", unsigned("RS256")),
            ("alg EdDSA", unsigned("EdDSA")),
            ("another key", try JSONWebToken.signed(header: header, claims: claims, by: others)),
            (
                "expired",
                try made {
                    $0["iat"] = .number("\(now - 700)")
                    $0["exp"] = .number("\(now - 100)")
                }
            ),
            ("longer than ten minutes", try made { $0["exp"] = .number("\(now + 6_000)") }),
            ("no end", try made { $0["exp"] = nil }), ("an end that is no number", try made { $0["exp"] = "never" }),
            ("nbf in the future", try made { $0["nbf"] = .number("\(now + 5_000)") }),
            ("another audience", try made { $0["aud"] = "somebody" }),
            ("several audiences", try made { $0["aud"] = ["carekeep-api", "x"] }),
            ("no audience", try made { $0["aud"] = nil }),
            ("another issuer", try made { $0["iss"] = "urn:carekeep:0" }),
            ("no session", try made { $0["sid"] = nil }), ("no account", try made { $0["sub"] = nil }),
            ("no name", try made { $0["jti"] = nil }), ("no secret", try made { $0["key"] = nil }),
            ("a short secret", try made { $0["key"] = "AAAA" }),
            ("another session, edited", edited { $0["sid"] = .string(UUID().uuidString.lowercased()) }),
            (
                "another account, edited",
                edited { $0["sub"] = .string(town["Bo"].account.uuid.uuidString.lowercased()) }
            ),
            ("another organisation, edited", edited { $0["org"] = .string(town.sunrise.uuidString.lowercased()) }),
            ("another end, edited", edited { $0["exp"] = .number("\(now + 400)") }),
            ("an ID token", try headed { $0["typ"] = "JWT" }), ("no type", try headed { $0["typ"] = nil }),
            ("a key of nobody", try headed { $0["kid"] = .string(UUID().uuidString.lowercased()) }),
            ("no key", try headed { $0["kid"] = nil }), ("a key of its own", try headed { $0["crit"] = ["x"] }),
            ("cut short", String(issued.access.dropLast(2))), ("cut in two", "\(parts[0]).\(parts[1])"),
            ("longer", issued.access + "A"), ("with a part more", issued.access + ".A"), ("empty", ""),
            ("huge", issued.access + String(repeating: "A", count: 100_000)),
            ("of another installation", try await tokens("Amara", in: elsewhere).access),
            ("a refresh token", issued.refresh ?? ""), ("the secret alone", issued.session.text),
        ]
        for (words, text) in forged {
            #expect(try await reader.session(of: text) == nil, "\(words)")
        }
        #expect(try await reader.session(of: issued.access)?.secret == issued.session.secret)
        header["typ"] = "at+jwt"
        await elsewhere.close()
        await town.close()
    }

    @Test func `with the secret of another session open that session and none else`() async throws {
        let town = try await TestTown()
        let issued = try await tokens("Amara", in: town)
        let stranger = Caller(
            token: SessionToken(organization: town.sunrise, secret: issued.session.secret),
            use: .api,
            origin: Self.origin
        )
        await #expect(throws: Refusal.signedOut) { try await town.home.members.list(for: stranger) }
        await town.close()
    }

    // MARK: Keys

    @Test func `are signed with another key after a month, and the old ones are read until they are over`() async throws
    {
        let town = try await TestTown()
        let old = try await tokens("Amara", in: town)
        try later("30 days 1 minute", in: town)
        let second = try await town.secondServer()
        let caller = try await town.session(of: "Amara")
        let new = try await second.signIn.tokens.issue(for: caller)
        #expect(try keyID(of: new.access) != keyID(of: old.access))
        #expect(try await second.signIn.tokens.session(of: old.access) != nil)
        try later("30 days 2 hours", in: town)
        let third = try await town.secondServer()
        #expect(try await third.signIn.tokens.session(of: old.access) == nil)
        #expect(try await third.signIn.tokens.session(of: new.access) != nil)
        for one in [second, third] { await one.close() }
        await town.close()
    }

    @Test func `are signed with one key, whichever server makes it first, and none that was put there`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let (planted, signer) = (UUID(), TokenSigner())
        try admin.query(
            """
            insert into care.token_key (id, sealed, made_at)
            values (\(planted), \(signer.bytes), clock_timestamp() - interval '30 days 30 minutes')
            """
        )
        let (second, third) = (try await town.secondServer(), try await town.secondServer())
        let (here, there) = (try await town.session(of: "Amara"), try await town.session(of: "Bo"))
        async let one = second.signIn.tokens.issue(for: here)
        async let two = third.signIn.tokens.issue(for: there)
        let (first, other) = (try await one, try await two)
        #expect(try keyID(of: first.access) == keyID(of: other.access))
        let kept = try admin.query("select sealed from care.token_key where id <> \(planted)")
        #expect(
            try kept.count == 1 && TokenSigner(bytes: kept[0].decode([UInt8].self, at: 0)) == nil,
            "one, and sealed"
        )
        let parts = first.access.split(separator: ".").map(String.init)
        var header = try JSON(parsing: Base64URL.bytes(parts[0]) ?? [])
        header["kid"] = .string(planted.uuidString.lowercased())
        let claims = try JSON(parsing: Base64URL.bytes(parts[1]) ?? [])
        let forged = try JSONWebToken.signed(header: header, claims: claims, by: signer)
        #expect(try await second.signIn.tokens.session(of: forged) == nil)
        for home in [second, third] { await home.close() }
        await town.close()
    }

    // MARK: Parts

    private func tokens(_ name: String, in town: TestTown) async throws -> IssuedTokens {
        try await town.home.signIn.tokens.issue(for: try await town.session(of: name))
    }

    private func caller(_ token: SessionToken) -> Caller {
        Caller(token: token, use: .api, origin: Self.origin)
    }

    private func later(_ offset: String, in town: TestTown) throws {
        try AdminConnection(town.admin).query("update care.guard set clock_offset = \(offset)::interval")
    }

    private func leave(_ name: String, _ town: TestTown) async throws {
        let amara = try await town.session(of: "Amara")
        _ = try await town.home.members.end(town[name].account, for: amara)
    }

    private func keyID(of token: String) throws -> String? { try JSONWebToken(token).keyID }

    /// The key of an installation, as only its keys open it.
    private func key(of town: TestTown) async throws -> TokenSigner {
        let row = try AdminConnection(town.admin).query("select id, sealed from care.token_key")[0]
        let id = try row.decode(UUID.self, at: 0)
        let binding = Binding(organization: Installation.id, kind: "TokenKey", id: id, version: 1)
        let bytes = try await town.home.keys.installation().key.open(row.decode([UInt8].self, at: 1), for: binding)
        return try #require(TokenSigner(bytes: bytes))
    }
}
