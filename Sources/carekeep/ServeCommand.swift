import ArgumentParser
import Assurance
import Foundation
import Logging
import NIOSSL
import Portal
import Postgres
import Seals
import ServiceLifecycle

/// `carekeep serve`: the process that talks to the network. Started by `carekeep run`, as an unprivileged account.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve HTTPS over stores that run. `carekeep run` starts this.",
        shouldDisplay: false
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    func run() async throws {
        let configuration = try ServerConfiguration.load(from: config)
        try configuration.requireFreePorts()
        let open = try OpenHome(configuration)
        try await open.home.open()
        let log = Logger(label: "carekeep") { _ in JSONLineLog() }
        let home = open.home
        let services = Services(
            signIn: home.signIn,
            records: home.records,
            members: home.members,
            isReady: { await home.isReady },
            measures: { Self.measures(of: home) }
        )
        let server = PortalServer(try options(configuration), services: services, log: log)
        try await server.run(alongside: [Tidying(home: home, log: log)]) {
            log.info("ready", metadata: ["port": "\(configuration.https.port)"])
        }
        await home.close()
    }

    private static func measures(of home: Home) -> [Measure] {
        let (keys, store) = (home.keys.counts, home.store.statistics)
        return [
            Measure("carekeep_keys_held", .gauge, keys.entries, help: "Keys of people held in memory."),
            Measure("carekeep_keys_found_total", .counter, keys.hits, help: "Keys found in memory."),
            Measure("carekeep_keys_fetched_total", .counter, keys.misses, help: "Keys asked of the key store."),
            Measure(
                "carekeep_keys_refused_total",
                .counter,
                home.keys.refusalCount,
                help: "Keys refused for want of a pass."
            ),
            Measure("carekeep_connections", .gauge, store.connected, help: "Connections to the records store."),
            Measure("carekeep_connections_busy", .gauge, store.busy, help: "Of these, those at work."),
            Measure("carekeep_connections_lost_total", .counter, store.lost, help: "Connections that were lost."),
            Measure("carekeep_queries_waiting", .gauge, store.waiting, help: "Work that waits for a connection."),
        ]
    }

    private func options(_ configuration: ServerConfiguration) throws -> PortalServer.Options {
        guard let belongings = ServerProcess.belongings else {
            throw ValidationError("serve is the first argument, so that privileges are given up before all else.")
        }
        return PortalServer.Options(
            host: configuration.https.host,
            httpsPort: configuration.https.port,
            httpPort: configuration.http?.port,
            metrics: configuration.metrics.map { (host: $0.host, port: $0.port) },
            publicNames: configuration.publicNames + ["localhost", "127.0.0.1"],
            certificate: try NIOSSLCertificate.fromPEMBytes(belongings.certificate),
            privateKey: try NIOSSLPrivateKey(bytes: belongings.certificateKey, format: .pem),
            allowsTLS12: configuration.minimumTLS == .v1_2,
            limits: Portal.Limits(body: configuration.limits.bodyBytes, bundle: configuration.limits.bundleBytes),
            apiSessionSeconds: Int(configuration.sessions.apiLifetime.components.seconds)
        )
    }
}

/// What is done every 30 seconds while the server runs.
private struct Tidying: Service {
    let home: Home
    let log: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await home.tidy()
                } catch {
                    log.warning("the stores did not answer; tidying is tried again")
                }
                // Ends early when the server stops.
                try? await Task.sleep(for: .seconds(30))
            }
        }
    }
}

/// Log lines as JSON, one a line, to standard output: a time, a level, a literal message, and ids, counts and codes.
private struct JSONLineLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "{\"at\":\"\(Date().formatted(.iso8601))\",\"level\":\"\(event.level)\",\"message\":"
        line += Self.quoted("\(event.message)")
        for (key, value) in (event.metadata ?? [:]).sorted(by: { $0.key < $1.key }) {
            line += ",\(Self.quoted(key)):\(Self.quoted("\(value)"))"
        }
        FileHandle.standardOutput.write(Data((line + "}\n").utf8))
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 32: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
