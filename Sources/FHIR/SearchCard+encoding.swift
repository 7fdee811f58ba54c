/// Why bytes are no search card.
public struct SearchCardError: Error, Sendable, Equatable {
    public enum Kind: String, Sendable { case version, truncated, trailing, malformed, tooLarge }
    public let kind: Kind
}

/// The form in which cards are stored.
///
///     version        1 byte: 3
///     strings        count, then each: length, UTF-8
///     type id time   three indices of strings
///     values         count, then each: kind (1 byte), index of the parameter's name, content
///
/// Content by kind: 1 token: indices of system, code, text · 2 date: start and end, 8 bytes each, big-endian · 3
/// reference, 4 string, 5 URI: an index · 6 quantity: indices of low, high, system, code, unit · 7 position: latitude,
/// longitude · 8 identifier with type: system, code, value · 9 identifier for a reference: system, value · 10 composite:
/// how many parts, and for each how many values and then these, each a kind and its content. Counts, lengths and indices
/// are LEB128 numbers of at most 5 bytes.
///
/// Version 1 knew no quantities and no composites, version 2 no text of a concept as an Observation's `value-string`. Whenever a card holds more than before, the version goes up: what is
/// older is refused, and whoever keeps the record makes its card anew.
extension SearchCard {
    private static let version: UInt8 = 3

    public func encoded() -> [UInt8] {
        var table = StringTable()
        var body: [UInt8] = []
        for text in [type, id, lastUpdated] { table.index(of: text).appendNumber(to: &body) }
        values.count.appendNumber(to: &body)
        for value in values { Self.append(value, to: &body, &table) }
        return [Self.version] + table.encoded() + body
    }

    /// The card that bytes hold. They may be anybody's: every length and index is checked.
    public init(decoding bytes: [UInt8]) throws(SearchCardError) {
        var reader = CardReader(bytes: bytes)
        guard try reader.byte() == Self.version else { throw SearchCardError(kind: .version) }
        try reader.readStrings()
        type = try reader.string()
        id = try reader.string()
        lastUpdated = try reader.string()
        guard ResourceType.names.contains(type) else { throw SearchCardError(kind: .malformed) }
        let count = try reader.count(most: Self.mostValues)
        var values: [Value] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try reader.value()) }
        guard reader.isAtEnd else { throw SearchCardError(kind: .trailing) }
        self.values = values
    }

    private static func append(_ value: Value, to bytes: inout [UInt8], _ table: inout StringTable) {
        bytes.append(value.content.kind)
        table.index(of: value.parameter).appendNumber(to: &bytes)
        append(value.content, to: &bytes, &table)
    }

    private static func append(_ content: Content, to bytes: inout [UInt8], _ table: inout StringTable) {
        func append(_ texts: String...) {
            for text in texts { table.index(of: text).appendNumber(to: &bytes) }
        }
        switch content {
        case .token(let system, let code, let text): append(system, code, text)
        case .reference(let text), .string(let text), .uri(let text): append(text)
        case .quantity(let low, let high, let system, let code, let unit): append(low, high, system, code, unit)
        case .position(let latitude, let longitude): append(latitude, longitude)
        case .typedIdentifier(let system, let code, let value): append(system, code, value)
        case .logicalReference(let system, let value): append(system, value)
        case .date(let start, let end):
            for number in [start, end] {
                for shift in stride(from: 56, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            }
        case .composite(let parts):
            parts.count.appendNumber(to: &bytes)
            for part in parts {
                part.count.appendNumber(to: &bytes)
                for content in part {
                    bytes.append(content.kind)
                    Self.append(content, to: &bytes, &table)
                }
            }
        }
    }
}

extension SearchCard.Content {
    fileprivate var kind: UInt8 {
        switch self {
        case .token: 1
        case .date: 2
        case .reference: 3
        case .string: 4
        case .uri: 5
        case .quantity: 6
        case .position: 7
        case .typedIdentifier: 8
        case .logicalReference: 9
        case .composite: 10
        }
    }
}

extension Int {
    fileprivate func appendNumber(to bytes: inout [UInt8]) {
        var rest = UInt32(self)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

/// Each text once: systems and patients come again and again.
private struct StringTable {
    private var indices: [String: Int] = [:]
    private var texts: [String] = []

    mutating func index(of text: String) -> Int {
        // Dictionaries hold what Unicode holds equal for the same; the bytes decide.
        if let index = indices[text], texts[index].hasSameBytes(as: text) { return index }
        indices[text] = texts.count
        texts.append(text)
        return texts.count - 1
    }

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        texts.count.appendNumber(to: &bytes)
        for text in texts {
            text.utf8.count.appendNumber(to: &bytes)
            bytes.append(contentsOf: text.utf8)
        }
        return bytes
    }
}

private struct CardReader {
    private static let mostStrings = 25_000

    private let bytes: [UInt8]
    private var position = 0
    private var strings: [String] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(SearchCardError) -> UInt8 {
        guard position < bytes.count else { throw SearchCardError(kind: .truncated) }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func number() throws(SearchCardError) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 28, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard value <= UInt64(UInt32.max), byte != 0 || shift == 0 else { break }
                return Int(value)
            }
        }
        throw SearchCardError(kind: .malformed)
    }

    /// How many follow. Each takes a byte at least, so that a count cannot ask for memory that the bytes do not pay for.
    mutating func count(most: Int) throws(SearchCardError) -> Int {
        let count = try number()
        guard count <= most else { throw SearchCardError(kind: .tooLarge) }
        guard count <= bytes.count - position else { throw SearchCardError(kind: .truncated) }
        return count
    }

    mutating func readStrings() throws(SearchCardError) {
        let count = try count(most: Self.mostStrings)
        strings.reserveCapacity(count)
        for _ in 0..<count {
            let length = try number()
            guard length <= bytes.count - position else { throw SearchCardError(kind: .truncated) }
            guard let text = String(validating: bytes[position..<(position + length)], as: UTF8.self) else {
                throw SearchCardError(kind: .malformed)
            }
            strings.append(text)
            position += length
        }
    }

    mutating func string() throws(SearchCardError) -> String {
        let index = try number()
        guard index < strings.count else { throw SearchCardError(kind: .malformed) }
        return strings[index]
    }

    mutating func value() throws(SearchCardError) -> SearchCard.Value {
        let kind = try byte()
        let parameter = try string()
        return .init(parameter, kind == 10 ? try composite() : try content(kind))
    }

    private mutating func content(_ kind: UInt8) throws(SearchCardError) -> SearchCard.Content {
        switch kind {
        case 1: return .token(system: try string(), code: try string(), text: try string())
        case 2: return .date(start: try integer(), end: try integer())
        case 3: return .reference(try string())
        case 4: return .string(try string())
        case 5: return .uri(try string())
        case 6:
            return .quantity(
                low: try string(),
                high: try string(),
                system: try string(),
                code: try string(),
                unit: try string()
            )
        case 7: return .position(latitude: try string(), longitude: try string())
        case 8: return .typedIdentifier(system: try string(), code: try string(), value: try string())
        case 9: return .logicalReference(system: try string(), value: try string())
        default: throw SearchCardError(kind: .malformed)
        }
    }

    /// Composites hold no composites, so that nobody's bytes can make this nest.
    private mutating func composite() throws(SearchCardError) -> SearchCard.Content {
        var parts: [[SearchCard.Content]] = []
        for _ in 0..<(try count(most: SearchCard.mostValues)) {
            var part: [SearchCard.Content] = []
            for _ in 0..<(try count(most: SearchCard.mostValues)) { part.append(try content(try byte())) }
            parts.append(part)
        }
        return .composite(parts)
    }

    private mutating func integer() throws(SearchCardError) -> Int64 {
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(try byte()) }
        return Int64(bitPattern: value)
    }
}
