/// Every promise that people vouch for, and how it stands: for stewards and auditors.
struct VouchListPage: PageBody {
    /// How one stands.
    enum State: Sendable, Equatable {
        /// Nobody ever vouched.
        case never
        /// The last day.
        case inForce(Day, isDue: Bool)
        /// The first day on which nobody vouched any more.
        case ended(Day)
    }

    struct Row: Sendable {
        var id: String
        var promise: String
        var state: State
        /// How many wait for a review, by whoever reads and by others.
        var waitsForYou: Int
        var waitsForOthers: Int
    }

    var rows: [Row]
    /// Whether the reader may vouch, or reads alone.
    var isSteward: Bool
    /// What was asked for and is not here.
    var problem: String?

    var place: Address? { .vouching }

    func title(in frame: Frame) -> String { "Promises that people vouch for" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Promises that people vouch for</h1>
        \(self.problem.map { Problem(text: $0).html })
        <p class="lead">No software can show these. A steward says what was done, with evidence and until a date; another steward
        looks at it. From then on <a href="\(Address.trust)">the public page</a> shows it.</p>
        <p><a href="\(Address.failures)">What checks saw where they failed</a> is another page for stewards and auditors.</p>
        \(self.summary)
        <ul class="vouchings">\(self.sorted.map { self.line($0, in: frame.words) })</ul>
        """
    }

    /// What waits for somebody comes first; the rest as on the public page.
    private var sorted: [Row] {
        let isUrgent = { (row: Row) in
            switch row.state {
            case _ where row.waitsForYou > 0: true
            case .inForce(_, isDue: true), .ended: true
            default: false
            }
        }
        return self.rows.filter(isUrgent) + self.rows.filter { !isUrgent($0) }
    }

    private var summary: HTML {
        let counts: [(HTML, HTML, Int)] = [
            ("short", "wait for your review", self.rows.map(\.waitsForYou).reduce(0, +)),
            (
                "short", "ran out or were withdrawn",
                self.rows.count { if case .ended = $0.state { true } else { false } }
            ),
            (
                "partly", "to be renewed within 30 days",
                self.rows.count { if case .inForce(_, isDue: true) = $0.state { true } else { false } }
            ),
            ("vouched", "vouched for today", self.rows.count { if case .inForce = $0.state { true } else { false } }),
            ("gap", "nobody ever vouched for", self.rows.count { $0.state == .never }),
        ]
        return """
            <dl class="counts">
            \(counts.filter { self.isSteward || $0.1 != "wait for your review" }.map { kind in
                "<div class=\"\(kind.0)\"><dt>\(kind.1)</dt><dd>\(kind.2)</dd></div>" as HTML
            })
            </dl>
            """
    }

    private func line(_ row: Row, in words: Words) -> HTML {
        let act: HTML = self.isSteward && row.waitsForYou > 0 ? "Review it" : "Open"
        let yours: HTML = "<p class=\"tag\"><strong>Waits for your review.</strong></p>"
        let others: HTML = "<p class=\"hint\">Waits for a review by another steward.</p>"
        return """
            <li class="promise \(row.state.kind)"><h2>\(row.promise)</h2>
            <p class="standing"><strong>\(row.state.words(in: words))</strong> <span class="id">\(row.id)</span></p>
            \(yours, if: self.isSteward && row.waitsForYou > 0)\(others, if: row.waitsForOthers > 0)
            <p><a class="button quiet" href="\(Address.vouching(for: row.id))">\(act)<span class="hidden">: \(row.id)</span></a></p></li>
            """
    }
}

extension VouchListPage.State {
    /// The class of its box.
    var kind: HTML {
        switch self {
        case .never: "gap"
        case .inForce(_, isDue: false): "vouched"
        case .inForce(_, isDue: true): "partly"
        case .ended: "short"
        }
    }

    func words(in words: Words) -> String {
        switch self {
        case .never: "Nobody has vouched for this yet"
        case .inForce(let until, let isDue):
            "Vouched for until \(words.date(until))" + (isDue ? ", to be renewed" : "")
        case .ended(let since): "Nobody has vouched for this since \(words.date(since))"
        }
    }
}
