import Crypto
import FoundationEssentials

/// The message format, version 1. `docs/seals.md` describes it byte by byte, with test vectors.
///
///     magic 3 | version 1 | suite 2 | mode 1 | n 1 | message id 32 | commitment 32 | n × wrap 64 | ciphertext | tag 16
enum Message {
    /// How the key of the message is found.
    enum Mode: UInt8 {
        /// It is derived from the subject's key.
        case direct = 0
        /// It is derived from a random record key, wrapped for each of several subjects.
        case wrapped = 1
    }

    static let magic = Array("CKS".utf8)
    static let version: UInt8 = 1
    /// HKDF-SHA-512, commitment of 32 bytes, AES-256-GCM.
    static let suite: UInt16 = 1
    static let fixedLength = 72
    static let wrapLength = 64
    static let tagLength = 16
    /// More subjects than one note is ever about; a bound on the work that a forged header can ask for.
    static let mostRecipients = 64
    /// Files have a chunked format of their own; a record beyond this is no record.
    static let longestPlaintext = 64 << 20
    static let longestKind = 64

    /// Every key encrypts one thing once, so the nonce need not vary.
    static let nonce = try! AES.GCM.Nonce(data: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

    /// The front of a message, taken apart and checked; nothing in it is believed before the tag was verified.
    struct Header {
        let mode: Mode
        let id: ArraySlice<UInt8>
        let commitment: ArraySlice<UInt8>
        private let wraps: ArraySlice<UInt8>
        /// All bytes before the ciphertext.
        let bytes: ArraySlice<UInt8>
        let ciphertext: ArraySlice<UInt8>
        let tag: ArraySlice<UInt8>

        init(of message: [UInt8]) throws(SealError) {
            guard message.count >= fixedLength + tagLength, message.starts(with: magic) else { throw .malformed }
            guard message[3] == version, message[4] == suite >> 8, message[5] == suite & 0xff else {
                throw .unknownVersion
            }
            guard let mode = Mode(rawValue: message[6]) else { throw .malformed }
            let recipients = Int(message[7])
            switch mode {
            case .direct: guard recipients == 0 else { throw .malformed }
            case .wrapped: guard 1...mostRecipients ~= recipients else { throw .malformed }
            }
            let end = fixedLength + recipients * wrapLength
            guard message.count >= end + tagLength, message.count <= end + longestPlaintext + tagLength else {
                throw .malformed
            }
            self.mode = mode
            id = message[8..<40]
            commitment = message[40..<72]
            wraps = message[72..<end]
            bytes = message[..<end]
            ciphertext = message[end..<(message.count - tagLength)]
            tag = message[(message.count - tagLength)...]
        }

        /// The one wrap made for a key: at most one is ever tried.
        func wrap(for key: [UInt8]) throws(SealError) -> ArraySlice<UInt8> {
            let wrap = stride(from: wraps.startIndex, to: wraps.endIndex, by: wrapLength)
                .first { wraps[$0..<($0 + 16)].elementsEqual(key) }
            guard let wrap else { throw .wrongKey }
            return wraps[wrap..<(wrap + wrapLength)]
        }
    }

    /// The front of a new message, but for its wraps.
    static func front(mode: Mode, recipients: Int, id: [UInt8], commitment: [UInt8]) -> [UInt8] {
        var front = magic
        front.append(version)
        front.append(bigEndian: suite)
        front.append(mode.rawValue)
        front.append(UInt8(recipients))
        return front + id + commitment
    }

    /// Encrypts behind a finished header.
    static func finish(
        _ header: [UInt8],
        _ plaintext: [UInt8],
        key: SymmetricKey,
        place: [UInt8]
    ) throws(SealError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(plaintext, using: key, nonce: nonce, authenticating: header + place)
            var message = header
            message.reserveCapacity(header.count + plaintext.count + tagLength)
            message.append(contentsOf: box.ciphertext)
            message.append(contentsOf: box.tag)
            return message
        } catch {
            throw .notAuthentic
        }
    }

    /// Checks the commitment, then the tag, and only then lets go of anything.
    static func open(_ header: Header, with key: DataKey, place: [UInt8]) throws(SealError) -> [UInt8] {
        let (messageKey, commitment) = try key.keyAndCommitment(of: header.id)
        guard Primitive.areEqual(commitment, Array(header.commitment)) else { throw .wrongKey }
        return try decrypt(header.ciphertext, header.tag, key: messageKey, authenticating: header.bytes + place)
    }

    /// Wraps a record key for one subject: key id 16 | ciphertext 32 | tag 16.
    static func wrap(_ recordKey: SymmetricKey, of id: [UInt8], for subject: SubjectKey) throws(SealError) -> [UInt8] {
        let wrappingKey = try subject.key.wrappingKey(of: id)
        let place = subject.fields
        do {
            let box = try recordKey.withUnsafeBytes { key in
                try AES.GCM.seal(Data(key), using: wrappingKey, nonce: nonce, authenticating: place)
            }
            return subject.key.id + box.ciphertext + box.tag
        } catch {
            throw .notAuthentic
        }
    }

    /// The record key that a header holds for one subject.
    static func recordKey(in header: Header, for subject: SubjectKey) throws(SealError) -> DataKey {
        let wrap = try header.wrap(for: subject.key.id)
        let wrappingKey = try subject.key.wrappingKey(of: header.id)
        let (ciphertext, tag) = (wrap.dropFirst(16).dropLast(16), wrap.suffix(16))
        var key = try decrypt(ciphertext, tag, key: wrappingKey, authenticating: subject.fields)
        defer { key.wipe() }
        return DataKey(SymmetricKey(data: key))
    }

    private static func decrypt(
        _ ciphertext: ArraySlice<UInt8>,
        _ tag: ArraySlice<UInt8>,
        key: SymmetricKey,
        authenticating place: some DataProtocol
    ) throws(SealError) -> [UInt8] {
        do {
            let box = try AES.GCM.SealedBox(nonce: nonce, ciphertext: ciphertext, tag: tag)
            var plaintext = try AES.GCM.open(box, using: key, authenticating: place)
            defer { plaintext.wipe() }
            return Array(plaintext)
        } catch {
            throw .notAuthentic
        }
    }
}
