import Care
import FHIR
public import FoundationEssentials
public import People
import Postgres
import Seals

/// What records were: single versions, and histories.
extension PatientRecords {
    /// One version of a record, the current one or an earlier.
    ///
    /// - Throws: `Refusal.notFound`; `Refusal.deleted` for the mark of a deletion.
    public func read(_ type: String, _ id: String, version: Int32, for caller: Caller) async throws -> StoredRecord {
        let tag = try await index(for: caller).tag(kind: type, id: id)
        let organization = caller.organization
        let (pass, rows) = try await gate.open(
            Errand(.readHistory, targets: [tag]),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(organization) and tag = \(tag) and version = \(version)
                union all
                select \(SealedRecord.columnsOfVersion) from care.version
                 where organization_id = \(organization) and version = \(version) and record_id = (
                    select id from care.record where organization_id = \(organization) and tag = \(tag))
                """
            ]
        )
        let found = try await opened(rows[0], id: id, under: pass)
        guard !found.isDeleted else { throw Refusal.deleted }
        return found
    }

    /// The last hundred versions of a patient's record, the newest first, and who that is.
    public func versions(
        of type: String,
        _ id: String,
        of patient: String,
        for caller: Caller
    ) async throws -> (versions: [StoredRecord], patient: StoredRecord) {
        let index = try await index(for: caller)
        let (tag, person) = (index.tag(kind: type, id: id), index.tag(kind: "Patient", id: patient))
        let (pass, rows) = try await gate.open(
            Errand(.readHistory, targets: [tag]),
            for: caller,
            work: [
                Self.versions(of: tag, in: caller.organization, HistoryRange(count: 100)),
                Self.current(person, in: caller.organization),
            ]
        )
        let found = try await opened(rows[1], id: patient, under: pass)
        let versions = try await open(rows[0], under: pass)
        guard versions.allSatisfy({ $0.patient == found.patient }) else { throw Refusal.notFound }
        return (Array(versions.prefix(100)), found)
    }

    /// Which part of a history is wanted.
    public struct HistoryRange: Sendable {
        /// Versions written at this moment or later.
        public var since: Date?
        /// Versions that come after this place: older ones.
        public var after: HistoryPlace?
        /// How many, at most.
        public var count: Int

        /// Describes a part.
        public init(since: Date? = nil, after: HistoryPlace? = nil, count: Int = 50) {
            self.since = since
            self.after = after
            self.count = count
        }
    }

    /// A place in a history, to go on from. What is older than it never changes, so nothing is skipped or told twice.
    public struct HistoryPlace: Sendable, Equatable {
        /// Microseconds since 1970.
        let at: Int64
        let row: UUID
        let version: Int32

        /// As it stands in addresses.
        public var text: String { "\(at).\(row.uuidString.lowercased()).\(version)" }

        /// Reads ``text``.
        public init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, let at = Int64(parts[0]), let row = UUID(uuidString: String(parts[1])),
                let version = Int32(parts[2])
            else { return nil }
            self.init(at: at, row: row, version: version)
        }

        init(at: Int64, row: UUID, version: Int32) {
            self.at = at
            self.row = row
            self.version = version
        }
    }

    /// A part of a history.
    public struct History: Sendable {
        /// The newest first; marks of deletions among them.
        public let versions: [StoredRecord]
        /// How many versions there are in all, where that is known.
        public let total: Int?
        /// Where the next part begins.
        public let next: HistoryPlace?
    }

    /// The versions of one record, the newest first.
    public func history(of type: String, _ id: String, _ range: HistoryRange, for caller: Caller) async throws
        -> History
    {
        let tag = try await index(for: caller).tag(kind: type, id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readHistory, targets: [tag]),
            for: caller,
            work: [Self.versions(of: tag, in: caller.organization, range)]
        )
        return try await history(rows[0], range, isOfOne: true, under: pass)
    }

    private static func versions(of tag: [UInt8], in organization: UUID, _ range: HistoryRange) -> SQL {
        versions(
            in: organization,
            current: "tag = \(tag)",
            earlier: """
                record_id = (select id from care.record where organization_id = \(organization) and tag = \(tag))
                """,
            range
        )
    }

    /// The versions of all records of a type: of one patient, or of the directory.
    public func history(
        ofType type: String,
        patient: String?,
        _ range: HistoryRange,
        for caller: Caller
    ) async throws -> History {
        let errand: Errand
        let within: (_ power: String) -> SQL
        if let patient {
            errand = Errand(
                .readPatientHistory,
                targets: [try await index(for: caller).tag(kind: "Patient", id: patient)]
            )
            within = { "kind = \(type) and patient_id = any ((select care.acting_patients(\($0)))::uuid[])" }
        } else {
            guard Compartment.isDirectory(type) || Compartment.isDirectoryWithoutPatient(type) else {
                throw Outcome(.required, "the history of \(type) must name the patient, by patient=…")
            }
            errand = Errand(.readDirectoryHistory)
            within = { _ in "kind = \(type) and patient_id is null" }
        }
        let (pass, rows) = try await gate.open(
            errand,
            for: caller,
            work: [
                Self.versions(
                    in: caller.organization,
                    current: within("record.read"),
                    earlier: within("version.read"),
                    range
                )
            ]
        )
        return try await history(rows[0], range, isOfOne: false, under: pass)
    }

    private static func versions(in organization: UUID, current: SQL, earlier: SQL, _ range: HistoryRange) -> SQL {
        let after = range.after
        return """
            select record_id, patient_id, kind, version, sealed, written_at, is_deleted,
                   (extract(epoch from written_at) * 1000000)::bigint
              from (
                select \(SealedRecord.columns) from care.record where organization_id = \(organization) and \(current)
                union all
                select \(SealedRecord.columnsOfVersion) from care.version
                 where organization_id = \(organization) and \(earlier)
              ) v (record_id, patient_id, kind, version, sealed, written_at, is_deleted)
             where (\(range.since)::timestamptz is null or written_at >= \(range.since)::timestamptz)
               and (\(after?.at)::bigint is null
                    or ((extract(epoch from written_at) * 1000000)::bigint, record_id, version)
                       < (\(after?.at)::bigint, \(after?.row)::uuid, \(after?.version)::integer))
             order by written_at desc, record_id desc, version desc
             limit \(Int64(range.count + 1))
            """
    }

    private func history(
        _ rows: Rows,
        _ range: HistoryRange,
        isOfOne: Bool,
        under pass: Pass
    ) async throws -> History {
        let versions = try await open(rows, under: pass)
        let shown = Array(versions.prefix(range.count))
        var next: HistoryPlace?
        if versions.count > shown.count, let last = shown.last {
            let at = try rows.map { row in try row.decode(Int64.self, at: 7) }[shown.count - 1]
            next = HistoryPlace(at: at, row: last.row, version: last.version)
        }
        let isWhole = isOfOne && range.since == nil && range.after == nil
        return History(versions: shown, total: isWhole ? shown.first.map { Int($0.version) } : nil, next: next)
    }
}
