public import FoundationEssentials
public import Seals

/// Seals the access note of an entry before the gate writes the entry.
///
/// The key is the organisation's audit key of the year; it is held here as a `Sealer`, which seals and cannot open. Opening a
/// note takes a pass that reads the trail.
public struct AuditSeal: Sendable {
    /// The year whose key sealed the note.
    public let epoch: Int32
    /// Fresh, 32 bytes: hides the entry in the log of commitments, and ties the note to its entry.
    public let salt: [UInt8]
    /// The sealed note.
    public let sealed: [UInt8]

    /// Seals a note.
    public init(_ note: AccessNote, with sealer: Sealer, year: Int16) throws(SealError) {
        epoch = Int32(year)
        salt = Primitive.freshBytes(32)
        sealed = try sealer.seal(note.encoded, for: Self.binding(sealer.subject.organization, salt: salt))
    }

    /// Opens the note of an entry.
    public static func open(_ sealed: [UInt8], salt: [UInt8], with key: SubjectKey) throws(SealError) -> AccessNote {
        let bytes = try key.open(sealed, for: binding(key.subject.organization, salt: salt))
        guard let note = AccessNote(encoded: bytes) else { throw .malformed }
        return note
    }

    /// The year of a moment, in UTC: the epoch of audit keys.
    public static func year(of moment: Date) -> Int16 {
        Int16(clamping: calendar.component(.year, from: moment))
    }

    /// Made once: each request asks it for the year.
    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    private static func binding(_ organization: UUID, salt: [UInt8]) -> Binding {
        let id = salt.withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
        return Binding(organization: organization, kind: "Meta", id: UUID(uuid: id), version: 1)
    }
}
