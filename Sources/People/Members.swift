public import Care
public import Foundation
public import Postgres
public import Seals
import Trail

/// Someone of the organisation, as colleagues see them.
public struct Member: Sendable {
    /// Theirs, in whatever organisation.
    public let account: Person.ID
    /// As the organisation calls them.
    public let name: String
    /// Which of the roles that every organisation has.
    public let roles: Set<Role>
    /// Which of the organisation's own roles they have.
    public let ownRoles: Set<UUID>
    /// Whether they belong now.
    public let isActive: Bool
    /// When they leave, or left.
    public let until: Date?

    /// Whether they are gone; else, if they do not belong now, they have yet to join.
    public var hasLeft: Bool { until.map { $0 <= Date() } ?? false }
}

/// What is handed to somebody who was added to an organisation: a link that works once, within the days that the organisation set.
public struct Invitation: Sendable {
    /// What the link is for.
    public enum Purpose: String, Sendable {
        /// Their account is new: they set its password, and belong.
        case setPassword = "set-password"
        /// They had an account: they belong once they show its password here.
        case join
    }

    /// Whoever has it is taken for them.
    public let link: AccountLink
    /// What it is for.
    public let purpose: Purpose
    /// Whether the link is on its way to them by mail. Then nobody else needs it.
    public let isMailed: Bool

    /// From what `care.admit` answers.
    init(_ link: AccountLink, _ rows: Rows, isMailed: Bool = false) throws {
        guard let purpose = try rows.first.flatMap({ Purpose(rawValue: try $0.decode(String.self, at: 0)) }) else {
            throw Refusal.unavailable
        }
        self.link = link
        self.purpose = purpose
        self.isMailed = isMailed
    }
}

/// Founding organisations and adding people to them.
public final class Members: Sendable {
    /// Someone to be added.
    public struct Newcomer: Sendable {
        /// As the organisation calls them.
        public var name: String
        /// The e-mail address with which they sign in.
        public var address: String
        /// Which of the roles that every organisation has.
        public var roles: [Role]

        /// Describes someone to be added.
        public init(name: String, address: String, roles: [Role]) {
            self.name = name
            self.address = address
            self.roles = roles
        }
    }

    let gate: Gate
    let keys: Keykeeper
    /// Where links go out by mail; `nil` where they are handed over.
    let outbox: Outbox?

    /// Over a gate.
    public init(gate: Gate, keys: Keykeeper, outbox: Outbox? = nil) {
        self.gate = gate
        self.keys = keys
        self.outbox = outbox
    }

    /// Whether whoever is added gets the link by mail.
    public var sendsMail: Bool { outbox != nil }

    /// The statement that lists members, for whoever has a pass that shows them.
    public static func all(in organization: UUID) -> SQL {
        """
        select account_id, roles, sealed_name, since <= now() and (until is null or until > now()), custom_roles,
               until
          from care.membership where organization_id = \(organization) order by since, account_id
        """
    }

    /// Reads the rows of ``all(in:)``.
    public func read(_ rows: Rows, in organization: UUID) async throws -> [Member] {
        let names = Names(installation: try await keys.installation())
        return try rows.map { row in
            let account = try row.decode(UUID.self, at: 0)
            return Member(
                account: Person.ID(account),
                name: try names.open(row.decode([UInt8].self, at: 2), of: account, in: organization),
                roles: Set(try row.decode([String].self, at: 1).compactMap(Role.init)),
                ownRoles: Set(try row.decode([UUID].self, at: 4)),
                isActive: try row.decode(Bool.self, at: 3),
                until: try row.decode(Date?.self, at: 5)
            )
        }
    }

    /// Who belongs to the caller's organisation.
    public func list(for caller: Caller) async throws -> [Member] {
        let (_, rows) = try await gate.open(
            Errand(.listMembers),
            for: caller,
            work: [Self.all(in: caller.organization)]
        )
        return try await read(rows[0], in: caller.organization)
    }

    /// Adds someone to the caller's organisation. The invitation is for them alone.
    ///
    /// - Throws: `Refusal.roleIsNotYours` for a role that the caller may not give; `Refusal.exists` for somebody who belongs already;
    ///   what ``Gate/open(_:for:work:)`` refuses.
    public func add(_ newcomer: Newcomer, for caller: Caller) async throws -> Invitation {
        let installation = try await keys.installation()
        let token = installation.signIn.token(email: newcomer.address)
        let (pass, rows) = try await gate.open(
            Errand(.addMember),
            for: caller,
            work: ["select care.account_to_add(\(token))"]
        )
        let account = try rows[0].first?.decode(UUID?.self, at: 0) ?? UUID()
        let names = Names(installation: installation)
        let link = AccountLink(organization: caller.organization)
        let adding: SQL = try """
        select care.add_member(
            \(account), \(token), \(names.sealAddress(newcomer.address, of: account)),
            \(names.seal(newcomer.name, of: account, in: caller.organization)),
            \(newcomer.roles.map(\.rawValue)), \(Primitive.sha256(link.secret)))
        """
        // The letter is there if, and only if, the member is.
        let mailing = try await outbox?.mailing(link)
        let added = try await gate.work(under: pass, [adding] + [mailing].compactMap(\.self))
        return try Invitation(link, added[0], isMailed: mailing != nil)
    }
}

/// Founding an organisation: an act of the operator on the host, over the store's administrative connection.
public struct Founding: Sendable {
    /// The organisation to found.
    public struct Plan: Sendable {
        /// As its members know it.
        public var name: String
        /// What kind it is, which decides much of what holds there.
        public var profile: Organization.Profile
        /// ISO 3166, two letters.
        public var country: String
        /// IANA name.
        public var timeZone: String
        /// The first member.
        public var owner: Members.Newcomer

        /// Describes an organisation.
        public init(
            name: String,
            profile: Organization.Profile,
            country: String,
            timeZone: String,
            owner: Members.Newcomer
        ) {
            self.name = name
            self.profile = profile
            self.country = country
            self.timeZone = timeZone
            self.owner = owner
        }
    }

    private let keys: Keykeeper

    /// Whether no organisation was founded here yet.
    public static func isFirst(over admin: AdminConnection) throws -> Bool {
        try admin.query(
            """
            select 1 from care.organization where organization_id not in (select care.canaries()) limit 1
            """
        ).isEmpty
    }

    /// With the keys of the installation.
    public init(keys: Keykeeper) {
        self.keys = keys
    }

    /// Founds an organisation. The invitation is for its owner.
    public func found(
        _ plan: Plan,
        over admin: AdminConnection
    ) async throws -> (organization: Organization.ID, invitation: Invitation) {
        let organization = UUID()
        try await keys.establish(organization: organization)
        let owner = try await prepare(plan.owner, for: organization, over: admin)
        let names = Names(installation: try await keys.installation())
        let seal = try await keys.operatorsSeal(of: organization)
        let rows = try admin.query(
            """
            select care.found_organization(
                \(organization), \(plan.profile.rawValue), \(plan.country), \(plan.timeZone),
                \(names.sealOrganization(plan.name, organization)), \(owner.account), \(owner.token),
                \(owner.sealedAddress), \(owner.sealedName), \(plan.owner.roles.map(\.rawValue)),
                \(Primitive.sha256(owner.link.secret)), \(seal.epoch), \(seal.salt), \(seal.sealed))
            """
        )
        return (Organization.ID(organization), try Invitation(owner.link, rows))
    }

    /// Adds somebody to an organisation, as the operator.
    @discardableResult
    public func admit(
        _ newcomer: Members.Newcomer,
        to organization: Organization.ID,
        over admin: AdminConnection
    ) async throws -> Invitation {
        let ready = try await prepare(newcomer, for: organization.uuid, over: admin)
        let rows = try admin.query(
            """
            select care.admit(
                \(organization.uuid), \(ready.account), \(ready.token), \(ready.sealedAddress), \(ready.sealedName),
                \(newcomer.roles.map(\.rawValue)), \(Primitive.sha256(ready.link.secret)))
            """
        )
        return try Invitation(ready.link, rows)
    }

    /// Makes a new link for somebody, as the operator: a forgotten password, a link that ran out. Links made before end.
    ///
    /// `nil` if nobody signs in by the address, or nobody of the organisation where one is named. Of several organisations the one
    /// that they belong to longest makes it.
    ///
    /// With `byMail` the link goes out by mail, in the transaction that makes it.
    public func renewLink(
        for address: String,
        in organization: Organization.ID?,
        byMail: Bool = false,
        over admin: AdminConnection
    ) async throws -> Invitation? {
        let token = try await keys.installation().signIn.token(email: address)
        let row = try admin.query(
            """
            select m.organization_id, m.account_id from care.membership m join care.account a on a.id = m.account_id
             where a.sign_in_token = \(token) and a.closed_at is null
               and (\(organization?.uuid)::uuid is null or m.organization_id = \(organization?.uuid)::uuid)
             order by m.since, m.organization_id limit 1
            """
        ).first
        guard let row else { return nil }
        let (here, account) = try row.decode((UUID, UUID).self)
        let link = AccountLink(organization: here)
        let seal = try await keys.operatorsSeal(of: here)
        let mailing = byMail ? try await Outbox(keys: keys).mailing(link) : nil
        try admin.query("begin")
        do {
            let rows = try admin.query(
                """
                select care.renew_link(
                    \(here), \(account), \(Primitive.sha256(link.secret)), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
            let isMade = try rows.first?.decode(String?.self, at: 0) != nil
            if isMade, let mailing { try admin.query(mailing) }
            try admin.query("commit")
            return isMade ? try Invitation(link, rows, isMailed: byMail) : nil
        } catch {
            _ = try? admin.query("rollback")  // a connection that is gone has nothing to roll back
            throw error
        }
    }

    /// Ends a membership at once, as the operator: sessions, links, and every reach end with it.
    ///
    /// Answers how many patients nobody looks after any more; `nil` if nobody signs in by the address, or belongs where it says. Where
    /// somebody belongs to several organisations, one must be named.
    ///
    /// - Throws: `Refusal.severalMatch` if none is named; `Refusal.lastOwner`.
    public func expel(
        _ address: String,
        from organization: Organization.ID?,
        over admin: AdminConnection
    ) async throws -> Int? {
        let token = try await keys.installation().signIn.token(email: address)
        let rows = try admin.query(
            """
            select m.organization_id, m.account_id from care.membership m join care.account a on a.id = m.account_id
             where a.sign_in_token = \(token) and (m.until is null or m.until > care.clock())
               and (\(organization?.uuid)::uuid is null or m.organization_id = \(organization?.uuid)::uuid)
            """
        )
        guard rows.count <= 1 else { throw Refusal.severalMatch }
        guard let row = rows.first else { return nil }
        let (here, account) = try row.decode((UUID, UUID).self)
        let seal = try await keys.operatorsSeal(of: here)
        return try refusing(at: .data) {
            try admin.query("select care.expel(\(here), \(account), \(seal.epoch), \(seal.salt), \(seal.sealed))")[0]
                .decode(Int32?.self, at: 0).map(Int.init)
        }
    }

    private struct Prepared {
        let account: UUID
        let token: [UInt8]
        let sealedAddress: [UInt8]
        let sealedName: [UInt8]
        let link: AccountLink
    }

    private func prepare(
        _ newcomer: Members.Newcomer,
        for organization: UUID,
        over admin: AdminConnection
    ) async throws -> Prepared {
        let installation = try await keys.installation()
        let names = Names(installation: installation)
        let token = installation.signIn.token(email: newcomer.address)
        let account = try admin.query("select care.account_of(\(token))").first?.decode(UUID?.self, at: 0) ?? UUID()
        return Prepared(
            account: account,
            token: token,
            sealedAddress: try names.sealAddress(newcomer.address, of: account),
            sealedName: try names.seal(newcomer.name, of: account, in: organization),
            link: AccountLink(organization: organization)
        )
    }
}
