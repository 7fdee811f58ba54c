/// One promise that people vouch for: who does, what waits for a review, and the form to vouch.
struct VouchPage: PageBody {
    /// What somebody vouched for.
    struct Vouching: Sendable {
        var id: String
        var by: String
        var words: String
        var since: Day
        /// The last day.
        var until: Day
        var link: OutsideLink?
        /// SHA-256 of the file, in hexadecimal digits.
        var digest: String?
        var at: Moment
        /// Whether the reader vouched.
        var isOwn: Bool
        var fate: Fate
        /// Addresses of accounts, for stewards and auditors.
        var enteredBy: String
        var reviewedBy: String?
        var withdrawnBy: String?
    }

    /// What became of it.
    enum Fate: Sendable, Equatable {
        case waiting, inForce, over
        case declined(Moment, reason: String)
        case withdrawn(Moment, reason: String)
    }

    /// What was just done.
    enum Done: String, Sendable, CaseIterable {
        case vouched, accepted, declined, withdrawn
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var words = ""
        var signedAs = ""
        var link = ""
        var since = ""
        var until = ""
        /// The rules that were broken, by the name of the field.
        var rules: [String: String] = [:]
    }

    /// A form for one attestation that was refused.
    struct Refused: Sendable {
        var id: String
        /// Of the field for the reason.
        var rule: String
        /// What stood in it.
        var text = ""
    }

    var promise: String
    var words: String
    var state: VouchListPage.State
    /// Newest first.
    var vouchings: [Vouching]
    var isSteward: Bool
    var draft = Draft()
    var problem: String?
    var refused: Refused?
    var done: Done?
    /// The last day that can be chosen.
    var latest: Day
    /// The id of the last vouching that the page shows, which the next one follows.
    var last: String?

    var place: Address? { .vouching }

    func title(in frame: Frame) -> String { "\(self.promise): who vouches" }

    func body(in frame: Frame) -> HTML {
        """
        <p class="back"><a href="\(Address.vouching)">Promises that people vouch for</a></p>
        <h1>\(self.words)</h1>
        <p class="standing"><strong>\(self.state.words(in: frame.words))</strong> <span class="id">\(self.promise)</span></p>
        \(self.problem.map { Problem(text: $0).html })
        \(self.confirmation)
        \(self.section("Waits for a review", self.vouchings.filter { $0.fate == .waiting }, in: frame))
        \(self.section("In force", self.vouchings.filter { $0.fate == .inForce }, in: frame))
        \(self.form(in: frame))
        \(self.section("Before", self.vouchings.filter { $0.fate != .waiting && $0.fate != .inForce }, in: frame))
        """
    }

    private var confirmation: HTML? {
        let told: HTML? =
            switch self.done {
            case nil: nil
            case .vouched: "Noted. It counts, and everybody sees it, once another steward has accepted it."
            case .accepted: "Accepted. The public page shows it from now on."
            case .declined: "Declined. Nobody but stewards and auditors sees it."
            case .withdrawn: "Withdrawn. The public page says that it holds no more, if it was there."
            }
        return told.map { "<div class=\"notice\" role=\"status\"><p>\($0)</p></div>" }
    }

    // MARK: What was vouched for

    private func section(_ title: HTML, _ vouchings: [Vouching], in frame: Frame) -> HTML? {
        guard !vouchings.isEmpty else { return nil }
        return """
            <section><h2>\(title)</h2>
            \(vouchings.map { self.article($0, in: frame) })</section>
            """
    }

    private func article(_ vouching: Vouching, in frame: Frame) -> HTML {
        let words = frame.words
        return """
            <article class="card vouching">
            <p class="note"><bdi>\(vouching.words)</bdi></p>
            <dl class="facts">
            <div><dt>Signed as</dt><dd><bdi>\(vouching.by)</bdi>\(" (you)", if: vouching.isOwn)</dd></div>
            <div><dt>Counts</dt><dd>from \(words.date(vouching.since)) until the end of \(words.date(vouching.until))</dd></div>
            <div><dt>Entered</dt><dd>\(words.moment(vouching.at)) UTC</dd></div>
            \(self.account("Entered by", vouching.enteredBy))
            \(vouching.reviewedBy.map { self.account("Reviewed by", $0) })
            \(vouching.withdrawnBy.map { self.account("Withdrawn by", $0) })
            \(vouching.link.map { "<div><dt>Link</dt><dd><a href=\"\($0)\" rel=\"noopener noreferrer nofollow\">\($0.text)</a></dd></div>" as HTML })
            \(vouching.digest.map { self.file($0, of: vouching) })
            \(self.fate(vouching.fate, in: words))
            </dl>
            \(self.acts(on: vouching, in: frame))
            </article>
            """
    }

    private func file(_ digest: String, of vouching: Vouching) -> HTML {
        """
        <div><dt>File</dt><dd><a href="\(Address.evidence(of: vouching.id, for: self.promise))">Open the file</a>. Everybody sees
        its SHA-256: <code class="digest">\(digest)</code></dd></div>
        """
    }

    /// Whose account did it: what they sign in with, whatever name they gave.
    private func account(_ label: HTML, _ address: String) -> HTML {
        "<div><dt>\(label)</dt><dd><bdi>\(address)</bdi></dd></div>"
    }

    private func fate(_ fate: Fate, in words: Words) -> HTML? {
        switch fate {
        case .waiting, .inForce: nil
        case .over: "<div><dt>Ended</dt><dd>Its time is over.</dd></div>"
        case .declined(let at, let reason):
            "<div><dt>Declined</dt><dd>\(words.moment(at)) UTC: <bdi>\(reason)</bdi></dd></div>"
        case .withdrawn(let at, let reason):
            "<div><dt>Withdrawn</dt><dd>\(words.moment(at)) UTC: <bdi>\(reason)</bdi></dd></div>"
        }
    }

    // MARK: Reviewing and withdrawing

    private func acts(on vouching: Vouching, in frame: Frame) -> HTML? {
        guard self.isSteward else { return nil }
        switch vouching.fate {
        case .waiting where vouching.isOwn:
            return "<p class=\"hint\">Another steward has to review it.</p>\(self.withdrawal(of: vouching, in: frame))"
        case .waiting: return "\(self.review(of: vouching, in: frame))\(self.withdrawal(of: vouching, in: frame))"
        case .inForce: return self.withdrawal(of: vouching, in: frame)
        case .over, .declined, .withdrawn: return nil
        }
    }

    /// Two forms, so that no key of the keyboard accepts what somebody is about to decline.
    private func review(of vouching: Vouching, in frame: Frame) -> HTML {
        let isOpen = self.refused?.id == "review-\(vouching.id)"
        let head: HTML = """
            \(frame.csrfField)<input type="hidden" name="attestation" value="\(vouching.id)">
            """
        return """
            <h3>Your review</h3>
            <p>Look at the evidence. Is it so, and will it be so until that day?</p>
            <form method="post" action="\(Address.review(of: self.promise))">\(head)
            <input type="hidden" name="verdict" value="accept"><button type="submit">Accept</button></form>
            <details\(" open", if: isOpen)><summary>Decline it</summary>
            <form method="post" action="\(Address.review(of: self.promise))">\(head)
            <input type="hidden" name="verdict" value="decline">
            \(self.reason("review", vouching, label: "Why it is declined", hint: "Stewards and auditors see it.").html)
            <button type="submit" class="quiet">Decline</button></form></details>
            """
    }

    private func withdrawal(of vouching: Vouching, in frame: Frame) -> HTML {
        let isOpen = self.refused?.id == "withdraw-\(vouching.id)"
        return """
            <details\(" open", if: isOpen)><summary>Withdraw it: it does not hold any more</summary>
            <form method="post" action="\(Address.withdrawal(of: self.promise))">\(frame.csrfField)
            <input type="hidden" name="attestation" value="\(vouching.id)">
            \(self.reason("withdraw", vouching, label: "Why it does not hold any more", hint: "Stewards and auditors see it.").html)
            <button type="submit" class="quiet">Withdraw</button></form></details>
            """
    }

    private func reason(_ act: String, _ vouching: Vouching, label: String, hint: String) -> Field {
        Field(
            name: "reason",
            suffix: "-\(act)-\(vouching.id)",
            label: label,
            hint: hint,
            error: self.refused?.id == "\(act)-\(vouching.id)" ? self.refused?.rule : nil,
            value: self.refused?.id == "\(act)-\(vouching.id)" ? self.refused?.text ?? "" : ""
        )
    }

    // MARK: Vouching

    private func form(in frame: Frame) -> HTML? {
        guard self.isSteward else { return nil }
        let problem = Problem(text: "Nothing was kept. Please look at what is marked below.").html
        return """
            <section class="card" aria-labelledby="vouch"><h2 id="vouch">\(self.heading)</h2>
            \(problem, if: !self.draft.rules.isEmpty)
            <form method="post" enctype="multipart/form-data" action="\(Address.vouching(for: self.promise))">
            \(frame.csrfField)
            <input type="hidden" name="after" value="\(self.last ?? "")">
            \(self.wordsField.html)
            \(self.signature.html)
            \(self.linkField.html)
            \(self.fileField.html)
            <div class="row">\(self.sinceField(in: frame).html)\(self.untilField(in: frame).html)</div>
            <p class="hint">Everybody will read this with the name that you give, once another steward has accepted it. It cannot be
            changed afterwards; it can be withdrawn. Name no patient.</p>
            <button type="submit">Vouch</button>
            </form></section>
            """
    }

    private var heading: HTML { self.state == .never ? "Vouch for it" : "Vouch for it anew" }

    private var wordsField: LongField {
        LongField(
            name: "words",
            label: "What was done",
            hint: "By whom and when, in a sentence or two; at most 500 characters.",
            error: self.draft.rules["words"],
            value: self.draft.words,
            isRequired: true
        )
    }

    private var signature: Field {
        Field(
            name: "signed_as",
            label: "Who vouches",
            hint: "Your name and office, as everybody will read them. Stewards and auditors see your address, too.",
            error: self.draft.rules["signed_as"],
            value: self.draft.signedAs,
            isRequired: true
        )
    }

    private var linkField: Field {
        Field(
            name: "link",
            label: "A link that shows it",
            hint: "Public; begins with https://. A link, a file or both.",
            error: self.draft.rules["link"],
            value: self.draft.link
        )
    }

    private var fileField: FileField {
        FileField(
            name: "file",
            label: "A file that shows it",
            hint: "PDF, PNG or plain text, at most 5 MB. Sealed; stewards and auditors can open it.",
            error: self.draft.rules["file"],
            accepts: ".pdf,.png,.txt,application/pdf,image/png,text/plain"
        )
    }

    private func sinceField(in frame: Frame) -> Field {
        Field(
            kind: .date,
            name: "since",
            label: "From",
            hint: "Today (UTC) or before.",
            error: self.draft.rules["since"],
            value: self.draft.since,
            isRequired: true
        )
    }

    private func untilField(in frame: Frame) -> Field {
        Field(
            kind: .date,
            name: "until",
            label: "Until the end of",
            hint: "At most 24 months from today.",
            error: self.draft.rules["until"],
            value: self.draft.until,
            isRequired: true,
            latest: self.latest
        )
    }
}
