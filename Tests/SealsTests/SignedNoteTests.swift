import Crypto
import Foundation
import Testing

@testable import Seals

@Suite struct `Signed notes` {
    /// The example of C2SP's signed-note: name, key and signature of somebody else's making.
    @Test func `of others are verified`() throws {
        let verifier = try #require(
            NoteVerifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        )
        let text = """
            If you think cryptography is the answer to your problem,
            then you don't know what your problem is.

            """
        let line =
            "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
        #expect(verifier.verifies(line, of: Array(text.utf8)))
        #expect(!verifier.verifies(line, of: Array(text.utf8.dropLast())))
        for name in ["Somebody", "PeterNeumanX"] {
            #expect(!verifier.verifies("— \(name) " + line.dropFirst("— PeterNeumann ".count), of: Array(text.utf8)))
        }
    }

    @Test func `of ours are verified by their key alone, and only as they were signed`() throws {
        let ours = try NoteSigner(name: "clinic.example", key: Curve25519.Signing.PrivateKey())
        let others = try NoteSigner(name: "clinic.example", key: Curve25519.Signing.PrivateKey())
        let text = Array("what was said\n".utf8)
        let line = try ours.signature(of: text)
        #expect(ours.verifier.verifies(line, of: text))
        #expect(try #require(NoteVerifier("\(ours.verifier)")).verifies(line, of: text))
        #expect(!others.verifier.verifies(line, of: text))
        for index in text.indices {
            var changed = text
            changed[index] ^= 1
            #expect(!ours.verifier.verifies(line, of: changed))
        }
        let begin = line.lastIndex(of: " ").map { line[...$0] } ?? ""
        var signature = Array(try #require(Data(base64Encoded: String(line.dropFirst(begin.count)))))
        signature[0] ^= 1
        #expect(
            !ours.verifier.verifies(begin + Data(signature).base64EncodedString(), of: text),
            "another key's number"
        )
        signature[0] ^= 1
        #expect(ours.verifier.verifies(begin + Data(signature).base64EncodedString(), of: text))
        #expect(!ours.verifier.verifies(String(line.dropLast(4)), of: text))
        #expect(!ours.verifier.verifies("", of: text))
    }

    @Test func `are of no key of another algorithm`() throws {
        let verifier = try NoteSigner(name: "clinic.example", key: Curve25519.Signing.PrivateKey()).verifier
        let parts = "\(verifier)".split(separator: "+", maxSplits: 2)
        let bytes = try #require(Data(base64Encoded: String(parts[2])))
        #expect(NoteVerifier("\(parts[0])+\(parts[1])+\(bytes.base64EncodedString())") == verifier)
        let other = (Data([2]) + bytes.dropFirst()).base64EncodedString()
        #expect(NoteVerifier("\(parts[0])+\(parts[1])+\(other)") == nil)
        for count in [31, 33] {
            #expect(NoteVerifier(name: "clinic.example", publicKey: [UInt8](repeating: 1, count: count)) == nil)
        }
    }

    @Test(arguments: [
        "", "x", "a+b+c", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+ARpc",
    ])
    func `have no verifier of another form`(text: String) {
        #expect(NoteVerifier(text) == nil)
    }
}
