import Care
import People

/// What is set in an organisation, and the forms to set it otherwise.
struct SettingsPage: PageBody {
    struct Line: Sendable {
        var name: String
        var label: String
        /// As it is kept: a number, or roles.
        var value: String
        /// "minutes"; empty for a number of people.
        var unit: String
        /// "between 20 and 10000".
        var bounds: String
        /// What Carekeep comes with, as ``value``.
        var beginsWith: String
        /// Where that comes from.
        var source: String
        /// When that was last looked at.
        var checkedOn: Day?
        /// When it was set otherwise here.
        var changed: Day?
        var isObeyed: Bool
        /// Of roles: which can be chosen. Empty for a number.
        var roles: [RoleOption] = []
        /// What was sent and not taken.
        var sent: String?
    }

    /// A role that a setting can name.
    struct RoleOption: Sendable {
        var role: String
        var label: String
        /// Whether Carekeep names it whatever is set.
        var isFixed: Bool
        var isChosen: Bool
    }

    var settings: [Line]
    var mayChange: Bool
    var seesOverview = false

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Settings" }

    func body(in frame: Frame) -> HTML {
        """
        <p class="back"><a href="\(Address.members)">People</a></p>
        <h1>Settings</h1>
        <p class="lead">What counts here. A change counts at once, and is noted. For whoever is signed in already, only what is shorter or
        asks for more does; the rest counts from their next sign-in.</p>
        \(self.seesOverview ? "<p><a href=\"\(Address.overview)\">Numbers</a> without names: how much is kept here.</p>" as HTML : nil)
        \(Self.chapters.compactMap { self.chapter($0.title, $0.names, in: frame) })
        \(self.waiting(in: frame))
        """
    }

    private static let chapters: [(title: String, names: Set<String>)] = [
        (
            "Signing in",
            [
                "session.staff-idle", "session.staff-lasting", "session.idle", "session.lasting", "session.programs",
                "second-factor.required", "step-up.within",
            ]
        ),
        ("Inviting people", ["invitation.lasts"]),
        ("Numbers", ["overview.smallest", "overview.every"]),
        ("Appointments", ["appointment.reach-before", "appointment.reach-after"]),
        ("Records", ["disclosure.limit"]),
    ]

    /// A chapter, in the order of the labels; what no other chapter names stands in the last one.
    private func chapter(_ title: String, _ names: Set<String>, in frame: Frame) -> HTML? {
        let elsewhere = Self.chapters.filter { $0.title != title }.reduce(into: Set<String>()) {
            $0.formUnion($1.names)
        }
        let isLast = title == Self.chapters.last?.title
        let own = self.settings.filter {
            $0.isObeyed && (names.contains($0.name) || isLast && !elsewhere.contains($0.name))
        }
        return own.isEmpty ? nil : "<h2>\(title)</h2>\(own.map { self.card($0, in: frame) })"
    }

    private func waiting(in frame: Frame) -> HTML? {
        let lines = self.settings.filter { !$0.isObeyed }
        guard !lines.isEmpty else { return nil }
        return """
            <details><summary>Periods that nothing acts on yet</summary>
            <p class="hint">They come with Carekeep for your kind of organisation, each with where it comes from, and will count when
            what they are for is built. They cannot be changed until then.</p>
            <ul class="plain">\(lines.map { line in
                "<li><strong>\(line.label)</strong>: \(line.value) \(line.unit). <span class=\"hint\">\(self.origin(line, in: frame))</span></li>" as HTML
            })</ul></details>
            """
    }

    private func card(_ line: Line, in frame: Frame) -> HTML {
        guard self.mayChange else {
            return """
                <section class="card"><p><strong>\(line.label)</strong>: \(self.words(line.value, of: line))</p>
                <p class="hint">\(self.hint(line, in: frame))</p></section>
                """
        }
        let back: HTML = """
            <form method="post" action="\(Address.settings)">\(frame.csrfField)
            <input type="hidden" name="name" value="\(line.name)">
            <button type="submit" class="quiet" name="default" value="yes">Back to \(self.words(line.beginsWith, of: line))\
            <span class="hidden">: \(line.label)</span></button></form>
            """
        return """
            <section class="card">
            <form method="post" action="\(Address.settings)">\(frame.csrfField)
            <input type="hidden" name="name" value="\(line.name)">
            \(line.roles.isEmpty ? self.number(line, in: frame) : self.ticks(line, in: frame))
            <button type="submit">Save<span class="hidden">: \(line.label)</span></button></form>
            \(back, if: line.changed != nil)
            </section>
            """
    }

    private func number(_ line: Line, in frame: Frame) -> HTML {
        Field(
            name: "value",
            suffix: "-\(line.name)",
            label: line.unit.isEmpty ? line.label : "\(line.label) (\(line.unit))",
            hint: self.hint(line, in: frame),
            error: line.sent == nil ? nil : "Please enter a whole number \(line.bounds).",
            value: line.sent ?? line.value,
            isRequired: true,
            isNumber: true
        ).html
    }

    private func ticks(_ line: Line, in frame: Frame) -> HTML {
        let fixed = line.roles.filter(\.isFixed)
        let always: HTML = "<p>Always: \(fixed.map(\.label).joined(separator: ", ")).</p>"
        return """
            <fieldset class="ticks" aria-describedby="\(line.name)-hint"><legend>\(line.label)</legend>
            <p class="hint" id="\(line.name)-hint">\(self.hint(line, in: frame))</p>
            \(always, if: !fixed.isEmpty)
            \(fixed.map { "<input type=\"hidden\" name=\"role-\($0.role)\" value=\"yes\">" as HTML })
            \(line.roles.filter { !$0.isFixed }.map { Tick(name: "role-\($0.role)", label: $0.label, isChosen: $0.isChosen).html })
            </fieldset>
            """
    }

    /// "30 minutes"; "owner, administrator"; "nobody".
    private func words(_ value: String, of line: Line) -> String {
        guard !line.roles.isEmpty else { return line.unit.isEmpty ? value : "\(value) \(line.unit)" }
        let named = value.split(separator: ",").map { role in
            line.roles.first { $0.role == role }?.label ?? String(role)
        }
        return named.isEmpty ? "nobody" : named.count > 3 ? "what Carekeep comes with" : named.joined(separator: ", ")
    }

    private func hint(_ line: Line, in frame: Frame) -> String {
        let range = line.roles.isEmpty ? "A whole number \(line.bounds). " : ""
        let begins = line.roles.isEmpty ? "Carekeep comes with \(line.beginsWith): " : "Why: "
        let changed = line.changed.map { " Set here on \(frame.words.date($0))." } ?? ""
        return range + begins + self.origin(line, in: frame) + changed
    }

    private func origin(_ line: Line, in frame: Frame) -> String {
        guard let day = line.checkedOn else { return "\(line.source)." }
        return "\(line.source) (last looked at on \(frame.words.date(day)))."
    }
}

extension SettingsPage.Line {
    /// `changed` is the day on which it was set here, where the organisation is.
    init(_ setting: OrganizationSetting, changed: Day?, words: Words, sent: String?) {
        self.init(
            name: setting.name,
            label: Self.labels[setting.name] ?? setting.name.replacing("-", with: " ").replacing(".", with: ": "),
            value: setting.value,
            unit: setting.kind == "count" || setting.kind == "roles" ? "" : setting.kind,
            bounds: "between \(setting.floor ?? "0") and \(setting.ceiling ?? "999999999")",
            beginsWith: setting.beginsWith,
            source: setting.source,
            checkedOn: Day(fhir: setting.checkedOn),
            changed: changed,
            isObeyed: setting.isObeyed,
            roles: setting.kind == "roles" ? Self.roles(setting, words) : [],
            sent: sent
        )
    }

    private static func roles(_ setting: OrganizationSetting, _ words: Words) -> [SettingsPage.RoleOption] {
        let named = { (list: String?) in Set((list ?? "").split(separator: ",").map(String.init)) }
        let (chosen, fixed, offered) = (named(setting.value), named(setting.floor), named(setting.ceiling))
        return Role.allCases.filter { offered.contains($0.rawValue) }.map { role in
            SettingsPage.RoleOption(
                role: role.rawValue,
                label: words.name(role),
                isFixed: fixed.contains(role.rawValue),
                isChosen: chosen.contains(role.rawValue)
            )
        }
    }

    private static let labels = [
        "carer.invited-by": "Who among those who keep a record may ask other carers in",
        "disclosure.limit": "How many people lists, searches and exports may show one member in a day",
        "session.idle": "Signed out after so long without doing anything",
        "session.lasting": "Signed out at the latest after",
        "session.staff-idle": "Staff: signed out after so long without doing anything",
        "session.staff-lasting": "Staff: signed out at the latest after",
        "session.programs": "Programs: signed out at the latest after",
        "step-up.within": "Before something grave, a code or password must have been shown within",
        "second-factor.required": "Who must show a code from their phone to sign in",
        "appointment.reach-before": "Whoever an appointment names can see the patient before it for",
        "appointment.reach-after": "Whoever an appointment names can see the patient after it for",
        "invitation.lasts": "How long an invitation can be used",
        "overview.smallest": "In Numbers, nothing is shown that is about fewer people than",
        "overview.every": "Numbers can be counted again after",
        "growing-up.review-before": "Growing up: both are asked before the birthday",
        "growing-up.account-from": "Growing up: an account of one’s own is offered at the age of",
        "retention.after-closing": "Kept after a record is closed",
        "retention.record": "Records are kept for",
        "retention.child-until-age": "A child’s records are kept until the age of",
        "retention.drug-register": "The register of controlled drugs is kept for",
        "retention.trail": "The list of who looked is kept for",
        "breach.people": "After a breach, the people are told within",
        "breach.authority": "After a breach, the authority is told within",
        "breach.organisation": "After a breach, the organisation is told within",
        "breach.board": "After a breach, the Data Protection Board is told within",
        "breach.cert-in": "After a breach, CERT-In is told within",
        "request.answer": "A request about one’s data is answered within",
        "request.record": "A request for one’s record is answered within",
        "complaint.acknowledge": "A complaint is acknowledged within",
        "break-glass.minutes": "For how many minutes a clinician may open a record in an emergency (0: not at all)",
        "break-glass.writes": "Whether they may write in it then (1) or only read (0)",
        "break-glass.daily": "How many such records one clinician may open in 24 hours",
        "break-glass.review-within": "Within how many hours somebody else reviews it",
    ]
}

/// Asks whether somebody means to leave.
struct LeavePage: PageBody {
    var isUnsure = false

    func title(in frame: Frame) -> String { "Leave this organisation" }

    func body(in frame: Frame) -> HTML {
        let problem = Problem(text: "Please tick that you are sure. Nothing was changed.").html
        return """
            <div class="narrow"><h1>Leave <bdi>\(frame.organization ?? "this organisation")</bdi></h1>
            \(problem, if: self.isUnsure)
            <p>You are signed out here at once, everywhere, and can open no record of this organisation any more, not even one that
            you keep. What you wrote stays. To come back, somebody has to add you again.</p>
            <p>If you keep a record that nobody else keeps, make sure that somebody else can before you go.</p>
            <form method="post" action="\(Address.leave)">\(frame.csrfField)
            \(Tick(name: "sure", label: "I am sure that I want to leave", isChosen: false).html)
            <button type="submit" class="quiet">Leave</button></form></div>
            """
    }
}
