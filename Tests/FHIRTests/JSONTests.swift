import FHIR
import Testing

@Suite struct JSONTests {
    /// What is refused, why, and at which byte.
    static let refused: [(text: [UInt8], kind: JSONError.Kind, offset: Int)] = [
        (bytes(""), .empty, 0), (bytes("  \n"), .empty, 3),
        (bytes("{"), .truncated, 1), (bytes("["), .truncated, 1), (bytes("[1"), .truncated, 2),
        (bytes("{\"a\""), .truncated, 4), (bytes("{\"a\":"), .truncated, 5), (bytes("\"a"), .truncated, 2),
        (bytes("\"a\\"), .truncated, 3), (bytes("\"\\u00"), .truncated, 5), (bytes("tru"), .truncated, 3),
        (bytes("-"), .truncated, 1), (bytes("1."), .truncated, 2), (bytes("1e"), .truncated, 2),
        (bytes("[1,]"), .syntax, 3), (bytes("[,1]"), .syntax, 1), (bytes("[1 2]"), .syntax, 3),
        (bytes("{\"a\":1,}"), .syntax, 7), (bytes("{a:1}"), .syntax, 1), (bytes("{'a':1}"), .syntax, 1),
        (bytes("{\"a\" 1}"), .syntax, 5), (bytes("{\"a\":1 \"b\":2}"), .syntax, 7), (bytes("{1:1}"), .syntax, 1),
        (bytes("{\"a\":1]"), .syntax, 6), (bytes("[1}"), .syntax, 2), (bytes("]"), .syntax, 0),
        (bytes("nul]"), .syntax, 3), (bytes("True"), .syntax, 0), (bytes("NaN"), .syntax, 0),
        (bytes("Infinity"), .syntax, 0), (bytes("+1"), .syntax, 0), (bytes(".5"), .syntax, 0),
        (bytes("/* */1"), .syntax, 0), (bytes("1//"), .trailing, 1), (bytes("1 2"), .trailing, 2),
        (bytes("{}{}"), .trailing, 2), (bytes("[]]"), .trailing, 2), (bytes("1\u{0}"), .trailing, 1),
        (bytes("01"), .number, 0), (bytes("-01"), .number, 1), (bytes("-x"), .number, 1), (bytes("1.x"), .number, 2),
        (bytes("1ex"), .number, 2), (bytes("1e+x"), .number, 3), (bytes("0x1"), .trailing, 1),
        (bytes("1.2.3"), .trailing, 3),
        (bytes("1e401"), .numberTooLong, 0), (bytes("1E-401"), .numberTooLong, 0),
        (bytes("1e99999999999999999999"), .numberTooLong, 0),
        (bytes(String(repeating: "9", count: 65)), .numberTooLong, 0),
        ([0xEF, 0xBB, 0xBF, 0x31], .byteOrderMark, 0), ([0xFE, 0xFF, 0, 0x31], .syntax, 0),
        (bytes("\"a\u{0}b\""), .nul, 2), (bytes("\"a\\u0000b\""), .nul, 2), (bytes("{\"\\u0000\":1}"), .nul, 2),
        (bytes("\"a\nb\""), .controlCharacter, 2), (bytes("\"a\tb\""), .controlCharacter, 2),
        (bytes("\"01234567890\u{1F}\""), .controlCharacter, 12), (bytes("\"\\x\""), .escape, 1),
        (bytes("\"\\u00g0\""), .escape, 5), (bytes("\"\\U0041\""), .escape, 1), (bytes("\"\\\n\""), .escape, 1),
        (bytes("\"a\\uD800\""), .loneSurrogate, 2), (bytes("\"\\uDC00\""), .loneSurrogate, 1),
        (bytes("\"\\uD800\\uD800\""), .loneSurrogate, 1), (bytes("\"\\uD800\\n\""), .loneSurrogate, 1),
        (bytes("\"\\uD800x\""), .loneSurrogate, 1), (bytes("\"\\uDC00\\uD800\""), .loneSurrogate, 1),
        (quoted([0x61, 0xC0, 0x80]), .invalidUTF8, 2), (quoted([0xE0, 0x80, 0xAF]), .invalidUTF8, 1),
        (quoted([0xF0, 0x82, 0x82, 0xAC]), .invalidUTF8, 1), (quoted([0xED, 0xA0, 0x80]), .invalidUTF8, 1),
        (quoted([0xF4, 0x90, 0x80, 0x80]), .invalidUTF8, 1), (quoted([0xFF]), .invalidUTF8, 1),
        (quoted([0xC3, 0xA9, 0xE2, 0x82]), .invalidUTF8, 3), (quoted([0x80]), .invalidUTF8, 1),
        (quoted([0xC3] + bytes("\\n") + [0xA9]), .invalidUTF8, 1), (quoted(bytes("\\n") + [0xC3]), .invalidUTF8, 3),
        ([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], .invalidUTF8, 2), ([0xFF], .syntax, 0),
        (bytes("{\"a\":1,\"a\":2}"), .duplicateKey, 7), (bytes("{\"a\":1,\"\\u0061\":2}"), .duplicateKey, 7),
        (bytes("{\"\":1,\"\":2}"), .duplicateKey, 6), (bytes("{\"é\":1,\"e\u{301}\":2}"), .duplicateKey, 8),
        (bytes("[\"a" + String(repeating: "\u{301}", count: 257) + "\"]"), .tooManyMarks, 2),
        (bytes("{\"a" + String(repeating: "\\u0301\u{316}", count: 129) + "\":1}"), .tooManyMarks, 2),
    ]

    @Test(arguments: refused)
    func `What is not strict JSON is refused with its rule and byte`(
        _ text: [UInt8],
        _ kind: JSONError.Kind,
        _ offset: Int
    ) throws {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.kind == kind)
        #expect(error?.offset == offset)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.50", "-1.50E+10", "1e-7", "0.000", "12345678901234567890.0123456789",
        "\"\"", "\"a\"", "\"\u{7F}\u{FFFE}😀é\"", "[]", "{}", "[[],{}]", "{\"\":[1,2,3]}", "[null,1,\"1\",{\"a\":[]}]",
        "{\"z\":1,\"a\":2}", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"", "\"//\"",
    ])
    func `Compact text comes out byte by byte as it went in`(_ text: String) throws {
        let json = try JSON(parsing: text)
        #expect(String(decoding: json.serialized(), as: UTF8.self) == text)
        #expect(Array(text.utf8) == json.serialized())
    }

    @Test func `White space and needless escapes are all that is lost`() throws {
        let json = try JSON(parsing: " {\t\"a\\u00e9\\ud83d\\uDE00\" : [ 1 ,\r\n \"\\/\" ] } ")
        #expect(json == ["aé😀": [1, "/"]])
        #expect(json.serialized() == Array("{\"aé😀\":[1,\"/\"]}".utf8))
    }

    @Test func `A number keeps its digits`() throws {
        #expect(try JSON(parsing: "1.50") == .number("1.50"))
        #expect(try JSON(parsing: "1.50") != JSON(parsing: "1.5"))
        #expect(try JSON(parsing: "{\"value\":1.50}")["value"]?.number == "1.50")
    }

    @Test func `Equality counts bytes and order`() throws {
        #expect(try JSON(parsing: "\"é\"") != JSON(parsing: "\"e\u{301}\""))
        #expect(try JSON(parsing: "{\"a\":1,\"b\":2}") != JSON(parsing: "{\"b\":2,\"a\":1}"))
    }

    @Test(arguments: ["[", "{\"a\":"])
    func `A hundred thousand levels are refused and do not overflow the stack`(_ level: String) async throws {
        let text = String(repeating: level, count: 100_000)
        // On a task's thread, which has less stack than the main one.
        let error = await Task.detached { #expect(throws: JSONError.self) { try JSON(parsing: text) } }.value
        #expect(error?.kind == .tooDeep)
        let limit = JSONLimits(bytes: 1 << 20, depth: .max, values: .max)
        #expect(throws: JSONError.self) { try JSON(parsing: text, limits: limit) }
    }

    @Test func `The deepest nesting that is accepted can be read, written, compared and freed`() async throws {
        let text = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        let limits = JSONLimits(bytes: 1 << 20, depth: 500, values: 1000)
        try await Task.detached {
            let json = try JSON(parsing: text, limits: limits)
            #expect(json.serialized() == Array(text.utf8))
            #expect(try json == JSON(parsing: text, limits: limits))
        }.value
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test func `Limits on bytes and values hold`() {
        let limits = JSONLimits(bytes: 10, values: 3)
        #expect(throws: Never.self) { try JSON(parsing: "[1,2]", limits: limits) }
        #expect(kind("[1,2,3]", limits) == .tooManyValues)
        #expect(kind("\"123456789\"", limits) == .tooLarge)
    }

    @Test func `Duplicates are found among many members too, and soon`() throws {
        let members = (0..<200_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(try JSON(parsing: "{\(members)}").object?.members.count == 200_000)
        #expect(kind("{\(members),\"k3\":0}") == .duplicateKey)
        #expect(kind("{\(members),\"k199999\":0}") == .duplicateKey)
        #expect(kind("{" + (0..<16).map { "\"\($0)\":0" }.joined(separator: ",") + ",\"15\":0}") == .duplicateKey)
    }

    @Test(arguments: [
        (#"{"resourceType":"Patient","name":[{"family":"Ada\u0000"}]}"#, "Patient.name[0].family"),
        (#"{"resourceType":"Patient","name":[{"given":["a","b\q"]}]}"#, "Patient.name[0].given[1]"),
        (#"{"resourceType":"Patient","birthDate":01}"#, "Patient.birthDate"),
        (#"{"name":[{},{"family":x}]}"#, "name[1].family"),
        (#"{"resourceType":"Patient","id":"\"}]","active":tru}"#, "Patient.active"),
        (#"{"resourceType":"Patient","id":"1","id":"2"}"#, "Patient.id"),
        (#"{"resourceType":"Ada Lovelace","id":01}"#, "id"),
        (#"{"resourceType":"Patient","Ada Lovelace":01}"#, "Patient.?"),
        (
            #"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":01}}]}"#,
            "Bundle.entry[0].resource.id"
        ),
        ("[1,2,]", "[2]"),
    ])
    func `An error names the element and never a value`(_ text: String, _ expression: String) {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error?.expression == expression)
        #expect(error?.description.contains("Ada") == false)
    }

    @Test func `Every damaged byte of a text is refused or read, and nothing crashes`() throws {
        let good = Array(#"{"resourceType":"Patient","a":[1.50e-3,"é\n\ud83d\ude00",true,null],"b":{"c":"d"}}"#.utf8)
        for index in good.indices {
            for byte in UInt8.min...UInt8.max {
                var damaged = good
                damaged[index] = byte
                if let json = try? JSON(parsing: damaged) { #expect(try JSON(parsing: json.serialized()) == json) }
            }
            #expect(throws: JSONError.self) { try JSON(parsing: good[..<index]) }
        }
    }

    @Test(SampleData.needed) func `Every example comes out equal to how it went in`() throws {
        for file in try SampleData.files() {
            let json = try JSON(parsing: file.bytes)
            let compact = json.serialized()
            let again = try JSON(parsing: compact)
            #expect(again == json, "\(file.name)")
            #expect(again.serialized() == compact, "\(file.name)")
        }
    }

    @Test func `Members are read and changed by key`() {
        var json: JSON = ["resourceType": "Patient", "name": [["family": "Lovelace"]], "active": true]
        #expect(json["name"]?[0]?["family"]?.string == "Lovelace")
        #expect(json["name"]?[1] == nil)
        #expect(json["active"]?.bool == true)
        json["active"] = nil
        json["id"] = "1"
        #expect(json == ["resourceType": "Patient", "name": [["family": "Lovelace"]], "id": "1"])
    }

    private func kind(_ text: String, _ limits: JSONLimits = .standard) -> JSONError.Kind? {
        do throws(JSONError) {
            _ = try JSON(parsing: text, limits: limits)
            return nil
        } catch {
            return error.kind
        }
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private func quoted(_ content: [UInt8]) -> [UInt8] { [0x22] + content + [0x22] }
