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
        case tooShort, tooLong, tooSimple, tooCommon, tooPersonal
    }

    /// The fewest characters of a password.
    public static let shortest = 8
    /// The most bytes, as UTF-8, of a password.
    public static let longest = 1_024

    /// What is wrong with a password that somebody wants to set; `nil` if it may be.
    ///
    /// It has at least 8 characters, letters along with digits, signs or spaces, is none of the commonest, and is not made of words that
    /// whoever knows them would try. Long ones are welcome as they are: from 16 characters on only these two count.
    public static func weakness(of typed: String, personal words: PersonalWords = PersonalWords([])) -> Weakness? {
        if typed.utf8.count > 3 * longest { return .tooLong }
        let folded = typed.lowercased()
        if typed.count < shortest { return .tooShort }
        if typed.precomposedStringWithCanonicalMapping.utf8.count > longest { return .tooLong }
        if CommonPasswords.contains(typed) { return .tooCommon }
        if words.make(typed) { return .tooPersonal }
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
}
