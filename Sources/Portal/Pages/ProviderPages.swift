import HTTPTypes
import People

/// A provider to sign in with, as a button.
struct SignInWay: Sendable {
    /// Its id.
    var provider: String
    /// What stands on the button.
    var name: String

    /// Buttons for several; `nil` for none.
    static func buttons(_ ways: [SignInWay], next: Address?) -> HTML? {
        ways.isEmpty ? nil : "<ul class=\"choices\">\(ways.map { $0.button(next: next) })</ul>"
    }

    private func button(next: Address?) -> HTML {
        """
        <li><a class="button quiet" href="\(Address.leaving(for: self.provider, next: next))">Sign in with \
        \(self.name)</a></li>
        """
    }
}

extension Address {
    /// To a provider.
    static func leaving(for provider: String, next: Address?) -> Address {
        next.map { "/sign-in/with/\(provider)?next=\($0.text)" } ?? "/sign-in/with/\(provider)"
    }

    /// Back from it, with what it answered.
    static func back(from provider: String, with answer: ProviderAnswer) -> Address {
        if answer.isError {
            return "/sign-in/back/\(provider)?state=\(answer.state ?? "")&iss=\(answer.issuer ?? "")&error=1"
        }
        guard let issuer = answer.issuer else {
            return "/sign-in/back/\(provider)?state=\(answer.state ?? "")&code=\(answer.code ?? "")"
        }
        return "/sign-in/back/\(provider)?state=\(answer.state ?? "")&code=\(answer.code ?? "")&iss=\(issuer)"
    }

    /// Where members of an organisation sign in.
    static func signIn(at organization: String) -> Address { "/sign-in/at/\(organization)" }

    /// POST, with `csrf`, `email`, `password`.
    static func linking(at provider: String) -> Address { "/sign-in/link/\(provider)" }

    /// The same, for whoever is signed in: GET asks; POST links, with `csrf`.
    static func linkingAfterCode(at provider: String) -> Address { "/account/providers/link/\(provider)" }

    /// To where one signs out there.
    static func signingOut(at provider: String) -> Address { "/sign-in/leave/\(provider)" }
}

/// Where members of one organisation sign in.
struct OrganizationSignInPage: PageBody {
    var organization: String
    var ways: [SignInWay]
    /// Where to go afterwards.
    var next: Address?
    /// Whether an email address and a password will do as well.
    var takesPasswords: Bool

    func title(in frame: Frame) -> String { "Sign in" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Sign in to \(self.organization)</h1>
        \(SignInWay.buttons(self.ways, next: self.next))
        \(self.otherwise)
        </div>
        """
    }

    private var otherwise: HTML {
        let password: HTML = "<p><a href=\"\(Address.signIn)\">Sign in with your email address and password</a></p>"
        let only: HTML = """
            <p class="hint">Members sign in this way alone. Owners may use <a href="\(Address.signIn)">their password</a>,
            so that nobody is locked out for good.</p>
            """
        return self.takesPasswords ? password : only
    }
}

/// Asked once, when somebody comes back from a provider and nobody here is known by who they are there.
struct LinkIdentityPage: PageBody {
    var csrf: String
    var provider: String
    var name: String
    /// As whom they signed in there, as far as the provider says.
    var vouchedFor: String?
    /// What was typed before. Never the password.
    var email = ""
    var trouble: PasswordTrouble?

    func title(in frame: Frame) -> String { "One more step" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>One more step, this once</h1>
        \(self.trouble.map { Problem(text: $0.words).html })
        <p>You signed in with \(self.name)\(self.vouchedFor.map { " as <strong>\($0)</strong>" as HTML }). Nobody here is
        known by that yet.</p>
        <p>To show that an account here is yours, sign in to it with its password. From then on, \(self.name) is enough.</p>
        <form method="post" action="\(Address.linking(at: self.provider))" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        \(Field(kind: .email, name: "email", label: "Email address", hint: "The one of your account here.",
            value: self.email, completion: "username", isRequired: true).html)
        \(Field(kind: .password, name: "password", label: "Password", hint: "Of your account here, not of \(self.name).",
            completion: "current-password", isRequired: true).html)
        <button type="submit">Sign in and remember</button>
        </form>
        <p class="hint">Was it somebody else who signed in with \(self.name)? Then do not go on: sign out there first.</p>
        <p class="hint">No account here, or no password? Ask the person or the organisation that keeps the records here
        for a link.</p>
        </div>
        """
    }
}

/// Why somebody who came back from a provider is not signed in.
struct SignInTroublePage: PageBody {
    /// The provider's name, where there is one.
    var provider: String?
    var trouble: SignInTrouble
    /// Where its button is.
    var again = Address.signIn

    func title(in frame: Frame) -> String { "Not signed in" }

    var status: HTTPResponse.Status {
        switch self.trouble {
        case .provider: .notFound
        case .full: .serviceUnavailable
        case .unreachable: .badGateway
        case .state, .visit, .declined, .code, .garbage: .badRequest
        default: .forbidden
        }
    }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>You are not signed in</h1>
        \(self.explanation)
        <p><a class="button" href="\(self.again)">Try again</a></p>
        </div>
        """
    }

    private var name: String { self.provider ?? "the other side" }

    private var explanation: HTML {
        switch self.trouble {
        case .provider: "<p>There is no such way to sign in here, or it was taken away.</p>"
        case .full: "<p>Very many people are signing in just now. Please wait a few minutes.</p>"
        case .state, .visit, .code:
            """
            <p>This way back from \(self.name) works once, within ten minutes, and only in the browser in which you began.
            It was used already, took too long, or was begun elsewhere. Nothing is lost: please begin again.</p>
            """
        case .declined:
            "<p>\(self.name) did not sign you in. Perhaps you changed your mind, or it wants something first.</p>"
        case .unreachable, .garbage:
            """
            <p>\(self.name) did not answer as it should. That is seldom anything you did. Please try again in a few minutes,
            or sign in with your password if you have one.</p>
            """
        case .notAMember:
            """
            <p>\(self.name) knows you, but you do not belong to an organisation here that you may enter this way. Ask whoever
            keeps the records here.</p>
            """
        default:
            """
            <p>What \(self.name) sent about you could not be trusted, so nobody was signed in. If it happens again, tell
            whoever runs this Carekeep: <strong>\(self.trouble.rawValue)</strong>.</p>
            """
        }
    }
}
