/// A strict reader of the markup that our pages are written in: enough to find what must not be there.
///
/// It knows no leniency. An unquoted attribute, a tag that is not closed or a bare `<` is a fault, although a browser
/// would make something of it.
struct Markup {
    struct Tag {
        var name: String
        var attributes: [(name: String, value: String)] = []

        subscript(_ name: String) -> String? { self.attributes.first { $0.name == name }?.value }
    }

    private(set) var tags: [Tag] = []
    private(set) var faults: [String] = []
    /// What stands between the tags.
    private(set) var words = ""

    private static let empty: Set = ["meta", "link", "input", "br", "img", "hr"]

    init(_ text: String) {
        var rest = Substring(text)
        var open: [String] = []
        while let start = rest.firstIndex(of: "<") {
            self.take(words: rest[..<start])
            rest = rest[rest.index(after: start)...]
            guard let end = Markup.end(of: rest) else {
                self.faults.append("a tag without an end")
                return
            }
            self.take(tag: rest[..<end], open: &open)
            rest = rest[rest.index(after: end)...]
        }
        self.take(words: rest)
        if !open.isEmpty { self.faults.append("not closed: \(open)") }
    }

    private mutating func take(words text: Substring) {
        if text.contains(">") { self.faults.append("a bare > in: \(text.prefix(60))") }
        var rest = text
        while let ampersand = rest.firstIndex(of: "&") {
            let name = rest[ampersand...].prefix(8)
            let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#96;"].contains { name.hasPrefix($0) }
            if !known { self.faults.append("a bare & in: \(name)") }
            rest = rest[rest.index(after: ampersand)...]
        }
        self.words += text
    }

    /// Where the tag ends: the first `>` that no quotes enclose.
    private static func end(of text: Substring) -> Substring.Index? {
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            if text[index] == ">", !isQuoted { return index }
        }
        return nil
    }

    private mutating func take(tag text: Substring, open: inout [String]) {
        if text.hasPrefix("!DOCTYPE") { return }
        let isAlone = text.hasSuffix("/")
        let name = String(text.prefix { !$0.isWhitespace && !($0 == "/" && isAlone && $0 != text.first) })
        if name.hasPrefix("/") {
            if open.popLast() != String(name.dropFirst()) { self.faults.append("closed out of turn: \(name)") }
            self.tags.append(Tag(name: name))
            return
        }
        var tag = Tag(name: name)
        var rest = text.dropFirst(name.count)
        if isAlone { rest = rest.dropLast() }
        while let attribute = self.attribute(&rest) { tag.attributes.append(attribute) }
        let names = tag.attributes.map(\.name)
        if names.count != Set(names).count { self.faults.append("an attribute twice in \(name)") }
        self.tags.append(tag)
        if !isAlone, !Markup.empty.contains(name) { open.append(name) }
    }

    /// ` name="value"`, or ` required`, which needs no value.
    private mutating func attribute(_ rest: inout Substring) -> (name: String, value: String)? {
        rest = rest.drop { $0.isWhitespace }
        guard !rest.isEmpty else { return nil }
        let name = rest.prefix { $0.isLowercase || $0 == "-" || $0.isNumber || $0 == "B" }
        rest = rest.dropFirst(name.count)
        if name.isEmpty {
            self.faults.append("not an attribute: \(rest.prefix(30))")
            rest = ""
            return nil
        }
        guard rest.first == "=" else {
            if !["required", "readonly", "selected", "open"].contains(name) {
                self.faults.append("without a value: \(name)")
            }
            return (String(name), "")
        }
        rest = rest.dropFirst()
        guard rest.first == "\"", let end = rest.dropFirst().firstIndex(of: "\"") else {
            self.faults.append("not quoted: \(name)")
            return nil
        }
        let value = String(rest[rest.index(after: rest.startIndex)..<end])
        if value.contains("<") || value.contains(">") { self.faults.append("< or > in \(name)") }
        rest = rest[rest.index(after: end)...]
        return (String(name), value)
    }
}
