extension JSON {
    /// Reads a JSON text (RFC 8259), exactly and suspiciously.
    ///
    /// Beyond the grammar, duplicate members, byte order marks, invalid UTF-8, U+0000, lone surrogates and whatever goes
    /// beyond `limits` are refused.
    public init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .standard) throws(JSONError) {
        let result =
            bytes.withContiguousStorageIfAvailable { JSONParser.parse($0, limits: limits) }
            ?? Array(bytes).withUnsafeBufferPointer { JSONParser.parse($0, limits: limits) }
        self = try result.get()
    }

    /// Reads a JSON text that is already a string.
    public init(parsing text: String, limits: JSONLimits = .standard) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// A recursive-descent parser over bytes. Recursion is bounded by `JSONLimits.depth`.
private struct JSONParser {
    /// Where the parser stopped, and why. The place is found afterwards, so that the good case pays nothing for it.
    struct Failure: Error {
        let kind: JSONError.Kind
        let offset: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var position = 0
    private var values = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) -> Result<JSON, JSONError> {
        var parser = JSONParser(bytes, limits: limits)
        do {
            return .success(try parser.document())
        } catch {
            let place = JSONPlace.expression(at: parser.placeOffset(of: error), in: bytes)
            return .failure(JSONError(kind: error.kind, offset: error.offset, expression: place))
        }
    }

    /// Where to look for the place of a failure: for a member given twice, that is the member and not the object.
    private mutating func placeOffset(of failure: Failure) -> Int {
        guard failure.kind == .duplicateKey else { return failure.offset }
        skipSpace()
        return take(UInt8(ascii: ":")) ? position : failure.offset
    }

    private mutating func document() throws(Failure) -> JSON {
        guard bytes.count <= limits.bytes else { throw Failure(kind: .tooLarge, offset: limits.bytes) }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw Failure(kind: .byteOrderMark, offset: 0) }
        skipSpace()
        guard position < bytes.count else { throw Failure(kind: .empty, offset: position) }
        let json = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw Failure(kind: .trailing, offset: position) }
        return json
    }

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        guard position < bytes.count else { throw failure(.truncated) }
        values += 1
        guard values <= limits.values else { throw failure(.tooManyValues) }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw failure(.syntax)
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSONObject {
        guard depth <= limits.depth else { throw failure(.tooDeep) }
        position += 1
        skipSpace()
        var members: [(key: String, value: JSON)] = []
        if take(UInt8(ascii: "}")) { return JSONObject(members) }
        members.reserveCapacity(4)
        var seen: Set<String> = []
        repeat {
            skipSpace()
            let start = position
            guard position < bytes.count else { throw failure(.truncated) }
            guard bytes[position] == UInt8(ascii: "\"") else { throw failure(.syntax) }
            let key = try string()
            guard isNew(key, in: members, &seen) else { throw Failure(kind: .duplicateKey, offset: start) }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure(.syntax) }
            skipSpace()
            members.append((key, try value(depth: depth)))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure(.syntax) }
        return JSONObject(members)
    }

    private mutating func array(depth: Int) throws(Failure) -> [JSON] {
        guard depth <= limits.depth else { throw failure(.tooDeep) }
        position += 1
        skipSpace()
        var values: [JSON] = []
        if take(UInt8(ascii: "]")) { return values }
        repeat {
            skipSpace()
            values.append(try value(depth: depth))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure(.syntax) }
        return values
    }

    /// Whether an object has no such key yet. Few keys are compared one by one; from 16 on a set keeps an object with
    /// a million members from costing a trillion comparisons.
    private func isNew(_ key: String, in members: [(key: String, value: JSON)], _ seen: inout Set<String>) -> Bool {
        guard members.count >= 16 else { return !members.contains { $0.key == key } }
        if seen.isEmpty { for member in members { seen.insert(member.key) } }
        return seen.insert(key).inserted
    }

    // MARK: Strings

    private mutating func string() throws(Failure) -> String {
        let start = position + 1
        let end = plainEnd(from: start)
        guard end < bytes.count else { throw Failure(kind: .truncated, offset: bytes.count) }
        switch bytes[end] {
        case UInt8(ascii: "\""):
            position = end + 1
            return try bounded(text(UnsafeBufferPointer(rebasing: bytes[start..<end]), at: start), at: start)
        case UInt8(ascii: "\\"):
            return try escapedString(from: start, plain: end)
        default:
            throw Failure(kind: bytes[end] == 0 ? .nul : .controlCharacter, offset: end)
        }
    }

    /// The next quote, backslash or control character.
    @inline(__always)
    private func plainEnd(from start: Int) -> Int {
        var index = start
        // Eight bytes at a time: a byte below 0x20, or equal to either character, borrows into its highest bit.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        while index + 8 <= bytes.count {
            let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + index).loadUnaligned(as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            let low = (word &- (ones &* 0x20)) & ~word
            let hit = (low | ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash)) & tops
            // Borrows run towards higher bytes only, so the first hit in memory order is a true one.
            if hit != 0 { return index + UInt64(littleEndian: hit).trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
            index += 1
        }
        return index
    }

    private func text(_ part: UnsafeBufferPointer<UInt8>, at start: Int) throws(Failure) -> String {
        // Nearly all strings are ASCII, and reading those needs nothing generic, which is a third of all time.
        if isASCII(part) { return String(decoding: part, as: UTF8.self) }
        guard let text = String(validating: part, as: UTF8.self) else {
            throw Failure(kind: .invalidUTF8, offset: start + JSONPlace.firstInvalidByte(in: part))
        }
        return text
    }

    @inline(__always)
    private func isASCII(_ part: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = part.baseAddress else { return true }
        var index = 0
        while index + 8 <= part.count {
            if UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
                return false
            }
            index += 8
        }
        while index < part.count {
            if start[index] >= 0x80 { return false }
            index += 1
        }
        return true
    }

    @inline(__always)
    private func bounded(_ text: String, at start: Int) throws(Failure) -> String {
        guard text.utf8.count <= String.mostMarks || text.hasBoundedMarks else {
            throw Failure(kind: .tooManyMarks, offset: start)
        }
        return text
    }

    private mutating func escapedString(from start: Int, plain: Int) throws(Failure) -> String {
        var content: [UInt8] = []
        content.reserveCapacity(plain - start + 32)
        var from = start
        var end = plain
        while true {
            let part = UnsafeBufferPointer(rebasing: bytes[from..<end])
            // Checked part by part: a character may not be begun before an escape and finished after it.
            if !part.isEmpty { _ = try text(part, at: from) }
            content.append(contentsOf: part)
            guard end < bytes.count else { throw Failure(kind: .truncated, offset: bytes.count) }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                position = end + 1
                return try bounded(String(decoding: content, as: UTF8.self), at: start)
            case UInt8(ascii: "\\"):
                position = end + 1
                try escape(into: &content)
                from = position
                end = plainEnd(from: from)
            default:
                throw Failure(kind: bytes[end] == 0 ? .nul : .controlCharacter, offset: end)
            }
        }
    }

    private mutating func escape(into content: inout [UInt8]) throws(Failure) {
        guard position < bytes.count else { throw failure(.truncated) }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: Array(String(try escapedScalar()).utf8))
        default: throw Failure(kind: .escape, offset: position - 2)
        }
    }

    private mutating func escapedScalar() throws(Failure) -> Unicode.Scalar {
        let start = position - 2
        let first = try hexadecimal()
        if first == 0 { throw Failure(kind: .nul, offset: start) }
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw Failure(kind: .loneSurrogate, offset: start)
        }
        let second = try hexadecimal()
        let value = 0x10000 + ((first & 0x3FF) << 10) + (second & 0x3FF)
        guard (0xDC00...0xDFFF).contains(second), let scalar = Unicode.Scalar(value) else {
            throw Failure(kind: .loneSurrogate, offset: start)
        }
        return scalar
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw Failure(kind: .truncated, offset: bytes.count) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw failure(.escape)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: Numbers and words

    private mutating func number() throws(Failure) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let leading = position
        var digits = try self.digits()
        if digits > 1, bytes[leading] == UInt8(ascii: "0") { throw Failure(kind: .number, offset: leading) }
        if take(UInt8(ascii: ".")) { digits += try self.digits() }
        guard digits <= limits.digits else { throw Failure(kind: .numberTooLong, offset: start) }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let first = position
            let size = try self.digits()
            var exponent = 0
            for index in first..<(first + min(size, 9)) { exponent = exponent * 10 + Int(bytes[index] & 0x0F) }
            guard size <= 9, exponent <= limits.exponent else { throw Failure(kind: .numberTooLong, offset: start) }
        }
        return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    }

    /// Goes over digits, of which there must be one at least, and says how many there were.
    private mutating func digits() throws(Failure) -> Int {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw failure(position == bytes.count ? .truncated : .number) }
        return position - start
    }

    private mutating func word(_ word: StaticString, _ json: JSON) throws(Failure) -> JSON {
        for index in 0..<word.utf8CodeUnitCount {
            guard position < bytes.count else { throw failure(.truncated) }
            guard take(word.utf8Start[index]) else { throw failure(.syntax) }
        }
        return json
    }

    // MARK: Bytes

    @inline(__always)
    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// A failure here; where the text has ended, that it has ended is the failure.
    private func failure(_ kind: JSONError.Kind) -> Failure {
        Failure(kind: position >= bytes.count && kind == .syntax ? .truncated : kind, offset: position)
    }
}

/// Finds out in which element a byte lies. Slow and only for errors; the bytes before it must be good JSON.
enum JSONPlace {
    private enum Level {
        case object(key: String?)
        case array(index: Int)
    }

    /// The element, as in `Patient.name[0].family`.
    static func expression(at offset: Int, in bytes: UnsafeBufferPointer<UInt8>) -> String {
        var levels: [Level] = []
        var root = ""
        var position = 0
        while position < min(offset, bytes.count) {
            switch bytes[position] {
            case UInt8(ascii: "{"): levels.append(.object(key: nil))
            case UInt8(ascii: "["): levels.append(.array(index: 0))
            case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = levels.popLast()
            case UInt8(ascii: ","): next(&levels)
            case UInt8(ascii: "\""):
                let end = stringEnd(from: position, in: bytes)
                guard end <= offset else { return joined(root, levels) }
                note(String(decoding: bytes[(position + 1)..<(end - 1)], as: UTF8.self), &levels, &root)
                position = end - 1
            default: break
            }
            position += 1
        }
        return joined(root, levels)
    }

    /// The first byte that does not continue valid UTF-8.
    static func firstInvalidByte(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var decoder = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var valid = 0
        while case .valid(let scalar) = decoder.parseScalar(from: &iterator) { valid += scalar.count }
        return valid
    }

    private static func next(_ levels: inout [Level]) {
        switch levels.popLast() {
        case .array(let index): levels.append(.array(index: index + 1))
        case .object: levels.append(.object(key: nil))
        case nil: break
        }
    }

    /// A string was read: a key, or the type of the resource, which becomes the root of the expression.
    private static func note(_ text: String, _ levels: inout [Level], _ root: inout String) {
        switch levels.last {
        case .object(key: nil): levels[levels.count - 1] = .object(key: text)
        case .object(key: "resourceType"?) where levels.count == 1 && ResourceType.names.contains(text): root = text
        default: break
        }
    }

    /// The byte after a string's closing quote; more than there are if it does not close.
    private static func stringEnd(from start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
        var position = start + 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return position >= bytes.count ? bytes.count + 1 : position + 1
    }

    private static func joined(_ root: String, _ levels: [Level]) -> String {
        var expression = Expression(root)
        for level in levels {
            switch level {
            case .object(let key?): expression = expression.child(key)
            case .array(let index): expression = expression[index]
            case .object(key: nil): break
            }
        }
        return expression.text
    }
}
