import Care
import People

/// The form to sign in.
struct SignInPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        /// What was typed opens nothing.
        case password(PasswordTrouble)
        /// The person has just signed out.
        case signedOut
        /// A password was set with a one-time link.
        case passwordSet
        /// They sign in by another address from now on.
        case addressChanged
    }

    /// Against forged requests before there is a session.
    var csrf: String
    /// Where to go afterwards.
    var next: Address?
    /// What was typed before, so that it need not be typed again. Never the password.
    var email = ""
    var trouble: Trouble?
    /// Where else one can sign in.
    var ways: [SignInWay] = []
    /// Where they want to go, of several organisations that they belong to.
    var organization: Organization.ID?
    /// Where the person who has just signed out is still signed in.
    var left: SignInWay?

    func title(in frame: Frame) -> String { "Sign in" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Sign in</h1>
        \(self.message)
        \(self.left.map(self.leaving))
        <form method="post" action="\(Address.signIn)" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        \(self.next.map { "<input type=\"hidden\" name=\"next\" value=\"\($0)\">" as HTML })
        \(self.organization.map { "<input type=\"hidden\" name=\"organization\" value=\"\("\($0)")\">" as HTML })
        \(self.emailField.html)
        \(self.passwordField.html)
        <button type="submit">Sign in</button>
        </form>
        <p class="links"><a href="\(Address.forgot)">Forgot your password?</a></p>
        \(SignInWay.buttons(self.ways, next: self.next))
        </div>
        """
    }

    private func leaving(_ way: SignInWay) -> HTML {
        """
        <p>You may still be signed in at \(way.name). If others use this device,
        <a href="\(Address.signingOut(at: way.provider))">sign out there, too</a>.</p>
        """
    }

    private var emailField: Field {
        Field(
            kind: .email,
            name: "email",
            label: "Email address",
            value: self.email,
            completion: "username",
            isRequired: true
        )
    }

    private var passwordField: Field {
        Field(
            kind: .password,
            name: "password",
            label: "Password",
            completion: "current-password",
            isRequired: true
        )
    }

    private var message: HTML? {
        switch self.trouble {
        case nil: nil
        case .password(let trouble): Problem(text: trouble.words).html
        case .signedOut:
            "<div class=\"notice\" role=\"status\"><p>You are signed out.</p></div>"
        case .passwordSet:
            "<div class=\"notice\" role=\"status\"><p>Your password is set. You can sign in with it now.</p></div>"
        case .addressChanged:
            """
            <div class="notice" role="status"><p>Your address is changed. Sign in by the new one from now on, with the password that
            you have.</p></div>
            """
        }
    }
}

/// The choice for somebody who belongs to several organisations.
struct ChooseOrganizationPage: PageBody {
    struct Organization: Sendable {
        var id: String
        var name: String
        /// What the person is there, in words: "parent", "receptionist".
        var role: String
        /// Whether it is the one whose pages are open.
        var isThis = false
    }

    var organizations: [Organization]

    var place: Address? { .chooseOrganization }

    func title(in frame: Frame) -> String { "Where to?" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Where do you want to go?</h1>
        <p>What you see and may do differs in each. To go to another one, you sign in there: here you are signed out.</p>
        <form method="post" action="\(Address.chooseOrganization)">
        \(frame.csrfField)
        <ul class="choices">\(self.organizations.map(self.button))</ul>
        </form>
        </div>
        """
    }

    private func button(_ organization: Organization) -> HTML {
        """
        <li><button type="submit" class="choice" name="organization" value="\(organization.id)">
        <strong>\(organization.name)</strong> <span>\(organization.role)\(", where you are now", if: organization.isThis)</span></button></li>
        """
    }
}

/// The page behind a one-time link for somebody who has an account already.
struct JoinPage: PageBody {
    var csrf: String
    /// The secret of the link, passed on in the form.
    var token: String
    /// The name of the organisation that asks.
    var organization: String
    /// What was typed before. Never the password.
    var email = ""
    var trouble: PasswordTrouble?
    /// What they are asked to be, where it is an invitation to look after somebody.
    var asked: CarerWords?

    func title(in frame: Frame) -> String { "Join" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Join \(self.organization)?</h1>
        \(self.problem.map { Problem(text: $0).html })
        \(self.asked?.html(in: frame.words))
        <p>You have an account already. Sign in with it once here, and you belong to \(self.organization) as well. What
        you have elsewhere stays there: nobody here sees it.</p>
        <form method="post" action="\(Address.join)" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        <input type="hidden" name="token" value="\(self.token)">
        \(Field(kind: .email, name: "email", label: "Email address", value: self.email, completion: "username",
            isRequired: true).html)
        \(Field(kind: .password, name: "password", label: "Password", completion: "current-password",
            isRequired: true).html)
        <button type="submit">\(self.asked == nil ? "Join" : "Accept")</button>
        </form>
        \(self.asked.map { _ in CarerWords.no(csrf: self.csrf, token: self.token) })
        <p class="hint">Not expecting this? Close this page, and nothing happens.</p>
        </div>
        """
    }

    private var problem: String? {
        switch self.trouble {
        case nil: nil
        case .wrong: "This link is not for that email address, or the password is another one. Please try again."
        case .wait: self.trouble?.words
        }
    }
}

/// The page behind a one-time link: the first password of a new account, or a new one.
struct SetPasswordPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        case different
        case weak(Password.Weakness)
    }

    var csrf: String
    /// The secret of the link, passed on in the form.
    var token: String
    /// Whose password it is, for the browser's password store; empty if the server cannot tell.
    var email = ""
    var trouble: Trouble?
    /// What they are asked to be, where it is an invitation to look after somebody.
    var asked: CarerWords?

    func title(in frame: Frame) -> String { "Choose a password" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>\(self.asked == nil ? "Choose a password" : "Accept by choosing a password")</h1>
        \(self.asked?.html(in: frame.words))
        <p>You sign in with your email address and this password. This link works once.</p>
        <form method="post" action="\(Address.setPassword)" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        <input type="hidden" name="token" value="\(self.token)">
        \(self.email.isEmpty ? nil : self.account.html)
        \(NewPasswordFields(trouble: self.trouble).html)
        <button type="submit">\(self.asked == nil ? "Keep this password" : "Accept")</button>
        </form>
        \(self.asked.map { _ in CarerWords.no(csrf: self.csrf, token: self.token) })
        </div>
        """
    }

    private var account: Field {
        Field(
            kind: .email,
            name: "email",
            label: "Email address",
            value: self.email,
            completion: "username",
            isReadOnly: true
        )
    }
}

/// The two fields in which a new password is typed.
struct NewPasswordFields: Sendable {
    var trouble: SetPasswordPage.Trouble?

    var html: HTML { "\(self.first.html)\(self.second.html)" }

    private var first: Field {
        Field(
            kind: .password,
            name: "password",
            label: "New password",
            hint: "At least \(Password.shortest) characters. Four words that mean something only to you are "
                + "good and easy to type. Spaces are fine.",
            error: self.firstError,
            completion: "new-password",
            isRequired: true,
            shortest: Password.shortest
        )
    }

    private var firstError: String? {
        switch self.trouble {
        case .weak(.tooShort): "That is too short. Please use at least \(Password.shortest) characters."
        case .weak(.tooLong): "That is too long. Please use \(Password.longest) letters or fewer."
        case .weak(.tooSimple):
            "That is too easy to guess. Please mix letters with digits or signs, or use several words."
        case .weak(.tooCommon):
            "Many people use that password, or one very like it, so it is guessed first. Please choose another."
        case .weak(.tooPersonal):
            "That is made of your name, your address or the name of this place, which others know. Please choose another."
        case .different, nil: nil
        }
    }

    private var second: Field {
        Field(
            kind: .password,
            name: "again",
            label: "The same again",
            error: self.trouble.flatMap {
                if case .different = $0 { "The two are different. Please type both again." } else { nil }
            },
            completion: "new-password",
            isRequired: true,
            shortest: Password.shortest
        )
    }
}
