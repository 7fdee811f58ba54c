import ArgumentParser
import Assurance
import FHIR
import Foundation

/// `carekeep access`: who may do what.
struct AccessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "access",
        abstract: "Print who may do what, as the database has it.",
        subcommands: [Matrix.self]
    )

    /// `carekeep access matrix`
    struct Matrix: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the whole matrix: roles, acts, and ways of reaching a patient.",
            discussion: """
                Each cell says by which ways of reaching a patient a role opens an act: g guardian, s self, h share, c care team, \
                a assignment to a job, r carer, o carer who only reads; + for an act that is about no patient; . for never. It is read from the tables that the gate reads, \
                and a test tries it cell by cell. An organisation's own roles are not in it: see the page /roles.
                """
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Option(name: .long, help: "One kind of organisation: family, clinic or operations.")
        var profile: String?

        @Flag(name: .long, help: "As JSON, a line for each role and act.")
        var json = false

        func run() async throws {
            try await OpenHome.forCommand(config: config) { _, admin in
                let matrix = try AccessMatrix(over: admin)
                let profiles = Set(matrix.roles.map(\.profile)).sorted().filter { profile == nil || $0 == profile }
                guard !profiles.isEmpty else { throw ValidationError("There is no such kind of organisation.") }
                for name in profiles {
                    if json { printLines(matrix, of: name) } else { printTable(matrix, of: name) }
                }
                guard !json else { return }
                let counts = matrix.counts
                print("\(matrix.acts.count) acts, \(counts.cells) cells, \(counts.open) of them open.")
                print("Permissions: \(matrix.built.joined(separator: ", ")).")
                print(
                    "Not built yet, so that nobody has anything of it: \(matrix.unbuiltModules.joined(separator: ", "))."
                )
            }
        }

        private func printTable(_ matrix: AccessMatrix, of profile: String) {
            let roles = matrix.roles.filter { $0.profile == profile }
            print("\(profile)\n")
            for (number, role) in roles.enumerated() {
                print("  \(Self.letter(number))  \(role.name)\(role.isOffered ? "" : " (not offered here)")")
            }
            let width = matrix.acts.map(\.name.count).max() ?? 0
            let head = roles.indices.map { Self.padded(Self.letter($0), 6) }.joined()
            print("\n  \(Self.padded("", width))  \(Self.padded("asks for", 18))  \(head)")
            for act in matrix.acts {
                let cells = roles.map { Self.padded(Self.cell(matrix.opening(act, by: $0), of: act), 6) }.joined()
                print("  \(Self.padded(act.name, width))  \(Self.padded(act.permission ?? "-", 18))  \(cells)")
            }
            print("")
        }

        private func printLines(_ matrix: AccessMatrix, of profile: String) {
            for role in matrix.roles where role.profile == profile {
                for act in matrix.acts {
                    let opening = matrix.opening(act, by: role)
                    let line: JSON = [
                        "profile": .string(profile), "role": .string(role.name), "act": .string(act.name),
                        "permission": act.permission.map { .string($0) } ?? .null, "open": .bool(opening != nil),
                        "reach": .array((opening ?? []).map { .string($0) }),
                    ]
                    print(String(decoding: line.serialized(), as: UTF8.self))
                }
            }
        }

        private static func cell(_ ways: [String]?, of act: AccessMatrix.Act) -> String {
            guard let ways else { return "." }
            guard act.isAboutPatient else { return "+" }
            let letters = [
                "guardian": "g", "self": "s", "share": "h", "care-team": "c", "assignment": "a", "carer": "r",
                "carer-reading": "o", "appointment": "p",
            ]
            return ways.map { letters[$0] ?? "?" }.joined()
        }

        private static func letter(_ number: Int) -> String { String(UnicodeScalar(UInt8(65 + number))) }

        private static func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
    }
}
