/// What is promised to whoever reports a weakness: the page at `/security/policy`.
struct SecurityPolicyPage: PageBody {
    /// `24 hours`, `3 working days`.
    var acknowledge: String
    var answer: String
    /// Further ways to reach those who run the server, as `security.txt` has them.
    var contacts: [String]
    /// Who was thanked, as they wanted to be called.
    var thanked: [String] = []

    func title(in frame: Frame) -> String { "Reporting a weakness" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Reporting a weakness</h1>
        <p class="lead">You found something that lets people see, change or break what they should not. Thank you for looking.
        Please tell us before you tell others.</p>
        <p><a class="button" href="\(Address.reportWeakness)">Report a weakness</a></p>
        <p><a href="\(Address.followWeakness)">See what became of a report</a></p>
        <section class="card"><h2>What we promise</h2>
        <dl class="facts">
        <div><dt>Somebody reads it</dt><dd>within \(self.acknowledge). You see that at your report’s link.</dd></div>
        <div><dt>You get an answer</dt><dd>within \(self.answer): what we found, and what we do about it.</dd></div>
        <div><dt>You are thanked</dt><dd>by name, if you wish, when it is repaired.</dd></div>
        <div><dt>Only we read it</dt><dd>What you write is encrypted before it is stored.</dd></div>
        </dl>
        <p class="hint">A late report makes promise INC-6 fall short, for everybody to see on <a href="\(Address.trust)">the page of
        promises</a>.</p>
        </section>
        <section class="card"><h2>You are safe from us</h2>
        <p>We take no action against you, and support none by others, if you look in good faith and keep to what is below. If you
        are not sure whether something is allowed, ask first, by the same form.</p>
        </section>
        <section class="card"><h2>What you may try</h2>
        <ul>
        <li>This server: its pages, its interface for programs, its transport and its files.</li>
        <li>With accounts that are yours, or that their owners let you use.</li>
        <li>The program itself, on a machine of your own: it comes with a demo full of people who do not exist.</li>
        </ul>
        </section>
        <section class="card"><h2>What you may not</h2>
        <ul>
        <li>Open, keep or change anybody’s health record. If you come upon one, stop, and tell us that you did.</li>
        <li>Slow the server down for others, or fill it.</li>
        <li>Trick people, or get into buildings.</li>
        <li>Show what you found to others before it is repaired or 90 days are over.</li>
        </ul>
        </section>
        \(self.thanks)
        <section class="card"><h2>No health data, please</h2>
        <p>Do not send us anybody’s name or health. How to repeat it is enough.</p>
        \(self.ways)
        <p class="hint">Programs find this at <a href="\(Address.securityFile)">/.well-known/security.txt</a>.</p>
        </section>
        """
    }

    private var thanks: HTML? {
        guard !self.thanked.isEmpty else { return nil }
        return """
            <section class="card" id="thanks"><h2>We thank</h2>
            <p>These people found a weakness and told us first:</p>
            <ul>\(self.thanked.map { "<li>\($0)</li>" as HTML })</ul>
            </section>
            """
    }

    private var ways: HTML? {
        guard !self.contacts.isEmpty else { return nil }
        return """
            <p>Other ways to reach us:</p>
            <ul>\(self.contacts.map { "<li><code>\($0)</code></li>" as HTML })</ul>
            """
    }
}

/// The form for a weakness: the page at `/security/report`.
struct ReportWeaknessPage: PageBody {
    var csrf: String
    /// What was typed, by field.
    var values: [String: String] = [:]
    /// What is wrong with it, by field.
    var errors: [String: String] = [:]
    /// What is wrong with all of it.
    var trouble: String?
    /// How many bytes each field takes.
    var longest: [String: Int]
    var acknowledge: String

    func title(in frame: Frame) -> String { "Report a weakness" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Report a weakness</h1>
        <p class="lead">Somebody reads it within \(self.acknowledge). You need no account.</p>
        \(self.problem?.html)
        <form method="post" action="\(Address.reportWeakness)" class="card" autocomplete="off">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        \(self.field("what", "What is weak?", "In a sentence.").html)
        \(self.field("where", "Where?", "An address on this server, a version, a part of the program.").html)
        \(self.steps.html)
        \(self.field("contact", "How can we reach you? (may be left empty)",
            "Without it you follow your report by a link that you get now.", isRequired: false).html)
        \(self.field("thanks", "By which name may we thank you? (may be left empty)",
            "It then stands on our page about reports once the weakness is repaired.", isRequired: false).html)
        <button type="submit">Send</button>
        </form>
        <p class="hint">Please write nothing about anybody’s health, and no names of patients. What you write is encrypted before
        it is stored. The address you write from is noted, encrypted as well. <a href="\(Address.securityPolicy)">What we promise
        you</a> · <a href="\(Address.followWeakness)">See what became of a report</a></p>
        """
    }

    private var problem: Problem? {
        if let trouble { return Problem(text: trouble) }
        return self.errors.isEmpty ? nil : Problem(text: "Nothing was sent yet. Please look at what is marked.")
    }

    private func field(_ name: String, _ label: String, _ hint: String, isRequired: Bool = true) -> Field {
        Field(
            name: name,
            label: label,
            hint: hint,
            error: self.errors[name],
            value: self.values[name] ?? "",
            isRequired: isRequired
        )
    }

    private var steps: LongField {
        LongField(
            name: "how",
            label: "How can we repeat it?",
            hint: "Step by step: what you did, and what you saw.",
            error: self.errors["how"],
            value: self.values["how"] ?? "",
            longest: self.longest["how"] ?? 0
        )
    }
}

/// What the reporter gets: the number and the link.
struct WeaknessReportedPage: PageBody {
    var number: Int
    var token: String
    var acknowledge: String
    var answer: String

    func title(in frame: Frame) -> String { "Thank you" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Thank you. Your report has number \(self.number).</h1>
        <p class="lead">Somebody reads it within \(self.acknowledge), and you get an answer within \(self.answer).</p>
        <section class="card"><h2>Keep this link</h2>
        <p>It is shown once. Whoever has it can read your report, our answers, and write to us. We cannot give it to you
        again.</p>
        <p class="key"><a href="\(Address.weakness(self.token))">Your report’s link</a></p>
        <p>Or keep the code, and enter it at <a href="\(Address.followWeakness)">/security/follow</a>:</p>
        <p class="key"><code>\(self.token)</code></p>
        </section>
        """
    }
}

/// Asks for the code of a report, or sends the one that a link brought.
struct FollowWeaknessPage: PageBody {
    var csrf: String
    var token: String?
    var isUnknown = false
    var trouble: String?

    func title(in frame: Frame) -> String { "Your report" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Your report of a weakness</h1>
        \(self.trouble.map { Problem(text: $0).html })
        \(self.isUnknown ? Problem(text: "No report has this code. Please check that it is whole: 43 letters and signs.").html : nil)
        <form method="post" action="\(Address.followWeakness)" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        \(self.code)
        <button type="submit">Open the report</button>
        </form>
        <p class="hint">The code came with your report, once. If it is lost, please
        <a href="\(Address.reportWeakness)">report again</a>.</p>
        </div>
        """
    }

    private var code: HTML {
        if let token, !self.isUnknown { return "<input type=\"hidden\" name=\"token\" value=\"\(token)\">" }
        return Field(name: "token", label: "Its code", value: self.token ?? "", isRequired: true).html
    }
}

/// A report, what was done about it, and a form to write more.
struct WeaknessPage: PageBody {
    /// Something that was done.
    struct Act: Sendable {
        var at: Moment
        /// "Read by those who run this server".
        var what: String
        var text: String
    }

    var csrf: String
    var token: String
    var number: Int
    var reported: Moment
    var acknowledgeBy: Moment
    var answerBy: Moment
    var standing: String
    /// The reporter's own words: label and text.
    var report: [(label: String, text: String)]
    var acts: [Act]
    var notice: String?
    var trouble: String?
    var words: String = ""
    var longest: Int

    func title(in frame: Frame) -> String { "Your report" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Report \(self.number == 0 ? "of a check" : "number \(self.number)")</h1>
        <p class="lead">\(self.standing)</p>
        \(self.notice.map { "<div class=\"notice\" role=\"status\"><p>\($0)</p></div>" as HTML })
        \(self.trouble.map { Problem(text: $0).html })
        <section class="card"><h2>What was done</h2>
        <dl class="facts">
        <div><dt>\(frame.words.moment(self.reported)) UTC</dt><dd>You reported it. We promised to read it by
        \(frame.words.moment(self.acknowledgeBy)) UTC and to answer by \(frame.words.moment(self.answerBy)) UTC.</dd></div>
        \(self.acts.map { self.line($0, in: frame.words) })
        </dl>
        </section>
        <section class="card"><h2>Write more</h2>
        <form method="post" action="\(Address.writeOnWeakness)">
        <input type="hidden" name="csrf" value="\(self.csrf)"><input type="hidden" name="token" value="\(self.token)">
        \(LongField(name: "text", label: "Your words", hint: "Nothing about anybody’s health, please.", value: self.words,
            longest: self.longest).html)
        <button type="submit">Send</button>
        </form>
        </section>
        <section class="card"><h2>What you reported</h2>
        <dl class="facts">
        \(self.report.map { "<div><dt>\($0.label)</dt><dd class=\"said\">\($0.text)</dd></div>" as HTML })
        </dl>
        </section>
        """
    }

    private func line(_ act: Act, in words: Words) -> HTML {
        """
        <div><dt>\(words.moment(act.at)) UTC</dt><dd>\(act.what)\
        \(act.text.isEmpty ? nil : "<blockquote class=\"note\">\(act.text)</blockquote>" as HTML)</dd></div>
        """
    }
}

/// Too much was sent: from one address, or by everybody.
struct TooManyReportsPage: PageBody {
    var minutes: Int
    var contacts: [String]

    func title(in frame: Frame) -> String { "Please wait" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>Please wait a while</h1>
        <p>So that nobody can fill this server, it takes only so many reports in an hour. Nothing of what you sent was kept. Please
        try again in \(self.minutes == 1 ? "a minute" : "\(self.minutes) minutes").</p>
        \(self.contacts.isEmpty ? nil : "<p>If it cannot wait:</p><ul>\(self.contacts.map { "<li><code>\($0)</code></li>" as HTML })</ul>" as HTML)
        """
    }
}
