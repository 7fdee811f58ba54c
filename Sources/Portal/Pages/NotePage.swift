/// A few words that somebody writes in their own record, for others to see or for nobody.
struct NotePage: PageBody {
    var patient: PatientCard
    var text = ""
    var isPrivate = false
    var textError: String?

    /// In characters.
    static let longest = 4_000

    func title(in frame: Frame) -> String { "Write something down" }

    func body(in frame: Frame) -> HTML {
        """
        <nav class="back" aria-label="Back"><a href="\(Address.timeline(of: self.patient.id))">Your record</a></nav>
        <div class="narrow"><h1>Write something down</h1>
        \(Problem(text: "Nothing was kept yet. Please look at what is marked below.").html, if: self.textError != nil)
        <form method="post" action="\(Address.note(of: self.patient.id))" class="card">\(frame.csrfField)
        \(LongField(name: "text", label: "In your words", error: self.textError, value: self.text, longest: Self.longest).html)
        \(Tick(name: "private", label: "Only I see this", isChosen: self.isPrivate).html)
        <p class="hint">If nobody else sees it, nothing shows them that it is there. You cannot change that later, for this entry.
        <a href="\(Address.growingUp(of: self.patient.id))">What is private, and what is not</a></p>
        <button type="submit">Keep it</button></form></div>
        """
    }
}
