/// Who treats somebody, and letting a colleague in: into the team, or for a job.
struct CareTeamPage: PageBody {
    struct Line: Sendable {
        /// The id of the reach that can be ended here; `nil` for one that cannot.
        var reach: String?
        var name: String
        var role: String
        /// "belongs to the care team".
        var reason: String
        var since: Day?
        /// The last day.
        var until: Day?
        var isYou = false
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var colleague: String?
        var kind: String?
        var until = ""
        /// What is wrong, by field.
        var rules: [String: String] = [:]
    }

    /// What was done just now.
    enum Notice: String, Sendable {
        case letIn = "in"
        case ended
    }

    var patient: PatientCard
    var lines: [Line]
    var colleagues: [Choice.Option]
    /// Whether the reader may let others in.
    var mayLetIn: Bool
    var draft = Draft()
    var notice: Notice?

    /// A job has an end within so many days.
    static let longestJob = 30

    func title(in frame: Frame) -> String { "Care team" }

    func body(in frame: Frame) -> HTML {
        let done: HTML? = self.notice.map { notice in
            "<div class=\"notice\" role=\"status\"><p>\(notice == .letIn ? "They can open this record from now on." : "Ended, at once.")</p></div>"
        }
        return """
            \(self.patient.header(.team, title: "<h1>Care team</h1>", in: frame))
            \(done)
            <p class="lead">Who can open this record now. Each time they do is noted.</p>
            <ul class="readers">\(self.lines.map { self.row($0, in: frame) })</ul>
            \(self.form(in: frame), if: self.mayLetIn)
            """
    }

    private func row(_ line: Line, in frame: Frame) -> HTML {
        let end: HTML? = line.reach.map { reach in
            """
            <form method="post" action="\(Address.endTeam(of: self.patient.id))">\(frame.csrfField)
            \("<input type=\"hidden\" name=\"own\" value=\"yes\">", if: line.isYou)
            <button type="submit" class="quiet" name="reach" value="\(reach)">End<span class="hidden"> the way in of \(line.name)</span>
            </button></form>
            """
        }
        let until = line.until.map { ", until \(frame.words.date($0))" } ?? ""
        return """
            <li class="reader"><div class="about"><strong class="name"><bdi>\(line.name)</bdi></strong>\(" (you)", if: line.isYou)
            <span>\(line.role)</span>
            <span>\(line.reason.sentenceCased)\(line.since.map { ", since \(frame.words.date($0))" } ?? "")\(until)</span></div>\(end)</li>
            """
    }

    private func form(in frame: Frame) -> HTML {
        guard !self.colleagues.isEmpty else {
            return "<p class=\"empty\">There is no colleague here who cannot open this record already.</p>"
        }
        let problem = Problem(text: "Nobody was let in. Please look at what is marked below.").html
        return """
            <section class="card" aria-labelledby="let-in"><h2 id="let-in">Let a colleague in</h2>
            \(problem, if: !self.draft.rules.isEmpty)
            <form method="post" action="\(Address.team(of: self.patient.id))">\(frame.csrfField)
            \(Choice(
                name: "colleague", label: "Whom", error: self.draft.rules["colleague"], options: self.colleagues,
                chosen: self.draft.colleague, prompt: "Please choose").html)
            \(Choice(
                name: "kind", label: "As what", error: self.draft.rules["kind"],
                options: [
                    .init(value: "care-team", label: "One of the care team"), .init(value: "assignment", label: "For a job, until a day"),
                ],
                chosen: self.draft.kind, prompt: "Please choose").html)
            \(Field(
                kind: .date, name: "until", label: "Last day of the job", hint: "Within \(Self.longestJob) days. The care team has none.",
                error: self.draft.rules["until"], value: self.draft.until, earliest: frame.today,
                latest: frame.today.adding(days: Self.longestJob)).html)
            <button type="submit">Let in</button></form></section>
            """
    }
}
