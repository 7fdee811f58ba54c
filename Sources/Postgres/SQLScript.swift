public import FoundationEssentials

/// Statements of the release in one text: a migration, the policies. A string made at run time does not fit in.
public struct SQLScript: Sendable, ExpressibleByStringLiteral {
    /// What an error names it by: the file's name.
    public let name: String
    let text: String

    /// Reads a file that is part of the release.
    public init(contentsOf file: URL) throws {
        name = file.lastPathComponent
        text = try String(contentsOf: file, encoding: .utf8)
    }

    /// A script within the program.
    public init(stringLiteral text: StaticString) {
        name = "script"
        self.text = text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    }
}

/// Where a script failed.
public struct ScriptError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Code and constraint.
    public let error: PostgresError
    /// The script's name.
    public let script: String
    /// Which statement it was, from 1.
    public let statement: Int
    /// Line and column, both from 1, if the server pointed at a place.
    public let place: Place?
    /// The server's words, where they can only speak of the script: of syntax, names, types and constraints. A message
    /// about a value that did not fit quotes it, and is dropped.
    public let message: String?

    /// A place in a text.
    public struct Place: Sendable, Equatable {
        /// From 1.
        public let line: Int
        /// In characters, from 1.
        public let column: Int

        /// The place of the nth character, from 1 as PostgreSQL counts.
        init(ofCharacter position: Int, in text: String) {
            let before = text.unicodeScalars.prefix(max(position - 1, 0))
            line = before.count { $0 == "\n" } + 1
            column = before.reversed().prefix { $0 != "\n" }.count + 1
        }
    }

    /// Script, place, code and words.
    public var description: String {
        let place = place.map { "\($0.line):\($0.column)" } ?? "statement \(statement)"
        return "\(script):\(place): \(error)" + (message.map { ": \($0)" } ?? "")
    }

    /// The classes of SQLSTATE whose primary message names things and never values: feature, integrity, dependent
    /// objects, schema, syntax and access, object state.
    static let classesWithoutValues: Set<String> = ["0A", "23", "2B", "3F", "42", "55"]
}
