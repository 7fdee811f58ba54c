/// Asks why a carer is to be kept out of a record, and whom they may ask.
struct PausePage: PageBody {
    var patient: PatientCard
    /// Who is to be kept out.
    var carer: String
    var account: String
    /// Whom they may be told to ask.
    var toAsk: [Choice.Option]
    var ask: String?
    var reason = ""
    var reasonError: String?
    var askError: String?

    var hasErrors: Bool { self.reasonError != nil || self.askError != nil }

    func title(in frame: Frame) -> String { "Pause somebody" }

    func body(in frame: Frame) -> HTML {
        """
        <nav class="back" aria-label="Back"><a href="\(Address.carers(of: self.patient.id))">Family</a></nav>
        <div class="narrow"><h1>Pause <bdi>\(self.carer)</bdi></h1>
        \(Problem(text: "Nothing was changed yet. Please look at what is marked below.").html, if: self.hasErrors)
        <p>From their next click on, they can open nothing of <bdi>\(frame.words.possessive(self.patient.shortName))</bdi> record. They
        are told that they are paused and whom to ask, and not why. You can let them in again at any time.</p>
        <form method="post" action="\(Address.pauseCarer(self.account, of: self.patient.id))" class="card">\(frame.csrfField)
        \(LongField(
            name: "reason", label: "Why",
            hint: "For those who keep this record, and whoever looks into it one day. They never see it.",
            error: self.reasonError, value: self.reason, longest: 2_000).html)
        \(Choice(
            name: "ask", label: "Whom they may ask", hint: "They see this name.", error: self.askError, options: self.toAsk,
            chosen: self.ask, prompt: "Please choose").html)
        <button type="submit">Pause now</button></form>
        <p class="hint">If somebody is in danger now, please call the emergency services first.</p></div>
        """
    }
}
