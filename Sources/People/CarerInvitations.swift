public import Care
public import Foundation
public import Postgres
import Seals
public import Trail

/// What somebody is asked to be to a patient, as they read it before they accept.
public struct CarerTerms: Sendable {
    /// What the patient is called, and who asks; bound to the invitation, sealed.
    public struct Names: Sendable, Codable {
        public var patient: String
        public var inviter: String
        /// Whoever is asked to have an account of their own: from which day on they decide who sees their record, as `2030-03-28`.
        public var grownUpOn: String?

        /// Names both.
        public init(patient: String, inviter: String, grownUpOn: String? = nil) {
            self.patient = patient
            self.inviter = inviter
            self.grownUpOn = grownUpOn
        }
    }

    public var names: Names
    /// ``Reach/guardian``, ``Reach/carer`` or ``Reach/carerReading``; ``Reach/self`` where it is their own record; ``Reach/share`` for a
    /// guest.
    public var way: Reach
    /// The kinds of entry (FHIR types) that they see; `nil` for the whole record.
    public var kinds: [String]?
    /// By what right they care; `nil` for a guest.
    public var basis: CarerBasis?
    /// What a guest reads for; `nil` for a carer.
    public var purpose: Purpose?
    /// When they are let out again; `nil` for never.
    public var until: Date?
    /// Where the organisation is, whose days count.
    public var timeZone = "UTC"

    /// Describes what is offered.
    public init(names: Names, way: Reach, kinds: [String]?, basis: CarerBasis?, until: Date?) {
        self.names = names
        self.way = way
        self.kinds = kinds
        self.basis = basis
        self.until = until
    }

    /// Describes what a clinician of elsewhere is offered: to read, for a purpose, until a day.
    public init(names: Names, guestFor purpose: Purpose, kinds: [String]?, until: Date) {
        self.init(names: names, way: .share, kinds: kinds, basis: nil, until: until)
        self.purpose = purpose
    }
}

/// An invitation that waits.
public struct WaitingInvitation: Sendable {
    public let id: UUID
    /// Who was asked.
    public let account: Person.ID
    public let way: Reach
    public let kinds: [String]?
    /// By what right they will care; `nil` for a guest.
    public let basis: CarerBasis?
    /// What a guest will read for; `nil` for a carer.
    public let purpose: Purpose?
    public let reachUntil: Date?
    /// Until when the link works.
    public let until: Date
}

/// Asking somebody to be a carer of a patient, too, or as a guest to read their record. (ROL-1, ROL-3)
extension Members {
    /// The statement that lists the invitations of the patient of a pass that wait for an answer.
    public static func waitingInvitations(in organization: UUID) -> SQL {
        """
        select id, account_id, kind, kinds, basis, purpose, reach_until, until from care.invitation
         where organization_id = \(organization) and outcome is null and until > now()
         order by made_at, id
        """
    }

    /// Reads the rows of ``waitingInvitations(in:)``.
    public static func readInvitations(_ rows: Rows) throws -> [WaitingInvitation] {
        try rows.map { row in
            WaitingInvitation(
                id: try row.decode(UUID.self, at: 0),
                account: Person.ID(try row.decode(UUID.self, at: 1)),
                way: Reach(rawValue: try row.decode(String.self, at: 2)) ?? .carerReading,
                kinds: try row.decode([String]?.self, at: 3),
                basis: try row.decode(String?.self, at: 4).flatMap(CarerBasis.init),
                purpose: try row.decode(String?.self, at: 5).flatMap(Purpose.init),
                reachUntil: try row.decode(Date?.self, at: 6),
                until: try row.decode(Date.self, at: 7)
            )
        }
    }

    /// Asks somebody to be a carer of the patient whose record has this tag, or their guest. The link is for them alone.
    /// `born` is when the patient was born, as `2014-03-28`, where they are asked themselves.
    ///
    /// - Throws: `Refusal.reachIsNotYours` for more than the caller has, or may give; `Refusal.exists` for somebody who cares for the
    ///   patient already, or a patient who has an account; `Refusal.accountWaits` for one who is too young;
    ///   `Refusal.shareLastsTooLong` for a guest who would read for more than a year.
    public func invite(
        name: String,
        address: String,
        as terms: CarerTerms,
        born: String? = nil,
        toPatientOf tag: [UInt8],
        for caller: Caller
    ) async throws -> Invitation {
        let installation = try await keys.installation()
        let token = installation.signIn.token(email: address)
        let (pass, rows) = try await gate.open(
            Errand(terms.way == .share ? .inviteGuest : .inviteCarer, targets: [tag], purpose: terms.purpose ?? .care),
            for: caller,
            work: ["select care.account_to_add(\(token))"]
        )
        let account = try rows[0].first?.decode(UUID?.self, at: 0) ?? UUID()
        let invitation = UUID()
        let link = AccountLink(organization: caller.organization)
        let sealed = try sealing(name, address, account, terms, invitation, in: caller.organization, installation)
        let inviting: SQL = """
            select care.invite_carer(
                \(invitation), \(account), \(token), \(sealed.address), \(sealed.name), \(terms.way.rawValue),
                \(terms.kinds)::text[], \(terms.basis?.rawValue), \(terms.purpose?.rawValue), \(terms.until)::timestamptz,
                \(sealed.terms),
                \(Primitive.sha256(link.secret)))
            """
        let mailing = try await outbox?.mailing(link)
        let planning: SQL? = born.map { "select care.plan_growing_up(\($0)::date)" }
        let done = try await gate.work(under: pass, [planning, inviting, mailing].compactMap(\.self))
        return try Invitation(link, done[planning == nil ? 0 : 1], isMailed: mailing != nil)
    }

    private func sealing(
        _ name: String,
        _ address: String,
        _ account: UUID,
        _ terms: CarerTerms,
        _ invitation: UUID,
        in organization: UUID,
        _ installation: Installation
    ) throws -> (address: [UInt8], name: [UInt8], terms: [UInt8]) {
        let names = Names(installation: installation)
        return (
            try names.sealAddress(address, of: account),
            try names.seal(name, of: account, in: organization),
            try names.sealInvitation(Array(JSONEncoder().encode(terms.names)), invitation)
        )
    }

    /// Takes an invitation back. Its link does not work any more.
    public func withdraw(_ invitation: UUID, toPatientOf tag: [UInt8], for caller: Caller) async throws {
        _ = try await gate.open(
            Errand(.withdrawInvitation, targets: [tag]),
            for: caller,
            work: ["select care.withdraw_invitation(\(invitation))"]
        )
    }
}

/// What whoever has an invitation's link reads, and how they say no. To say yes is to use the link: see ``SignIn/setPassword(_:link:origin:)``
/// and ``SignIn/join(by:address:password:origin:)``.
extension SignIn {
    /// What an invitation's link offers; `nil` if it is the link of none.
    public func terms(behind link: AccountLink) async throws -> CarerTerms? {
        let row = try await refusing(at: .gate) {
            try await store.query(
                """
                select invitation, kind, kinds, basis, purpose, reach_until, sealed, time_zone
                  from care.invitation_of(\(link.organization), \(link.secret))
                """
            )
        }.first
        guard let row, let invitation = try row.decode(UUID?.self, at: 0) else { return nil }
        let names = Names(installation: try await keys.installation())
        let text = try names.openInvitation(row.decode([UInt8].self, at: 6), invitation)
        var terms = CarerTerms(
            names: try JSONDecoder().decode(CarerTerms.Names.self, from: Data(text)),
            way: Reach(rawValue: try row.decode(String.self, at: 1)) ?? .carerReading,
            kinds: try row.decode([String]?.self, at: 2),
            basis: try row.decode(String?.self, at: 3).flatMap(CarerBasis.init),
            until: try row.decode(Date?.self, at: 5)
        )
        terms.purpose = try row.decode(String?.self, at: 4).flatMap(Purpose.init)
        terms.timeZone = try row.decode(String.self, at: 7)
        return terms
    }

    /// Says no by an invitation's link, which then works no more.
    ///
    /// - Throws: `Refusal.linkIsUsedUp` for any other link.
    public func decline(_ link: AccountLink, origin: AccessNote) async throws {
        let seal = try await gate.auditSeal(origin, organization: link.organization)
        let done = try await refusing(at: .gate) {
            try await store.query(
                """
                select care.decline_invitation(
                    \(link.organization), \(link.secret), \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        }.first?.decode(Bool.self, at: 0)
        guard done == true else { throw Refusal.linkIsUsedUp }
    }
}

/// Growing up. (ROL-2)
extension Members {
    /// Lets somebody who looks after the patient whose record has this tag go on when the patient decides by themselves. The patient
    /// alone may. `way` is ``Reach/carer`` or ``Reach/carerReading``.
    ///
    /// - Throws: `Refusal.reachIsNotYours` before the review, or for somebody who does not look after them; `Refusal.exists` for
    ///   somebody who goes on already.
    public func keep(_ carer: Person.ID, as way: Reach, ofPatientOf tag: [UInt8], for caller: Caller) async throws {
        _ = try await gate.open(
            Errand(.keepCarer, targets: [tag], query: "\(carer)"),
            for: caller,
            work: ["select care.keep_carer(\(carer.uuid), \(way.rawValue))"]
        )
    }
}
