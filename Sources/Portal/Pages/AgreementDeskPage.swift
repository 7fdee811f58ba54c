/// What an organisation asks its members, how many answered, and the form to publish something new.
struct AgreementDeskPage: PageBody {
    /// A version.
    struct Line: Sendable {
        var id: String
        var kind: AgreementsPage.Kind
        var version: Int
        var languages: [String]
        var title: String
        var effective: Moment
        var isToCome = false
        var members: Int
        var accepted: Int
        var refused: Int
    }

    /// What was typed, when the form is shown again.
    struct Draft: Sendable {
        var kind: String?
        var language = "en"
        var title = ""
        var text = ""
        var changes = ""
        var effective = ""
        /// Another language and no next version.
        var isLanguage = false
        /// What is wrong, by field.
        var rules: [String: String] = [:]
    }

    /// The newest version of each agreement first.
    var counts: [Line]
    var mayPublish: Bool
    var draft = Draft()
    var isDone = false

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Agreements of this organisation" }

    func body(in frame: Frame) -> HTML {
        let problem = Problem(text: "Nothing was published. Please look at what is marked below.").html
        let done: HTML = "<div class=\"notice\" role=\"status\"><p>Published. It cannot be changed any more.</p></div>"
        return """
            <p class="back"><a href="\(Address.members)">People</a></p>
            <h1>Agreements</h1>
            <p class="lead">What members here are asked to agree to, to take note of, or to choose. What is published never changes: you
            publish the next version instead, and everybody is asked again.</p>
            \(done, if: self.isDone)
            \(self.counts.isEmpty ? "<p class=\"empty\">Nothing yet. Nobody is asked anything, and nobody is stopped.</p>" : self.list(in: frame))
            \(self.form(in: frame, problem), if: self.mayPublish)
            """
    }

    private func list(in frame: Frame) -> HTML {
        "<ul class=\"readers\">\(self.counts.enumerated().map { self.row($1, isNewest: $0 == 0 || self.counts[$0 - 1].id != $1.id, in: frame) })</ul>"
    }

    private func row(_ line: Line, isNewest: Bool, in frame: Frame) -> HTML {
        let next: HTML = """
            <p><a class="button quiet" href="\(Address.agreementDesk(line.id))">Next version or language<span class="hidden"> of
            \(line.title)</span></a></p>
            """
        return """
            <li class="reader"><div class="about"><strong>\(line.title)</strong>
            <span>\(Self.terms(line, in: frame))</span>
            <span>\(Self.said(line))</span></div>\(next, if: isNewest && self.mayPublish)</li>
            """
    }

    static func terms(_ line: Line, in frame: Frame) -> String {
        let counts = line.isToCome ? "will count from" : "counts since"
        return "\(line.kind.name), version \(line.version), in \(line.languages.joined(separator: ", ")); "
            + "\(counts) \(frame.words.moment(line.effective))"
    }

    /// How many said what. Nobody is named.
    private static func said(_ line: Line) -> String {
        let yes = line.kind == .notice ? "read it" : "agreed"
        return "\(line.accepted) of \(line.members) \(yes), \(line.refused) said no"
    }

    private func form(in frame: Frame, _ problem: HTML) -> HTML {
        """
        <section class="card" aria-labelledby="publish"><h2 id="publish">Publish something new</h2>
        \(problem, if: !self.draft.rules.isEmpty)
        <form method="post" action="\(Address.agreementDesk)">\(frame.csrfField)
        \(Choice(
            name: "kind", label: "What it is", error: self.draft.rules["kind"],
            options: [
                .init(value: "terms", label: "Terms: to go on, everybody has to agree"),
                .init(value: "notice", label: "A notice: to go on, everybody says that they read it"),
                .init(value: "consent", label: "A choice: everybody says yes or no, and can take it back"),
            ],
            chosen: self.draft.kind, prompt: "Choose").html)
        \(AgreementFields(draft: self.draft, frame: frame, isFirst: true).html)
        <button type="submit">Publish</button></form></section>
        """
    }
}

/// One agreement: its next version, or another language of this one.
struct AgreementVersionPage: PageBody {
    var last: AgreementDeskPage.Line
    var draft: AgreementDeskPage.Draft

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "The next version of an agreement" }

    func body(in frame: Frame) -> HTML {
        let problem = Problem(text: "Nothing was published. Please look at what is marked below.").html
        return """
            <p class="back"><a href="\(Address.agreementDesk)">Agreements</a></p>
            <h1>\(self.last.title)</h1>
            <p class="hint">\(AgreementDeskPage.terms(self.last, in: frame))</p>
            <section class="card" aria-labelledby="publish"><h2 id="publish">Go on from version \(self.last.version)</h2>
            \(problem, if: !self.draft.rules.isEmpty)
            <form method="post" action="\(Address.agreementDesk(self.last.id))">\(frame.csrfField)
            <fieldset class="ticks"><legend>What you publish</legend>
            <label class="tick" for="as-next"><input type="radio" id="as-next" name="as" value="next" \
            autocomplete="off"\(" checked=\"checked\"", if: !self.draft.isLanguage)> The next version: everybody is asked again</label>
            <label class="tick" for="as-language"><input type="radio" id="as-language" name="as" value="language" \
            autocomplete="off"\(" checked=\"checked\"", if: self.draft.isLanguage)> The same version in another language: nobody is asked
            again</label></fieldset>
            \(AgreementFields(draft: self.draft, frame: frame, isFirst: false).html)
            <button type="submit">Publish</button></form></section>
            """
    }
}

/// The fields of a version.
private struct AgreementFields {
    let draft: AgreementDeskPage.Draft
    let frame: Frame
    let isFirst: Bool

    var html: HTML {
        """
        \(Field(
            name: "language", label: "Language", hint: "Its code: en for English, hi for Hindi, mr for Marathi.",
            error: self.draft.rules["language"], value: self.draft.language, isRequired: true).html)
        \(Field(
            name: "title", label: "Title", error: self.draft.rules["title"], value: self.draft.title, isRequired: true).html)
        \(LongField(
            name: "text", label: "Text", hint: "As people will read it. Plain text; an empty line begins a paragraph. Nothing about anybody’s health.",
            error: self.draft.rules["text"], value: self.draft.text, longest: 50_000, rows: 14).html)
        \(self.isFirst ? nil : LongField(
            name: "changes", label: "What changed",
            hint: "In a few plain words, for those who answered the version before. Version 1 in another language needs none.",
            error: self.draft.rules["changes"], value: self.draft.changes, isRequired: false).html)
        \(Field(
            kind: .date, name: "effective", label: "Counts from",
            hint: "Until then people can go on without it. Empty: at once. Another language counts with its version.",
            error: self.draft.rules["effective"], value: self.draft.effective, earliest: self.frame.today,
            latest: self.frame.today.adding(days: 365)).html)
        """
    }
}
