/// What an organisation asks of whoever reads this, and what they answered.
struct AgreementsPage: PageBody {
    enum Kind: Sendable {
        case terms, notice, consent

        var name: String {
            switch self {
            case .terms: "Terms"
            case .notice: "Notice"
            case .consent: "Your choice"
            }
        }
    }

    /// A version, in one language.
    struct Text: Sendable {
        var version: Int
        /// As in BCP 47.
        var language: String
        /// Other languages in which it is there: code and name.
        var others: [(code: String, name: String)] = []
        var title: String
        var body: String
        /// What changed since the version that they answered.
        var changes: [String] = []
        /// From when on it counts, if that is to come.
        var effective: Moment?
    }

    struct Item: Sendable {
        enum Answer: Sendable {
            case accepted, refused, withdrawn
        }

        var id: String
        var kind: Kind
        /// What is asked now.
        var asked: Text?
        /// Whether nothing opens before it is answered.
        var isDue = false
        /// What they answered last, to which version, in the language named, and when.
        var answer: Answer?
        var answered: Text?
        var answeredAt: Moment?
    }

    var agreements: [Item]
    /// Where they were going.
    var next: Address?
    var problem: String?

    func title(in frame: Frame) -> String { "Agreements" }

    func body(in frame: Frame) -> HTML {
        let asked = self.agreements.filter { $0.asked != nil }
        let answered = self.agreements.filter { $0.answer != nil }
        return """
            <h1>Agreements</h1>
            \(AccountTabs.html(.agreements))
            \(self.problem.map { Problem(text: $0).html })
            \(self.lead(in: frame))
            \(asked.map { self.card($0, in: frame) })
            \(self.list(answered, in: frame), if: !answered.isEmpty)
            """
    }

    private func lead(in frame: Frame) -> HTML {
        if self.agreements.contains(where: \.isDue) {
            return """
                <p class="lead">Please read this first. Until you have answered, nothing else of
                <bdi>\(frame.organization ?? "this organisation")</bdi> opens for you.</p>
                """
        }
        let way: HTML? = self.next.map { "<p><a class=\"button\" href=\"\($0)\">Go on</a></p>" }
        return self.agreements.isEmpty
            ? "<p class=\"empty\">Nothing is asked of you here.</p>"
            : "<p class=\"lead\">What you were asked here, and what you said.</p>\(way)"
    }

    // MARK: Asked

    private func card(_ item: Item, in frame: Frame) -> HTML {
        guard let text = item.asked else { return .nothing }
        let id = "a-\(item.id)"
        let since: HTML = """
            <h3>What changed since the version you answered</h3>\(text.changes.map(Self.said))<h3>All of it</h3>
            """
        return """
            <section class="card" aria-labelledby="\(id)"><h2 id="\(id)" lang="\(text.language)">\(text.title)</h2>
            <p class="hint">\(self.terms(item, text, in: frame))</p>
            \(since, if: !text.changes.isEmpty)
            \(self.languages(text))
            <p class="said" lang="\(text.language)">\(text.body)</p>
            \(self.refused(item, in: frame), if: item.answer == .refused && item.answered?.version == text.version)
            \(self.form(item, text, in: frame))
            </section>
            """
    }

    private static func said(_ text: String) -> HTML { "<p class=\"said\">\(text)</p>" }

    private func terms(_ item: Item, _ text: Text, in frame: Frame) -> String {
        let from = text.effective.map {
            " · counts from \(frame.words.moment($0)); until then you can go on without it"
        }
        return "\(item.kind.name), version \(text.version)\(from ?? "")"
    }

    private func languages(_ text: Text) -> HTML? {
        guard !text.others.isEmpty else { return nil }
        let links = text.others.map { other -> HTML in
            let address: Address = .agreements(next: self.next, language: other.code)
            return " <a href=\"\(address)\" lang=\"\(other.code)\">\(other.name)</a>"
        }
        return "<p class=\"hint\">Also in:\(links)</p>"
    }

    private func form(_ item: Item, _ text: Text, in frame: Frame) -> HTML {
        let (yes, no): (String, String?) =
            switch item.kind {
            case .terms: ("I agree", "I do not agree")
            case .notice: ("I have read this", nil)
            case .consent: ("Yes, I agree to this", "No")
            }
        let refusing: HTML? = no.map {
            """
            <button type="submit" name="answer" value="refused" class="quiet">\($0)</button>
            """
        }
        let choice: HTML =
            "<p class=\"hint\">This is your own choice. All else works the same if you say no, and you can change your mind at any time.</p>"
        return """
            \(choice, if: item.kind == .consent)
            <form method="post" action="\(Address.agreements)">\(frame.csrfField)\(self.hidden(item, text))
            <button type="submit" name="answer" value="accepted">\(yes)</button>
            \(refusing)</form>
            """
    }

    private func hidden(_ item: Item, _ text: Text) -> HTML {
        """
        <input type="hidden" name="agreement" value="\(item.id)"><input type="hidden" name="version" value="\(text.version)">\
        <input type="hidden" name="language" value="\(text.language)"><input type="hidden" name="next" value="\(self.next?.text ?? "")">
        """
    }

    /// What becomes of whoever does not agree.
    private func refused(_ item: Item, in frame: Frame) -> HTML {
        """
        <div class="notice" role="status"><p>You said no\(item.answeredAt.map { " on \(frame.words.moment($0))" } ?? ""), and that is
        noted. From the day on which this counts nothing opens for you here, and nothing is deleted. You can:</p>
        <ul><li>sign out, and think about it;</li>
        <li>ask whoever runs <bdi>\(frame.organization ?? "this organisation")</bdi> for a copy of your record: they give it without
        your agreeing to anything;</li>
        <li><a href="\(Address.leave)">leave this organisation</a>;</li>
        <li>agree after all, below.</li></ul></div>
        """
    }

    // MARK: Answered

    private func list(_ items: [Item], in frame: Frame) -> HTML {
        """
        <h2>What you said</h2>
        <ul class="readers">\(items.map { self.row($0, in: frame) })</ul>
        """
    }

    private func row(_ item: Item, in frame: Frame) -> HTML {
        guard let text = item.answered else { return .nothing }
        let when = item.answeredAt.map { " on \(frame.words.moment($0))" } ?? ""
        let body: HTML = """
            <details><summary>Read version \(text.version)</summary><p class="said" lang="\(text.language)">\(text.body)</p></details>
            """
        return """
            <li class="reader"><div class="about"><strong lang="\(text.language)">\(text.title)</strong>
            <span>\(item.kind.name), version \(text.version)</span><span>\(Self.word(item))\(when)</span>\(body)</div>
            \(self.change(item, text, in: frame))</li>
            """
    }

    private static func word(_ item: Item) -> String {
        switch item.answer {
        case .accepted: item.kind == .notice ? "You read it" : "You agreed"
        case .withdrawn: "You took it back"
        case .refused, nil: "You said no"
        }
    }

    /// Choices can be made otherwise at any time.
    private func change(_ item: Item, _ text: Text, in frame: Frame) -> HTML? {
        guard item.kind == .consent else { return nil }
        if item.answer == .accepted {
            return self.button("withdrawn", "Take it back", item, text, in: frame)
        }
        return item.asked == nil ? self.button("accepted", "Agree after all", item, text, in: frame) : nil
    }

    private func button(_ answer: String, _ label: String, _ item: Item, _ text: Text, in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.agreements)">\(frame.csrfField)\(self.hidden(item, text))
        <button type="submit" name="answer" value="\(answer)" class="quiet">\(label)<span class="hidden">: \(text.title)</span></button></form>
        """
    }
}
