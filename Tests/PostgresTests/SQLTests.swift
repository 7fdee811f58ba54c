import Foundation
import Testing

@testable import Postgres

@Suite struct `A statement` {
    private func text(_ sql: SQL) -> String {
        String(decoding: Template.rendered(sql.template).text.dropLast(), as: UTF8.self)
    }

    @Test func `numbers its parameters and knows their types`() {
        let statement: SQL = "select \(1), \("a") and \(true)"
        #expect(text(statement) == "select $1, $2 and $3")
        #expect(Template.rendered(statement.template).types == [20, 25, 16])
    }

    @Test func `numbers anew the parameters of its parts`() {
        let condition: SQL = "a = \(1) and b = \("x")"
        let statement: SQL = "select \(true) where \(condition) or c = \([UInt8]())"
        #expect(text(statement) == "select $1 where a = $2 and b = $3 or c = $4")
        #expect(statement.lengths == [1, 8, 1, 0])
    }

    @Test func `never has somebody's text in its own`() {
        let name = "x'; drop table patient; --"
        #expect(text("select \(name)") == "select $1")
        #expect(SQL.Identifier(name) == nil)
        #expect(SQL.Identifier("") == nil && SQL.Identifier("1a") == nil && SQL.Identifier("É") == nil)
        #expect(SQL.Identifier(String(repeating: "a", count: 64)) == nil)
    }

    @Test func `takes a checked name quoted`() throws {
        let month = try #require(SQL.Identifier("entry_2026_11"))
        #expect(text("drop table \(month)") == #"drop table "entry_2026_11""#)
    }

    /// What is not to compile, each beside a positive control: otherwise a misspelt snippet would pass for a refusal.
    @Test(arguments: [
        ("let sql: SQL = \"select 1\"", true),
        ("let sql: SQL = \"select \\(name)\"", true),
        ("let sql: SQL = name", false),
        ("let sql = SQL(name)", false),
        ("let sql = SQL(stringLiteral: name)", false),
        (
            "var pieces = SQL.StringInterpolation(literalCapacity: 0, interpolationCount: 0); pieces.appendLiteral(name)",
            false
        ),
        ("let script: SQLScript = \"select 1\"", true),
        ("let script = SQLScript(stringLiteral: name)", false),
        ("let script: SQLScript = name", false),
        ("let script: SQLScript = \"select \\(name)\"", false),
    ])
    func `does not compile from a run-time string`(snippet: String, compiles: Bool) throws {
        #expect(try typechecks("import Postgres\nfunc run(name: String) {\n\(snippet)\n}") == compiles)
    }

    /// Compiles against this very build's module.
    private func typechecks(_ source: String) throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "snippet-\(UUID()).swift")
        try source.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }  // best effort, in a temporary folder
        let build = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let package = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let command = """
            swiftc -typecheck -suppress-warnings -I '\(build.path)/Modules' \
            -Xcc -fmodule-map-file='\(package.path)/Sources/CPostgres/module.modulemap' \
            $(pkg-config --cflags libpq | sed 's/-I/-Xcc -I/g') '\(file.path)' >/dev/null 2>&1
            """
        return system(command) == 0
    }
}
