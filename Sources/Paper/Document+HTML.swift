extension Document {
    /// One file of HTML that needs nothing else: its style is in it, and no script.
    public func html() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>\(title.escaped)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="author" content="\(author.escaped)">
        <meta name="date" content="\(date.escaped)">
        <meta name="robots" content="noindex">
        <style>\(Self.style)</style>
        </head>
        <body>
        <h1>\(title.escaped)</h1>
        <nav aria-label="Contents"><h2>Contents</h2><ul>
        \(contents)
        </ul></nav>
        <main>
        \(blocks.map(Self.html).joined(separator: "\n"))
        </main>
        <footer><p>\(foot.escaped)</p></footer>
        </body>
        </html>

        """
    }

    private var contents: String {
        blocks.compactMap { block in
            guard case .heading(1, let text, let place) = block else { return nil }
            return "<li><a href=\"#\(place.asPlace)\">\(text.escaped)</a></li>"
        }.joined(separator: "\n")
    }

    private static func html(_ block: Block) -> String {
        switch block {
        case .heading(let level, let text, let place):
            return "<h\(level + 1) id=\"\(place.asPlace)\">\(text.escaped)</h\(level + 1)>"
        case .paragraph(let spans): return "<p>\(html(spans))</p>"
        case .list(let items): return "<ul>\(items.map { "<li>\(html($0))</li>" }.joined())</ul>"
        case .table(let columns, let rows):
            let widths = columns.map { "<col style=\"width:\(Int($0.share * 100))%\">" }.joined()
            let head = columns.map { "<th scope=\"col\">\($0.head.escaped)</th>" }.joined()
            let lines = rows.map { "<tr>\($0.map { "<td>\(html($0))</td>" }.joined())</tr>" }.joined(separator: "\n")
            return
                "<table><colgroup>\(widths)</colgroup><thead><tr>\(head)</tr></thead><tbody>\n\(lines)\n</tbody></table>"
        }
    }

    private static func html(_ spans: [Span]) -> String { spans.map(html).joined() }

    private static func html(_ span: Span) -> String {
        let text = span.text.escaped
        let styled =
            switch span.style {
            case .plain: text
            case .strong: "<strong>\(text)</strong>"
            case .code: "<code>\(text)</code>"
            case .soft: "<small>\(text)</small>"
            }
        switch span.link {
        case .place(let place): return "<a href=\"#\(place.asPlace)\">\(styled)</a>"
        case .web(let address): return "<a href=\"\(address.asWebAddress)\">\(styled)</a>"
        case nil: return styled
        }
    }

    private static let style = """
        :root { color-scheme: light dark; } body { font: 16px/1.5 system-ui, "Noto Sans", sans-serif; max-width: 60rem; margin: 0 auto; \
        padding: 1rem; overflow-wrap: break-word; } h1 { font-size: 1.8rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #888; } \
        h3 { margin-top: 1.6rem; } table { border-collapse: collapse; width: 100%; table-layout: fixed; } \
        th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid #8886; \
        overflow-wrap: anywhere; } code { font-size: .9em; overflow-wrap: anywhere; } \
        @media print { body { font-size: 10pt; max-width: none; } h2 { break-before: page; } tr, h2, h3, h4 { break-inside: avoid; } \
        h2, h3, h4 { break-after: avoid; } nav { display: none; } }
        """
}
