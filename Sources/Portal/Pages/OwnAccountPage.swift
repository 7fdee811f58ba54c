/// What it means that somebody has an account of their own: the same words for them and for those who look after them.
struct OwnAccountWords: Sendable {
    /// What they are called.
    var name: String
    /// From which day on they decide who sees their record; `nil` where it is not known.
    var decidesFrom: Day?

    func html(in words: Words) -> HTML {
        let whose = words.possessive(self.name)
        return """
            <section class="card" aria-labelledby="own"><h2 id="own">An account of <bdi>\(whose)</bdi> own</h2>
            <p class="hint"><bdi>\(self.name)</bdi> and those who look after <bdi>\(self.name)</bdi> read the same words here.</p>
            <ul>
            <li><bdi>\(self.name)</bdi> sees this whole record, adds to it, and sees who looked at it and when.</li>
            <li>Those who look after <bdi>\(self.name)</bdi> go on seeing and doing what they could until now.</li>
            <li><bdi>\(self.name)</bdi> may keep an entry private when writing it. Nobody else sees it then, and nothing shows that there is
            one: not those who look after <bdi>\(self.name)</bdi>, no doctor with whom the record is shared, nobody who runs this, in an
            emergency neither. What others need to know to help is better not private.</li>
            <li>Medicines and appointments are never private, and what others could see once they go on seeing.</li>
            \(self.decidesFrom.map { self.handover($0, in: words) })
            </ul></section>
            """
    }

    private func handover(_ day: Day, in words: Words) -> HTML {
        """
        <li>From \(words.longDate(day)) on, <bdi>\(self.name)</bdi> decides who sees it. Those who look after the
        record now do not see it any more then, but for those whom <bdi>\(self.name)</bdi> lets go on. Doctors with whom it is shared keep it
        until the day that was set, unless <bdi>\(self.name)</bdi> stops it.</li>
        """
    }
}

/// Asks a child to have an account of their own, after whoever asks has read what that means.
struct OwnAccountPage: PageBody {
    /// What stands in the way.
    enum Obstacle: Sendable {
        /// Their birth date is not entered to the day.
        case unknownAge
        /// They are too young until that day.
        case waits(until: Day)
    }

    /// What was just done.
    enum Done: Sendable {
        case mailed
        /// Where no mail is sent, the link is handed over.
        case made(link: String)
    }

    var patient: PatientCard
    var words: OwnAccountWords
    var obstacle: Obstacle?
    var email = ""
    var emailError: String?
    var done: Done?

    func title(in frame: Frame) -> String { "An account of their own" }

    func body(in frame: Frame) -> HTML {
        """
        <nav class="back" aria-label="Back"><a href="\(Address.growingUp(of: self.patient.id))">Growing up</a></nav>
        <div class="narrow"><h1>An account for <bdi>\(self.patient.shortName)</bdi></h1>
        \(self.confirmation)
        \(self.words.html(in: frame.words))
        \(self.obstacle == nil ? self.form(in: frame) : self.why(in: frame))</div>
        """
    }

    private var confirmation: HTML? {
        switch self.done {
        case nil: nil
        case .mailed:
            """
            <div class="notice" role="status"><p>An invitation is on its way to <bdi>\(self.patient.shortName)</bdi>, with these very
            words. It works once, within 7 days.</p></div>
            """
        case .made(let link):
            """
            <div class="notice" role="status"><p>Please give this link to <bdi>\(self.patient.shortName)</bdi>, and to nobody else. It is
            shown once, works once, and ends in 7 days.</p><p class="said">\(link)</p></div>
            """
        }
    }

    private func why(in frame: Frame) -> HTML? {
        switch self.obstacle {
        case nil: nil
        case .unknownAge:
            """
            <div class="notice"><p>The birth date is not entered to the day. It has to be, before there can be an account.</p></div>
            """
        case .waits(let day):
            """
            <div class="notice"><p>There can be an account from \(frame.words.longDate(day)) on.</p></div>
            """
        }
    }

    private func form(in frame: Frame) -> HTML {
        let name = self.patient.shortName
        return """
            \(Problem(text: "Nobody was asked yet. Please look at what is marked below.").html, if: self.emailError != nil)
            <form method="post" action="\(Address.ownAccount(of: self.patient.id))" class="card">\(frame.csrfField)
            \(Field(
                kind: .email, name: "email", label: "\(frame.words.possessive(name)) own email address",
                hint: "One that nobody else reads. The password is theirs alone, too.", error: self.emailError, value: self.email,
                isRequired: true).html)
            <p class="hint"><bdi>\(name)</bdi> reads what stands above, and says yes or no.</p>
            <button type="submit">Ask <bdi>\(name)</bdi></button></form>
            """
    }
}
