import Care
import FoundationEssentials
import Postgres
import Seals
import Synchronization
public import Trail

/// What a program is given when it signs in, and each time it refreshes.
public struct IssuedTokens: Sendable {
    /// The access token: for `Authorization: Bearer`.
    public let access: String
    /// Seconds for which it is good.
    public let seconds: Int
    /// What gets the next two, once; `nil` where the one that it has stays.
    public let refresh: String?
    /// Seconds until the program has to sign in again, whatever it does.
    public let refreshSeconds: Int
    /// What the access token holds.
    public let session: SessionToken
}

/// Tokens of programs: access tokens of ten minutes, refresh tokens that work once. (ACC-4)
///
/// The session is their family. The database decides at each request and at each refresh; here tokens are made and read
/// (`database/records/current/46-token.sql`, `docs/decisions/0021-a-session-is-its-token-family.md`).
public final class ProgramTokens: Sendable {
    private let store: Store
    private let keys: Keykeeper
    private let gate: Gate
    private let tokenKeys: TokenKeys

    /// Tokens that are remembered as good, at most.
    private static let mostRemembered = 10_000

    init(store: Store, keys: Keykeeper, gate: Gate) {
        self.store = store
        self.keys = keys
        self.gate = gate
        tokenKeys = TokenKeys(store: store, keys: keys)
    }

    /// Tokens for a session that has just begun and has shown all it needs. From here on it has another secret, which lasts minutes.
    ///
    /// - Throws: `Refusal.signedOut`, `Refusal.secondFactorNeeded`.
    public func issue(for caller: Caller) async throws -> IssuedTokens {
        try await grant(caller, refresh: Primitive.freshBytes(32))
    }

    /// Another access token for a session that has just shown who is there; its refresh token stays as it is.
    public func reissue(for caller: Caller) async throws -> IssuedTokens {
        try await grant(caller, refresh: nil)
    }

    private func grant(_ caller: Caller, refresh: [UInt8]?) async throws -> IssuedTokens {
        let secret = Primitive.freshBytes(32)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select outcome, session_id, account_id, at, access_ends, session_ends from care.grant_access(
                    \(caller.organization), \(caller.token.secret), \(Primitive.sha256(secret)),
                    \(refresh.map(Primitive.sha256)), make_interval(secs => \(Double(AccessToken.longest))))
                """
            )
        }.first
        switch try row?.decode(Int32.self, at: 0) {
        case 0?: break
        case 5?: throw Refusal.secondFactorNeeded
        default: throw Refusal.signedOut
        }
        guard let row else { throw Refusal.signedOut }
        return try await tokens(of: row, from: 1, organization: caller.organization, secret: secret, refresh: refresh)
    }

    /// Uses a refresh token, once: the next two come of it. A program that lost the answer asks again within ten seconds, and is given the
    /// same; whoever shows it later has copied it, and everything that came of it ends.
    ///
    /// - Throws: `Refusal.signedOut`, whatever the reason.
    public func refresh(_ text: String, origin: AccessNote) async throws -> IssuedTokens {
        guard let shown = SessionToken(text) else { throw Refusal.signedOut }
        let installation = try await keys.installation()
        let secret = { (salt: [UInt8], kind: String) in
            installation.signIn.successor(of: shown.secret, salt: salt, as: kind)
        }
        let salt = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(origin, organization: shown.organization)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select outcome, made_of, session_id, account_id, at, access_ends, session_ends from care.refresh_access(
                    \(shown.organization), \(shown.secret), \(salt), \(Primitive.sha256(secret(salt, "refresh"))),
                    \(Primitive.sha256(secret(salt, "access"))), make_interval(secs => \(Double(AccessToken.longest))),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first
        guard let row, try row.decode(Int32.self, at: 0) == 0 else { throw Refusal.signedOut }
        // The salt of the first time, where this is the second.
        let made = try row.decode([UInt8].self, at: 1)
        return try await tokens(
            of: row,
            from: 2,
            organization: shown.organization,
            secret: secret(made, "access"),
            refresh: secret(made, "refresh")
        )
    }

    private func tokens(
        of row: Row,
        from column: Int,
        organization: UUID,
        secret: [UInt8],
        refresh: [UInt8]?
    ) async throws -> IssuedTokens {
        let (now, ends) = (try row.decode(Date.self, at: column + 2), try row.decode(Date.self, at: column + 3))
        let token = AccessToken(
            organization: organization,
            account: try row.decode(UUID.self, at: column + 1),
            session: try row.decode(UUID.self, at: column),
            secret: secret,
            made: now,
            ends: ends
        )
        let (key, issuer) = try await tokenKeys.signing()
        return IssuedTokens(
            access: try token.text(of: issuer, signedBy: key.signer, named: key.id),
            seconds: max(0, token.ends - token.made),
            refresh: refresh.map { SessionToken(organization: organization, secret: $0).text },
            refreshSeconds: max(0, Int(try row.decode(Date.self, at: column + 4).timeIntervalSince(now))),
            session: token.sessionToken
        )
    }

    /// The session that an access token is of; `nil` for any text that is none of ours, or over. Whether the session lives is for the
    /// gate to say.
    public func session(of text: some StringProtocol) async throws -> SessionToken? {
        guard text.utf8.count <= 2048 else { return nil }
        var held = try await tokenKeys.current()
        let (name, now) = (Primitive.sha256(Array(text.utf8)), Date())
        if let known = held.checked.withLock({ $0[name] }) { return known.isOf(now) ? known.sessionToken : nil }
        // What cannot be taken apart is no token, whatever is wrong with it.
        guard let token = try? JSONWebToken(String(text)), let id = token.keyID else { return nil }
        if held.sets[id] == nil { held = try await tokenKeys.lookingAgain(for: id, after: held) }
        guard let set = held.sets[id], let good = AccessToken(token, signedBy: set, issuer: held.issuer, now: now)
        else {
            return nil
        }
        held.checked.withLock { checked in
            if checked.count >= Self.mostRemembered { checked = checked.filter { $0.value.isOf(now) } }
            if checked.count < Self.mostRemembered { checked[name] = good }
        }
        return good.sessionToken
    }
}
