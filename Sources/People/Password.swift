import CBcrypt
import Foundation
import Seals

/// A password while it is being hashed. bcrypt by libxcrypt, `$2b$`, cost 12. (ENC-7)
///
/// bcrypt reads 72 bytes at most and stops at a zero byte. So a password is put in Unicode's form NFC, one with a zero byte or
/// of more than 1,024 bytes is refused, and one of more than 72 bytes is replaced by the base64 of its SHA-256, which keeps all
/// of it. What comes to be hashed never exceeds 72 bytes.
public struct Password: Sendable {
    /// The work factor of new hashes: 2¹² rounds, a quarter of a second of one core in 2026.
    public static let cost = 12

    private let bytes: [UInt8]

    /// A password as typed; `nil` if it could never have been set.
    public init?(_ typed: String) {
        // Composing shortens a text to a third at most. It takes time that grows with the square of accents in a row.
        guard typed.utf8.count <= 3 * Self.longest else { return nil }
        let normal = Array(typed.precomposedStringWithCanonicalMapping.utf8)
        guard !normal.isEmpty, normal.count <= Self.longest, !normal.contains(0) else { return nil }
        bytes = normal.count <= 72 ? normal : Array(Data(Primitive.sha256(normal)).base64EncodedString().utf8)
    }

    /// Why a password may not be set.
    public enum Weakness: Sendable {
        case tooShort, tooLong, tooSimple, tooCommon
    }

    /// The fewest characters of a password.
    public static let shortest = 8
    /// The most bytes, as UTF-8, of a password.
    public static let longest = 1_024

    /// What is wrong with a password that somebody wants to set; `nil` if it may be.
    ///
    /// It has at least 8 characters, letters along with digits, signs or spaces, and is none of the commonest. Long ones are
    /// welcome as they are: from 16 characters on only the list of common ones counts.
    public static func weakness(of typed: String) -> Weakness? {
        if typed.utf8.count > 3 * longest { return .tooLong }
        let folded = typed.lowercased()
        if typed.count < shortest { return .tooShort }
        if typed.precomposedStringWithCanonicalMapping.utf8.count > longest { return .tooLong }
        if common.contains(folded) { return .tooCommon }
        if Set(folded).count < 4 || typed.utf8.contains(0) { return .tooSimple }
        let isMixed =
            typed.contains(where: \.isLetter)
            && typed.contains { $0.isNumber || $0.isPunctuation || $0.isSymbol || $0 == " " }
        return typed.count >= 16 || isMixed ? nil : .tooSimple
    }

    /// The bcrypt hash under a setting (`$2b$`, cost and salt); `nil` if the setting is none. Takes a quarter of a second of a
    /// core: never on an event loop.
    public func hash(setting: String) -> String? {
        let state = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        state.initialize(to: crypt_data())
        defer {
            memset(state, 0, MemoryLayout<crypt_data>.size)
            state.deallocate()
        }
        var phrase = bytes.map(CChar.init(bitPattern:)) + [0]
        defer { for index in phrase.indices { phrase[index] = 0 } }
        return crypt_rn(phrase, setting, state, Int32(MemoryLayout<crypt_data>.size)).map { String(cString: $0) }
    }

    /// A new hash with a salt of its own.
    public func newHash() -> String? {
        Self.newSetting().flatMap(hash(setting:))
    }

    static func newSetting() -> String? {
        var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
        // No bytes given: libxcrypt asks the kernel's generator for the salt.
        guard crypt_gensalt_rn("$2b$", UInt(cost), nil, 0, &setting, Int32(setting.count)) != nil else { return nil }
        return setting.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } }
    }

    /// The cost that a hash or setting was made with.
    static func cost(of setting: String) -> Int? {
        Int(setting.dropFirst(4).prefix(2))
    }

    /// The heads of the lists of leaked passwords that pass the other rules.
    private static let common: Set<String> = [
        "password1", "password12", "password123", "passw0rd", "p@ssw0rd", "p@ssword1", "password!", "password1!",
        "qwerty123",
        "qwerty12", "qwertyuiop1", "1q2w3e4r", "1q2w3e4r5t", "q1w2e3r4", "zaq12wsx", "1qaz2wsx", "abc12345", "abcd1234",
        "abc123456", "a1b2c3d4", "123456a", "1234567a", "12345678a", "123456789a", "iloveyou1", "iloveyou2", "letmein1",
        "welcome1", "welcome123", "welcome1!", "admin123", "admin1234", "administrator1", "changeme1", "changeme123",
        "monkey123", "dragon123", "football1", "baseball1", "superman1", "sunshine1", "princess1", "master123",
        "hello123",
        "charlie1", "liverpool1", "arsenal1", "chelsea1", "summer2024", "summer2025", "summer2026", "winter2024",
        "winter2025",
        "winter2026", "spring2026", "autumn2026", "london123", "test1234", "testtest1", "secret123", "trustno1!",
        "carekeep1",
        "carekeep123", "hospital1", "hospital123", "medical1", "medical123", "patient1", "patient123", "india123",
        "pune1234",
        "correcthorsebatterystaple", "passwordpassword", "qwertyuiopasdfgh", "1234567890123456",
    ]
}
