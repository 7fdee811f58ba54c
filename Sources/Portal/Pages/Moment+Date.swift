import Foundation

extension Moment {
    /// A point in time as a clock in that zone shows it.
    init(_ date: Date, in zone: TimeZone) {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        self.init(secondsSince1970: Int(seconds), aheadOfUTC: zone.secondsFromGMT(for: date))
    }
}

extension Day {
    /// Which day it is in that zone.
    static func today(_ now: Date = Date(), in zone: TimeZone) -> Day { Moment(now, in: zone).day }
}
