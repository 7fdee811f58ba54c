import Crypto
import Foundation
import Testing

@testable import Seals

@Suite("A blind index") struct BlindIndexTests {
    let index = BlindIndex(SymmetricKey(data: [UInt8](repeating: 0xd1, count: 32)), epoch: 1)

    @Test func `gives equal tokens to equal values of one parameter of one kind, and to nothing else`() {
        let token = index.token(kind: "Patient", parameter: "family", value: "muster")
        let others = [
            index.token(kind: "Patient", parameter: "family", value: "muste"),
            index.token(kind: "Patient", parameter: "given", value: "muster"),
            index.token(kind: "Person", parameter: "family", value: "muster"),
            index.token(kind: "Patient", parameter: "familym", value: "uster"),
            index.token(kind: "Patientfamily", parameter: "", value: "muster"),
        ]
        #expect(index.token(kind: "Patient", parameter: "family", value: "muster") == token)
        #expect(!others.contains(token))
        #expect(Set(others).count == others.count)
    }

    @Test func `of another organisation or epoch gives other tokens`() {
        let other = BlindIndex(SymmetricKey(data: [UInt8](repeating: 0xd2, count: 32)), epoch: 2)
        #expect(
            index.token(kind: "Patient", parameter: "family", value: "muster")
                != other.token(kind: "Patient", parameter: "family", value: "muster")
        )
        #expect(index.tag(kind: "Patient", id: "1") != other.tag(kind: "Patient", id: "1"))
    }

    @Test func `spreads its tokens over all numbers`() {
        let tokens = (0..<1000).map { index.token(kind: "Patient", parameter: "family", value: "\($0)") }
        #expect(Set(tokens).count == 1000)
        #expect(400...600 ~= tokens.filter { $0 < 0 }.count)
    }

    @Test func `makes tags of sixteen bytes that no token begins like`() {
        let tag = index.tag(kind: "Patient", id: "example")
        #expect(tag.count == 16)
        #expect(tag != index.tag(kind: "Practitioner", id: "example"))
        #expect(tag != index.tag(kind: "Patient", id: "example2"))
        let token = index.token(kind: "Patient", parameter: "example", value: "")
        #expect(!tag.starts(with: withUnsafeBytes(of: token.bigEndian) { Array($0) }))
    }
}

@Suite("A sign-in index") struct SignInIndexTests {
    let index = SignInIndex(SymmetricKey(data: [UInt8](repeating: 0xe1, count: 32)))

    @Test(arguments: [
        "Ada@Example.ORG", "  ada@example.org\n", "\u{ff41}da@example.org", "ada@example\u{ff0e}org",
    ])
    func `finds an address however it is typed`(typed: String) {
        #expect(index.token(email: typed) == index.token(email: "ada@example.org"))
        #expect(index.token(email: typed).count == 32)
    }

    @Test func `takes composed and decomposed letters for the same`() {
        #expect(index.token(email: "j\u{f6}rg@example.org") == index.token(email: "JO\u{308}RG@example.org"))
    }

    @Test(arguments: ["ada@example.com", "a.da@example.org", "ada+1@example.org", "adá@example.org", ""])
    func `tells different addresses apart`(other: String) {
        #expect(index.token(email: other) != index.token(email: "ada@example.org"))
    }

    @Test func `leaves what is too long for an address as it is`() {
        let long = "A" + String(repeating: "\u{301}", count: 512)
        #expect(SignInIndex.folded(long) == long && SignInIndex.folded(long).utf8.elementsEqual(long.utf8))
        #expect(SignInIndex.folded("A\u{301}") == "\u{E1}")
    }

    @Test func `folds an address once and for all`() {
        for letter in ["\u{130}", "ſ", "ß", "ẞ", "K", "\u{1e9e}", "Ω", "ﬀ", "\u{3d4}", "\u{345}"] {
            let once = SignInIndex.folded("\(letter)@example.org")
            #expect(SignInIndex.folded(once) == once, "\(letter)")
        }
    }
}
