/// Which member a practitioner of the directory is: whoever an appointment names is let in by it.
struct PractitionersPage: PageBody {
    struct Line: Sendable {
        /// `Practitioner/…` or `PractitionerRole/…`.
        var reference: String
        var name: String
        /// The member, if somebody said who it is.
        var member: String?
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var practitioner: String?
        var member: String?
        var practitionerError: String?
        var memberError: String?

        var hasErrors: Bool { self.practitionerError != nil || self.memberError != nil }
    }

    var lines: [Line]
    /// Who belongs here, and may read records.
    var members: [Choice.Option]
    /// How many practitioners are shown, where there are more.
    var cutAt: Int?
    var draft = Draft()
    /// Whether something was said just now.
    var isDone = false

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Who is who in appointments" }

    func body(in frame: Frame) -> HTML {
        let known = self.lines.filter { $0.member != nil }
        return """
            <p class="back"><a href="\(Address.members)">People</a></p>
            <h1>Who is who in appointments</h1>
            <p class="lead">Whoever an appointment names sees that patient, from some days before it to some days after. For that,
            say here which person of the clinic each practitioner is. It counts for appointments that are entered or changed from then on.
            <a href="\(Address.settings)">How many days</a>.</p>
            \("<div class=\"notice\" role=\"status\"><p>Saved.</p></div>", if: self.isDone)
            \(self.form(in: frame))
            <h2>Known</h2>
            \(known.isEmpty
                ? "<p class=\"empty\">Nobody yet. Appointments let nobody in.</p>"
                : "<ul class=\"readers\">\(known.map { self.line($0, in: frame) })</ul>" as HTML)
            """
    }

    private func form(in frame: Frame) -> HTML {
        guard !self.lines.isEmpty else {
            return """
                <p class="empty">There are no practitioners in the directory. They come with an import, or from the program that keeps your
                appointments.</p>
                """
        }
        let cut: HTML =
            self.cutAt.map { "<p class=\"hint\">There are more than \($0). Those entered first are shown.</p>" as HTML }
            ?? ""
        return """
            <section class="card" aria-labelledby="say"><h2 id="say">Say who somebody is</h2>
            \(self.draft.hasErrors ? Problem(text: "Nothing was changed. Please look at what is marked below.").html : nil)
            <form method="post" action="\(Address.practitioners)">\(frame.csrfField)
            \(Choice(
                name: "practitioner", label: "Practitioner, as appointments name them", error: self.draft.practitionerError,
                options: self.lines.map { Choice.Option(value: $0.reference, label: Self.label($0)) },
                chosen: self.draft.practitioner, prompt: "Please choose").html)
            \(cut)
            \(Choice(
                name: "member", label: "Is this person here", error: self.draft.memberError, options: self.members,
                chosen: self.draft.member, prompt: "Please choose").html)
            <p class="hint">If it was somebody else before, what appointments let them in to ends at once.</p>
            <button type="submit">Save</button></form></section>
            """
    }

    private static func label(_ line: Line) -> String { line.member.map { "\(line.name) (\($0))" } ?? line.name }

    private func line(_ line: Line, in frame: Frame) -> HTML {
        """
        <li class="reader"><div><p><strong class="name"><bdi>\(line.name)</bdi></strong></p>
        <p class="hint">is <bdi>\(line.member ?? "")</bdi></p></div>
        <form method="post" action="\(Address.practitioners)">\(frame.csrfField)
        <input type="hidden" name="practitioner" value="\(line.reference)"><input type="hidden" name="member" value="nobody">
        <button type="submit" class="quiet">Not any more<span class="hidden">: \(line.name)</span></button></form></li>
        """
    }
}
