/// What checks saw where they failed: for stewards and auditors, who repair it or ask why it is not repaired.
struct FailuresPage: PageBody {
    /// A check, and its last failures.
    struct Check: Sendable {
        /// As `carekeep prove` names it.
        var name: String
        /// What it tries, after "It"; `nil` where this release knows the check no more.
        var tries: String?
        /// What whoever runs the machine can do about it; `nil` where that is not known beforehand.
        var remedy: String?
        /// Ids of the promises that it shows.
        var promises: [String]
        var since: Moment
        /// Newest first.
        var failures: [Failure]
    }

    /// Once that it failed.
    struct Failure: Sendable {
        var at: Moment
        /// Whether the check itself broke, rather than what it tried.
        var isBroken: Bool
        var seen: String
        var details: [String]
        var release: String
        var run: String
    }

    /// Those that failed the last time.
    var standing: [Check]
    /// Those that failed before, and were well since.
    var repaired: [Check]

    var place: Address? { .vouching }

    func title(in frame: Frame) -> String { "What went wrong" }

    func body(in frame: Frame) -> HTML {
        let well: HTML =
            "<p class=\"empty\">Nothing: the last result of every check that failed before is a good one.</p>"
        return """
            <p class="back"><a href="\(Address.trust)">What we promise, and whether it is so</a></p>
            <h1>What checks saw where they failed</h1>
            <p class="lead">For stewards and auditors alone: until it is repaired, this would help an attacker. That you looked is
            noted. <code>carekeep prove</code> on the host tries again.</p>
            <h2>Falls short now</h2>
            \(well, if: self.standing.isEmpty)
            \(self.standing.map { self.article($0, isStanding: true, in: frame.words) })
            \(self.past(in: frame.words))
            """
    }

    private func past(in words: Words) -> HTML? {
        guard !self.repaired.isEmpty else { return nil }
        return "<h2>Was put right</h2>\(self.repaired.map { self.article($0, isStanding: false, in: words) })"
    }

    private func article(_ check: Check, isStanding: Bool, in words: Words) -> HTML {
        let kind: HTML = isStanding ? "short" : "old"
        let since: HTML = isStanding ? "Falls short since" : "Fell short from"
        return """
            <article class="promise \(kind)"><h3>\(check.tries.map { "It \($0)." } ?? check.name)</h3>
            <p class="standing"><strong>\(since) \(words.moment(check.since)) UTC</strong> <span class="id">\(check.name)</span></p>
            \(self.shown(check.promises))\(isStanding ? self.remedy(check) : nil)
            <ul class="checks">\(check.failures.map { self.line($0, in: words) })</ul></article>
            """
    }

    private func remedy(_ check: Check) -> HTML? {
        check.remedy.map { "<p class=\"missing\"><strong>What to do:</strong> \($0)</p>" }
    }

    private func shown(_ promises: [String]) -> HTML? {
        guard !promises.isEmpty else { return nil }
        return "<p class=\"how\">Shows \(promises.joined(separator: ", ")).</p>"
    }

    private func line(_ failure: Failure, in words: Words) -> HTML {
        let broken: HTML = " The check itself broke: what it would have seen is not known."
        let details: HTML? =
            failure.details.isEmpty
            ? nil : "<ul class=\"details\">\(failure.details.map { "<li>\($0)</li>" as HTML })</ul>"
        return """
            <li><p><span class="when">\(words.moment(failure.at)) UTC.</span>\(broken, if: failure.isBroken)
            <span class="seen">\(failure.seen)</span></p>\(details)
            <p class="hint">Release \(failure.release), run <span class="id">\(failure.run)</span></p></li>
            """
    }
}
