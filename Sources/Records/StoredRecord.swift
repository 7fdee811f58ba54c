public import FHIR
public import FoundationEssentials
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
    /// The row in the database.
    public let row: UUID

    /// Whether it is the mark of a deletion: type, id and `meta` alone.
    public var isDeleted = false
    /// The resource, where it had to be parsed already.
    var parsed: Resource?

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

    func subject(in organization: UUID) -> Subject {
        patient.map { .patient($0, of: organization) } ?? .directory(of: organization)
    }

    /// Opens it. Where its public id is not known, the resource says.
    func open(with key: SubjectKey, id: String?) throws -> StoredRecord {
        let binding = Binding(organization: key.subject.organization, kind: type, id: row, version: version)
        let json = try key.open(message, for: binding)
        let parsed = id == nil ? try Resource(parsing: json) : nil
        return StoredRecord(
            json: json,
            type: type,
            id: id ?? parsed?.id ?? "",
            version: version,
            writtenAt: writtenAt,
            patient: patient,
            row: row,
            isDeleted: isDeleted,
            parsed: parsed
        )
    }
}
