import Care
import FHIR
import Foundation
import People
import Postgres
import Seals

/// A record that is about to be written: its public id and its row are settled, it is not sealed yet.
struct Draft: Sendable {
    let resource: Resource
    let id: String
    let row: UUID
    /// Counted from 1.
    let version: Int32
    /// What it replaces, for the diff.
    let previous: StoredRecord?
    var isDeletion = false
    /// The patients whom it is about, by row, the one with whom it stands first; none for the directory.
    let patients: [UUID]
    let now: Date
    /// Whose it is alone; `nil` for what is not private.
    var privateTo: UUID?
    /// Tokens by which the patient is found; for a Patient only.
    var tokens: [Int64]
    let tag: [UInt8]
    /// The search card, not sealed yet.
    let card: [UInt8]
    /// What it refers to on this server: each record's tag, and where the reference stands.
    let references: [(tag: [UInt8], place: FHIR.Expression)]
    /// When it is and whom it names, of an Appointment; `nil` for everything else.
    let appointment: AppointmentFacts?

    /// Settles the id and `meta` of a new resource.
    init(_ resource: Resource, row: UUID = UUID(), id: String, patients: [UUID], now: Date, index: BlindIndex) {
        self.init(resource, row: row, id: id, previous: nil, patients: patients, now: now, index: index)
    }

    /// Settles the `meta` of a resource that takes another one's place, perhaps in other patients' records.
    init(
        _ resource: Resource,
        replacing current: StoredRecord,
        of patients: [UUID]? = nil,
        now: Date,
        index: BlindIndex
    ) {
        self.init(
            resource,
            row: current.row,
            id: current.id,
            previous: current,
            patients: patients ?? current.patients,
            now: now,
            index: index
        )
    }

    private init(
        _ resource: Resource,
        row: UUID,
        id: String,
        previous: StoredRecord?,
        patients: [UUID],
        now: Date,
        index: BlindIndex
    ) {
        version = (previous?.version ?? 0) + 1
        self.previous = previous
        let instant = now.formatted(Self.instant)
        var resource = resource
        resource.id = id
        resource.settleMeta(version: version, at: instant)
        self.resource = resource
        self.id = id
        self.row = row
        self.patients = patients
        self.now = now
        card = SearchCard(of: resource, id: id, lastUpdated: instant).encoded()
        references = resource.references().compactMap { reference in
            guard case .relative(let type, let id, _) = reference.target else { return nil }
            return (tag: index.tag(kind: type, id: id), place: reference.expression)
        }
        appointment = resource.type == "Appointment" ? AppointmentFacts(of: resource, index: index) : nil
        tag = index.tag(kind: resource.type, id: id)
        tokens = resource.type == "Patient" ? PatientTokens.all(of: resource, index: index) : []
    }

    /// The mark of a deletion: type, id and `meta`; nothing to search by.
    init(deleting current: StoredRecord, of patients: [UUID]? = nil, now: Date, tag: [UInt8]) throws {
        version = current.version + 1
        previous = current
        isDeletion = true
        var mark = try Resource(["resourceType": .string(current.type), "id": .string(current.id)])
        mark.settleMeta(version: version, at: now.formatted(Self.instant))
        resource = mark
        id = current.id
        row = current.row
        self.patients = patients ?? current.patients
        self.now = now
        card = []
        references = []
        appointment = current.type == "Appointment" ? AppointmentFacts.none : nil
        self.tag = tag
        tokens = []
    }

    /// The record after it is written.
    func stored(_ json: [UInt8]) -> StoredRecord {
        StoredRecord(
            json: json,
            type: resource.type,
            id: id,
            version: version,
            writtenAt: now,
            patient: patient,
            others: Array(patients.dropFirst()),
            row: row,
            isDeleted: isDeletion
        )
    }

    /// The patient with whom it stands.
    var patient: UUID? { patients.first }

    /// Under whose keys it is sealed, so that each of them opens it.
    func subjects(in organization: UUID) -> [Subject] {
        patients.isEmpty ? [.directory(of: organization)] : patients.map { .patient($0, of: organization) }
    }

    private static let instant = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// What the write did, as JSON, to be sealed: which elements were changed, and what the record is now.
    func diff(sha256: String) -> [UInt8] {
        var diff: JSONObject = ["op": .string(isDeletion ? "delete" : previous == nil ? "create" : "update")]
        if let before = try? previous?.resource, !isDeletion {  // what cannot be read has no elements to compare
            let names = Set(before.object.members.map(\.key)).union(resource.object.members.map(\.key))
            let changed = names.filter { $0 != "meta" && before.object[$0] != resource.object[$0] }.sorted()
            diff["elements"] = .array(changed.map { .string($0) })
        }
        diff["sha256"] = .string(sha256)
        return JSON.object(diff).serialized()
    }
}

extension Resource {
    /// What the server says of a version.
    fileprivate mutating func settleMeta(version: Int32, at instant: String) {
        var meta = object["meta"]?.object ?? [:]
        meta["versionId"] = .string("\(version)")
        meta["lastUpdated"] = .string(instant)
        object["meta"] = .object(meta)
    }
}

/// Drafts, sealed, and the statements that write them.
struct SealedDrafts: Sendable {
    let records: [StoredRecord]
    let organization: UUID
    let rows: [(draft: Draft, message: [UInt8], card: [UInt8], diff: [UInt8])]

    /// Seals each draft under its subject's key: the record, its search card, and the diff that says what was changed.
    init(_ drafts: [Draft], organization: UUID, sealer: (Subject) throws -> Sealer) throws {
        self.organization = organization
        var rows: [(draft: Draft, message: [UInt8], card: [UInt8], diff: [UInt8])] = []
        var records: [StoredRecord] = []
        for draft in drafts {
            let sealers = try draft.subjects(in: organization).map(sealer)
            let json = draft.resource.json.serialized()
            func sealed(_ text: [UInt8], as kind: String) throws -> [UInt8] {
                let binding = Binding(organization: organization, kind: kind, id: draft.row, version: draft.version)
                return sealers.count == 1
                    ? try sealers[0].seal(text, for: binding) : try Sealer.seal(text, for: binding, under: sealers)
            }
            let diff = draft.diff(sha256: Primitive.sha256(json).hexadecimal)
            rows.append(
                (
                    draft, try sealed(json, as: draft.resource.type), try sealed(draft.card, as: "Card"),
                    try sealed(diff, as: "Diff")
                )
            )
            records.append(draft.stored(json))
        }
        self.rows = rows
        self.records = records
    }

    /// The inserts of one transaction. `reach` is for patients who are new; if `isStrict`, a reference that leads nowhere
    /// undoes it all.
    func statements(reach: [NewReach], epoch: Int32, isStrict: Bool) -> [SQL] {
        var statements: [SQL] = []
        if !reach.isEmpty {
            statements.append(
                """
                insert into care.patient (organization_id, id)
                select \(organization), unnest(\(Array(Set(reach.map(\.patient))))::uuid[])
                """
            )
            statements.append(
                """
                insert into care.reach (organization_id, patient_id, account_id, kind, purpose, until)
                select \(organization), r.* from unnest(
                    \(reach.map(\.patient))::uuid[], \(reach.map(\.account))::uuid[], \(reach.map(\.kind.rawValue))::text[],
                    \(reach.map(\.purpose.rawValue))::text[], \(reach.map(\.until))::timestamptz[]) r
                """
            )
        }
        let (new, changed) = (rows.filter { $0.draft.version == 1 }, rows.filter { $0.draft.version > 1 })
        if !new.isEmpty { statements.append(new.count == 1 ? insert(new[0]) : insert(new)) }
        let others = new.flatMap { row in row.draft.patients.dropFirst().map { (row.draft.row, $0) } }
        if !others.isEmpty {
            statements.append(
                """
                insert into care.record_subject (organization_id, record_id, patient_id)
                select \(organization), s.record, s.patient
                  from unnest(\(others.map(\.0))::uuid[], \(others.map(\.1))::uuid[]) s (record, patient)
                """
            )
        }
        if !changed.isEmpty { statements.append(update(changed)) }
        // Two who change the same version cannot both say that they made the next one.
        statements.append(changes)
        let tokens = rows.flatMap { row in row.draft.tokens.map { (row.draft.patient, $0) } }
        for row in changed where row.draft.resource.type == "Patient" {
            statements.append("select care.forget_tokens(\(row.draft.patient), \(epoch), \(row.draft.tokens))")
        }
        if !tokens.isEmpty {
            statements.append(
                """
                insert into care.token (organization_id, value, epoch, patient_id)
                select \(organization), t.value, \(epoch), t.patient
                  from unnest(\(tokens.map(\.1))::bigint[], \(tokens.map(\.0))::uuid[]) t (value, patient)
                    on conflict do nothing
                """
            )
        }
        let references = references.map(\.tag)
        if isStrict, !references.isEmpty { statements.append("select care.require_references(\(references))") }
        return statements + appointments
    }

    /// What the drafts refer to, in the order of the drafts.
    var references: [(tag: [UInt8], place: FHIR.Expression)] { rows.flatMap(\.draft.references) }

    private typealias SealedDraft = (draft: Draft, message: [UInt8], card: [UInt8], diff: [UInt8])

    private func insert(_ row: SealedDraft) -> SQL {
        """
        insert into care.record (
            organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several, private_to)
        values (\(organization), \(row.draft.row), \(row.draft.patient), \(row.draft.resource.type), 1,
                \(row.draft.tag), \(row.message), \(row.card), \(row.draft.patients.count > 1), \(row.draft.privateTo))
        """
    }

    private func insert(_ rows: [SealedDraft]) -> SQL {
        """
        insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card, is_about_several)
        select \(organization), r.id, r.patient, r.kind, 1, r.tag, r.sealed, r.card, r.several
          from unnest(
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.draft.patient))::uuid[],
            \(rows.map(\.draft.resource.type))::text[], \(rows.map(\.draft.tag))::bytea[],
            \(rows.map(\.message))::bytea[], \(rows.map(\.card))::bytea[], \(rows.map { $0.draft.patients.count > 1 })::boolean[])
            r (id, patient, kind, tag, sealed, card, several)
        """
    }

    private func update(_ rows: [SealedDraft]) -> SQL {
        """
        update care.record r
           set version = u.version, sealed = u.sealed, card = u.card, is_deleted = u.is_deletion
          from unnest(
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.draft.version))::integer[], \(rows.map(\.message))::bytea[],
            \(rows.map(\.card))::bytea[], \(rows.map(\.draft.isDeletion))::boolean[])
            u (id, version, sealed, card, is_deletion)
         where r.organization_id = \(organization) and r.id = u.id and r.version = u.version - 1
        """
    }

    /// The lines that say what was written.
    var changes: SQL { rows.count == 1 ? changeOfOne : changeOfMany }

    private var changeOfOne: SQL {
        let row = rows[0]
        return """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(organization), (select care.acting_opening()), \(row.draft.row), \(row.draft.patient),
                    \(row.draft.version), \(row.diff))
            """
    }

    private var changeOfMany: SQL {
        """
        insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
        select \(organization), (select care.acting_opening()), r.id, r.patient, r.version, r.diff
          from unnest(
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.draft.patient))::uuid[],
            \(rows.map(\.draft.version))::integer[], \(rows.map(\.diff))::bytea[])
            r (id, patient, version, diff)
        """
    }
}

/// A way in which a new patient is reached from the start.
struct NewReach: Sendable {
    let patient: UUID
    let account: UUID
    let kind: Care.Reach
    var purpose: Purpose = .care
    var until: Date?

    /// How whoever enters a patient reaches them.
    static func ofCreator(_ pass: Pass, _ patient: UUID) -> NewReach {
        NewReach(patient: patient, account: pass.account.uuid, kind: .ofCreator(holding: pass.roles))
    }
}
