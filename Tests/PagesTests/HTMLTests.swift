import Foundation
import Testing

@testable import Portal

@Suite struct `A piece of a page` {
    @Test func `escapes what is interpolated, between tags and in attributes`() {
        let name = #"<b>"Tom" & 'Ann' `x`</b>"#
        let page: HTML = "<p title=\"\(name)\">\(name)</p>"
        let safe = "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Ann&#39; &#96;x&#96;&lt;/b&gt;"
        #expect(page.text == "<p title=\"\(safe)\">\(safe)</p>")
    }

    @Test func `escapes only once, however deep it is nested`() {
        let inner: HTML = "<b>\("a & b")</b>"
        let outer: HTML = "<p>\(inner)\([inner, inner])\(nil as HTML?)</p>"
        #expect(outer.text == "<p><b>a &amp; b</b><b>a &amp; b</b><b>a &amp; b</b></p>")
    }

    @Test func `keeps control characters out, and lines in`() {
        let page: HTML = "\("a\u{0}b\u{1B}c\nd\te\u{7F}")"
        #expect(page.text == "a\u{FFFD}b\u{FFFD}c\nd\te\u{FFFD}")
    }

    @Test func `keeps every other script as it is`() {
        let page: HTML = "\("आरव Ōe 李 😀 é")"
        #expect(page.text == "आरव Ōe 李 😀 é")
    }

    @Test func `has the focus where it first says what was wrong, whatever people write`() {
        let field = Field(name: "email", label: "Email", error: "Please give one.").html
        let both: HTML = "<p>\(" aria-invalid=\"true\"")</p>\(Problem(text: "No.").html)\(field)"
        #expect(both.focusedOnTrouble.hasTrouble)
        let (shown, alone) = (both.focusedOnTrouble.html.text, field.focusedOnTrouble.html.text)
        #expect(shown.contains(#"role="alert" tabindex="-1" autofocus="autofocus"><p>No."#))
        #expect(shown.components(separatedBy: " autofocus=").count == 2)
        #expect(alone.contains(#" aria-invalid="true" autofocus="autofocus" aria-describedby"#))
        let none: HTML = "<p>\(" aria-invalid=\"true\"")</p>"
        #expect(!none.focusedOnTrouble.hasTrouble && none.focusedOnTrouble.html == none)
    }

    @Test(arguments: [
        (0.0, "0"), (1.25, "1.3"), (-0.04, "0"), (-2.5, "-2.5"), (919.96, "920"), (.nan, "0"), (.infinity, "0"),
        (1e300, "0"),
    ])
    func `writes coordinates to a tenth`(value: Double, text: String) {
        #expect(("\(value)" as HTML).text == text)
    }
}

@Suite struct `An address` {
    @Test func `encodes what is interpolated`() {
        #expect(Address.timeline(of: "a/../b?c#d é").text == "/patients/a%2F%2E%2E%2Fb%3Fc%23d%20%C3%A9")
    }

    @Test(arguments: ["/patients/p1", "/", "/patients/p1?page=x"])
    func `leads back to a place on this server`(path: String) {
        #expect(Address(returningTo: path)?.text == path)
    }

    @Test(arguments: [
        "", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/a\nb", "/a b", "/é",
        "/" + String(repeating: "a", count: 600),
    ])
    func `never leads back to somebody else's`(path: String) {
        #expect(Address(returningTo: path) == nil)
    }

    @Test func `of the stylesheet changes with its text`() {
        #expect(Stylesheet.path == Stylesheet.address.text)
        #expect(Stylesheet.path.wholeMatch(of: /\/assets\/carekeep\.[0-9a-f]+\.css/) != nil)
        #expect(!Stylesheet.text.contains("url(") && !Stylesheet.text.contains("@import"))
    }
}
