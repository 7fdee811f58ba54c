import Synchronization

/// What is remembered of what a key opened. It goes when the key goes: at the end of its time, with an erasure, with the process.
public final class KeyMemory: Sendable {
    private let thing = Mutex<(any Sendable)?>(nil)

    init() {}

    /// What is remembered, made if there is nothing of this type yet.
    public func thing<Thing: Sendable>(_ make: () -> Thing) -> Thing {
        thing.withLock { thing in
            if let known = thing as? Thing { return known }
            let made = make()
            thing = made
            return made
        }
    }

    func forget() {
        // What it held ends outside of the lock.
        _ = thing.withLock { thing in
            defer { thing = nil }
            return thing
        }
    }
}

/// Tells a message for one subject from any other under the same key: its id and its tag.
public struct MessageMark: Sendable, Equatable {
    private let id: SIMD4<UInt64>
    private let tag: SIMD2<UInt64>

    /// `nil` for a message for several subjects, and for what is no message.
    public init?(of message: [UInt8]) {
        guard message.count >= Message.fixedLength + Message.tagLength, message[6] == Message.Mode.direct.rawValue
        else {
            return nil
        }
        (id, tag) = message.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: 8, as: SIMD4<UInt64>.self),
                bytes.loadUnaligned(fromByteOffset: message.count - Message.tagLength, as: SIMD2<UInt64>.self)
            )
        }
    }
}
