import Care
import FHIR
import Foundation
public import People
import Postgres
public import Seals

/// The records of an organisation's patients, and its directory: what comes in is validated and sealed, what goes out was opened
/// under a pass. No Swift code decides who may see what; the gate and the policies do.
public final class PatientRecords: Sendable {
    let gate: Gate
    let keys: Keykeeper
    let members: Members
    let signIn: SignIn
    let known = KnownPatients()

    /// Over a gate.
    public init(gate: Gate, keys: Keykeeper, members: Members, signIn: SignIn) {
        self.gate = gate
        self.keys = keys
        self.members = members
        self.signIn = signIn
    }

    // MARK: Reading

    /// One record, by its FHIR type and id.
    ///
    /// - Throws: `Refusal.notFound` for what is not there and for what the caller may not reach, alike; `Refusal.deleted`.
    public func read(_ type: String, _ id: String, for caller: Caller) async throws -> StoredRecord {
        let tag = try await index(for: caller).tag(kind: type, id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = \(tag)
                """
            ]
        )
        guard let row = rows[0].first else { throw Refusal.notFound }
        let sealed = try SealedRecord(row)
        guard !sealed.isDeleted else { throw Refusal.deleted }
        if let patient = sealed.patient, type == "Patient" { known.remember(patient, for: tag) }
        let key = try await key(of: sealed, under: pass)
        return try sealed.open(with: key, id: id)
    }

    /// One record of a patient, and who that is: one pass for both, which names the record.
    ///
    /// - Throws: `Refusal.notFound` also where the record is another patient's.
    public func read(
        _ type: String,
        _ id: String,
        of patient: String,
        for caller: Caller
    ) async throws -> (record: StoredRecord, patient: StoredRecord) {
        let index = try await index(for: caller)
        let (tag, person) = (index.tag(kind: type, id: id), index.tag(kind: "Patient", id: patient))
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [Self.current(tag, in: caller.organization), Self.current(person, in: caller.organization)]
        )
        let found = try await opened(rows[1], id: patient, under: pass)
        let record = try await opened(rows[0], id: id, under: pass)
        guard record.patient == found.patient else { throw Refusal.notFound }
        guard !record.isDeleted else { throw Refusal.deleted }
        return (record, found)
    }

    /// Everything in a patient's record, and what of the directory it refers to. The patient comes first.
    public func everything(about id: String, for caller: Caller) async throws -> [StoredRecord] {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readEverything, targets: [tag]),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization)
                   and patient_id = any ((select care.acting_patients('record.read'))::uuid[]) and not is_deleted
                 order by kind <> 'Patient', kind, created_at, id
                """
            ]
        )
        let own = try await open(rows[0], under: pass)
        let mentioned = try await directory(mentionedIn: own, under: pass, for: caller)
        return own + mentioned
    }

    private func directory(
        mentionedIn records: [StoredRecord],
        under pass: Pass,
        for caller: Caller
    ) async throws -> [StoredRecord] {
        let index = try await index(for: caller)
        var tags: Set<[UInt8]> = []
        for record in records {
            for reference in try record.resource.references() {
                guard case .relative(let type, let id, _) = reference.target, !Compartment.canBelongToPatient(type)
                else {
                    continue
                }
                tags.insert(index.tag(kind: type, id: id))
            }
        }
        guard !tags.isEmpty else { return [] }
        let rows = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = any (\(Array(tags))) and patient_id is null
                   and not is_deleted
                 order by kind, created_at, id
                """
            ]
        )
        return try await open(rows[0], under: pass)
    }

    // MARK: Keys

    func index(for caller: Caller) async throws -> BlindIndex {
        do {
            return try await keys.index(of: caller.organization, announcing: AnnouncedPass(for: caller))
        } catch SealError.noKey {
            throw Refusal.signedOut
        }
    }

    func key(of record: SealedRecord, under pass: Pass) async throws -> SubjectKey {
        try await keys.key(for: record.subject(in: pass.organization), under: pass)
    }

    /// Opens rows of ``SealedRecord/columns``, of one patient or several.
    func open(_ rows: Rows, under pass: Pass) async throws -> [StoredRecord] {
        let sealed = try rows.map { row in try SealedRecord(row) }
        let subjects = Set(sealed.map { $0.subject(in: pass.organization) })
        var held: [Subject: SubjectKey] = [:]
        for part in Dictionary(grouping: subjects, by: \.use).values {
            held.merge(try await keys.keys(for: part, under: pass)) { first, _ in first }
        }
        // A record whose key is gone was erased: it is not there any more.
        return try sealed.compactMap { record in
            try held[record.subject(in: pass.organization)].map { try record.open(with: $0, id: nil) }
        }
    }
}
