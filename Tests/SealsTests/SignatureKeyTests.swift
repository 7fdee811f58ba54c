import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import Seals

@Suite struct Signatures {
    private static let text = Array("header.claims".utf8)
    private typealias Key = (key: SignatureKey, signatures: [SignatureKey.Algorithm: [UInt8]])

    private static func rsa(bits: Int = 2048) throws -> (key: [UInt8], exponent: [UInt8], Key) {
        let key = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: bits))
        let parts = try key.publicKey.getKeyPrimitives()
        let (modulus, exponent) = (Array(parts.modulus), Array(parts.publicExponent))
        let old = try key.signature(for: text, padding: .insecurePKCS1v1_5).rawRepresentation
        let new = try key.signature(for: text, padding: .PSS).rawRepresentation
        let known = try #require(SignatureKey(modulus: modulus, exponent: exponent))
        return (modulus, exponent, (known, [.rs256: Array(old), .ps256: Array(new)]))
    }

    private static func curve() throws -> ([UInt8], Key) {
        let key = P256.Signing.PrivateKey()
        let point = Array(key.publicKey.rawRepresentation)
        let known = try #require(SignatureKey(x: Array(point.prefix(32)), y: Array(point.suffix(32))))
        return (point, (known, [.es256: Array(try key.signature(for: text).rawRepresentation)]))
    }

    private static func edwards() throws -> Key {
        let key = Curve25519.Signing.PrivateKey()
        let known = try #require(SignatureKey(ed25519: Array(key.publicKey.rawRepresentation)))
        return (known, [.edDSA: Array(try key.signature(for: text))])
    }

    @Test func `are verified of the bytes that were signed, in the way they were signed, by the key that signed`()
        throws
    {
        let keys = [try Self.rsa().2, try Self.curve().1, try Self.edwards()]
        let others = [try Self.rsa().2, try Self.curve().1, try Self.edwards()]
        for (own, other) in zip(keys, others) {
            #expect(Set(own.signatures.keys) == own.key.algorithms)
            for (algorithm, signature) in own.signatures {
                #expect(own.key.verifies(signature, of: Self.text, by: algorithm))
                #expect(!own.key.verifies(signature, of: Self.text + [0], by: algorithm))
                #expect(!other.key.verifies(signature, of: Self.text, by: algorithm))
                for index in [0, signature.count - 1] {
                    var changed = signature
                    changed[index] ^= 1
                    #expect(!own.key.verifies(changed, of: Self.text, by: algorithm))
                }
                #expect(!own.key.verifies([], of: Self.text, by: algorithm))
                for wrong in SignatureKey.Algorithm.allCases where wrong != algorithm {
                    #expect(!own.key.verifies(signature, of: Self.text, by: wrong), "\(algorithm) as \(wrong)")
                }
            }
        }
    }

    @Test func `are of no key that is too large, and of none in another form`() throws {
        let (modulus, exponent, _) = try Self.rsa()
        #expect(SignatureKey(modulus: [0] + modulus, exponent: exponent) != nil, "a leading zero is no size")
        #expect(SignatureKey(modulus: [UInt8](repeating: 0, count: 1024) + modulus, exponent: exponent) == nil)
        #expect(SignatureKey(modulus: modulus, exponent: [0, 0] + exponent) == nil)
        // 8,200 bits, which are 1,025 bytes.
        for huge in [[UInt8](repeating: 0xff, count: 1025), [0x80] + [UInt8](repeating: 0, count: 1023) + [1]] {
            #expect(SignatureKey(modulus: huge, exponent: exponent) == nil)
        }
        let largest = [0x80] + [UInt8](repeating: 0, count: 1022) + [1]
        #expect(SignatureKey(modulus: largest, exponent: exponent) != nil)
        let point = try Self.curve().0
        #expect(SignatureKey(x: Array(point.prefix(31)), y: Array(point.suffix(33))) == nil)
        #expect(SignatureKey(x: Array(point.prefix(32)), y: Array(point.prefix(32))) == nil)
        #expect(SignatureKey(ed25519: Array(point.prefix(31))) == nil)
    }
}

@Suite struct `Secrets of programs` {
    private let index = SignInIndex(SymmetricKey(data: [UInt8](repeating: 1, count: 32)))

    @Test func `are the same for the same, and others for any other`() {
        let (secret, salt) = ([UInt8](repeating: 2, count: 32), [UInt8](repeating: 3, count: 32))
        let made = index.successor(of: secret, salt: salt, as: "refresh")
        #expect(made == index.successor(of: secret, salt: salt, as: "refresh") && made.count == 32)
        let others = [
            index.successor(of: secret, salt: salt, as: "access"),
            index.successor(of: salt, salt: salt, as: "refresh"),
            index.successor(of: secret, salt: secret, as: "refresh"),
            SignInIndex(SymmetricKey(data: [UInt8](repeating: 4, count: 32)))
                .successor(of: secret, salt: salt, as: "refresh"),
        ]
        #expect(Set(others + [made]).count == 5)
    }
}
