import Care

/// Who looks after somebody's record: those who do, those who were asked, and the form to ask somebody.
struct CarersPage: PageBody {
    struct Carer: Sendable {
        var name: String
        var isYou = false
        var does: String
        /// What they see, where it is not the whole record.
        var sees: String?
        var basis: String?
        /// The first day, where it has not come.
        var from: Day?
        var until: Day?
        /// The id of the reach, if it can be ended here.
        var reach: String?
        /// Whose account it is, if whoever looks may let them go on.
        var keep: String?
        /// Whose account it is, if they can be paused here.
        var account: String?
        var isPaused = false
    }

    /// Somebody who is kept out for now.
    struct Paused: Sendable {
        var id: String
        var name: String
        var by: String
        var since: Day
        var reason: String
    }

    struct Waiting: Sendable {
        var id: String
        var name: String
        var does: String
        var basis: String
        /// The last day on which the link works.
        var until: Day
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var name = ""
        var email = ""
        var basis: String?
        var may: String?
        var until = ""
        var shown = ShownKinds()
        var nameError: String?
        var emailError: String?
        var basisError: String?
        var mayError: String?
        var untilError: String?

        var hasErrors: Bool {
            [self.nameError, self.emailError, self.basisError, self.mayError, self.untilError, self.shown.error]
                .contains { $0 != nil }
        }
    }

    /// What was just done.
    enum Done: Sendable {
        case mailed(to: String)
        /// Where no mail is sent, the link is handed over.
        case made(for: String, link: String)
    }

    var patient: PatientCard
    var carers: [Carer]
    var waiting: [Waiting]
    var paused: [Paused] = []
    var draft = Draft()
    var done: Done?

    func title(in frame: Frame) -> String { "Family" }

    func body(in frame: Frame) -> HTML {
        let name = frame.words.possessive(self.patient.shortName)
        return """
            \(self.patient.header(.carers, title: "<h1>Who looks after <bdi>\(name)</bdi> record</h1>", in: frame))
            \(self.confirmation)
            <p><a href="\(Address.growingUp(of: self.patient.id))">What changes as <bdi>\(self.patient.shortName)</bdi> grows up</a></p>
            <ul class="readers">\(self.carers.map { self.line($0, in: frame) })</ul>
            \(self.keptOut(in: frame), if: !self.paused.isEmpty)
            \(self.asked(in: frame), if: !self.waiting.isEmpty)
            <section class="card" aria-labelledby="ask"><h2 id="ask">Ask somebody to help</h2>\(self.form(in: frame))</section>
            """
    }

    private var confirmation: HTML? {
        switch self.done {
        case nil: nil
        case .mailed(let name):
            """
            <div class="notice" role="status"><p>An invitation is on its way to <bdi>\(name)</bdi>. They read what you ask of them
            before they accept. It works once, within 7 days.</p></div>
            """
        case .made(let name, let link):
            """
            <div class="notice" role="status"><p>Please give this link to <bdi>\(name)</bdi>, and to nobody else. It is shown once,
            works once, and ends in 7 days.</p><p class="said">\(link)</p></div>
            """
        }
    }

    private func line(_ carer: Carer, in frame: Frame) -> HTML {
        var terms = [carer.does]
        if let sees = carer.sees { terms.append("sees \(sees)") }
        if let basis = carer.basis { terms.append(basis) }
        if let from = carer.from { terms.append("from \(frame.words.date(from)) on") }
        if let until = carer.until { terms.append("until \(frame.words.date(until))") }
        return """
            <li class="reader"><div>
            <p><strong class="name"><bdi>\(carer.name)</bdi></strong>\(" (you)", if: carer.isYou)\(", paused", if: carer.isPaused)</p>
            <p class="hint">\(terms.joined(separator: " · "))</p>
            </div><div class="buttons">\(carer.account.map { self.pause($0, carer.name) })
            \(carer.reach.map { self.end($0, carer.name, in: frame) })</div>
            \(carer.keep.map { self.keep($0, carer.name, in: frame) })</li>
            """
    }

    /// For whoever decides by themselves soon, or since a while.
    private func keep(_ account: String, _ name: String, in frame: Frame) -> HTML {
        let ways = [Reach.carerReading, .carer].map { Choice.Option(value: $0.rawValue, label: CarerWords.offer($0)) }
        let choice = Choice(
            name: "may",
            suffix: "-\(account)",
            label: "After that, \(name) may",
            options: ways,
            prompt: "Please choose"
        )
        return """
            <form method="post" action="\(Address.keepCarer(of: self.patient.id))" class="again">\(frame.csrfField)
            <input type="hidden" name="account" value="\(account)">\(choice.html)
            <button type="submit" class="quiet">Let <bdi>\(name)</bdi> go on</button></form>
            """
    }

    private func pause(_ account: String, _ name: String) -> HTML {
        """
        <a class="button quiet" href="\(Address.pauseCarer(account, of: self.patient.id))">Pause<span class="hidden"> \(name)</span></a>
        """
    }

    private func keptOut(in frame: Frame) -> HTML {
        """
        <section aria-labelledby="paused"><h2 id="paused">Paused</h2>
        <ul class="readers">\(self.paused.map { self.line($0, in: frame) })</ul></section>
        """
    }

    private func line(_ paused: Paused, in frame: Frame) -> HTML {
        """
        <li class="reader"><div><p><strong class="name"><bdi>\(paused.name)</bdi></strong></p>
        <p class="hint">since \(frame.words.date(paused.since)), by <bdi>\(paused.by)</bdi></p>
        <p class="said">\(paused.reason)</p></div>
        <form method="post" action="\(Address.resumeCarer(of: self.patient.id))">\(frame.csrfField)
        <input type="hidden" name="pause" value="\(paused.id)">
        <button type="submit" class="quiet">Let in again<span class="hidden">: \(paused.name)</span></button></form></li>
        """
    }

    private func end(_ reach: String, _ name: String, in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.endCarer(of: self.patient.id))">\(frame.csrfField)
        <input type="hidden" name="reach" value="\(reach)">
        <button type="submit" class="quiet">Let out<span class="hidden"> \(name)</span></button></form>
        """
    }

    private func asked(in frame: Frame) -> HTML {
        """
        <section aria-labelledby="asked"><h2 id="asked">Asked, and not answered yet</h2>
        <ul class="readers">\(self.waiting.map { self.line($0, in: frame) })</ul></section>
        """
    }

    private func line(_ waiting: Waiting, in frame: Frame) -> HTML {
        """
        <li class="reader"><div><p><strong class="name"><bdi>\(waiting.name)</bdi></strong></p>
        <p class="hint">\(waiting.does) · \(waiting.basis) · can answer until \(frame.words.date(waiting.until))</p></div>
        <form method="post" action="\(Address.withdrawInvitation(of: self.patient.id))">\(frame.csrfField)
        <input type="hidden" name="invitation" value="\(waiting.id)">
        <button type="submit" class="quiet">Take back<span class="hidden"> the invitation of \(waiting.name)</span></button></form></li>
        """
    }

    private func form(in frame: Frame) -> HTML {
        let problem = Problem(text: "Nobody was asked yet. Please look at what is marked below.").html
        return """
            \(problem, if: self.draft.hasErrors)
            <form method="post" action="\(Address.carers(of: self.patient.id))">
            \(frame.csrfField)
            \(Field(name: "name", label: "Their name", error: self.draft.nameError, value: self.draft.name, isRequired: true).html)
            \(Field(
                kind: .email, name: "email", label: "Their email address", error: self.draft.emailError, value: self.draft.email,
                isRequired: true).html)
            \(self.basis.html)
            \(self.may.html)
            \(self.draft.shown.html)
            \(self.until(in: frame).html)
            <p class="hint">They read all of this before they accept. You can let them out at any time.</p>
            <button type="submit">Ask them</button>
            </form>
            """
    }

    private var basis: Choice {
        Choice(
            name: "basis",
            label: "On what basis they care",
            hint: "It is kept with what they may do, for whoever asks one day.",
            error: self.draft.basisError,
            options: CarerWords.bases.map { Choice.Option(value: $0.rawValue, label: CarerWords.label($0)) },
            chosen: self.draft.basis,
            prompt: "Please choose"
        )
    }

    private var may: Choice {
        Choice(
            name: "may",
            label: "What they may do",
            hint: "Whoever may do everything sees the whole record.",
            error: self.draft.mayError,
            options: CarerWords.ways.map { Choice.Option(value: $0.rawValue, label: CarerWords.offer($0)) },
            chosen: self.draft.may,
            prompt: "Please choose"
        )
    }

    private func until(in frame: Frame) -> Field {
        Field(
            kind: .date,
            name: "until",
            label: "Until the end of",
            hint: "Leave it empty for no end.",
            error: self.draft.untilError,
            value: self.draft.until,
            earliest: frame.today
        )
    }
}
