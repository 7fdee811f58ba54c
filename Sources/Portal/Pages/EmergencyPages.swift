extension Address {
    /// GET shows the form; POST opens a record, with `csrf`, `name` and `born` or `identifier`, `kind`, `reason`.
    static let emergency: Address = "/emergency"
    /// What was opened in emergencies, for those who review it.
    static let emergencyReviews: Address = "/emergency/reviews"

    /// One of them: GET shows it; POST reviews it, with `csrf`, `verdict` (right, not-right), `words`.
    static func emergencyReview(_ id: String) -> Address { "/emergency/reviews/\(id)" }
}

/// The form by which a clinician opens, in an emergency, the record of somebody whom they do not reach.
struct EmergencyPage: PageBody {
    /// Characters of a reason, at most.
    static let longestReason = 600

    /// What went wrong as a whole.
    enum Trouble: Sendable { case notOne, tooMany }

    /// What was sent, and what is wrong with it.
    struct Draft: Sendable {
        var name = ""
        var born = ""
        var identifier = ""
        var kind: String?
        var reason = ""
        var nameError: String?
        var bornError: String?
        var kindError: String?
        var reasonError: String?
        var problem: Trouble?

        var hasErrors: Bool {
            self.nameError != nil || self.bornError != nil || self.kindError != nil || self.reasonError != nil
                || self.problem != nil
        }
    }

    /// For how long; 0 where it is turned off.
    var minutes: Int
    var writes: Bool
    var kinds: [Choice.Option]
    var draft = Draft()

    var place: Address? { .patients }

    func title(in frame: Frame) -> String { "Emergency" }

    func body(in frame: Frame) -> HTML {
        let off: HTML = """
            <p class="empty">Nobody opens a record in this way here: it is turned off in the settings. Please ask somebody who treats the
            patient to let you in.</p>
            """
        return """
            <p class="back"><a href="\(Address.patients)">\(frame.words.listOfPeople)</a></p>
            <h1>Open a record in an emergency</h1>
            \(off, if: self.minutes == 0)\(self.offer(in: frame), if: self.minutes > 0)
            """
    }

    private func offer(in frame: Frame) -> HTML {
        """
        <p class="lead">For somebody whose record is kept here and closed to you, where waiting could harm them.</p>
        <div class="notice"><p>What happens:</p><ul>
        <li>You can read \(self.writes ? "and add to the record" : "the record") for
        \(frame.words.count(self.minutes, "minute", "minutes")). Then it closes by itself.</li>
        <li>The patient, and whoever keeps their record, are told at once, with your name.</li>
        <li>Somebody else reads your reason and sees what you opened.</li></ul></div>
        \(self.problem.map { Problem(text: $0).html })
        <section class="card" aria-label="Open a record"><form method="post" action="\(Address.emergency)">\(frame.csrfField)
        \(Field(
            name: "name", label: "Given name and family name", hint: "As they are written, with the birth date",
            error: self.draft.nameError, value: self.draft.name).html)
        \(Field(
            kind: .date, name: "born", label: "Birth date", error: self.draft.bornError, value: self.draft.born,
            latest: frame.today).html)
        \(Field(
            name: "identifier", label: "Or a number", hint: "As on a card or letter. Then name and birth date are not needed",
            value: self.draft.identifier).html)
        \(Choice(
            name: "kind", label: "Kind of emergency", error: self.draft.kindError, options: self.kinds,
            chosen: self.draft.kind, prompt: "Please choose").html)
        \(LongField(
            name: "reason", label: "What is happening",
            hint: "One or two sentences. It is kept sealed, for whoever reviews it.",
            error: self.draft.reasonError, value: self.draft.reason, longest: Self.longestReason, rows: 3).html)
        <button type="submit">Open the record</button></form></section>
        """
    }

    private var problem: String? {
        switch self.draft.problem {
        case .notOne:
            "Nothing was opened: nobody here, or more than one, fits this. Please check the spelling and the date, or use the number."
        case .tooMany:
            """
            Nothing was opened: you have opened, or looked for, as many as one person may in 24 hours. Please ask a colleague.
            """
        case nil: self.draft.hasErrors ? "Nothing is open yet. Please look at what is marked below." : nil
        }
    }
}

/// The record is open, and until when.
struct EmergencyOpenPage: PageBody {
    var patient: String
    var until: Moment

    var place: Address? { .patients }

    func title(in frame: Frame) -> String { "Emergency" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow"><h1>The record is open to you</h1>
        <div class="notice" role="status"><p>Until \(frame.words.moment(self.until)). Then it closes by itself.</p></div>
        <p><a class="button" href="\(Address.timeline(of: self.patient))">Go to the record</a></p>
        <p class="hint">Please check name and birth date there: it has to be the person in front of you. The patient and whoever keeps
        the record have been told, and somebody else will ask what it was for.</p></div>
        """
    }
}

/// What was opened in emergencies.
struct EmergencyReviewsPage: PageBody {
    struct Line: Sendable {
        var id: String
        var name: String
        var role: String?
        /// Whether the reader opened it: then somebody else reviews it.
        var isOwn = false
        var since: Moment
        /// `nil` where nobody was found.
        var until: Moment?
        /// Whether it lasts still.
        var isOn = false
        var reviewBy: Moment?
        var isOverdue = false
        var kind: String
        var reason: String
        var review: Review?
    }

    struct Review: Sendable {
        var when: Moment
        var name: String
        var isJustified: Bool
        var words: String
    }

    /// Newest first.
    var lines: [Line]

    var place: Address? { .emergencyReviews }

    func title(in frame: Frame) -> String { "Emergencies" }

    func body(in frame: Frame) -> HTML {
        let waiting = self.lines.filter { $0.until != nil && $0.review == nil }
        let done = self.lines.filter { $0.review != nil }
        let vain = self.lines.filter { $0.until == nil }
        return """
            <h1>Opened in emergencies</h1>
            <p class="lead">Records that somebody opened without having been let in. Each is reviewed by somebody else.</p>
            <p role="status">\(Self.counts(waiting, in: frame.words))</p>
            \(Self.list(waiting, in: frame.words), if: !waiting.isEmpty)
            \(Self.section("Reviewed", done, in: frame.words), if: !done.isEmpty)
            \(Self.section("Looked for somebody, and found nobody", vain, in: frame.words), if: !vain.isEmpty)
            """
    }

    private static func counts(_ waiting: [Line], in words: Words) -> String {
        let overdue = waiting.count { $0.isOverdue }
        if waiting.isEmpty { return "Nothing waits for a review." }
        return
            "\(words.count(waiting.count, "waits", "wait")) for a review; \(overdue == 0 ? "none" : "\(overdue)") overdue."
    }

    private static func section(_ title: HTML, _ lines: [Line], in words: Words) -> HTML {
        "<h2>\(title)</h2>\(Self.list(lines, in: words))"
    }

    private static func list(_ lines: [Line], in words: Words) -> HTML {
        "<ul class=\"readers\">\(lines.map { Self.line($0, in: words) })</ul>"
    }

    private static func line(_ line: Line, in words: Words) -> HTML {
        let overdue: HTML = "<strong class=\"tag\">Overdue</strong> "
        let link: HTML = """
            <p><a class="button quiet" href="\(Address.emergencyReview(line.id))">\(line.review == nil ? "Review" : "Look")\
            <span class="hidden"> at what \(line.name) opened, \(words.moment(line.since))</span></a></p>
            """
        return """
            <li class="reader"><div>
            <p>\(overdue, if: line.isOverdue)<strong class="name"><bdi>\(line.name)</bdi></strong>\(" (you)", if: line.isOwn)</p>
            <p class="hint">\(Self.terms(line, in: words))</p>
            </div>\(link, if: line.until != nil)</li>
            """
    }

    static func terms(_ line: Line, in words: Words) -> String {
        var parts = [words.moment(line.since), line.kind]
        if let review = line.review {
            parts.append("\(review.isJustified ? "right" : "not right"), says \(review.name)")
        } else if line.until == nil {
            parts.append("“\(line.reason)”")
        } else if let due = line.reviewBy {
            parts.append("to be reviewed by \(words.moment(due))")
        }
        return parts.joined(separator: " · ")
    }
}

/// One of them: the reason, what was done in that time, and the form to review it.
struct EmergencyReviewPage: PageBody {
    struct Deed: Sendable {
        var when: Moment
        /// "read the timeline".
        var words: String
    }

    /// What was sent, and what is wrong with it.
    struct Draft: Sendable {
        var verdict: String?
        var words = ""
        var verdictError: String?
        var wordsError: String?

        var hasErrors: Bool { self.verdictError != nil || self.wordsError != nil }
    }

    var line: EmergencyReviewsPage.Line
    var deeds: [Deed]
    var draft = Draft()

    var place: Address? { .emergencyReviews }

    func title(in frame: Frame) -> String { "An emergency" }

    func body(in frame: Frame) -> HTML {
        let words = frame.words
        return """
            <p class="back"><a href="\(Address.emergencyReviews)">Emergencies</a></p>
            <h1>Opened in an emergency</h1>
            <dl class="facts">
            <div><dt>Who</dt><dd><bdi>\(self.line.name)</bdi>\(self.line.role.map { ", \($0)" as HTML })</dd></div>
            <div><dt>From</dt><dd>\(words.moment(self.line.since))</dd></div>
            \(self.line.until.map { "<div><dt>Until</dt><dd>\(words.moment($0))</dd></div>" as HTML })
            <div><dt>Kind</dt><dd>\(self.line.kind)</dd></div>
            <div><dt>Reason</dt><dd>\(self.line.reason)</dd></div>
            </dl>
            \(self.done(in: words), if: self.line.review == nil)
            \(self.ending(in: frame))
            """
    }

    private func done(in words: Words) -> HTML {
        let none: HTML = "<p class=\"hint\">Nothing was opened in that time.</p>"
        let list: HTML = """
            <ul class="plain">\(self.deeds.map { "<li>\(words.moment($0.when)) · \($0.words)</li>" as HTML })</ul>
            """
        return """
            <h2>What was done in that time</h2>
            <p class="hint">Whose record it is and what stands in it is not shown here.</p>
            \(none, if: self.deeds.isEmpty)\(list, if: !self.deeds.isEmpty)
            """
    }

    private func ending(in frame: Frame) -> HTML {
        if let review = self.line.review {
            return """
                <h2>Review</h2><p>\(review.isJustified ? "It was right" : "It was not right"), says <bdi>\(review.name)</bdi>,
                \(frame.words.moment(review.when)).</p><p>\(review.words)</p>
                """
        }
        if self.line.isOwn { return "<p class=\"empty\">You opened this yourself: somebody else reviews it.</p>" }
        if self.line.isOn { return "<p class=\"empty\">It goes on: it can be reviewed when it has ended.</p>" }
        return self.form(in: frame)
    }

    private func form(in frame: Frame) -> HTML {
        let problem = Problem(text: "Nothing was kept. Please look at what is marked below.").html
        return """
            <section class="card" aria-labelledby="review"><h2 id="review">Review</h2>\(problem, if: self.draft.hasErrors)
            <form method="post" action="\(Address.emergencyReview(self.line.id))">\(frame.csrfField)
            \(Choice(
                name: "verdict", label: "Was it right to open the record?", error: self.draft.verdictError,
                options: [
                    Choice.Option(value: "right", label: "Yes, it was an emergency"),
                    Choice.Option(value: "not-right", label: "No"),
                ],
                chosen: self.draft.verdict, prompt: "Please choose").html)
            \(LongField(
                name: "words", label: "Why", hint: "What you found out. It is kept sealed, and cannot be changed.",
                error: self.draft.wordsError, value: self.draft.words, longest: EmergencyPage.longestReason).html)
            <button type="submit">Save the review</button></form></section>
            """
    }
}
