public import Care
public import Foundation
public import People
import Postgres
import Seals

/// Carers: who looks after a patient, and asking others to. (ROL-1)
extension PatientRecords {
    /// Who looks after a patient now, and who was asked to.
    public struct Carers: Sendable {
        public let patient: StoredRecord
        public let carers: [Carer]
        public let waiting: [(invitation: WaitingInvitation, name: String?)]
        /// Who is kept out.
        public let pauses: [Pause]
        /// Whom somebody who is kept out may be told to ask: those who run the organisation, and those who keep the record.
        public let toAsk: [Member]
        /// When those who look after the patient do so no more; `nil` where the patient has no account of their own.
        public let handsOverAt: Date?
        /// How many days before that day whoever it is about may say who goes on.
        public let reviewBefore: Int
        /// The names of all these.
        public let names: [Person.ID: String]
    }

    /// One of them.
    public struct Carer: Sendable {
        public let reach: ReachedBy
        /// By what right, where whoever let them in said so.
        public let basis: CarerBasis?
    }

    /// Who looks after a patient now, and who was asked to.
    public func carers(of id: String, for caller: Caller) async throws -> Carers {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readReach, targets: [tag]),
            for: caller,
            work: [
                """
                select r.id, account_id, kind, purpose, since, until, kinds, basis from care.reach r
                  left join care.growing_up g on g.organization_id = r.organization_id and g.patient_id = r.patient_id
                 where r.organization_id = \(caller.organization) and withdrawn_at is null
                   and (until is null or until > now() or until = g.hands_over_at)
                   and kind in ('guardian', 'self', 'carer', 'carer-reading')
                 order by since, r.id
                """,
                Members.all(in: caller.organization),
                "select \(SealedRecord.columns) from care.record where organization_id = \(caller.organization) and tag = \(tag)",
                Members.waitingInvitations(in: caller.organization),
                Members.pauses(in: caller.organization),
                Self.handover(in: caller.organization),
                "select review_before from care.age_rules() limit 1",
            ]
        )
        let all = try await members.read(rows[1], in: caller.organization)
        let byAccount = Dictionary(all.map { ($0.account, $0) }) { first, _ in first }
        guard let row = rows[2].first else { throw Refusal.notFound }
        let carers = try rows[0].map { try carer($0, byAccount) }
        let keepers = Set(carers.filter { $0.reach.kind == .guardian }.compactMap { $0.reach.member?.account })
        return Carers(
            patient: try await open(SealedRecord(row), id: id, under: pass),
            carers: carers,
            waiting: try Members.readInvitations(rows[3]).filter { $0.way != .share }
                .map { ($0, byAccount[$0.account]?.name) },
            pauses: try await members.readPauses(rows[4]),
            toAsk: all.filter {
                $0.isActive && (!$0.roles.isDisjoint(with: [.owner, .admin]) || keepers.contains($0.account))
            },
            handsOverAt: try rows[5].first?.decode(Date?.self, at: 0),
            reviewBefore: try rows[6].first?.decode(Int32?.self, at: 0).map(Int.init) ?? 90,
            names: byAccount.mapValues(\.name)
        )
    }

    private func carer(_ row: Row, _ members: [Person.ID: Member]) throws -> Carer {
        Carer(
            reach: ReachedBy(
                id: try row.decode(UUID.self, at: 0),
                member: members[Person.ID(try row.decode(UUID.self, at: 1))],
                kind: Reach(rawValue: try row.decode(String.self, at: 2)) ?? .share,
                purpose: Purpose(rawValue: try row.decode(String.self, at: 3)) ?? .care,
                since: try row.decode(Date.self, at: 4),
                until: try row.decode(Date?.self, at: 5),
                kinds: try row.decode([String]?.self, at: 6),
                lastLooked: nil
            ),
            basis: try row.decode(String?.self, at: 7).flatMap(CarerBasis.init)
        )
    }

    /// Asks somebody to be a carer of a patient, too, or as a guest to read their record.
    ///
    /// - Throws: as ``Members/invite(name:address:as:toPatientOf:for:)``.
    public func invite(
        _ name: String,
        address: String,
        as terms: CarerTerms,
        to id: String,
        for caller: Caller
    ) async throws -> Invitation {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        return try await members.invite(name: name, address: address, as: terms, toPatientOf: tag, for: caller)
    }

    /// Takes an invitation back.
    public func withdrawInvitation(_ invitation: UUID, to id: String, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        try await members.withdraw(invitation, toPatientOf: tag, for: caller)
    }

    /// Keeps a carer out of a patient's record, from their next request on.
    ///
    /// - Throws: as ``Members/pause(_:ask:reason:patientName:fromPatientOf:for:)``.
    public func pauseCarer(
        _ account: Person.ID,
        ask: Person.ID,
        reason: String,
        patientName: String,
        from id: String,
        for caller: Caller
    ) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        try await members.pause(
            account,
            ask: ask,
            reason: reason,
            patientName: patientName,
            fromPatientOf: tag,
            for: caller
        )
    }

    /// Lets a carer in again.
    public func resumeCarer(_ pause: UUID, from id: String, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        try await members.resume(pause, fromPatientOf: tag, for: caller)
    }

    /// Whether links go out by mail.
    public var mailsInvitations: Bool { members.sendsMail }

    /// From whose records the caller is kept out.
    public func ownPauses(for caller: Caller) async throws -> [OwnPause] { try await signIn.pauses(of: caller) }
}
