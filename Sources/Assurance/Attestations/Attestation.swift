public import Foundation

/// What a steward says was done for a promise, and what became of it. For stewards and auditors.
public struct Attestation: Sendable, Equatable {
    /// Where it stands, at one time.
    public enum State: Sendable, Equatable {
        /// Another steward has to look at it.
        case waiting
        case declined, withdrawn
        /// Accepted, and its time is not over.
        case inForce
        /// Its time is over.
        case over
    }

    public let id: UUID
    /// `GOV-1`.
    public let promise: String
    /// What was done.
    public let words: String
    /// Name and office, as everybody reads them.
    public let signedAs: String
    public let link: String?
    public let file: EvidenceFile.Digest?
    public let since: Date
    /// The first moment at which it does not count any more.
    public let until: Date
    public let at: Date
    /// Whether the reader vouched.
    public let isOwn: Bool
    /// `nil` until it was reviewed.
    public let accepted: Bool?
    public let reviewedAt: Date?
    public let reviewReason: String?
    public let withdrawnAt: Date?
    public let withdrawalReason: String?
    /// The address of the account that vouched. Everybody signs as they like; this they cannot choose.
    public let enteredBy: String
    /// The addresses of those who reviewed it and who withdrew it.
    public let reviewedBy: String?
    public let withdrawnBy: String?

    /// Where it stands.
    public func state(at now: Date) -> State {
        if withdrawnAt != nil { return .withdrawn }
        if accepted == false { return .declined }
        if until <= now { return .over }
        return accepted == nil ? .waiting : .inForce
    }
}

/// What was vouched for and accepted, as everybody may read it.
public struct AcceptedAttestation: Sendable, Equatable {
    public let promise: String
    public let words: String
    public let signedAs: String
    public let link: String?
    public let fileSHA256: [UInt8]?
    public let since: Date
    /// The first moment at which it does not count any more, if it is not withdrawn.
    public let until: Date
    public let acceptedAt: Date
    public let withdrawnAt: Date?

    /// As the store has it.
    public init(
        promise: String,
        words: String,
        signedAs: String,
        link: String?,
        fileSHA256: [UInt8]?,
        since: Date,
        until: Date,
        acceptedAt: Date,
        withdrawnAt: Date?
    ) {
        self.promise = promise
        self.words = words
        self.signedAs = signedAs
        self.link = link
        self.fileSHA256 = fileSHA256
        self.since = since
        self.until = until
        self.acceptedAt = acceptedAt
        self.withdrawnAt = withdrawnAt
    }

    /// When it ended, or will.
    public var end: Date { min(until, withdrawnAt ?? until) }

    /// Whether it counted at a time: two people stood for it, and its time was not over.
    public func counted(at time: Date) -> Bool { acceptedAt <= time && time < end }

    /// Whether it runs out within 30 days.
    public func isDue(at now: Date) -> Bool { end < now.addingTimeInterval(30 * 86_400) }
}

/// A file that shows what was done. Its kind is told by its bytes, never by its name.
public struct EvidenceFile: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case pdf, png, text
    }

    /// What is said of a file without showing it.
    public struct Digest: Sendable, Equatable {
        public let kind: Kind
        public let sha256: [UInt8]
    }

    /// 5 MiB.
    public static let longest = 5 << 20

    public let kind: Kind
    public let bytes: [UInt8]

    /// A file of a kind that is taken; `nil` for any other. Text is UTF-8 without control characters but tabs and ends of lines.
    public init?(_ bytes: [UInt8]) {
        if bytes.starts(with: Array("%PDF-".utf8)) {
            kind = .pdf
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            kind = .png
        } else if !bytes.isEmpty, String(validating: bytes, as: UTF8.self) != nil,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || [0x09, 0x0A, 0x0D].contains($0) })
        {
            kind = .text
        } else {
            return nil
        }
        self.bytes = bytes
    }
}
