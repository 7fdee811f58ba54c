import People

/// Where somebody sees how they sign in, and changes it.
struct AccountPage: PageBody {
    /// What was done just now.
    enum Notice: String, Sendable {
        case password, address
    }

    var address: String
    var sendsMail: Bool
    /// Whether they belong to another organisation, too.
    var isElsewhere = false
    var notice: Notice?

    var place: Address? { .account }

    func title(in frame: Frame) -> String { "Your account" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Your account</h1>
        \(self.message)
        <p>You sign in by <strong><bdi>\(self.address)</bdi></strong>.</p>
        <ul class="links">
        <li><a href="\(Address.ownPassword)">Change your password</a></li>
        <li><a href="\(Address.ownSecondFactor)">A code from your phone when you sign in</a></li>
        <li><a href="\(Address.ownPIN)">A PIN to sign as a second person</a></li>
        <li><a href="\(Address.devices)">Where you are signed in</a></li>
        <li><a href="\(Address.ownProviders)">Other ways you sign in</a></li>
        <li><a href="\(Address.activity)">What was done as you</a></li>
        <li><a href="\(Address.agreements)">What you agreed to</a></li>
        \("<li><a href=\"\(Address.chooseOrganization)\">Go to another organisation</a></li>", if: self.isElsewhere)
        \("<li><a href=\"\(Address.ownAddress)\">Sign in by another email address</a></li>", if: self.sendsMail)
        </ul>
        <p class="hint"><a href="\(Address.leave)">Leave <bdi>\(frame.organization ?? "this organisation")</bdi> for good</a>. To sign
        out, use the button at the top.</p>
        </div>
        """
    }

    private var message: HTML? {
        switch self.notice {
        case nil: nil
        case .password:
            """
            <div class="notice" role="status"><p>Your password is changed. Wherever else you were signed in, you are signed out
            now.</p></div>
            """
        case .address:
            """
            <div class="notice" role="status"><p>An email is on its way to the new address. Please follow the link in it within a
            day. Until then you sign in as before.</p></div>
            """
        }
    }
}

/// The form to change one's password.
struct ChangePasswordPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        case wrong, tooManyTries
        case new(SetPasswordPage.Trouble)
    }

    var address: String
    var trouble: Trouble?

    func title(in frame: Frame) -> String { "Change your password" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Change your password</h1>
        <p>You stay signed in here. Wherever else you are signed in, you will be signed out.</p>
        <form method="post" action="\(Address.ownPassword)" class="card">
        \(frame.csrfField)
        \(Field(kind: .email, name: "email", label: "Email address", value: self.address, completion: "username",
            isReadOnly: true).html)
        \(self.old.html)
        \(NewPasswordFields(trouble: self.newTrouble).html)
        <button type="submit">Change password</button>
        </form>
        <p><a href="\(Address.account)">Back to your account</a></p>
        </div>
        """
    }

    private var old: Field {
        let error: String? =
            switch self.trouble {
            case .wrong: "That is not your password. Please try again."
            case .tooManyTries: Self.waits
            case .new, nil: nil
            }
        return Field(
            kind: .password,
            name: "old",
            label: "The password you have now",
            error: error,
            completion: "current-password",
            isRequired: true
        )
    }

    /// Said where a wrong password was tried too often.
    static let waits = "That was not your password, too often. Please wait a few minutes, and try again."

    private var newTrouble: SetPasswordPage.Trouble? {
        if case .new(let trouble) = self.trouble { trouble } else { nil }
    }
}

/// The form to sign in by another address.
struct ChangeAddressPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        case wrong, tooManyTries, noAddress
    }

    var address: String
    var typed = ""
    var trouble: Trouble?

    func title(in frame: Frame) -> String { "Another email address" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Sign in by another email address</h1>
        <p>You sign in by <strong><bdi>\(self.address)</bdi></strong> now. We write to the new address; when you follow the link in
        that email, the change is made, and the address you have now is told.</p>
        <form method="post" action="\(Address.ownAddress)" class="card">
        \(frame.csrfField)
        \(self.new.html)
        \(self.password.html)
        <button type="submit">Send the email</button>
        </form>
        <p><a href="\(Address.account)">Back to your account</a></p>
        </div>
        """
    }

    private var new: Field {
        Field(
            kind: .email,
            name: "email",
            label: "New email address",
            error: self.trouble == .noAddress
                ? "That is no address that we can write to. Please give one as name@example.org." : nil,
            value: self.typed,
            completion: "email",
            isRequired: true
        )
    }

    private var password: Field {
        Field(
            kind: .password,
            name: "password",
            label: "Your password",
            error: self.trouble == .wrong
                ? "That is not your password. Please try again."
                : self.trouble == .tooManyTries ? ChangePasswordPage.waits : nil,
            completion: "current-password",
            isRequired: true
        )
    }
}

/// The page behind a link that was mailed to a new address.
struct ConfirmAddressPage: PageBody {
    var csrf: String
    /// The secret of the link, passed on in the form.
    var token: String

    func title(in frame: Frame) -> String { "Confirm your address" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Sign in by this address from now on?</h1>
        <p>The email reached you, so the address is yours. Your password stays as it is.</p>
        <form method="post" action="\(Address.confirmAddress)" class="card">
        <input type="hidden" name="csrf" value="\(self.csrf)">
        <input type="hidden" name="token" value="\(self.token)">
        <button type="submit">Yes, use this address</button>
        </form>
        <p class="hint">Not expecting this? Close this page, and nothing happens.</p>
        </div>
        """
    }
}

/// For whoever forgot their password.
struct ForgotPage: PageBody {
    /// What the page says.
    enum State: Sendable {
        case asks, hasNoAddress
        /// Said to everybody, whether or not there is an account.
        case asked
        /// No mail is sent here.
        case byHand
    }

    var csrf: String
    var email = ""
    var state = State.asks

    func title(in frame: Frame) -> String { "Forgot your password?" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Forgot your password?</h1>
        \(self.content)
        <p><a href="\(Address.signIn)">Back to signing in</a></p>
        </div>
        """
    }

    private var content: HTML {
        switch self.state {
        case .byHand:
            """
            <p>Please ask whoever runs this Carekeep for a new one-time link. Nobody here can see your password.</p>
            """
        case .asked:
            """
            <div class="notice" role="status"><p>If somebody signs in here by that address, an email with a link is on its way to
            it. The link works once, within 30 minutes.</p></div>
            <p>No email after a few minutes? Look among the unwanted ones, and whether the address is the one you sign in by. We say the
            same to everybody, so that nobody can find out from here who has an account.</p>
            """
        case .asks, .hasNoAddress:
            """
            <p>We send you an email with a link, by which you choose a new one.</p>
            <form method="post" action="\(Address.forgot)" class="card">
            <input type="hidden" name="csrf" value="\(self.csrf)">
            \(self.field.html)
            <button type="submit">Send the email</button>
            </form>
            """
        }
    }

    private var field: Field {
        var hasNone = false
        if case .hasNoAddress = self.state { hasNone = true }
        return Field(
            kind: .email,
            name: "email",
            label: "Email address you sign in by",
            error: hasNone ? "Please give an address, as name@example.org." : nil,
            value: self.email,
            completion: "username",
            isRequired: true
        )
    }
}
