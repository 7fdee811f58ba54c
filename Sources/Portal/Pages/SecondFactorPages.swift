import Seals

/// Asks for a code of the app, after the password.
struct SecondFactorPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        case wrong
        /// How long to wait, in minutes, rounded up.
        case wait(minutes: Int)

        var text: String {
            switch self {
            case .wrong:
                "That code is not right, or it was used already. Please wait until the app shows another one, and type that."
            case .wait(let minutes):
                "There were too many wrong codes. Please wait \(minutes == 1 ? "a minute" : "\(minutes) minutes") and try again."
            }
        }
    }

    var next: Address?
    var trouble: Trouble?
    /// Whether it was the recovery code that was wrong.
    var wasRecovery = false

    func title(in frame: Frame) -> String { "Code from your app" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Code from your app</h1>
        <p>Your password was right. Now open the code app on your phone, and type the six digits that it shows for Carekeep.</p>
        \(CodeForms(action: .secondFactor, next: self.next, trouble: self.trouble, wasRecovery: self.wasRecovery).html(in: frame))
        </div>
        """
    }
}

/// Asks somebody to show again who they are, before something grave.
struct StepUpPage: PageBody {
    var next: Address?
    /// What they can show.
    enum Way: Sendable {
        case code, password
        /// Neither: they sign in again where they did.
        case provider(SignInWay)
        /// Nothing that is asked for here.
        case none
    }

    var way: Way
    /// Whether something was sent that was not done.
    var isAgain = false
    var trouble: SecondFactorPage.Trouble?
    var wasRecovery = false

    func title(in frame: Frame) -> String { "Is it still you?" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Is it still you?</h1>
        \(self.told)
        <p>What comes next is important, so we make sure that nobody else has picked up this device. It is asked once
        every few minutes at most.</p>
        \(self.form(frame))
        </div>
        """
    }

    private func form(_ frame: Frame) -> HTML {
        switch self.way {
        case .code:
            return CodeForms(action: .stepUp, next: self.next, trouble: self.trouble, wasRecovery: self.wasRecovery)
                .html(in: frame)
        case .password: return self.passwordForm(frame)
        case .provider(let way):
            return """
                <p>You have no password here. Sign in once more with \(way.name), and you are back.</p>
                <p><a class="button" href="\(Address.leaving(for: way.provider, next: self.next))">Come back from \(way.name)</a></p>
                """
        case .none:
            return """
                <p>You have neither a password nor a code app here. <a href="\(Address.forgot)">Set a password</a>, or
                <a href="\(Address.ownSecondFactor)">set up a code app</a>, and come back.</p>
                """
        }
    }

    private var told: HTML? {
        guard isAgain else { return nil }
        return """
            <div class="notice" role="status"><p>Nothing was changed yet. Show here that it is you; then you are back where you
            were, and can do it again.</p></div>
            """
    }

    private func passwordForm(_ frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.stepUp)" class="card">\(frame.csrfField)\(NextField(self.next).html)
        \(Field(kind: .password, name: "password", label: "Your password", error: self.passwordError,
            completion: "current-password", isRequired: true).html)
        <button type="submit">Go on</button>
        </form>
        """
    }

    private var passwordError: String? {
        switch self.trouble {
        case nil: nil
        case .wrong: "That is not your password. Please type it again."
        case .wait: self.trouble?.text
        }
    }
}

/// Where to go afterwards, carried along.
struct NextField: Sendable {
    let next: Address?

    init(_ next: Address?) { self.next = next }

    var html: HTML? { self.next.map { "<input type=\"hidden\" name=\"next\" value=\"\($0)\">" } }
}

/// A form for a code of the app, and one for whoever does not have it at hand.
private struct CodeForms {
    var action: Address
    var next: Address?
    var trouble: SecondFactorPage.Trouble?
    var wasRecovery: Bool

    func html(in frame: Frame) -> HTML {
        """
        <form method="post" action="\(self.action)" class="card">\(frame.csrfField)\(NextField(self.next).html)
        \(Field(name: "code", label: "Code", error: self.wasRecovery ? nil : self.trouble?.text, completion: "one-time-code",
            isRequired: true, isNumber: true).html)
        <button type="submit">Go on</button>
        </form>
        <details class="card"\(" open", if: self.wasRecovery)><summary>I do not have my phone</summary>
        <p>Use one of the ten recovery codes that you wrote down when you set this up. Each works once.</p>
        <form method="post" action="\(self.action)">\(frame.csrfField)\(NextField(self.next).html)
        \(Field(name: "recovery", label: "Recovery code", hint: "Six groups of four letters and digits.",
            error: self.wasRecovery ? self.recoveryError : nil, isRequired: true).html)
        <button type="submit">Use this recovery code</button>
        </form>
        <p class="hint">Lost those, too? Ask whoever runs this Carekeep: they can take the app off your account, and you set up a
        new one.</p>
        </details>
        """
    }

    private var recoveryError: String? {
        switch self.trouble {
        case nil: nil
        case .wrong: "That is none of your recovery codes, or it was used already."
        case .wait: self.trouble?.text
        }
    }
}

/// One's own code app: whether there is one, and what can be done about it.
struct OwnSecondFactorPage: PageBody {
    /// What was just done.
    enum Done: String, Sendable {
        case removed
    }

    /// The day since which there is one; `nil` if there is none.
    var since: Day?
    var codesLeft = 0
    /// How often in a row a wrong code was tried.
    var failures = 0
    /// Whether nothing opens without one, for what somebody is.
    var isRequired = false
    var next: Address?
    var done: Done?

    func title(in frame: Frame) -> String { "Code app" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Code app</h1>
        \(AccountTabs.html(.codeApp))
        \(self.told)
        \(self.since.map { self.present(since: $0, frame) } ?? self.absent(frame))
        </div>
        """
    }

    private var told: HTML? {
        guard case .removed = done else { return nil }
        return "<div class=\"notice\" role=\"status\"><p>The code app is off your account.</p></div>"
    }

    private func absent(_ frame: Frame) -> HTML {
        let needed: HTML = """
            <div class="notice" role="status"><p>In your role a password is not enough: nothing opens here until you have set up a code
            app. It takes two minutes and is done once.</p></div>
            """
        let offered: HTML = """
            <p>With a code app, whoever learns your password still cannot get in: signing in also takes a code that only your phone
            shows.</p>
            """
        return """
            \(needed, if: self.isRequired)\(offered, if: !self.isRequired)
            <p>You need an app that shows codes. Any of them works: the password store of your phone, FreeOTP, Aegis, Google
            Authenticator.</p>
            <form method="post" action="\(Address.offerSecondFactor)">\(frame.csrfField)\(NextField(self.next).html)
            <button type="submit">Set it up</button></form>
            """
    }

    private func present(since: Day, _ frame: Frame) -> HTML {
        """
        \(self.warning)
        <p>Signing in takes your password and a code from your app, since \(frame.words.date(since)).</p>
        <section class="card"><h2>Recovery codes</h2>
        <p>\(self.left) With one of them you get in when your phone is lost.</p>
        <form method="post" action="\(Address.recoveryCodes)">\(frame.csrfField)
        <button type="submit" class="quiet">Make ten new ones</button></form>
        <p class="hint">The old ones then no longer work.</p></section>
        <section class="card"><h2>A new phone</h2>
        <p>The new app takes the place of the old one. You are signed out everywhere else.</p>
        <form method="post" action="\(Address.offerSecondFactor)">\(frame.csrfField)
        <button type="submit" class="quiet">Set up another app</button></form></section>
        <section class="card"><h2>Without an app</h2>
        <p>\(self.isRequired ? "In your role nothing opens then until you have set up another one." : "Then the password alone opens your account.")</p>
        <form method="post" action="\(Address.removeSecondFactor)">\(frame.csrfField)
        <button type="submit" class="quiet">Take the app off my account</button></form></section>
        """
    }

    private var warning: HTML? {
        guard failures > 0 else { return nil }
        return Problem(
            text:
                "A wrong code was shown \(failures == 1 ? "once" : "\(failures) times") after your right password. If that was "
                + "not you, somebody knows your password: please change it."
        ).html
    }

    private var left: String {
        switch codesLeft {
        case 0: "None of your recovery codes is left. Please make new ones."
        case 1: "One recovery code is left. Please make new ones soon."
        default: "\(codesLeft) recovery codes are left."
        }
    }
}

/// Shows a secret to a code app, and asks for the first code.
struct NewSecondFactorPage: PageBody {
    var picture: HTML?
    /// The secret in groups of four letters.
    var secret: String
    /// The link that opens the app on the same device.
    var link: CodeAppLink
    var wasWrong = false
    var next: Address?

    func title(in frame: Frame) -> String { "Set up a code app" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Set up a code app</h1>
        <h2>1. Show this to the app</h2>
        <p>In the app, choose to add an account, and point the camera at the picture.</p>
        \(self.picture.map { "<p>\($0)</p>" as HTML })
        <details class="card"><summary>Without a camera</summary>
        <p>On this device: <a href="\(self.link)">open the code app</a>.</p>
        <p>Or type this key into the app, as one that goes by time:</p>
        <p><code class="id">\(self.secret)</code></p></details>
        <h2>2. Type the code it shows</h2>
        <form method="post" action="\(Address.newSecondFactor)" class="card">\(frame.csrfField)\(NextField(self.next).html)
        \(Field(name: "code", label: "Code", error: self.error, completion: "one-time-code", isRequired: true,
            isNumber: true).html)
        <button type="submit">Go on</button>
        </form>
        <p class="hint">Not now? Leave this page, and nothing changes.</p>
        </div>
        """
    }

    private var error: String? {
        wasWrong
            ? "That code does not fit. Please type the six digits that the app shows now, and look that the phone's clock is right."
            : nil
    }
}

/// What a code app is opened with on the same device: `otpauth:` and nothing else.
struct CodeAppLink: Sendable, Equatable {
    let text: String

    /// The link of a secret, for an address.
    init(_ secret: OneTimeSecret, address: String) {
        text = secret.link(for: address)
    }
}

/// Ten recovery codes, which are shown once.
struct RecoveryCodesPage: PageBody {
    var codes: [String]
    var next: Address?

    func title(in frame: Frame) -> String { "Recovery codes" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>Your recovery codes</h1>
        <p>Write these down or print them, and keep them where your phone is not. Each gets you in once, when the phone is lost.
        <strong>They are shown only now.</strong></p>
        <ul class="codes">\(self.codes.map { "<li><code>\($0)</code></li>" as HTML })</ul>
        <p><a class="button" href="\(self.next ?? .patients)">I have kept them</a></p>
        </div>
        """
    }
}
