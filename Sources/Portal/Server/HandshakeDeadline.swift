import HummingbirdCore
import HummingbirdHTTP2
import NIOCore
import NIOSSL
import NIOTLS

/// Closes a connection whose TLS handshake is not done in time.
///
/// What closes silent connections otherwise is put in place when the handshake is done. Without this, who connects and says nothing
/// would hold a descriptor for as long as they like.
final class HandshakeDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    /// How long a handshake may take. A slow phone's takes two seconds.
    static let time = TimeAmount.seconds(10)

    private var closing: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        closing = context.eventLoop.scheduleTask(in: Self.time) { channel.close(promise: nil) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        cancel()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancel() }

    private func cancel() {
        closing?.cancel()
        closing = nil
    }
}

/// HTTPS whose handshakes have a deadline.
struct HandshakingChannel: ServerChildChannel {
    private let base: HTTP2UpgradeChannel

    init(_ base: HTTP2UpgradeChannel) {
        self.base = base
    }

    func setup(channel: any Channel, logger: LibraryLogger) -> EventLoopFuture<HTTP2UpgradeChannel.Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            // Behind TLS, which tells of the handshake's end, and before what takes that for itself.
            let secure = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(HandshakeDeadline(), position: .after(secure))
            return value
        }
    }

    func handle(value: HTTP2UpgradeChannel.Value, logger: LibraryLogger) async {
        await base.handle(value: value, logger: logger)
    }
}
