public import Care
public import FoundationEssentials
import Postgres
import Seals
import Trail

/// An organisation that somebody belongs to.
public struct OwnOrganization: Sendable {
    public let id: Organization.ID
    public let name: String
    public let roles: Set<Role>
    /// Whether the session that asks is of this one.
    public let isThis: Bool
}

/// A session of one's own, as one sees it.
public struct OwnSession: Sendable {
    public let id: UUID
    /// "Firefox on Android".
    public let device: String
    /// For pages or for programs.
    public let use: SessionUse
    public let began: Date
    /// When it last opened something, to the minute.
    public let lastSeen: Date
    /// The name of the organisation it is of, if that is another one.
    public let otherOrganization: String?
    /// Whether it is the one that asks.
    public let isThis: Bool
}

/// Where somebody is signed in, and ending that. (ACC-3)
extension SignIn {
    /// The sessions of the caller's account that live, in whatever organisation; the last used first.
    ///
    /// - Throws: `Refusal.secondFactorNeeded` before it was shown.
    public func sessions(of caller: Caller) async throws -> [OwnSession] {
        try await requireSecondFactor(of: caller)
        let rows = try await refusing(at: .gate) {
            try await store.query(
                """
                select session_id, session_organization, use, began_at, last_seen_at, sealed_device, sealed_organization, is_this
                  from care.own_sessions(\(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }
        let installation = try await keys.installation()
        let names = Names(installation: installation)
        return try rows.map { row in
            let (id, organization) = (try row.decode(UUID.self, at: 0), try row.decode(UUID.self, at: 1))
            let device = try row.decode([UInt8]?.self, at: 5).map { sealed in
                String(decoding: try installation.key.open(sealed, for: Self.binding(ofDevice: id)), as: UTF8.self)
            }
            return OwnSession(
                id: id,
                device: device ?? "An unknown device",
                use: SessionUse(rawValue: try row.decode(String.self, at: 2)) ?? .api,
                began: try row.decode(Date.self, at: 3),
                lastSeen: try row.decode(Date.self, at: 4),
                otherOrganization: organization == caller.organization
                    ? nil : try names.openOrganization(row.decode([UInt8].self, at: 6), organization),
                isThis: try row.decode(Bool.self, at: 7)
            )
        }
    }

    /// Where the caller belongs now, the first first. A session is of one of them.
    public func ownOrganizations(_ caller: Caller) async throws -> [OwnOrganization] {
        try await requireSecondFactor(of: caller)
        let rows = try await refusing(at: .gate) {
            try await store.query(
                """
                select organization_id, sealed_organization, roles, is_this
                  from care.own_organizations(\(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }
        let names = Names(installation: try await keys.installation())
        return try rows.map { row in
            let id = try row.decode(UUID.self, at: 0)
            return OwnOrganization(
                id: Organization.ID(id),
                name: try names.openOrganization(row.decode([UInt8].self, at: 1), id),
                roles: Set(try row.decode([String].self, at: 2).compactMap(Role.init)),
                isThis: try row.decode(Bool.self, at: 3)
            )
        }
    }

    /// Ends another session of the caller's account; without an id all others. How many ended.
    ///
    /// - Throws: `Refusal.stepUpNeeded` where who is there was not shown within minutes.
    @discardableResult
    public func endSession(_ id: UUID?, of caller: Caller) async throws -> Int {
        let seal = try await gate.auditSeal(caller)
        return try await refusing(at: .gate) {
            try await store.query(
                """
                select care.end_own_sessions(
                    \(caller.organization), \(caller.token.secret), \(caller.use.rawValue), \(id),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first.map { Int(try $0.decode(Int32.self, at: 0)) } ?? 0
    }

    /// Names the device of a session that has just begun.
    func noteDevice(_ userAgent: String, of session: UUID, _ token: SessionToken, _ use: SessionUse) async throws {
        let words = Array(DeviceName.words(for: userAgent).utf8)
        let sealed = try await keys.installation().key.seal(words, for: Self.binding(ofDevice: session))
        _ = try await refusing(at: .gate) {
            try await store.query(
                "select care.note_device(\(token.organization), \(token.secret), \(use.rawValue), \(sealed))"
            )
        }
    }

    static func binding(ofDevice session: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "Device", id: session, version: 1)
    }
}

extension Members {
    /// Ends every session of a member in the caller's organisation, from their next request on. How many ended.
    public func endSessions(of account: UUID, for caller: Caller) async throws -> Int {
        let seal = try await gate.auditSeal(caller)
        let (_, rows) = try await gate.open(
            Errand(.endSessions),
            for: caller,
            work: ["select care.end_member_sessions(\(account), \(seal.epoch), \(seal.salt), \(seal.sealed))"]
        )
        return try rows[0].first.map { Int(try $0.decode(Int32.self, at: 0)) } ?? 0
    }
}
