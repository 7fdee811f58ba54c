import Crypto
import Foundation
import Testing

@testable import Seals

/// The vectors at the end of `docs/seals.md`, which another implementation made from that page.
@Suite("The vectors of the documentation") struct VectorTests {
    struct Vectors: Decodable {
        struct Recipient: Decodable {
            let key: String
            let use: String
            let subject: UUID
        }

        struct Direct: Decodable {
            let key, use, kind, random, plaintext, message: String
            let subject, organization, id: UUID
            let version: Int32
        }

        struct Several: Decodable {
            let recipients: [Recipient]
            let recordKey, kind, random, plaintext, message: String
            let organization, id: UUID
            let version: Int32
        }

        struct Wrap: Decodable {
            let wrappingKey, use, salt, iv, key, wrapped: String
            let epoch, generation: Int32
            let organization, subject: UUID
        }

        struct Token: Decodable { let key, kind, parameter, value, result: String }
        struct Tag: Decodable { let key, kind, id, result: String }
        struct Email: Decodable { let key, email, result: String }
        struct Root: Decodable { let key, passphrase, file: String }

        let direct: [Direct]
        let several: [Several]
        let wrap: [Wrap]
        let token: [Token]
        let tag: [Tag]
        let email: [Email]
        let root: [Root]
    }

    let vectors: Vectors

    init() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/seals.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let start = try #require(text.range(of: "```json\n"))
        let json = try #require(text[start.upperBound...].components(separatedBy: "```").first)
        vectors = try JSONDecoder().decode(Vectors.self, from: Data(json.utf8))
    }

    @Test func `of messages for one`() throws {
        #expect(vectors.direct.count == 2)
        for vector in vectors.direct {
            let key = try subjectKey(vector.key, vector.use, vector.subject, vector.organization)
            let binding = Binding(
                organization: vector.organization,
                kind: vector.kind,
                id: vector.id,
                version: vector.version
            )
            let plaintext = Array(vector.plaintext.utf8)
            let message = try key.seal(plaintext, for: binding, randomness: .dealing(bytes(vector.random)))
            #expect(message.hexadecimal == vector.message)
            #expect(try key.open(bytes(vector.message), for: binding) == plaintext)
        }
    }

    @Test func `of messages for several`() throws {
        #expect(vectors.several.count == 1)
        for vector in vectors.several {
            let keys = try vector.recipients.map {
                try subjectKey($0.key, $0.use, $0.subject, vector.organization)
            }
            let binding = Binding(
                organization: vector.organization,
                kind: vector.kind,
                id: vector.id,
                version: vector.version
            )
            let plaintext = Array(vector.plaintext.utf8)
            let randomness = try Randomness.dealing(bytes(vector.recordKey), bytes(vector.random))
            let message = try SubjectKey.seal(plaintext, for: binding, under: keys, randomness: randomness)
            #expect(message.hexadecimal == vector.message)
            for key in keys { #expect(try key.open(bytes(vector.message), for: binding) == plaintext) }
        }
    }

    @Test func `of wrapped keys`() throws {
        #expect(vectors.wrap.count == 2)
        for vector in vectors.wrap {
            let wrapping = WrappingKey(SymmetricKey(data: try bytes(vector.wrappingKey)), epoch: vector.epoch)
            let place = WrappingKey.Place(
                organization: vector.organization,
                subject: vector.subject,
                use: vector.use,
                generation: vector.generation
            )
            let key = SymmetricKey(data: try bytes(vector.key))
            let randomness = try Randomness.dealing(bytes(vector.salt), bytes(vector.iv))
            #expect(try wrapping.wrap(key, at: place, randomness: randomness).hexadecimal == vector.wrapped)
            #expect(try wrapping.unwrap(bytes(vector.wrapped), at: place) == key)
        }
    }

    @Test func `of blind tokens, tags and addresses`() throws {
        for vector in vectors.token {
            let index = BlindIndex(SymmetricKey(data: try bytes(vector.key)), epoch: 1)
            let token = index.token(kind: vector.kind, parameter: vector.parameter, value: vector.value)
            #expect(String(token) == vector.result)
        }
        for vector in vectors.tag {
            let index = BlindIndex(SymmetricKey(data: try bytes(vector.key)), epoch: 1)
            #expect(index.tag(kind: vector.kind, id: vector.id).hexadecimal == vector.result)
        }
        for vector in vectors.email {
            let index = SignInIndex(SymmetricKey(data: try bytes(vector.key)))
            #expect(index.token(email: vector.email).hexadecimal == vector.result)
        }
        #expect(vectors.token.count == 2 && vectors.tag.count == 1 && vectors.email.count == 2)
    }

    @Test func `of the root key's file`() throws {
        let folder = try RootKeyTests.Folder()
        for vector in vectors.root {
            try folder.put(vector.file)
            let read = try RootKey.load(at: folder.file, passphrase: vector.passphrase)
            #expect(vector.file.contains("id \(read.id)\n"))
            try FileManager.default.removeItem(atPath: folder.file)
            let salt = [UInt8](repeating: 2, count: 16)
            let iv = [UInt8](repeating: 3, count: 12)
            _ = try RootKey.create(
                at: folder.file,
                passphrase: vector.passphrase,
                randomness: .dealing(bytes(vector.key), salt, iv)
            )
            #expect(try folder.text() == vector.file)
        }
        #expect(vectors.root.count == 1)
    }

    private func bytes(_ text: String) throws -> [UInt8] {
        try #require([UInt8](hexadecimal: text))
    }

    private func subjectKey(_ key: String, _ use: String, _ id: UUID, _ organization: UUID) throws -> SubjectKey {
        let uses = [Subject.Use.patient, .directory, .account, .installation]
        let use = try #require(uses.first { $0.code == use })
        return SubjectKey(
            DataKey(SymmetricKey(data: try bytes(key))),
            of: Subject(organization: organization, use: use, id: id)
        )
    }
}
