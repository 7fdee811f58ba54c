import Foundation
import Testing

@testable import Portal

@Suite struct `A date` {
    @Test(arguments: [
        ("2014", "2014"), ("2014-03", "March 2014"), ("2014-03-05", "5 March 2014"),
        ("2014-03-05T23:59:59.123+05:30", "5 March 2014"), ("2016-02-29", "29 February 2016"),
    ])
    func `is said as exactly as it was written`(fhir: String, words: String) throws {
        #expect(Words(.family).date(try #require(Day(fhir: fhir))) == words)
    }

    @Test(arguments: [
        "", "14", "2014-13", "2014-02-30", "2015-02-29", "2014-3-5x", "05-03-2014", "2014-", "２０１４", "-014",
    ])
    func `that is none is nothing`(fhir: String) {
        #expect(Day(fhir: fhir) == nil)
    }

    @Test func `is written as its readers write it`() throws {
        let moment = try #require(Moment(fhir: "2026-03-03T14:05:00+05:30"))
        #expect(Words(.family).longMoment(moment) == "Tuesday 3 March 2026, 14:05")
        #expect(Words(.clinic).longMoment(moment) == "Tuesday 03-03-2026, 2:05 pm")
        #expect(Words(.operations).moment(moment) == "3 March 2026, 14:05")
        #expect(Words(.clinic, dates: .inWords).moment(moment) == "3 March 2026, 14:05")
    }

    @Test(arguments: [(0, "12:00 am"), (5, "12:05 am"), (719, "11:59 am"), (720, "12:00 pm"), (1439, "11:59 pm")])
    func `has twelve hours twice in India`(minute: Int, words: String) {
        #expect(Words(.clinic).time(minute) == words)
    }

    @Test func `counts days like the calendar, leap years and all`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for number in stride(from: -80_000, through: 60_000, by: 37) {
            let day = Day(number: number)
            let parts = calendar.dateComponents(
                [.year, .month, .day, .weekday],
                from: Date(timeIntervalSince1970: Double(number) * 86_400)
            )
            #expect(day.year == parts.year && day.month == parts.month && day.day == parts.day)
            #expect(day.number == number)
            #expect(day.weekday == ((parts.weekday ?? 0) + 5) % 7)
        }
    }

    @Test func `of an instant is that of the wall clock there`() throws {
        let instant = Date(timeIntervalSince1970: 1_772_562_000)  // 2026-03-03T18:20:00Z
        let pune = try #require(TimeZone(secondsFromGMT: 19_800))
        #expect(Words(.clinic).moment(Moment(instant, in: pune)) == "03-03-2026, 11:50 pm")
        #expect(Words(.family).moment(Moment(Date(timeIntervalSince1970: -60), in: .gmt)) == "31 December 1969, 23:59")
    }
}

@Suite struct `An age` {
    @Test(arguments: [
        ("2014-06-21", "2026-03-05", "11 years"), ("2014-03-05", "2026-03-05", "12 years"),
        ("2014-03-06", "2026-03-05", "11 years"),
        ("2025-03-06", "2026-03-05", "11 months"), ("2024-03-06", "2026-03-05", "23 months"),
        ("2026-02-27", "2026-03-05", "6 days"),
        ("2026-03-05", "2026-03-05", "0 days"), ("2026-02-05", "2026-03-05", "1 month"),
        ("2024-02-29", "2026-02-28", "23 months"),
        ("1951", "2026-03-05", "about 75 years"),
    ])
    func `is said in the unit that fits`(born: String, today: String, age: String) throws {
        let (born, today) = (try #require(Day(fhir: born)), try #require(Day(fhir: today)))
        #expect(Words(.family).age(born: born, on: today) == age)
    }

    @Test func `of somebody not born yet is nothing`() throws {
        #expect(Words(.family).age(born: try #require(Day(2030, 1, 1)), on: Samples.today) == nil)
    }
}

@Suite struct `The words of a page` {
    @Test func `fit their audience`() {
        #expect(Audience.allCases.map { Words($0).listOfPeople } == ["My family", "My patients", "Patients"])
        #expect(Words(.family).safety == "How we keep this safe")
        #expect(!Words(.clinic).safety.contains("we ") && !Words(.operations).safety.contains("we "))
        #expect(
            Words(.family).record(of: "Ada") == "Ada’s record" && Words(.family).record(of: "Jonas") == "Jonas’ record"
        )
    }

    @Test(arguments: [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "an iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Mobile Safari", "an Android phone"),
        ("Mozilla/5.0 (Linux; Android 15; SM-X700)", "an Android tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "a Windows computer"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "a Linux computer"),
        ("curl/8.5.0", "a program"),
    ])
    func `name a device so that its owner knows it again`(agent: String, words: String) {
        #expect(Device.words(userAgent: agent) == words)
    }
}
