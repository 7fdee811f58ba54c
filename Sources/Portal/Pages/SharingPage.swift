/// Who can read one person's record, and the form to let a clinician read it for a while.
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

    /// Why a record is shared.
    enum Purpose: String, Sendable, CaseIterable {
        case treatment
        case secondOpinion = "second-opinion"
        case emergency, advice

        var label: String {
            switch self {
            case .treatment: "Treatment"
            case .secondOpinion: "A second opinion"
            case .emergency: "In case of an emergency"
            case .advice: "Advice before a visit"
            }
        }

        /// "for treatment".
        var reason: String {
            switch self {
            case .treatment: "for treatment"
            case .secondOpinion: "for a second opinion"
            case .emergency: "in case of an emergency"
            case .advice: "for advice before a visit"
            }
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

    /// What was just done.
    enum Done: Sendable {
        case shared(with: String, until: Day)
        case stopped

        /// How an address says that sharing was stopped.
        static let stopping = "stopped"
    }

    var patient: PatientCard
    var readers: [Reader]
    /// With whom it could be shared.
    var clinicians: [Clinician]
    var draft = Draft()
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
            \(self.purposeChoice.html)
            \(self.draft.shown.html)
            \(self.untilField(in: frame).html)
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

    private var purposeChoice: Choice {
        Choice(
            name: "purpose",
            label: "What for",
            hint: "They see this reason, and it is kept with the share.",
            error: self.draft.purposeError,
            options: Purpose.allCases.map { Choice.Option(value: $0.rawValue, label: $0.label) },
            chosen: self.draft.purpose,
            prompt: "Please choose"
        )
    }

    private func untilField(in frame: Frame) -> Field {
        Field(
            kind: .date,
            name: "until",
            label: "Until the end of",
            hint: "At most \(self.longestDays == 365 ? "a year" : "\(self.longestDays) days"). You can stop sooner.",
            error: self.draft.untilError,
            value: self.draft.until,
            isRequired: true,
            earliest: frame.today,
            latest: frame.today.adding(days: self.longestDays)
        )
    }
}
