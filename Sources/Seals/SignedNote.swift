import Crypto
import Foundation

/// Signs a text so that whoever has it can check, without us, who wrote it: a note of C2SP's signed-note, with Ed25519.
///
/// A note is a text that ends with a new line, an empty line, and lines of signatures:
/// `— NAME BASE64(key hash, 4 bytes | signature, 64 bytes)`. The key hash is the beginning of SHA-256(NAME, new line, 1, public key).
/// Source: https://c2sp.org/signed-note
public struct NoteSigner: Sendable {
    /// Who checks what this signs.
    public let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey

    init(name: String, key: Curve25519.Signing.PrivateKey) throws(SealError) {
        guard let verifier = NoteVerifier(name: name, publicKey: Array(key.publicKey.rawRepresentation)) else {
            throw .malformed
        }
        self.verifier = verifier
        self.key = key
    }

    /// The signature's line, without its new line.
    public func signature(of text: [UInt8]) throws(SealError) -> String {
        let signature: Data
        do { signature = try key.signature(for: text) } catch { throw .malformed }
        return "— \(verifier.name) \(Data(verifier.hash + signature).base64EncodedString())"
    }
}

/// Whose signature a note bears: a name and a public key, as text `NAME+HASH+BASE64(1 | public key)`.
public struct NoteVerifier: Sendable, Equatable, CustomStringConvertible {
    public let name: String
    let publicKey: [UInt8]

    /// `nil` for a name with spaces or plus signs, and for what is no key.
    init?(name: String, publicKey: [UInt8]) {
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "+") }),
            publicKey.count == 32
        else { return nil }
        self.name = name
        self.publicKey = publicKey
    }

    /// Reads a verifier's text; `nil` if it is none, or its hash is not that of its key.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Data(base64Encoded: String(parts[2])), bytes.first == 1 else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
        guard parts[1] == hex else { return nil }
    }

    public var description: String { "\(name)+\(hex)+\(Data([1] + publicKey).base64EncodedString())" }

    /// Whether a signature's line is this key's, of this text.
    public func verifies(_ line: String, of text: [UInt8]) -> Bool {
        let prefix = "— \(name) "
        guard line.hasPrefix(prefix), let bytes = Data(base64Encoded: String(line.dropFirst(prefix.count))),
            bytes.count == 68, Array(bytes.prefix(4)) == hash,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)  // not every 32 bytes are one
        else { return false }
        return key.isValidSignature(bytes.dropFirst(4), for: text)
    }

    var hash: [UInt8] { Array(SHA256.hash(data: Array(name.utf8) + [0x0A, 1] + publicKey).prefix(4)) }

    private var hex: String { hash.hexadecimal }
}

extension Installation {
    /// What signs what this installation says of itself. Made from a key of the key store, so that it is kept, and opened, like those.
    public func noteSigner(name: String) throws(SealError) -> NoteSigner {
        let key: Curve25519.Signing.PrivateKey
        do { key = try Curve25519.Signing.PrivateKey(rawRepresentation: signIn.derived("carekeep/note/v1")) } catch {
            throw .malformed
        }
        return try NoteSigner(name: name, key: key)
    }

    /// A text, 64 hexadecimal digits, that only this installation can make: what its own probes show at the front door.
    public func mark(of text: String) -> String {
        signIn.derived("carekeep/mark/v1/\(text)").hexadecimal
    }
}
