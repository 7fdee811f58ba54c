import Crypto

/// Where fresh bytes come from. Only this module's own tests can put something else in its place.
struct Randomness: Sendable {
    let bytes: @Sendable (_ count: Int) -> [UInt8]

    /// The kernel's generator, asked each time: nothing is buffered that a fork or a resumed snapshot could repeat.
    static let system = Randomness { count in
        var generator = SystemRandomNumberGenerator()
        var bytes = [UInt8]()
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(count))
    }

    /// A fresh key of 32 bytes.
    func key() -> SymmetricKey {
        var bytes = bytes(32)
        defer { bytes.wipe() }
        return SymmetricKey(data: bytes)
    }
}
