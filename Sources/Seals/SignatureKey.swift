import Crypto
import CryptoExtras
import Foundation

/// A public key of somebody else's, by which the signature of a JSON Web Token is checked. (RFC 7515, RFC 7518)
///
/// What a key may be used for follows from the key, never from the token: a token that names another algorithm is refused, so that
/// none is taken without a signature, and none whose "signature" was made with the public key as a secret.
public struct SignatureKey: Sendable {
    /// How a token may be signed. There are others; these are taken.
    public enum Algorithm: String, Sendable, CaseIterable {
        case rs256 = "RS256"
        case ps256 = "PS256"
        case es256 = "ES256"
        case edDSA = "EdDSA"
    }

    private enum Material: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    private let material: Material

    private init(_ material: Material) {
        self.material = material
    }

    /// An RSA key of 2048 to 8192 bits; `nil` for anything else.
    public init?(modulus: [UInt8], exponent: [UInt8]) {
        // Checking takes time that grows with the key's square, and nobody has larger ones.
        guard modulus.count <= 1025, exponent.count <= 4,
            let key = try? _RSA.Signing.PublicKey(n: modulus, e: exponent), key.keySizeInBits <= 8192
        else { return nil }
        self.init(.rsa(key))
    }

    /// A key on the curve P-256, by its coordinates; `nil` for a point that is not on it.
    public init?(x: [UInt8], y: [UInt8]) {
        guard x.count == 32, y.count == 32, let key = try? P256.Signing.PublicKey(rawRepresentation: x + y) else {
            return nil
        }
        self.init(.p256(key))
    }

    /// An Ed25519 key; `nil` for what is none.
    public init?(ed25519 bytes: [UInt8]) {
        guard bytes.count == 32, let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return nil
        }
        self.init(.ed25519(key))
    }

    /// What the key can be used with.
    public var algorithms: Set<Algorithm> {
        switch material {
        case .rsa: [.rs256, .ps256]
        case .p256: [.es256]
        case .ed25519: [.edDSA]
        }
    }

    /// Whether a signature is this key's, of these bytes, made this way.
    public func verifies(_ signature: [UInt8], of bytes: [UInt8], by algorithm: Algorithm) -> Bool {
        switch (material, algorithm) {
        case (.rsa(let key), .rs256):
            key.isValidSignature(.init(rawRepresentation: signature), for: bytes, padding: .insecurePKCS1v1_5)
        case (.rsa(let key), .ps256):
            key.isValidSignature(.init(rawRepresentation: signature), for: bytes, padding: .PSS)
        case (.p256(let key), .es256):
            (try? P256.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: bytes) } ?? false
        case (.ed25519(let key), .edDSA): key.isValidSignature(signature, for: bytes)
        default: false
        }
    }
}

/// Signs JSON Web Tokens with ES256: our own, and what Apple wants in place of a client secret.
public struct TokenSigner: Sendable {
    private let key: P256.Signing.PrivateKey

    /// A key as Apple hands it out, in PEM (PKCS #8); `nil` for what is none.
    public init?(pem: String) {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { return nil }
        self.key = key
    }

    /// A fresh key, which nobody else has.
    public init() {
        key = P256.Signing.PrivateKey()
    }

    /// A key that was kept: 32 bytes; `nil` for what is none.
    public init?(bytes: [UInt8]) {
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) else { return nil }
        self.key = key
    }

    /// The key itself, to be sealed.
    public var bytes: [UInt8] { Array(key.rawRepresentation) }

    /// Who checks what this signs.
    public var publicKey: SignatureKey? {
        let point = Array(key.publicKey.rawRepresentation)
        return SignatureKey(x: Array(point.prefix(32)), y: Array(point.suffix(32)))
    }

    /// The signature of some bytes, 64 bytes as RFC 7518 wants them.
    public func signature(of bytes: [UInt8]) throws(SealError) -> [UInt8] {
        do { return Array(try key.signature(for: bytes).rawRepresentation) } catch { throw .malformed }
    }
}
