import Assurance
import Foundation
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Postgres

/// Knocks at a server's address from outside: HTTP/1.1 over TLS 1.3, one request a connection.
struct FrontDoorClient: FrontDoor {
    /// The name under which the server's certificate must be good.
    let name: String
    /// Where to connect to.
    let host: String
    let port: Int
    let plainPort: Int?
    /// Whether nobody said that the plain port is open.
    private let isGuessing: Bool
    private let tls: NIOSSLContext

    /// - `authority`: the PEM file of the authority to trust; the system's without one.
    /// - `isGuessing`: whether the plain port may be closed.
    init(name: String, host: String, port: Int, plainPort: Int?, authority: String?, isGuessing: Bool = false) throws {
        self.name = name
        self.host = host
        self.port = port
        self.plainPort = plainPort
        self.isGuessing = isGuessing
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        if let authority { configuration.trustRoots = .file(authority) }
        tls = try NIOSSLContext(configuration: configuration)
    }

    var address: String { "https://" + (port == 443 ? shownName : "\(shownName):\(port)") }

    private var shownName: String { name.contains(":") ? "[\(name)]" : name }

    func ask(_ question: DoorQuestion) async throws -> DoorAnswer {
        // A certificate for a number is compared with the number connected to; TLS sends names alone.
        let (tls, name) = (tls, Self.isNumber(name) ? nil : name)
        return try await exchange(question, port: port) { channel in
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
    }

    func askPlainly(_ question: DoorQuestion) async throws -> DoorAnswer? {
        guard let plainPort else { return nil }
        do { return try await exchange(question, port: plainPort) { _ in } } catch let trouble as ProbeTrouble {
            guard isGuessing, case .noServer = trouble else { throw trouble }
            return nil
        }
    }

    private static func isNumber(_ name: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, name, &four) == 1 || inet_pton(AF_INET6, name, &six) == 1
    }

    func speakPlainly() async throws -> [UInt8] {
        try await RawConnection(host: host, port: port).exchange(Array("GET / HTTP/1.1\r\nHost: \(name)\r\n\r\n".utf8))
    }

    func greet(offering version: DoorTLS) async throws -> DoorGreeting {
        let answer = try await RawConnection(host: host, port: port).exchange(ClientHello.bytes(version, for: name))
        guard answer.count >= 7 else { return .hungUp }
        // A record's type: 21 is an alert (level, description), 22 a handshake.
        switch answer[0] {
        case 21: return .refused(alert: answer[6])
        case 22: return .accepted
        default: return .hungUp
        }
    }

    private func exchange(
        _ question: DoorQuestion,
        port: Int,
        secure: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> DoorAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: DoorAnswer.self)
        let (name, head) = ([443, 80].contains(port) ? shownName : "\(shownName):\(port)", Self.head(question))
        let body = question.body
        let connecting = ClientBootstrap(group: loop).connectTimeout(.seconds(10)).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try secure(channel)
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                try channel.pipeline.syncOperations.addHandler(
                    Exchange(head: head, host: name, body: body, answer: answer)
                )
            }
        }.connect(host: host, port: port)
        connecting.whenFailure { answer.fail($0) }
        let tooLate = loop.scheduleTask(in: .seconds(30)) { answer.fail(Unanswered()) }
        defer {
            tooLate.cancel()
            connecting.whenSuccess { $0.close(promise: nil) }
        }
        do { return try await answer.futureResult.get() } catch let error as IOError {
            guard error.errnoCode == ECONNREFUSED else { throw error }
            throw ProbeTrouble.noServer("no server answers at \(address)")
        } catch is NIOConnectionError {
            throw ProbeTrouble.noServer("no server answers at \(address)")
        }
    }

    private static func head(_ question: DoorQuestion) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: question.method), uri: question.path)
        for (name, value) in question.headers { head.headers.add(name: name, value: value) }
        if !question.body.isEmpty || question.method != "GET" {
            head.headers.replaceOrAdd(name: "Content-Length", value: "\(question.body.count)")
        }
        head.headers.add(name: "Connection", value: "close")
        return head
    }

    /// The server hung up, or took longer than half a minute.
    struct Unanswered: Error {}

    /// Sends one request and collects the answer.
    private final class Exchange: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundOut = HTTPClientRequestPart

        private let head: HTTPRequestHead
        private let host: String
        private let requestBody: [UInt8]
        private let answer: EventLoopPromise<DoorAnswer>
        private var response: HTTPResponseHead?
        private var body: [UInt8] = []

        init(head: HTTPRequestHead, host: String, body: [UInt8], answer: EventLoopPromise<DoorAnswer>) {
            self.head = head
            self.host = host
            requestBody = body
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            var head = head
            if !head.headers.contains(name: "Host") { head.headers.add(name: "Host", value: host) }
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            if !requestBody.isEmpty {
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: requestBody)))), promise: nil)
            }
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): response = head
            case .body(let buffer):
                // Pages and answers are far smaller; a probe has no use for more.
                guard body.count + buffer.readableBytes <= 8 << 20 else { return context.close(promise: nil) }
                body.append(contentsOf: buffer.readableBytesView)
            case .end:
                guard let response else { return }
                let headers = response.headers.map { (name: $0.name, value: $0.value) }
                answer.succeed(DoorAnswer(status: Int(response.status.code), headers: headers, body: body))
            }
        }

        func channelInactive(context: ChannelHandlerContext) { answer.fail(Unanswered()) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            answer.fail(error)
            context.close(promise: nil)
        }
    }
}

/// A connection for bytes that no library would send.
private struct RawConnection {
    let host: String
    let port: Int

    /// Sends bytes, and answers with the first that come back, or none if the server hangs up or is silent for 5 seconds.
    func exchange(_ bytes: [UInt8]) async throws -> [UInt8] {
        let (host, port) = (host, port)
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(bytes, host, port) })
            }
        }
    }

    private static func exchange(_ bytes: [UInt8], _ host: String, _ port: Int) throws -> [UInt8] {
        let file = try connected(host, port)
        defer { close(file) }
        guard send(file, bytes, bytes.count, noSignal) == bytes.count else { return [] }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = recv(file, &buffer, buffer.count, 0)
        return Array(buffer.prefix(max(count, 0)))
    }

    /// `MSG_NOSIGNAL`: who hangs up is an answer here.
    private static let noSignal: Int32 = 0x4000

    private static func connected(_ host: String, _ port: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0 else {
            throw ProbeTrouble.noServer("\(host) has no address")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let place = next {
            let file = socket(place.pointee.ai_family, place.pointee.ai_socktype, 0)
            var patience = timeval(tv_sec: 5, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                setsockopt(file, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
            }
            if file >= 0, connect(file, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0 { return file }
            close(file)
            next = place.pointee.ai_next
        }
        throw ProbeTrouble.noServer("no server answers at \(host), port \(port)")
    }
}

/// The first message of a handshake, offering one old version of TLS (RFC 5246, section 7.4.1.2). Written by hand, since libraries
/// will not offer the oldest.
enum ClientHello {
    static func bytes(_ version: DoorTLS, for name: String) -> [UInt8] {
        var body: [UInt8] = two(version.rawValue)
        for _ in 0..<32 { body.append(UInt8.random(in: 0...255)) }
        body.append(0)  // no session to take up again
        body += sized(suites.flatMap(two))
        body += [1, 0]  // no compression
        body += sized(extensions(for: name))
        let message: [UInt8] = [1, 0] + sized(body)
        return [22, 3, 1] + sized(message)
    }

    /// ECDHE and plain RSA, with GCM and CBC: what servers of each time speak.
    private static let suites: [UInt16] = [
        0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC009, 0xC013, 0xC00A, 0xC014, 0x009C, 0x002F, 0x0035, 0x000A,
    ]

    private static func extensions(for name: String) -> [UInt8] {
        let curves: [UInt16] = [0x001D, 0x0017, 0x0018]
        let signatures: [UInt16] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0201, 0x0203]
        let host: [UInt8] = [0] + sized(Array(name.utf8))
        var bytes = block(0, sized(host))
        bytes += block(10, sized(curves.flatMap(two)))
        bytes += block(11, [1, 0])
        bytes += block(13, sized(signatures.flatMap(two)))
        return bytes
    }

    private static func two(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }

    /// Bytes behind their number in two bytes.
    private static func sized(_ bytes: [UInt8]) -> [UInt8] { two(UInt16(bytes.count)) + bytes }

    private static func block(_ kind: UInt16, _ bytes: [UInt8]) -> [UInt8] { two(kind) + sized(bytes) }
}
