public import FoundationEssentials

/// A value that can be a parameter and a cell, in PostgreSQL's binary format.
///
/// An id that wraps a `UUID` conforms by name only: being `RawRepresentable` it takes over what its raw value does.
public protocol Bindable: Sendable {
    /// The type a parameter is declared with, so that the server need not guess.
    static var postgresType: PostgresType { get }
    /// Whether this is NULL.
    var isNull: Bool { get }
    /// Appends the binary form; not called for NULL.
    func encode(into bytes: inout [UInt8])
    /// Reads a cell, or throws an error of kind `decoding`.
    static func decode(_ cell: Cell) throws(PostgresError) -> Self
}

extension Bindable {
    /// Only an optional is ever NULL.
    public var isNull: Bool { false }
}

/// A value of which there are arrays in the database.
public protocol BindableElement: Sendable {
    /// The type of the array.
    static var arrayType: PostgresType { get }
    /// Appends the binary form of an array.
    static func encode(elements: [Self], into bytes: inout [UInt8])
    /// Reads an array.
    static func decode(elements cell: Cell) throws(PostgresError) -> [Self]
}

/// A type of PostgreSQL by its number in `pg_type`; the built-in ones never change.
public struct PostgresType: RawRepresentable, Sendable, Hashable {
    /// The object id.
    public let rawValue: UInt32

    /// A type by its object id.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    static let bool = PostgresType(rawValue: 16)
    static let bytea = PostgresType(rawValue: 17)
    static let char = PostgresType(rawValue: 18)
    static let name = PostgresType(rawValue: 19)
    static let int8 = PostgresType(rawValue: 20)
    static let int2 = PostgresType(rawValue: 21)
    static let int4 = PostgresType(rawValue: 23)
    static let text = PostgresType(rawValue: 25)
    static let oid = PostgresType(rawValue: 26)
    static let json = PostgresType(rawValue: 114)
    static let float8 = PostgresType(rawValue: 701)
    static let unknown = PostgresType(rawValue: 705)
    static let bpchar = PostgresType(rawValue: 1042)
    static let varchar = PostgresType(rawValue: 1043)
    static let timestamptz = PostgresType(rawValue: 1184)
    static let void = PostgresType(rawValue: 2278)
    static let uuid = PostgresType(rawValue: 2950)
    static let jsonb = PostgresType(rawValue: 3802)
    static let xid8 = PostgresType(rawValue: 5069)
    /// Types made by `create type` and extensions start here; of these, an enum's and citext's binary form is text.
    static let firstOfUsers: UInt32 = 16384
}

/// One cell of a result, valid only while it is decoded.
public struct Cell {
    let type: PostgresType
    /// Nil for NULL.
    let bytes: UnsafeRawBufferPointer?

    /// The bytes of a cell that is neither NULL nor of another type.
    func bytes(of types: PostgresType...) throws(PostgresError) -> UnsafeRawBufferPointer {
        guard let bytes, types.contains(type) else { throw .decoding }
        return bytes
    }

    func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(PostgresError) -> Integer {
        guard let bytes, bytes.count == MemoryLayout<Integer>.size else { throw .decoding }
        return Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
    }
}

// MARK: - Numbers and truth

extension Bool: Bindable, BindableElement {
    public static var postgresType: PostgresType { .bool }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1000) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Bool {
        let bytes = try cell.bytes(of: .bool)
        guard bytes.count == 1 else { throw .decoding }
        return bytes[0] != 0
    }
}

extension Int16: Bindable, BindableElement {
    public static var postgresType: PostgresType { .int2 }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1005) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Int16 {
        _ = try cell.bytes(of: .int2)
        return try cell.integer(Int16.self)
    }
}

extension Int32: Bindable, BindableElement {
    public static var postgresType: PostgresType { .int4 }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1007) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }

    /// Reads `integer`, and the narrower `smallint`.
    public static func decode(_ cell: Cell) throws(PostgresError) -> Int32 {
        if cell.type == .int2 { return Int32(try Int16.decode(cell)) }
        _ = try cell.bytes(of: .int4)
        return try cell.integer(Int32.self)
    }
}

extension Int64: Bindable, BindableElement {
    public static var postgresType: PostgresType { .int8 }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1016) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: self) }

    /// Reads `bigint` and what fits into it: narrower integers, `oid`, `xid8`.
    public static func decode(_ cell: Cell) throws(PostgresError) -> Int64 {
        switch cell.type {
        case .int2, .int4: return Int64(try Int32.decode(cell))
        case .oid: return Int64(try cell.integer(UInt32.self))
        default:
            _ = try cell.bytes(of: .int8, .xid8)
            return try cell.integer(Int64.self)
        }
    }
}

extension Int: Bindable, BindableElement {
    public static var postgresType: PostgresType { .int8 }
    public static var arrayType: PostgresType { Int64.arrayType }

    public func encode(into bytes: inout [UInt8]) { Int64(self).encode(into: &bytes) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Int { Int(try Int64.decode(cell)) }
}

extension Double: Bindable, BindableElement {
    public static var postgresType: PostgresType { .float8 }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1022) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(bigEndian: bitPattern) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Double {
        _ = try cell.bytes(of: .float8)
        return Double(bitPattern: try cell.integer(UInt64.self))
    }
}

// MARK: - Text, ids, times, bytes

extension String: Bindable, BindableElement {
    public static var postgresType: PostgresType { .text }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1009) }

    public func encode(into bytes: inout [UInt8]) { bytes.append(contentsOf: utf8) }

    /// Reads whatever is text in binary form: `text`, `name`, JSON, and enums.
    public static func decode(_ cell: Cell) throws(PostgresError) -> String {
        guard var bytes = cell.bytes else { throw .decoding }
        switch cell.type {
        case .text, .varchar, .bpchar, .name, .char, .unknown, .json, .void: break
        case .jsonb: bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())  // a version number comes first
        default: guard cell.type.rawValue >= PostgresType.firstOfUsers else { throw .decoding }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .decoding }
        return text
    }
}

extension UUID: Bindable, BindableElement {
    public static var postgresType: PostgresType { .uuid }
    public static var arrayType: PostgresType { PostgresType(rawValue: 2951) }

    public func encode(into bytes: inout [UInt8]) {
        withUnsafeBytes(of: uuid) { bytes.append(contentsOf: $0) }
    }

    public static func decode(_ cell: Cell) throws(PostgresError) -> UUID {
        let bytes = try cell.bytes(of: .uuid)
        guard bytes.count == 16 else { throw .decoding }
        return UUID(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// A moment is a `timestamptz`: microseconds since 2000. `distantFuture` and `distantPast` are PostgreSQL's infinities.
extension Date: Bindable, BindableElement {
    public static var postgresType: PostgresType { .timestamptz }
    public static var arrayType: PostgresType { PostgresType(rawValue: 1185) }

    /// From 2000-01-01, where PostgreSQL counts from, to 2001-01-01, where `Date` does.
    private static var secondsFrom2000: Double { 366 * 86_400 }

    public func encode(into bytes: inout [UInt8]) {
        let microseconds = ((timeIntervalSinceReferenceDate + Date.secondsFrom2000) * 1_000_000).rounded()
        bytes.append(bigEndian: bound(microseconds))
    }

    private func bound(_ microseconds: Double) -> Int64 {
        if self <= .distantPast { return .min }
        guard self < .distantFuture else { return .max }  // NaN too, which Int64.init would trap on
        return Int64(microseconds)
    }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Date {
        _ = try cell.bytes(of: .timestamptz)
        switch try cell.integer(Int64.self) {
        case .min: return .distantPast
        case .max: return .distantFuture
        case let count: return Date(timeIntervalSinceReferenceDate: Double(count) / 1_000_000 - secondsFrom2000)
        }
    }
}

/// A byte is no value of its own; an array of them is a `bytea`.
extension UInt8: BindableElement {
    public static var arrayType: PostgresType { .bytea }

    public static func encode(elements: [UInt8], into bytes: inout [UInt8]) { bytes.append(contentsOf: elements) }

    public static func decode(elements cell: Cell) throws(PostgresError) -> [UInt8] {
        [UInt8](try cell.bytes(of: .bytea))
    }
}

// MARK: - NULL, arrays, wrappers

extension Optional: Bindable where Wrapped: Bindable {
    public static var postgresType: PostgresType { Wrapped.postgresType }
    public var isNull: Bool { self?.isNull ?? true }

    public func encode(into bytes: inout [UInt8]) { self?.encode(into: &bytes) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Wrapped? {
        cell.bytes == nil ? nil : try Wrapped.decode(cell)
    }
}

/// Elements that may be NULL.
extension Optional: BindableElement where Wrapped: Bindable & BindableElement {
    public static var arrayType: PostgresType { Wrapped.arrayType }
}

extension Array: Bindable where Element: BindableElement {
    public static var postgresType: PostgresType { Element.arrayType }

    public func encode(into bytes: inout [UInt8]) { Element.encode(elements: self, into: &bytes) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> [Element] { try Element.decode(elements: cell) }
}

/// `bytea[]`.
extension Array: BindableElement where Element == UInt8 {
    public static var arrayType: PostgresType { PostgresType(rawValue: 1001) }
}

extension BindableElement where Self: Bindable {
    public static func encode(elements: [Self], into bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int32(elements.isEmpty ? 0 : 1))  // dimensions
        bytes.append(bigEndian: Int32(elements.contains(where: \.isNull) ? 1 : 0))
        bytes.append(bigEndian: postgresType.rawValue)
        guard !elements.isEmpty else { return }
        bytes.append(bigEndian: Int32(clamping: elements.count))
        bytes.append(bigEndian: Int32(1))  // the first element's index
        for element in elements { appendWithLength(element, to: &bytes) }
    }

    private static func appendWithLength(_ element: Self, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(bigEndian: Int32(-1))
        guard !element.isNull else { return }
        element.encode(into: &bytes)
        let length = Int32(clamping: bytes.count - start - 4)
        withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(start..<(start + 4), with: $0) }
    }

    public static func decode(elements cell: Cell) throws(PostgresError) -> [Self] {
        guard let bytes = cell.bytes else { throw .decoding }
        var reader = ArrayReader(bytes: bytes)
        let dimensions = try reader.next(Int32.self)
        _ = try reader.next(Int32.self)
        let element = PostgresType(rawValue: try reader.next(UInt32.self))
        guard dimensions != 0 else { return [] }
        let count = Int(try reader.next(Int32.self))
        _ = try reader.next(Int32.self)
        guard dimensions == 1, count <= bytes.count / 4 else { throw .decoding }
        var elements: [Self] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try decode(Cell(type: element, bytes: try reader.nextValue()))) }
        return elements
    }
}

/// Goes through the binary form of an array.
private struct ArrayReader {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    mutating func next<Integer: FixedWidthInteger>(_: Integer.Type) throws(PostgresError) -> Integer {
        guard offset + MemoryLayout<Integer>.size <= bytes.count else { throw .decoding }
        defer { offset += MemoryLayout<Integer>.size }
        return Integer(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    mutating func nextValue() throws(PostgresError) -> UnsafeRawBufferPointer? {
        let length = Int(try next(Int32.self))
        guard length >= 0 else { return nil }
        guard offset + length <= bytes.count else { throw .decoding }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
    }
}

extension Bindable where Self: RawRepresentable, RawValue: Bindable {
    public static var postgresType: PostgresType { RawValue.postgresType }
    public var isNull: Bool { rawValue.isNull }

    public func encode(into bytes: inout [UInt8]) { rawValue.encode(into: &bytes) }

    public static func decode(_ cell: Cell) throws(PostgresError) -> Self {
        guard let value = Self(rawValue: try RawValue.decode(cell)) else { throw .decoding }
        return value
    }
}

extension BindableElement where Self: RawRepresentable, RawValue: BindableElement {
    public static var arrayType: PostgresType { RawValue.arrayType }
}
