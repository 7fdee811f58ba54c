/// Where else one signs in, and the way to take that back.
struct LinkedProvidersPage: PageBody {
    struct Line: Sendable {
        var id: String
        var name: String
        /// The organisation whose it is; `nil` for one of everybody's.
        var organization: String?
        var since: Moment
    }

    /// What was done just now.
    enum Notice: String, Sendable {
        case linked, unlinked
    }

    var lines: [Line]
    var notice: Notice?
    /// Why nothing was done.
    var problem: String?

    var place: Address? { .account }

    func title(in frame: Frame) -> String { "Other ways you sign in" }

    func body(in frame: Frame) -> HTML {
        let done: HTML = """
            <div class="notice" role="status"><p>You do not sign in that way any more. Wherever you were signed in by it, you are signed
            out.</p></div>
            """
        let linked: HTML = """
            <div class="notice" role="status"><p>You can sign in that way from now on.</p></div>
            """
        let none: HTML = """
            <p class="empty">None. You sign in with your password. Where there is another button on the sign-in page, using it once and
            showing your password links it.</p>
            """
        return """
            <div class="narrow">
            <h1>Other ways you sign in</h1>
            \(self.problem.map { Problem(text: $0).html })\(done, if: self.notice == .unlinked)\(linked, if: self.notice == .linked)
            \(none, if: self.lines.isEmpty)
            <ul class="readers">\(self.lines.map { self.row($0, frame) })</ul>
            <p><a href="\(Address.account)">Back to your account</a></p>
            </div>
            """
    }

    private func row(_ line: Line, _ frame: Frame) -> HTML {
        """
        <li class="reader"><div class="about"><strong>\(line.name)</strong>
        \(line.organization.map { "<span>Of <bdi>\($0)</bdi></span>" as HTML })
        <span>Since \(frame.words.date(line.since.day))</span></div>
        <form method="post" action="\(Address.ownProviders)">\(frame.csrfField)
        <button type="submit" class="quiet" name="provider" value="\(line.id)">Stop<span class="hidden"> signing in with \(line.name)</span></button></form></li>
        """
    }
}

/// Asked of whoever came back from a provider, and has shown password and code since.
struct LinkProviderPage: PageBody {
    var provider: String
    var name: String

    var place: Address? { .account }

    func title(in frame: Frame) -> String { "One more step" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Remember \(self.name)?</h1>
        <p>You came back from \(self.name) just now. From now on, signing in there takes the place of your password here; the code of
        your app is asked for all the same.</p>
        <form method="post" action="\(Address.linkingAfterCode(at: self.provider))">\(frame.csrfField)
        <button type="submit">Yes, sign in with \(self.name)</button>
        </form>
        <p><a class="button quiet" href="\(Address.patients)">No</a></p>
        <p class="hint">Was it somebody else who signed in with \(self.name)? Then answer no, and sign out there.</p>
        </div>
        """
    }
}

extension Address {
    /// GET lists; POST takes one back, with `csrf`, `provider`.
    static let ownProviders: Address = "/account/providers"
}
