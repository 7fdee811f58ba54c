public import FHIR
public import FoundationEssentials
import People
import Postgres
import Seals

/// A record as its caller gets it: the exact bytes that were sealed.
public struct StoredRecord: Sendable {
    /// The FHIR resource, as JSON.
    public let json: [UInt8]
    /// The FHIR type.
    public let type: String
    /// The id in FHIR addresses.
    public let id: String
    /// Counted from 1.
    public let version: Int32
    /// When this version was written.
    public let writtenAt: Date
    /// The patient whose record it is; `nil` for what is of the directory.
    public let patient: UUID?
    /// Whom else it is about; known where it is written.
    var others: [UUID] = []
    /// The row in the database.
    public let row: UUID

    /// Whether it is sealed for several patients.
    var isAboutSeveral = false
    /// Whether it is the mark of a deletion: type, id and `meta` alone.
    public var isDeleted = false
    /// The resource, where it had to be parsed already.
    var parsed: Resource?

    /// Whom it is about, the patient with whom it stands first.
    var patients: [UUID] { (patient.map { [$0] } ?? []) + others }

    /// The resource, parsed.
    public var resource: Resource {
        get throws { try parsed ?? Resource(parsing: json) }
    }
}

/// A row of `care.record` or `care.version`, sealed.
struct SealedRecord: Sendable {
    let row: UUID
    let patient: UUID?
    let type: String
    let version: Int32
    let message: [UInt8]
    let writtenAt: Date
    let isDeleted: Bool

    /// The columns of `care.record` that ``init(_:)`` reads, in its order.
    static let columns: SQL = "id, patient_id, kind, version, sealed, written_at, is_deleted"

    /// The same of `care.version`.
    static let columnsOfVersion: SQL = "record_id, patient_id, kind, version, sealed, written_at, is_deleted"

    init(_ answer: Row) throws(PostgresError) {
        row = try answer.decode(UUID.self, at: 0)
        patient = try answer.decode(UUID?.self, at: 1)
        type = try answer.decode(String.self, at: 2)
        version = try answer.decode(Int32.self, at: 3)
        message = try answer.decode([UInt8].self, at: 4)
        writtenAt = try answer.decode(Date.self, at: 5)
        isDeleted = try answer.decode(Bool.self, at: 6)
    }

    /// Whose keys may open a message under a pass: the one with whom it stands; if it is for several, all whom the pass names.
    static func keyholders(of message: [UInt8], standingWith patient: UUID?, under pass: Pass) -> [Subject] {
        guard let patient else { return [.directory(of: pass.organization)] }
        guard SubjectKey.isForSeveral(message) else { return [.patient(patient, of: pass.organization)] }
        let isFirst = { (id: UUID) in id == patient }
        return (pass.patients.filter(isFirst) + pass.patients.filter { !isFirst($0) })
            .map { .patient($0, of: pass.organization) }
    }

    /// Opens it with the first of these keys that does; `nil` if there is no key. Where its public id is not known, the resource says.
    func open(with keys: [SubjectKey], id: String?) throws -> StoredRecord? {
        guard let organization = keys.first?.subject.organization else { return nil }
        let binding = Binding(organization: organization, kind: type, id: row, version: version)
        guard let json = try message.opened(with: keys, for: binding) else { return nil }
        let parsed = id == nil ? try Resource(parsing: json) : nil
        return StoredRecord(
            json: json,
            type: type,
            id: id ?? parsed?.id ?? "",
            version: version,
            writtenAt: writtenAt,
            patient: patient,
            row: row,
            isAboutSeveral: SubjectKey.isForSeveral(message),
            isDeleted: isDeleted,
            parsed: parsed
        )
    }
}

extension [UInt8] {
    /// What a sealed message says, opened with the first of these keys that it was sealed for; `nil` if there is no key.
    func opened(with keys: [SubjectKey], for binding: Binding) throws(SealError) -> [UInt8]? {
        for (number, key) in keys.enumerated() {
            do {
                return try key.open(self, for: binding)
            } catch {
                guard error == .wrongKey, number + 1 < keys.count else { throw error }
            }
        }
        return nil
    }
}
