/// Where an organisation's members sign in besides by password.
struct ProviderDeskPage: PageBody {
    struct Line: Sendable {
        var id: String
        var name: String
        var issuer: String
        var clientID: String
        /// What to enter there.
        var returnAddress: String
        var logoutAddress: String
        var domains: [String] = []
        /// The claim by which it makes members.
        var claim: String?
        /// `VALUE=ROLE` each.
        var roles: [String] = []
        var since: Moment
        /// How many members sign in there.
        var linked: Int
    }

    /// What was done just now.
    enum Notice: String, Sendable {
        case named, ended, only, both
    }

    var lines: [Line]
    /// Whether members sign in at these alone.
    var isOnly: Bool
    var mayChange: Bool
    /// Where members find the buttons.
    var signInAddress: String
    var notice: Notice?
    /// Why nothing was done.
    var problem: String?

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Where people sign in" }

    func body(in frame: Frame) -> HTML {
        """
        <p class="back"><a href="\(Address.members)">People</a></p>
        <h1>Where people sign in</h1>
        <p class="lead">Besides by password, people can sign in with Google, Apple, or what your organisation uses for its other programs.
        Whoever belongs here links it once, by showing their password; an address alone opens nothing.</p>
        \(self.problem.map { Problem(text: $0).html })\(self.notice.map { self.told($0) })
        \(self.lines.isEmpty ? "<p class=\"empty\">Nowhere yet but here, with email address and password.</p>" : self.list(in: frame))
        \(self.rule(in: frame), if: !self.lines.isEmpty)
        \(Self.adding, if: self.mayChange)
        """
    }

    private func told(_ notice: Notice) -> HTML {
        let words =
            switch notice {
            case .named: "Added. Now enter the two addresses below there, or nobody comes back from it."
            case .ended: "Ended. Whoever was signed in that way is signed out."
            case .only:
                "Passwords open nothing here any more, but for owners. Whoever was signed in by one is signed out."
            case .both: "Passwords open again."
            }
        return "<div class=\"notice\" role=\"status\"><p>\(words)</p></div>"
    }

    private func list(in frame: Frame) -> HTML {
        """
        <p>Members find the buttons at <span class="place">\(self.signInAddress)</span></p>
        <ul class="readers">\(self.lines.map { self.row($0, in: frame) })</ul>
        """
    }

    private func row(_ line: Line, in frame: Frame) -> HTML {
        let fact = { (name: String, value: String) -> HTML in
            "<div><dt>\(name)</dt><dd class=\"place\">\(value)</dd></div>"
        }
        let members =
            switch line.linked {
            case 0: "nobody signs in there yet"
            case 1: "one member signs in there"
            default: "\(line.linked) members sign in there"
            }
        let end: HTML = """
            <form method="post" action="\(Address.providerDesk)">\(frame.csrfField)
            <input type="hidden" name="do" value="end">
            <button type="submit" class="quiet" name="provider" value="\(line.id)">End<span class="hidden"> signing in with
            \(line.name)</span></button></form>
            """
        return """
            <li class="reader"><div class="about"><strong>\(line.name)</strong>
            <span>Since \(frame.words.date(line.since.day)); \(members)</span>
            <dl class="facts">\(fact("Issuer", line.issuer))\(fact("Our client ID", line.clientID))
            \(fact("Redirect address", line.returnAddress))\(fact("Back-channel logout", line.logoutAddress))
            \(fact("Only addresses of", line.domains.joined(separator: ", ")), if: !line.domains.isEmpty)
            \(line.claim.map { fact("Makes members by \($0)", line.roles.joined(separator: ", ")) })</dl></div>
            \(end, if: self.mayChange)</li>
            """
    }

    private func rule(in frame: Frame) -> HTML {
        let form: HTML = """
            <form method="post" action="\(Address.providerDesk)">\(frame.csrfField)
            <input type="hidden" name="do" value="only">
            <button type="submit" class="quiet" name="only" value="\(self.isOnly ? "no" : "yes")">\
            \(self.isOnly ? "Let passwords open again" : "Let nobody but owners in by password")</button></form>
            """
        return """
            <section class="card" aria-labelledby="only"><h2 id="only">Passwords</h2>
            <p>\(self.isOnly
                ? "Members sign in at these alone. A password opens nothing here, but for owners: were a provider gone, nobody else could put it right."
                : "Members sign in at these, or by password. If these are to be the only way in, whoever is in by a password is signed out; owners keep theirs.")</p>
            \(form, if: self.mayChange)</section>
            """
    }

    private static let adding: HTML = """
        <section class="card" aria-labelledby="add"><h2 id="add">Add one</h2>
        <p><a class="button quiet" href="\(Address.newProvider("google"))">Google</a>
        <a class="button quiet" href="\(Address.newProvider("apple"))">Apple</a>
        <a class="button quiet" href="\(Address.newProvider("other"))">Another one</a></p></section>
        """
}

/// The form for one more.
struct NewProviderPage: PageBody {
    enum Kind: String, Sendable {
        case google, apple, other
    }

    /// What was typed, when the form is shown again; never the secret.
    struct Draft: Sendable {
        var name = ""
        var issuer = ""
        var clientID = ""
        var team = ""
        var keyID = ""
        var domains = ""
        var claim = ""
        var roles = ""
        /// What is wrong, by field.
        var rules: [String: String] = [:]
    }

    var kind: Kind
    /// The roles that it may make members of.
    var roleNames: [String]
    var draft = Draft()
    /// What is wrong with it as a whole.
    var problem: String?

    var place: Address? { .members }

    private var provider: String {
        switch self.kind {
        case .google: "Google"
        case .apple: "Apple"
        case .other: "another provider"
        }
    }

    func title(in frame: Frame) -> String { "Sign in with \(self.provider)" }

    func body(in frame: Frame) -> HTML {
        let problem =
            self.problem ?? (self.draft.rules.isEmpty ? nil : "Nothing was added. Please look at what is marked below.")
        return """
            <p class="back"><a href="\(Address.providerDesk)">Where people sign in</a></p>
            <div class="narrow"><h1>Sign in with \(self.provider)</h1>
            \(problem.map { Problem(text: $0).html })
            <p class="lead">Register this server there first, as a web application. The addresses to enter there are shown once it is added
            here. Please finish within five minutes.</p>
            <form method="post" action="\(Address.newProvider)">\(frame.csrfField)
            <input type="hidden" name="kind" value="\(self.kind.rawValue)">
            \(self.place(in: frame), if: self.kind == .other)
            \(Field(
                name: "client", label: self.kind == .apple ? "Services ID" : "Client ID",
                hint: "Under what the provider knows this server.", error: self.draft.rules["client"], value: self.draft.clientID,
                isRequired: true).html)
            \(self.secret)
            \(self.limits)
            <button type="submit">Add</button></form></div>
            """
    }

    private func place(in frame: Frame) -> HTML {
        """
        \(Field(
            name: "name", label: "Name", hint: "What stands on the button, after \u{201C}Sign in with\u{201D}.",
            error: self.draft.rules["name"], value: self.draft.name, isRequired: true).html)
        \(Field(
            name: "issuer", label: "Issuer", hint: "Its address, to the letter. It begins with https://.",
            error: self.draft.rules["issuer"], value: self.draft.issuer, isRequired: true).html)
        """
    }

    private var secret: HTML {
        guard self.kind == .apple else {
            return Field(
                kind: .password,
                name: "secret",
                label: "Client secret",
                hint: "Kept sealed, and shown to nobody again.",
                error: self.draft.rules["secret"],
                isRequired: true
            ).html
        }
        return """
            \(Field(name: "team", label: "Team ID", error: self.draft.rules["team"], value: self.draft.team, isRequired: true).html)
            \(Field(name: "key", label: "Key ID", error: self.draft.rules["key"], value: self.draft.keyID, isRequired: true).html)
            \(LongField(
                name: "secret", label: "Key", hint: "The text of the .p8 file. Kept sealed, and shown to nobody again.",
                error: self.draft.rules["secret"], rows: 6).html)
            """
    }

    private var limits: HTML {
        let isOpen = ["domains", "claim", "roles"].contains { self.draft.rules[$0] != nil }
        return """
            <details\(" open", if: isOpen)><summary>Whom it lets in</summary>
            \(Field(
                name: "domains", label: "Domains", hint: "If it may vouch for some addresses only: example.org, clinic.example",
                error: self.draft.rules["domains"], value: self.draft.domains).html)
            \(Field(
                name: "claim", label: "Claim", hint: "If it makes members of people whom nobody invited: the claim that says what they are, as groups.",
                error: self.draft.rules["claim"], value: self.draft.claim).html)
            \(LongField(
                name: "roles", label: "Roles by its values",
                hint: "One a line, as doctors = clinician. Roles here: \(self.roleNames.joined(separator: ", ")).",
                error: self.draft.rules["roles"], value: self.draft.roles, isRequired: false).html)
            </details>
            """
    }
}
