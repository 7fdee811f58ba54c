import Glibc

/// A time for people and programs to read: `2026-11-22T05:41:09.123456Z`. By integer arithmetic, since every request has one.
struct LogMoment: Sendable {
    private let seconds: Int
    private let microseconds: Int

    /// Seconds since 1970, not before.
    init(seconds: Int, microseconds: Int = 0) {
        (self.seconds, self.microseconds) = (seconds, microseconds)
    }

    static var now: LogMoment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogMoment(seconds: time.tv_sec, microseconds: time.tv_nsec / 1000)
    }

    var text: String {
        let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = Self.date(days)
        return String(unsafeUninitializedCapacity: 27) { buffer in
            var writer = DigitWriter(buffer: buffer)
            writer.write(year, digits: 4, then: "-")
            writer.write(month, digits: 2, then: "-")
            writer.write(day, digits: 2, then: "T")
            writer.write(second / 3600, digits: 2, then: ":")
            writer.write(second / 60 % 60, digits: 2, then: ":")
            writer.write(second % 60, digits: 2, then: ".")
            writer.write(microseconds, digits: 6, then: "Z")
            return writer.count
        }
    }

    /// The date of a day since 1970, by years that begin in March, so that the leap day is a year's last.
    private static func date(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let days = daysSince1970 + 719_468  // since 1 March of the year 0
        let era = days / 146_097  // of 400 years
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1)
    }
}

private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func write(_ number: Int, digits: Int, then separator: Unicode.Scalar) {
        var rest = number
        for place in stride(from: count + digits - 1, through: count, by: -1) {
            buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        buffer[count + digits] = UInt8(ascii: separator)
        count += digits + 1
    }
}
