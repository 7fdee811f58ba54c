import Care
import FHIR
public import Foundation
public import People
import Postgres
import Seals
public import Trail

/// Who looked at a record: its audit trail, in the hands of those whose record it is.
extension PatientRecords {
    /// One line of "who looked".
    public struct Look: Sendable {
        /// The entry.
        public let id: UUID
        /// When.
        public let at: Date
        /// Who; `nil` where it could not be attributed.
        public let who: Member?
        /// Whether it was the reader of this list.
        public let isReader: Bool
        /// In whose session, where they showed there who they are; `nil` where it was their own.
        public let onDeviceOf: Member?
        /// What was done or tried.
        public let act: String
        /// The FHIR type of the record it was about, if it was about one.
        public let type: String?
        /// Whether it was allowed.
        public let granted: Bool
        /// Where it came from.
        public let note: AccessNote?
    }

    /// The entries about a patient, the newest first, from a place on if one is given. Reading them is an entry too.
    public func looks(
        at id: String,
        after place: TrailEntry.Place? = nil,
        limit: Int = 50,
        for caller: Caller
    ) async throws -> (patient: StoredRecord, looks: [Look], next: TrailEntry.Place?) {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readTrail, targets: [tag]),
            for: caller,
            work: [
                TrailEntry.aboutPatientOfPass(in: caller.organization, after: place, limit: limit + 1),
                Members.all(in: caller.organization),
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = \(tag)
                """,
            ]
        )
        let members = try await members.read(rows[1], in: caller.organization)
        let byAccount = Dictionary(members.map { ($0.account, $0) }) { first, _ in first }
        guard let patientRow = rows[2].first else { throw Refusal.notFound }
        let patient = try SealedRecord(patientRow)
        let stored = try await open(patient, id: id, under: pass)
        var looks: [Look] = []
        var held: [Int32: SubjectKey] = [:]
        let entries = try rows[0].map { row in try TrailEntry(row) }
        for entry in entries.prefix(limit) {
            looks.append(
                Look(
                    id: entry.id,
                    at: entry.at,
                    who: entry.account.flatMap { byAccount[$0] },
                    isReader: entry.account == pass.account,
                    onDeviceOf: entry.onDeviceOf.flatMap { byAccount[$0] },
                    act: entry.act,
                    type: entry.recordType,
                    granted: entry.granted,
                    note: try await note(of: entry, under: pass, held: &held)
                )
            )
        }
        return (stored, looks, entries.count > limit ? entries[limit - 1].place : nil)
    }

    /// Opens a note with its year's key, which is asked for once a list.
    private func note(
        of entry: TrailEntry,
        under pass: Pass,
        held: inout [Int32: SubjectKey]
    ) async throws -> AccessNote? {
        let subject = Subject.audit(of: pass.organization, year: Int16(clamping: entry.keyEpoch))
        let key: SubjectKey
        if let known = held[entry.keyEpoch] { key = known } else { key = try await keys.key(for: subject, under: pass) }
        held[entry.keyEpoch] = key
        return try AuditSeal.open(entry.sealed, salt: entry.salt, with: key)
    }
}
