import Care
public import Foundation
import Postgres

/// What an organisation asks its members, as one of them is asked. (GOV-9)
public struct Agreement: Sendable {
    /// What is asked: to agree, to take note, or to permit something if one wishes.
    public enum Kind: String, Sendable, CaseIterable {
        case terms, notice, consent
    }

    /// What somebody says to it.
    public enum Reply: String, Sendable, CaseIterable {
        case accepted, refused, withdrawn
    }

    /// A version in one language.
    public struct Text: Sendable {
        /// As in BCP 47: `en`, `hi`, `pt-BR`.
        public let language: String
        public let title: String
        public let body: String
        /// What changed since the version before, in plain words.
        public let changes: String?
    }

    /// One version. It was never changed.
    public struct Version: Sendable {
        public let number: Int
        /// From when on it counts.
        public let effective: Date
        public let published: Date
        public fileprivate(set) var texts: [Text]

        /// The text in a language; in English, or else the first, where there is none.
        public func text(in language: String?) -> Text {
            texts.first { $0.language == language } ?? texts.first { $0.language == "en" } ?? texts[0]
        }
    }

    /// What they said last.
    public struct Answer: Sendable {
        public let version: Int
        public let reply: Reply
        public let language: String
        public let at: Date
    }

    public let id: UUID
    public let kind: Kind
    /// From the one that they answered on, or else from the one that counts.
    public fileprivate(set) var versions: [Version]
    /// Which one counts now; `nil` if it is for later.
    public let present: Int?
    /// Up to which one they need not be asked; 0 for none.
    public let settled: Int
    public let last: Answer?

    /// The version that they are asked to answer: the one that counts, and when that is settled one that is to come.
    public var asked: Version? {
        versions.first { $0.number == present && $0.number > settled }
            ?? versions.first { $0.number > max(settled, present ?? 0) }
    }

    /// Whether nothing opens before they have answered.
    public var isDue: Bool { present.map { $0 > settled } ?? false }

    /// What changed from the version that they settled to this one, in the publisher's words; the oldest first.
    public func changes(to version: Int, in language: String?) -> [String] {
        guard settled > 0 else { return [] }
        return versions.filter { $0.number > settled && $0.number <= version }
            .compactMap { $0.text(in: language).changes }
    }
}

/// What is to be published: checked here, in words for whoever typed it; the database checks again.
public struct AgreementDraft: Sendable {
    public var language: String
    public var title: String
    public var body: String
    /// What changed, in plain words; empty for the first version.
    public var changes: String
    /// From when on it counts; `nil` for at once.
    public var effective: Date?

    /// Takes what was typed, without the white space around it.
    public init(language: String, title: String, body: String, changes: String = "", effective: Date? = nil) {
        let tidy = { (text: String) in
            text.replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
        }
        self.language = tidy(language)
        self.title = tidy(title)
        self.body = tidy(body)
        self.changes = tidy(changes)
        self.effective = effective
    }

    /// What is wrong, by field: `language`, `title`, `text`, `changes`. `isFirst` says that there was no version before.
    public func rules(isFirst: Bool) -> [String: String] {
        var rules: [String: String] = [:]
        if language.wholeMatch(of: /[a-z]{2,3}(-[A-Z]{2})?/) == nil {
            rules["language"] = "Please enter the code of a language, as en or hi."
        }
        if !Self.isText(title, atMost: 200) { rules["title"] = "Please enter a title of at most 200 characters." }
        if !Self.isText(body, atMost: 50_000) { rules["text"] = "Please enter the text, at most 50,000 characters." }
        if !(isFirst && changes.isEmpty), !Self.isText(changes, atMost: 4_000) {
            rules["changes"] = "Please say in a few plain words what changed, in at most 4,000 characters."
        }
        return rules
    }

    /// Whether it is as long as the database takes it, which counts code points and takes no control characters.
    private static func isText(_ text: String, atMost length: Int) -> Bool {
        let scalars = text.unicodeScalars
        return (1...length).contains(scalars.count)
            && !scalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" || $0.value == 0x7F }
    }
}

/// How many of those who belong said what to one version.
public struct AgreementCount: Sendable {
    public let agreement: UUID
    public let kind: Agreement.Kind
    public let version: Int
    public let languages: [String]
    public let title: String
    public let effective: Date
    /// How many belong.
    public let members: Int
    public let accepted: Int
    public let refused: Int
}

/// What an organisation asks its members, and what they answer. Who may do what is for the database to say
/// (`database/records/current/56-agreement.sql`).
extension Members {
    /// What the caller is asked, and what they answered.
    public func agreements(for caller: Caller) async throws -> [Agreement] {
        let (_, rows) = try await gate.open(
            Errand(.listAgreements),
            for: caller,
            work: [
                """
                select agreement, kind, present, version, language, title, body, changes, effective_at, published_at, settled,
                       answered, answer, answered_in, answered_at
                  from care.own_agreements()
                """
            ]
        )
        return try rows[0].reduce(into: []) { all, row in
            let agreement = try Agreement(row)
            guard let last = all.last, last.id == agreement.id else { return all.append(agreement) }
            let version = agreement.versions[0]
            if last.versions.last?.number == version.number {
                all[all.count - 1].versions[last.versions.count - 1].texts += version.texts
            } else {
                all[all.count - 1].versions.append(version)
            }
        }
    }

    /// Answers a version, in the language in which it was read.
    ///
    /// - Throws: `Refusal.changedMeanwhile` if that is not what is asked now.
    public func answer(
        _ agreement: UUID,
        version: Int,
        language: String,
        _ reply: Agreement.Reply,
        for caller: Caller
    ) async throws {
        let query = "\(agreement.uuidString.lowercased()) \(version) \(language) \(reply.rawValue)"
        _ = try await gate.open(
            Errand(.answerAgreement, query: query),
            for: caller,
            work: [
                "select care.answer_agreement(\(agreement), \(Int32(clamping: version)), \(language), \(reply.rawValue))"
            ]
        )
    }

    /// Publishes an agreement that was not there, or the next version of one. Which version it is.
    ///
    /// - Throws: `Refusal.endIsNotPossible` if it would count before the version that it follows, or not within a year.
    @discardableResult
    public func publish(
        _ draft: AgreementDraft,
        as agreement: UUID,
        _ kind: Agreement.Kind,
        for caller: Caller
    ) async throws -> Int {
        let changes: String? = draft.changes.isEmpty ? nil : draft.changes
        let (_, rows) = try await gate.open(
            Errand(.publishAgreement, query: "\(agreement.uuidString.lowercased()) \(draft.language)"),
            for: caller,
            work: [
                """
                select care.publish_agreement(
                    \(agreement), \(kind.rawValue), \(draft.language), \(draft.title), \(draft.body), \(changes),
                    \(draft.effective))
                """
            ]
        )
        return try rows[0].first.map { Int(try $0.decode(Int32.self, at: 0)) } ?? 0
    }

    /// Adds another language to the last version. Nobody is asked again for it.
    ///
    /// - Throws: `Refusal.exists` if the version has that language.
    public func translate(_ draft: AgreementDraft, of agreement: UUID, for caller: Caller) async throws {
        let changes: String? = draft.changes.isEmpty ? nil : draft.changes
        _ = try await gate.open(
            Errand(.publishAgreement, query: "\(agreement.uuidString.lowercased()) \(draft.language)"),
            for: caller,
            work: [
                """
                select care.translate_agreement(
                    \(agreement), \(draft.language), \(draft.title), \(draft.body), \(changes))
                """
            ]
        )
    }

    /// Every version, the newest of each agreement first, and how many said what to it.
    public func agreementCounts(for caller: Caller) async throws -> [AgreementCount] {
        let (_, rows) = try await gate.open(
            Errand(.countAgreements),
            for: caller,
            work: [
                """
                select agreement, kind, version, languages, title, effective_at, members, accepted, refused
                  from care.agreement_counts()
                """
            ]
        )
        return try rows[0].map { row in
            AgreementCount(
                agreement: try row.decode(UUID.self, at: 0),
                kind: Agreement.Kind(rawValue: try row.decode(String.self, at: 1)) ?? .terms,
                version: Int(try row.decode(Int32.self, at: 2)),
                languages: try row.decode([String].self, at: 3),
                title: try row.decode(String.self, at: 4),
                effective: try row.decode(Date.self, at: 5),
                members: Int(try row.decode(Int32.self, at: 6)),
                accepted: Int(try row.decode(Int32.self, at: 7)),
                refused: Int(try row.decode(Int32.self, at: 8))
            )
        }
    }
}

extension Agreement {
    /// A row of `care.own_agreements()`: one version in one language.
    fileprivate init(_ row: Row) throws {
        id = try row.decode(UUID.self, at: 0)
        kind = Kind(rawValue: try row.decode(String.self, at: 1)) ?? .terms
        present = try row.decode(Int32?.self, at: 2).map(Int.init)
        let text = Text(
            language: try row.decode(String.self, at: 4),
            title: try row.decode(String.self, at: 5),
            body: try row.decode(String.self, at: 6),
            changes: try row.decode(String?.self, at: 7)
        )
        versions = [
            Version(
                number: Int(try row.decode(Int32.self, at: 3)),
                effective: try row.decode(Date.self, at: 8),
                published: try row.decode(Date.self, at: 9),
                texts: [text]
            )
        ]
        settled = Int(try row.decode(Int32.self, at: 10))
        guard let version = try row.decode(Int32?.self, at: 11),
            let reply = Reply(rawValue: try row.decode(String.self, at: 12))
        else {
            last = nil
            return
        }
        last = Answer(
            version: Int(version),
            reply: reply,
            language: try row.decode(String.self, at: 13),
            at: try row.decode(Date.self, at: 14)
        )
    }
}
