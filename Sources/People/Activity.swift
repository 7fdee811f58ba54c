public import Care
public import Foundation
import Postgres
import Seals

/// One thing that was done as somebody, or tried, as they see it themselves. (FAM-3)
public struct OwnEntry: Sendable {
    public let id: UUID
    public let at: Date
    /// What was done. A text, since the trail outlives acts.
    public let act: String
    /// Why it was refused; `nil` if it was not.
    public let refusal: String?
    /// Whether it was about somebody whose record is kept.
    public let isAboutSomebody: Bool
    /// "Firefox on Android"; `nil` where no session is known.
    public let device: String?
    /// Whether it was done in the session that asks.
    public let isThisSession: Bool

    /// Where it stands, to go on from there.
    public var place: Place { Place(at: at, id: id) }

    /// Where an entry stands among one's own, and how one is named in a report.
    public struct Place: Sendable, Equatable {
        public let at: Date
        public let id: UUID

        /// Reads ``text``; `nil` for anything else.
        public init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let microseconds = Int64(parts[0]),
                (0...253_402_300_799_999_999).contains(microseconds),
                let id = UUID(uuidString: String(parts[1]))
            else { return nil }
            self.init(at: Date(timeIntervalSince1970: Double(microseconds) / 1_000_000), id: id)
        }

        init(at: Date, id: UUID) {
            self.at = at
            self.id = id
        }

        /// As it stands in addresses: microseconds since 1970, and the id.
        public var text: String {
            "\(Int64((at.timeIntervalSince1970 * 1_000_000).rounded())).\(id.uuidString.lowercased())"
        }
    }
}

/// What somebody reported about their own account.
public struct Concern: Sendable {
    /// What was answered to it.
    public struct Reply: Sendable {
        public let at: Date
        public let words: String
        /// Whether it closed the report.
        public let isClosing: Bool
    }

    public let id: UUID
    public let account: Person.ID
    public let at: Date
    public let words: String
    /// What it is about; `nil` if it is about no one thing.
    public let entry: (act: String, at: Date)?
    public let isClosed: Bool
    public fileprivate(set) var replies: [Reply]
}

/// One's own activity, and reports of what looks wrong. Who sees what is for the database to say
/// (`database/records/current/57-activity.sql`).
public struct Activity: Sendable {
    /// Characters of a report or an answer, at most.
    public static let longest = 2_000

    private let members: Members
    private var gate: Gate { members.gate }
    private var keys: Keykeeper { members.keys }

    /// Of members.
    public init(members: Members) {
        self.members = members
    }

    /// What was done as the caller, the newest first, from a place on; and what they reported.
    public func own(
        after place: OwnEntry.Place?,
        limit: Int,
        for caller: Caller
    ) async throws -> (entries: [OwnEntry], concerns: [Concern]) {
        let (_, rows) = try await gate.open(
            Errand(.readActivity),
            for: caller,
            work: [
                """
                select id, entry_at, act, refusal, is_about_somebody, session_id, sealed_device, is_this_session
                  from care.own_entries(\(place?.at), \(place?.id), \(Int32(clamping: limit)))
                """,
                Self.concerns,
            ]
        )
        let key = try await keys.installation().key
        let entries = try rows[0].map { row in
            let session = try row.decode(UUID?.self, at: 5)
            let sealed = try row.decode([UInt8]?.self, at: 6)
            let device = try session.flatMap { session in
                try sealed.map { try key.open($0, for: SignIn.binding(ofDevice: session)) }
            }
            return OwnEntry(
                id: try row.decode(UUID.self, at: 0),
                at: try row.decode(Date.self, at: 1),
                act: try row.decode(String.self, at: 2),
                refusal: try row.decode(String?.self, at: 3),
                isAboutSomebody: try row.decode(Bool.self, at: 4),
                device: device.map { String(decoding: $0, as: UTF8.self) },
                isThisSession: try row.decode(Bool.self, at: 7)
            )
        }
        return (entries, try read(rows[1], with: key))
    }

    /// Reports what looks wrong: about an entry of one's own, or at large.
    ///
    /// - Throws: `Refusal.tooManyReports` from the eleventh in a day on; `Refusal.notFound` for what is nobody's own.
    public func report(_ words: String, about entry: OwnEntry.Place?, for caller: Caller) async throws {
        let id = UUID()
        let sealed = try await seal(words, .concern(id))
        _ = try await gate.open(
            Errand(.reportConcern, query: id.uuidString.lowercased()),
            for: caller,
            work: ["select care.report_concern(\(id), \(entry?.id), \(entry?.at), \(sealed))"]
                + letters(.concernReported, of: id, most: Self.mostTold)
        )
    }

    /// What members of the organisation reported, with their names; open ones first.
    public func all(for caller: Caller) async throws -> [(concern: Concern, name: String)] {
        let (_, rows) = try await gate.open(
            Errand(.listConcerns),
            for: caller,
            work: [Self.concerns, Members.all(in: caller.organization)]
        )
        let concerns = try read(rows[0], with: try await keys.installation().key)
        let people = try await members.read(rows[1], in: caller.organization)
        let names = Dictionary(people.map { ($0.account, $0.name) }) { first, _ in first }
        return concerns.map { ($0, names[$0.account] ?? "Somebody") }
    }

    /// Answers a report, and closes it or not. What is closed is not answered again.
    public func answer(_ concern: UUID, _ words: String, closing: Bool, for caller: Caller) async throws {
        let sealed = try await seal(words, .reply(to: concern))
        _ = try await gate.open(
            Errand(.answerConcern, query: concern.uuidString.lowercased()),
            for: caller,
            work: ["select care.answer_concern(\(concern), \(closing), \(sealed))"]
                + letters(.concernAnswered, of: concern, most: 1)
        )
    }

    // MARK: Letters

    /// How many of those who look after reports are told of one by mail.
    private static let mostTold = 5

    /// The statement that tells of a report, in the transaction that makes or answers it; none where no mail is sent.
    private func letters(_ letter: Letter, of concern: UUID, most: Int) async throws -> [SQL] {
        guard let outbox = members.outbox else { return [] }
        var letters: [SealedLetter] = []
        for _ in 0..<most { letters.append(try await outbox.seal(letter)) }
        return ["select care.tell_of_concern(\(concern), \(letters.map(\.id)), \(letters.map(\.sealed)))"]
    }

    // MARK: Sealing

    private static let concerns: SQL = """
        select id, account_id, entry_at, entry_act, sealed, reported_at, is_closed, replied_at, sealed_reply, is_closing
          from care.concerns()
        """

    private func seal(_ words: String, _ binding: Binding) async throws -> [UInt8] {
        try await keys.installation().key.seal(Array(words.utf8), for: binding)
    }

    private func read(_ rows: Rows, with key: SubjectKey) throws -> [Concern] {
        try rows.reduce(into: []) { all, row in
            let id = try row.decode(UUID.self, at: 0)
            if all.last?.id != id { all.append(try Self.concern(row, id, with: key)) }
            guard let at = try row.decode(Date?.self, at: 7) else { return }
            let words = try key.open(row.decode([UInt8].self, at: 8), for: .reply(to: id))
            all[all.count - 1].replies.append(
                Concern.Reply(
                    at: at,
                    words: String(decoding: words, as: UTF8.self),
                    isClosing: try row.decode(Bool.self, at: 9)
                )
            )
        }
    }

    private static func concern(_ row: Row, _ id: UUID, with key: SubjectKey) throws -> Concern {
        let words = try key.open(row.decode([UInt8].self, at: 4), for: .concern(id))
        let act = try row.decode(String?.self, at: 3)
        let happened = try row.decode(Date?.self, at: 2)
        return Concern(
            id: id,
            account: Person.ID(try row.decode(UUID.self, at: 1)),
            at: try row.decode(Date.self, at: 5),
            words: String(decoding: words, as: UTF8.self),
            entry: act.flatMap { act in happened.map { (act, $0) } },
            isClosed: try row.decode(Bool.self, at: 6),
            replies: []
        )
    }
}

extension Binding {
    fileprivate static func concern(_ id: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "Concern", id: id, version: 1)
    }

    fileprivate static func reply(to concern: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "ConcernReply", id: concern, version: 1)
    }
}
