import Care
public import Foundation
import Postgres
import Seals
import Trail

/// Six digits by which a member signs as a second person on somebody else's device. Nobody signs in by them.
public enum PIN {
    /// How many digits.
    public static let length = 6

    /// Why a PIN may not be chosen.
    public enum Weakness: Sendable {
        case notSixDigits, tooSimple
    }

    /// What is wrong with a PIN that somebody wants; `nil` if it may be.
    ///
    /// Six digits, three of them different at least, in no even steps (123456, 864208), not twice the same half (123123), not the same
    /// forwards and back (123321), no day of a year that many people were born in (120583, 1983 in full), none of the commonest.
    public static func weakness(of typed: String) -> Weakness? {
        let digits = typed.utf8.map { Int($0) - 48 }
        guard digits.count == length, digits.allSatisfy((0...9).contains) else { return .notSixDigits }
        let steps = zip(digits, digits.dropFirst()).map { ($1 - $0 + 10) % 10 }
        let isSimple =
            Set(digits).count < 3 || Set(steps).count == 1 || digits.prefix(3) == digits.suffix(3)
            || digits == digits.reversed() || isPaired(digits) || isDay(digits) || common.contains(typed)
        return isSimple ? .tooSimple : nil
    }

    /// As 112233 or 101112.
    private static func isPaired(_ digits: [Int]) -> Bool {
        let pairs = stride(from: 0, to: length, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        return pairs[1] - pairs[0] == pairs[2] - pairs[1]
    }

    /// As a birthday is written in six digits: day, month and year in any usual order, or month and whole year.
    private static func isDay(_ digits: [Int]) -> Bool {
        let pairs = stride(from: 0, to: length, by: 2).map { digits[$0] * 10 + digits[$0 + 1] }
        let (days, months) = (1...31, 1...12)
        return days.contains(pairs[0]) && months.contains(pairs[1])
            || months.contains(pairs[0]) && days.contains(pairs[1])
            || months.contains(pairs[1]) && days.contains(pairs[2])
            || [19, 20].contains(pairs[1]) && months.contains(pairs[0])
            || [19, 20].contains(pairs[0]) && months.contains(pairs[2])
    }

    private static let common: Set<String> = [
        "147258", "258369", "369258", "159753", "753951", "951753", "159357", "357159", "789456", "456123", "741852",
        "852963",
        "963852", "147896", "520131", "142536", "314159", "271828", "141421", "101010", "696969", "420420",
    ]
}

/// What somebody sees of their own PIN.
public struct OwnPIN: Sendable {
    /// Since when there is one; `nil` if there is none.
    public let since: Date?
    /// Until when it waits on all devices, after many wrong ones.
    public let waitsUntil: Date?
}

extension SignIn {
    /// Whether the caller has a PIN here.
    ///
    /// - Throws: `Refusal.secondFactorNeeded` before it was shown.
    public func ownPIN(of caller: Caller) async throws -> OwnPIN {
        try await requireSecondFactor(of: caller)
        return try await keptPIN(of: caller).own
    }

    private func keptPIN(of caller: Caller) async throws -> (account: UUID, own: OwnPIN) {
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select account, since, wait_until
                  from care.own_pin(\(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }.first
        guard let row, let account = try row.decode(UUID?.self, at: 0) else { throw Refusal.signedOut }
        return (
            account, OwnPIN(since: try row.decode(Date?.self, at: 1), waitsUntil: try row.decode(Date?.self, at: 2))
        )
    }

    /// Sets the caller's PIN in the organisation of their session, in place of one that there was.
    ///
    /// - Throws: `Refusal.weakPIN`, `.stepUpNeeded`, `.secondFactorNeeded`.
    public func setPIN(_ typed: String, for caller: Caller) async throws {
        guard PIN.weakness(of: typed) == nil else { throw Refusal.weakPIN }
        let (account, _) = try await keptPIN(of: caller)
        let password = try await pinPassword(typed, of: account, in: caller.organization)
        guard let hash = try await hashing.run({ password.newHash() }) else { throw Refusal.weakPIN }
        try await keepPIN(hash, for: caller)
    }

    /// Takes the caller's PIN away.
    ///
    /// - Throws: `Refusal.notFound` if there is none, `.stepUpNeeded`.
    public func removePIN(for caller: Caller) async throws { try await keepPIN(nil, for: caller) }

    private func keepPIN(_ hash: String?, for caller: Caller) async throws {
        let seal = try await gate.auditSeal(caller)
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.set_pin(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue), \(hash),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Int32.self, at: 0)
        switch outcome {
        case 0: return
        case 3: throw Refusal.notFound
        case 5: throw Refusal.secondFactorNeeded
        case 6: throw Refusal.stepUpNeeded
        default: throw Refusal.signedOut
        }
    }

    /// What is hashed in place of a PIN: it takes the installation's key, which the records' database never has.
    func pinPassword(_ typed: String, of account: UUID, in organization: UUID) async throws -> Password {
        let token = try await keys.installation().signIn.token(pin: typed, of: account, in: organization)
        guard let password = Password(Base64URL.text(token)) else { throw Refusal.weakPIN }
        return password
    }
}
