/// A label and what stands behind it.
struct Fact: Sendable, Equatable {
    var label: String
    var values: [String]

    init(_ label: String, _ values: [String]) {
        self.label = label
        self.values = values
    }

    init(_ label: String, _ value: String) {
        self.init(label, [value])
    }
}

/// An entry of a record as a person would read it out.
struct RecordInWords: Sendable {
    var kind: RecordKind
    /// "Pain, 0 to 10".
    var title: String
    /// What the date is the date of, where that is not plain: "began", "prescribed".
    var event: String?
    /// What it comes to: "4 out of 10", "over now".
    var gist: String?
    /// When it happened, was measured or began.
    var when: Moment?
    /// The same where no calendar has it: "about age 4".
    var whenInWords: String?
    var facts: [Fact]
    /// What somebody wrote in their own words.
    var notes: [String] = []
    /// What the facts leave out.
    var more: [Fact] = []
    /// Whether it was marked as entered by mistake.
    var isMistake = false
    /// Whether something in it changes what it means, in a way that no page can read.
    var hasUnreadModifier = false

    /// What stands beside the title on the timeline: "began, over now".
    var detail: String? {
        let unread = self.hasUnreadModifier ? "a part of it changes what it means: see the entry" : nil
        let parts = [self.event, self.gist, unread].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// One sentence, made of the facts: "Pain: 4 out of 10, on Tuesday 3 March 2026, 07:20."
    func sentence(in words: Words) -> String {
        let date = self.when.map { "\($0.day.day == nil ? "in" : "on") \(words.longMoment($0))" } ?? self.whenInWords
        switch (self.event, self.gist, date) {
        case (let event?, let gist, let date?):
            return "\(self.title): \(event) \(date)" + self.ended(gist.map { "; \($0)" } ?? "")
        case (nil, let gist?, let date?): return "\(self.title): \(gist.withoutFullStop), \(date)."
        case (nil, nil, let date?): return "\(self.title), \(date)."
        case (_, _, nil):
            let missing = self.kind == .person ? "" : " The date was not entered."
            return self.ended("\(self.title)\(self.detail.map { ": \($0)" } ?? "")") + missing
        }
    }

    private func ended(_ text: String) -> String { text.withoutFullStop + "." }
}

extension String {
    /// For a text that goes on after somebody else's full stop.
    fileprivate var withoutFullStop: String { self.hasSuffix(".") ? String(self.dropLast()) : self }
}
