/// Something to print or to read from beginning to end: headings, paragraphs, lists and tables, with links. Text alone; its two forms
/// are ``html()`` and ``pdf()``.
public struct Document: Sendable {
    public var title: String
    public var author: String
    /// When it was made, in ISO 8601; the only time in it.
    public var date: String
    /// What stands at the foot of each page, beside its number.
    public var foot: String
    public var blocks: [Block] = []

    /// An empty one.
    public init(title: String, author: String, date: String, foot: String) {
        self.title = title
        self.author = author
        self.date = date
        self.foot = foot
    }

    /// A part of it.
    public enum Block: Sendable {
        /// `level` from 1 to 3; `place` is what links lead to.
        case heading(level: Int, String, place: String)
        case paragraph([Span])
        case list([[Span]])
        /// Columns with their share of the width, and rows of cells.
        case table([Column], rows: [[[Span]]])
    }

    /// A column: what stands above it, and its share of the width.
    public struct Column: Sendable {
        public var head: String
        public var share: Double

        public init(_ head: String, share: Double) {
            self.head = head
            self.share = share
        }
    }

    /// Text of one kind.
    public struct Span: Sendable, ExpressibleByStringLiteral {
        public enum Style: Sendable {
            case plain, strong, code, soft
        }

        public enum Link: Sendable {
            /// A place in this document.
            case place(String)
            /// A place elsewhere, by `https`.
            case web(String)
        }

        public var text: String
        public var style: Style
        public var link: Link?

        public init(_ text: String, _ style: Style = .plain, link: Link? = nil) {
            self.text = text
            self.style = style
            self.link = link
        }

        public init(stringLiteral text: String) { self.init(text) }
    }
}

extension String {
    /// For HTML, and for Pango's markup, which is escaped in the same way; control characters, which neither may have, become U+FFFD.
    var escaped: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(" ")
            default: escaped.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
            }
        }
        return escaped
    }

    /// A place's name with nothing that a name or an address cannot have.
    var asPlace: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map {
                    $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil) ? $0 : "-"
                }
            )
        )
    }

    /// An address with nothing that ends a quotation; nothing at all unless it is `https`.
    var asWebAddress: String {
        guard hasPrefix("https://"),
            unicodeScalars.allSatisfy({
                $0.isASCII && $0.value > 0x20 && $0 != "'" && $0 != "\"" && $0 != "\\" && $0 != "<" && $0 != ">"
            })
        else { return "" }
        return self
    }
}
