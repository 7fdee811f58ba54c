/// What a visitor sees at `/`.
struct HomePage: PageBody {
    func title(in frame: Frame) -> String { "Welcome" }

    func body(in frame: Frame) -> HTML {
        """
        <div class="narrow">
        <h1>\(self.heading(frame.words.audience))</h1>
        <p class="lead">\(self.lead(frame.words.audience))</p>
        <p><a class="button" href="\(Address.signIn)">Sign in</a></p>
        <h2>What to expect</h2>
        <ul class="plain">
        <li>Only people who were given access can open a record.</li>
        <li>Everyone who opens a record leaves a line that can be read afterwards, and so does everyone who tried.</li>
        <li>Access that was given for a time ends by itself, and can be ended sooner.</li>
        </ul>
        <p class="hint">No account? Accounts are made by the person or the organisation that keeps the records here.
        Ask them for a link.</p>
        </div>
        """
    }

    private func heading(_ audience: Audience) -> String {
        switch audience {
        case .family: "A home for your child’s health record"
        case .clinic: "Your clinic’s patient records"
        case .operations: "Your service’s patient records"
        }
    }

    private func lead(_ audience: Audience) -> String {
        switch audience {
        case .family: "One place for the bad nights, the medicines and the letters. You choose who can read it."
        case .clinic: "One place for each patient’s record, opened only by the people who treat the patient."
        case .operations: "One place for each patient’s record, opened only by the crews and staff who need it."
        }
    }
}
