/// The people whose records the reader can open.
struct PatientsPage: PageBody {
    struct Person: Sendable {
        var id: String
        var name: String
        var born: Day?
        var died: Day?
        /// Whether they died, even where nobody entered when.
        var isDead = false
        /// A few words that tell two people of one name apart, or say why the reader sees them: "your daughter",
        /// "shared with you until 3 June 2026".
        var note: String?
        /// Numbers given by hospitals, as they are shown: "NHS 943 476 5919".
        var identifiers: [String] = []
    }

    /// What was looked for. Sent in the body of a POST: an address would keep it in histories and logs.
    struct Search: Sendable {
        var name = ""
        var born = ""
        var identifier = ""
        /// What is wrong with the birth date, if anything.
        var bornError: String?
        /// What is wrong with the name, and with the number, if anything.
        var nameError: String?
        var identifierError: String?

        var hasErrors: Bool { self.bornError != nil || self.nameError != nil || self.identifierError != nil }

        var isEmpty: Bool { self.name.isEmpty && self.born.isEmpty && self.identifier.isEmpty }
    }

    /// What stewards of the installation are reminded of, in numbers of promises.
    struct Reminder: Sendable, Equatable {
        /// How many wait for a review, one's own among them.
        var waiting: Int
        /// How many have to be renewed within 30 days.
        var due: Int
        /// How many nobody vouches for any more.
        var ended: Int

        var isEmpty: Bool { self.waiting + self.due + self.ended == 0 }
    }

    var people: [Person]
    var search = Search()
    /// Whether more people matched than are shown.
    var isCutOff = false
    /// Whether to offer the search at all. A family with two children needs none.
    var offersSearch = true
    /// Whether the reader may open, in an emergency, the record of somebody who is not here.
    var offersEmergency = false
    /// For stewards, where there is something to do.
    var reminder: Reminder?
    /// From whose records the reader is kept out for now.
    var pauses: [Pause] = []

    /// Without the reason, which is not for whoever is kept out.
    struct Pause: Sendable {
        var patient: String
        var since: Day
        /// Whom to ask.
        var ask: String
    }

    var place: Address? { .patients }

    func title(in frame: Frame) -> String { frame.words.listOfPeople }

    func body(in frame: Frame) -> HTML {
        """
        <h1>\(frame.words.listOfPeople)</h1>
        \(self.reminder.map { self.notice($0, in: frame.words) })
        \(self.pauses.map { Self.notice($0, in: frame.words) })
        \(self.searchForm(in: frame), if: self.offersSearch)
        \(self.results(in: frame))
        \(Self.emergency, if: self.offersEmergency)
        """
    }

    private static let emergency: HTML = """
        <p class="hint">Somebody is not here, and waiting could harm them?
        <a href="\(Address.emergency)">Open a record in an emergency</a></p>
        """

    private static func notice(_ pause: Pause, in words: Words) -> HTML {
        """
        <div class="notice"><p>Your access to <bdi>\(words.possessive(pause.patient))</bdi> record is paused since
        \(words.longDate(pause.since)). You cannot open it for now. If you have questions, please ask <bdi>\(pause.ask)</bdi>.</p></div>
        """
    }

    private func notice(_ reminder: Reminder, in words: Words) -> HTML {
        let promises = { (count: Int) in words.count(count, "promise", "promises") }
        let parts = [
            reminder.waiting > 0 ? "\(promises(reminder.waiting)) to review" : nil,
            reminder.due > 0 ? "\(promises(reminder.due)) to renew within 30 days" : nil,
            reminder.ended > 0 ? "\(promises(reminder.ended)) that nobody vouches for any more" : nil,
        ]
        return """
            <div class="notice"><p>For stewards: \(words.list(parts.compactMap(\.self))).
            <a href="\(Address.vouching)">Look at them</a></p></div>
            """
    }

    private func searchForm(in frame: Frame) -> HTML {
        let (search, words) = (self.search, frame.words)
        let all: HTML = "<a class=\"button quiet\" href=\"\(Address.patients)\">Show everyone</a>"
        return """
            <details class="card search"\(" open", if: !search.isEmpty || search.hasErrors)>
            <summary>Find a \(words.somebody)</summary>
            <form method="post" action="\(Address.patients)">
            \(frame.csrfField)
            <div class="row">
            \(Field(name: "name", label: "Name", hint: "The first three letters are enough", error: search.nameError,
                value: search.name).html)
            \(self.bornField.html)
            \(Field(name: "identifier", label: "Number", hint: "As on a letter or card", error: search.identifierError,
                value: search.identifier).html)
            </div>
            <div class="buttons"><button type="submit">Find</button>\(all, if: !search.isEmpty)</div>
            </form>
            </details>
            """
    }

    private var bornField: Field {
        Field(
            kind: .date,
            name: "born",
            label: "Birth date",
            hint: "Leave empty if not known",
            error: self.search.bornError,
            value: self.search.born
        )
    }

    private func results(in frame: Frame) -> HTML {
        let words = frame.words
        // Nothing was looked for.
        if self.search.hasErrors { return "" }
        guard !self.people.isEmpty else {
            return "<p class=\"empty\">\(self.search.isEmpty ? words.nobodyYet : words.nobodyFound)</p>"
        }
        let cut: HTML = """
            <p class="hint">There are more. Type more of the name to narrow it down.</p>
            """
        let found: HTML = """
            <p class="hint" role="status">\(words.count(self.people.count, "match", "matches"))</p>
            """
        return """
            \(found, if: !self.search.isEmpty && !self.isCutOff)
            <ul class="people">\(self.people.map { self.line($0, in: frame) })</ul>
            \(cut, if: self.isCutOff)
            """
    }

    private func line(_ person: Person, in frame: Frame) -> HTML {
        """
        <li><a class="person" href="\(Address.timeline(of: person.id))">
        <span class="initial" aria-hidden="true">\(person.name.first.map { String($0).uppercased() } ?? "?")</span>
        <span class="about"><strong class="name"><bdi>\(person.name.isEmpty ? "Name not entered" : person.name)</bdi></strong>
        <span>\(PatientCard.life(born: person.born, died: person.died, isDead: person.isDead, in: frame).sentenceCased)</span>
        \(person.note.map { "<span>\($0)</span>" as HTML })
        \(person.identifiers.isEmpty ? nil : "<span class=\"ids\">\(person.identifiers.joined(separator: " · "))</span>" as HTML?)
        </span></a></li>
        """
    }
}

/// Who a record is about, at the top of each of its pages.
struct PatientCard: Sendable {
    var id: String
    var name: String
    /// What the person is called in a sentence: "who looked at Ada's record".
    var shortName: String
    var born: Day?
    var died: Day?
    /// Whether they died, even where nobody entered when.
    var isDead = false
    var identifiers: [String] = []
    /// Whether the reader may decide who else reads.
    var mayShare = false
    /// Whether the reader may see who looked.
    var maySeeLooks = true
    /// Whether the reader is one of those who treat people here, and may see who else does.
    var seesTeam = false

    /// The pages of one record.
    enum Tab: Sendable { case timeline, looks, sharing, carers, team }

    /// "born 3 March 2014, 12 years old".
    static func life(born: Day?, died: Day?, isDead: Bool = false, in frame: Frame) -> String {
        let words = frame.words
        let undated = isDead ? ", died, date not entered" : ""
        guard let born else {
            return died.map { "birth date not entered, died \(words.date($0))" } ?? "birth date not entered\(undated)"
        }
        var text = "born \(words.date(born))"
        if let died {
            text += ", died \(words.date(died))"
            if let age = words.age(born: born, on: died) { text += " at \(age)" }
        } else if isDead {
            text += undated
        } else if let age = words.age(born: born, on: frame.today) {
            text += ", \(age) old"
        }
        return text
    }

    /// The way back, the name and the pages of the record. `title` is the `<h1>`.
    func header(_ tab: Tab?, title: HTML, in frame: Frame) -> HTML {
        let ids =
            self.identifiers.isEmpty
            ? nil : "<p class=\"ids\">\(self.identifiers.joined(separator: " · "))</p>" as HTML?
        return """
            <nav class="back" aria-label="Back"><a href="\(Address.patients)">\(frame.words.listOfPeople)</a></nav>
            <div class="patient">
            \(title)
            <p class="life">\(self.lifeLine(tab, in: frame))</p>
            \(ids)
            </div>
            <nav class="tabs" aria-label="\(frame.words.record(of: self.shortName))"><ul>
            \(self.link("Timeline", Address.timeline(of: self.id), tab == .timeline))
            \(self.maySeeLooks ? self.link("Who looked", Address.whoLooked(at: self.id), tab == .looks) : nil)
            \(self.mayShare ? self.link("Sharing", Address.sharing(of: self.id), tab == .sharing) : nil)
            \(self.mayShare && frame.words.audience == .family
                ? self.link("Family", Address.carers(of: self.id), tab == .carers) : nil)
            \(self.seesTeam ? self.link("Care team", Address.team(of: self.id), tab == .team) : nil)
            </ul></nav>
            """
    }

    private func lifeLine(_ tab: Tab?, in frame: Frame) -> HTML {
        let life = PatientCard.life(born: self.born, died: self.died, isDead: self.isDead, in: frame)
        return tab == .timeline ? "\(life.sentenceCased)" : "<bdi>\(self.name)</bdi>, \(life)"
    }

    private func link(_ words: HTML, _ address: Address, _ isHere: Bool) -> HTML {
        "<li><a href=\"\(address)\"\(" aria-current=\"page\"", if: isHere)>\(words)</a></li>"
    }
}
