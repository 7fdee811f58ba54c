import Testing

@testable import FHIR

@Suite struct PrimitiveTypeTests {
    @Test(
        arguments: [
            (.boolean, ["true", "false"], ["\"true\"", "0", "null"]),
            (.integer, ["0", "-1", "2147483647", "-2147483648"], ["2147483648", "1.0", "1e3", "-0", "\"1\"", "true"]),
            (.unsignedInt, ["0", "2147483647"], ["-1", "2147483648", "0.0"]),
            (.positiveInt, ["1"], ["0", "-1", "1.5"]),
            (.decimal, ["0", "-1.50", "1e-3", "0.000000000000000001"], ["\"1\"", "true"]),
            (
                .string, ["\"a\"", "\" a \\n\\t\"", "\"é😀\""],
                ["\"\"", "\" \\n\"", "\"a\\u0001\"", "\"a\\b\"", "1", "null"]
            ),
            (.code, ["\"a\"", "\"a b\"", "\"é\""], ["\"\"", "\" a\"", "\"a \"", "\"a  b\"", "\"a\\tb\""]),
            (.id, ["\"a-1.B\""], ["\"\"", "\"a_b\"", "\"a b\"", "\"é\"", "\"a/b\""]),
            (.uri, ["\"urn:x\"", "\"http://a/b?c#d\"", "\"é\""], ["\"\"", "\"a b\"", "\"a\\n\""]),
            (
                .oid, ["\"urn:oid:1.2.3\"", "\"urn:oid:2.16.840\"", "\"urn:oid:0.0\""],
                [
                    "\"1.2.3\"", "\"urn:oid:3.1\"", "\"urn:oid:1\"", "\"urn:oid:1.02\"", "\"urn:oid:1..2\"",
                    "\"urn:oid:1.2.\"",
                ]
            ),
            (
                .uuid, ["\"urn:uuid:c757873d-ec9a-4326-a141-556f43239520\""],
                [
                    "\"c757873d-ec9a-4326-a141-556f43239520\"", "\"urn:uuid:C757873D-EC9A-4326-A141-556F43239520\"",
                    "\"urn:uuid:c757873d-ec9a-4326-a141-556f4323952\"",
                ]
            ),
            (
                .base64Binary, ["\"YQ==\"", "\"YWI=\"", "\"YWJj\"", "\"YW\\nJj\"", "\"+/+/\""],
                ["\"\"", "\"YQ=\"", "\"YQ\"", "\"Y===\"", "\"YQ==YQ==\"", "\"YW-_\"", "\"====\""]
            ),
            (
                .date, ["\"2020\"", "\"2020-02\"", "\"2020-02-29\"", "\"0001-01-01\""],
                [
                    "\"2021-02-29\"", "\"2020-13\"", "\"2020-00\"", "\"2020-1-1\"", "\"20\"", "\"0000\"",
                    "\"2020-02-29T00:00:00Z\"",
                    "\"1900-02-29\"", "\"2020-04-31\"", "\"2020-\"", "\" 2020\"", "\"２０２０\"",
                ]
            ),
            (
                .dateTime, ["\"2020\"", "\"2020-02-29T23:59:59Z\"", "\"2020-02-29T23:59:60.123456789+14:00\""],
                [
                    "\"2020-02-29T23:59Z\"", "\"2020-02-29T23:59:59\"", "\"2020-02T23:59:59Z\"",
                    "\"2020-02-29T24:00:00Z\"",
                    "\"2020-02-29T23:59:59+14:01\"", "\"2020-02-29T23:59:59.Z\"", "\"2020-02-29 23:59:59Z\"",
                    "\"2020-02-29T23:60:00Z\"", "\"2020-02-29T23:59:61Z\"", "\"2020-02-29T23:59:59z\"",
                ]
            ),
            (.instant, ["\"2020-02-29T23:59:59.1-05:30\""], ["\"2020\"", "\"2020-02-29\"", "\"2020-02-29T23:59:59\""]),
            (
                .time, ["\"00:00:00\"", "\"23:59:59.5\""],
                ["\"24:00:00\"", "\"1:00:00\"", "\"12:00\"", "\"12:00:00Z\""]
            ),
        ] as [(PrimitiveType, [String], [String])]
    )
    func `A primitive is accepted in its format alone`(_ type: PrimitiveType, _ good: [String], _ bad: [String]) throws
    {
        for text in good { #expect(try type.accepts(JSON(parsing: text)), "\(type) \(text)") }
        for text in bad { #expect(try !type.accepts(JSON(parsing: text)), "\(type) \(text)") }
    }

    @Test(arguments: [
        "<div>a</div>", "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='x'>a<br/>&nbsp;&lt;</p></div>",
        " <div><img src=\"#pic\" alt=\"x\"/><a href=\"https://a.example/x?y=javascript:z\">b</a></div>\n",
        "<div><table><tr><td colspan=\"2\" style=\"color: red\">1</td></tr></table></div>",
    ])
    func `Simple XHTML is accepted`(_ text: String) { #expect(PrimitiveType.xhtml.accepts(text)) }

    @Test(arguments: [
        "", "a", "<p>a</p>", "<div>a", "<div>a</div>b", "<div></div><div></div>", "<div><p></div></p>", "<div></DIV",
        "<div><script>x</script></div>", "<div><SCRIPT>x</SCRIPT></div>", "<div><iframe/></div>", "<div><form/></div>",
        "<div onclick=\"x\">a</div>", "<div ONCLICK='x'>a</div>", "<div><img src=x/></div>", "<div><!-- a --></div>",
        "<div><a href=\"javascript:x\">a</a></div>", "<div><a href=\" javascript:x\">a</a></div>",
        "<div><a href=\"java&#115;cript:x\">a</a></div>", "<div><a href=\"data:text/html,x\">a</a></div>",
        "<div style=\"background:url(http://a)\">a</div>", "<div style=\"background:&#117;rl(a)\">a</div>",
        "<div style=\"background:url&lpar;a)\">a</div>", "<div><![CDATA[a]]></div>", "<!DOCTYPE x><div/>",
        "<?xml version=\"1.0\"?><div/>", "<div><svg><g/></svg></div>", "<div/ onclick=\"x\"></div>", "<div",
        "<div a", "<div a=\"", "<div a=\"<\">b</div>", "<div><</div>", "<div>\u{1}</div>",
    ])
    func `Active and broken XHTML is refused`(_ text: String) { #expect(!PrimitiveType.xhtml.accepts(text)) }

    @Test func `XHTML cannot be nested without end`() {
        let deep = String(repeating: "<div>", count: 100_000) + String(repeating: "</div>", count: 100_000)
        #expect(!PrimitiveType.xhtml.accepts(deep))
    }

    @Test func `Days are counted as the calendar does`() {
        #expect(DateTime.days(1970, 1, 1) == 0)
        #expect(DateTime.days(2000, 3, 1) == 11_017)
        #expect(DateTime.days(1, 1, 1) == -719_162)
        for days in stride(from: DateTime.days(1, 1, 1), to: DateTime.days(9999, 12, 31), by: 997) {
            let date = DateTime.date(days: days)
            #expect(DateTime.days(date.year, date.month, date.day) == days)
        }
    }

    @Test func `A date or time is the interval that its precision leaves open`() throws {
        let day = 86_400_000_000 as Int64
        let year = try #require(DateTime("1970"))
        #expect((year.start, year.end) == (0, 365 * day))
        let month = try #require(DateTime("1970-12"))
        #expect((month.start, month.end) == (334 * day, 365 * day))
        let second = try #require(DateTime("1970-01-01T01:00:00+01:00"))
        #expect((second.start, second.end) == (0, 1_000_000))
        let fraction = try #require(DateTime("1970-01-01T00:00:00.25Z"))
        #expect((fraction.start, fraction.end) == (250_000, 260_000))
        let minute = try #require(DateTime("1970-01-01T00:01", as: .search))
        #expect((minute.start, minute.end, minute.hasZone) == (60_000_000, 120_000_000, false))
    }
}
