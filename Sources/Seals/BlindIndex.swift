import Crypto
public import Foundation

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

/// Places in answers of several pages, which leave the server and come back: sealed, so that they tell nothing and cannot be made
/// up. Nothing of a record belongs into them.
extension BlindIndex {
    /// The sealed form of a place, as it may stand in an address. It opens for the same use alone.
    public func sealed(_ place: String, for use: String) throws -> String {
        let box = try AES.GCM.seal(Array(place.utf8), using: placeKey, authenticating: Array(use.utf8))
        return Data(box.nonce + box.ciphertext + box.tag).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The place in a sealed form; `nil` if it was sealed elsewhere or for another use.
    public func opened(_ text: String, for use: String) -> String? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard text.utf8.count <= 4096,
            let bytes = Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/") + padding),
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let place = try? AES.GCM.open(box, using: placeKey, authenticating: Array(use.utf8))
        else { return nil }
        return String(validating: place, as: UTF8.self)
    }

    private var placeKey: SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("carekeep place 1".utf8), outputByteCount: 32)
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

    /// The token, 32 bytes, of who somebody is at an issuer, or of a session there: equal only for the same issuer, kind and id.
    public func token(issuer: String, kind: String, id: String) -> [UInt8] {
        var fields = Fields()
        fields.append("issuer")
        fields.append(issuer)
        fields.append(kind)
        fields.append(id)
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key))
    }

    /// What is hashed in place of a member's PIN, 32 bytes: so that whoever has the database alone cannot try all PINs there are.
    public func token(pin: String, of account: UUID, in organization: UUID) -> [UInt8] {
        var fields = Fields()
        fields.append("pin")
        fields.append(organization.uuidString)
        fields.append(account.uuidString)
        fields.append(pin)
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key))
    }

    /// 32 bytes for something else, which tell nothing of this key.
    func derived(_ purpose: String) -> [UInt8] {
        var fields = Fields()
        fields.append("derived")
        fields.append(purpose)
        return Array(HMAC<SHA256>.authenticationCode(for: fields.bytes, using: key))
    }

    /// One spelling of one address: outer spaces gone, compatibility forms united, small letters.
    ///
    /// Mail servers may tell capitals apart before the `@`. People do not, and two accounts that differ by a capital
    /// would be a trap.
    static func folded(_ email: String) -> String {
        // No address is so long; uniting forms takes time that grows with the square of accents in a row.
        guard email.utf8.count <= 1024 else { return email }
        // Twice, since lowering can leave a form that composing changes again.
        func fold(_ text: String) -> String { text.precomposedStringWithCompatibilityMapping.lowercased() }
        return fold(fold(email.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
