import Crypto
import FoundationEssentials

/// A key that seals messages, in the only form it is kept: extracted.
///
/// HKDF's first half is done once per key, its second half once per message, with the message's own id in the info.
/// Deriving is dearer than encrypting a record of ordinary size, and this halves it.
final class DataKey: Sendable {
    /// Tells one key from another without telling either: 16 bytes.
    let id: [UInt8]
    private let extracted: Secret

    /// Sealed bytes in front of every other use of HKDF here. Constant, so that the extraction can be done once.
    private static let extractionSalt = Array("carekeep/seal/v1/extract".utf8)

    /// Takes 32 random bytes.
    init(_ key: SymmetricKey, witness: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil) {
        let extracted = HKDF<SHA512>.extract(inputKeyMaterial: key, salt: Self.extractionSalt)
        self.extracted = Secret(copying: extracted, witness: witness)
        id = HKDF<SHA512>
            .expand(pseudoRandomKey: extracted, info: Array("carekeep/seal/v1/key id".utf8), outputByteCount: 16)
            .withUnsafeBytes { Array($0) }
    }

    /// What one message is sealed with, and the commitment to this key that its header carries.
    func keyAndCommitment(of message: some Collection<UInt8>) throws(SealError) -> (SymmetricKey, [UInt8]) {
        // One block of SHA-512 yields both halves.
        try expand("carekeep/seal/v1/message", message, count: 64).withUnsafeBytes { bytes in
            (
                SymmetricKey(data: UnsafeRawBufferPointer(rebasing: bytes[..<32])),
                Array(bytes[32...])
            )
        }
    }

    /// What one message's record key is wrapped with for the holder of this key. Used for nothing else, so never twice.
    func wrappingKey(of message: some Collection<UInt8>) throws(SealError) -> SymmetricKey {
        try expand("carekeep/seal/v1/wrap", message, count: 32)
    }

    /// An id for a message: random, and different for different content even where the random bytes repeat.
    ///
    /// A machine resumed twice from one snapshot may draw the same bytes twice. Two messages would then share key and
    /// nonce, which betrays both; with their content and place in the id they cannot.
    func messageID(random: [UInt8], place: [UInt8], plaintext: [UInt8]) throws(SealError) -> [UInt8] {
        var content = SHA512()
        content.update(data: place)
        content.update(data: plaintext)
        return try expand("carekeep/seal/v1/message id", random + Array(content.finalize()), count: 32)
            .withUnsafeBytes { Array($0) }
    }

    /// Overwrites the key now.
    func wipe() {
        extracted.wipe()
    }

    private func expand(
        _ label: StaticString,
        _ context: some Collection<UInt8>,
        count: Int
    ) throws(SealError) -> SymmetricKey {
        // Labels contain no zero, so where the context begins is never in doubt.
        let info = label.withUTF8Buffer { Array($0) } + [0] + context
        return HKDF<SHA512>.expand(pseudoRandomKey: try extracted.key(), info: info, outputByteCount: count)
    }
}
