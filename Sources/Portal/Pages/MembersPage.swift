/// Everybody of an organisation, for those who give roles.
struct MembersPage: PageBody {
    struct Line: Sendable {
        var id: String
        var name: String
        var roles: [String]
        var isYou = false
        /// They were asked, and have not joined yet.
        var isAwaited = false
        /// The last day.
        var until: Day?
    }

    var members: [Line]
    /// Those who left.
    var former: [Line]
    /// Who went beyond the limit of whom they may be shown in a day, and when.
    var notices: [(when: Moment, name: String)] = []
    /// Whether whoever looks may see where people sign in.
    var seesProviders = false
    /// Whether appointments let people in here.
    var hasAppointments = false

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "People" }

    func body(in frame: Frame) -> HTML {
        """
        <h1>People</h1>
        <p class="lead">Everybody who belongs here, and as what. A role says what somebody may do; whose record they reach is
        another matter, and is told in that record. <a href="\(Address.roles)">What each role permits</a>.
        <a href="\(Address.settings)">Settings</a>.
        <a href="\(Address.agreementDesk)">What everybody agrees to</a>.
        \("<a href=\"\(Address.providerDesk)\">Where people sign in</a>.", if: self.seesProviders)\(Self.practitioners, if: self.hasAppointments)</p>
        \(self.told(in: frame.words), if: !self.notices.isEmpty)
        <ul class="readers">\(self.members.map { self.line($0, in: frame.words) })</ul>
        \(self.left(in: frame.words), if: !self.former.isEmpty)
        """
    }

    private static let practitioners: HTML =
        " <a href=\"\(Address.practitioners)\">Who is who in appointments</a>."

    private func line(_ line: Line, in words: Words) -> HTML {
        """
        <li class="reader"><div>
        <p><strong class="name"><bdi>\(line.name)</bdi></strong>\(" (you)", if: line.isYou)</p>
        <p class="hint">\(Self.terms(line, in: words))</p>
        </div><p><a class="button quiet" href="\(Address.member(line.id))">Change<span class="hidden"> the roles of \(line.name)</span></a></p></li>
        """
    }

    static func terms(_ line: Line, in words: Words) -> String {
        var parts = [line.roles.isEmpty ? "no role that is still there" : line.roles.joined(separator: ", ")]
        if line.isAwaited { parts.append("has not joined yet") }
        if let until = line.until { parts.append("until \(words.date(until))") }
        return parts.joined(separator: " · ")
    }

    private func told(in words: Words) -> HTML {
        """
        <div class="notice"><p>Asked to see more people in a day than the limit allows, and was refused:</p>
        <ul>\(self.notices.map { "<li><bdi>\($0.name)</bdi>, \(words.moment($0.when))</li>" as HTML })</ul></div>
        """
    }

    private func left(in words: Words) -> HTML {
        """
        <h2>Left</h2>
        <ul class="plain">\(self.former.map { line in
            "<li><bdi>\(line.name)</bdi> · \(Self.terms(line, in: words))</li>" as HTML
        })</ul>
        """
    }
}

/// One member: what they are, and the form to change it.
struct MemberPage: PageBody {
    /// What was sent to end the membership, when the form is shown again.
    struct Ending: Sendable {
        var until = ""
        var successor: String?
        var isSure = false
        var untilError: String?
        var successorError: String?
        var sureError: String?

        var hasErrors: Bool { self.untilError != nil || self.successorError != nil || self.sureError != nil }
    }

    struct Option: Sendable {
        /// The field's name: `role-owner`.
        var field: String
        var label: String
        var isChosen: Bool
    }

    var line: MembersPage.Line
    var roles: [Option]
    var ownRoles: [Option]
    /// Who can be handed the patients of whom nobody else takes care.
    var successors: [Choice.Option] = []
    var ending = Ending()
    /// Whether it was changed just now.
    var isDone = false
    var problem: String?

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Roles of a member" }

    func body(in frame: Frame) -> HTML {
        let done: HTML =
            "<div class=\"notice\" role=\"status\"><p>Changed. It counts from their next click on.</p></div>"
        let own: HTML = """
            <fieldset class="ticks"><legend>Roles of your own</legend>\(self.ownRoles.map(Self.tick))</fieldset>
            """
        return """
            <p class="back"><a href="\(Address.members)">People</a></p>
            <h1><bdi>\(self.line.name)</bdi></h1>
            <p class="hint">\(MembersPage.terms(self.line, in: frame.words))</p>
            \(done, if: self.isDone)\(self.problem.map { Problem(text: $0).html })
            <section class="card" aria-labelledby="roles"><h2 id="roles">Roles</h2>
            <form method="post" action="\(Address.member(self.line.id))">\(frame.csrfField)
            <fieldset class="ticks"><legend>What they are here</legend>\(self.roles.map(Self.tick))</fieldset>
            \(own, if: !self.ownRoles.isEmpty)
            <p class="hint">You give and take only what you hold yourself; owners give every role. A change counts from their
            next click on, and is noted. <a href="\(Address.roles)">What each role permits</a>.</p>
            <button type="submit">Save</button></form></section>
            \(self.endingForm(in: frame))
            """
    }

    private func endingForm(in frame: Frame) -> HTML {
        """
        <section class="card" aria-labelledby="end"><h2 id="end">End their membership</h2>
        \(self.ending.hasErrors ? Problem(text: "Nothing was changed. Please look at what is marked below.").html : nil)
        <p>With it end, at once and together: where they are signed in, links that they have not used, records shared with them,
        and every patient whom they reach. What they wrote stays.</p>
        <form method="post" action="\(Address.endMembership(self.line.id))">\(frame.csrfField)
        \(Field(
            kind: .date, name: "until", label: "Last day",
            hint: "Leave it empty to end it now. Until the end of that day otherwise, within a year.",
            error: self.ending.untilError, value: self.ending.until, earliest: frame.today, latest: frame.today.adding(days: 365)).html)
        \(Choice(
            name: "successor", label: "Who takes over",
            hint: "Patients whom nobody else looks after go to them. Each one’s list of who looked says so.",
            error: self.ending.successorError, options: self.successors, chosen: self.ending.successor, prompt: "Nobody",
            isRequired: false).html)
        \(Tick(name: "sure", label: "I am sure", isChosen: self.ending.isSure, error: self.ending.sureError).html)
        <button type="submit" class="quiet">End it</button></form></section>
        """
    }

    private static func tick(_ option: Option) -> HTML {
        Tick(name: option.field, label: option.label, isChosen: option.isChosen).html
    }
}

/// A labelled box to tick.
struct Tick: Sendable {
    var name: String
    /// Tells boxes of one name apart, where a page has several forms.
    var suffix = ""
    var label: String
    var isChosen: Bool
    var error: String?

    var html: HTML {
        let id = self.name + self.suffix
        return """
            \(self.error.map { "<p class=\"error\" id=\"\(id)-error\">\($0)</p>" as HTML })
            <label class="tick" for="\(id)"><input type="checkbox" id="\(id)" name="\(self.name)" value="yes" \
            autocomplete="off"\(" checked=\"checked\"", if: self.isChosen)\
            \(self.error.map { _ in " aria-invalid=\"true\" aria-describedby=\"\(id)-error\"" as HTML })> \(self.label)</label>
            """
    }
}
