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
    ) async throws -> (versions: [StoredRecord], patient: StoredRecord, signatures: [Countersignature]) {
        let index = try await index(for: caller)
        let (tag, person) = (index.tag(kind: type, id: id), index.tag(kind: "Patient", id: patient))
        let (pass, rows) = try await gate.open(
            Errand(.readHistory, targets: [tag]),
            for: caller,
            work: [
                Self.versions(
                    of: tag,
                    in: caller.organization,
                    try HistoryPart(.init(count: 100), use: "", index: index)
                ),
                Self.current(person, in: caller.organization),
                SignIn.countersignatures(of: tag),
            ]
        )
        let found = try await opened(rows[1], id: patient, under: pass)
        let versions = try await open(rows[0], under: pass)
        guard versions.allSatisfy({ Self.isAbout(found, $0, under: pass) }) else { throw Refusal.notFound }
        let signatures = try await signIn.readCountersignatures(rows[2], in: caller.organization)
        return (Array(versions.prefix(100)), found, signatures)
    }

    /// Which part of a history is wanted.
    public struct HistoryRange: Sendable {
        /// Versions written at this moment or later.
        public var since: Date?
        /// Where the part before ended, as ``History/next`` said.
        public var after: String?
        /// How many, at most.
        public var count: Int

        /// Describes a part.
        public init(since: Date? = nil, after: String? = nil, count: Int = 50) {
            self.since = since
            self.after = after
            self.count = count
        }
    }

    /// A part of a history.
    public struct History: Sendable {
        /// The newest first; marks of deletions among them.
        public let versions: [StoredRecord]
        /// How many versions there are in all, where that is known.
        public let total: Int?
        /// Where the next part begins.
        public let next: String?
    }

    /// The versions of one record, the newest first.
    public func history(of type: String, _ id: String, _ range: HistoryRange, for caller: Caller) async throws
        -> History
    {
        let index = try await index(for: caller)
        let tag = index.tag(kind: type, id: id)
        let part = try HistoryPart(range, use: "\(type)/\(id)", index: index)
        let (pass, rows) = try await gate.open(
            Errand(.readHistory, targets: [tag]),
            for: caller,
            work: [Self.versions(of: tag, in: caller.organization, part)]
        )
        return try await history(rows[0], part, isOfOne: true, under: pass)
    }

    private static func versions(of tag: [UInt8], in organization: UUID, _ part: HistoryPart) -> SQL {
        part.versions(
            in: organization,
            current: "tag = \(tag)",
            earlier: """
                record_id = (select id from care.record where organization_id = \(organization) and tag = \(tag))
                """
        )
    }

    /// The versions of all records of a type: of one patient, or of the directory.
    public func history(
        ofType type: String,
        patient: String?,
        _ range: HistoryRange,
        for caller: Caller
    ) async throws -> History {
        let index = try await index(for: caller)
        let part = try HistoryPart(range, use: "\(type) of \(patient ?? "the directory")", index: index)
        let errand: Errand
        let (current, earlier): (SQL, SQL)
        if let patient {
            errand = Errand(.readPatientHistory, targets: [index.tag(kind: "Patient", id: patient)])
            (current, earlier) = (
                "kind = \(type) and \(Self.ofPatients)", "kind = \(type) and \(Self.versionsOfPatients)"
            )
        } else {
            guard Compartment.isDirectory(type) || Compartment.isDirectoryWithoutPatient(type) else {
                throw Outcome(.required, "the history of \(type) must name the patient, by patient=…")
            }
            errand = Errand(.readDirectoryHistory)
            (current, earlier) = ("kind = \(type) and patient_id is null", "kind = \(type) and patient_id is null")
        }
        let (pass, rows) = try await gate.open(
            errand,
            for: caller,
            work: [part.versions(in: caller.organization, current: current, earlier: earlier)]
        )
        return try await history(rows[0], part, isOfOne: false, under: pass)
    }

    private func history(
        _ rows: Rows,
        _ part: HistoryPart,
        isOfOne: Bool,
        under pass: Pass
    ) async throws -> History {
        let versions = try await open(rows, under: pass)
        let shown = Array(versions.prefix(part.count))
        var next: String?
        if versions.count > shown.count, let last = shown.last {
            let at = try rows.map { row in try row.decode(Int64.self, at: 7) }[shown.count - 1]
            let snapshot = try part.place?.snapshot ?? rows.first?.decode(String?.self, at: 8) ?? ""
            next = try part.text(of: .init(snapshot: snapshot, at: at, row: last.row, version: last.version))
        }
        let isWhole = isOfOne && part.since == nil && part.place == nil
        return History(versions: shown, total: isWhole ? shown.first.map { Int($0.version) } : nil, next: next)
    }
}

/// A part of a history that is ready to be read.
private struct HistoryPart {
    /// Where a part ends. What is older than it never changes; and what was committed after the first part was told stays
    /// out, however early it was written. So nothing is skipped or told twice.
    struct Place {
        /// Of the database, when the first part was read; as PostgreSQL writes `pg_snapshot`.
        let snapshot: String
        /// Microseconds since 1970.
        let at: Int64
        let row: UUID
        let version: Int32
    }

    let since: Date?
    let count: Int
    let place: Place?
    private let use: String
    private let index: BlindIndex

    // `use` is what the history is of: a place in one is none in another.
    init(_ range: PatientRecords.HistoryRange, use: String, index: BlindIndex) throws(Outcome) {
        (since, count, self.index) = (range.since, range.count, index)
        self.use = "history of \(use)"
        guard let after = range.after else {
            place = nil
            return
        }
        let parts = (index.opened(after, for: self.use) ?? "").split(separator: " ")
        guard parts.count == 4, let at = Int64(parts[1]), let row = UUID(uuidString: String(parts[2])),
            let version = Int32(parts[3])
        else { throw Outcome(.value, "_after must be what the last page's link says") }
        place = Place(snapshot: String(parts[0]), at: at, row: row, version: version)
    }

    func text(of place: Place) throws -> String {
        try index.sealed("\(place.snapshot) \(place.at) \(place.row.uuidString) \(place.version)", for: use)
    }

    func versions(in organization: UUID, current: SQL, earlier: SQL) -> SQL {
        """
        select record_id, patient_id, kind, version, sealed, written_at, is_deleted,
               (extract(epoch from written_at) * 1000000)::bigint,
               (select pg_current_snapshot()::text)
          from (
            select \(SealedRecord.columns), written_in from care.record
             where organization_id = \(organization) and \(current)
            union all
            select \(SealedRecord.columnsOfVersion), written_in from care.version
             where organization_id = \(organization) and \(earlier)
          ) v (record_id, patient_id, kind, version, sealed, written_at, is_deleted, written_in)
         where (\(since)::timestamptz is null or written_at >= \(since)::timestamptz)
           and (\(place?.at)::bigint is null
                or (pg_visible_in_snapshot(written_in, \(place?.snapshot)::pg_snapshot)
                    and ((extract(epoch from written_at) * 1000000)::bigint, record_id, version)
                        < (\(place?.at)::bigint, \(place?.row)::uuid, \(place?.version)::integer)))
         order by written_at desc, record_id desc, version desc
         limit \(Int64(count + 1))
        """
    }
}
