public import Foundation
public import Postgres

/// A query that must return nothing: `database/<store>/lint/*.sql`. Its first line says what it returns, its name what is wrong.
public struct SQLLint: Sendable {
    /// The file's name without its ending: `table-without-comment`.
    public let name: String
    private let text: String

    /// The lints of a folder, by name. One folder serves several stores: they look at the schema that they are run on.
    public static func all(in folder: URL) throws -> [SQLLint] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "sql" }
            .sorted { $0.path < $1.path }
            .map { file in
                SQLLint(
                    name: file.deletingPathExtension().lastPathComponent,
                    text: try String(contentsOf: file, encoding: .utf8)
                )
            }
    }

    /// What it finds in a schema.
    ///
    /// The query is text of a file of the release, and so travels as a value, to be run by the database.
    public func findings(in schema: String, over connection: AdminConnection) throws -> [String] {
        try connection.query(
            """
            select set_config('carekeep.lint', \(text), false), set_config('search_path', \(schema), false)
            """
        )
        defer { _ = try? connection.query("reset search_path") }  // a connection that is gone needs no path
        try connection.execute(script: Self.execution)
        let rows = try connection.query(
            "select json_array_elements_text(current_setting('carekeep.found')::json) order by 1"
        )
        return try rows.map { try $0.decode(String.self, at: 0) }
    }

    private static let execution: SQLScript = """
        do $$
        declare
            line text;
            found text[] := '{}';
        begin
            for line in execute current_setting('carekeep.lint') loop
                found := found || coalesce(line, '(nameless)');
            end loop;
            perform set_config('carekeep.found', array_to_json(found)::text, false);
        end
        $$
        """
}
