import People

/// What is set in an organisation, and the forms to set it otherwise.
struct SettingsPage: PageBody {
    struct Line: Sendable {
        var name: String
        var label: String
        var value: String
        var unit: String
        /// "between 20 and 10000".
        var bounds: String
        var beginsWith: String
        var source: String
        var isObeyed: Bool
        /// What was sent and not taken.
        var sent: String?
    }

    var settings: [Line]
    var mayChange: Bool

    var place: Address? { .members }

    func title(in frame: Frame) -> String { "Settings" }

    func body(in frame: Frame) -> HTML {
        let waiting = self.settings.filter { !$0.isObeyed }
        return """
            <p class="back"><a href="\(Address.members)">People</a></p>
            <h1>Settings</h1>
            <p class="lead">What counts here. A change counts at once, and is noted.</p>
            \(self.settings.filter(\.isObeyed).map { self.card($0, in: frame) })
            <details><summary>Periods that nothing acts on yet</summary>
            <p class="hint">They come with Carekeep for your kind of organisation, each with where it comes from, and will count when
            what they are for is built.</p>
            <ul class="plain">\(waiting.map { line in
                "<li><strong>\(line.label)</strong>: \(line.value) \(line.unit). <span class=\"hint\">\(line.source)</span></li>" as HTML
            })</ul></details>
            """
    }

    private func card(_ line: Line, in frame: Frame) -> HTML {
        let form: HTML = """
            <form method="post" action="\(Address.settings)">\(frame.csrfField)
            <input type="hidden" name="name" value="\(line.name)">
            \(Field(
                name: "value", suffix: "-\(line.name)", label: line.label, hint: self.hint(line),
                error: line.sent == nil ? nil : "Please enter a whole number \(line.bounds).",
                value: line.sent ?? line.value, isRequired: true).html)
            <button type="submit">Save</button></form>
            """
        let plain: HTML = "<p><strong>\(line.label)</strong>: \(line.value)</p><p class=\"hint\">\(self.hint(line))</p>"
        return "<section class=\"card\">\(self.mayChange ? form : plain)</section>"
    }

    private func hint(_ line: Line) -> String {
        "A whole number \(line.bounds). It begins with \(line.beginsWith): \(line.source)."
    }
}

extension SettingsPage.Line {
    init(_ setting: OrganizationSetting, sent: String?) {
        self.init(
            name: setting.name,
            label: Self.labels[setting.name] ?? setting.name.replacing("-", with: " ").replacing(".", with: ": "),
            value: setting.value,
            unit: setting.kind == "count" ? "" : setting.kind,
            bounds: "between \(setting.floor ?? "0") and \(setting.ceiling ?? "999999999")",
            beginsWith: setting.beginsWith,
            source: "\(setting.source) (looked at on \(setting.checkedOn))",
            isObeyed: setting.isObeyed,
            sent: sent
        )
    }

    private static let labels = [
        "disclosure.limit": "How many people lists, searches and exports may show one member in a day"
    ]
}

/// Asks whether somebody means to leave.
struct LeavePage: PageBody {
    var isUnsure = false

    func title(in frame: Frame) -> String { "Leave this organisation" }

    func body(in frame: Frame) -> HTML {
        let problem = Problem(text: "Please tick that you are sure. Nothing was changed.").html
        return """
            <div class="narrow"><h1>Leave <bdi>\(frame.organization ?? "this organisation")</bdi></h1>
            \(problem, if: self.isUnsure)
            <p>You are signed out here at once, everywhere, and can open no record of this organisation any more, not even one that
            you keep. What you wrote stays. To come back, somebody has to add you again.</p>
            <p>If you keep a record that nobody else keeps, make sure that somebody else can before you go.</p>
            <form method="post" action="\(Address.leave)">\(frame.csrfField)
            \(Tick(name: "sure", label: "I am sure that I want to leave", isChosen: false).html)
            <button type="submit" class="quiet">Leave</button></form></div>
            """
    }
}
