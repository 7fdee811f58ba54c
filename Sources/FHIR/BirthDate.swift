/// Birth dates as few equalities: `198-` (decade), `1984`, `1984-03`, `1984-03-09`.
///
/// A range becomes the fewest of these that cover it. Somebody of whom only the year or month is known has `1984~` or
/// `1984-03~` besides, and is found when a bound of a range falls inside: perhaps they belong, and FHIR says they match.
enum BirthDate {
    /// Decades that a range without an end is made of. Those outside share two values.
    private static let firstDecade = 187
    private static let lastDecade = 210
    private static let before = "-187-"
    private static let after = "210-+"

    /// The values under which a birth date is found.
    static func values(of date: DateTime) -> [String] {
        let year = name(date.year)
        let month = "\(year)-\(padded(date.month))"
        let decade = decadeName(date.year / 10)
        return switch date.precision {
        case .year: [decade, year, "\(year)~"]
        case .month: [decade, year, month, "\(month)~"]
        default: [decade, year, month, "\(month)-\(padded(date.day))"]
        }
    }

    /// The values of which somebody born in one of these ranges has one.
    static func clause(_ ranges: [Range]) -> PatientQuery.Clause {
        var seen: Set<String> = []
        let values = ranges.flatMap { $0.values }.filter { seen.insert($0).inserted }
        return PatientQuery.Clause(anyOf: values.map { .init("birthdate", $0) })
    }

    /// Days from and to, both among them, and the values of imprecise dates at its bounds.
    struct Range: Sendable, Equatable {
        let first: Int64
        let last: Int64
        let imprecise: [String]

        private static let earliest = DateTime.days(1, 1, 1)
        private static let latest = DateTime.days(9999, 12, 31)

        private init(first: Int64, last: Int64, imprecise: [String] = []) {
            (self.first, self.last, self.imprecise) = (first, last, imprecise)
        }

        /// The days that a value such as `ge1984-03` means; `nil` if equalities cannot say it, as for `ne`.
        init?(searching text: String) {
            let (prefix, rest) = DatePrefix.taken(from: text)
            guard let prefix, let date = DateTime(rest, as: .search) else { return nil }
            let (start, next) = (Self.floor(date.start), Self.floor(date.end + DateTime.day - 1))
            switch prefix {
            case .eq: self.init(first: start, last: next - 1)
            // A time within a day is compared with the whole day of birth, so the day itself may match.
            case .gt, .sa: self.init(first: Self.floor(date.end), last: Self.latest, imprecise: Self.around(next - 1))
            case .ge: self.init(first: start, last: Self.latest, imprecise: Self.around(next - 1))
            case .lt, .eb:
                self.init(first: Self.earliest, last: Self.floor(date.start - 1), imprecise: Self.around(start))
            case .le: self.init(first: Self.earliest, last: next - 1, imprecise: Self.around(start))
            case .ne, .ap: return nil
            }
        }

        func intersection(_ other: Range) -> Range {
            Range(
                first: max(first, other.first),
                last: min(last, other.last),
                imprecise: imprecise + other.imprecise
            )
        }

        /// The year and the month of a day, for those of whom no more is known.
        private static func around(_ day: Int64) -> [String] {
            let date = DateTime.date(days: day)
            return ["\(name(date.year))~", "\(name(date.year))-\(padded(date.month))~"]
        }

        private static func floor(_ microseconds: Int64) -> Int64 {
            (microseconds >= 0 ? microseconds : microseconds - DateTime.day + 1) / DateTime.day
        }

        /// The fewest values that cover the range: the largest unit that begins here and fits, again and again.
        var values: [String] {
            var values: [String] = []
            var day = first
            if day < DateTime.days(firstDecade * 10, 1, 1), day <= last {
                values.append(before)
                day = DateTime.days(firstDecade * 10, 1, 1)
            }
            let end = DateTime.days(lastDecade * 10 + 10, 1, 1)
            while day <= min(last, end - 1) {
                let (value, next) = largestUnit(from: day)
                values.append(value)
                day = next
            }
            if last >= end { values.append(after) }
            return values + imprecise
        }

        private func largestUnit(from day: Int64) -> (value: String, next: Int64) {
            let (year, month, date) = DateTime.date(days: day)
            let year1 = name(year)
            if date == 1, month == 1, year % 10 == 0, DateTime.days(year + 10, 1, 1) - 1 <= last {
                return (decadeName(year / 10), DateTime.days(year + 10, 1, 1))
            }
            if date == 1, month == 1, DateTime.days(year + 1, 1, 1) - 1 <= last {
                return (year1, DateTime.days(year + 1, 1, 1))
            }
            let nextMonth = month == 12 ? DateTime.days(year + 1, 1, 1) : DateTime.days(year, month + 1, 1)
            if date == 1, nextMonth - 1 <= last { return ("\(year1)-\(padded(month))", nextMonth) }
            return ("\(year1)-\(padded(month))-\(padded(date))", day + 1)
        }
    }

    private static func decadeName(_ decade: Int) -> String {
        if decade < firstDecade { return before }
        return decade > lastDecade ? after : String(repeating: "0", count: max(0, 3 - "\(decade)".count)) + "\(decade)-"
    }

    private static func name(_ year: Int) -> String { String(repeating: "0", count: 4 - "\(year)".count) + "\(year)" }
    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
