extension TimelinePicture {
    /// The picture as SVG of one width. A page has two of them, one for a wide screen and one for a phone, so that the
    /// writing in it can be read on both; the stylesheet shows the one that fits.
    struct Drawing {
        let view: View
        let width: Double
        let name: String

        private let left = 26.0
        private let right = 8.0
        private let painTop = 26.0
        private let painHeight: Double
        private let rowHeight = 27.0

        init(_ view: View, width: Double, name: String) {
            self.view = view
            self.width = width
            self.name = name
            self.painHeight = view.pain.isEmpty ? 24 : width > 500 ? 190 : 150
        }

        var svg: HTML {
            """
            <svg class="chart \(self.name)" viewBox="0 0 \(self.width) \(self.height)" role="img" \
            aria-labelledby="\(self.name)-title \(self.name)-desc">
            <title id="\(self.name)-title">Pain, medicines and visits over time</title>
            <desc id="\(self.name)-desc">\(self.view.summary) The same is told in tables below.</desc>
            \(self.timeAxis)
            \(self.painPart)
            \(self.medicinePart)
            \(self.visitPart)
            </svg>
            """
        }
    }
}

// MARK: Places

extension TimelinePicture.Drawing {
    private var plotWidth: Double { self.width - self.left - self.right }
    private var painBottom: Double { self.painTop + self.painHeight }
    private var rowsDrawn: Int { min(self.view.rows.count, TimelinePicture.View.mostRows) }
    private var medicinesTop: Double { self.painBottom + 44 }
    private var medicinesBottom: Double { self.medicinesTop + self.rowHeight * Double(max(self.rowsDrawn, 1)) }
    private var visitsTop: Double { self.medicinesBottom + 30 }
    private var visitsBottom: Double { self.visitsTop + 20 }
    private var height: Double { self.visitsBottom + 42 }

    /// The middle of a day.
    private func x(_ day: Int) -> Double { self.edge(day) + self.plotWidth / Double(self.view.days) / 2 }

    /// The beginning of a day, kept inside the picture.
    private func edge(_ day: Int) -> Double {
        let days = min(max(day - self.view.first, 0), self.view.days)
        return self.left + self.plotWidth * Double(days) / Double(self.view.days)
    }

    private func y(_ pain: Double) -> Double { self.painBottom - self.painHeight * min(max(pain, 0), 10) / 10 }

    private func heading(_ words: HTML, _ y: Double) -> HTML {
        "<text class=\"head\" x=\"0\" y=\"\(y)\">\(words)</text>"
    }
}

// MARK: Pain

extension TimelinePicture.Drawing {
    private var painPart: HTML {
        guard !self.view.pain.isEmpty else {
            return """
                \(self.heading("Pain", 12))
                <text class="none" x="\(self.left)" y="\(self.painTop + 12)">not entered in this time</text>
                """
        }
        let lines = [0.0, 5, 10].map { value in
            """
            <line class="rule" x1="\(self.left)" x2="\(self.width - self.right)" y1="\(self.y(value))" \
            y2="\(self.y(value))"/><text class="number" x="\(self.left - 6)" y="\(self.y(value) + 4)">\(value)</text>
            """ as HTML
        }
        let points = self.worstOfDays
        return """
            \(self.heading("Pain, 0 to 10", 12))
            \(lines)
            <path class="curve" d="\(self.curve(points))"/>
            <g class="dots">\(points.map { self.dot($0, among: points.count) })</g>
            """
    }

    private typealias Point = (day: Int, value: Double, words: String)

    /// The worst of each day, or of as many days as share one column of the picture.
    private var worstOfDays: [Point] {
        var points: [Point] = []
        for pain in self.view.pain {
            let day = TimelinePicture.View.middle(pain.when.day)
            let words = "\(self.view.words.date(pain.when.day)): \(pain.value.toOneDecimal)"
            if let last = points.last, last.day == day || self.x(day) - self.x(last.day) < 0.7 {
                if pain.value > last.value { points[points.count - 1] = (last.day, pain.value, words) }
            } else {
                points.append((day, pain.value, words))
            }
        }
        return points
    }

    private func dot(_ point: Point, among count: Int) -> HTML {
        let radius = count > 250 ? 1.6 : count > 80 ? 2.4 : 3.6
        return """
            <circle cx="\(self.x(point.day))" cy="\(self.y(point.value))" r="\(radius)">\
            <title>\(point.words)</title></circle>
            """
    }

    /// A line between neighbours; broken where something is missing.
    private func curve(_ points: [Point]) -> HTML {
        var path: HTML = ""
        var before: Int?
        let reach = self.reach(of: points)
        for point in points {
            let isJoined = before.map { point.day - $0 <= reach } ?? false
            let place: HTML = "\(self.x(point.day)) \(self.y(point.value))"
            path += isJoined ? "L\(place)" : "M\(place)"
            before = point.day
        }
        return path
    }

    /// How many days apart two entries may be for a line to join them: a little more than is usual for this person, and
    /// never so much that it hides a month of silence.
    private func reach(of points: [Point]) -> Int {
        let gaps = zip(points, points.dropFirst()).map { $1.day - $0.day }.sorted()
        guard !gaps.isEmpty else { return 0 }
        return min(max(2, gaps[(gaps.count - 1) / 2] * 2), 31)
    }
}

// MARK: Medicines and visits

extension TimelinePicture.Drawing {
    private var medicinePart: HTML {
        let top = self.medicinesTop
        guard !self.view.rows.isEmpty else {
            return """
                \(self.heading("Medicines", top - 10))
                <text class="none" x="\(self.left)" y="\(top + 8)">not entered in this time</text>
                """
        }
        let rows = self.view.rows.prefix(self.rowsDrawn).enumerated().map { index, row in
            self.row(row, at: top + self.rowHeight * Double(index))
        }
        return "\(self.heading("Medicines", top - 10))\(rows)"
    }

    private func row(_ row: (name: String, times: [TimelinePicture.Medicine]), at top: Double) -> HTML {
        let bars = row.times.map { self.bar($0, y: top + 14) }
        return "<text class=\"label\" x=\"\(self.left)\" y=\"\(top + 9)\">\(self.shortened(row.name))</text>\(bars)"
    }

    private func bar(_ medicine: TimelinePicture.Medicine, y: Double) -> HTML {
        let start = self.edge(medicine.from.number)
        switch medicine.end {
        case .on, .ongoing:
            let day = TimelinePicture.View.end(medicine, self.view.today)
            let end = max(self.edge(day + 1), start + 2)
            let ongoing: HTML = """
                <path class="onward" d="M\(end - 5) \(y - 2)l7 5.5l-7 5.5z"/>
                """
            return """
                <rect class="bar" x="\(start)" y="\(y)" width="\(end - start)" height="7" rx="2"/>\
                \(ongoing, if: medicine.end == .ongoing)
                """
        case .notEntered, .paused, .notKnown:
            return """
                <rect class="bar" x="\(start)" y="\(y)" width="5" height="7" rx="2"/>\
                <line class="fading" x1="\(start + 6)" x2="\(min(start + 26, self.width))" y1="\(y + 3.5)" y2="\(y + 3.5)"/>
                """
        }
    }

    /// As much of a name as fits; the table has all of it.
    private func shortened(_ name: String) -> String {
        let most = Int(self.plotWidth / 6.8)
        return name.count <= most ? name : name.prefix(most - 1) + "…"
    }

    private var visitPart: HTML {
        let top = self.visitsTop
        guard !self.view.visits.isEmpty else {
            return """
                \(self.heading("Visits", top - 10))
                <text class="none" x="\(self.left)" y="\(top + 8)">none entered in this time</text>
                """
        }
        var path: HTML = ""
        var last = -1.0
        for visit in self.view.visits {
            let x = self.x(TimelinePicture.View.middle(visit.when.day))
            if x - last >= 1.5 {
                path += "M\(x) \(top)v16"
                last = x
            }
        }
        return "\(self.heading("Visits", top - 10))<path class=\"visits\" d=\"\(path)\"/>"
    }
}

// MARK: Time

extension TimelinePicture.Drawing {
    private struct Tick {
        var day: Int
        var label: String
        /// The year, where it is new.
        var year: String?
    }

    private var timeAxis: HTML {
        let y = self.visitsBottom + 6
        let ticks = self.ticks.map { tick -> HTML in
            let x = self.edge(tick.day)
            let year: HTML? = tick.year.map { "<text class=\"year\" x=\"\(x + 3)\" y=\"\(y + 28)\">\($0)</text>" }
            return """
                <line class="tick" x1="\(x)" x2="\(x)" y1="\(self.painTop - 4)" y2="\(y + 6)"/>\
                <text class="time" x="\(x + 3)" y="\(y + 13)">\(tick.label)</text>\(year)
                """
        }
        return
            "\(ticks)<line class=\"axis\" x1=\"\(self.left)\" x2=\"\(self.width - self.right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
    }

    private var ticks: [Tick] {
        let days = self.view.days
        let room = max(2, Int(self.plotWidth / 46))
        var ticks =
            days <= 45
            ? self.dayTicks(every: max(1, (days + room - 1) / room))
            : days <= 1_100
                ? self.monthTicks(every: TimelinePicture.Drawing.step(days / 30, room, [1, 2, 3, 6, 12]))
                : self.yearTicks(every: TimelinePicture.Drawing.step(days / 365, room, [1, 2, 5, 10, 20, 50]))
        // Where the first month or year begins far into the picture, the start is named as well.
        if self.edge(ticks.first?.day ?? self.view.last) > self.left + 60 {
            let start = Day(number: self.view.first)
            let month = Words.months[(start.month ?? 1) - 1].prefix(3)
            ticks.insert(
                Tick(day: start.number, label: "\(start.day ?? 1) \(month)", year: String(start.year)),
                at: 0
            )
        }
        // A label that would run out of the picture says nothing.
        return ticks.filter { self.edge($0.day) < self.width - self.right - 24 }
    }

    /// The smallest step that leaves room for its labels.
    private static func step(_ units: Int, _ room: Int, _ steps: [Int]) -> Int {
        steps.first { units / $0 <= room } ?? steps[steps.count - 1]
    }

    private func dayTicks(every step: Int) -> [Tick] {
        var year: Int?
        return stride(from: self.view.first, through: self.view.last, by: step).map { number in
            let day = Day(number: number)
            defer { year = day.year }
            let month = Words.months[(day.month ?? 1) - 1].prefix(3)
            return Tick(day: number, label: "\(day.day ?? 1) \(month)", year: year == day.year ? nil : String(day.year))
        }
    }

    private func monthTicks(every step: Int) -> [Tick] {
        let start = Day(number: self.view.first)
        var month = start.year * 12 + (start.month ?? 1) - 1 + ((start.day ?? 1) == 1 ? 0 : 1)
        month = (month + step - 1) / step * step
        var ticks: [Tick] = []
        var year: Int?
        while let day = Day(month / 12, month % 12 + 1, 1), day.number <= self.view.last {
            let name = String(Words.months[month % 12].prefix(3))
            ticks.append(Tick(day: day.number, label: name, year: year == day.year ? nil : String(day.year)))
            year = day.year
            month += step
        }
        return ticks
    }

    private func yearTicks(every step: Int) -> [Tick] {
        let first = Day(number: self.view.first).year
        let start = (first + step) / step * step
        return stride(from: start, through: Day(number: self.view.last).year, by: step).compactMap { year in
            Day(year, 1, 1).map { Tick(day: $0.number, label: String(year), year: nil) }
        }
    }
}
