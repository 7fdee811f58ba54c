/// Pain, medicines and visits of one person over time, drawn as SVG and told as tables.
///
/// What was not entered is not drawn: a gap is a gap and never a zero. The picture shows what is there; it does not
/// judge, smooth or predict.
struct TimelinePicture: Sendable {
    /// One answer to "how bad is it, from 0 to 10?"
    struct Pain: Sendable, Equatable {
        var when: Moment
        var value: Double
    }

    /// One time of taking one medicine.
    struct Medicine: Sendable, Equatable {
        enum End: Sendable, Equatable {
            case on(Day)
            case ongoing
            /// It is over, and nobody entered since when.
            case notEntered
            /// It is paused, and nobody entered since when.
            case paused
            /// Nobody entered what became of it.
            case notKnown
        }

        var name: String
        var from: Day
        var end: End
    }

    struct Visit: Sendable, Equatable {
        var when: Moment
        /// "Rheumatology clinic".
        var words: String
    }

    /// How far back the picture goes from its last day.
    enum Span: String, Sendable, CaseIterable {
        case quarter = "3-months"
        case year = "1-year"
        case fiveYears = "5-years"
        case everything

        var label: String {
            switch self {
            case .quarter: "3 months"
            case .year: "1 year"
            case .fiveYears: "5 years"
            case .everything: "Everything"
            }
        }

        var days: Int? {
            switch self {
            case .quarter: 92
            case .year: 366
            case .fiveYears: 1_827
            case .everything: nil
            }
        }
    }

    var pain: [Pain]
    var medicines: [Medicine]
    var visits: [Visit]
    /// What the reader chose; otherwise the shortest span in which there is something to see.
    var span: Span?
    /// Whether the route answers to other spans.
    var offersSpans = true

    init(
        pain: [Pain] = [],
        medicines: [Medicine] = [],
        visits: [Visit] = [],
        span: Span? = nil,
        offersSpans: Bool = true
    ) {
        self.pain = pain.sorted { $0.when < $1.when }
        self.medicines = medicines.sorted { $0.from < $1.from }
        self.visits = visits.sorted { $0.when < $1.when }
        self.span = span
        self.offersSpans = offersSpans
    }

    var isEmpty: Bool { self.pain.isEmpty && self.medicines.isEmpty && self.visits.isEmpty }

    /// The picture with its heading, its sentence and its tables.
    func figure(of patient: String, in frame: Frame) -> HTML {
        guard !self.isEmpty else {
            return """
                <section class="picture" aria-labelledby="picture"><h2 id="picture">Pain, medicines and visits</h2>
                <p class="empty">Nothing to draw yet. Once pain, medicines or visits are entered, they appear here over
                time.</p></section>
                """
        }
        let view = View(self, today: frame.today, words: frame.words)
        return """
            <section class="picture" aria-labelledby="picture"><h2 id="picture">Pain, medicines and visits</h2>
            \(self.offersSpans ? self.spanLinks(of: patient, shown: view.span) : nil)
            <p>\(view.summary)</p>
            <figure>
            \(Drawing(view, width: 920, name: "wide").svg)
            \(Drawing(view, width: 350, name: "narrow").svg)
            <figcaption>\(view.caption)</figcaption>
            </figure>
            \(view.tables)
            </section>
            """
    }

    private func spanLinks(of patient: String, shown: Span) -> HTML {
        let here: HTML = " aria-current=\"true\""
        let links = Span.allCases.map { span in
            """
            <li><a href="\(Address.timeline(of: patient, span: span))"\(here, if: span == shown)>\(span.label)</a></li>
            """ as HTML
        }
        return "<nav class=\"chips\" aria-label=\"How far back\"><ul>\(links)</ul></nav>"
    }
}

// MARK: What is in view

extension TimelinePicture {
    /// The part of the data that lies in the span, in numbers of days.
    struct View {
        let span: Span
        let first: Int
        let last: Int
        let pain: [Pain]
        /// One row a medicine: those still taken first, then the latest.
        let rows: [(name: String, times: [Medicine])]
        let visits: [Visit]
        let today: Day
        let words: Words

        /// So many rows are drawn; the table has all.
        static let mostRows = 8
        /// Fewer points than these make no picture: look further back.
        private static let enough = 6

        init(_ picture: TimelinePicture, today: Day, words: Words) {
            let marks = View.marks(of: picture)
            let newest = max(marks.max() ?? today.number, picture.medicines.map { View.end($0, today) }.max() ?? 0)
            // Up to today, so that quiet weeks can be seen; unless the record ended long ago.
            let last = today.number - newest < 60 ? max(today.number, newest) : newest
            let span = picture.span ?? View.span(thatShows: picture, marks: marks, last: last)
            let oldest = marks.min() ?? last
            let first = min(span.days.map { last - $0 + 1 } ?? oldest, last - 6)
            self.span = span
            self.first = first
            self.last = last
            self.pain = picture.pain.filter { (first...last).contains(View.middle($0.when.day)) }
            self.visits = picture.visits.filter { (first...last).contains(View.middle($0.when.day)) }
            self.rows = View.rows(
                picture.medicines.filter { $0.from.number <= last && View.end($0, today) >= first },
                today
            )
            self.today = today
            self.words = words
        }

        var days: Int { self.last - self.first + 1 }

        private static func marks(of picture: TimelinePicture) -> [Int] {
            picture.pain.map { View.middle($0.when.day) } + picture.visits.map { View.middle($0.when.day) }
                + picture.medicines.map(\.from.number)
        }

        private static func span(thatShows picture: TimelinePicture, marks: [Int], last: Int) -> Span {
            let pain = picture.pain.map { View.middle($0.when.day) }
            for numbers in [pain, marks] where numbers.count >= View.enough {
                let sixth = numbers.sorted()[numbers.count - View.enough]
                return Span.allCases.first { $0.days.map { last - sixth < $0 } ?? true } ?? .everything
            }
            return .everything
        }

        /// The day in the middle of what an inexact date may mean.
        static func middle(_ day: Day) -> Int { (day.number + day.lastNumber) / 2 }

        /// The last day that is known of a medicine.
        static func end(_ medicine: Medicine, _ today: Day) -> Int {
            switch medicine.end {
            case .on(let day): max(day.lastNumber, medicine.from.number)
            case .ongoing: max(today.number, medicine.from.number)
            case .notEntered, .paused, .notKnown: medicine.from.number
            }
        }

        private static func rows(_ medicines: [Medicine], _ today: Day) -> [(name: String, times: [Medicine])] {
            Dictionary(grouping: medicines, by: \.name)
                .map { (name: $0.key, times: $0.value) }
                .sorted { left, right in
                    let (one, other) = (View.rank(left.times, today), View.rank(right.times, today))
                    return one == other ? left.name < right.name : one > other
                }
        }

        private static func rank(_ times: [Medicine], _ today: Day) -> (Int, Int) {
            (times.contains { $0.end == .ongoing } ? 1 : 0, times.map { View.end($0, today) }.max() ?? 0)
        }
    }
}

// MARK: In words

extension TimelinePicture.View {
    /// What the picture shows, in sentences.
    var summary: String {
        let from = Day(number: self.first)
        let to = Day(number: self.last)
        let period = "From \(self.words.date(from)) to \(to == self.today ? "today" : self.words.date(to))"
        return "\(period): \(self.painSentence). \(self.medicineSentence) and \(self.visitSentence)."
    }

    private var painSentence: String {
        let values = self.pain.map(\.value)
        guard let least = values.min(), let most = values.max() else { return "pain was not entered" }
        let days = Set(self.pain.map(\.when.day)).count
        let count = self.days <= 400 ? "\(days) of \(self.days) days" : self.words.count(days, "day", "days")
        let on = "pain was entered on \(count)"
        if least == most { return "\(on), \(least.toOneDecimal) out of 10" }
        return "\(on), between \(least.toOneDecimal) and \(most.toOneDecimal) out of 10"
    }

    private var medicineSentence: String {
        self.rows.isEmpty
            ? "No medicine was entered" : self.words.count(self.rows.count, "medicine", "medicines").sentenceCased
    }

    private var visitSentence: String {
        self.visits.isEmpty ? "no visits" : self.words.count(self.visits.count, "visit", "visits")
    }

    /// How to read it.
    var caption: HTML {
        let more: HTML = " \(self.rows.count - Self.mostRows) more medicines are in the table."
        let fading: HTML = " A short bar with a dotted end: nobody entered until when; the table says what is known."
        let isOpen = self.rows.contains { $0.times.contains { [.notEntered, .paused, .notKnown].contains($0.end) } }
        return """
            Each dot is the worst pain entered on a day. Where there is no dot, nothing was entered: that is not the same
            as no pain.\(fading, if: isOpen)\(more, if: self.rows.count > Self.mostRows)
            """
    }

    /// The same for those who do not see the picture, and for whoever wants the numbers.
    var tables: HTML {
        """
        <details class="card"><summary>The same as tables</summary>
        \(self.table("Pain, 0 to 10", ["When", "Pain"], self.pain.reversed().map {
            [self.words.moment($0.when), $0.value.toOneDecimal]
        }))
        \(self.table("Medicines", ["Medicine", "From", "To"], self.rows.flatMap { row in
            row.times.reversed().map { [$0.name, self.words.date($0.from), self.end(of: $0)] }
        }))
        \(self.table("Visits", ["When", "Visit"], self.visits.reversed().map {
            [self.words.moment($0.when), $0.words]
        }))
        </details>
        """
    }

    private func end(of medicine: TimelinePicture.Medicine) -> String {
        switch medicine.end {
        case .on(let day): self.words.date(day)
        case .ongoing: "still taken"
        case .notEntered: "over, date not entered"
        case .paused: "paused, date not entered"
        case .notKnown: "not entered"
        }
    }

    private func table(_ caption: String, _ heads: [String], _ rows: [[String]]) -> HTML {
        guard !rows.isEmpty else { return "<p class=\"hint\">\(caption): nothing entered in this time.</p>" }
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(caption)"><table>
            <caption>\(caption)</caption>
            <thead><tr>\(heads.map { "<th scope=\"col\">\($0)</th>" as HTML })</tr></thead>
            <tbody>\(rows.map { "<tr>\($0.map { "<td>\($0)</td>" as HTML })</tr>" as HTML })</tbody>
            </table></div>
            """
    }
}

extension String {
    /// With a capital at the start.
    var sentenceCased: String { self.prefix(1).uppercased() + self.dropFirst() }
}
