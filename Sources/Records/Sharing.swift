public import Care
import FHIR
public import Foundation
public import People
import Postgres
import Seals

/// Sharing: whoever keeps a record lets one clinician read it, for a purpose, until a day. (ROL-3)
extension PatientRecords {
    /// One way in which somebody reaches a patient.
    public struct ReachedBy: Sendable {
        public let id: UUID
        public let member: Member?
        public let kind: Reach
        public let purpose: Purpose
        public let since: Date
        public let until: Date?
        /// The kinds of entry (FHIR types) that they see; `nil` for the whole record.
        public var kinds: [String]?
        /// When they last read in the record.
        public let lastLooked: Date?
    }

    /// Who reaches a patient now, with whom the record can be shared, and which guests were asked.
    public struct Reaches: Sendable {
        public let patient: StoredRecord
        public let reaches: [ReachedBy]
        /// Clinicians of the organisation, and guests who are here already.
        public let clinicians: [Member]
        public let waiting: [(invitation: WaitingInvitation, name: String?)]
    }

    /// Who reaches a patient now, with whom the record can be shared, and which guests were asked.
    public func reaches(of id: String, for caller: Caller) async throws -> Reaches {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readReach, targets: [tag]),
            for: caller,
            work: [
                """
                select id, account_id, kind, purpose, since, until, kinds from care.reach
                 where organization_id = \(caller.organization) and withdrawn_at is null
                   and (until is null or until > now())
                 order by since, id
                """,
                Members.all(in: caller.organization),
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = \(tag)
                """,
                """
                select account_id, max(at) from care.entry
                 where organization_id = \(caller.organization) and granted and account_id is not null
                   and patient_id = any ((select care.acting_patients('entry.read'))::uuid[])
                   and act in ('record.read', 'record.search', 'patient.everything')
                 group by account_id
                """,
                Members.waitingInvitations(in: caller.organization),
            ]
        )
        var looked: [UUID: Date] = [:]
        for row in rows[3] { looked[try row.decode(UUID.self, at: 0)] = try row.decode(Date.self, at: 1) }
        let colleagues = try await members.read(rows[1], in: caller.organization)
        let byAccount = Dictionary(colleagues.map { ($0.account, $0) }) { first, _ in first }
        let reaches = try rows[0].map { row in
            let account = try row.decode(UUID.self, at: 1)
            return ReachedBy(
                id: try row.decode(UUID.self, at: 0),
                member: byAccount[Person.ID(account)],
                kind: Reach(rawValue: try row.decode(String.self, at: 2)) ?? .share,
                purpose: Purpose(rawValue: try row.decode(String.self, at: 3)) ?? .care,
                since: try row.decode(Date.self, at: 4),
                until: try row.decode(Date?.self, at: 5),
                kinds: try row.decode([String]?.self, at: 6),
                lastLooked: looked[account]
            )
        }
        guard let row = rows[2].first else { throw Refusal.notFound }
        let sealed = try SealedRecord(row)
        let patient = try await open(sealed, id: id, under: pass)
        return Reaches(
            patient: patient,
            reaches: reaches,
            clinicians: colleagues.filter { $0.isActive && !$0.roles.isDisjoint(with: [.clinician, .guest]) },
            waiting: try Members.readInvitations(rows[4]).filter { $0.way == .share }
                .map { ($0, byAccount[$0.account]?.name) }
        )
    }

    /// Lets a clinician of the organisation, or a guest of it, read a patient's record, or some kinds of entry of it: FHIR types,
    /// `Patient` among them.
    ///
    /// - Throws: `Refusal.shareLastsTooLong`; `Refusal.notFound` if either is out of reach, or is no clinician.
    public func share(
        _ id: String,
        with account: Person.ID,
        purpose: Purpose,
        until: Date,
        kinds: [String]? = nil,
        for caller: Caller
    ) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        _ = try await gate.open(
            Errand(.share, targets: [tag], purpose: purpose),
            for: caller,
            work: [
                """
                insert into care.reach (organization_id, patient_id, account_id, kind, kinds, purpose, until)
                select \(caller.organization), p, \(account.uuid), 'share', \(kinds)::text[], \(purpose.rawValue), \(until)
                  from unnest((select care.acting_patients('reach.share'))::uuid[]) p
                """
            ]
        )
    }

    /// Ends a share, at once.
    public func stopSharing(_ share: UUID, of id: String, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (_, rows) = try await gate.open(
            Errand(.stopSharing, targets: [tag]),
            for: caller,
            work: [
                """
                update care.reach set withdrawn_at = now()
                 where organization_id = \(caller.organization) and id = \(share)
                   and kind in ('share', 'carer', 'carer-reading') and withdrawn_at is null
                """
            ]
        )
        guard rows[0].affected == 1 else { throw Refusal.notFound }
    }
}
