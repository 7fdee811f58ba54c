public import Care
public import Foundation
public import Postgres
public import Seals
import Trail

/// Where people may sign in, as the operator on the host says. No server role may do any of that: whoever names a provider says who is
/// let in.
public struct ProviderBook {
    /// A provider, without its secret.
    public struct Line: Sendable {
        public let id: UUID
        /// `nil` for one of the installation.
        public let organization: Organization.ID?
        public let name: String
        public let issuer: String
        public let clientID: String
        /// Whether its organisation's members sign in by providers alone.
        public let isOnly: Bool
    }

    private let admin: AdminConnection
    private let keys: Keykeeper

    /// Over the operator's connection to the records store.
    public init(over admin: AdminConnection, keys: Keykeeper) {
        self.admin = admin
        self.keys = keys
    }

    /// Those that are on.
    public func lines() async throws -> [Line] {
        let installation = try await keys.installation()
        return try admin.query(
            """
            select p.organization_id, p.id, p.sealed,
                   exists (select from care.sign_in_rule r where r.organization_id = p.organization_id)
              from care.provider p where p.until is null order by p.organization_id, p.since, p.id
            """
        ).map { row in
            let provider = try Provider(row, installation)
            return Line(
                id: provider.id,
                organization: provider.organization == Installation.id ? nil : Organization.ID(provider.organization),
                name: provider.settings.name,
                issuer: provider.settings.issuer,
                clientID: provider.settings.clientID,
                isOnly: try row.decode(Bool.self, at: 3)
            )
        }
    }

    /// Names a provider, of an organisation or of the installation; its id. `nil` if there is no such organisation.
    public func add(_ settings: ProviderSettings, to organization: Organization.ID?) async throws -> UUID? {
        let (id, owner) = (UUID(), organization?.uuid ?? Installation.id)
        if organization != nil, try !isThere(owner) { return nil }
        let sealed = try settings.sealed(for: id, of: owner, by: await keys.installation().key)
        let note = try await noted(owner)
        try admin.query(
            """
            select care.set_provider(
                \(owner), \(id), \(sealed), \(settings.admits.map(\.rawValue)), \(note.epoch), \(note.salt), \(note.sealed))
            """
        )
        return id
    }

    /// Ends a provider, and the sessions that were begun there. Whether there was one.
    public func end(_ id: UUID) async throws -> Bool {
        let note = try await noted(Installation.id)
        return try admin.query("select care.end_provider(\(id), \(note.epoch), \(note.salt), \(note.sealed))")[0]
            .decode(Bool.self, at: 0)
    }

    /// Whether an organisation's members sign in at its providers alone. False if it has none.
    public func require(_ isOnly: Bool, of organization: Organization.ID) async throws -> Bool {
        guard try isThere(organization.uuid) else { return false }
        let note = try await noted(organization.uuid)
        return try admin.query(
            """
            select care.set_sign_in_rule(
                \(organization.uuid), \(isOnly), \(note.epoch), \(note.salt), \(note.sealed))
            """
        )[0].decode(Bool.self, at: 0)
    }

    private func isThere(_ organization: UUID) throws -> Bool {
        try !admin.query("select from care.organization where organization_id = \(organization)").isEmpty
    }

    private func noted(_ organization: UUID) async throws -> AuditSeal {
        try await keys.operatorsSeal(of: organization, as: "carekeep providers")
    }
}
