import Care
public import FoundationEssentials
public import Postgres
public import Seals
import Trail

/// What a session may know of its own second factor.
public struct SecondFactorStanding: Sendable {
    /// With what the account signs in, as the code app shows it.
    public let address: String
    /// Since when there is one; `nil` if there is none.
    public let since: Date?
    /// How many recovery codes are left.
    public let codesLeft: Int
    /// Whether this session has shown it.
    public let isShown: Bool
    /// Whether this session opens nothing until it has shown one.
    public let isDue: Bool
    /// Whether somebody who is what they are needs one.
    public let isRequired: Bool
    /// How often in a row a wrong code was shown for the account, in any session.
    public let failures: Int
    /// The secret that is on offer to this session.
    public let offer: OneTimeSecret?
}

/// What came of showing a code or a password.
public enum ShowingAnswer: Sendable {
    /// It was good. From here on the session has another token.
    case shown(SessionToken)
    /// It was wrong, or it was used already.
    case wrong
    /// Too many wrong ones: the next is looked at from then on.
    case wait(until: Date)
    /// There is no second factor; or, where a password was shown, there is one, whose code is wanted.
    case otherIsWanted
}

/// Codes for whoever has lost the app, each good once.
public enum RecoveryCodes: Sendable {
    /// How many there are in a set.
    public static let count = 10

    /// Fresh ones: 120 random bits each, as `ABCD-EFGH-IJKL-MNOP-QRST-UVWX`.
    static func fresh() -> [String] {
        (0..<count).map { _ in shown(Base32.text(Primitive.freshBytes(15))) }
    }

    /// What the database keeps of a code.
    static func hash(_ code: String, of account: UUID) -> [UInt8]? {
        guard let bytes = Base32.bytes(code), bytes.count == 15 else { return nil }
        let bound = withUnsafeBytes(of: account.uuid) { Array($0) }
        return Primitive.sha256(Array("carekeep recovery code v1".utf8) + bound + bytes)
    }

    private static func shown(_ text: String) -> String {
        stride(from: 0, to: text.utf8.count, by: 4).map { start in
            String(text.dropFirst(start).prefix(4))
        }.joined(separator: "-")
    }
}

/// Second factors: codes of an app (RFC 6238) and recovery codes. (ACC-1)
///
/// The code is computed here, since the secret is sealed under the installation's key; the database says whether its step is near enough
/// and was not used, counts wrong ones, and gives the session its new secret (`database/records/current/45-second-factor.sql`).
extension SignIn {
    /// Refuses a session that still has to show a code.
    ///
    /// - Throws: `Refusal.secondFactorNeeded`.
    public func requireSecondFactor(of caller: Caller) async throws {
        guard try await !secondFactor(of: caller).isDue else { throw Refusal.secondFactorNeeded }
    }

    /// What this session may know of its second factor.
    public func secondFactor(of caller: Caller) async throws -> SecondFactorStanding {
        let kept = try await kept(caller)
        return SecondFactorStanding(
            address: kept.address,
            since: kept.since,
            codesLeft: kept.codesLeft,
            isShown: kept.isShown,
            isDue: kept.isDue,
            isRequired: kept.isRequired,
            failures: kept.failures,
            offer: kept.offer
        )
    }

    /// Shows a code of the app, or a recovery code, in a session. It is good once.
    public func show(_ typed: String, for caller: Caller) async throws -> ShowingAnswer {
        let kept = try await kept(caller)
        guard let secret = kept.secret else { return .otherIsWanted }
        let typed = Self.plain(typed)
        // Whatever is not six digits may be a recovery code; what is neither is a wrong code.
        let recovery = typed.utf8.count == 6 ? nil : RecoveryCodes.hash(typed, of: kept.account)
        let next = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(caller)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select outcome, wait_until from care.show_second_factor(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue),
                    \(secret.step(of: typed, near: kept.step)), \(recovery), \(Primitive.sha256(next)),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first
        return try answer(row, next: next, for: caller)
    }

    /// Shows the password again, for whoever has no second factor.
    public func show(password typed: String, for caller: Caller) async throws -> ShowingAnswer {
        guard let setting = try await passwordSetting(caller) else { throw Refusal.signedOut }
        let hash = try await hashing.run { Password(typed)?.hash(setting: setting) }
        let next = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(caller)
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select outcome, wait_until from care.step_up_by_password(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue), \(hash),
                    \(Primitive.sha256(next)), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first
        return try answer(row, next: next, for: caller)
    }

    /// Whether whoever a session is of has a password. Who came by a provider may have none.
    public func hasPassword(_ caller: Caller) async throws -> Bool { try await passwordSetting(caller) != nil }

    private func passwordSetting(_ caller: Caller) async throws -> String? {
        try await refusing(at: .gate) {
            try await store.query(
                """
                select care.own_password_setting(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }.first?.decode(String?.self, at: 0)
    }

    /// Makes a secret and keeps it on offer to this session for 15 minutes.
    ///
    /// - Throws: `Refusal.stepUpNeeded`.
    public func offerSecondFactor(for caller: Caller) async throws {
        let kept = try await kept(caller)
        let secret = OneTimeSecret()
        let sealed = try await keys.installation().key.seal(secret.bytes, for: Self.binding(of: kept.account))
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.offer_second_factor(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue), \(sealed))
                """
            )
        }.first?.decode(Int32.self, at: 0)
        try Self.check(outcome)
    }

    /// What came of confirming.
    public enum Confirmation: Sendable {
        /// The second factor is there. The session has another token; all others have ended. The codes are shown once.
        case confirmed(SessionToken, codes: [String])
        case wrong
        /// Nothing is on offer any more.
        case tooLate
        case tooManyTries
    }

    /// Makes the secret on offer the account's second factor, by a code of it.
    ///
    /// - Throws: `Refusal.stepUpNeeded`.
    public func confirmSecondFactor(_ typed: String, for caller: Caller) async throws -> Confirmation {
        let kept = try await kept(caller)
        guard let offer = kept.offer else { return .tooLate }
        let codes = RecoveryCodes.fresh()
        let next = Primitive.freshBytes(32)
        let seal = try await gate.auditSeal(caller)
        let confirming: SQL = """
            select care.confirm_second_factor(
                \(caller.organization), \(caller.token.secret), \(caller.use.rawValue),
                \(offer.step(of: Self.plain(typed), near: kept.step)),
                \(codes.compactMap { RecoveryCodes.hash(Self.plain($0), of: kept.account) }), \(Primitive.sha256(next)),
                \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        let raised = SessionToken(organization: caller.organization, secret: next)
        let outcome = try await doing(confirming, tellingOf: .secondFactorChanged, by: raised, caller.use)?
            .decode(Int32.self, at: 0)
        switch outcome {
        case 2: return .wrong
        case 3: return .tooLate
        case 7: return .tooManyTries
        default:
            try Self.check(outcome)
            return .confirmed(SessionToken(organization: caller.organization, secret: next), codes: codes)
        }
    }

    /// New recovery codes in place of those there were. Shown once.
    ///
    /// - Throws: `Refusal.stepUpNeeded`, `Refusal.notFound` where there is no second factor.
    public func renewRecoveryCodes(for caller: Caller) async throws -> [String] {
        let kept = try await kept(caller)
        let codes = RecoveryCodes.fresh()
        let seal = try await gate.auditSeal(caller)
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.renew_recovery_codes(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue),
                    \(codes.compactMap { RecoveryCodes.hash(Self.plain($0), of: kept.account) }),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Int32.self, at: 0)
        try Self.check(outcome)
        return codes
    }

    /// Takes the second factor away; all other sessions of the account end.
    ///
    /// - Throws: `Refusal.stepUpNeeded`, `Refusal.notFound` where there is none.
    public func removeSecondFactor(for caller: Caller) async throws {
        let seal = try await gate.auditSeal(caller)
        let removing: SQL = """
            select care.remove_second_factor(
                \(caller.organization), \(caller.token.secret), \(caller.use.rawValue),
                \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        let outcome = try await doing(removing, tellingOf: .secondFactorChanged, by: caller.token, caller.use)?
            .decode(Int32.self, at: 0)
        try Self.check(outcome)
    }

    // MARK: What the database keeps

    private struct Kept {
        let account: UUID
        let address: String
        let secret: OneTimeSecret?
        let since: Date?
        let codesLeft: Int
        let offer: OneTimeSecret?
        let step: Int64
        let isShown: Bool
        let isDue: Bool
        let isRequired: Bool
        let failures: Int
    }

    private func kept(_ caller: Caller) async throws -> Kept {
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select account, sealed_address, sealed_secret, since, codes_left, sealed_offer, step, is_shown, is_due,
                       is_required, failures
                  from care.second_factor_of(\(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }.first
        guard let row, let account = try row.decode(UUID?.self, at: 0) else { throw Refusal.signedOut }
        let installation = try await keys.installation()
        let open = { (sealed: [UInt8]?) throws -> OneTimeSecret? in
            guard let sealed else { return nil }
            return OneTimeSecret(try installation.key.open(sealed, for: Self.binding(of: account)))
        }
        return Kept(
            account: account,
            address: try Names(installation: installation).openAddress(row.decode([UInt8].self, at: 1), of: account),
            secret: try open(row.decode([UInt8]?.self, at: 2)),
            since: try row.decode(Date?.self, at: 3),
            codesLeft: Int(try row.decode(Int32.self, at: 4)),
            offer: try open(row.decode([UInt8]?.self, at: 5)),
            step: try row.decode(Int64.self, at: 6),
            isShown: try row.decode(Bool.self, at: 7),
            isDue: try row.decode(Bool.self, at: 8),
            isRequired: try row.decode(Bool.self, at: 9),
            failures: Int(try row.decode(Int32?.self, at: 10) ?? 0)
        )
    }

    private func answer(_ row: Row?, next: [UInt8], for caller: Caller) throws -> ShowingAnswer {
        switch try row?.decode(Int32.self, at: 0) {
        case 0: return .shown(SessionToken(organization: caller.organization, secret: next))
        case 2: return .wrong
        case 3: return .otherIsWanted
        case 7: return .wait(until: try row?.decode(Date?.self, at: 1) ?? Date())
        default: throw Refusal.signedOut
        }
    }

    private static func check(_ outcome: Int32?) throws {
        switch outcome {
        case 0: return
        case 3: throw Refusal.notFound
        case 6: throw Refusal.stepUpNeeded
        default: throw Refusal.signedOut
        }
    }

    /// A code without what people type between its letters.
    private static func plain(_ typed: String) -> String {
        typed.filter { !$0.isWhitespace && $0 != "-" }
    }

    /// Where an account's secret belongs: it opens for no other account.
    static func binding(of account: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "SecondFactor", id: account, version: 1)
    }
}

/// Second factors as the operator on the host has to do with them.
public struct SecondFactorReset: Sendable {
    private let keys: Keykeeper

    /// With the keys of the installation.
    public init(keys: Keykeeper) {
        self.keys = keys
    }

    /// Takes away the second factor of whoever signs in by an address, and ends their sessions. The trail says that the operator did.
    ///
    /// `nil` if nobody does; false if there was none.
    public func reset(_ address: String, over admin: AdminConnection) async throws -> Bool? {
        let token = try await keys.installation().signIn.token(email: address)
        guard let account = try admin.query("select care.account_of(\(token))").first?.decode(UUID?.self, at: 0) else {
            return nil
        }
        let seal = try await keys.operatorsSeal()
        return try admin.query(
            "select care.reset_second_factor(\(account), \(seal.epoch), \(seal.salt), \(seal.sealed))"
        )[0].decode(Bool.self, at: 0)
    }
}
