import ArgumentParser
import Assurance
import Database
import Foundation
import People
import Postgres

/// `carekeep prove`: tries the promises on this installation and says what it saw.
struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Try the promises on this installation, and say what was seen; 1 if one falls short.",
        discussion: """
            Without ids, everything that can be checked. Checks through the front door need a server that runs. Results are kept, \
            and shown on the page /trust. What went wrong is told here in full, and there in a word.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Flag(name: .long, help: "Print the count of outcomes alone.")
    var quiet = false

    @Argument(help: "Ids of promises, such as ISO-1.")
    var ids: [String] = []

    func run() async throws {
        let catalogue = try PromiseCatalogue.release.get()
        for id in ids where catalogue[id] == nil { throw ValidationError("There is no promise \(id).") }
        for id in ids where catalogue[id]?.probes.isEmpty == true {
            print("\(id)  not built yet: \(catalogue[id]?.missing ?? "")")
        }
        let probes = Prover.probes(for: ids, in: catalogue)
        guard !probes.isEmpty else { return }
        var results: [Prover.Result] = []
        try await OpenHome.forCommand(config: config) { open, _ in
            results = try await Prover(open.site(), probes: probes, release: "\(Release.version)").proveAll {
                if !quiet { Self.tell($0, in: catalogue) }
            }
        }
        let counts = Dictionary(grouping: results, by: \.outcome).mapValues(\.count)
        let order: [Prover.Outcome] = [.kept, .fallsShort, .broken, .notTried]
        print(
            order.compactMap { outcome in counts[outcome].map { "\($0) \(outcome.rawValue)" } }.joined(separator: ", ")
        )
        if (counts[.fallsShort] ?? 0) + (counts[.broken] ?? 0) > 0 { throw ExitCode.failure }
    }

    private static func tell(_ result: Prover.Result, in catalogue: PromiseCatalogue) {
        let ids = catalogue.promises.filter { $0.probes.contains(result.probe.name) }.map(\.id).joined(separator: " ")
        let seconds = Double(result.took.components.seconds) + Double(result.took.components.attoseconds) / 1e18
        let columns = [
            padded(result.probe.name.rawValue, 20), padded(result.probe.class.rawValue, 5),
            padded(result.outcome.rawValue, 11),
            padded(seconds.formatted(.number.precision(.fractionLength(1))) + " s", 8), ids,
        ]
        print(columns.joined(separator: " "))
        print("    It \(result.probe.tries). \(result.seen)")
        for detail in result.details { print("    - \(detail)") }
        fflush(nil)
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension OpenHome {
    /// This installation, as probes see it.
    func site() throws -> Site {
        let configuration = paths.configuration
        let (records, keys) = (stores[0], stores[1])
        return Site(
            home: home,
            databases: Site.Databases(
                admin: records.administration,
                server: records.conninfo(role: "carekeep_server"),
                keysAdmin: keys.administration
            ),
            migrators: stores.map(\.migrator),
            release: { Database.folder(of: $0) },
            door: try door(),
            host: Site.Host(
                dataFolders: stores.compactMap { $0.cluster?.dataFolder },
                hasClearRootKey: configuration.rootKey.passphrase == .none,
                allowsTLS12: configuration.minimumTLS == .v1_2,
                hasOwnClusters: stores.allSatisfy { $0.cluster != nil }
            )
        )
    }

    private func door() throws -> FrontDoorClient? {
        let configuration = paths.configuration
        let authority: String?
        switch configuration.certificate {
        case .localAuthority: authority = LocalAuthority(paths).authorityFile
        case .files: authority = nil
        }
        if let authority, !FileManager.default.fileExists(atPath: authority) { return nil }
        let everywhere = ["0.0.0.0": "127.0.0.1", "::": "::1"]
        return try FrontDoorClient(
            name: configuration.publicNames.first ?? "localhost",
            host: everywhere[configuration.https.host] ?? configuration.https.host,
            port: configuration.https.port,
            plainPort: configuration.http?.port,
            authority: authority
        )
    }
}
