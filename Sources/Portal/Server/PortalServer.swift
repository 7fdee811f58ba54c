import Care
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import HummingbirdTLS
import NIOCore
import NIOPosix
public import NIOSSL
public import ServiceLifecycle
import UnixSignals

/// The portal on its two ports: HTTPS, where everything is, and HTTP, which only ever says where HTTPS is.
public struct PortalServer: Sendable {
    /// Where to listen, and how.
    public struct Options: Sendable {
        /// This machine's address on which to listen.
        public var host: String
        /// Where everything is.
        public var httpsPort: Int
        /// Where redirects are; `nil` for nowhere.
        public var httpPort: Int?
        /// Where Prometheus may ask for metrics, in plain HTTP; `nil` for nowhere.
        public var metrics: (host: String, port: Int)?
        /// Where people reach it: `https://care.example.org`.
        public var base: String
        /// Names by which the server may be reached; redirects lead to one of them and nowhere else.
        public var publicNames: [String]
        /// What the server shows, with its chain.
        public var certificate: [NIOSSLCertificate]
        /// What it signs with.
        public var privateKey: NIOSSLPrivateKey
        /// Off unless an operator says so. (ENC-1)
        public var allowsTLS12: Bool
        /// How much is taken at once.
        public var limits: Limits

        /// All of it.
        public init(
            host: String,
            httpsPort: Int,
            httpPort: Int?,
            metrics: (host: String, port: Int)? = nil,
            base: String,
            publicNames: [String],
            certificate: [NIOSSLCertificate],
            privateKey: NIOSSLPrivateKey,
            allowsTLS12: Bool,
            limits: Limits
        ) {
            self.host = host
            self.httpsPort = httpsPort
            self.httpPort = httpPort
            self.metrics = metrics
            self.base = base
            self.publicNames = publicNames
            self.certificate = certificate
            self.privateKey = privateKey
            self.allowsTLS12 = allowsTLS12
            self.limits = limits
        }
    }

    private let options: Options
    private let services: Services
    private let log: Log

    /// A server, not started.
    public init(_ options: Options, services: Services, log: Log) {
        self.options = options
        self.services = services
        self.log = log
    }

    /// Serves until SIGTERM or SIGINT, then lets what is under way finish. Who keeps a connection and asks nothing is not waited
    /// for.
    public func run(alongside jobs: [any Service], onReady: @escaping @Sendable () async -> Void) async throws {
        let loops = MultiThreadedEventLoopGroup.singleton
        let (underway, metrics) = (Underway(), Metrics())
        var running: [any Service] = [try secure(loops, underway, metrics, onReady)]
        if let place = options.metrics { running.append(telling(metrics, underway, at: place, loops)) }
        if let port = options.httpPort { running.append(redirecting(loops, port: port)) }
        let group = ServiceGroup(
            configuration: .init(
                services: (jobs + running).map { .init(service: $0) },
                logger: LibraryLog.logger("lifecycle", to: log)
            )
        )
        let (ends, end) = AsyncThrowingStream<Never, any Error>.makeStream()
        // Requests stay on the event loop that read them: fewer hops, more of the database's limit reached.
        Task(executorPreference: EventLoopExecutor(loops)) {
            do {
                try await group.run()
                end.finish()
            } catch { end.finish(throwing: error) }
        }
        Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
            await group.triggerGracefulShutdown()
            await underway.drain(within: .seconds(20))
            end.finish()
        }
        for try await _ in ends {}
    }

    private func secure(
        _ loops: MultiThreadedEventLoopGroup,
        _ underway: Underway,
        _ metrics: Metrics,
        _ onReady: @escaping @Sendable () async -> Void
    ) throws -> some ApplicationProtocol {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: options.certificate.map { .certificate($0) },
            privateKey: .privateKey(options.privateKey)
        )
        tls.minimumTLSVersion = options.allowsTLS12 ? .tlsv12 : .tlsv13
        let router = portal(
            services,
            limits: options.limits,
            baseURL: options.base,
            underway: underway,
            metrics: metrics,
            log: log
        )
        return Application(
            router: router,
            server: HTTPServerBuilder { [tls] responder in
                HandshakingChannel(
                    try HTTP2UpgradeChannel(
                        tlsConfiguration: tls,
                        configuration: Self.patience,
                        responder: responder
                    )
                )
            },
            configuration: .init(address: .hostname(options.host, port: options.httpsPort), serverName: nil),
            onServerRunning: { _ in await onReady() },
            eventLoopGroupProvider: .shared(loops),
            logger: LibraryLog.logger("https", to: log)
        )
    }

    private func telling(
        _ metrics: Metrics,
        _ underway: Underway,
        at place: (host: String, port: Int),
        _ loops: MultiThreadedEventLoopGroup
    ) -> some ApplicationProtocol {
        let services = services
        let responder = MetricsResponder {
            let isReady = await services.isReady()
            let own = [
                Measure(
                    "carekeep_ready",
                    .gauge,
                    isReady ? 1 : 0,
                    help: "Whether the stores answer and the guard is down."
                ),
                Measure("carekeep_requests_underway", .gauge, underway.now, help: "Requests being answered."),
            ]
            return metrics.text(with: own + (await services.measures()))
        }
        return Application(
            responder: responder,
            server: Self.plain(silentFor: .seconds(120)),
            configuration: .init(address: .hostname(place.host, port: place.port)),
            eventLoopGroupProvider: .shared(loops),
            logger: LibraryLog.logger("metrics", to: log)
        )
    }

    /// How long a connection may be silent, so that silent ones do not pile up. It begins with the end of the handshake, for which
    /// there is ``HandshakeDeadline``.
    private static let patience = HTTP2UpgradeChannel.Configuration(
        idleTimeout: .seconds(120),
        gracefulCloseTimeout: .seconds(20),
        streamConfiguration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))
    )

    /// The same where HTTP is plain. One request is all that anybody has for the way to HTTPS.
    private static func plain(silentFor time: TimeAmount) -> HTTPServerBuilder {
        .http1(configuration: .init(idleTimeout: time))
    }

    private func redirecting(_ loops: MultiThreadedEventLoopGroup, port: Int) -> some ApplicationProtocol {
        let responder = RedirectToHTTPS(names: options.publicNames, port: options.httpsPort)
        return Application(
            responder: responder,
            server: Self.plain(silentFor: .seconds(10)),
            configuration: .init(address: .hostname(options.host, port: port)),
            eventLoopGroupProvider: .shared(loops),
            logger: LibraryLog.logger("http", to: log)
        )
    }
}

/// Answers every plain request with the way to HTTPS; a POST as well, without reading what it brought. (ENC-2)
struct RedirectToHTTPS: HTTPResponder {
    typealias Context = BasicRequestContext
    let names: [String]
    let port: Int

    func respond(to request: Request, context: Context) async throws -> Response {
        // Only to our own names: a forged Host header leads nowhere else.
        let asked = request.head.authority
        let hosts = names.map { $0.contains(":") ? "[\($0)]" : $0 }
        let host = hosts.first { asked == $0 || asked?.hasPrefix($0 + ":") == true } ?? hosts.first ?? "localhost"
        let place = port == 443 ? host : "\(host):\(port)"
        return Response(
            status: .permanentRedirect,
            headers: [.location: "https://\(place)\(request.uri.path)", .connection: "close", .contentLength: "0"]
        )
    }
}

/// Runs tasks on NIO's event loops: a request stays where it was decrypted.
final class EventLoopExecutor: TaskExecutor {
    private let group: MultiThreadedEventLoopGroup

    init(_ group: MultiThreadedEventLoopGroup) {
        self.group = group
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let loop = MultiThreadedEventLoopGroup.currentEventLoop ?? group.next()
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
