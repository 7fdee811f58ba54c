/// What each role permits, and the organisation's own roles.
struct RolesPage: PageBody {
    struct Line: Sendable {
        /// Of one of the organisation's own.
        var id: String?
        var name: String
        var permissions: [String]
    }

    /// What was sent, when the form is shown again.
    struct Draft: Sendable {
        var name = ""
        var chosen: [String] = []
        var nameError: String?
        var chosenError: String?

        var hasErrors: Bool { self.nameError != nil || self.chosenError != nil }
    }

    var offered: [Line]
    var own: [Line]
    var draft = Draft()

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Roles" }

    func body(in frame: Frame) -> HTML {
        let problem = Problem(text: "No role was made. Please look at what is marked below.").html
        return """
            <p class="back"><a href="\(Address.members)">People</a></p>
            <h1>What roles permit</h1>
            <p class="lead">A role says what somebody may do. It opens nobody’s record: for that, they must reach the person, too.</p>
            <h2>Your own roles</h2>
            \(self.ownList)
            <section class="card" aria-labelledby="make"><h2 id="make">Make a role</h2>
            \(problem, if: self.draft.hasErrors)
            <form method="post" action="\(Address.roles)">\(frame.csrfField)
            \(self.nameField.html)
            \(PermissionTicks(chosen: self.draft.chosen, error: self.draft.chosenError).html)
            <button type="submit">Make the role</button></form></section>
            <h2>Roles that come with Carekeep</h2>
            <ul class="readers">\(self.offered.map(self.line))</ul>
            """
    }

    private var ownList: HTML {
        self.own.isEmpty
            ? "<p class=\"empty\">None yet. Make one where the roles below permit too much, or too little.</p>"
            : "<ul class=\"readers\">\(self.own.map(self.line))</ul>"
    }

    private func line(_ line: Line) -> HTML {
        let words = line.permissions.map(PermissionTicks.words).joined(separator: "; ")
        let told = words.isEmpty ? "nothing of what is built so far" : words
        return """
            <li class="reader"><div><p><strong class="name">\(line.name)</strong></p><p class="hint">\(told)</p></div>
            \(line.id.map { id in
                "<p><a class=\"button quiet\" href=\"\(Address.role(id))\">Change<span class=\"hidden\"> the role \(line.name)</span></a></p>" as HTML
            })</li>
            """
    }

    private var nameField: Field {
        Field(
            name: "name",
            label: "What it is called",
            hint:
                "A few small letters, such as “front desk”. Not the name of a person or an illness: the name is not sealed.",
            error: self.draft.nameError,
            value: self.draft.name,
            isRequired: true
        )
    }
}

/// One of the organisation's own roles.
struct RolePage: PageBody {
    var id: String
    var name: String
    var chosen: [String]
    /// Who has it.
    var holders: [String]
    var problem: String?

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "A role" }

    func body(in frame: Frame) -> HTML {
        """
        <p class="back"><a href="\(Address.roles)">Roles</a></p>
        <h1>\(self.name)</h1>
        <p class="hint">\(self.told)</p>
        \(self.problem.map { Problem(text: $0).html })
        <section class="card" aria-labelledby="permits"><h2 id="permits">What it permits</h2>
        <form method="post" action="\(Address.role(self.id))">\(frame.csrfField)
        \(PermissionTicks(chosen: self.chosen).html)
        <p class="hint">A change counts for all who have the role, from their next click on.</p>
        <button type="submit">Save</button></form></section>
        <section class="card" aria-labelledby="end"><h2 id="end">End this role</h2>
        <p>Whoever has it may do nothing by it any more. Their other roles stay.</p>
        <form method="post" action="\(Address.endRole(self.id))">\(frame.csrfField)
        <button type="submit" class="quiet">End the role</button></form></section>
        """
    }

    private var told: String {
        self.holders.isEmpty ? "Nobody has it." : "Who has it: \(self.holders.joined(separator: ", "))."
    }
}

/// Boxes for what a role can permit, module by module.
struct PermissionTicks: Sendable {
    var chosen: [String]
    var error: String?

    var html: HTML {
        let error = self.error.map { "<p class=\"error\" id=\"may-error\">\($0)</p>" as HTML }
        return """
            <fieldset class="ticks\(" wrong", if: self.error != nil)"\(" aria-describedby=\"may-error\"", if: self.error != nil)>
            <legend>What it permits</legend>\(error)
            \(Self.all.map { Tick(name: "may-\($0.name)", label: $0.words, isChosen: self.chosen.contains($0.name)).html })
            </fieldset>
            """
    }

    /// A permission in words; its name where there are none.
    static func words(_ permission: String) -> String { all.first { $0.name == permission }?.words ?? permission }

    static let all: [(name: String, words: String)] = [
        ("record.read", "read records of those whom they reach"), ("record.write", "enter and change records"),
        ("record.export", "get a whole record at once"),
        ("record.administer", "move records between patients, and merge patients"),
        ("directory.read", "read the directory of places and people"), ("directory.write", "change the directory"),
        ("sharing.read", "see who can read a record that they keep"),
        ("sharing.write", "share a record that they keep"),
        ("trail.read", "see who looked at a record that they keep"), ("member.read", "see who belongs here"),
        ("member.administer", "add people, give roles and end memberships"),
        ("role.administer", "make and change roles"),
        ("trail.administer", "answer what members report about their own accounts"),
        ("settings.read", "see the settings"), ("settings.administer", "change the settings"),
        ("sign-in.read", "see where people sign in"),
        ("sign-in.administer", "say where people sign in, and with that who gets in"),
        ("overview.read", "see the organisation in numbers, without names"),
        ("overview.administer", "have these numbers counted anew"),
        ("emergency.write", "open a record in an emergency, if they are clinicians"),
        ("emergency.administer", "review what was opened in emergencies"),
    ]
}
