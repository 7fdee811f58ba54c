import Crypto
import FoundationEssentials
import Glibc
import Synchronization

/// Bytes of a key in memory of their own, overwritten when nobody needs them any more, or sooner when told to.
///
/// What the cipher itself copies while it works (a round key, an HMAC pad) is beyond reach and short-lived.
final class Secret: Sendable {
    private let count: Int
    private let memory: Mutex<Memory>

    /// Only ever touched under the lock that holds it; `wiped` is nil until the bytes are gone.
    private struct Memory: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
        var isWiped = false
        /// Sees the memory after it was overwritten and before it is given back. For tests.
        let witness: (@Sendable (UnsafeRawBufferPointer) -> Void)?

        mutating func wipe() {
            guard !isWiped else { return }
            explicit_bzero(bytes.baseAddress!, bytes.count)
            isWiped = true
            witness?(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Copies the bytes in. Wiping where they came from is the caller's part.
    init(copying source: some ContiguousBytes, witness: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil) {
        let bytes = source.withUnsafeBytes { source in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(source.count, 1), alignment: 16)
            bytes.copyMemory(from: source)
            return Memory(bytes: bytes, witness: witness)
        }
        count = bytes.bytes.count
        memory = Mutex(bytes)
    }

    deinit {
        memory.withLock {
            $0.wipe()
            $0.bytes.deallocate()
        }
    }

    /// A copy for the cipher, which wipes it after use.
    func key() throws(SealError) -> SymmetricKey {
        let key = memory.withLock { memory in
            memory.isWiped ? nil : SymmetricKey(data: UnsafeRawBufferPointer(memory.bytes))
        }
        guard let key else { throw .wiped }
        return key
    }

    /// Overwrites the bytes now. Whoever still holds the secret finds it ``SealError/wiped``.
    func wipe() {
        memory.withLock { $0.wipe() }
    }
}

extension [UInt8] {
    /// Overwrites bytes that were a key for a moment.
    mutating func wipe() {
        withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
    }
}

extension Data {
    /// Overwrites bytes that were a key for a moment.
    mutating func wipe() {
        withUnsafeMutableBytes { bytes in
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
    }
}
