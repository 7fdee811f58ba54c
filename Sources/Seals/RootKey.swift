import Crypto
import CryptoExtras
import Foundation
import Glibc

/// The key above all keys, in a small file that only its owner may read.
///
/// In clear beside the data it opens everything, and the encryption promises then fall short; sealed by a passphrase it
/// does not. Losing file or passphrase is losing every record: there is no other way in.
public final class RootKey: Sendable {
    /// A passphrase has at least this many characters.
    public static let shortestPassphrase = 12

    /// Whether the file is sealed. If not, whoever has the disk has the records.
    public let isProtected: Bool
    /// Tells one root key from another, in hexadecimal digits; says nothing about the key.
    public let id: String
    let wrapping: WrappingKey

    private init(_ key: SymmetricKey, isProtected: Bool) {
        self.isProtected = isProtected
        id = Self.id(of: key)
        wrapping = WrappingKey(key, epoch: 1)
    }

    /// Makes a root key and its file, sealed if a passphrase is given. Refuses to replace a file.
    public static func create(at path: String, passphrase: String? = nil) throws(SealError) -> RootKey {
        try create(at: path, passphrase: passphrase, randomness: .system)
    }

    /// Whether the file that is there is sealed, whatever was configured.
    public static func isSealed(at path: String) throws(SealError) -> Bool {
        try RootKeyFile(parsing: RootKeyFile.read(path)).isProtected
    }

    /// Seals a file that is in clear. What was in clear may stay on the disk until it is written over, and in copies of the file.
    public static func seal(at path: String, passphrase: String) throws(SealError) {
        let file = try RootKeyFile(parsing: RootKeyFile.read(path))
        guard !file.isProtected else { throw .rootKeyExists }
        let key = try key(of: file, passphrase: nil)
        let text = try RootKeyFile.text(of: key, id: file.id, passphrase: passphrase, randomness: .system)
        try RootKeyFile.replace(path, with: text)
    }

    /// Reads a root key from its file. With a passphrase it must be sealed: a key that lies in clear would open all the same, and
    /// nobody would know.
    public static func load(at path: String, passphrase: String? = nil) throws(SealError) -> RootKey {
        let file = try RootKeyFile(parsing: RootKeyFile.read(path))
        if passphrase != nil, !file.isProtected { throw .rootKeyNotSealed }
        let key = try key(of: file, passphrase: passphrase)
        return RootKey(key, isProtected: file.isProtected)
    }

    private static func key(of file: RootKeyFile, passphrase: String?) throws(SealError) -> SymmetricKey {
        let key = try file.key(passphrase: passphrase)
        guard id(of: key) == file.id else { throw .rootKeyMalformed }
        return key
    }

    static func create(
        at path: String,
        passphrase: String?,
        randomness: Randomness
    ) throws(SealError) -> RootKey {
        let key = randomness.key()
        let text = try RootKeyFile.text(of: key, id: id(of: key), passphrase: passphrase, randomness: randomness)
        try RootKeyFile.write(text, to: path)
        return RootKey(key, isProtected: passphrase != nil)
    }

    private static func id(of key: SymmetricKey) -> String {
        HKDF<SHA256>
            .deriveKey(inputKeyMaterial: key, info: Array("carekeep/root/v1/id".utf8), outputByteCount: 16)
            .withUnsafeBytes { Array($0).hexadecimal }
    }
}

/// The text of a root key's file, version 1: a line for each field, in one order.
private struct RootKeyFile {
    let id: String
    var isProtected: Bool { cost != nil }

    /// In clear, or as sealed with the tag behind it.
    private let payload: [UInt8]
    private let cost: Cost?

    private struct Cost {
        /// 2^17 with blocks of 8 is OWASP's floor: 128 MiB and about half a second. The ceiling keeps a forged file from
        /// taking all memory.
        static let allowed = [17, 18, 19, 20].map { 1 << $0 }
        var rounds = 1 << 17
        let salt: [UInt8]
        let iv: [UInt8]
        /// The lines before the sealed key, which its tag covers.
        var front = ""

        func key(from passphrase: String) throws(SealError) -> SymmetricKey {
            // One spelling, whatever keyboard it was typed on.
            let bytes = Array(passphrase.precomposedStringWithCanonicalMapping.utf8)
            do {
                return try KDF.Scrypt.deriveKey(
                    from: bytes,
                    salt: salt,
                    outputByteCount: 32,
                    rounds: rounds,
                    blockSize: 8,
                    parallelism: 1
                )
            } catch {
                throw .rootKeyMalformed
            }
        }
    }

    init(parsing text: String) throws(SealError) {
        var lines = Lines(text)
        guard lines.next("carekeep-root-key") == "1", let id = lines.next("id"), id.utf8.count == 32 else {
            throw .rootKeyMalformed
        }
        self.id = id
        switch lines.next("protection") {
        case "none": (cost, payload) = (nil, try lines.last("key", count: 32))
        case "scrypt": (cost, payload) = (try Self.cost(&lines), try lines.last("sealed", count: 48))
        default: throw .rootKeyMalformed
        }
    }

    func key(passphrase: String?) throws(SealError) -> SymmetricKey {
        guard let cost else { return SymmetricKey(data: payload) }
        guard let passphrase else { throw .passphraseMissing }
        let passphraseKey = try cost.key(from: passphrase)
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: cost.iv),
                ciphertext: payload.prefix(32),
                tag: payload.suffix(16)
            )
            var key = try AES.GCM.open(box, using: passphraseKey, authenticating: Array(cost.front.utf8))
            defer { key.wipe() }
            return SymmetricKey(data: key)
        } catch {
            throw .passphraseWrong
        }
    }

    static func text(
        of key: SymmetricKey,
        id: String,
        passphrase: String?,
        randomness: Randomness
    ) throws(SealError) -> String {
        let front = "carekeep-root-key 1\nid \(id)\n"
        guard let passphrase else {
            return front + "protection none\nkey \(key.withUnsafeBytes { Array($0).hexadecimal })\n"
        }
        guard passphrase.count >= RootKey.shortestPassphrase else { throw .passphraseTooShort }
        var cost = Cost(salt: randomness.bytes(16), iv: randomness.bytes(12))
        cost.front =
            front + "protection scrypt\nrounds \(cost.rounds)\nblock 8\nparallel 1\n"
            + "salt \(cost.salt.hexadecimal)\niv \(cost.iv.hexadecimal)\n"
        return cost.front + "sealed \(try seal(key, passphrase, cost).hexadecimal)\n"
    }

    private static func seal(
        _ key: SymmetricKey,
        _ passphrase: String,
        _ cost: Cost
    ) throws(SealError) -> [UInt8] {
        let passphraseKey = try cost.key(from: passphrase)
        do {
            let box = try key.withUnsafeBytes { key in
                try AES.GCM.seal(
                    Data(key),
                    using: passphraseKey,
                    nonce: AES.GCM.Nonce(data: cost.iv),
                    authenticating: Array(cost.front.utf8)
                )
            }
            return Array(box.ciphertext + box.tag)
        } catch {
            throw .rootKeyMalformed
        }
    }

    private static func cost(_ lines: inout Lines) throws(SealError) -> Cost {
        guard let rounds = lines.next("rounds").flatMap({ Int($0) }), Cost.allowed.contains(rounds),
            lines.next("block") == "8", lines.next("parallel") == "1",
            let salt = lines.next("salt").flatMap({ [UInt8](hexadecimal: $0) }), salt.count == 16,
            let iv = lines.next("iv").flatMap({ [UInt8](hexadecimal: $0) }), iv.count == 12
        else { throw .rootKeyMalformed }
        return Cost(rounds: rounds, salt: salt, iv: iv, front: lines.read)
    }
}

/// Takes a text apart line by line, each a name and a value.
private struct Lines {
    private(set) var read = ""
    private var rest: Substring

    init(_ text: String) {
        rest = text[...]
    }

    /// The value of the next line, if it has this name.
    mutating func next(_ name: String) -> String? {
        guard let end = rest.firstIndex(of: "\n"), rest[..<end].hasPrefix(name + " ") else { return nil }
        let value = rest[..<end].dropFirst(name.count + 1)
        read += rest[...end]
        rest = rest[rest.index(after: end)...]
        return String(value)
    }

    /// The bytes of the last line, behind which nothing may stand.
    mutating func last(_ name: String, count: Int) throws(SealError) -> [UInt8] {
        guard let bytes = next(name).flatMap({ [UInt8](hexadecimal: $0) }), bytes.count == count, rest.isEmpty else {
            throw .rootKeyMalformed
        }
        return bytes
    }
}

extension RootKeyFile {
    /// No root key file is longer.
    private static let longest = 1024

    static func read(_ path: String) throws(SealError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { throw .rootKeyMissing }
        defer { close(file) }
        try check(file)
        var bytes = [UInt8](repeating: 0, count: longest + 1)
        defer { bytes.wipe() }
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count > 0, count <= longest, let text = String(validating: bytes[..<count], as: UTF8.self) else {
            throw .rootKeyMalformed
        }
        return text
    }

    /// Checked on the open file, so that no other can take its place in between.
    private static func check(_ file: Int32) throws(SealError) {
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .rootKeyMissing }
        // Root may read for the unprivileged user that the server will run as.
        guard status.st_mode & 0o177 == 0, status.st_uid == geteuid() || geteuid() == 0 else { throw .rootKeyExposed }
    }

    /// Writes the file whole and durably, or not at all, and never over another.
    static func write(_ text: String, to path: String) throws(SealError) {
        let draft = path + ".\(Primitive.freshBytes(8).hexadecimal).new"
        defer { unlink(draft) }
        try writeDurably(Array(text.utf8), to: draft)
        // A link, unlike a rename, does not replace what is there.
        guard link(draft, path) == 0 else { throw errno == EEXIST ? .rootKeyExists : .rootKeyNotWritten }
        try makeDurable(path)
    }

    /// Puts another text in the place of one that is there, as the same owner's, whole and durably, or not at all.
    static func replace(_ path: String, with text: String) throws(SealError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .rootKeyMissing }
        let draft = path + ".\(Primitive.freshBytes(8).hexadecimal).new"
        defer { unlink(draft) }
        try writeDurably(Array(text.utf8), to: draft)
        guard chown(draft, status.st_uid, status.st_gid) == 0, rename(draft, path) == 0 else {
            throw .rootKeyNotWritten
        }
        try makeDurable(path)
    }

    private static func makeDurable(_ path: String) throws(SealError) {
        let directory = open(path.contains("/") ? (path as NSString).deletingLastPathComponent + "/" : ".", O_RDONLY)
        guard directory >= 0 else { throw .rootKeyNotWritten }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .rootKeyNotWritten }
    }

    private static func writeDurably(_ content: [UInt8], to path: String) throws(SealError) {
        var content = content
        defer { content.wipe() }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .rootKeyNotWritten }
        defer { close(file) }
        guard Glibc.write(file, content, content.count) == content.count, fchmod(file, 0o600) == 0, fsync(file) == 0
        else { throw .rootKeyNotWritten }
    }
}
