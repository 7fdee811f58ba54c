/// What changes as somebody grows up, and when: the same words for whoever opens it.
struct GrowingUpPage: PageBody {
    struct Step: Sendable, Equatable {
        /// In years.
        var age: Int
        var words: String
        var source: String
        /// The birthday.
        var day: Day
        /// From when on it is to be looked at.
        var review: Day

        /// Whether the birthday has come, on this day.
        func isOver(on today: Day) -> Bool { self.day <= today }
    }

    var patient: PatientCard
    /// By age; empty where no birthday can be told.
    var steps: [Step]
    /// Where days begin and end: "Europe/London".
    var timeZone: String
    /// What an account of their own means; `nil` where there are none.
    var own: OwnAccountWords?
    /// Whether they have one.
    var hasAccount = false

    /// What changes for somebody who was born on this day; nothing unless the day is known.
    static func steps(born: Day?, rules: [(age: Int, words: String, source: String)], reviewBefore: Int) -> [Step] {
        guard let born else { return [] }
        return rules.compactMap { rule in
            born.birthday(rule.age).map { day in
                Step(
                    age: rule.age,
                    words: rule.words,
                    source: rule.source,
                    day: day,
                    review: day.adding(days: -reviewBefore)
                )
            }
        }
    }

    func title(in frame: Frame) -> String { "Growing up" }

    func body(in frame: Frame) -> HTML {
        """
        \(self.patient.header(nil, title: "<h1>Growing up</h1>", in: frame))
        \(self.way, if: self.own != nil && !self.hasAccount && self.patient.mayShare)
        <p class="lead">What changes at which birthday, as far as law and guidance say. Whoever can open this record reads these very
        words, and so does the one whom it is about. \(self.hasAccount ? Self.byItself : Self.byHand)</p>
        \(self.own?.html(in: frame.words))
        \(self.steps.isEmpty ? Self.unknown : "\(self.steps.map { self.card($0, in: frame) })")
        <p class="hint">Days begin and end in the time zone \(self.timeZone). Whoever was born on 29 February has their birthday on
        1 March in a year without that day.</p>
        """
    }

    private static let byHand: HTML = """
        Nothing here happens by itself: it is a day to talk, and to look at who may see what.
        """
    private static let byItself: HTML = """
        They have an account of their own, so what stands there about who decides happens by itself. The rest is a day to talk.
        """

    private var way: HTML {
        """
        <p><a href="\(Address.ownAccount(of: self.patient.id))">An account for <bdi>\(self.patient.shortName)</bdi></a></p>
        """
    }

    private static let unknown: HTML = """
        <p class="empty">The birth date is not entered to the day, so no day can be told.</p>
        """

    private func card(_ step: Step, in frame: Frame) -> HTML {
        let words = frame.words
        let isOver = step.isOver(on: frame.today)
        return """
            <section class="card" aria-labelledby="age-\(step.age)"><h2 id="age-\(step.age)">\(step.age) years: \(words.longDate(step.day))</h2>
            <p>\(step.words)</p>
            <p class="hint">\(isOver ? "This day has come." : "Look at it together from \(words.longDate(step.review)) on.")
            From: \(step.source).</p></section>
            """
    }
}

extension Day {
    /// The day on which somebody born on this one turns so old; `nil` unless the day is known. For 29 February it is 1 March in a year
    /// without that day, so that nobody is older a day too early.
    func birthday(_ age: Int) -> Day? {
        guard let month = self.month, let day = self.day else { return nil }
        return Day(self.year + age, month, day) ?? Day(self.year + age, 3, 1)
    }
}
