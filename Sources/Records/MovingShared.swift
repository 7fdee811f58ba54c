import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Moving a record about several patients: another one takes the place of one of them.
///
/// It is sealed anew, with all its versions and lines of changes, for those whom it is about then. All of them, and the one who leaves,
/// must be reached.
extension PatientRecords {
    /// Puts a patient, the target, in another one's place, the source's, in a record about several. If the target is among them already,
    /// the record is about one less.
    ///
    /// - Throws: `Outcome` naming element or type, and rule; `Refusal.versionDiffers`, `.deleted`, `.changedMeanwhile`,
    ///   `.patientMerged`, `.notFound`, also where one of them is out of reach.
    public func move(
        _ record: Address,
        from source: String,
        to target: String,
        ifMatch version: Int32? = nil,
        for caller: Caller
    ) async throws -> StoredRecord {
        guard source != target else {
            throw Outcome(.businessRule, at: Expression("Parameters"), "from and to must be two patients")
        }
        let index = try await index(for: caller)
        let people = [source, target].map { index.tag(kind: "Patient", id: $0) }
        let tag = index.tag(kind: record.type, id: record.id)
        let (pass, rows) = try await gate.open(
            Errand(.moveRecords, targets: [tag] + people),
            for: caller,
            work: [Self.current(tag, in: caller.organization)]
        )
        guard let from = pass.targets[1].patient, let to = pass.targets[2].patient, let row = rows[0].first else {
            throw Refusal.notFound
        }
        let sealed = try SealedRecord(row)
        guard !sealed.isDeleted else { throw Refusal.deleted }
        let current = try await open(sealed, id: record.id, under: pass)
        try current.require(version)
        let subjects = try await subjects(ofShared: [current.row], under: pass)[current.row] ?? []
        guard current.isAboutSeveral, subjects.contains(from) else {
            throw Outcome(
                .businessRule,
                at: Expression(record.type),
                "`from` is for a record about several patients, and names one of them"
            )
        }
        let way = MovingWay(source: from, target: to, sourceID: source, targetID: target)
        let own = try await everythingCurrent(of: from, under: pass).filter { $0.row != current.row }
        try way.requireNothingLeftBehind([current], among: own + [current])
        return try await moveShared(current, of: subjects, way, under: pass, index: index)
    }

    /// Whom records about several are about, the one with whom each stands first. Those that stand elsewhere are among them.
    func subjects(ofShared rows: [UUID], under pass: Pass) async throws -> [UUID: [UUID]] {
        let answer = try await gate.work(
            under: pass,
            [
                """
                select r.id, r.patient_id, s.patient_id
                  from care.record r
                  join care.record_subject s on s.organization_id = r.organization_id and s.record_id = r.id
                 where r.organization_id = \(pass.organization) and r.id = any (\(rows))
                 order by s.patient_id
                """
            ]
        )
        var subjects: [UUID: [UUID]] = [:]
        for row in answer[0] {
            let first = try row.decode(UUID.self, at: 1)
            subjects[try row.decode(UUID.self, at: 0), default: [first]].append(try row.decode(UUID.self, at: 2))
        }
        return subjects
    }

    /// Moves an opened record in one transaction; a mark of a deletion, too. Answers with what it is then.
    func moveShared(
        _ record: StoredRecord,
        of subjects: [UUID],
        _ way: MovingWay,
        under pass: Pass,
        index: BlindIndex
    ) async throws -> StoredRecord {
        var seen: Set<UUID> = []
        let others = subjects.map { $0 == way.source ? way.target : $0 }.filter { seen.insert($0).inserted }
        let of = { (patients: [UUID]) in patients.map { Subject.patient($0, of: pass.organization) } }
        // Whose key is gone was erased; the others' open it as well.
        let old = try await keys(for: Set(of(subjects)), under: pass)
        var new: [SubjectKey] = []
        for subject in of(others) { new.append(try await keys.make(for: subject, under: pass)) }
        let history = try await history(
            of: [record.row],
            from: of(subjects).compactMap { old[$0] },
            to: new,
            under: pass
        )
        let now = Date()
        let draft =
            record.isDeleted
            ? try Draft(deleting: record, of: others, now: now, tag: index.tag(kind: record.type, id: record.id))
            : Draft(try way.renamed(record.resource), replacing: record, of: others, now: now, index: index)
        var sealers: [Subject: Sealer] = [:]
        for subject in of(others) { sealers[subject] = try await keys.sealer(for: subject, announcing: pass) }
        let sealed = try SealedDrafts([draft], organization: pass.organization) { subject in
            guard let sealer = sealers[subject] else { throw SealError.noKey }
            return sealer
        }
        _ = try await gate.work(under: pass, [sealed.movingShared(way, history), sealed.changes] + sealed.appointments)
        return sealed.records[0]
    }
}

extension SealedDrafts {
    /// The statement that moves the one record and its history. The line that says so goes after it.
    fileprivate func movingShared(_ way: MovingWay, _ history: MovingHistory) -> SQL {
        """
        select care.move_shared_record(
            \(rows[0].draft.row), \(way.source), \(way.target), \(rows[0].message), \(rows[0].card),
            \(history.versions.map(\.version))::integer[], \(history.versions.map(\.message))::bytea[],
            \(history.changes.map(\.id))::uuid[], \(history.changes.map(\.diff))::bytea[])
        """
    }
}
