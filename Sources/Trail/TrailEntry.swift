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
    /// In whose session they did it, having shown there who they are; `nil` where it was their own.
    public let onDeviceOf: Person.ID?
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

    /// Where an entry stands in the trail, to go on from there. One opening's entries are of the same moment.
    public struct Place: Sendable, Equatable {
        /// Microseconds since 1970.
        let at: Int64
        let id: UUID

        /// As it stands in addresses.
        public var text: String { "\(at).\(id.uuidString.lowercased())" }

        /// Reads ``text``.
        public init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            // To the year 9999: the database counts no further than it must.
            guard parts.count == 2, let at = Int64(parts[0]), (0...253_402_300_799_999_999).contains(at),
                let id = UUID(uuidString: String(parts[1]))
            else { return nil }
            self.init(at: at, id: id)
        }

        init(at: Int64, id: UUID) {
            self.at = at
            self.id = id
        }
    }

    /// Where this entry stands.
    public let place: Place

    /// The entries about the patient whom the pass in force names, the newest first, from a place on.
    public static func aboutPatientOfPass(in organization: UUID, after place: Place?, limit: Int) -> SQL {
        """
        select e.id, e.at, e.account_id, e.act, e.granted, e.purpose, e.key_epoch, e.salt, e.sealed, r.kind,
               (extract(epoch from e.at) * 1000000)::bigint, e.on_device_of
          from care.entry e
          left join care.record r on r.organization_id = e.organization_id and r.id = e.record_id
         where e.organization_id = \(organization)
           and e.patient_id = any ((select care.acting_patients('entry.read'))::uuid[])
           and (\(place?.at)::bigint is null
                or (e.at, e.id) < (
                    timestamptz '1970-01-01 00:00+00' + \(place?.at)::bigint * interval '1 microsecond', \(place?.id)::uuid))
         order by e.at desc, e.id desc limit \(Int64(limit))
        """
    }

    /// Reads a row of ``aboutPatientOfPass(in:after:limit:)``.
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
        place = Place(at: try row.decode(Int64.self, at: 10), id: id)
        onDeviceOf = try row.decode(UUID?.self, at: 11).map(Person.ID.init)
    }
}
