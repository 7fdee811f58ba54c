import Care
import FHIR
public import FoundationEssentials
public import People
import Postgres
import Seals

/// Reading within one patient.
extension PatientRecords {
    /// What is in a patient's record, for a page that shows it over time: of more than `limit` entries those entered last. The
    /// trail says "read the timeline".
    ///
    /// `kinds` are those of which the caller sees entries; `nil` for all. `own` are the rows that are private, which nobody but the
    /// caller sees.
    public func timeline(of id: String, limit: Int = 5_000, for caller: Caller) async throws -> (
        patient: StoredRecord, records: [StoredRecord], isCutOff: Bool, kinds: [String]?, own: Set<UUID>
    ) {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.searchRecords, targets: [tag], query: Self.timelineQuery),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization)
                   and \(Self.ofPatients) and not is_deleted
                 order by kind <> 'Patient', created_at desc, id desc limit \(Int64(limit + 2))
                """,
                "select care.acting_kinds()",
                """
                select id from care.record
                 where organization_id = \(caller.organization) and \(Self.ofPatients) and private_to is not null
                """,
            ]
        )
        let records = try await open(rows[0], under: pass)
        guard let patient = records.first(where: { $0.type == "Patient" && $0.id == id }) else {
            throw Refusal.notFound
        }
        if let row = patient.patient { known.remember(row, for: tag) }
        let entries = records.filter { $0.row != patient.row }
        let kinds = try rows[1].first?.decode([String]?.self, at: 0)
        let own = Set(try rows[2].map { try $0.decode(UUID.self, at: 0) })
        return (patient, entries.prefix(limit).reversed(), entries.count > limit, kinds, own)
    }

    /// What the note of an entry says in place of a query when somebody read a timeline page.
    public static let timelineQuery = "timeline"

    /// The people whom the caller may reach, at most `limit`: their Patient records. Each is named in the trail.
    public func people(limit: Int = 100, for caller: Caller) async throws -> (people: [StoredRecord], isCutOff: Bool) {
        let (pass, rows) = try await gate.open(
            Errand(.listPatients),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and kind = 'Patient'
                   and patient_id in (select care.acting_roster('roster.read'))
                 order by created_at desc, id limit \(Int64(limit + 1))
                """
            ]
        )
        let found = try await open(rows[0], under: pass)
        let shown = Array(found.prefix(limit))
        try await gate.disclose(shown.compactMap(\.patient), query: "", under: pass, for: caller)
        return (shown, found.count > limit)
    }
}
