/// Who read one person's record, who tried, and who changed it.
struct WhoLookedPage: PageBody {
    /// What somebody did.
    enum Act: Sendable, Equatable {
        case readTimeline, readEntry, readEverything
        /// Somebody searched, and this person was among the answers.
        case found
        case searchedWithin
        case created, changed, removed, imported
        case shared, stoppedSharing
        case readLooks
        case opened
        /// Something that has no words here yet, named by the one who calls.
        case other(String)
    }

    struct Look: Sendable {
        var when: Moment
        /// Who it was; `nil` for somebody who was not signed in.
        var name: String?
        /// "clinician", "parent".
        var role: String?
        /// Whether it is the reader.
        var isReader = false
        var act: Act
        /// Whether it was allowed.
        var isGranted = true
        /// "an iPhone"; see `Device`.
        var device: String?
    }

    var patient: PatientCard
    /// Newest first.
    var looks: [Look]
    var older: String?

    func title(in frame: Frame) -> String { "Who looked" }

    func body(in frame: Frame) -> HTML {
        let name = frame.words.possessive(self.patient.shortName)
        return """
            \(self.patient.header(.looks, title: "<h1>Who looked at <bdi>\(name)</bdi> record</h1>", in: frame))
            <p class="lead">Everyone who opened this record in Carekeep is listed here, and everyone who tried. That you
            look now leaves a line too.</p>
            \(self.list(in: frame))
            \(self.pages)
            \(self.meanings(in: frame))
            """
    }

    private func list(in frame: Frame) -> HTML {
        guard !self.looks.isEmpty else {
            return "<p class=\"empty\">Nobody has opened this record yet, and nobody has tried.</p>"
        }
        var sections: [HTML] = []
        var start = 0
        for index in self.looks.indices
        where index + 1 == self.looks.count || self.looks[index].when.day != self.looks[index + 1].when.day {
            sections.append(self.day(self.looks[start...index], in: frame))
            start = index + 1
        }
        return "\(sections)"
    }

    private func day(_ looks: ArraySlice<Look>, in frame: Frame) -> HTML {
        guard let day = looks.first?.when.day else { return .nothing }
        let today = day == frame.today ? "Today, " : day == frame.today.adding(days: -1) ? "Yesterday, " : ""
        return """
            <section class="looks"><h2>\(today)\(frame.words.longDate(day))</h2>
            <ul>\(looks.map { self.line($0, in: frame) })</ul></section>
            """
    }

    private func line(_ look: Look, in frame: Frame) -> HTML {
        let refused: HTML = "<strong class=\"tag\">Not allowed</strong> "
        return """
            <li class="look\(" refused", if: !look.isGranted)">
            <p>\(refused, if: !look.isGranted)\(self.sentence(look, in: frame.words))</p>
            <p class="hint">\(self.circumstances(look, in: frame.words))</p></li>
            """
    }

    /// "Dr Imani Okafor, clinician, read Ada's record."
    private func sentence(_ look: Look, in words: Words) -> HTML {
        let who: HTML
        if look.isReader {
            who = "You"
        } else if let name = look.name {
            who = "<bdi>\(name)</bdi>\(look.role.map { ", \($0)," as HTML })"
        } else {
            who = "Somebody who was not signed in"
        }
        let what =
            look.isGranted
            ? look.act.done(words, to: self.patient) : "tried to \(look.act.tried(words, to: self.patient))"
        return "\(who) \(what).\(" Nothing was shown or changed.", if: !look.isGranted)"
    }

    /// "14:05 · from an iPhone"
    private func circumstances(_ look: Look, in words: Words) -> String {
        var parts: [String] = []
        if let minute = look.when.minute { parts.append(words.time(minute)) }
        if let device = look.device { parts.append("from \(device)") }
        return parts.joined(separator: " · ")
    }

    private var pages: HTML? {
        guard let older = self.older else { return nil }
        let address = Address.whoLooked(at: self.patient.id, page: older)
        return """
            <nav class="pages" aria-label="Pages"><ul>
            <li><a class="button quiet" rel="next" href="\(address)">Older</a></li>
            </ul></nav>
            """
    }

    private func meanings(in frame: Frame) -> HTML {
        """
        <details class="card">
        <summary>What these lines mean</summary>
        <dl class="facts">
        <div><dt>read</dt><dd>The person saw it on a screen, or their software fetched it.</dd></div>
        <div><dt>found in a search</dt><dd>The name and birth date appeared in a list of results. Nothing else was
        opened, unless another line says so.</dd></div>
        <div><dt>entered, changed</dt><dd>Something was added or corrected. What stood there before is kept.</dd></div>
        <div><dt>brought in</dt><dd>Entries came from a file, for example from a hospital.</dd></div>
        <div><dt>Not allowed</dt><dd>The person tried and got nothing. Often it is a wrong link or a share that has
        ended. If you do not know the person, ask whoever keeps this record.</dd></div>
        <div><dt>from an iPhone</dt><dd>What the browser says it runs on, which can be wrong. The name and the time
        come from us and not from the device.</dd></div>
        </dl>
        </details>
        """
    }
}

extension WhoLookedPage.Act {
    /// "read Ada's record".
    fileprivate func done(_ words: Words, to patient: PatientCard) -> String {
        let record = words.record(of: patient.shortName)
        return switch self {
        case .opened: "opened \(record)"
        case .readTimeline: "read \(words.possessive(patient.shortName)) timeline"
        case .readEntry: "read an entry in \(record)"
        case .readEverything: "downloaded all of \(record)"
        case .found: "found \(patient.shortName) in a search"
        case .searchedWithin: "searched \(record)"
        case .created: "entered something in \(record)"
        case .changed: "changed an entry in \(record)"
        case .removed: "took out an entry of \(record)"
        case .imported: "brought entries into \(record) from a file"
        case .shared: "shared \(record)"
        case .stoppedSharing: "stopped sharing \(record)"
        case .readLooks: "looked at this list"
        case .other(let words): words
        }
    }

    /// "read Ada's record", after "tried to".
    fileprivate func tried(_ words: Words, to patient: PatientCard) -> String {
        let record = words.record(of: patient.shortName)
        return switch self {
        case .opened: "open \(record)"
        case .readTimeline: "read \(words.possessive(patient.shortName)) timeline"
        case .readEntry: "read an entry in \(record)"
        case .readEverything: "download all of \(record)"
        case .found: "find \(patient.shortName)"
        case .searchedWithin: "search \(record)"
        case .created: "enter something in \(record)"
        case .changed: "change an entry in \(record)"
        case .removed: "take out an entry of \(record)"
        case .imported: "bring entries into \(record) from a file"
        case .shared: "share \(record)"
        case .stoppedSharing: "stop sharing \(record)"
        case .readLooks: "look at this list"
        case .other(let words): words
        }
    }
}

/// What a browser says it runs on, in two words. People recognise their own phone in it; nothing depends on it.
enum Device {
    static func words(userAgent: String) -> String? {
        let known: [(sign: String, words: String)] = [
            ("iPhone", "an iPhone"), ("iPad", "an iPad"), ("CrOS", "a Chromebook"), ("Windows", "a Windows computer"),
            ("Macintosh", "a Mac"), ("Linux", "a Linux computer"), ("curl", "a program"), ("python", "a program"),
        ]
        if userAgent.contains("Android") {
            return userAgent.contains("Mobile") ? "an Android phone" : "an Android tablet"
        }
        return known.first { userAgent.contains($0.sign) }?.words
    }
}
