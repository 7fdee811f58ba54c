/// What happened to one person, newest first, under a picture of it.
struct TimelinePage: PageBody {
    struct Entry: Sendable {
        /// The id of the record.
        var record: String
        var kind: RecordKind
        var title: String
        /// What it says, in a few words: "4 out of 10".
        var detail: String?
        /// When it happened; `nil` if nobody entered that.
        var when: Moment?
        /// Whether it was marked as entered by mistake.
        var isMistake = false
        /// Whether nobody but the reader sees it.
        var isPrivate = false
    }

    var patient: PatientCard
    var picture: TimelinePicture
    /// Newest first, the undated last.
    var entries: [Entry]
    /// What the list is narrowed down to.
    var shown: RecordKind.Group?
    /// How many entries are looked at here, if the record has more.
    var entriesOfMany: Int?
    /// What it can be narrowed down to; empty where the route does not offer it.
    var groups: [RecordKind.Group] = []
    /// What of the record is shown to whoever looks, where it is not all: "medicines, results".
    var sees: String?
    /// Whether the reader may write a note of their own: it is their record.
    var offersNote = false
    /// Opaque tokens of the neighbouring pages.
    var newer: String?
    var older: String?

    func title(in frame: Frame) -> String { "Timeline" }

    func body(in frame: Frame) -> HTML {
        """
        \(self.patient.header(.timeline, title: "<h1><bdi>\(self.patient.name.isEmpty ? "Name not entered" : self.patient.name)</bdi></h1>", in: frame))
        \(self.entriesOfMany.map(TimelinePage.cutOff))
        \(self.sees.map(Self.notice))
        \(self.note, if: self.offersNote)
        \(self.newer == nil ? self.picture.figure(of: self.patient.id, in: frame) : nil)
        <section class="entries" aria-labelledby="entries">
        <h2 id="entries">\(self.shown?.label ?? "Everything entered")</h2>
        \(self.groupLinks)
        \(self.list(in: frame))
        \(self.pages)
        </section>
        """
    }

    private static func cutOff(_ count: Int) -> HTML {
        """
        <div class="notice"><p><strong>This record is longer than a page can show.</strong> Here are the \(String(count)) entries that
        were entered last, in the list and in the picture. What was entered before them is kept, and can be searched and exported
        with other health software.</p></div>
        """
    }

    private var note: HTML {
        "<p><a class=\"button quiet\" href=\"\(Address.note(of: self.patient.id))\">Write something down</a></p>"
    }

    private static func notice(_ sees: String) -> HTML {
        """
        <div class="notice"><p>You see a part of this record: \(sees). The rest was not shared with you, so what is missing here may
        be there.</p></div>
        """
    }

    private var groupLinks: HTML? {
        guard !self.groups.isEmpty else { return nil }
        let here: HTML = " aria-current=\"true\""
        let links = self.groups.map { group in
            """
            <li><a href="\(Address.timeline(of: self.patient.id, showing: group))"\(here, if: group == self.shown)>\
            \(group.label)</a></li>
            """ as HTML
        }
        return """
            <nav class="chips" aria-label="Show only"><ul>
            <li><a href="\(Address.timeline(of: self.patient.id))"\(here, if: self.shown == nil)>Everything</a></li>
            \(links)
            </ul></nav>
            """
    }

    private func list(in frame: Frame) -> HTML {
        guard !self.entries.isEmpty else {
            return "<p class=\"empty\">Nothing is entered here yet. That does not mean nothing happened.</p>"
        }
        let years = TimelinePage.runs(of: self.entries) { $0.when?.day.year }
        return "\(years.map { self.year($0, in: frame) })"
    }

    private func year(_ entries: ArraySlice<Entry>, in frame: Frame) -> HTML {
        guard let year = entries.first?.when?.day.year else {
            return "<h3 class=\"year\">Date not entered</h3>\(self.lines(entries, in: frame))"
        }
        let months = TimelinePage.runs(of: entries) { $0.when?.day.month }
        return """
            <h3 class="year">\(String(year))</h3>
            \(months.map { self.month($0, in: frame) })
            """
    }

    private func month(_ entries: ArraySlice<Entry>, in frame: Frame) -> HTML {
        let month = entries.first?.when?.day.month
        return """
            <h4 class="month">\(month.map(frame.words.month) ?? "Some time in the year")</h4>
            \(self.lines(entries, in: frame))
            """
    }

    /// The entries of a month; a day is written once, and read out with each of its entries.
    private func lines(_ entries: ArraySlice<Entry>, in frame: Frame) -> HTML {
        var lines: [HTML] = []
        var before: Entry?
        for entry in TimelinePage.runs(of: entries, by: { $0.when?.day }).flatMap(TimelinePage.billsLast) {
            lines.append(self.line(entry, after: before, in: frame))
            before = entry
        }
        return "<ul class=\"timeline\">\(lines)</ul>"
    }

    /// What a day cost comes after what happened on it.
    private static func billsLast(_ day: ArraySlice<Entry>) -> [Entry] {
        day.filter { $0.kind != .bill } + day.filter { $0.kind == .bill }
    }

    private func line(_ entry: Entry, after before: Entry?, in frame: Frame) -> HTML {
        let isSameDay = before != nil && before?.when?.day == entry.when?.day
        let isSameKind = isSameDay && before?.kind == entry.kind
        let own: HTML = "<span class=\"detail\">only you</span>"
        let mistake: HTML = "<span class=\"mistake\">marked as a mistake</span>"
        return """
            <li class="entry\(" first", if: !isSameDay)">\
            <span class="day\(" again", if: isSameDay || entry.when?.day.day == nil)">\(self.day(entry, in: frame))</span>\
            <span class="kind\(" again", if: isSameKind)">\(entry.kind.label)</span>\
            <span class="what"><a href="\(Address.record(entry.record, of: self.patient.id))">\(entry.title)</a>\
            \(entry.detail.map { "<span class=\"detail\">\($0)</span>" as HTML })\(mistake, if: entry.isMistake)\
            \(own, if: entry.isPrivate)</span></li>
            """
    }

    private func day(_ entry: Entry, in frame: Frame) -> HTML? {
        guard let day = entry.when?.day else { return nil }
        guard let short = frame.words.dayOfMonth(day) else { return "<span class=\"hidden\">day not entered</span>" }
        return "<time datetime=\"\(day.iso)\">\(short)</time>"
    }

    private var pages: HTML? {
        guard self.newer != nil || self.older != nil else { return nil }
        return """
            <nav class="pages" aria-label="Pages"><ul>
            \(self.newer.map { "<li><a class=\"button quiet\" rel=\"prev\" href=\"\(self.page($0))\">Newer</a></li>" as HTML })
            \(self.older.map { "<li><a class=\"button quiet\" rel=\"next\" href=\"\(self.page($0))\">Older</a></li>" as HTML })
            </ul></nav>
            """
    }

    private func page(_ token: String) -> Address {
        guard let shown else { return .timeline(of: self.patient.id, page: token) }
        return .timeline(of: self.patient.id, showing: shown, page: token)
    }

    /// Neighbours that share a value, kept together.
    static func runs<Value: Equatable>(
        of entries: some RandomAccessCollection<Entry>,
        by value: (Entry) -> Value
    ) -> [ArraySlice<Entry>] {
        let entries = Array(entries)
        var runs: [ArraySlice<Entry>] = []
        var start = 0
        for index in entries.indices
        where index + 1 == entries.count || value(entries[index]) != value(entries[index + 1]) {
            runs.append(entries[start...index])
            start = index + 1
        }
        return runs
    }
}
