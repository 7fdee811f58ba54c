extension SearchQuery {
    /// The names and values in the query of a URL, free of its encoding. A `+` is a space.
    public static func parameters(ofQuery query: String) throws(Outcome) -> [(name: String, value: String)] {
        let parts = query.utf8.split(separator: UInt8(ascii: "&"))
        guard parts.count <= 200 else { throw Outcome(.tooCostly, "a search must not have more than 200 parameters") }
        var parameters: [(name: String, value: String)] = []
        for part in parts {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = decoded(part[..<equals]), let value = decoded(part[equals...].dropFirst()) else {
                throw Outcome(.invalid, "the query of a URL must be percent-encoded UTF-8 without control characters")
            }
            parameters.append((name, value))
        }
        return parameters
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self).flatMap { $0.hasBoundedMarks ? $0 : nil }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
