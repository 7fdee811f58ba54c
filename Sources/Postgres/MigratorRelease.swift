import FoundationEssentials

/// What a release says that a store's database is: its files, read and checked for order.
struct Release: Sendable {
    /// One step of the schema.
    struct Step: Sendable {
        /// From the file's name, from 1 without gaps.
        var number: Int
        /// `0001-people`.
        var name: String
        /// The step itself.
        var up: SQLScript
        /// Its way back.
        var down: SQLScript
    }

    /// The roles of the cluster; run first, any number of times.
    var roles: SQLScript
    /// In order.
    var steps: [Step]
    /// Policies, grants and functions, in the order of their files' names; applied whole.
    var current: [SQLScript]

    /// Reads `roles.sql`, `migrations/NNNN-noun.{up,down}.sql` and `current/*.sql`.
    init(folder: URL) throws {
        roles = try SQLScript(contentsOf: folder.appending(component: "roles.sql"))
        current = try Self.files(in: folder.appending(component: "current")).map { try SQLScript(contentsOf: $0) }
        steps = []

        let migrations = try Self.files(in: folder.appending(component: "migrations"))
        let backwards = Set(migrations.map(\.lastPathComponent).filter { $0.hasSuffix(".down.sql") })
        for file in migrations where !backwards.contains(file.lastPathComponent) {
            let name = file.lastPathComponent.removing(suffix: ".up.sql")
            guard let name, let number = Int(name.prefix(4)), name.dropFirst(4).first == "-" else {
                throw MigrationError("\(file.lastPathComponent) is not named NNNN-noun.up.sql")
            }
            guard number == steps.count + 1 else {
                throw MigrationError("\(name) should have number \(steps.count + 1): steps are counted without gaps")
            }
            guard backwards.contains(name + ".down.sql") else {
                throw MigrationError("\(name) has no way back: \(name).down.sql is missing")
            }
            let back = file.deletingLastPathComponent().appending(component: name + ".down.sql")
            try steps.append(
                Step(number: number, name: name, up: SQLScript(contentsOf: file), down: SQLScript(contentsOf: back))
            )
        }
        guard !steps.isEmpty else { throw MigrationError("there is no migration in \(folder.path())") }
        guard backwards.count == steps.count else {
            throw MigrationError("a way back belongs to no step: \(backwards.sorted().joined(separator: ", "))")
        }
    }

    /// The files of a folder that hold SQL, by name.
    private static func files(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
            .filter { $0.hasSuffix(".sql") }.sorted()
            .map { folder.appending(component: $0) }
    }

    /// All that a database must have been made with to be of this release.
    var everything: String {
        (steps.flatMap { [$0.name, $0.up.text] } + current.flatMap { [$0.name, $0.text] }).map {
            "\($0.utf8.count):\($0)"
        }.joined()
    }
}

/// Why a store is not migrated. Names the step or the file; says what to do about it.
public struct MigrationError: Error, CustomStringConvertible, Equatable {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension String {
    fileprivate func removing(suffix: String) -> String? {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : nil
    }
}
