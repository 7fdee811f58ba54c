import Care

/// Who can read one person's record, and the forms to let a clinician read it for a while: one who belongs here, or a guest.
struct SharingPage: PageBody {
    struct Reader: Sendable {
        var name: String
        /// "clinician".
        var role: String
        var isYou = false
        /// Why they can read: "parent", "treats Ada", "for a second opinion".
        var reason: String
        /// The last day; `nil` for as long as they are what they are.
        var until: Day?
        /// What they see, where it is not the whole record: "medicines, results".
        var sees: String?
        /// When they last opened the record.
        var lastLooked: Moment?
        /// The id of the share, if it is one that can be ended here.
        var share: String?
    }

    struct Clinician: Sendable {
        var id: String
        var name: String
        /// "paediatric rheumatologist".
        var role: String
    }

    /// A guest who was asked and has not answered yet.
    struct Waiting: Sendable {
        /// The invitation's id.
        var id: String
        var name: String
        /// "for a second opinion".
        var reason: String
        /// What they would see, where it is not the whole record.
        var sees: String?
        /// The last day on which they would see it.
        var last: Day?
        /// The last day on which the link works.
        var until: Day
    }

    /// What a share can be for.
    static func label(_ purpose: Purpose) -> String {
        switch purpose {
        case .treatment: "Treatment"
        case .secondOpinion: "A second opinion"
        case .care: "Looking after them in general"
        }
    }

    /// "for treatment".
    static func reason(_ purpose: Purpose) -> String {
        switch purpose {
        case .treatment: "for treatment"
        case .secondOpinion: "for a second opinion"
        case .care: "to look after them in general"
        }
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var clinician: String?
        var purpose: String?
        var until = ""
        var shown = ShownKinds()
        var clinicianError: String?
        var purposeError: String?
        var untilError: String?

        var hasErrors: Bool {
            self.clinicianError != nil || self.purposeError != nil || self.untilError != nil || self.shown.error != nil
        }
    }

    /// What was sent to ask a guest, when the form is shown again.
    struct GuestDraft: Sendable {
        var name = ""
        var email = ""
        var purpose: String?
        var until = ""
        var shown = ShownKinds()
        var nameError: String?
        var emailError: String?
        var purposeError: String?
        var untilError: String?

        var hasErrors: Bool {
            [self.nameError, self.emailError, self.purposeError, self.untilError, self.shown.error].contains {
                $0 != nil
            }
        }
    }

    /// What was just done.
    enum Done: Sendable {
        case shared(with: String, until: Day)
        case stopped
        case mailed(to: String)
        /// Where no mail is sent, the link is handed over.
        case made(for: String, link: String)

        /// How an address says that sharing was stopped.
        static let stopping = "stopped"
    }

    var patient: PatientCard
    var readers: [Reader]
    /// With whom it could be shared.
    var clinicians: [Clinician]
    var waiting: [Waiting] = []
    /// Whether clinicians of elsewhere can be asked: by families.
    var offersGuests = false
    var draft = Draft()
    var guest = GuestDraft()
    var done: Done?
    /// A share lasts this long at most.
    var longestDays = 365

    func title(in frame: Frame) -> String { "Sharing" }

    func body(in frame: Frame) -> HTML {
        let name = frame.words.possessive(self.patient.shortName)
        return """
            \(self.patient.header(.sharing, title: "<h1>Who can read <bdi>\(name)</bdi> record</h1>", in: frame))
            \(self.confirmation(in: frame))
            \(self.list(in: frame))
            <section class="card" aria-labelledby="share"><h2 id="share">Share with a clinician</h2>
            \(self.form(in: frame))</section>
            \(self.asked(in: frame), if: !self.waiting.isEmpty)
            \(self.askGuest(in: frame), if: self.offersGuests)
            """
    }

    private func confirmation(in frame: Frame) -> HTML? {
        switch self.done {
        case nil: nil
        case .shared(let name, let until):
            """
            <div class="notice" role="status"><p>Shared with <bdi>\(name)</bdi> until the end of
            \(frame.words.longDate(until)). You can stop it at any time.</p></div>
            """
        case .stopped:
            """
            <div class="notice" role="status"><p>Stopped. Who can still read the record is listed below. What was
            read before cannot be unread; it stays in the list of who looked.</p></div>
            """
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

    private func list(in frame: Frame) -> HTML {
        guard !self.readers.isEmpty else { return "<p class=\"empty\">Nobody but you.</p>" }
        return "<ul class=\"readers\">\(self.readers.map { self.line($0, in: frame) })</ul>"
    }

    private func line(_ reader: Reader, in frame: Frame) -> HTML {
        """
        <li class="reader"><div>
        <p><strong class="name"><bdi>\(reader.name)</bdi></strong>\(" (you)", if: reader.isYou), \(reader.role)</p>
        <p class="hint">\(self.terms(reader, in: frame.words))</p>
        </div>\(reader.share.map { self.stop($0, reader, in: frame) })</li>
        """
    }

    private func terms(_ reader: Reader, in words: Words) -> String {
        var parts = [reader.reason]
        if let sees = reader.sees { parts.append("sees \(sees)") }
        if let until = reader.until { parts.append("until \(words.date(until))") }
        if !reader.isYou {
            parts.append(reader.lastLooked.map { "last looked \(words.moment($0))" } ?? "has not looked yet")
        }
        return parts.joined(separator: " · ")
    }

    private func stop(_ share: String, _ reader: Reader, in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.stopSharing(of: self.patient.id))">\(frame.csrfField)
        <input type="hidden" name="share" value="\(share)">
        <button type="submit" class="quiet">Stop sharing<span class="hidden"> with \(reader.name)</span></button></form>
        """
    }

    private func form(in frame: Frame) -> HTML {
        guard !self.clinicians.isEmpty else {
            return "<p>There is no clinician here who cannot read this record already.</p>"
        }
        let problem = Problem(text: "Nothing is shared yet. Please look at what is marked below.").html
        return """
            \(problem, if: self.draft.hasErrors)
            <form method="post" action="\(Address.sharing(of: self.patient.id))">
            \(frame.csrfField)
            \(self.clinicianChoice.html)
            \(self.purposeChoice(self.draft.purpose, error: self.draft.purposeError).html)
            \(self.draft.shown.html)
            \(self.untilField(self.draft.until, error: self.draft.untilError, in: frame).html)
            <p class="hint">They can read what is ticked until that day, and cannot pass it on here. You see each time they
            look.</p>
            <button type="submit">Share</button>
            </form>
            """
    }

    private var clinicianChoice: Choice {
        Choice(
            name: "clinician",
            label: "With whom",
            error: self.draft.clinicianError,
            options: self.clinicians.map { Choice.Option(value: $0.id, label: "\($0.name), \($0.role)") },
            chosen: self.draft.clinician,
            prompt: "Please choose"
        )
    }

    /// Guests who were asked.
    private func asked(in frame: Frame) -> HTML {
        """
        <section aria-labelledby="asked"><h2 id="asked">Asked, and not answered yet</h2>
        <ul class="readers">\(self.waiting.map { self.line($0, in: frame) })</ul></section>
        """
    }

    private func line(_ waiting: Waiting, in frame: Frame) -> HTML {
        var terms = [waiting.reason]
        if let sees = waiting.sees { terms.append("would see \(sees)") }
        if let last = waiting.last { terms.append("until \(frame.words.date(last))") }
        terms.append("can answer until \(frame.words.date(waiting.until))")
        return """
            <li class="reader"><div><p><strong class="name"><bdi>\(waiting.name)</bdi></strong></p>
            <p class="hint">\(terms.joined(separator: " · "))</p></div>
            <form method="post" action="\(Address.withdrawGuest(of: self.patient.id))">\(frame.csrfField)
            <input type="hidden" name="invitation" value="\(waiting.id)">
            <button type="submit" class="quiet">Take back<span class="hidden"> the invitation of \(waiting.name)</span></button></form></li>
            """
    }

    private func askGuest(in frame: Frame) -> HTML {
        """
        <section class="card" aria-labelledby="ask"><h2 id="ask">Ask a clinician from another organisation</h2>
        \(self.guestForm(in: frame))</section>
        """
    }

    private func guestForm(in frame: Frame) -> HTML {
        let problem = Problem(text: "Nobody was asked yet. Please look at what is marked below.").html
        return """
            \(problem, if: self.guest.hasErrors)
            <p>Somebody who does not belong here can read the record as your guest: what you tick, until the day you choose, and nothing
            else of <bdi>\(frame.organization ?? "your organisation")</bdi>.</p>
            <form method="post" action="\(Address.inviteGuest(of: self.patient.id))">
            \(frame.csrfField)
            \(Field(
                name: "name", suffix: "-guest", label: "Their name", error: self.guest.nameError, value: self.guest.name,
                isRequired: true).html)
            \(Field(
                kind: .email, name: "email", label: "Their email address", error: self.guest.emailError, value: self.guest.email,
                isRequired: true).html)
            \(self.purposeChoice(self.guest.purpose, error: self.guest.purposeError, suffix: "-guest").html)
            \(self.guest.shown.html(suffix: "-guest"))
            \(self.untilField(self.guest.until, error: self.guest.untilError, suffix: "-guest", in: frame).html)
            <p class="hint">They read all of this before they accept. You see each time they look.</p>
            <button type="submit">Ask them</button>
            </form>
            """
    }

    private func purposeChoice(_ chosen: String?, error: String?, suffix: String = "") -> Choice {
        Choice(
            name: "purpose",
            suffix: suffix,
            label: "What for",
            hint: "They see this reason, and it is kept with the share.",
            error: error,
            options: [Purpose.treatment, .secondOpinion, .care].map {
                Choice.Option(value: $0.rawValue, label: Self.label($0))
            },
            chosen: chosen,
            prompt: "Please choose"
        )
    }

    private func untilField(_ value: String, error: String?, suffix: String = "", in frame: Frame) -> Field {
        Field(
            kind: .date,
            name: "until",
            suffix: suffix,
            label: "Until the end of",
            hint: "At most \(self.longestDays == 365 ? "a year" : "\(self.longestDays) days"). You can stop sooner.",
            error: error,
            value: value,
            isRequired: true,
            earliest: frame.today,
            latest: frame.today.adding(days: self.longestDays)
        )
    }
}
