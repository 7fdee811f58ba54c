import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import Portal

@Suite struct `A handshake's deadline` {
    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: HandshakeDeadline())
        try channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 443)).wait()
        return channel
    }

    @Test func `ends a connection that says nothing`() throws {
        let channel = try connection()
        channel.embeddedEventLoop.advanceTime(by: HandshakeDeadline.time - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test func `is over for one whose handshake is done`() throws {
        let channel = try connection()
        channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: "h2"))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        try channel.close().wait()
    }
}
