/// A day of the calendar, without a clock or a place.
public struct Day: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public let number: Int

    public init(number: Int) { self.number = number }

    /// The day on which a moment falls at Greenwich.
    public init(secondsSince1970: Int) {
        number = (secondsSince1970 >= 0 ? secondsSince1970 : secondsSince1970 - 86_399) / 86_400
    }

    /// A date of the Gregorian calendar. By Howard Hinnant's `days_from_civil`.
    public init(_ year: Int, _ month: Int, _ day: Int) {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        number = era * 146_097 + dayOfEra - 719_468
    }

    /// Year, month and day. By Howard Hinnant's `civil_from_days`.
    public var date: (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400
        return month < 10 ? (year, month + 3, day) : (year + 1, month - 9, day)
    }

    /// 0 for Monday to 6 for Sunday.
    var weekday: Int { ((number + 3) % 7 + 7) % 7 }

    /// As FHIR writes it, `2026-03-04`.
    public var description: String {
        let date = date
        return
            "\(twoDigits(date.year / 100))\(twoDigits(date.year % 100))-\(twoDigits(date.month))-\(twoDigits(date.day))"
    }

    public static func < (left: Day, right: Day) -> Bool { left.number < right.number }
    static func + (day: Day, days: Int) -> Day { Day(number: day.number + days) }
    static func - (day: Day, days: Int) -> Day { Day(number: day.number - days) }
    static func - (left: Day, right: Day) -> Int { left.number - right.number }

    /// The years completed from this day, a birthday, to another.
    func age(on other: Day) -> Int {
        let (birth, then) = (date, other.date)
        return then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day) ? 1 : 0)
    }
}

/// Where somebody's clock stands.
enum Zone {
    case newYork, kolkata, london

    /// Minutes ahead of Greenwich. On the days on which clocks change, the whole day has the new time.
    func offset(on day: Day) -> Int {
        let year = day.date.year
        switch self {
        case .kolkata: return 330
        case .london:
            let summer = Self.lastSunday(of: 3, year)..<Self.lastSunday(of: 10, year)
            return summer.contains(day) ? 60 : 0
        case .newYork:
            let summer = (Self.firstSunday(of: 3, year) + 7)..<Self.firstSunday(of: 11, year)
            return summer.contains(day) ? -240 : -300
        }
    }

    private static func firstSunday(of month: Int, _ year: Int) -> Day {
        let first = Day(year, month, 1)
        return first + (6 - first.weekday)
    }

    /// Of a month with 31 days.
    private static func lastSunday(of month: Int, _ year: Int) -> Day {
        let last = Day(year, month, 31)
        return last - (last.weekday + 1) % 7
    }
}

/// A moment on somebody's clock.
struct Moment: Comparable, CustomStringConvertible {
    let day: Day
    /// Since midnight, below 1,440.
    let minute: Int
    let zone: Zone

    /// A moment so many minutes after midnight of a day; they may reach into later days.
    init(_ day: Day, minute: Int, _ zone: Zone) {
        self.day = day + minute / 1_440
        self.minute = minute % 1_440
        self.zone = zone
    }

    init(_ day: Day, _ hour: Int, _ minute: Int, _ zone: Zone) { self.init(day, minute: hour * 60 + minute, zone) }

    func later(by minutes: Int) -> Moment { Moment(day, minute: minute + minutes, zone) }

    /// As FHIR writes it, `2026-03-04T07:20:00-05:00`. Also valid as an instant.
    var description: String {
        let offset = zone.offset(on: day)
        let ahead = "\(offset < 0 ? "-" : "+")\(twoDigits(abs(offset) / 60)):\(twoDigits(abs(offset) % 60))"
        return "\(day)T\(clock):00\(ahead)"
    }

    /// Hours and minutes, `07:20`.
    var clock: String { "\(twoDigits(minute / 60)):\(twoDigits(minute % 60))" }

    static func < (left: Moment, right: Moment) -> Bool { (left.day, left.minute) < (right.day, right.minute) }
}

func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
