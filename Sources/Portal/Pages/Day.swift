/// A date as exact as it was written: a year, a month, or a day. FHIR's dates are like this, and so is memory.
struct Day: Sendable, Hashable, Comparable {
    let year: Int
    let month: Int?
    let day: Int?

    /// A date, if there is one: `nil` for the 30th of February.
    init?(_ year: Int, _ month: Int? = nil, _ day: Int? = nil) {
        guard (1...9999).contains(year) else { return nil }
        if let month {
            guard (1...12).contains(month) else { return nil }
            if let day { guard (1...Day.length(ofMonth: month, in: year)).contains(day) else { return nil } }
        } else if day != nil {
            return nil
        }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date at the start of a FHIR `date`, `dateTime` or `instant`, as the clock on that wall showed it.
    init?(fhir text: String) {
        let date = text.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let parts = date.split(separator: "-", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count), parts[0].utf8.count == 4 else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(part) else { return nil }
            numbers.append(number)
        }
        self.init(numbers[0], numbers.count > 1 ? numbers[1] : nil, numbers.count > 2 ? numbers[2] : nil)
    }

    /// The day with this number, counted from 1 January 1970.
    init(number: Int) {
        // Days are counted in eras of 400 years that begin on 1 March, so that the leap day is the last of a year.
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        self.year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        self.month = month
        self.day = ofYear - (153 * march + 2) / 5 + 1
    }

    /// The number of the day, counted from 1 January 1970; of a month or a year, that of its first day.
    var number: Int {
        let month = self.month ?? 1
        let year = month <= 2 ? self.year - 1 : self.year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + (self.day ?? 1) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
    }

    /// The number of the last day that this date may mean.
    var lastNumber: Int {
        guard let month = self.month else { return self.number + (Day.isLeap(self.year) ? 366 : 365) - 1 }
        guard self.day == nil else { return self.number }
        return self.number + Day.length(ofMonth: month, in: self.year) - 1
    }

    /// Monday is 0. `nil` unless the day is known.
    var weekday: Int? {
        guard self.day != nil else { return nil }
        return ((self.number + 3) % 7 + 7) % 7
    }

    /// As in an `<input type="date">` or a `<time datetime="…">`.
    var iso: String {
        var text = String(repeating: "0", count: max(0, 4 - String(self.year).utf8.count)) + String(self.year)
        if let month { text += "-" + month.twoDigits }
        if let day { text += "-" + day.twoDigits }
        return text
    }

    func adding(days: Int) -> Day { Day(number: self.number + days) }

    static func < (left: Day, right: Day) -> Bool {
        (left.number, left.lastNumber) < (right.number, right.lastNumber)
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 2: Day.isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A date with, perhaps, a time of that day.
struct Moment: Sendable, Hashable, Comparable {
    let day: Day
    /// Minutes since midnight, where the time is known.
    let minute: Int?

    init(_ day: Day, hour: Int? = nil, minute: Int = 0) {
        self.day = day
        self.minute = hour.map { $0 * 60 + minute }
    }

    /// A FHIR `date`, `dateTime` or `instant`, as the clock on that wall showed it: 23:30 stays in the night, wherever
    /// it is read.
    init?(fhir text: String) {
        guard let day = Day(fhir: text) else { return nil }
        self.day = day
        let parts = text.split(separator: "T", maxSplits: 1)
        let clock = parts.count == 2 ? Array(parts[1].utf8.prefix(5)) : []
        let digits = clock.map { Int($0) - 0x30 }
        if clock.count == 5, clock[2] == UInt8(ascii: ":"),
            [0, 1, 3, 4].allSatisfy({ (0...9).contains(digits[$0]) }),
            digits[0] * 10 + digits[1] < 24, digits[3] * 10 + digits[4] < 60
        {
            self.minute = (digits[0] * 10 + digits[1]) * 60 + digits[3] * 10 + digits[4]
        } else {
            self.minute = nil
        }
    }

    /// A point in time as a wall clock shows it that many seconds ahead of UTC.
    init(secondsSince1970: Int, aheadOfUTC offset: Int) {
        let local = secondsSince1970 + offset
        let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
        self.day = Day(number: day)
        self.minute = (local - day * 86_400) / 60
    }

    static func < (left: Moment, right: Moment) -> Bool {
        left.day == right.day ? (left.minute ?? 0) < (right.minute ?? 0) : left.day < right.day
    }
}

extension Int {
    var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
}
