/// What is promised, and whether it is so: the public page at `/trust`.
struct TrustPage: PageBody {
    /// One promise.
    struct Row: Sendable {
        var id: String
        var promise: String
        var mechanism: String
        var standing: Standing
        /// What of it is not built, or not shown, yet.
        var missing: String?
        var checks: [Check]
        /// A day apart, oldest first: whether all that was tried was well. For a promise of whose checks nothing is told.
        var days: [Bool] = []
        /// Who vouches for what people do of it, or did last.
        var vouching: Vouching?
        /// That nobody does, where people have a part in it.
        var unvouched: String?
    }

    /// Somebody's word for what people do.
    struct Vouching: Sendable {
        /// Name and office.
        var by: String
        /// What was done.
        var words: String
        /// The last day.
        var until: Day
        /// Whether it counts today.
        var isInForce: Bool
        var link: OutsideLink?
        /// The SHA-256 of a file that auditors see, in hexadecimal digits.
        var digest: String?
        /// A month apart, from the first time until today: whether somebody vouched.
        var history: [Bool]
    }

    /// Where it stands; times as a clock in UTC shows them.
    enum Standing: Sendable, Equatable {
        case kept(Moment)
        case partly(Moment)
        case fallsShort(Moment)
        case outOfDate(Moment)
        case unchecked, notBuilt, unvouched
        /// The last day; and whether it has to be renewed.
        case vouched(Day, isDue: Bool)
        /// The first day on which nobody vouched any more.
        case vouchingEnded(Day)
    }

    /// Something that tries a promise.
    struct Check: Sendable {
        /// What it tries, after "It".
        var tries: String
        var evidence: Evidence
        /// Whether somebody outside can do the same and compare.
        var canBeRepeated: Bool
        var last: Moment?
        /// What was seen, where all was well.
        var seen: String?
        /// Whether the machine does not tell.
        var isUntold = false
        /// Oldest first: whether it was well.
        var history: [Bool]
    }

    /// Where a check works.
    enum Evidence: Sendable {
        case live, twin, host, release
    }

    /// Promises that belong together.
    struct Theme: Sendable {
        var name: String
        var rows: [Row]
    }

    var themes: [Theme]
    /// Whose promises are shown; everybody's without one.
    var profile: Audience?
    var at: Moment
    /// The text of the key that signs `/trust.json`.
    var key: String
    /// How many promises the operator chose not to publish.
    var withheld = 0
    /// Whether something here is of a later time than now.
    var clockIsBehind = false
    /// Whether the reader is a steward or an auditor of the installation.
    var isForOfficer = false

    func title(in frame: Frame) -> String { "Promises and checks" }

    var place: Address? { .trust }

    func body(in frame: Frame) -> HTML {
        """
        <h1>What we promise, and whether it is so</h1>
        <p class="lead">Every promise about the records kept here, how it is kept, and when it was last tried. What is not built
        yet, or does not hold today, is said as plainly as what does.</p>
        \(self.wayForOfficers)
        \(self.choice)
        \(self.warning)
        \(self.summary)
        \(self.fallenShort)
        \(self.withholding)
        <p class="hint">As of \(frame.words.moment(self.at)) UTC. These checks are made by this server on itself, with people who do
        not exist; nobody’s record is opened for them. Whoever controlled the whole machine could make this page say what they
        like. So the checks marked <em>anyone can repeat this</em> can be made from outside, and this page can be
        <a href="#verify">fetched signed</a>.</p>
        \(self.themes.map { self.section($0, in: frame) })
        \(self.meanings)
        """
    }

    // MARK: The top

    private var choice: HTML {
        let choices: [(Audience?, Address, HTML)] = [
            (nil, .trust, "Everybody"), (.family, .trust(for: .family), "Families"),
            (.clinic, .trust(for: .clinic), "Clinics"),
            (.operations, .trust(for: .operations), "Ambulances and events"),
        ]
        let current: HTML = " aria-current=\"page\""
        return """
            <nav class="chips" aria-label="Whose promises"><ul>
            \(choices.map { "<li><a href=\"\($0.1)\"\(current, if: $0.0 == self.profile)>\($0.2)</a></li>" as HTML })
            </ul></nav>
            """
    }

    private var wayForOfficers: HTML? {
        guard self.isForOfficer else { return nil }
        return """
            <p class="buttons"><a class="button quiet" href="\(Address.failures)">What went wrong, in detail</a>
            <a class="button quiet" href="\(Address.vouching)">What people vouch for</a></p>
            """
    }

    /// Whoever reads this has a clock, too.
    private var warning: HTML? {
        guard self.clockIsBehind else { return nil }
        return """
            <p class="notice"><strong>The clock of this server is wrong:</strong> something that it noted is of a later time than
            now. Nothing that people vouched for is counted until that is put right, since nobody can tell what has ended.</p>
            """
    }

    /// What is not shown is counted.
    private var withholding: HTML? {
        guard self.withheld > 0 else { return nil }
        let count: HTML = self.withheld == 1 ? "One promise is" : "\(self.withheld) promises are"
        return """
            <p class="notice">\(count) not shown: those who run this server chose not to publish them. Ask them which, and why.</p>
            """
    }

    private var summary: HTML {
        let rows = self.themes.flatMap(\.rows)
        let kinds: [(HTML, HTML, (Standing) -> Bool)] = [
            ("kept", "checked, and so", { if case .kept = $0 { true } else { false } }),
            ("partly", "checked, and not all of it built", { if case .partly = $0 { true } else { false } }),
            ("vouched", "vouched for by people", { if case .vouched = $0 { true } else { false } }),
            (
                "short", "fall short, and are being repaired",
                { standing in
                    switch standing {
                    case .fallsShort, .vouchingEnded: true
                    default: false
                    }
                }
            ),
            (
                "old", "not checked lately",
                { if case .outOfDate = $0 { true } else { $0 == .unchecked } }
            ),
            ("gap", "not built yet", { $0 == .notBuilt }),
            ("gap", "nobody has vouched for", { $0 == .unvouched }),
        ]
        return """
            <dl class="counts">
            \(kinds.map { kind in
                "<div class=\"\(kind.0)\"><dt>\(kind.1)</dt><dd>\(rows.count { kind.2($0.standing) })</dd></div>" as HTML
            })
            <div><dt>promises in all</dt><dd>\(rows.count)</dd></div>
            </dl>
            """
    }

    /// What does not hold today, before everything else that is on the page.
    private var fallenShort: HTML? {
        let rows = self.themes.flatMap(\.rows).filter { $0.standing.isShort }
        guard !rows.isEmpty else { return nil }
        return """
            <nav class="card" aria-label="What falls short"><h2>Falls short today</h2>
            <ul>\(rows.map { "<li><a href=\"#\($0.id)\">\($0.promise)</a></li>" as HTML })</ul></nav>
            """
    }

    // MARK: Promises

    private func section(_ theme: Theme, in frame: Frame) -> HTML {
        """
        <section class="theme"><h2>\(theme.name)</h2>
        \(theme.rows.map { self.article($0, in: frame) })
        </section>
        """
    }

    private func article(_ row: Row, in frame: Frame) -> HTML {
        """
        <article class="promise \(row.standing.kind)" id="\(row.id)">
        <h3>\(row.promise)</h3>
        <p class="standing"><strong>\(self.words(row.standing, in: frame.words))</strong> <span class="id">\(row.id)</span>\(TrustHistory(outcomes: row.days, measure: .days).picture)</p>
        <p class="how">\(row.standing.isAhead ? "How it will be kept: " : "How it is kept: ")\(row.mechanism)</p>
        \(row.missing.map { "<p class=\"missing\"><strong>What is missing:</strong> \($0)</p>" as HTML })
        \(row.unvouched.map { "<p class=\"missing\"><strong>What is missing:</strong> \($0)</p>" as HTML })
        \(self.checks(row, in: frame))
        </article>
        """
    }

    private func words(_ standing: Standing, in words: Words) -> String {
        switch standing {
        case .kept(let at): "Checked \(self.day(at, in: words))"
        case .partly(let at): "Checked \(self.day(at, in: words)), in part"
        case .fallsShort(let since): "Falls short, being repaired since \(words.date(since.day))"
        case .outOfDate(let at): "Not checked since \(words.date(at.day))"
        case .unchecked: "Not checked yet"
        case .notBuilt: "Not built yet"
        case .unvouched: "Nobody has vouched for this yet"
        case .vouched(let until, let isDue):
            "Vouched for until \(words.date(until))" + (isDue ? ", to be renewed" : "")
        case .vouchingEnded(let since): "Falls short: nobody has vouched for this since \(words.date(since))"
        }
    }

    /// "today at 06:10", "on 3 March 2026".
    private func day(_ moment: Moment, in words: Words) -> String {
        guard moment.day == self.at.day, let minute = moment.minute else { return "on \(words.date(moment.day))" }
        return "today at \(words.time(minute)) UTC"
    }

    private func checks(_ row: Row, in frame: Frame) -> HTML? {
        guard !row.checks.isEmpty || row.vouching != nil else { return nil }
        let discreet: HTML? =
            if case .fallsShort = row.standing {
                "<p class=\"hint\">Those who run this server, and their auditors, see which of these did not hold.</p>"
            } else { nil }
        return """
            \(discreet)<ul class="checks">\(row.checks.map { self.line($0, in: frame.words) })\
            \(row.vouching.map { self.line($0, in: frame.words) })</ul>
            """
    }

    private func line(_ vouching: Vouching, in words: Words) -> HTML {
        let state: HTML =
            vouching.isInForce
            ? "Vouched for by <bdi>\(vouching.by)</bdi> until the end of \(words.date(vouching.until))"
            : "Vouched for by <bdi>\(vouching.by)</bdi>, and not any more"
        let file: HTML? = vouching.digest.map { "A file that auditors see; its SHA-256 is <code>\($0)</code>." }
        let link: HTML? = vouching.link.map { "<a href=\"\($0)\" rel=\"noopener noreferrer nofollow\">\($0.text)</a>" }
        return """
            <li>\(TrustHistory(outcomes: vouching.history, measure: .months).picture)
            <p>\(state). A second person reviewed it.
            <span class="seen">“<bdi>\(vouching.words)</bdi>”</span>
            <span class="evidence">Evidence: \(link)\(". ", if: link != nil && file != nil)\(file)</span></p></li>
            """
    }

    private func line(_ check: Check, in words: Words) -> HTML {
        let evidence: HTML =
            switch check.evidence {
            case .live: "on this installation"
            case .twin: "on a scratch copy, where damage is allowed"
            case .host: "of the machine that this runs on"
            case .release: "before the release was given out"
            }
        let again: HTML = " <em>Anyone can repeat this.</em>"
        let untold: HTML = "<span class=\"seen\">This machine does not tell whether it is so.</span>"
        return """
            <li>\(TrustHistory(outcomes: check.history).picture)
            <p>A check \(evidence): it \(check.tries).\(again, if: check.canBeRepeated)
            \(check.last.map { "<span class=\"when\">Last \(self.day($0, in: words)).</span>" as HTML })
            \(check.seen.map { "<span class=\"seen\">Seen: \($0)</span>" as HTML })\(untold, if: check.isUntold)</p></li>
            """
    }

    // MARK: The end

    private var meanings: HTML {
        """
        <section class="card" id="verify"><h2>Check it yourself</h2>
        <p><a href="\(Address.trustFile)">/trust.json</a> has all of this, signed. <code>carekeep verify trust.json</code> says
        whether it was changed, and needs nothing of ours but the program. <code>carekeep prove --remote</code> with the address of this
        server makes the checks that anyone can repeat. The key of this installation:</p>
        <p class="key"><code>\(self.key)</code></p>
        <p>A key that you read here is as good as this page. Write it down, and compare it the next time or with somebody who
        read it elsewhere.</p>
        <p>Do you examine this server for somebody? The <dfn>security review pack</dfn> has all of it on paper, with answers to the usual
        questions and maps of frameworks: <code>carekeep pack --trust trust.json --out FOLDER</code> writes it from the signed file, as HTML
        and PDF, on any machine.</p>
        <p>Found a weakness? <a href="\(Address.securityPolicy)">What you may do, and what we promise you.</a></p>
        <h3>What the words mean</h3>
        <dl class="facts">
        <div><dt>Checked</dt><dd>The software tried it, and it was so. A result counts for a day, or a week for a scratch copy;
        then it has to be tried again.</dd></div>
        <div><dt>Checked, in part</dt><dd>What was tried was so. Something that belongs to the promise is not built, or nothing
        tries it yet, or this machine does not tell; it is named.</dd></div>
        <div><dt>Falls short</dt><dd>It was tried and was not so, or the check itself broke. Those who run this server see what
        went wrong; until it is repaired, that would help an attacker more than you.</dd></div>
        <div><dt>Not built yet</dt><dd>Do not rely on it.</dd></div>
        <div><dt>Vouched for</dt><dd>People do it. Somebody signs for it until a date, with evidence, and a second person reviewed
        that. No software can show it. From 30 days before the end it has to be renewed; after the end it falls short.</dd></div>
        </dl>
        </section>
        """
    }
}

extension TrustPage.Standing {
    /// The class of its box.
    fileprivate var kind: HTML {
        switch self {
        case .kept: "kept"
        case .partly: "partly"
        case .fallsShort: "short"
        case .outOfDate, .unchecked: "old"
        case .notBuilt, .unvouched: "gap"
        case .vouched: "vouched"
        case .vouchingEnded: "short"
        }
    }

    fileprivate var isShort: Bool {
        switch self {
        case .fallsShort, .vouchingEnded: true
        default: false
        }
    }

    fileprivate var isAhead: Bool { self == .notBuilt || self == .unvouched }
}

/// A small picture of how a check went: one bar a time, high where all was well, low and of another pattern where it was not.
struct TrustHistory {
    /// What a bar stands for.
    enum Measure: Sendable {
        case times, days, months
    }

    /// Oldest first.
    var outcomes: [Bool]
    var measure = Measure.times

    /// Nothing for a check that was never made.
    var picture: HTML? {
        let shown = Array(self.outcomes.suffix(30))
        guard !shown.isEmpty else { return nil }
        // As wide as what there is: it stands at the right, and a phone has no room for nothing.
        let width = shown.count * 4
        let bars = shown.enumerated().map { index, isWell -> HTML in
            isWell
                ? "<rect class=\"well\" x=\"\(index * 4)\" y=\"0\" width=\"3\" height=\"14\"/>"
                : "<rect class=\"ill\" x=\"\(index * 4)\" y=\"9\" width=\"3\" height=\"5\"/>"
        }
        let well = shown.count { $0 }
        let told: HTML =
            switch self.measure {
            case .times: "\(well) of the last \(shown.count) times all was well"
            case .days: "On \(well) of the last \(shown.count) days all was well"
            case .months: "Looked at month by month, vouched for at \(well) of the last \(shown.count) times"
            }
        return """
            <svg class="past" viewBox="0 0 \(width) 14" width="\(width)" height="14" role="img" \
            aria-label="\(told)">\(bars)</svg>
            """
    }
}
