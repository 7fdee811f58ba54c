import Care
public import Foundation
import Postgres
import Seals
import Trail

/// A provider by which an account signs in.
public struct LinkedProvider: Sendable {
    public let id: UUID
    /// What stands on its button.
    public let name: String
    /// The organisation whose it is; `nil` for one of the installation.
    public let organization: String?
    public let since: Date
}

/// Where else one signs in, and taking that back. (ACC-5)
extension FederatedSignIn {
    /// What came of unlinking.
    public enum Unlinking: Int32, Sendable {
        case done = 0
        case notLinked = 1
        /// Somewhere the caller would not be let in any more.
        case lastWayIn = 2
    }

    /// The providers by which the caller's account signs in, the first one first.
    public func linked(to caller: Caller) async throws -> [LinkedProvider] {
        let rows = try await refusing(at: .gate) {
            try await store.query(
                """
                select provider_organization, provider, sealed, sealed_organization, linked_at
                  from care.own_identities(\(caller.organization), \(caller.token.secret))
                """
            )
        }
        let installation = try await keys.installation()
        return try rows.map { row in
            let provider = try Provider(row, installation)
            return LinkedProvider(
                id: provider.id,
                name: provider.settings.name,
                organization: try row.decode([UInt8]?.self, at: 3).map {
                    try Names(installation: installation).openOrganization($0, provider.organization)
                },
                since: try row.decode(Date.self, at: 4)
            )
        }
    }

    /// Unlinks the caller's account from a provider, and ends its other sessions that were begun there.
    ///
    /// - Throws: `Refusal.stepUpNeeded`.
    public func unlink(_ provider: UUID, for caller: Caller) async throws -> Unlinking {
        let seal = try await gate.auditSeal(caller)
        let outcome = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.unlink_identity(
                    \(caller.organization), \(caller.token.secret), \(provider), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Int32.self, at: 0)
        if outcome == 6 { throw Refusal.stepUpNeeded }
        return outcome.flatMap(Unlinking.init) ?? .notLinked
    }
}
