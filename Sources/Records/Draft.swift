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
    /// The patient whose record it is, by row; `nil` for the directory.
    let patient: UUID?
    let now: Date
    /// Tokens by which the patient is found; for a Patient only.
    let tokens: [Int64]
    let tag: [UInt8]
    /// The search card, not sealed yet.
    let card: [UInt8]
    /// What it refers to on this server: each record's tag, and where the reference stands.
    let references: [(tag: [UInt8], place: FHIR.Expression)]

    /// Settles the id and `meta` of a new resource.
    init(_ resource: Resource, row: UUID = UUID(), id: String, patient: UUID?, now: Date, index: BlindIndex) {
        var resource = resource
        resource.id = id
        var meta = resource.object["meta"]?.object ?? [:]
        meta["versionId"] = "1"
        let instant = now.formatted(Self.instant)
        meta["lastUpdated"] = .string(instant)
        resource.object["meta"] = .object(meta)
        self.resource = resource
        self.id = id
        self.row = row
        self.patient = patient
        self.now = now
        card = SearchCard(of: resource, id: id, lastUpdated: instant).encoded()
        references = resource.references().compactMap { reference in
            guard case .relative(let type, let id, _) = reference.target else { return nil }
            return (tag: index.tag(kind: type, id: id), place: reference.expression)
        }
        tag = index.tag(kind: resource.type, id: id)
        tokens = resource.type == "Patient" ? PatientTokens.all(of: resource, index: index) : []
    }

    /// The record after it is written.
    func stored(_ json: [UInt8]) -> StoredRecord {
        StoredRecord(
            json: json,
            type: resource.type,
            id: id,
            version: 1,
            writtenAt: now,
            patient: patient,
            row: row
        )
    }

    func subject(in organization: UUID) -> Subject {
        patient.map { .patient($0, of: organization) } ?? .directory(of: organization)
    }

    private static let instant = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

/// Drafts, sealed, and the statements that write them.
struct SealedDrafts: Sendable {
    let records: [StoredRecord]
    private let organization: UUID
    private let rows: [(draft: Draft, message: [UInt8], card: [UInt8], diff: [UInt8])]

    /// Seals each draft under its subject's key: the record, its search card, and the diff that says what was changed.
    init(_ drafts: [Draft], organization: UUID, sealer: (Subject) throws -> Sealer) throws {
        self.organization = organization
        var rows: [(draft: Draft, message: [UInt8], card: [UInt8], diff: [UInt8])] = []
        var records: [StoredRecord] = []
        for draft in drafts {
            let sealer = try sealer(draft.subject(in: organization))
            let json = draft.resource.json.serialized()
            func binding(_ kind: String) -> Binding {
                Binding(organization: organization, kind: kind, id: draft.row, version: 1)
            }
            let diff = Array("{\"op\":\"create\",\"sha256\":\"\(Self.hex(Primitive.sha256(json)))\"}".utf8)
            rows.append(
                (
                    draft, try sealer.seal(json, for: binding(draft.resource.type)),
                    try sealer.seal(draft.card, for: binding("Card")),
                    try sealer.seal(diff, for: binding("Diff"))
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
        statements.append(rows.count == 1 ? insertOfOne : insertOfMany)
        statements.append(rows.count == 1 ? changeOfOne : changeOfMany)
        let tokens = rows.flatMap { row in row.draft.tokens.map { (row.draft.patient, $0) } }
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
        return statements
    }

    /// What the drafts refer to, in the order of the drafts.
    var references: [(tag: [UInt8], place: FHIR.Expression)] { rows.flatMap(\.draft.references) }

    private var insertOfOne: SQL {
        let row = rows[0]
        return """
            insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
            values (\(organization), \(row.draft.row), \(row.draft.patient), \(row.draft.resource.type), 1,
                    \(row.draft.tag), \(row.message), \(row.card))
            """
    }

    private var insertOfMany: SQL {
        """
        insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
        select \(organization), r.id, r.patient, r.kind, 1, r.tag, r.sealed, r.card
          from unnest(
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.draft.patient))::uuid[],
            \(rows.map(\.draft.resource.type))::text[], \(rows.map(\.draft.tag))::bytea[],
            \(rows.map(\.message))::bytea[], \(rows.map(\.card))::bytea[]) r (id, patient, kind, tag, sealed, card)
        """
    }

    private var changeOfOne: SQL {
        let row = rows[0]
        return """
            insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
            values (\(organization), (select care.acting_opening()), \(row.draft.row), \(row.draft.patient), 1, \(row.diff))
            """
    }

    private var changeOfMany: SQL {
        """
        insert into care.change (organization_id, opening_id, record_id, patient_id, version, sealed_diff)
        select \(organization), (select care.acting_opening()), r.id, r.patient, 1, r.diff
          from unnest(
            \(rows.map(\.draft.row))::uuid[], \(rows.map(\.draft.patient))::uuid[], \(rows.map(\.diff))::bytea[])
            r (id, patient, diff)
        """
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A way in which a new patient is reached from the start.
struct NewReach: Sendable {
    let patient: UUID
    let account: UUID
    let kind: Care.Reach
    var purpose: Purpose = .care
    var until: Date?
}
