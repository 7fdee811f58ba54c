import Crypto
public import FoundationEssentials

/// The secret that a code app shares with the server, and the codes it gives: RFC 6238 with SHA-1, six digits and steps of 30 seconds,
/// which is what every app reads.
public struct OneTimeSecret: Sendable, Equatable {
    /// The seconds of a step.
    public static let stepSeconds: Int64 = 30

    /// 20 bytes, as long as the hash (RFC 4226, section 4).
    public let bytes: [UInt8]

    /// A fresh one.
    public init() {
        bytes = Primitive.freshBytes(20)
    }

    /// One that is known; `nil` if it is not of 20 bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 20 else { return nil }
        self.bytes = bytes
    }

    /// One as text, in base32; spaces and case do not matter.
    public init?(base32 text: String) {
        guard let bytes = Base32.bytes(text.replacing(" ", with: "")) else { return nil }
        self.init(bytes)
    }

    /// As text, for whoever types it into the app.
    public var base32: String { Base32.text(bytes) }

    /// The step that a moment is in: how many have passed since 1970.
    public static func step(at moment: Date) -> Int64 {
        Int64((moment.timeIntervalSince1970 / Double(stepSeconds)).rounded(.down))
    }

    /// The six digits of a step (RFC 4226, section 5.3).
    public func code(of step: Int64) -> String {
        let counter = withUnsafeBytes(of: step.bigEndian) { Array($0) }
        let hash = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: bytes)))
        let offset = Int(hash[19] & 0x0F)
        let number = hash[offset..<(offset + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        let digits = String(number % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// What a code app takes, by a picture or on the same device. `account` is what it shows beside the code.
    public func link(for account: String) -> String {
        let name = account.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain || ".-_~".unicodeScalars.contains(scalar)
                ? String(scalar) : "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
        return "otpauth://totp/Carekeep:\(name)?secret=\(base32)&issuer=Carekeep&algorithm=SHA1&digits=6&period=30"
    }

    /// Which step a code is of: this one, the one before or the one after; `nil` if it is of none. Phones' clocks are a little off, and people
    /// type slowly.
    public func step(of code: String, near step: Int64) -> Int64? {
        // Each is compared, so that the time does not tell which it was.
        [step - 1, step, step + 1].reduce(nil) { found, step in
            Primitive.areEqual(Array(self.code(of: step).utf8), Array(code.utf8)) ? step : found
        }
    }
}

/// Base32 of RFC 4648, without padding: what people read aloud and type.
public enum Base32 {
    private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Bytes as text, in upper case.
    public static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for byte in bytes {
            (bits, count) = (bits << 8 | UInt32(byte), count + 8)
            while count >= 5 {
                count -= 5
                text.append(letters[Int(bits >> count & 31)])
            }
        }
        if count > 0 { text.append(letters[Int(bits << (5 - count) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Text as bytes; `nil` if there is a letter that is none, or a bit too many.
    public static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count): (UInt32, UInt32) = (0, 0)
        for letter in text.uppercased().utf8 {
            guard let value = letters.firstIndex(of: letter) else { return nil }
            (bits, count) = (bits << 5 | UInt32(value), count + 5)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count & 0xFF))
            }
        }
        return count < 5 && bits & (1 << count - 1) == 0 ? bytes : nil
    }
}
