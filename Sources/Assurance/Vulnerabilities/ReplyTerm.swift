public import Foundation

/// How long an answer may take, as a policy says it.
public enum ReplyTerm: Sendable, Equatable, CustomStringConvertible {
    /// Whole hours or days, weekends included.
    case time(Duration)
    /// Days from Monday to Friday, in UTC. Holidays are not known, and count.
    case workingDays(Int)

    /// When it ends for what came at a time.
    public func end(from start: Date) -> Date {
        switch self {
        case .time(let time): return start.addingTimeInterval(Double(time.components.seconds))
        case .workingDays(let count):
            var calendar = Calendar(identifier: .gregorian)
            calendar.timeZone = .gmt
            var (end, left) = (start, count)
            while left > 0 {
                end = end.addingTimeInterval(86_400)
                if !calendar.isDateInWeekend(end) { left -= 1 }
            }
            return end
        }
    }

    /// The longest that it can be, whatever the day it begins.
    public var longest: Duration {
        switch self {
        case .time(let time): time
        // A weekend in each five days, and the one it may begin in.
        case .workingDays(let count): .seconds(86_400 * (count + 2 * ((count + 4) / 5)))
        }
    }

    /// `24 hours`, `3 working days`.
    public var description: String {
        switch self {
        case .workingDays(let count): return count == 1 ? "1 working day" : "\(count) working days"
        case .time(let time):
            let seconds = time.components.seconds
            if seconds > 86_400, seconds % 86_400 == 0 { return "\(seconds / 86_400) days" }
            if seconds % 3600 == 0 { return seconds == 3600 ? "1 hour" : "\(seconds / 3600) hours" }
            return "\(seconds / 60) minutes"
        }
    }
}
