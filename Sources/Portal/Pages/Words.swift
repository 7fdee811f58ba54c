/// Whom a page speaks to. The same page says "your child's record" to a mother and "the patient's record" to a clinic.
enum Audience: String, Sendable, CaseIterable {
    case family, clinic, operations
}

/// How dates and times are written.
enum DateStyle: String, Sendable, CaseIterable {
    /// 3 March 2026, 14:05
    case inWords
    /// 03-03-2026, 2:05 pm
    case india

    /// What people of that audience are used to, unless their organisation says otherwise.
    static func usual(for audience: Audience) -> DateStyle { audience == .clinic ? .india : .inWords }
}

/// The words of one audience, and its way to write dates.
struct Words: Sendable {
    let audience: Audience
    let dates: DateStyle

    init(_ audience: Audience, dates: DateStyle? = nil) {
        self.audience = audience
        self.dates = dates ?? .usual(for: audience)
    }

    /// The language of the page, for those who hear it read out.
    var language: String { self.dates == .india ? "en-IN" : "en-GB" }
}

// MARK: People

extension Words {
    /// The name of the list of people.
    var listOfPeople: String {
        switch self.audience {
        case .family: "My family"
        case .clinic: "My patients"
        case .operations: "Patients"
        }
    }

    /// One of them: "Find a …".
    var somebody: String { self.audience == .family ? "person" : "patient" }

    var nobodyYet: String {
        switch self.audience {
        case .family: "No one is here yet. A record you keep, or one that somebody shares with you, appears here."
        case .clinic: "No patients yet. Patients you treat, and records shared with you, appear here."
        case .operations: "No patients yet. Patients you care for appear here."
        }
    }

    var nobodyFound: String {
        switch self.audience {
        case .family: "No one matches. Try the first three letters of the name, or leave the birth date empty."
        case .clinic, .operations:
            "No patient you can see matches. Try the first three letters of the name, or leave the birth date empty."
        }
    }

    func record(of name: String) -> String { "\(self.possessive(name)) record" }

    func possessive(_ name: String) -> String { name.hasSuffix("s") ? "\(name)’" : "\(name)’s" }

    /// The link to the page that says how records are kept safe. Only a family's operator may say "we": clinics and
    /// ambulance services are responsible themselves and somebody runs the server for them.
    var safety: String {
        switch self.audience {
        case .family: "How we keep this safe"
        case .clinic: "How these records are kept safe"
        case .operations: "How records are kept safe"
        }
    }

    /// Age on a day in the words that fit: days for the newborn, months for the baby, years for the rest.
    func age(born: Day, on day: Day) -> String? {
        guard let month = born.month else {
            let years = day.year - born.year
            return years < 0 ? nil : "about \(count(years, "year", "years"))"
        }
        guard born.number <= day.number else { return nil }
        let before = (day.month ?? 1, day.day ?? 1) < (month, born.day ?? 1)
        let years = day.year - born.year - (before ? 1 : 0)
        if years >= 2 { return self.count(years, "year", "years") }
        let early = (day.day ?? 1) < (born.day ?? 1) ? 1 : 0
        let months = (day.year - born.year) * 12 + (day.month ?? 1) - month - early
        if months >= 1 { return self.count(months, "month", "months") }
        return self.count(max(0, day.number - born.number), "day", "days")
    }

    func count(_ number: Int, _ one: String, _ many: String) -> String { "\(number) \(number == 1 ? one : many)" }

    /// "a", "a and b", "a, b and c".
    func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }
}

// MARK: Dates

extension Words {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    static let weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]

    /// A date, no more exact than it is known: "3 March 2026", "March 2026", "2026".
    func date(_ date: Day) -> String {
        guard let month = date.month else { return String(date.year) }
        guard let day = date.day else { return "\(Words.months[month - 1]) \(date.year)" }
        switch self.dates {
        case .inWords: return "\(day) \(Words.months[month - 1]) \(date.year)"
        case .india: return "\(day.twoDigits)-\(month.twoDigits)-\(date.year)"
        }
    }

    /// "Tuesday 3 March 2026".
    func longDate(_ date: Day) -> String {
        guard let weekday = date.weekday else { return self.date(date) }
        return "\(Words.weekdays[weekday]) \(self.date(date))"
    }

    /// Below the headings of year and month: "Tue 3".
    func dayOfMonth(_ date: Day) -> String? {
        guard let day = date.day, let weekday = date.weekday else { return nil }
        return "\(Words.weekdays[weekday].prefix(3)) \(day)"
    }

    func month(_ month: Int) -> String { Words.months[month - 1] }

    func time(_ minute: Int) -> String {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        switch self.dates {
        case .inWords: return "\(hour.twoDigits):\(rest.twoDigits)"
        case .india: return "\((hour + 11) % 12 + 1):\(rest.twoDigits) \(hour < 12 ? "am" : "pm")"
        }
    }

    /// "3 March 2026, 14:05".
    func moment(_ moment: Moment) -> String {
        moment.minute.map { "\(self.date(moment.day)), \(self.time($0))" } ?? self.date(moment.day)
    }

    /// "Tuesday 3 March 2026, 14:05".
    func longMoment(_ moment: Moment) -> String {
        moment.minute.map { "\(self.longDate(moment.day)), \(self.time($0))" } ?? self.longDate(moment.day)
    }
}
