import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Moving records to another patient: what was entered about the wrong person, or about somebody who turned out to be another.
///
/// A record moves whole: all its versions and the lines of its changes are opened under the old patient's key and sealed under the
/// new one's, to the byte the same. The move itself is one more version, whose references to the patient are to the new one.
extension PatientRecords {
    /// Records that one request may move: a pass names a hundred, and the new patient is one.
    public static let mostMoved = 99

    /// Versions that one request may move, if it moves several records: a writing transaction must not last longer than two
    /// seconds.
    static let mostVersionsMoved = 2_000

    /// A record's address.
    public struct Address: Hashable, Sendable {
        public let type: String
        public let id: String

        /// Names a record.
        public init(type: String, id: String) {
            (self.type, self.id) = (type, id)
        }
    }

    /// Moves a record to another patient, and others of the same patient with it. Answers with the first as it is then.
    ///
    /// What refers to the records, and what they refer to, must be among them, with the new patient, or of the directory.
    /// - Throws: `Outcome` naming element or type, and rule; `Refusal.versionDiffers`, `.deleted`, `.changedMeanwhile`,
    ///   `.patientMerged`, `.notFound`.
    public func move(
        _ record: Address,
        with others: [Address] = [],
        to target: String,
        ifMatch version: Int32? = nil,
        for caller: Caller
    ) async throws -> StoredRecord {
        let addresses = [record] + others
        try Self.requireMovable(addresses)
        let index = try await index(for: caller)
        let tags = addresses.map { index.tag(kind: $0.type, id: $0.id) }
        let person = index.tag(kind: "Patient", id: target)
        let (pass, rows) = try await gate.open(
            Errand(.moveRecords, targets: tags + [person]),
            for: caller,
            work: [Self.patients(in: caller.organization)]
        )
        let way = try await way(from: pass.targets.dropLast().map(\.patient), to: target, rows[0], under: pass)
        let all = try await everythingCurrent(of: way.source, under: pass)
        let wanted = Set(pass.targets.dropLast().map(\.record))
        let moved = all.filter { wanted.contains($0.row) }
        guard moved.count == wanted.count else { throw Refusal.deleted }
        if let shared = moved.first(where: \.isAboutSeveral) {
            throw Outcome(
                .businessRule,
                at: Expression(shared.type),
                "a record about several patients moves by itself, with `from` for the one whose place the other takes"
            )
        }
        try moved.first { $0.row == pass.targets[0].record }?.require(version)
        guard moved.count == 1 || moved.reduce(0, { $0 + Int($1.version) }) <= Self.mostVersionsMoved else {
            throw Outcome(
                .tooCostly,
                "the records have more than \(Self.mostVersionsMoved) versions; move fewer at once"
            )
        }
        try way.requireNothingLeftBehind(moved, among: all)
        let now = try await move(moved, way, under: pass, index: index)
        guard let first = now.first(where: { $0.row == pass.targets[0].record }) else { throw Refusal.notFound }
        return first
    }

    private static func requireMovable(_ addresses: [Address]) throws(Outcome) {
        for (number, address) in addresses.enumerated() {
            let place = number == 0 ? Expression(address.type) : Expression("Parameters").child("parameter")
            guard address.type != "Patient" else {
                throw Outcome(
                    .businessRule,
                    at: place,
                    "a Patient does not move; two who are one are merged, by Patient/$merge"
                )
            }
            guard Compartment.canBelongToPatient(address.type) else {
                throw Outcome(.businessRule, at: place, "what is of the directory is nobody's to move")
            }
        }
        guard Set(addresses).count == addresses.count else {
            throw Outcome(.duplicate, at: Expression("Parameters").child("parameter"), "a record moves once")
        }
        guard addresses.count <= mostMoved else {
            throw Outcome(
                .tooCostly,
                at: Expression("Parameters").child("parameter"),
                "a request moves at most \(mostMoved) records"
            )
        }
    }

    /// The Patient records of those whom the pass names.
    private static func patients(in organization: UUID) -> SQL {
        """
        select \(SealedRecord.columns) from care.record
         where organization_id = \(organization) and kind = 'Patient'
           and patient_id = any ((select care.acting_patients('record.move'))::uuid[])
        """
    }

    private func way(
        from sources: [UUID?],
        to target: String,
        _ rows: Rows,
        under pass: Pass
    ) async throws -> MovingWay {
        guard Set(sources).count == 1, let source = sources[0], let targetRow = pass.targets.last?.patient else {
            throw Outcome(.businessRule, "the records of one request must be of one patient")
        }
        guard source != targetRow else { throw Outcome(.businessRule, "the record is of this patient already") }
        let people = try await open(rows, under: pass)
        guard let person = people.first(where: { $0.patient == source }) else { throw Refusal.notFound }
        return MovingWay(source: source, target: targetRow, sourceID: person.id, targetID: target)
    }

    /// All current records of a patient; without marks of deletions.
    func everythingCurrent(of patient: UUID, under pass: Pass) async throws -> [StoredRecord] {
        let rows = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(pass.organization) and patient_id = \(patient) and not is_deleted
                """
            ]
        )
        return try await open(rows[0], under: pass)
    }

    /// Moves opened records in one transaction; marks of deletions too. Answers with what they are then.
    func move(
        _ records: [StoredRecord],
        _ way: MovingWay,
        under pass: Pass,
        index: BlindIndex
    ) async throws -> [StoredRecord] {
        let organization = pass.organization
        let old = try await keys.key(for: .patient(way.source, of: organization), under: pass)
        let new = try await keys.make(for: .patient(way.target, of: organization), under: pass)
        let history = try await history(of: records.map(\.row), from: [old], to: [new], under: pass)
        let now = Date()
        let drafts = try records.map { try way.draft(of: $0, now: now, index: index) }
        let sealer = try await keys.sealer(for: .patient(way.target, of: pass.organization), announcing: pass)
        let sealed = try SealedDrafts(drafts, organization: pass.organization) { _ in sealer }
        _ = try await gate.work(under: pass, [sealed.moving(way, history), sealed.changes] + sealed.appointments)
        return sealed.records
    }

    /// Every version of these records and every line of their changes, opened by one of the old keys and sealed for all of the new.
    func history(
        of rows: [UUID],
        from old: [SubjectKey],
        to new: [SubjectKey],
        under pass: Pass
    ) async throws -> MovingHistory {
        let organization = pass.organization
        let answers = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columnsOfVersion) from care.version
                 where organization_id = \(organization) and record_id = any (\(rows))
                union all
                select \(SealedRecord.columns) from care.record where organization_id = \(organization) and id = any (\(rows))
                """,
                """
                select id, record_id, version, sealed_diff from care.change
                 where organization_id = \(organization) and record_id = any (\(rows))
                """,
            ]
        )
        func resealed(_ message: [UInt8], _ kind: String, _ row: UUID, _ version: Int32) throws -> [UInt8] {
            let place = Binding(organization: organization, kind: kind, id: row, version: version)
            guard let plain = try message.opened(with: old, for: place) else { throw SealError.noKey }
            return new.count == 1
                ? try new[0].seal(plain, for: place) : try SubjectKey.seal(plain, for: place, under: new)
        }
        var history = MovingHistory()
        for answer in answers[0] {
            let version = try SealedRecord(answer)
            let message = try resealed(version.message, version.type, version.row, version.version)
            history.versions.append((version.row, version.version, message))
        }
        for answer in answers[1] {
            let (id, row) = (try answer.decode(UUID.self, at: 0), try answer.decode(UUID.self, at: 1))
            let version = try answer.decode(Int32.self, at: 2)
            history.changes.append((id, try resealed(try answer.decode([UInt8].self, at: 3), "Diff", row, version)))
        }
        return history
    }
}

/// From whom records move, and to whom.
struct MovingWay: Sendable {
    let source: UUID
    let target: UUID
    /// Public ids.
    let sourceID: String
    let targetID: String

    /// The next version of a record, in the other patient's hands.
    func draft(of record: StoredRecord, now: Date, index: BlindIndex) throws -> Draft {
        guard !record.isDeleted else {
            let tag = index.tag(kind: record.type, id: record.id)
            return try Draft(deleting: record, of: [target], now: now, tag: tag)
        }
        return Draft(try rewritten(record.resource), replacing: record, of: [target], now: now, index: index)
    }

    /// The resource about the other patient.
    ///
    /// - Throws: `Outcome` for one that is about others, too.
    func rewritten(_ resource: Resource) throws(Outcome) -> Resource {
        let resource = try renamed(resource)
        guard Compartment.subjects(of: resource) == ["Patient/\(targetID)"] else {
            throw Outcome(
                .notSupported,
                at: Expression(resource.type),
                "a record about several patients is not moved from one to another"
            )
        }
        return resource
    }

    /// The resource with the other patient in the place of the old one.
    func renamed(_ resource: Resource) throws(Outcome) -> Resource {
        var resource = resource
        try resource.rewriteReferences { reference throws(Outcome) in
            guard case .relative("Patient", let id, _) = reference.target, id == sourceID else { return nil }
            return "Patient/\(targetID)"
        }
        return resource
    }

    /// That no reference would lead from one patient's record into the other's: out of those who move, or to them.
    func requireNothingLeftBehind(_ moved: [StoredRecord], among all: [StoredRecord]) throws {
        let rows = Set(moved.map(\.row))
        let names = Set(moved.map { "\($0.type)/\($0.id)" })
        let staying = all.filter { !rows.contains($0.row) }
        let left = Set(staying.map { "\($0.type)/\($0.id)" }).subtracting(["Patient/\(sourceID)"])
        var issues: [Issue] = []
        for record in moved {
            for reference in try record.resource.references() where left.contains(reference.record ?? "") {
                let rule = "what it refers to stays with the other patient; move that record, too"
                issues.append(Issue(.error, .businessRule, at: reference.expression, rule))
            }
        }
        var referring: [String: Int] = [:]
        for record in staying {
            let refers = try record.resource.references().contains { names.contains($0.record ?? "") }
            if refers { referring[record.type, default: 0] += 1 }
        }
        for (type, count) in referring.sorted(by: { $0.key < $1.key }) {
            let rule =
                "\(count) of this type would stay and refer to what moves; move \(count == 1 ? "it" : "them"), too"
            issues.append(Issue(.error, .businessRule, at: Expression(type), rule))
        }
        guard issues.isEmpty else { throw Outcome(issues) }
    }
}

extension Reference {
    /// The record of this server that it points to, as `Type/id`, whatever its version.
    fileprivate var record: String? {
        guard case .relative(let type, let id, _) = target else { return nil }
        return "\(type)/\(id)"
    }
}

/// What records were, sealed for the patient to whom they move.
struct MovingHistory: Sendable {
    var versions: [(row: UUID, version: Int32, message: [UInt8])] = []
    var changes: [(id: UUID, diff: [UInt8])] = []
}

extension SealedDrafts {
    /// The statement that moves the records and their history. The lines that say so go after it.
    fileprivate func moving(_ way: MovingWay, _ history: MovingHistory) -> SQL {
        """
        select care.move_records(
            \(way.source), \(way.target),
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.message))::bytea[], \(rows.map(\.card))::bytea[],
            \(history.versions.map(\.row))::uuid[], \(history.versions.map(\.version))::integer[],
            \(history.versions.map(\.message))::bytea[],
            \(history.changes.map(\.id))::uuid[], \(history.changes.map(\.diff))::bytea[])
        """
    }
}
