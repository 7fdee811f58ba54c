/// The form of a media type, such as `text/plain; charset=utf-8` (RFC 6838, 4.2; RFC 2045, 5.1).
enum MediaType {
    /// Stands for all of them in a set of codes.
    static let any = "*/*"

    /// Whether a text has the form; whether anybody registered it is not asked.
    ///
    /// R4 allows `json`, `xml` and `ttl` beside media types, for formats of its own (CapabilityStatement.format).
    static func isOne(_ text: String) -> Bool {
        if ["json", "xml", "ttl"].contains(text) { return true }
        let parts = text.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        let names = trimmed(parts[0]).split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy(isName) else { return false }
        return parts.count == 1 || areParameters(parts[1])
    }

    private static func isName(_ name: Substring.UTF8View) -> Bool {
        guard let first = name.first, isLetterOrDigit(first), name.count <= 127 else { return false }
        return name.allSatisfy { isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0) }
    }

    /// `name=value`, or a value in quotation marks, each behind a semicolon.
    private static func areParameters(_ text: Substring.UTF8View) -> Bool {
        var rest = text
        while true {
            guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), isToken(trimmed(rest[..<equals])),
                let end = endOfValue(rest[rest.index(after: equals)...])
            else { return false }
            rest = trimmed(rest[end...])
            guard let next = rest.popFirst() else { return true }
            guard next == UInt8(ascii: ";") else { return false }
        }
    }

    private static func endOfValue(_ text: Substring.UTF8View) -> Substring.UTF8View.Index? {
        guard text.first == UInt8(ascii: "\"") else {
            let token = text.prefix { $0 != UInt8(ascii: ";") }
            return isToken(trimmed(token)) ? token.endIndex : nil
        }
        var isEscaped = false
        for index in text.indices.dropFirst() {
            let byte = text[index]
            if !isEscaped, byte == UInt8(ascii: "\"") { return text.index(after: index) }
            isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        }
        return nil
    }

    private static func isToken(_ text: Substring.UTF8View) -> Bool {
        !text.isEmpty && text.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?=".utf8.contains($0) }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var text = text
        while text.first == 0x20 { text.removeFirst() }
        while text.last == 0x20 { text.removeLast() }
        return text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }
}
