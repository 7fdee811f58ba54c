import Care
import Foundation
import Logging
import Postgres
import Seals
import Synchronization
import Testing

@testable import Portal

/// What a log wrote.
final class Paper: Sendable {
    private let lines = Mutex<[[UInt8]]>([])

    var log: Log { Log { line in self.lines.withLock { $0.append(line) } } }
    var text: String { lines.withLock { $0.map { String(decoding: $0, as: UTF8.self) }.joined() } }

    func entries() throws -> [[String: Any]] {
        try lines.withLock { $0 }.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
    }
}

/// An error whose every word quotes somebody.
struct Telltale: Error, CustomStringConvertible, LocalizedError {
    let name = "Ludmila"
    var description: String { "\(name) is ill" }
    var errorDescription: String? { description }
}

@Suite struct `The log` {
    @Test func `is JSON, a line each, with a time, a level and what happened`() throws {
        let paper = Paper()
        let organization = Organization.ID()
        paper.log.info(
            "ready",
            ["port": .count(8443), "organization": .id(organization), "act": .code(Act.readRecord)]
        )
        paper.log.warning("slow", nil, ["took": .microseconds(.milliseconds(1500)), "why": "a \"quoted\" \\ word"])
        let entries = try paper.entries()
        #expect(paper.text.split(separator: "\n").count == 2)
        #expect(entries[0]["level"] as? String == "info" && entries[0]["event"] as? String == "ready")
        #expect(entries[0]["port"] as? Int == 8443 && entries[0]["act"] as? String == "record.read")
        #expect(entries[0]["organization"] as? String == organization.description)
        #expect(entries[1]["took"] as? Int == 1_500_000)
        #expect(entries[1]["why"] as? String == "a \"quoted\" \\ word")
        let time = try #require(entries[0]["time"] as? String)
        #expect(time.wholeMatch(of: /2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
    }

    @Test func `knows an error by its type and a code`() throws {
        let paper = Paper()
        let broken = PostgresError(
            kind: .server,
            sqlState: "23514",
            constraint: "share_ends",
            statement: "select 'Ludmila'"
        )
        let odd = PostgresError(kind: .server, sqlState: "Ludmi la", constraint: "Ludmila's")
        for error in [broken, odd, SealError.noKey, Refusal.unavailable, Telltale(), CancellationError()] as [any Error]
        {
            paper.log.error("failed", Fault(error))
        }
        let entries = try paper.entries()
        #expect(
            entries.map { "\($0["error"] ?? "") \($0["code"] ?? "") \($0["constraint"] ?? "")" } == [
                "PostgresError server.23514 share_ends", "PostgresError server.none ", "SealError noKey ",
                "Refusal unavailable ", "Telltale 1 ", "CancellationError 1 ",
            ]
        )
        #expect(!paper.text.contains("udmi"))
    }

    @Test func `keeps of a library's line its place and none of its words`() throws {
        let paper = Paper()
        var library = LibraryLog.logger("https", to: paper.log)
        library[metadataKey: "path"] = "/Ludmila"
        library.error("no Ludmila", error: Telltale(), metadata: ["name": "Ludmila"], source: "Ludmila")
        library.warning("Ludmila", file: "Ludmila is no file", function: "Ludmila", line: 7)
        library.info("Ludmila came")
        let entries = try paper.entries()
        #expect(entries.count == 2 && !paper.text.contains("udmi"))
        #expect(entries[0]["event"] as? String == "library" && entries[0]["label"] as? String == "https")
        #expect((entries[0]["place"] as? String)?.hasPrefix("PortalTests/LogTests.swift:") == true)
        #expect(entries[0]["error"] as? String == "Telltale" && entries[0]["level"] as? String == "error")
        #expect(entries[1]["place"] as? String == "other:7" && entries[1]["level"] as? String == "warning")
    }

    @Test func `names a time as Foundation does`() {
        // Around leap days, centuries and the ends of years; and every eleventh hour or so for a thousand years.
        let turns = [
            0, 951_782_399, 951_782_400, 951_868_799, 951_868_800, 4_107_542_399, 4_107_542_400, 1_704_067_199,
        ]
        let format = Date.ISO8601FormatStyle()
        for seconds in turns + Array(stride(from: 0, to: 31_556_952_000, by: 40_000_003)) {
            let expected = Date(timeIntervalSince1970: Double(seconds)).formatted(format).replacing(
                "Z",
                with: ".000042Z"
            )
            #expect(LogMoment(seconds: seconds, microseconds: 42).text == expected)
        }
    }

    /// What is not to compile, each beside a positive control: otherwise a misspelt snippet would pass for a refusal.
    @Test(arguments: [
        (
            "log.info(\"read\", [\"port\": .count(1), \"id\": .id(patient), \"why\": .code(refusal), \"kind\": \"page\"])",
            true
        ),
        ("log.info(name)", false),
        ("log.info(\"read by \\(name)\")", false),
        ("log.info(\"read\", [name: .count(1)])", false),
        ("log.info(\"read\", [\"by\": name])", false),
        ("log.info(\"read\", [\"by\": \"\\(name)\"])", false),
        ("log.info(\"read\", [\"by\": .code(name)])", false),
        ("log.info(\"read\", [\"by\": .id(name)])", false),
        ("log.info(\"read\", [\"by\": LogValue(name)])", false),
        ("log.info(\"read\", [\"by\": LogValue(.text(name))])", false),
        ("log.info(\"read\", [\"by\": LogValue(stringLiteral: name)])", false),
        ("log.error(\"failed\", Fault(error))", true),
        ("log.error(\"failed\", error)", false),
        ("log.error(\"failed\", Fault(name))", false),
        ("log.error(\"failed\", Fault(error), file: name)", false),
        ("log.error(\"failed\", Fault(type: name, code: name, constraint: nil))", false),
        (
            "_ = ErrorReport(event: \"e\", fault: Fault(error), request: nil, facts: [:], place: SourcePlace(\"f\", 1))",
            true
        ),
        (
            "_ = ErrorReport(event: name, fault: Fault(error), request: nil, facts: [:], place: SourcePlace(\"f\", 1))",
            false
        ),
        (
            "_ = ErrorReport(event: \"e\", fault: Fault(error), request: nil, facts: [\"a\": name], place: SourcePlace(\"f\", 1))",
            false
        ),
        (
            "_ = ErrorReport(event: \"e\", fault: Fault(error), request: nil, facts: [:], place: SourcePlace(name, 1))",
            false
        ),
        ("_ = RequestID()", true),
        ("_ = RequestID(name)", false),
        ("_ = RouteTemplate(text: name)", false),
        ("_ = ServedMethod(text: name)", false),
        ("var json = LogJSON(); json.field(\"a\", .count(1))", true),
        ("var json = LogJSON(); json.field(name, .count(1))", false),
        ("var json = LogJSON(); json.bytes.append(1)", false),
    ])
    func `does not compile from a run-time string`(snippet: String, compiles: Bool) throws {
        let source = """
            import Care
            @testable import Portal
            func run(log: Log, name: String, error: any Error, patient: Patient.ID, refusal: Refusal) {
            \(snippet)
            }
            """
        #expect(try typechecks(source) == compiles)
    }

    /// Compiles against this very build's module.
    private func typechecks(_ source: String) throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "snippet-\(UUID()).swift")
        try source.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }  // best effort, in a temporary folder
        let build = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().path
        let package = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
        let command = """
            cd '\(package)' && swiftc -typecheck -suppress-warnings -I '\(build)/Modules' \
            $(for m in '\(build)'/*.build/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap \
            Sources/C*/module.modulemap; do echo "-Xcc -fmodule-map-file=$m"; done) \
            $(for f in .build/checkouts/*/Sources/*/include; do echo "-Xcc -I$f"; done) \
            $(pkg-config --cflags-only-I libpq libcrypt libcurl pangocairo | sed 's/-I/-Xcc -I/g') '\(file.path)' >/dev/null 2>&1
            """
        return system(command) == 0
    }
}
