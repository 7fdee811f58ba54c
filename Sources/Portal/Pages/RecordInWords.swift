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
    /// The gist: "4", "from 3 March to 9 April 2026". Stands beside the title on the timeline.
    var gist: String?
    /// When it happened, was measured or began.
    var when: Moment?
    var facts: [Fact]
    /// What somebody wrote in their own words.
    var notes: [String] = []
    /// What the facts leave out.
    var more: [Fact] = []
    /// Whether it was marked as entered by mistake.
    var isMistake = false

    /// One sentence, made of the facts: "Pain, 0 to 10: 4 on Tuesday 3 March 2026, 07:20."
    func sentence(in words: Words) -> String {
        var text = self.title
        if let gist { text += ": \(gist)" }
        guard let when else { return text + ". The date was not entered." }
        let joint = when.day.day == nil ? "in" : "on"
        return text + (self.gist == nil ? " " : ", ") + "\(joint) \(words.longMoment(when))."
    }
}
