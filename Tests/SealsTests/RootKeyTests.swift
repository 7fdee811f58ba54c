import Crypto
import Foundation
import Testing

@testable import Seals

@Suite("A root key") struct RootKeyTests {
    /// A folder that is gone afterwards.
    final class Folder {
        let path: String

        init() throws {
            path = NSTemporaryDirectory() + "/root-key-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }  // Best effort, under the temporary folder.

        var file: String { path + "/root.key" }

        func text() throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

        func put(_ text: String, mode: Int = 0o600) throws {
            try? FileManager.default.removeItem(atPath: file)  // It may not be there yet.
            try text.write(toFile: file, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        }
    }

    static let passphrase = "sch\u{f6}ne lange W\u{f6}rter"  // not a secret

    /// Made once for all: scrypt is meant to take its time, and without optimisation takes seconds.
    static let sealed: (key: RootKey, text: String) = {
        do {
            let folder = try Folder()
            let key = try RootKey.create(at: folder.file, passphrase: passphrase)
            return (key, try folder.text())
        } catch {
            fatalError("no root key could be made: \(error)")
        }
    }()

    let folder: Folder

    init() throws {
        folder = try Folder()
    }

    @Test func `in clear is read back, and says that it is not protected`() throws {
        let made = try RootKey.create(at: folder.file)
        let read = try RootKey.load(at: folder.file)
        #expect(made.id == read.id)
        #expect(!made.isProtected && !read.isProtected)
        #expect(try areOne(made, read))
    }

    @Test func `is written for its owner alone, and nothing is left beside it`() throws {
        _ = try RootKey.create(at: folder.file)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["root.key"])
    }

    @Test func `sealed by a passphrase opens with it, however its accents are spelt, and with no other`() throws {
        try folder.put(Self.sealed.text)
        let read = try RootKey.load(at: folder.file, passphrase: "scho\u{308}ne lange Wo\u{308}rter")
        #expect(Self.sealed.key.isProtected && read.isProtected)
        #expect(try areOne(Self.sealed.key, read))
        #expect(failure { try RootKey.load(at: folder.file, passphrase: Self.passphrase + "r") } == .passphraseWrong)
        #expect(failure { try RootKey.load(at: folder.file) } == .passphraseMissing)
    }

    @Test func `that lies in clear is not opened where a passphrase is given, and is sealed on demand`() throws {
        let made = try RootKey.create(at: folder.file)
        let before = try String(contentsOfFile: folder.file, encoding: .utf8)
        #expect(try !RootKey.isSealed(at: folder.file))
        #expect(failure { try RootKey.load(at: folder.file, passphrase: Self.passphrase) } == .rootKeyNotSealed)
        #expect(failure { try RootKey.seal(at: folder.file, passphrase: "short") } == .passphraseTooShort)
        #expect(try String(contentsOfFile: folder.file, encoding: .utf8) == before)
        try RootKey.seal(at: folder.file, passphrase: Self.passphrase)
        #expect(try RootKey.isSealed(at: folder.file))
        #expect(try areOne(made, RootKey.load(at: folder.file, passphrase: Self.passphrase)))
        #expect(failure { try RootKey.load(at: folder.file) } == .passphraseMissing)
        #expect(failure { try RootKey.seal(at: folder.file, passphrase: Self.passphrase) } == .rootKeyExists)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["root.key"])
        #expect(try FileManager.default.attributesOfItem(atPath: folder.file)[.posixPermissions] as? Int == 0o600)
    }

    @Test func `refuses a short passphrase, and then writes nothing`() throws {
        #expect(failure { try RootKey.create(at: folder.file, passphrase: "short") } == .passphraseTooShort)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func `never replaces a file`() throws {
        let made = try RootKey.create(at: folder.file)
        #expect(failure { try RootKey.create(at: folder.file) } == .rootKeyExists)
        #expect(try RootKey.load(at: folder.file).id == made.id)
        #expect(failure { try RootKey.create(at: folder.path + "/nowhere/root.key") } == .rootKeyNotWritten)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o622, 0o644, 0o700, 0o777])
    func `that others may read or write is refused`(mode: Int) throws {
        _ = try RootKey.create(at: folder.file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file)
        #expect(failure { try RootKey.load(at: folder.file) } == .rootKeyExposed)
    }

    @Test func `that only its owner may read, and not write, is as good`() throws {
        _ = try RootKey.create(at: folder.file)
        try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: folder.file)
        #expect(failure { try RootKey.load(at: folder.file) } == nil)
    }

    @Test func `must be a plain file`() throws {
        #expect(failure { try RootKey.load(at: folder.file) } == .rootKeyMissing)
        #expect(failure { try RootKey.load(at: folder.path) } == .rootKeyMissing)
        _ = try RootKey.create(at: folder.file)
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.file)
        #expect(failure { try RootKey.load(at: link) } == .rootKeyMissing)
        mkfifo(folder.path + "/pipe", 0o600)
        #expect(failure { try RootKey.load(at: folder.path + "/pipe") } == .rootKeyMissing)
    }

    @Test func `is refused when its file is cut short anywhere, lengthened, or changed in any letter`() throws {
        _ = try RootKey.create(at: folder.file)
        let text = try folder.text()
        for count in 0..<text.count {
            try folder.put(String(text.prefix(count)))
            #expect(failure { try RootKey.load(at: folder.file) } == .rootKeyMalformed, "\(count) letters")
        }
        for longer in [text + "\n", text + text, text + String(repeating: "x", count: 2000)] {
            try folder.put(longer)
            #expect(failure { try RootKey.load(at: folder.file) } == .rootKeyMalformed)
        }
        for at in text.indices {
            var damaged = text
            damaged.replaceSubrange(at...at, with: text[at] == "0" ? "1" : "0")
            try folder.put(damaged)
            #expect(failure { try RootKey.load(at: folder.file) } == .rootKeyMalformed, "\(text[..<at])")
        }
    }

    @Test func `does not let its file choose a cheap or a ruinous scrypt`() throws {
        let text = Self.sealed.text
        let changes = [
            (
                "rounds 131072",
                ["2", "65536", "131071", "2097152", "99999999999999999999", "-131072"].map { "rounds \($0)" }
            ),
            ("block 8", ["block 1", "block 8000000"]), ("parallel 1", ["parallel 0", "parallel 4"]),
        ]
        for (line, others) in changes {
            for other in others {
                try folder.put(text.replacing(line, with: other))
                let failure = failure { try RootKey.load(at: folder.file, passphrase: Self.passphrase) }
                #expect(failure == .rootKeyMalformed, "\(other)")
            }
        }
    }

    @Test func `sealed, is refused when a line before its key was changed`() throws {
        let zeros = String(repeating: "0", count: 32)
        try folder.put(Self.sealed.text.replacing(Self.sealed.key.id, with: zeros))
        #expect(failure { try RootKey.load(at: folder.file, passphrase: Self.passphrase) } == .passphraseWrong)
    }

    /// Whether one unwraps what the other wrapped.
    private func areOne(_ one: RootKey, _ other: RootKey) throws -> Bool {
        let place = WrappingKey.Place(organization: clinic, subject: clinic, use: "organization-wrap", generation: 1)
        let key = SymmetricKey(size: .bits256)
        let wrapped = try one.wrapping.wrap(key, at: place, randomness: .system)
        return try other.wrapping.unwrap(wrapped, at: place) == key
    }
}
