/// How a chronic illness went, day by day: flares, quiet weeks between them, and what treatment changed.
struct Course {
    let firstDay: Day
    /// The day after the last one.
    let end: Day
    let flares: [Flare]
    /// The day from which the second line of treatment is given, if flares came back.
    let secondLineFrom: Day?
    /// How bad each day was, 0 to 100, from the first day on.
    private let activity: [Int]

    struct Flare {
        let start: Day
        let end: Day
        /// The worst of it, 0 to 100.
        let peak: Int
        let sites: [Illness.Site]
        /// Whether a doctor saw it, rather than the family alone.
        let isConfirmed: Bool
    }

    /// The years before the family wrote down every day: a flare now and then, known from visits.
    init(calm illness: Illness, from firstDay: Day, to end: Day, _ chance: inout Chance) {
        var flares: [Flare] = []
        var start = firstDay - 10
        while start + 40 < end {
            let flare = Flare(
                start: max(start, firstDay),
                end: start + chance.middling(14...32),
                peak: chance.middling(35...85),
                sites: chance.pick(chance.number(1...2), of: illness.sites),
                isConfirmed: true
            )
            flares.append(flare)
            start = flare.end + chance.middling(80...260)
        }
        self.firstDay = firstDay
        self.end = end
        self.flares = flares
        secondLineFrom = nil
        activity = (0..<(end - firstDay)).map { Self.activity(on: firstDay + $0, flares) }
    }

    init(of illness: Illness, from firstDay: Day, to end: Day, _ chance: inout Chance) {
        let usual = chance.pick(min(4, illness.sites.count), of: illness.sites)
        var flares: [Flare] = []
        var secondLineFrom: Day?
        var start = firstDay + chance.number(4...16)
        while start + 10 < end {
            let isTreated = secondLineFrom.map { start > $0 + 35 } ?? false
            let flare = Flare(
                start: start,
                end: min(start + chance.middling(isTreated ? 6...15 : 11...30), end - 1),
                peak: chance.middling(isTreated ? 25...60 : 50...98),
                sites: chance.pick(chance.number(1...(isTreated ? 1 : 3)), of: usual),
                isConfirmed: chance.happens(55)
            )
            flares.append(flare)
            if flares.count == 2 { secondLineFrom = flare.end + chance.number(3...12) }
            start = flare.end + chance.middling(isTreated ? 45...140 : 18...62)
        }
        self.firstDay = firstDay
        self.end = end
        self.flares = flares
        self.secondLineFrom = secondLineFrom.flatMap { $0 < end ? $0 : nil }
        activity = (0..<(end - firstDay)).map { Self.activity(on: firstDay + $0, flares) }
    }

    /// A flare grows over its first quarter, stays, and fades over its last two fifths.
    private static func activity(on day: Day, _ flares: [Flare]) -> Int {
        guard let flare = flares.first(where: { $0.start <= day && day <= $0.end }) else { return 0 }
        let (since, left) = (day - flare.start + 1, flare.end - day + 1)
        let length = flare.end - flare.start + 1
        let rising = flare.peak * since * 4 / length
        let fading = flare.peak * left * 5 / (length * 2)
        return min(flare.peak, rising, fading)
    }

    func activity(on day: Day) -> Int {
        activity.indices.contains(day - firstDay) ? activity[day - firstDay] : 0
    }

    func flare(on day: Day) -> Flare? { flares.first { $0.start <= day && day <= $0.end } }
}
