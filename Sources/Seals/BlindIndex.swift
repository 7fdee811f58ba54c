import Crypto
import Foundation

/// Makes the blind tokens by which an organisation finds records across patients.
///
/// Equal values make equal tokens: whoever reads the database sees that two rows hold the same value, and how often.
/// The value is taken as it is given; folding case, accents and spaces is the caller's part, once for storing and
/// searching alike.
public struct BlindIndex: Sendable {
    /// The organisation's index epoch. Rows name it, so that an epoch can be left behind.
    public let epoch: Int32
    /// Wiped by its own class when the last copy goes.
    private let key: SymmetricKey

    init(_ key: SymmetricKey, epoch: Int32) {
        self.key = key
        self.epoch = epoch
    }

    /// The token of one value of one search parameter of one kind of record.
    public func token(kind: String, parameter: String, value: String) -> Int64 {
        var fields = Fields()
        fields.append("token")
        fields.append(kind)
        fields.append(parameter)
        fields.append(value)
        let bits = HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key).prefix(8)
            .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(bitPattern: bits)
    }

    /// The keyed tag, 16 bytes, that stands in a row for a record's public id.
    public func tag(kind: String, id: String) -> [UInt8] {
        var fields = Fields()
        fields.append("tag")
        fields.append(kind)
        fields.append(id)
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key).prefix(16))
    }
}

/// Finds the account that belongs to an e-mail address, without the address standing anywhere.
public struct SignInIndex: Sendable {
    private let key: SymmetricKey

    init(_ key: SymmetricKey) {
        self.key = key
    }

    /// The token, 32 bytes, of an address as somebody typed it.
    public func token(email: String) -> [UInt8] {
        var fields = Fields()
        fields.append("e-mail")
        fields.append(Self.folded(email))
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key))
    }

    /// One spelling of one address: outer spaces gone, compatibility forms united, small letters.
    ///
    /// Mail servers may tell capitals apart before the `@`. People do not, and two accounts that differ by a capital
    /// would be a trap.
    static func folded(_ email: String) -> String {
        // Twice, since lowering can leave a form that composing changes again.
        func fold(_ text: String) -> String { text.precomposedStringWithCompatibilityMapping.lowercased() }
        return fold(fold(email.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
