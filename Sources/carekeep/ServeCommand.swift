import ArgumentParser
import Assurance
import Foundation
import NIOSSL
import People
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
        let reports = ServerProcess.belongings?.reports.map(Reports.init)
        let log = Log(reports: reports)
        if let code = ServerProcess.lastEnd { log.error("server ended", Fault(serverEnded: code)) }
        do {
            try await serve(configuration, log, reports)
        } catch {
            log.error("server cannot go on", Fault(error))
            await reports?.close()
            throw error
        }
        await reports?.close()
    }

    private func serve(_ configuration: ServerConfiguration, _ log: Log, _ reports: Reports?) async throws {
        let home = try OpenHome(configuration).home
        try await home.open()
        let mail = ServerProcess.belongings?.mail
        let letters = LetterBox(store: home.store, keys: home.keys)
        let worker = Working.worker(
            of: home,
            mail: mail.map { MailDelivery($0, letters: letters) },
            outbox: mail.map { _ in Outbox(keys: home.keys) },
            log: log
        )
        let trust = TrustDesk(
            store: home.store,
            keys: home.keys,
            name: configuration.publicNames.first ?? "localhost",
            release: "\(Release.version)",
            withheld: Set(configuration.withheldPromises)
        )
        let attestations = AttestationDesk(gate: home.gate, keys: home.keys, store: home.store)
        let desk = VulnerabilityDesk(
            store: home.store,
            keys: home.keys,
            terms: .init(acknowledge: configuration.security.acknowledge, answer: configuration.security.answer)
        )
        let rates = RateLimits(configuration.rateLimits, book: SpendingBook(store: home.store, keys: home.keys))
        let services = Services(
            signIn: home.signIn,
            federated: FederatedSignIn(
                store: home.store,
                keys: home.keys,
                gate: home.gate,
                signIn: home.signIn,
                base: configuration.publicAddress,
                mayBeLocal: configuration.localProviders == .allowed,
                door: OutsideFetcher.ask
            ),
            records: home.records,
            members: home.members,
            trust: trust,
            attestations: attestations,
            vulnerabilities: desk,
            security: SecurityNotice(
                contacts: configuration.security.contacts,
                policy: configuration.security.policy,
                languages: configuration.security.languages,
                thanked: configuration.security.thanked,
                base: configuration.publicAddress
            ),
            rates: rates,
            release: PublishedRelease(version: "\(Release.version)", date: "\(Release.date)"),
            isReady: { await home.isReady },
            measures: {
                await Self.measures(of: home) + Self.measures(of: reports)
                    + JobMeasures(queue: home.jobs, worker: worker).now + Self.measures(of: trust, attestations)
                    + Self.measures(of: desk) + Self.measures(of: letters)
                    + [
                        Measure(
                            "carekeep_requests_refused_total",
                            .counter,
                            rates.refused,
                            help: "Requests answered with 429, as one person, address or organisation asked too often."
                        )
                    ]
            }
        )
        let server = PortalServer(try options(configuration), services: services, log: log)
        let alongside: [any Service] = [
            Inspecting(home: home, log: log), Working(worker: worker),
            SettlingLimits(rates, Complaints { log.error("limits are not settled", Fault($0)) }),
        ]
        try await server.run(alongside: alongside) {
            log.info("ready", ["port": .count(configuration.https.port)])
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

    /// Reminders for whoever watches: stewards get no letters yet. While the store is away, nothing is told.
    private static func measures(of trust: TrustDesk, _ attestations: AttestationDesk) async -> [Measure] {
        guard let counts = try? await trust.told().report.vouchingCounts,
            let waiting = try? await attestations.waiting()
        else { return [] }
        let states: [(StaticString, Int)] = [
            ("in force", counts.inForce), ("due", counts.due), ("ended", counts.ended), ("never", counts.never),
            ("waiting", waiting),
        ]
        return states.map {
            Measure(
                "carekeep_attestations",
                .gauge,
                $0.1,
                labels: [("state", $0.0)],
                help: "Promises that people vouch for, by how they stand; and what waits for a second steward."
            )
        }
    }

    private static func measures(of desk: VulnerabilityDesk) async -> [Measure] {
        // While the store is away nobody knows; whether it is away is told by carekeep_ready.
        guard let counts = try? await desk.counts() else { return [] }
        let states: [(StaticString, Int)] = [
            ("received", counts.received), ("open", counts.open), ("answered", counts.answered),
            ("in_time", counts.inTime), ("overdue", counts.overdue),
        ]
        return states.map { state, count in
            Measure(
                "carekeep_vulnerability_reports",
                .gauge,
                count,
                labels: [("state", state)],
                help: "Reports of weaknesses: all, those not closed, those answered, in time, and overdue."
            )
        }
    }

    private static func measures(of letters: LetterBox) async -> [Measure] {
        // While the store is away nobody knows; whether it is away is told by carekeep_ready.
        guard let counts = try? await letters.counts() else { return [] }
        let states: [StaticString] = ["waiting", "sent", "refused", "expired"]
        return states.compactMap { state in
            guard let count = counts.first(where: { $0.state == state.description }) else { return nil }
            return Measure(
                "carekeep_letters",
                .gauge,
                count.letters,
                labels: [("state", state)],
                help:
                    "Letters of the last 30 days: on their way, sent, refused by the mail server, or given up in time."
            )
        }
    }

    private static func measures(of reports: Reports?) -> [Measure] {
        guard let counts = reports?.counts else { return [] }
        return [
            Measure("carekeep_reports_sent_total", .counter, counts.sent, help: "Error reports that were taken."),
            Measure("carekeep_reports_dropped_total", .counter, counts.dropped, help: "Error reports that were lost."),
            Measure(
                "carekeep_reports_repeated_total",
                .counter,
                counts.repeated,
                help: "Errors not reported, as repeats within a minute."
            ),
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
            base: configuration.publicAddress,
            publicNames: configuration.publicNames + ["localhost", "127.0.0.1"],
            certificate: try NIOSSLCertificate.fromPEMBytes(belongings.certificate),
            privateKey: try NIOSSLPrivateKey(bytes: belongings.certificateKey, format: .pem),
            allowsTLS12: configuration.minimumTLS == .v1_2,
            limits: Portal.Limits(body: configuration.limits.bodyBytes, bundle: configuration.limits.bundleBytes)
        )
    }
}

/// Looks at policies and grants every 30 seconds while the server runs.
private struct Inspecting: Service {
    let home: Home
    let log: Log

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await home.inspect()
                } catch {
                    log.error("policies and grants were not looked at", Fault(error))
                }
                // Ends early when the server stops.
                try? await Task.sleep(for: .seconds(30))
            }
        }
    }
}
