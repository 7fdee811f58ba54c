import Crypto
import FoundationEssentials

/// A subject's key, open. Held by the keykeeper for minutes and by a request for as long as it runs.
public final class SubjectKey: Sendable {
    /// Whose it is.
    public let subject: Subject
    /// What is remembered of what it opened.
    public let memory = KeyMemory()
    let key: DataKey

    init(_ key: DataKey, of subject: Subject) {
        self.subject = subject
        self.key = key
    }

    /// Seals bytes for one place.
    public func seal(_ plaintext: [UInt8], for binding: Binding) throws(SealError) -> [UInt8] {
        try seal(plaintext, for: binding, randomness: .system)
    }

    /// Opens a message that stands where it was sealed for; one sealed for several, if this subject is among them.
    public func open(_ message: [UInt8], for binding: Binding) throws(SealError) -> [UInt8] {
        try check(binding)
        let header = try Message.Header(of: message)
        switch header.mode {
        case .direct:
            return try Message.open(header, with: key, place: binding.place(under: self))
        case .wrapped:
            let recordKey = try Message.recordKey(in: header, for: self)
            return try Message.open(header, with: recordKey, place: binding.place(under: nil))
        }
    }

    /// Seals bytes about several subjects of one organisation, so that any of their keys opens them.
    public static func seal(
        _ plaintext: [UInt8],
        for binding: Binding,
        under keys: [SubjectKey]
    ) throws(SealError) -> [UInt8] {
        try seal(plaintext, for: binding, under: keys, randomness: .system)
    }

    /// Whether a message was sealed for several subjects, so that another one's key may open it.
    public static func isForSeveral(_ message: [UInt8]) -> Bool {
        (try? Message.Header(of: message))?.mode == .wrapped
    }

    /// Overwrites the key now: whoever still holds it finds it ``SealError/wiped``.
    func wipe() {
        key.wipe()
        memory.forget()
    }

    func seal(_ plaintext: [UInt8], for binding: Binding, randomness: Randomness) throws(SealError) -> [UInt8] {
        try check(binding)
        let place = binding.place(under: self)
        try Self.check(plaintext)
        let id = try key.messageID(random: randomness.bytes(32), place: place, plaintext: plaintext)
        let (messageKey, commitment) = try key.keyAndCommitment(of: id)
        let header = Message.front(mode: .direct, recipients: 0, id: id, commitment: commitment)
        return try Message.finish(header, plaintext, key: messageKey, place: place)
    }

    static func seal(
        _ plaintext: [UInt8],
        for binding: Binding,
        under keys: [SubjectKey],
        randomness: Randomness
    ) throws(SealError) -> [UInt8] {
        guard 1...Message.mostRecipients ~= keys.count, Set(keys.map(\.key.id)).count == keys.count else {
            throw .wrongRecipients
        }
        for key in keys { try key.check(binding) }
        try check(plaintext)
        let rawKey = randomness.key()
        let recordKey = DataKey(rawKey)
        let place = binding.place(under: nil)
        let id = try recordKey.messageID(random: randomness.bytes(32), place: place, plaintext: plaintext)
        let (messageKey, commitment) = try recordKey.keyAndCommitment(of: id)
        var header = Message.front(mode: .wrapped, recipients: keys.count, id: id, commitment: commitment)
        for key in keys { header += try Message.wrap(rawKey, of: id, for: key) }
        return try Message.finish(header, plaintext, key: messageKey, place: place)
    }

    /// The subject and this very key, as every message and wrap under it is bound to them.
    var fields: [UInt8] {
        var fields = Fields()
        fields.append(subject.organization)
        fields.append(subject.use.code)
        fields.append(subject.id)
        fields.append(key.id)
        return fields.bytes
    }

    private func check(_ binding: Binding) throws(SealError) {
        guard binding.organization == subject.organization else { throw .otherOrganization }
        guard 1...Message.longestKind ~= binding.kind.utf8.count else { throw .tooLarge }
    }

    private static func check(_ plaintext: [UInt8]) throws(SealError) {
        guard plaintext.count <= Message.longestPlaintext else { throw .tooLarge }
    }
}

/// A key that can seal and not open: for what is written before a pass can be shown, such as the entry that opens it.
public struct Sealer: Sendable {
    private let key: SubjectKey

    init(_ key: SubjectKey) {
        self.key = key
    }

    /// Whose key it is.
    public var subject: Subject { key.subject }

    /// Seals bytes for one place.
    public func seal(_ plaintext: [UInt8], for binding: Binding) throws(SealError) -> [UInt8] {
        try key.seal(plaintext, for: binding)
    }

    /// Seals bytes about several subjects of one organisation, so that any of their keys opens them.
    public static func seal(
        _ plaintext: [UInt8],
        for binding: Binding,
        under sealers: [Sealer]
    ) throws(SealError) -> [UInt8] {
        try SubjectKey.seal(plaintext, for: binding, under: sealers.map(\.key))
    }
}

extension Binding {
    /// What stands behind the header in the authenticated data. For several subjects the header names their keys.
    fileprivate func place(under key: SubjectKey?) -> [UInt8] {
        var fields = Fields()
        fields.append(organization)
        fields.append(kind)
        fields.append(id)
        fields.append(version)
        return fields.bytes + (key?.fields ?? [])
    }
}
