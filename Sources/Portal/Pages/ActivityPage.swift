/// What was done as whoever reads this, and what they reported about it.
struct ActivityPage: PageBody {
    /// One thing, or several alike in a row.
    struct Line: Sendable {
        /// The newest of them, as a report names it.
        var place: String
        var when: Moment
        /// "Read an entry in somebody’s record".
        var what: String
        /// How many in a row.
        var count = 1
        var wasRefused = false
        /// "Firefox on Android".
        var device: String?
        var isThisSession = false
    }

    /// Something they reported.
    struct Report: Sendable {
        var when: Moment
        var words: String
        /// What it is about.
        var about: (what: String, when: Moment)?
        var isClosed = false
        var replies: [(when: Moment, words: String)] = []
    }

    /// Newest first.
    var lines: [Line]
    var reports: [Report]
    var older: String?
    /// Whether this is not the first page.
    var isOlder = false
    /// Whether something was reported just now.
    var isReported = false

    func title(in frame: Frame) -> String { "Activity" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>What was done as you</h1>
        \(AccountTabs.html(.activity))
        \(self.told, if: self.isReported)
        <p class="lead">Everything that was opened or changed with your account at <bdi>\(frame.organization ?? "this organisation")</bdi>
        in the last 90 days, and every try to sign in as you. Is something not yours, or wrong? Report it.</p>
        <p><a href="\(Address.devices)">Devices that are signed in</a> · <a href="\(Address.reportConcern)">Report something else</a></p>
        \(self.reported(in: frame), if: !self.reports.isEmpty && !self.isOlder)
        \(self.days(in: frame))
        \(self.pages)
        """
    }

    private var told: HTML {
        """
        <div class="notice" role="status"><p>Reported. You find the answer here. If somebody else may know your password, do this now:</p>
        <ul><li><a href="\(Address.devices)">sign out all other devices</a>;</li>
        <li><a href="\(Address.ownPassword)">choose another password</a>, which also signs them out.</li></ul></div>
        """
    }

    // MARK: Entries

    private func days(in frame: Frame) -> HTML {
        guard !self.lines.isEmpty else { return "<p class=\"empty\">Nothing in the last 90 days.</p>" }
        var sections: [HTML] = []
        var start = 0
        for index in self.lines.indices
        where index + 1 == self.lines.count || self.lines[index].when.day != self.lines[index + 1].when.day {
            sections.append(self.day(self.lines[start...index], in: frame))
            start = index + 1
        }
        return "\(sections)"
    }

    private func day(_ lines: ArraySlice<Line>, in frame: Frame) -> HTML {
        guard let day = lines.first?.when.day else { return .nothing }
        let today = day == frame.today ? "Today, " : day == frame.today.adding(days: -1) ? "Yesterday, " : ""
        return """
            <section class="looks"><h2>\(today)\(frame.words.longDate(day))</h2>
            <ul>\(lines.map { self.row($0, in: frame) })</ul></section>
            """
    }

    private func row(_ line: Line, in frame: Frame) -> HTML {
        let refused: HTML = "<strong class=\"tag\">Not allowed</strong> "
        let times: HTML = " · \(line.count) times"
        let address: Address = .reportConcern(about: line.place)
        return """
            <li class="look\(" refused", if: line.wasRefused)">
            <p>\(refused, if: line.wasRefused)\(line.what)\(times, if: line.count > 1)</p>
            <p class="hint">\(self.circumstances(line, in: frame.words)) · <a href="\(address)">Report this<span class="hidden">:
            \(line.what), \(frame.words.moment(line.when))</span></a></p></li>
            """
    }

    /// "14:05 · Firefox on Android (this device)"
    private func circumstances(_ line: Line, in words: Words) -> String {
        var parts: [String] = []
        if let minute = line.when.minute { parts.append(words.time(minute)) }
        if let device = line.device { parts.append(line.isThisSession ? "\(device) (this device)" : device) }
        return parts.joined(separator: " · ")
    }

    private var pages: HTML? {
        guard self.older != nil || self.isOlder else { return nil }
        let newest: HTML = "<li><a class=\"button quiet\" rel=\"prev\" href=\"\(Address.activity)\">Newest</a></li>"
        return """
            <nav class="pages" aria-label="Pages"><ul>\(newest, if: self.isOlder)
            \(self.older.map { "<li><a class=\"button quiet\" rel=\"next\" href=\"\(Address.activity(page: $0))\">Older</a></li>" as HTML })
            </ul></nav>
            """
    }

    // MARK: Reports

    private func reported(in frame: Frame) -> HTML {
        """
        <h2>What you reported</h2>
        <ul class="readers">\(self.reports.map { self.row($0, in: frame) })</ul>
        """
    }

    private func row(_ report: Report, in frame: Frame) -> HTML {
        let about: HTML? = report.about.map {
            "<span>About: \($0.what), \(frame.words.moment($0.when))</span>"
        }
        let replies = report.replies.map { reply -> HTML in
            "<p class=\"hint\">Answered on \(frame.words.moment(reply.when)):</p><p class=\"said\">\(reply.words)</p>"
        }
        let state =
            report.isClosed ? "Closed" : report.replies.isEmpty ? "Waits for an answer" : "Answered, and still open"
        return """
            <li class="reader"><div class="about"><strong>\(state)</strong>
            <span>Reported on \(frame.words.moment(report.when))</span>\(about)
            <p class="said">\(report.words)</p>\(replies)</div></li>
            """
    }
}

/// The form to report what looks wrong.
struct ReportConcernPage: PageBody {
    /// What it is about, as its address names it; empty for nothing in particular.
    var about = ""
    var words = ""
    var problem: String?

    func title(in frame: Frame) -> String { "Report what looks wrong" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <p class="back"><a href="\(Address.activity)">What was done as you</a></p>
        <h1>Report what looks wrong</h1>
        <p>It goes to the owners and privacy officers of <bdi>\(frame.organization ?? "this organisation")</bdi>. They answer here; you and
        they can read it, and nobody else.</p>
        \(self.about.isEmpty ? nil : "<p class=\"hint\">The line that you chose goes along with it.</p>" as HTML)
        <form method="post" action="\(Address.reportConcern)">\(frame.csrfField)
        <input type="hidden" name="entry" value="\(self.about)">
        \(LongField(
            name: "words", label: "What looks wrong", hint: "For example: “I was asleep then.” At most 2,000 characters.",
            error: self.problem, value: self.words, longest: 2_000).html)
        <button type="submit">Send the report</button></form></div>
        """
    }
}

/// What members reported, for those who look after it.
struct ConcernsPage: PageBody {
    struct Item: Sendable {
        var id: String
        var name: String
        var report: ActivityPage.Report
        /// What was typed to it and not taken.
        var sent: String?
        var problem: String?
    }

    /// Open ones first.
    var items: [Item]

    var place: Address? { .concerns }

    func title(in frame: Frame) -> String { "Reports by members" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Reports by members</h1>
        <p class="lead">What members say looks wrong about their own accounts. They read your answers; nobody else does but those who look
        after these reports with you.</p>
        \(self.items.isEmpty ? "<p class=\"empty\">Nobody has reported anything.</p>" as HTML : "\(self.items.map { self.card($0, in: frame) })" as HTML)
        """
    }

    private func card(_ item: Item, in frame: Frame) -> HTML {
        let (report, id) = (item.report, "c-\(item.id)")
        let about: HTML? = report.about.map {
            "<p class=\"hint\">About: \($0.what), \(frame.words.moment($0.when))</p>"
        }
        let replies = report.replies.map { reply -> HTML in
            "<p class=\"hint\">Answered on \(frame.words.moment(reply.when)):</p><p class=\"said\">\(reply.words)</p>"
        }
        let form: HTML = """
            <form method="post" action="\(Address.concern(item.id))">\(frame.csrfField)
            \(LongField(
                name: "words", suffix: "-\(item.id)", label: "Your answer", hint: "At most 2,000 characters.", error: item.problem,
                value: item.sent ?? "", longest: 2_000).html)
            <button type="submit" name="closing" value="no">Answer</button>
            <button type="submit" name="closing" value="yes" class="quiet">Answer and close</button></form>
            """
        return """
            <section class="card" aria-labelledby="\(id)"><h2 id="\(id)"><bdi>\(item.name)</bdi></h2>
            <p class="hint">\(report.isClosed ? "Closed" : "Open"), reported on \(frame.words.moment(report.when))</p>\(about)
            <p class="said">\(report.words)</p>\(replies)\(form, if: !report.isClosed)</section>
            """
    }
}
