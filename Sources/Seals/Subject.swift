public import FoundationEssentials

/// Whom or what a key belongs to: the unit in which keys are handed out and destroyed.
public struct Subject: Hashable, Sendable {
    /// The organisation that holds the key.
    public let organization: UUID
    /// What the key is for.
    public let use: Use
    /// The person or thing; the organisation itself where there is but one.
    public let id: UUID

    /// What a subject's key seals.
    public enum Use: Hashable, Sendable {
        /// One patient's record.
        case patient
        /// What belongs to no patient: practitioners, places, medicines.
        case directory
        /// One person's account.
        case account
        /// Access metadata of one year, kept and destroyed by the year.
        case audit(year: Int16)
        /// What belongs to no organisation: addresses to sign in with, names of accounts.
        case installation

        /// The name in both databases and in every binding. Never changes.
        public var code: String {
            switch self {
            case .patient: "patient"
            case .directory: "directory"
            case .account: "account"
            case .audit(let year): "audit-\(year)"
            case .installation: "installation"
            }
        }

        /// Whether the id is a person's, who is forgotten as a whole, and not an organisation's.
        var isOnePerson: Bool {
            switch self {
            case .patient, .account: true
            case .directory, .audit, .installation: false
            }
        }
    }

    /// A patient of an organisation.
    public static func patient(_ id: UUID, of organization: UUID) -> Subject {
        Subject(organization: organization, use: .patient, id: id)
    }

    /// The directory of an organisation.
    public static func directory(of organization: UUID) -> Subject {
        Subject(organization: organization, use: .directory, id: organization)
    }

    /// An account, of an organisation or of ``Installation/id``.
    public static func account(_ id: UUID, of organization: UUID) -> Subject {
        Subject(organization: organization, use: .account, id: id)
    }

    /// The access metadata of one organisation in one year.
    public static func audit(of organization: UUID, year: Int16) -> Subject {
        Subject(organization: organization, use: .audit(year: year), id: organization)
    }

    /// The installation itself.
    public static let installation = Subject(organization: Installation.id, use: .installation, id: Installation.id)
}

/// A pass as the keykeeper sees it: a key is asked for with one, never with an id alone.
public protocol PassProof: Sendable {
    /// The organisation it was opened in.
    var organization: UUID { get }
    /// SHA-256 of its secret, by which the database knows it.
    var passHash: [UInt8] { get }
    /// Whether it was opened for this subject. A first look, in this process; the database has the last word.
    func vouches(for subject: Subject) -> Bool
}

/// The database's own word on a pass, asked before a key is unwrapped: is it committed, alive, and for these subjects?
public protocol Voucher: Sendable {
    /// For which of these subjects, all of one organisation and use, the pass was opened. An error, if nothing is known of it.
    ///
    /// An error counts as no answer, and no key is handed out.
    func vouch(passHash: [UInt8], organization: UUID, use: Subject.Use, subjects: [UUID]) async throws -> [UUID]
}
