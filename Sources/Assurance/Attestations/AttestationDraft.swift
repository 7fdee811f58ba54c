public import Foundation

/// What a steward filled in, before it is known to be right.
public struct AttestationDraft: Sendable {
    /// A field of the form.
    public enum Field: String, Sendable, CaseIterable {
        case words
        case signedAs = "signed_as"
        case link, file, since, until
    }

    /// What is right, and can be handed to the database, which asks the same again.
    public struct Checked: Sendable {
        let words: String
        let signedAs: String
        let link: String?
        let file: EvidenceFile?
        let since: Date
        let until: Date
    }

    /// What is wrong: a rule for each field, in words that say how to put it right.
    public struct Problems: Error, Sendable, Equatable {
        public let rules: [Field: String]
    }

    public var words: String
    public var signedAs: String
    public var link: String
    /// `nil` if none was chosen.
    public var file: [UInt8]?
    /// Days in UTC, as `2026-03-05`. The last one counts whole.
    public var since: String
    public var until: String

    /// What was filled in.
    public init(
        words: String = "",
        signedAs: String = "",
        link: String = "",
        file: [UInt8]? = nil,
        since: String = "",
        until: String = ""
    ) {
        self.words = words
        self.signedAs = signedAs
        self.link = link
        self.file = file
        self.since = since
        self.until = until
    }

    /// For how many months somebody can vouch, at most.
    public static let longestMonths = 24

    /// Checks every field, and tells all that is wrong at once.
    public func checked(at now: Date) throws(Problems) -> Checked {
        var rules: [Field: String] = [:]
        rules[.words] = Self.rule(words, atMost: 500, missing: "Please say in a sentence or two what was done.")
        rules[.signedAs] = Self.rule(signedAs, atMost: 100, missing: "Please say who vouches: a name and an office.")
        for (field, text) in [(Field.words, words), (.signedAs, signedAs)] where text.hasUnseenCharacters {
            rules[field] = "Please leave out characters that cannot be seen."
        }
        rules[.link] = linkRule
        let evidence = file.map { EvidenceFile($0) }
        rules[.file] = fileRule(evidence)
        let (from, last) = (Self.day(since), Self.day(until))
        rules[.since] = sinceRule(from, now)
        rules[.until] = untilRule(last, from, now)
        guard rules.isEmpty, let from, let last else { throw Problems(rules: rules) }
        return Checked(
            words: words,
            signedAs: signedAs,
            link: link.isEmpty ? nil : link,
            file: evidence ?? nil,
            since: from,
            until: Self.calendar.date(byAdding: .day, value: 1, to: last) ?? last
        )
    }

    /// The last day that can be chosen.
    public static func latest(at now: Date) -> Date {
        let today = calendar.startOfDay(for: now)
        return calendar.date(byAdding: .month, value: longestMonths, to: today) ?? today
    }

    // MARK: Rules

    private static func rule(_ text: String, atMost longest: Int, missing: String) -> String? {
        if text.isEmpty { return missing }
        let count = text.unicodeScalars.count
        return count > longest ? "Please use at most \(longest) characters; these are \(count)." : nil
    }

    private var linkRule: String? {
        guard !link.isEmpty else { return nil }
        guard link.utf8.count <= 500 else { return "Please use a link of at most 500 characters." }
        guard link.hasPrefix("https://") else { return "Please use a link that begins with https://." }
        let host = link.dropFirst(8).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if host.contains("@") { return "Please leave the name and the password out of the link." }
        return link.wholeMatch(of: /https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[!-~]*)?/) == nil
            ? "That is not a link as browsers write it: https://, a host’s name, and a path without spaces." : nil
    }

    private func fileRule(_ evidence: EvidenceFile??) -> String? {
        guard let file else { return link.isEmpty ? "Please give a link or a file: something that shows it." : nil }
        if file.count > EvidenceFile.longest { return "Please choose a file of at most 5 MB." }
        return (evidence ?? nil) == nil
            ? "Please choose a PDF, a PNG picture or plain text. By its content, this file is none of them." : nil
    }

    private func sinceRule(_ day: Date?, _ now: Date) -> String? {
        guard let day else { return "Please choose the first day, as 2026-03-05." }
        return day > now ? "Please choose a first day that is not in the future." : nil
    }

    private func untilRule(_ day: Date?, _ since: Date?, _ now: Date) -> String? {
        guard let day else { return "Please choose the last day, as 2027-03-04." }
        if let since, day <= since { return "Please choose a last day that comes after the first." }
        if day < Self.calendar.startOfDay(for: now) { return "Please choose a last day that is not over." }
        return day > Self.latest(at: now)
            ? "Please choose a last day within \(Self.longestMonths) months from today." : nil
    }

    // MARK: Days

    private static let calendar: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }()

    /// The start of a day of the calendar, in UTC; `nil` for what is none.
    private static func day(_ text: String) -> Date? {
        guard let match = text.wholeMatch(of: /([0-9]{4})-([0-9]{2})-([0-9]{2})/),
            let year = Int(match.1), let month = Int(match.2), let day = Int(match.3)
        else { return nil }
        let parts = DateComponents(calendar: calendar, timeZone: .gmt, year: year, month: month, day: day)
        guard parts.isValidDate(in: calendar) else { return nil }
        return calendar.date(from: parts)
    }
}

extension String {
    /// Whether it has control characters, but for tabs and ends of lines. The database takes no text with a zero byte.
    public var hasUnseenCharacters: Bool {
        unicodeScalars.contains { scalar in
            scalar.properties.generalCategory == .control && !["\n", "\r", "\t"].contains(scalar)
        }
    }
}
