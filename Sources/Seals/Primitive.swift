import Crypto
import FoundationEssentials

/// The few primitives that other modules need, so that cryptography has one door.
public enum Primitive {
    /// SHA-256: what a database keeps of a secret that its holder presents.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: bytes))
    }

    /// SHA-512: what goes with Ed25519 where somebody else's format asks for a hash.
    public static func sha512(_ bytes: [UInt8]) -> [UInt8] {
        Array(SHA512.hash(data: bytes))
    }

    /// Fresh bytes from the kernel: secrets of passes and sessions, salts.
    public static func freshBytes(_ count: Int) -> [UInt8] {
        Randomness.system.bytes(count)
    }

    /// Whether two secrets are equal, in a time that does not tell where they differ.
    public static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        SymmetricKey(data: one) == SymmetricKey(data: other)
    }
}
