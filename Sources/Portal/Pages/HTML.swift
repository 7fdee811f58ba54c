/// A piece of a page.
///
/// Its literal pieces are markup; whatever is interpolated is text, and is escaped for every place at once (between
/// tags and inside quoted attributes). The literal type is `StaticString`, so that a string made at run time does not
/// compile as markup: there is no way to write somebody's data into a page unescaped.
///
/// ```swift
/// let row: HTML = "<li class=\"\(kind)\">\(patient.name)</li>"
/// ```
struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The page so far, in UTF-8, ready to be sent.
    fileprivate(set) var bytes: [UInt8]

    init(stringLiteral literal: StaticString) {
        self.bytes = []
        self.append(literal)
    }

    init(stringInterpolation pieces: Pieces) {
        self.bytes = pieces.html
    }

    /// The page as a string, for tests and for whoever needs one.
    var text: String { String(decoding: self.bytes, as: UTF8.self) }

    var isEmpty: Bool { self.bytes.isEmpty }

    static let nothing: HTML = ""

    static func += (left: inout HTML, right: HTML) {
        left.bytes.append(contentsOf: right.bytes)
    }

    /// The same with something added after the first place where a piece stands; `nil` where it stands nowhere.
    func adding(_ addition: HTML, afterFirst piece: HTML) -> HTML? {
        guard let place = self.place(of: piece.bytes) else { return nil }
        var whole = self
        whole.bytes.insert(contentsOf: addition.bytes, at: place + piece.bytes.count)
        return whole
    }

    /// Where a piece stands first. By hand, since every page is looked through: the library's search is generic, and slow on bytes.
    private func place(of piece: [UInt8]) -> Int? {
        self.bytes.withUnsafeBufferPointer { page in
            guard let first = piece.first else { return nil }
            var here = 0
            while here + piece.count <= page.count {
                if page[here] == first, page[here..<(here + piece.count)].elementsEqual(piece) { return here }
                here += 1
            }
            return nil
        }
    }

    private mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
    }
}

extension HTML {
    /// What `"<p>\(name)</p>"` is taken apart into. Only the types listed here can be interpolated.
    struct Pieces: StringInterpolationProtocol {
        fileprivate var html: [UInt8] = []

        init(literalCapacity: Int, interpolationCount: Int) {
            self.html.reserveCapacity(literalCapacity + interpolationCount * 24)
        }

        mutating func appendLiteral(_ literal: StaticString) {
            literal.withUTF8Buffer { self.html.append(contentsOf: $0) }
        }

        /// Text, escaped.
        mutating func appendInterpolation(_ text: String) {
            self.html.append(escaping: text)
        }

        mutating func appendInterpolation(_ number: Int) {
            self.html.append(contentsOf: String(number).utf8)
        }

        /// A coordinate in a picture, to a tenth, with a point whatever the language of the page.
        mutating func appendInterpolation(_ coordinate: Double) {
            self.html.append(contentsOf: coordinate.toOneDecimal.utf8)
        }

        /// A place on this server. Only an `Address` belongs into `href` and `action`: a test fills every page with
        /// hostile text and looks at where its links lead.
        mutating func appendInterpolation(_ address: Address) {
            self.html.append(escaping: address.text)
        }

        /// A place elsewhere, which a page says it is.
        mutating func appendInterpolation(_ link: OutsideLink) {
            self.html.append(escaping: link.text)
        }

        /// What opens a code app.
        mutating func appendInterpolation(_ link: CodeAppLink) {
            self.html.append(escaping: link.text)
        }

        mutating func appendInterpolation(_ nested: HTML) {
            self.html.append(contentsOf: nested.bytes)
        }

        mutating func appendInterpolation(_ nested: HTML?) {
            if let nested { self.html.append(contentsOf: nested.bytes) }
        }

        mutating func appendInterpolation(_ nested: [HTML]) {
            for piece in nested { self.html.append(contentsOf: piece.bytes) }
        }

        /// Markup that is there or not, such as ` checked`.
        mutating func appendInterpolation(_ nested: HTML, if condition: Bool) {
            if condition { self.html.append(contentsOf: nested.bytes) }
        }
    }
}

extension [UInt8] {
    /// Adds `text` so that it is text in HTML, whether between tags or in a quoted attribute.
    ///
    /// Control characters, which no document may contain, become U+FFFD.
    fileprivate mutating func append(escaping text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): self.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): self.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): self.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): self.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): self.append(contentsOf: "&#39;".utf8)
            case UInt8(ascii: "`"): self.append(contentsOf: "&#96;".utf8)
            case 0x09, 0x0A: self.append(byte)
            case 0x00..<0x20, 0x7F: self.append(contentsOf: "\u{FFFD}".utf8)
            default: self.append(byte)
            }
        }
    }
}

extension Double {
    /// `12.3`; `12` for a whole number. What is no number at all is 0, so that no picture breaks.
    var toOneDecimal: String {
        guard self.isFinite, abs(self) < 1_000_000 else { return "0" }
        let tenths = Int((self * 10).rounded())
        let sign = tenths < 0 ? "-" : ""
        let (whole, rest) = tenths.magnitude.quotientAndRemainder(dividingBy: 10)
        return rest == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(rest)"
    }
}
