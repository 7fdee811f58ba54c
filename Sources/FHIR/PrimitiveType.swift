/// FHIR's primitive types, each with its format, checked by hand: a regular expression can be made to run for hours.
enum PrimitiveType: String, Sendable, CaseIterable {
    case boolean, integer, unsignedInt, positiveInt, decimal
    case string, markdown, code, id, uri, url, canonical, oid, uuid, base64Binary
    case date, dateTime, instant, time, xhtml

    /// Whether it holds addresses, of which some may lie within the resource.
    var isAddress: Bool { self == .uri || self == .url || self == .canonical }

    /// Whether a value is of this type.
    func accepts(_ json: JSON) -> Bool {
        switch (self, json) {
        case (.boolean, .bool): true
        case (.integer, .number(let text)): Self.integer(text, in: Int(Int32.min)...Int(Int32.max))
        case (.unsignedInt, .number(let text)): Self.integer(text, in: 0...Int(Int32.max))
        case (.positiveInt, .number(let text)): Self.integer(text, in: 1...Int(Int32.max))
        case (.decimal, .number): true
        case (.boolean, _), (.integer, _), (.unsignedInt, _), (.positiveInt, _), (.decimal, _): false
        case (_, .string(let text)): accepts(text)
        default: false
        }
    }

    /// Whether a text is of this type, which is one that JSON writes as a string.
    func accepts(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            switch self {
            case .boolean, .integer, .unsignedInt, .positiveInt, .decimal: false
            case .string, .markdown: Self.isText(bytes)
            case .code: Self.isCode(bytes)
            case .id: bytes.count <= 64 && !bytes.isEmpty && bytes.allSatisfy(Self.isIDByte)
            case .uri, .url, .canonical: Self.isURI(bytes)
            case .oid: Self.isOID(bytes)
            case .uuid: Self.isUUID(bytes)
            case .base64Binary: Self.isBase64(bytes)
            case .date: DateTimeReader(bytes: bytes).read(.date) != nil
            case .dateTime: DateTimeReader(bytes: bytes).read(.dateTime) != nil
            case .instant: DateTimeReader(bytes: bytes).read(.instant) != nil
            case .time: DateTimeReader(bytes: bytes).readTime()
            case .xhtml: Narrative.isSafe(bytes)
            }
        }
    }

    /// The format in words.
    var rule: String {
        switch self {
        case .boolean: "must be true or false"
        case .integer: "must be a whole number of 32 bits"
        case .unsignedInt: "must be a whole number of 31 bits, not below 0"
        case .positiveInt: "must be a whole number of 31 bits, not below 1"
        case .decimal: "must be a number"
        case .string, .markdown: "must be a text that is not empty, without control characters, of 1 MB at most"
        case .code: "must be a code: words with single spaces between them"
        case .id: "must be an id: 1 to 64 letters, digits, hyphens and dots"
        case .uri, .url, .canonical: "must be a URI, without white space"
        case .oid: "must be an OID, as in urn:oid:1.2.3"
        case .uuid: "must be a UUID, as in urn:uuid: and 36 lower-case characters"
        case .base64Binary: "must be base64"
        case .date: "must be a date: a year, a year and month, or a day of the calendar"
        case .dateTime: "must be a date, or a time to the second with its time zone"
        case .instant: "must be a time to the second with its time zone"
        case .time: "must be a time of day to the second"
        case .xhtml: "must be a div of simple XHTML, without scripts, forms and other active content"
        }
    }

    // MARK: Formats

    private static func integer(_ text: String, in range: ClosedRange<Int>) -> Bool {
        guard let value = Int(text), text != "-0" else { return false }
        return range.contains(value)
    }

    private static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count <= 1 << 20 else { return false }
        var blank = true
        for byte in bytes {
            if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D { return false }
            if byte > 0x20 { blank = false }
        }
        return !blank
    }

    /// No white space at the ends, and single spaces inside.
    private static func isCode(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var afterSpace = true
        for byte in bytes {
            if byte < 0x20 || (byte == 0x20 && afterSpace) { return false }
            afterSpace = byte == 0x20
        }
        return !afterSpace
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || isLetter(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isURI(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }

    private static func isOID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let prefix = Array("urn:oid:".utf8)
        guard bytes.starts(with: prefix) else { return false }
        let arcs = bytes.dropFirst(prefix.count)
            .split(separator: UInt8(ascii: "."), maxSplits: 128, omittingEmptySubsequences: false)
        guard arcs.count > 1, let root = arcs[0].first, root <= UInt8(ascii: "2"), arcs[0].count == 1 else {
            return false
        }
        return arcs.allSatisfy { arc in
            !arc.isEmpty && arc.allSatisfy(isDigit) && (arc.count == 1 || arc.first != UInt8(ascii: "0"))
        }
    }

    private static func isUUID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let prefix = Array("urn:uuid:".utf8)
        guard bytes.count == prefix.count + 36, bytes.starts(with: prefix) else { return false }
        return (0..<36).allSatisfy { index in
            let byte = bytes[prefix.count + index]
            if [8, 13, 18, 23].contains(index) { return byte == UInt8(ascii: "-") }
            return isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }

    /// Groups of four, white space between any of them, padding only at the end.
    private static func isBase64(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var count = 0
        var padding = 0
        for byte in bytes {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D: continue
            case UInt8(ascii: "="): padding += 1
            case UInt8(ascii: "+"), UInt8(ascii: "/"): guard padding == 0 else { return false }
            default: guard padding == 0, isDigit(byte) || isLetter(byte) else { return false }
            }
            count += 1
        }
        return count > 0 && count % 4 == 0 && padding <= 2
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- UInt8(ascii: "a") < 26 }
}
