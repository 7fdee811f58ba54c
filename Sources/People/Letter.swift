import Foundation
public import FoundationEssentials
public import Postgres
public import Seals

/// What Carekeep writes to somebody by mail: which template, and its values. None has a place for anything of a record.
public enum Letter: Sendable, Equatable {
    /// An account was opened for them; the link sets its password.
    case setPassword(link: String)
    /// An organisation asks them in; the link begins their membership, together with their password.
    case invitation(link: String)
    /// They asked for a way back in; the link sets their password.
    case resetPassword(link: String)
    /// They asked to sign in by this address; the link does it.
    case verifyAddress(link: String)
    /// They sign in by another address now; this goes to the old one.
    case addressChanged
    /// Their password is another now.
    case passwordChanged
    /// They are signed in at a device that was not seen before.
    case newDevice(device: String)
    /// Their code app was set up, or taken away.
    case secondFactorChanged
    /// They can sign in in another way, at somebody else's.
    case wayLinked
    /// Somebody opened, in an emergency, a record that is theirs or that they keep. Whose it is and why stands with the record.
    case openedInEmergency
    /// Wrong PINs were shown as theirs, on somebody else's device; it waits.
    case pinLocked
    /// To those who look after reports: a member reported that something looks wrong.
    case concernReported
    /// Somebody answered what they reported.
    case concernAnswered
    /// To a family: somebody soon decides who sees their record, and those who look after it until then reach it no more.
    case handoverNears
    /// To stewards: what somebody vouched for ends within 30 days.
    case attestationEnds
    /// To stewards: what another one vouched for waits for their review.
    case reviewWaits
    /// To stewards: somebody reported a weakness.
    case weaknessReported
    /// To stewards: the time in which a report of a weakness is read runs out.
    case weaknessUnread
    /// To stewards: the time in which a report of a weakness is answered runs out.
    case weaknessUnanswered

    /// As in the database, such as `set-password`.
    var template: String {
        switch self {
        case .setPassword: "set-password"
        case .invitation: "invitation"
        case .resetPassword: "reset-password"
        case .verifyAddress: "verify-address"
        case .addressChanged: "address-changed"
        case .passwordChanged: "password-changed"
        case .newDevice: "new-device"
        case .secondFactorChanged: "second-factor-changed"
        case .wayLinked: "way-linked"
        case .openedInEmergency: "break-glass"
        case .pinLocked: "pin-locked"
        case .concernReported: "concern-reported"
        case .concernAnswered: "concern-answered"
        case .handoverNears: "handover-nears"
        case .attestationEnds: "attestation-ends"
        case .reviewWaits: "review-waits"
        case .weaknessReported: "weakness-reported"
        case .weaknessUnread: "weakness-unread"
        case .weaknessUnanswered: "weakness-unanswered"
        }
    }

    private var values: [String] {
        switch self {
        case .setPassword(let link), .invitation(let link), .resetPassword(let link), .verifyAddress(let link): [link]
        case .newDevice(let device): [device]
        case .addressChanged, .passwordChanged, .secondFactorChanged, .wayLinked, .openedInEmergency, .pinLocked,
            .concernReported, .concernAnswered, .handoverNears, .attestationEnds, .reviewWaits, .weaknessReported,
            .weaknessUnread, .weaknessUnanswered:
            [""]
        }
    }

    init?(template: String, values: [String]) {
        guard values.count == 1 else { return nil }
        switch template {
        case "set-password": self = .setPassword(link: values[0])
        case "invitation": self = .invitation(link: values[0])
        case "reset-password": self = .resetPassword(link: values[0])
        case "verify-address": self = .verifyAddress(link: values[0])
        case "address-changed": self = .addressChanged
        case "password-changed": self = .passwordChanged
        case "break-glass": self = .openedInEmergency
        case "pin-locked": self = .pinLocked
        case "concern-reported": self = .concernReported
        case "concern-answered": self = .concernAnswered
        case "handover-nears": self = .handoverNears
        case "attestation-ends": self = .attestationEnds
        case "review-waits": self = .reviewWaits
        case "weakness-reported": self = .weaknessReported
        case "weakness-unread": self = .weaknessUnread
        case "weakness-unanswered": self = .weaknessUnanswered
        case "new-device": self = .newDevice(device: values[0])
        case "second-factor-changed": self = .secondFactorChanged
        case "way-linked": self = .wayLinked
        default: return nil
        }
    }

    /// The same with its link in the organisation that it turned out to be of.
    fileprivate func leading(to organization: UUID?) -> Letter {
        guard case .resetPassword(let text) = self, let organization, let link = AccountLink(text) else { return self }
        return .resetPassword(link: SessionToken(organization: organization, secret: link.secret).text)
    }

    fileprivate var bytes: [UInt8] { Array(values.joined(separator: "\u{0}").utf8) }
}

/// A letter under its id, sealed, to be queued by a statement.
public struct SealedLetter: Sendable {
    public let id: UUID
    let language: String
    public let sealed: [UInt8]
}

/// Where letters are sealed for the queue. A statement that queues one goes into the transaction that the letter follows from.
public struct Outbox: Sendable {
    private let keys: Keykeeper

    /// Over the keys of the installation.
    public init(keys: Keykeeper) {
        self.keys = keys
    }

    /// Seals a letter under a new id. Pages and letters are in English so far.
    public func seal(_ letter: Letter) async throws -> SealedLetter {
        let id = UUID()
        let key = try await keys.installation().key
        return SealedLetter(
            id: id,
            language: "en",
            sealed: try key.seal(letter.bytes, for: LetterBox.binding(id))
        )
    }

    /// The statement that mails a link, in the transaction that has just made it. Which template it is says the link's own row.
    public func mailing(_ link: AccountLink) async throws -> SQL {
        let letter = try await seal(.setPassword(link: link.text))
        return """
            select care.mail_link(
                \(link.organization), \(Primitive.sha256(link.secret)), \(letter.id), \(letter.language),
                \(letter.sealed))
            """
    }
}

/// A letter that is to be sent now.
public struct DueLetter: Sendable {
    /// The same in each attempt, so that a message that arrives twice is known for one.
    public let id: UUID
    public let letter: Letter
    /// `nil` if the address is none that mail can be sent to, or nobody's.
    public let address: MailAddress?
    /// The organisation that it comes from; `nil` if it comes from none, or its name is none for a letter.
    public let organization: OneLine?
    public let queuedAt: Date
}

/// What became of an attempt to send a letter. Codes are the program's words and SMTP's numbers.
public enum Delivery: Sendable, Equatable {
    /// The server has taken it.
    case sent
    /// It will not take it.
    case refused(code: String)
    /// To be tried again.
    case failed(code: String)
}

/// Letters on their way out, for whoever holds the job that sends one. The rules are the database's
/// (`database/records/current/42-mail.sql`).
public struct LetterBox: Sendable {
    private let store: Store
    private let keys: Keykeeper

    /// The letters of a records store.
    public init(store: Store, keys: Keykeeper) {
        self.store = store
        self.keys = keys
    }

    /// The letter that the job is to send; `nil` if there is nothing to be sent any more.
    public func open(_ job: HeldJob) async throws -> DueLetter? {
        let row = try await job.step(
            """
            select letter, account, template, sealed, sealed_address, sealed_organization, queued_at, link_organization
              from care.open_letter(\(job.organization), \(job.id), \(job.fence))
            """
        ).first
        guard let row, let id = try row.decode(UUID?.self, at: 0) else { return nil }
        let installation = try await keys.installation()
        let names = Names(installation: installation)
        let values = String(
            decoding: try installation.key.open(row.decode([UInt8].self, at: 3), for: Self.binding(id)),
            as: UTF8.self
        )
        guard
            let kept = Letter(
                template: try row.decode(String.self, at: 2),
                values: values.components(separatedBy: "\u{0}")
            )
        else { throw JobError.failed(code: "template_unknown") }
        let letter = kept.leading(to: try row.decode(UUID?.self, at: 7))
        let organization = try row.decode([UInt8]?.self, at: 5).map {
            try names.openOrganization($0, job.organization)
        }
        let address = try names.openAddress(row.decode([UInt8].self, at: 4), of: row.decode(UUID.self, at: 1))
        return DueLetter(
            id: id,
            letter: letter,
            // What is mailed to nobody goes through somebody's mail server all the same, and tells it the address.
            address: MailAddress(address).flatMap { $0.isNobodys ? nil : $0 },
            organization: organization.flatMap(OneLine.init),
            queuedAt: try row.decode(Date.self, at: 6)
        )
    }

    /// Writes down what became of it.
    public func settle(_ job: HeldJob, _ delivery: Delivery) async throws {
        let (outcome, code): (String, String?) =
            switch delivery {
            case .sent: ("sent", nil)
            case .refused(let code): ("refused", code)
            case .failed(let code): ("waiting", code)
            }
        _ = try await job.step(
            "select care.settle_letter(\(job.organization), \(job.id), \(job.fence), \(outcome), \(code))"
        )
    }

    /// How many letters are in each state, for the metrics.
    public func counts() async throws -> [(state: String, letters: Int)] {
        try await store.query("select state, letters from care.letter_counts() order by 1", timeout: .seconds(2))
            .map { try $0.decode((String, Int).self) }
    }

    static func binding(_ id: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "Letter", id: id, version: 1)
    }
}

/// Letters as the operator on the host sees them: how many, and what went wrong. Neither whom they are to nor what they say.
public struct LetterBook {
    private let admin: AdminConnection

    /// Over the operator's connection to the records store.
    public init(over admin: AdminConnection) {
        self.admin = admin
    }

    /// Letters of one template in one state.
    public struct Line {
        public let template: String
        public let state: String
        public let letters: Int
        /// When the first of them was queued.
        public let oldest: Date
        /// Of the last one that failed.
        public let lastError: String?
    }

    /// Says whether links to set a password are mailed to whoever asks for one. The operator's process does, as the server starts.
    public static func mailsLinks(_ isSo: Bool, over admin: AdminConnection) throws {
        try admin.query("select care.mail_links(\(isSo))")
    }

    /// One line for each template and state that there is.
    public func lines() throws -> [Line] {
        try admin.query(
            """
            select template, state, count(*), min(queued_at),
                   (array_agg(last_error order by queued_at desc) filter (where last_error is not null))[1]
              from care.letter group by template, state order by state, template
            """
        ).map { row in
            Line(
                template: try row.decode(String.self, at: 0),
                state: try row.decode(String.self, at: 1),
                letters: try row.decode(Int.self, at: 2),
                oldest: try row.decode(Date.self, at: 3),
                lastError: try row.decode(String?.self, at: 4)
            )
        }
    }
}
