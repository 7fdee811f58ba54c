import Assurance
import Care
import CarekeepTesting
import Foundation
import Seals
import Testing
import Trail

@testable import People

/// What a pass says of itself in this process; the database's word on it is ``UnauthorisedPerson``'s.
@Suite struct PassTests {
    private let organization = UUID()
    private let ada = UUID()
    private let bo = UUID()

    private func subjects(of organization: UUID) -> [Subject] {
        [
            .patient(ada, of: organization), .patient(bo, of: organization), .directory(of: organization),
            .audit(of: organization, year: 2026), .account(ada, of: organization),
        ]
    }

    @Test func `vouches for the patients it names, in its organisation, and for nothing else`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let (pass, _) = try await town.home.gate.open(Errand(.createPatient, newPatients: [ada]), for: amara)
        #expect(subjects(of: town.okafors).map(pass.vouches) == [true, false, false, false, false])
        #expect(subjects(of: organization).map(pass.vouches) == [false, false, false, false, false])
        let (list, _) = try await town.home.gate.open(Errand(.listPatients), for: amara)
        #expect(subjects(of: town.okafors).map(list.vouches) == [true, true, false, false, false])
        #expect(subjects(of: organization).map(list.vouches) == [false, false, false, false, false])
        await town.close()
    }

    @Test func `that is announced vouches for what it announces, in its organisation, and for nothing else`() {
        let caller = Caller(
            token: SessionToken(organization: organization, secret: Array(repeating: 1, count: 32)),
            use: .api,
            origin: AccessNote(address: "", device: "", request: "")
        )
        let patient = AnnouncedPass(for: caller, patients: [ada])
        let directory = AnnouncedPass(for: caller, directory: true)
        #expect(subjects(of: organization).map(patient.vouches) == [true, false, false, false, false])
        #expect(subjects(of: organization).map(directory.vouches) == [false, false, true, false, false])
        #expect(!subjects(of: UUID()).contains(where: patient.vouches))
        #expect(!subjects(of: UUID()).contains(where: directory.vouches))
    }

    /// A context as the database writes it: fields behind their lengths.
    private static func context(_ count: Int = 12, version: UInt8 = 1) -> [UInt8] {
        let id = [UInt8](repeating: 7, count: 16)
        let fields: [[UInt8]] = [
            id, id, id, id, id, Array("read".utf8), Array("patient".utf8), [], [], [0, 0, 0, 0, 0, 0, 0, 1],
        ]
        let all = fields + Array(repeating: [], count: max(0, count - fields.count))
        return [version] + all.prefix(count).flatMap { [0, UInt8($0.count)] + $0 }
    }

    @Test func `is read from a context of this version, whole, and from nothing else`() {
        #expect(PassContext(encoded: Self.context()) != nil)
        #expect(PassContext(encoded: Self.context(version: 2)) == nil)
        #expect(PassContext(encoded: Self.context(11)) == nil)
        #expect(PassContext(encoded: Self.context(13)) == nil)
        for length in 0..<Self.context().count {
            #expect(PassContext(encoded: Array(Self.context()[..<length])) == nil)
        }
        // Its last field says that it is longer than what is left.
        #expect(PassContext(encoded: Self.context().dropLast(2) + [0, 9]) == nil)
    }
}

@Suite struct CallerTests {
    private let token = SessionToken(organization: UUID(), secret: Array(0..<32))

    @Test func `A token is read as it was written, and not when it is longer, shorter or no base64url`() throws {
        let read = try #require(SessionToken(token.text))
        #expect(read.organization == token.organization && read.secret == token.secret)
        let text = token.text
        let wrong: [String] = [
            "", String(text.dropLast()), String(text.dropLast(4)), text + "AAAA", String(text.dropLast()) + "=",
            String(text.dropLast(2)) + "==", String(text.dropLast()) + "\u{E9}",
        ]
        for text in wrong {
            #expect(SessionToken(text) == nil, "\(text.count)")
        }
    }

    @Test func `Forms of two sessions carry different tokens, which do not tell the secret`() {
        let other = SessionToken(organization: token.organization, secret: Array(1..<33))
        #expect(token.formToken != other.formToken)
        #expect(token.formToken == SessionToken(organization: UUID(), secret: token.secret).formToken)
        #expect(!token.text.contains(token.formToken) && token.formToken.count == 43)
    }
}

@Suite struct PasswordTests {
    /// The least that bcrypt can be told to do.
    private let setting = "$2b$04$abcdefghijklmnopqrstuu"

    @Test func `All of a long password counts, not its first 72 bytes`() throws {
        let long = String(repeating: "a b ", count: 20)
        let hashes = try ["1", "2"].map { try #require(Password(long + $0)?.hash(setting: setting)) }
        #expect(hashes[0] != hashes[1])
        #expect(Password(long + "1")?.hash(setting: setting) == hashes[0])
    }

    @Test func `A password with a zero byte, an empty one and one beyond 1,024 bytes is none`() {
        #expect(Password("a\0b") == nil)
        #expect(Password("") == nil)
        #expect(Password(String(repeating: "a", count: 1025)) == nil)
        #expect(Password(String(repeating: "a", count: 1024)) != nil)
        #expect(Password("a" + String(repeating: "\u{301}", count: 20_000)) == nil)
    }

    @Test func `However its accents are spelt, it is the same`() {
        #expect(Password("caf\u{E9}")?.hash(setting: setting) == Password("cafe\u{301}")?.hash(setting: setting))
    }

    @Test(arguments: [
        ("a1 b2c3", Password.Weakness.tooShort), ("Password123", .tooCommon), ("a1a1a1a1a1", .tooSimple),
        ("abcdefghij", .tooSimple), ("abc def 1\0", .tooSimple), (String(repeating: "a1 c", count: 300), .tooLong),
        (String(repeating: "a1 c", count: 3000), .tooLong),
    ])
    func `A weak password is refused with its reason`(_ typed: String, _ weakness: Password.Weakness) {
        #expect(Password.weakness(of: typed) == weakness)
        #expect(Password.weakness(of: "grey horse, 3 clouds") == nil)
    }
}
