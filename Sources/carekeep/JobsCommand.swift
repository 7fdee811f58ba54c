import ArgumentParser
import Assurance
import Foundation
import People

/// `carekeep jobs`: what is done again and again or was asked for, and what has failed for good.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List what runs by itself, when next, and what has failed for good; retry that.",
        subcommands: [List.self, Retry.self],
        defaultSubcommand: List.self
    )

    /// `carekeep jobs`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List kinds, when they run next, and dead jobs.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() async throws {
            try await OpenHome.forCommand(config: config) { _, admin in
                let book = JobBook(over: admin)
                for kind in try book.kinds() { print(Self.line(kind)) }
                for job in try book.dead() {
                    print(
                        "dead  \(job.id.uuidString.lowercased())  \(job.kind)  organization \(job.organization.uuidString.lowercased())",
                        " attempts \(job.attempts)  failed \(Self.time(job.failedAt))  error \(job.lastError ?? "-")"
                    )
                }
            }
        }

        private static func line(_ kind: JobBook.Kind) -> String {
            let period = kind.period.map { "every \($0) s" } ?? "when asked for"
            return [
                kind.name, period, "next \(time(kind.next))", "last done \(time(kind.lastDone))",
                "waiting \(kind.waiting)", "running \(kind.running)", "dead \(kind.dead)",
                kind.lastError.map { "error \($0)" },
            ].compactMap(\.self).joined(separator: "  ")
        }

        private static func time(_ time: Date?) -> String { time?.formatted(.iso8601) ?? "-" }
    }

    /// `carekeep jobs retry ID`
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a dead job wait again, with all its attempts.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The job's id, as `carekeep jobs` lists it.")
        var id: String

        func run() async throws {
            guard let id = UUID(uuidString: id) else { throw ValidationError("That is not the id of a job.") }
            try await OpenHome.forCommand(config: config) { _, admin in
                guard try JobBook(over: admin).retry(id) else {
                    throw ValidationError("No dead job has this id.")
                }
                print("It waits again.")
            }
        }
    }
}
