import ArgumentParser
import Foundation
import Postgres

/// `carekeep migrate`: brings the stores to what this release says, and back, and says where they differ.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the databases to this release, or back, or find what a hand has changed.",
        subcommands: [Up.self, Down.self, Status.self, Drift.self]
    )

    struct Options: ParsableArguments {
        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Option(name: .long, help: "One store alone: records or keys.")
        var store: String?

        /// Runs `body` with each store in question, its database running. A database that this starts, it stops again.
        func withStores(_ body: (InstalledStore) throws -> Void) throws {
            let paths = try InstallationPaths(ServerConfiguration.load(from: config))
            let lock = try InstallationLock(paths)
            try lock.takeForCommand()
            let stores = try paths.stores()
            if let store, !stores.contains(where: { $0.name == store }) {
                throw ValidationError(
                    "There is no store \(store); there are \(stores.map(\.name).joined(separator: ", "))."
                )
            }
            for each in stores where store == nil || each.name == store {
                try lock.awaitSupervised(each)
                let start = try each.start()
                defer {
                    // The command has done its work; a database that does not stop is adopted by the next start.
                    if start != .adopted { try? each.cluster?.stop() }
                }
                try body(each)
            }
        }
    }

    /// `carekeep migrate up`
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply the steps that are pending, and policies, grants and functions whole."
        )
        @OptionGroup var options: Options

        func run() async throws {
            try options.withStores { store in
                let steps = try store.migrator.up()
                print(
                    "\(store.name): \(steps.isEmpty ? "no step was pending" : steps.joined(separator: ", ") + " applied")"
                )
            }
        }
    }

    /// `carekeep migrate down`
    struct Down: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the last step back, or all above a number; no server starts until `up`."
        )
        @OptionGroup var options: Options

        @Option(name: .long, help: "The number of the last step to keep.")
        var to: Int?

        func validate() throws {
            if options.store == nil { throw ValidationError("Say which store: --store records or --store keys.") }
        }

        func run() async throws {
            try options.withStores { store in
                let steps = try store.migrator.down(to: to)
                print(
                    "\(store.name): \(steps.isEmpty ? "policies removed" : steps.joined(separator: ", ") + " taken back")"
                )
            }
        }
    }

    /// `carekeep migrate status`
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the steps, and say whether a server may start.")
        @OptionGroup var options: Options

        func run() async throws {
            try options.withStores { store in
                let status = try store.migrator.status()
                for step in status.steps {
                    print("\(store.name)  \(step.name)  \(step.appliedAt.map { $0.formatted(.iso8601) } ?? "pending")")
                }
                print("\(store.name)  \(status.isReady ? "ready" : "not ready: run carekeep migrate up")")
            }
        }
    }

    /// `carekeep migrate drift`
    struct Drift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare the databases with this release and name each difference; 1 if there is any."
        )
        @OptionGroup var options: Options

        func run() async throws {
            var count = 0
            try options.withStores { store in
                let differences = try store.migrator.drift()
                count += differences.count
                for difference in differences { print("\(store.name)  \(difference)") }
                if differences.isEmpty { print("\(store.name)  as released") }
            }
            if count > 0 { throw ExitCode.failure }
        }
    }
}
