/// The XHTML of a narrative, looked at from outside: tags that are balanced and harmless.
enum Narrative {
    /// Whether bytes are one `div` with nothing but the elements that FHIR allows (its invariant txt-1), without event
    /// handlers, script links, comments, processing instructions and declarations.
    static func isSafe(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var scanner = Scanner(bytes: bytes)
        return scanner.isOneDiv()
    }

    /// The elements of txt-1: basic formatting, tables, lists, images and links.
    private static let elements: Set<String> = [
        "a", "abbr", "acronym", "b", "big", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd",
        "dfn",
        "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "q",
        "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt",
        "ul", "var",
    ]

    /// More tags within each other than anybody writes.
    private static let depth = 100

    private struct Scanner {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0
        var open: [String] = []

        init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

        mutating func isOneDiv() -> Bool {
            skipSpace()
            guard tag(), open == ["div"] else { return false }
            while !open.isEmpty {
                while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
                    guard isCharacter(bytes[position]) else { return false }
                    position += 1
                }
                guard position < bytes.count, tag() else { return false }
            }
            skipSpace()
            return position == bytes.count
        }

        private func isCharacter(_ byte: UInt8) -> Bool { byte >= 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

        private mutating func tag() -> Bool {
            guard take("<") else { return false }
            if take("/") {
                guard let name = name(), name == open.last else { return false }
                open.removeLast()
                skipSpace()
                return take(">")
            }
            guard let name = name(), Narrative.elements.contains(name), open.count < Narrative.depth else {
                return false
            }
            open.append(name)
            while true {
                skipSpace()
                if take(">") { return true }
                if take("/") {
                    open.removeLast()
                    return take(">")
                }
                guard attribute() else { return false }
            }
        }

        private mutating func attribute() -> Bool {
            guard let name = name(), !name.hasPrefix("on"), name != "formaction" else { return false }
            skipSpace()
            guard take("=") else { return false }
            skipSpace()
            guard let value = quoted() else { return false }
            switch name {
            case "href", "src", "cite", "longdesc", "usemap", "background": return isHarmless(link: value)
            // A browser reads `&#117;rl(` as `url(`, and `&lpar;` as `(`.
            case "style":
                return !value.contains("&#") && !value.contains("&lpar;") && !value.contains("url(")
                    && !value.contains("expression(") && !value.contains("\\")
            default: return true
            }
        }

        /// A link whose scheme, if it has one, runs nothing. Character references could hide a scheme, so there may be
        /// none before it.
        private func isHarmless(link: String) -> Bool {
            let head = link.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            guard head.contains(":") || head.contains("&") else { return true }
            return [
                "http:", "https:", "mailto:", "tel:", "urn:", "cid:", "data:image/png", "data:image/jpeg",
                "data:image/gif",
            ]
            .contains { link.hasPrefix($0) }
        }

        /// A value in quotes, in lower case, as far as it is ASCII.
        private mutating func quoted() -> String? {
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
            else { return nil }
            let quote = bytes[position]
            let start = position + 1
            position = start
            while position < bytes.count, bytes[position] != quote {
                guard isCharacter(bytes[position]), bytes[position] != UInt8(ascii: "<") else { return nil }
                position += 1
            }
            guard position < bytes.count else { return nil }
            position += 1
            return String(decoding: bytes[start..<(position - 1)].map(lowercased), as: UTF8.self)
        }

        /// A name in lower case. XHTML knows no other; a browser that reads it as HTML does.
        private mutating func name() -> String? {
            let start = position
            while position < bytes.count, isNameByte(bytes[position]) { position += 1 }
            guard position > start else { return nil }
            return String(decoding: bytes[start..<position].map(lowercased), as: UTF8.self)
        }

        private func isNameByte(_ byte: UInt8) -> Bool {
            (lowercased(byte) &- UInt8(ascii: "a") < 26) || (byte &- UInt8(ascii: "0") < 10)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":")
        }

        private func lowercased(_ byte: UInt8) -> UInt8 {
            byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
        }

        private mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        private mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
            position += 1
            return true
        }
    }
}
