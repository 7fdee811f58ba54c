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

            With --remote, what anybody can try from outside, on anybody's installation: it needs no installation here, and \
            nothing is kept there.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Flag(name: .long, help: "Print the count of outcomes alone.")
    var quiet = false

    @Option(name: .long, help: ArgumentHelp("An installation to try from outside.", valueName: "https://…"))
    var remote: String?

    @Option(
        name: .long,
        help: "With --remote: the certificate authority to trust, a PEM file; the system's without it."
    )
    var authority: String?

    @Option(
        name: .long,
        help: "With --remote: where plain HTTP is answered; 80 is tried for an address without a port."
    )
    var plainPort: Int?

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
        if let remote { return try await prove(at: remote, probes, in: catalogue) }
        if authority != nil || plainPort != nil {
            throw ValidationError("--authority and --plain-port go with --remote.")
        }
        var results: [Prover.Result] = []
        try await OpenHome.forCommand(config: config) { open, _ in
            let site = try open.site(file: ServerConfiguration.file(given: config))
            results = try await Prover(site, probes: probes, release: "\(Release.version)").proveAll {
                if !quiet { ResultTable.tell($0, in: catalogue) }
            }
        }
        ResultTable.tellCounts(results)
        if ResultTable.isBad(results) { throw ExitCode.failure }
    }

    private func prove(at address: String, _ probes: [Probe], in catalogue: PromiseCatalogue) async throws {
        guard config == nil else {
            throw ValidationError("--remote takes no configuration: it needs an address alone.")
        }
        let place = try RemoteInstallation(address, authority: authority, plainPort: plainPort)
        let open = Set(Probe.fromOutside.map(\.name))
        let wanted = probes.filter { open.contains($0.name) }
        guard !wanted.isEmpty else { throw ValidationError("None of these promises can be tried from outside.") }
        let results = try await place.prove(wanted) { if !quiet { ResultTable.tell($0, in: catalogue) } }
        ResultTable.tellCounts(results)
        if ResultTable.isBad(results) { throw ExitCode.failure }
    }
}

extension OpenHome {
    /// This installation, as probes see it.
    ///
    /// - `file`: the configuration's file, if there is one.
    func site(file: String?) throws -> Site {
        Site(
            home: home,
            databases: Site.Databases(stores),
            migrators: stores.map(\.migrator),
            release: { Database.folder(of: $0) },
            door: try door(),
            host: Site.Host(paths, stores, layout: paths.layout(stores, file: file))
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
