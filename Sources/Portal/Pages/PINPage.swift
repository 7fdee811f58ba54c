/// Where somebody chooses the PIN by which they sign as a second person on somebody else's device.
struct PINPage: PageBody {
    /// Why the form is shown again.
    enum Trouble: Sendable {
        case notSixDigits, tooSimple, different
    }

    /// What was done just now.
    enum Notice: String, Sendable {
        case set, removed
    }

    /// Since when there is one.
    var since: Moment?
    /// Until when it waits everywhere.
    var waitsUntil: Moment?
    var trouble: Trouble?
    var notice: Notice?

    var place: Address? { .account }

    func title(in frame: Frame) -> String { "Your PIN" }

    func body(in frame: Frame) -> HTML {
        """
        <nav class="back" aria-label="Back"><a href="\(Address.account)">Your account</a></nav>
        <div class="narrow"><h1>Your PIN</h1>
        \(self.message)
        <p>When a colleague has written something down and needs a second person, you sign on their device: they hand it to you, you
        choose your name and type this PIN. It signs that one entry and nothing else, and nobody can sign in by it.</p>
        \(self.standing(in: frame))
        <form method="post" action="\(Address.ownPIN)" class="card">\(frame.csrfField)
        \(self.field("pin", "New PIN", "Six digits. No birthday, no 123456", self.error).html)
        \(self.field("again", "The same again", nil, self.trouble == .different ? "The two are not the same." : nil).html)
        <button type="submit">\(self.since == nil ? "Choose this PIN" : "Change the PIN")</button></form>
        \(self.removal(in: frame), if: self.since != nil)</div>
        """
    }

    private var message: HTML? {
        switch self.notice {
        case nil: nil
        case .set:
            "<div class=\"notice\" role=\"status\"><p>Your PIN is set. You can sign as a second person now.</p></div>"
        case .removed:
            "<div class=\"notice\" role=\"status\"><p>Your PIN is gone. Nobody can choose your name any more.</p></div>"
        }
    }

    private func standing(in frame: Frame) -> HTML {
        guard let since = self.since else { return "<p>You have no PIN here yet.</p>" }
        let waits: HTML? = self.waitsUntil.map {
            """
             Too many wrong ones were tried: it waits until \(frame.words.moment($0)). Choose another one, and it works at once.
            """
        }
        return "<p>You have one since \(frame.words.moment(since)).\(waits)</p>"
    }

    private func field(_ name: String, _ label: String, _ hint: String?, _ error: String?) -> Field {
        Field(
            kind: .password,
            name: name,
            label: label,
            hint: hint,
            error: error,
            completion: "off",
            isRequired: true,
            isNumber: true
        )
    }

    private var error: String? {
        switch self.trouble {
        case .notSixDigits: "A PIN is six digits, and nothing else."
        case .tooSimple: "That one is among the first that somebody would try. Please choose another."
        case .different, nil: nil
        }
    }

    private func removal(in frame: Frame) -> HTML {
        """
        <form method="post" action="\(Address.removePIN)">\(frame.csrfField)
        <button type="submit" class="quiet">Take the PIN away</button></form>
        """
    }
}
