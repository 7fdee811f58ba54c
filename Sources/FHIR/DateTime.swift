/// A date or time as FHIR writes it, to whatever precision it was known: `1998`, `1998-06`, `2020-02-29T23:59:59.5+01:00`.
public struct DateTime: Sendable, Equatable {
    public enum Precision: UInt8, Sendable, Comparable {
        case year, month, day, minute, second, fraction

        public static func < (left: Precision, right: Precision) -> Bool { left.rawValue < right.rawValue }
    }

    public let precision: Precision
    /// The first microsecond that it may mean, counted from 1970 in UTC. Without a time zone, UTC is taken for meant.
    public let start: Int64
    /// The first microsecond after all that it may mean.
    public let end: Int64
    public let year: Int
    public let month: Int
    public let day: Int
    /// Whether it says its time zone.
    public let hasZone: Bool

    /// What of FHIR's grammar is meant: a `dateTime` in a record, or one in a search, which may leave out more.
    public enum Grammar: Sendable {
        /// Year, month or day.
        case date
        /// A date, or a time to the second with its zone.
        case dateTime
        /// A time to the second with its zone.
        case instant
        /// As in a search: minutes may stand without seconds, and times without zone.
        case search
    }

    /// The date or time that a text is; `nil` if it breaks the grammar or names no day of the calendar.
    public init?(_ text: String, as grammar: Grammar = .dateTime) {
        var text = text
        guard let value = text.withUTF8({ DateTimeReader(bytes: $0).read(grammar) }) else { return nil }
        self = value
    }

    fileprivate init(date: (year: Int, month: Int?, day: Int?)) {
        precision = date.day != nil ? .day : date.month != nil ? .month : .year
        (year, month, day) = (date.year, date.month ?? 1, date.day ?? 1)
        hasZone = false
        start = Self.days(year, month, day) * Self.day
        let next =
            switch precision {
            case .year: Self.days(year + 1, 1, 1)
            case .month: month == 12 ? Self.days(year + 1, 1, 1) : Self.days(year, month + 1, 1)
            default: Self.days(year, month, day) + 1
            }
        end = next * Self.day
    }

    fileprivate init(day date: DateTime, microseconds: Int64, precision: Precision, length: Int64, zone: Int64?) {
        self.precision = precision
        (year, month, day) = (date.year, date.month, date.day)
        hasZone = zone != nil
        start = date.start + microseconds - (zone ?? 0) * 60_000_000
        end = start + length
    }

    /// Microseconds in a day.
    static let day: Int64 = 86_400_000_000

    /// Days from 1970-01-01 in the Gregorian calendar, also before its time (Hinnant's algorithm).
    static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The day of the Gregorian calendar that lies so many days after 1970-01-01.
    static func date(days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
    }

    static func length(ofMonth month: Int, in year: Int) -> Int {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }
}

/// Reads FHIR's dates and times from bytes.
struct DateTimeReader {
    let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    consuming func read(_ grammar: DateTime.Grammar) -> DateTime? {
        guard let date = self.date() else { return nil }
        if position == bytes.count { return grammar == .instant ? nil : date }
        guard grammar != .date, date.precision == .day, take("T"), let time = self.time(grammar) else { return nil }
        let zone = self.zone()
        guard position == bytes.count, zone != nil || grammar == .search else { return nil }
        return DateTime(
            day: date,
            microseconds: time.microseconds,
            precision: time.precision,
            length: time.length,
            zone: zone
        )
    }

    /// A time of day alone, as FHIR's `time` is.
    consuming func readTime() -> Bool {
        time(.dateTime) != nil && position == bytes.count
    }

    private mutating func date() -> DateTime? {
        guard let year = number(digits: 4), year > 0 else { return nil }
        guard take("-") else { return DateTime(date: (year, nil, nil)) }
        guard let month = number(digits: 2), (1...12).contains(month) else { return nil }
        guard take("-") else { return DateTime(date: (year, month, nil)) }
        guard let day = number(digits: 2), day >= 1, day <= DateTime.length(ofMonth: month, in: year) else {
            return nil
        }
        return DateTime(date: (year, month, day))
    }

    private mutating func time(
        _ grammar: DateTime.Grammar
    ) -> (microseconds: Int64, precision: DateTime.Precision, length: Int64)? {
        guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60 else {
            return nil
        }
        let start = Int64(hour * 60 + minute) * 60_000_000
        guard take(":") else { return grammar == .search ? (start, .minute, 60_000_000) : nil }
        // 60 is a leap second; it is counted as the second after.
        guard let second = number(digits: 2), second <= 60 else { return nil }
        let seconds = start + Int64(second) * 1_000_000
        guard take(".") else { return (seconds, .second, 1_000_000) }
        guard let fraction = fraction() else { return nil }
        return (seconds + fraction.microseconds, .fraction, fraction.length)
    }

    /// Digits after the point; those beyond a microsecond are checked and not counted.
    private mutating func fraction() -> (microseconds: Int64, length: Int64)? {
        var unit: Int64 = 1_000_000
        var sum: Int64 = 0
        let first = position
        while position < bytes.count, let digit = digit(bytes[position]) {
            if unit > 1 {
                unit /= 10
                sum += Int64(digit) * unit
            }
            position += 1
        }
        return position > first ? (sum, unit) : nil
    }

    /// Minutes east of UTC.
    private mutating func zone() -> Int64? {
        if take("Z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hour = number(digits: 2), take(":"), let minute = number(digits: 2), minute < 60,
            hour < 14 || (hour == 14 && minute == 0)
        else { return nil }
        return sign * Int64(hour * 60 + minute)
    }

    private mutating func number(digits count: Int) -> Int? {
        guard position + count <= bytes.count else { return nil }
        var value = 0
        for _ in 0..<count {
            guard let digit = digit(bytes[position]) else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    private func digit(_ byte: UInt8) -> Int? {
        let digit = byte &- UInt8(ascii: "0")
        return digit < 10 ? Int(digit) : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
