public import FoundationEssentials

/// The one place a message belongs to. Moved anywhere else, it does not open.
public struct Binding: Hashable, Sendable {
    /// The organisation whose row it is.
    public var organization: UUID
    /// What is sealed: a resource type, or `Card`, `Diff`, `Meta` …
    public var kind: String
    /// The row.
    public var id: UUID
    /// The row's version.
    public var version: Int32

    /// Names the place of one message.
    public init(organization: UUID, kind: String, id: UUID, version: Int32) {
        self.organization = organization
        self.kind = kind
        self.id = id
        self.version = version
    }
}

/// Bytes in which every field is preceded by its length, so that no two lists of fields read the same.
struct Fields {
    private(set) var bytes: [UInt8]

    /// Starts behind bytes whose own length is fixed or told by themselves.
    init(after prefix: [UInt8] = []) {
        bytes = prefix
    }

    mutating func append(_ field: some Collection<UInt8>) {
        bytes.append(bigEndian: UInt32(field.count))
        bytes.append(contentsOf: field)
    }

    mutating func append(_ text: String) {
        append(text.utf8)
    }

    mutating func append(_ id: UUID) {
        append(id.bytes)
    }

    mutating func append(_ number: Int32) {
        bytes.append(bigEndian: UInt32(4))
        bytes.append(bigEndian: UInt32(bitPattern: number))
    }
}

extension [UInt8] {
    mutating func append(bigEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension UUID {
    var bytes: [UInt8] {
        withUnsafeBytes(of: uuid) { Array($0) }
    }
}
