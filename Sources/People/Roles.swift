public import Care
public import Foundation
import Postgres

/// A role of an organisation's own.
public struct OwnRole: Sendable {
    public let id: UUID
    public let name: String
    /// `record.read`, `member.administer` …
    public let permissions: Set<String>
}

/// A built-in role, as an organisation of some kind has it.
public struct OfferedRole: Sendable {
    public let role: Role
    public let permissions: Set<String>
}

/// What people are in an organisation, and what that permits. Who may give what is for the database to say.
extension Members {
    /// The permissions that some act asks for, in the order of their modules. What else the database lists is not built yet.
    public static let permissions = [
        "record.read", "record.write", "record.export", "record.administer", "directory.read", "directory.write",
        "sharing.read", "sharing.write", "trail.read", "trail.administer", "member.read", "member.administer",
        "role.administer",
        "settings.read", "settings.administer", "sign-in.read", "sign-in.administer",
        "emergency.write", "emergency.administer", "overview.read", "overview.administer",
    ]

    /// A name for an organisation's own role: small letters, digits, and single spaces or hyphens between, 2 to 40 in all.
    public static func isRoleName(_ name: String) -> Bool {
        (2...40).contains(name.count) && name.wholeMatch(of: /[a-z][a-z0-9]*([ \-][a-z0-9]+)*/) != nil
            && Role(rawValue: name.replacing(" ", with: "-")) == nil
    }

    private static func ownRoles(in organization: UUID) -> SQL {
        """
        select id, name, permissions from care.role
         where organization_id = \(organization) and ended_at is null order by name
        """
    }

    /// Everybody, with the roles that could be given.
    public func people(for caller: Caller) async throws -> (members: [Member], own: [OwnRole], offered: [OfferedRole]) {
        let (_, rows) = try await gate.open(
            Errand(.listMembers),
            for: caller,
            work: [
                Self.all(in: caller.organization), Self.ownRoles(in: caller.organization),
                "select name, permissions from care.roles_offered()",
            ]
        )
        let own = try rows[1].map { row in
            OwnRole(
                id: try row.decode(UUID.self, at: 0),
                name: try row.decode(String.self, at: 1),
                permissions: Set(try row.decode([String].self, at: 2))
            )
        }
        let offered = try rows[2].compactMap { row -> OfferedRole? in
            guard let role = Role(rawValue: try row.decode(String.self, at: 0)) else { return nil }
            return OfferedRole(role: role, permissions: Set(try row.decode([String].self, at: 1)))
        }
        return (try await read(rows[0], in: caller.organization), own, offered)
    }

    /// Gives somebody other roles, from their next request on.
    ///
    /// - Throws: `Refusal.roleIsNotYours`; `Refusal.lastOwner`; `Refusal.notFound` for who or what is not there.
    public func changeRoles(
        of account: Person.ID,
        to roles: [Role],
        own: [UUID],
        for caller: Caller
    ) async throws {
        let names = roles.map(\.rawValue)
        let query = ([account.description] + names + own.map { $0.uuidString.lowercased() }).joined(separator: " ")
        _ = try await gate.open(
            Errand(.changeRoles, query: query),
            for: caller,
            work: ["select care.change_roles(\(account.uuid), \(names), \(own))"]
        )
    }

    /// Makes a role of the organisation's own. Answers its id.
    ///
    /// - Throws: `Refusal.roleIsNotYours` for permissions that the caller does not hold; `Refusal.exists` for a name that is taken;
    ///   what ``Gate/open(_:for:work:)`` refuses.
    public func makeRole(_ name: String, permissions: [String], for caller: Caller) async throws -> UUID {
        let id = UUID()
        let query = ([id.uuidString.lowercased()] + permissions).joined(separator: " ")
        _ = try await gate.open(
            Errand(.makeRole, query: query),
            for: caller,
            work: ["select care.make_role(\(id), \(name), \(permissions))"]
        )
        return id
    }

    /// Changes what a role permits to all who have it, from their next request on.
    ///
    /// - Throws: `Refusal.roleIsNotYours` for permissions that the caller does not hold, and for a role that is not theirs to change;
    ///   `Refusal.notFound` for one that is not there; what ``Gate/open(_:for:work:)`` refuses.
    public func changeRole(_ id: UUID, permissions: [String], for caller: Caller) async throws {
        let query = ([id.uuidString.lowercased()] + permissions).joined(separator: " ")
        _ = try await gate.open(
            Errand(.changeRole, query: query),
            for: caller,
            work: ["select care.change_role(\(id), \(permissions))"]
        )
    }

    /// Ends a role: whoever has it is permitted nothing by it any more.
    ///
    /// - Throws: `Refusal.roleIsNotYours` for a role that is not theirs to change; `Refusal.notFound` for one that is not there; what
    ///   ``Gate/open(_:for:work:)`` refuses.
    public func endRole(_ id: UUID, for caller: Caller) async throws {
        _ = try await gate.open(
            Errand(.endRole, query: id.uuidString.lowercased()),
            for: caller,
            work: ["select care.end_role(\(id))"]
        )
    }
}
