import ArgumentParser
import Assurance
import Database
import Foundation
import People
import Portal
import Postgres

/// `carekeep prove`: tries the promises on this installation and says what it saw.
struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Try the promises on this installation, and say what was seen; 1 if one falls short.",
        discussion: """
            Without ids, everything that can be checked. Checks through the front door need a server that runs. Results are kept, \
            and shown on the page /trust. What went wrong is told here in full, and there in a word.

            0: nothing falls short. 1: something does, or a check broke. 2: nothing does, and without ids something was not tried, for \
            another reason than a server that does not answer or results that the release did not bring. 3: the checks could not run.

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

    @Flag(
        name: .long,
        help:
            "Say that the clock had been ahead and is right now: results of later times than now count no more. Tries nothing."
    )
    var clockWasAhead = false

    @Argument(help: "Ids of promises, such as ISO-1, or names of checks, such as headers.")
    var ids: [String] = []

    func run() async throws {
        let catalogue = try PromiseCatalogue.release.get()
        for id in ids where catalogue[id] == nil && ProbeName(rawValue: id) == nil {
            throw ValidationError("There is no promise and no check \(id).")
        }
        for id in ids where catalogue[id]?.probes.isEmpty == true {
            print("\(id)  not built yet: \(catalogue[id]?.missing ?? "")")
        }
        let probes = Prover.probes(for: ids, in: catalogue)
        if clockWasAhead { return try await noteClockAhead() }
        guard !probes.isEmpty else { return }
        if let remote { return try await prove(at: remote, probes, in: catalogue) }
        if authority != nil || plainPort != nil {
            throw ValidationError("--authority and --plain-port go with --remote.")
        }
        let results = try await prove(probes, in: catalogue)
        ResultTable.tellCounts(results)
        if ResultTable.isBad(results) { throw ExitCode.failure }
        if ids.isEmpty, results.contains(where: { $0.lack == .other }) { throw ExitCode(Self.notAllTried) }
    }

    /// Nothing falls short, and not everything was tried that could have been.
    static let notAllTried: Int32 = 2
    /// No checks were made, or not all of them: nothing is known.
    static let couldNotRun: Int32 = 3

    private func prove(_ probes: [Probe], in catalogue: PromiseCatalogue) async throws -> [Prover.Result] {
        var results: [Prover.Result] = []
        do {
            try await OpenHome.forCommand(config: config) { open, _ in
                let site = try open.site(file: ServerConfiguration.file(given: config))
                results = try await Prover(site, probes: probes, release: "\(Release.version)").proveAll {
                    if !quiet { ResultTable.tell($0, in: catalogue) }
                }
            }
        } catch let error as ConfigurationError {
            throw error
        } catch {
            FileHandle.standardError.write(Data("Error: \(error)\n".utf8))
            throw ExitCode(Self.couldNotRun)
        }
        return results
    }

    private func noteClockAhead() async throws {
        guard ids.isEmpty, remote == nil else {
            throw ValidationError("--clock-was-ahead goes with no ids and no --remote.")
        }
        try await OpenHome.forCommand(config: config) { open, admin in
            let release = "\(Release.version)"
            guard let last = try await Prover.noteClockAhead(open.home, over: admin, release: release) else {
                throw ValidationError("No result is of a later time than now.")
            }
            print("Noted: the clock was ahead until \(last.formatted(.iso8601)). Those results count no more.")
        }
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
            host: Site.Host(paths, stores, layout: paths.layout(stores, file: file)),
            report: { ReportedError.envelope(of: $0, release: Release.version) }
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
