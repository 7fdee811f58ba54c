public import Care
public import FoundationEssentials
public import Postgres

/// One entry of the audit trail, as someone whose record it is about may read it.
public struct TrailEntry: Sendable {
    /// The entry.
    public let id: UUID
    /// When the gate decided.
    public let at: Date
    /// Who acted; nobody for what could not be attributed.
    public let account: Person.ID?
    /// What was done, or tried. A text, since the trail outlives acts.
    public let act: String
    /// Whether the gate opened a pass, or refused.
    public let granted: Bool
    /// Why, as declared.
    public let purpose: String?
    /// The FHIR type of the record, if it was about one.
    public let recordType: String?
    /// The year of the key that sealed the note.
    public let keyEpoch: Int32
    /// The entry's salt.
    public let salt: [UInt8]
    /// The sealed access note.
    public let sealed: [UInt8]

    /// The entries about the patient whom the pass in force names, the newest first.
    public static func aboutPatientOfPass(in organization: UUID, before: Date?, limit: Int) -> SQL {
        """
        select e.id, e.at, e.account_id, e.act, e.granted, e.purpose, e.key_epoch, e.salt, e.sealed, r.kind
          from care.entry e
          left join care.record r on r.organization_id = e.organization_id and r.id = e.record_id
         where e.organization_id = \(organization)
           and e.patient_id = any ((select care.acting_patients('entry.read'))::uuid[])
           and e.at < coalesce(\(before), 'infinity')
         order by e.at desc, e.id limit \(Int64(limit))
        """
    }

    /// Reads a row of ``aboutPatientOfPass(in:before:limit:)``.
    public init(_ row: Row) throws(PostgresError) {
        id = try row.decode(UUID.self, at: 0)
        at = try row.decode(Date.self, at: 1)
        account = try row.decode(UUID?.self, at: 2).map(Person.ID.init)
        act = try row.decode(String.self, at: 3)
        granted = try row.decode(Bool.self, at: 4)
        purpose = try row.decode(String?.self, at: 5)
        keyEpoch = try row.decode(Int32.self, at: 6)
        salt = try row.decode([UInt8].self, at: 7)
        sealed = try row.decode([UInt8].self, at: 8)
        recordType = try row.decode(String?.self, at: 9)
    }
}
