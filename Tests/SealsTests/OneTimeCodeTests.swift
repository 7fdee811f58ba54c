import Foundation
import Testing

@testable import Seals

@Suite struct `One-time codes` {
    private let secret = OneTimeSecret([UInt8]("12345678901234567890".utf8))!

    /// Appendix B of RFC 6238, SHA-1; the last six of its eight digits.
    @Test(arguments: [
        (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
        (2_000_000_000, "279037"), (20_000_000_000, "353130"),
    ])
    func `are those of RFC 6238`(seconds: Int, code: String) {
        let step = OneTimeSecret.step(at: Date(timeIntervalSince1970: Double(seconds)))
        #expect(secret.code(of: step) == code)
    }

    @Test func `are of the step before, this one or the next, and of no other`() {
        for step in Int64(-1)...1 {
            #expect(secret.step(of: secret.code(of: 1_000 + step), near: 1_000) == 1_000 + step)
        }
        for step in [Int64(-2), 2] { #expect(secret.step(of: secret.code(of: 1_000 + step), near: 1_000) == nil) }
        for typed in ["", "12345", "1234567", "abcdef", "000000 "] {
            #expect(secret.step(of: typed, near: 1_000) == nil)
        }
    }

    @Test func `have secrets of 20 random bytes`() {
        #expect(OneTimeSecret() != OneTimeSecret())
        #expect(OneTimeSecret().bytes.count == 20)
        #expect(OneTimeSecret([UInt8](repeating: 1, count: 19)) == nil)
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("", ""),
    ])
    func `are typed in base32`(text: String, base32: String) {
        #expect(Base32.text([UInt8](text.utf8)) == base32)
        #expect(Base32.bytes(base32.lowercased()) == [UInt8](text.utf8))
    }

    @Test(arguments: ["M", "MZ1", "MZ", "MY=", "é", "MZXW6YTB "])
    func `are no base32 where a letter or a bit is wrong`(text: String) {
        #expect(Base32.bytes(text) == nil)
    }

    @Test func `are given to an app by a link in which nothing else can stand`() {
        let link = secret.link(for: "a b&secret=x#@example.org")
        #expect(
            link == "otpauth://totp/Carekeep:a%20b%26secret%3Dx%23%40example.org"
                + "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Carekeep&algorithm=SHA1&digits=6&period=30"
        )
        #expect(OneTimeSecret(base32: "gezd gnbv gy3t qojq gezd gnbv gy3t qojq") == secret)
    }
}
