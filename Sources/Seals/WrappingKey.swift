import Crypto
import FoundationEssentials

/// A key that wraps other keys: the root key, or an organisation's.
///
///     version 1 | epoch 4 | salt 16 | iv 12 | ciphertext 32 | tag 16
///
/// Salt and iv together are 224 random bits, so that a wrapping key may be used 2^96 times and more.
final class WrappingKey: Sendable {
    /// What a wrapped key is bound to, besides the epoch of the key that wraps it.
    struct Place {
        /// The logical name of the store, so that rows cannot move between stores, yet a store may move house.
        var store = "carekeep/keys"
        let organization: UUID
        let subject: UUID
        let use: String
        /// Tells the keys of one use apart: an organisation's by their epoch, a subject's only key is 1.
        let generation: Int32
    }

    static let version: UInt8 = 1
    static let wrappedLength = 81

    /// Which of its kind this is. It stands in clear in all it wraps.
    let epoch: Int32
    private let extracted: Secret

    init(_ key: SymmetricKey, epoch: Int32) {
        let salt = Array("carekeep/wrap/v1/extract".utf8)
        extracted = Secret(copying: HKDF<SHA256>.extract(inputKeyMaterial: key, salt: salt))
        self.epoch = epoch
    }

    /// The epoch of the key that a wrapped key needs.
    static func epoch(of wrapped: [UInt8]) throws(SealError) -> Int32 {
        guard wrapped.count == wrappedLength else { throw .malformed }
        guard wrapped[0] == version else { throw .unknownVersion }
        return wrapped[1..<5].reduce(0) { $0 << 8 | Int32($1) }
    }

    func wrap(_ key: SymmetricKey, at place: Place, randomness: Randomness) throws(SealError) -> [UInt8] {
        let (salt, iv) = (randomness.bytes(16), randomness.bytes(12))
        var wrapped = [Self.version]
        wrapped.append(bigEndian: epoch)
        wrapped += salt + iv
        let wrappingKey = try derived(salt)
        do {
            let box = try key.withUnsafeBytes { key in
                try AES.GCM.seal(
                    Data(key),
                    using: wrappingKey,
                    nonce: AES.GCM.Nonce(data: iv),
                    authenticating: place.fields(behind: wrapped)
                )
            }
            return wrapped + box.ciphertext + box.tag
        } catch {
            throw .notAuthentic
        }
    }

    func unwrap(_ wrapped: [UInt8], at place: Place) throws(SealError) -> SymmetricKey {
        guard try Self.epoch(of: wrapped) == epoch else { throw .wrongKey }
        let wrappingKey = try derived(Array(wrapped[5..<21]))
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: wrapped[21..<33]),
                ciphertext: wrapped[33..<65],
                tag: wrapped[65...]
            )
            var key = try AES.GCM.open(
                box,
                using: wrappingKey,
                authenticating: place.fields(behind: Array(wrapped[..<33]))
            )
            defer { key.wipe() }
            return SymmetricKey(data: key)
        } catch {
            throw .notAuthentic
        }
    }

    /// Overwrites the key now.
    func wipe() {
        extracted.wipe()
    }

    private func derived(_ salt: [UInt8]) throws(SealError) -> SymmetricKey {
        let info = Array("carekeep/wrap/v1/key".utf8) + [0] + salt
        return HKDF<SHA256>.expand(pseudoRandomKey: try extracted.key(), info: info, outputByteCount: 32)
    }
}

extension WrappingKey.Place {
    fileprivate func fields(behind front: [UInt8]) -> [UInt8] {
        var fields = Fields(after: front)
        fields.append(store)
        fields.append(organization)
        fields.append(use)
        fields.append(subject)
        fields.append(generation)
        return fields.bytes
    }
}
