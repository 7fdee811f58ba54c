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
    let openedCards: OpenedCards

    /// Over a gate. Cards that searches opened may take so many bytes of memory, roughly; none, if they are to be opened each time.
    public init(gate: Gate, keys: Keykeeper, members: Members, signIn: SignIn, cardMemory: Int = 32 << 20) {
        self.gate = gate
        self.keys = keys
        self.members = members
        self.signIn = signIn
        openedCards = OpenedCards(limit: cardMemory)
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
        return try await open(sealed, id: id, under: pass)
    }

    /// One record of a patient, who that is, and who signed it as the second person: one pass for both, which names the record.
    ///
    /// - Throws: `Refusal.notFound` also where the record is another patient's.
    public func read(
        _ type: String,
        _ id: String,
        of patient: String,
        for caller: Caller
    ) async throws -> (record: StoredRecord, patient: StoredRecord, signatures: [Countersignature]) {
        let index = try await index(for: caller)
        let (tag, person) = (index.tag(kind: type, id: id), index.tag(kind: "Patient", id: patient))
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [
                Self.current(tag, in: caller.organization), Self.current(person, in: caller.organization),
                SignIn.countersignatures(of: tag),
            ]
        )
        let found = try await opened(rows[1], id: patient, under: pass)
        let record = try await opened(rows[0], id: id, under: pass)
        guard Self.isAbout(found, record, under: pass) else { throw Refusal.notFound }
        guard !record.isDeleted else { throw Refusal.deleted }
        return (record, found, try await signIn.readCountersignatures(rows[2], in: caller.organization))
    }

    /// Whether a record that the pass opened is in this patient's record. One that stands with another patient is about those whom the
    /// pass names.
    static func isAbout(_ patient: StoredRecord, _ record: StoredRecord, under pass: Pass) -> Bool {
        guard let row = patient.patient, let other = record.patient else { return false }
        return other == row || (record.isAboutSeveral && pass.patients.contains(row))
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
                   and \(Self.ofPatients) and not is_deleted
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

    /// Rows of `care.record` that are about the patients of the pass.
    static let ofPatients: SQL = """
        (patient_id = any ((select care.acting_patients('record.read'))::uuid[])
            or is_about_several and id = any ((select care.acting_shared('record.read'))::uuid[]))
        """

    /// The same of `care.version`.
    static let versionsOfPatients: SQL = """
        (patient_id = any ((select care.acting_patients('version.read'))::uuid[])
            or record_id = any ((select care.acting_shared('version.read'))::uuid[]))
        """

    // MARK: Keys

    func index(for caller: Caller) async throws -> BlindIndex {
        do {
            return try await keys.index(of: caller.organization, announcing: AnnouncedPass(for: caller))
        } catch SealError.noKey {
            throw Refusal.signedOut
        }
    }

    /// Opens one record. Where its public id is not known, the resource says.
    func open(_ record: SealedRecord, id: String?, under pass: Pass) async throws -> StoredRecord {
        let subjects = keyholders(of: record, under: pass)
        var held: [SubjectKey] = []
        if subjects.count == 1 {
            held = [try await keys.key(for: subjects[0], under: pass)]
        } else {
            let found = try await keys(for: Set(subjects), under: pass)
            held = subjects.compactMap { found[$0] }
        }
        guard let opened = try record.open(with: held, id: id) else { throw SealError.noKey }
        return opened
    }

    /// Opens rows of ``SealedRecord/columns``, of one patient or several.
    func open(_ rows: Rows, under pass: Pass) async throws -> [StoredRecord] {
        let sealed = try rows.map { row in try SealedRecord(row) }
        let subjects = sealed.map { keyholders(of: $0, under: pass) }
        let held = try await keys(for: Set(subjects.joined()), under: pass)
        // A record whose key is gone was erased: it is not there any more.
        return try zip(sealed, subjects).compactMap { record, subjects in
            try record.open(with: subjects.compactMap { held[$0] }, id: nil)
        }
    }

    private func keyholders(of record: SealedRecord, under pass: Pass) -> [Subject] {
        SealedRecord.keyholders(of: record.message, standingWith: record.patient, under: pass)
    }

    func keys(for subjects: Set<Subject>, under pass: Pass) async throws -> [Subject: SubjectKey] {
        var held: [Subject: SubjectKey] = [:]
        for part in Dictionary(grouping: subjects, by: \.use).values {
            held.merge(try await keys.keys(for: part, under: pass)) { first, _ in first }
        }
        return held
    }
}
