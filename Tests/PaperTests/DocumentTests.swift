import Paper
import Testing

@Suite struct `A document` {
    private func document(_ blocks: [Document.Block], date: String = "2026-11-22T09:00:00Z") -> Document {
        var document = Document(title: "A <title>", author: "Nobody & Co", date: date, foot: "foot")
        document.blocks = blocks
        return document
    }

    private var sample: [Document.Block] {
        [
            .heading(level: 1, "One", place: "one"), .paragraph(["Words ", .init("in bold", .strong), " and सेतु."]),
            .heading(level: 2, "Two", place: "two"),
            .list([
                ["a"],
                [.init("back", .plain, link: .place("one")), .init(" web", link: .web("https://example.org/a?b=c"))],
            ]),
            .table(
                [.init("A", share: 0.5), .init("B", share: 0.5)],
                rows: (0..<80).map {
                    [[.init("row \($0)")], [.init("words that go on over the end of a line, as words do")]]
                }
            ),
        ]
    }

    @Test func `is the same bytes each time`() throws {
        #expect(try document(sample).pdf() == document(sample).pdf())
        #expect(document(sample).html() == document(sample).html())
    }

    @Test func `tells its date apart`() throws {
        #expect(try document(sample).pdf() != document(sample, date: "2026-11-23T09:00:00Z").pdf())
    }

    @Test func `takes text for text`() throws {
        let hostile = "<script>alert('x')</script> & \"quoted\" \u{1B}[2J"
        let document = document([
            .heading(level: 1, hostile, place: "a'b\" onload=x"), .paragraph([.init(hostile, .code)]),
            .paragraph([
                .init("link", link: .web("javascript:alert(1)")), .init("link", link: .web("https://e.org/'x")),
            ]),
            .table([.init(hostile, share: 1)], rows: [[[.init(hostile, link: .place("x' uri='https://e.org"))]]]),
        ])
        let html = document.html()
        #expect(
            !html.contains("<script") && !html.contains("javascript:") && !html.contains("onload=")
                && !html.contains("\u{1B}")
        )
        #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"))
        #expect(try document.pdf().starts(with: Array("%PDF-".utf8)))
    }

    @Test func `needs nothing from elsewhere`() {
        let html = document(sample).html()
        for word in ["src=", "<link", "@import", "url("] { #expect(!html.contains(word)) }
    }

    @Test func `can be empty, or one long word`() throws {
        #expect(try document([]).pdf().count > 500)
        let word = String(repeating: "a", count: 20_000)
        #expect(try document([.paragraph([.init(word)])]).pdf().count > 500)
    }
}
