/// A second person signs an entry, on the device of whoever wrote it.
struct CountersignPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable, Equatable {
        case noName, wrong
        case wait(minutes: Int)
        case notTheSecond, notNow
    }

    /// What a second person can sign.
    static let rule = """
        A second person signs what the first has written themselves within a day, as it stands now, and once.
        """
    /// Who that can be.
    static let secondPersonRule = """
        The second person is somebody else than the first, who may write in this record and has chosen a PIN.
        """

    var patient: PatientCard
    /// The id of the record.
    var record: String
    var words: RecordInWords
    var version: Int
    var canBeSigned: Bool
    /// Who can be the second person; without whoever is signed in.
    var people: [Choice.Option]
    var chosen: String?
    var trouble: Trouble?

    func title(in frame: Frame) -> String { "A second person signs" }

    func body(in frame: Frame) -> HTML {
        """
        <nav class="back" aria-label="Back to the entry"><a href="\(Address.record(self.record, of: self.patient.id))">Back to the entry</a></nav>
        \(self.patient.header(nil, title: "<h1>A second person signs</h1>", in: frame))
        <article class="card record">
        <p class="kind">\(self.words.kind.label)</p>
        <p><strong>\(self.words.title)</strong></p>
        <p class="sentence">\(self.words.sentence(in: frame.words))</p>
        \(RecordPage.list(self.words.facts))
        </article>
        \(self.ending(in: frame))
        """
    }

    private func ending(in frame: Frame) -> HTML {
        if !self.canBeSigned || self.trouble == .notNow {
            return "<p class=\"empty\">This cannot be signed now. \(Self.rule)</p>"
        }
        if self.people.isEmpty {
            return """
                <p class="empty">Nobody else can sign this yet. \(Self.secondPersonRule) They choose it in their own account, under
                “A PIN to sign as a second person”.</p>
                """
        }
        return self.form(in: frame)
    }

    private func form(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <p>Written by <bdi>\(frame.signedIn?.name ?? "you")</bdi>. Please hand the device to the second person now: they look at the entry
        above, choose their name, and type their PIN.</p>
        \(Problem(text: "Nothing is signed yet. Please look at what is marked below.").html, if: self.trouble != nil)
        <form method="post" action="\(Address.countersign(self.record, of: self.patient.id))" class="card">\(frame.csrfField)
        <input type="hidden" name="version" value="\(String(self.version))">
        \(Choice(
            name: "member", label: "Who signs", error: self.nameError, options: self.people, chosen: self.chosen,
            prompt: "Please choose your name").html)
        \(Field(
            kind: .password, name: "pin", label: "Your PIN", hint: "Six digits. It signs this one entry", error: self.pinError,
            completion: "off", isRequired: true, isNumber: true).html)
        <button type="submit">Sign as the second person</button></form>
        <p class="hint">Both names stand with the entry from then on. The device stays signed in as <bdi>\(frame.signedIn?.name ?? "before")</bdi>,
        and opens nothing of the second person’s.</p></div>
        """
    }

    private var nameError: String? {
        switch self.trouble {
        case .noName: "Please choose your name."
        case .notTheSecond: Self.secondPersonRule
        default: nil
        }
    }

    private var pinError: String? {
        switch self.trouble {
        case .wrong: "That is not the PIN of whoever was chosen. Please try again."
        case .wait(let minutes):
            """
            A wrong PIN was tried too often. Please wait \(minutes == 1 ? "a minute" : "\(minutes) minutes"). How you sign in is not \
            touched.
            """
        default: nil
        }
    }
}
