import Foundation

extension Moment {
    /// A point in time as a clock in that zone shows it.
    init(_ date: Date, in zone: TimeZone) {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        self.init(secondsSince1970: Int(seconds), aheadOfUTC: zone.secondsFromGMT(for: date))
    }
}

extension Day {
    /// When the day is over in that zone: the first moment of the next one, whatever clocks do in that night.
    func end(in zone: TimeZone) -> Date {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let next = Day(number: self.lastNumber + 1)
        let midnight = DateComponents(year: next.year, month: next.month, day: next.day)
        return calendar.date(from: midnight).map(calendar.startOfDay)
            ?? Date(timeIntervalSince1970: Double(next.number) * 86_400)
    }

    /// The last day before something ends: of what ends at midnight, the day before.
    static func last(before end: Date, in zone: TimeZone) -> Day { .today(end.addingTimeInterval(-1), in: zone) }

    /// Which day it is in that zone.
    static func today(_ now: Date = Date(), in zone: TimeZone) -> Day { Moment(now, in: zone).day }
}
