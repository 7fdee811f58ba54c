import Testing

@testable import Synthetic

@Suite struct `Days and clocks` {
    @Test(arguments: [
        (Day(1970, 1, 1), 0), (Day(2000, 3, 1), 11_017), (Day(2024, 2, 29), 19_782), (Day(1969, 12, 31), -1),
    ])
    func `a date is a number of days`(day: Day, number: Int) {
        #expect(day.number == number)
    }

    @Test func `every date comes back`() {
        for number in stride(from: -40_000, through: 60_000, by: 37) {
            let day = Day(number: number)
            #expect(Day(day.date.year, day.date.month, day.date.day) == day)
        }
    }

    @Test func `a day is written as FHIR writes it`() {
        #expect(Day(2026, 3, 4).description == "2026-03-04")
        #expect(Day(secondsSince1970: 1_795_261_260).description == "2026-11-21")
        #expect(Day(secondsSince1970: -1).description == "1969-12-31")
    }

    @Test func `clocks change when they do`() {
        // Sundays of 2026: Europe 29 March and 25 October, United States 8 March and 1 November.
        #expect(Zone.london.offset(on: Day(2026, 3, 28)) == 0)
        #expect(Zone.london.offset(on: Day(2026, 3, 29)) == 60)
        #expect(Zone.london.offset(on: Day(2026, 10, 25)) == 0)
        #expect(Zone.newYork.offset(on: Day(2026, 3, 7)) == -300)
        #expect(Zone.newYork.offset(on: Day(2026, 3, 8)) == -240)
        #expect(Zone.newYork.offset(on: Day(2026, 11, 1)) == -300)
        #expect(Zone.kolkata.offset(on: Day(2026, 7, 1)) == 330)
    }

    @Test func `a moment after midnight is of the next day`() {
        #expect(Moment(Day(2026, 7, 31), 23, 50, .london).later(by: 20).description == "2026-08-01T00:10:00+01:00")
        #expect(Moment(Day(2026, 1, 2), 7, 5, .newYork).description == "2026-01-02T07:05:00-05:00")
    }

    @Test func `a birthday makes a year`() {
        let birthday = Day(2012, 6, 15)
        #expect(birthday.age(on: Day(2026, 6, 14)) == 13)
        #expect(birthday.age(on: Day(2026, 6, 15)) == 14)
    }
}

@Suite struct `Chance with a seed` {
    @Test func `it is the published generator`() {
        // SplitMix64 and xoshiro256** computed apart from this code, in Python, for an empty purpose.
        var chance = Chance(seed: 1, index: 0, purpose: "")
        #expect([chance.next(), chance.next(), chance.next()] == expected)
    }

    @Test func `every number of a range comes up, and none outside it`() {
        var chance = Chance(seed: 3, index: 1, purpose: "range")
        let drawn = (0..<2_000).map { _ in chance.number(-3...3) }
        #expect(Set(drawn) == Set(-3...3))
    }

    @Test func `purposes do not disturb one another`() {
        var names = Chance(seed: 3, index: 1, purpose: "names")
        var visits = Chance(seed: 3, index: 1, purpose: "visits")
        #expect(names.next() != visits.next())
    }

    private let expected: [UInt64] = [
        0xB3F2_AF6D_0FC7_10C5, 0x853B_5596_4736_4CEA, 0x92F8_9756_082A_4514,
    ]
}

@Suite struct `NEWS2` {
    /// Worked by hand from the chart of 2017.
    @Test(arguments: [
        (
            EarlyWarning(
                respirations: 16,
                saturation: 98,
                hasOxygen: false,
                systolic: 120,
                pulse: 70,
                isAlert: true,
                temperature: 370
            ), 0
        ),
        (
            EarlyWarning(
                respirations: 25,
                saturation: 91,
                hasOxygen: true,
                systolic: 90,
                pulse: 131,
                isAlert: false,
                temperature: 391
            ), 19
        ),
        (
            EarlyWarning(
                respirations: 21,
                saturation: 94,
                hasOxygen: false,
                systolic: 101,
                pulse: 91,
                isAlert: true,
                temperature: 381
            ), 6
        ),
        (
            EarlyWarning(
                respirations: 8,
                saturation: 93,
                hasOxygen: false,
                systolic: 220,
                pulse: 40,
                isAlert: true,
                temperature: 350
            ), 14
        ),
        (
            EarlyWarning(
                respirations: 11,
                saturation: 95,
                hasOxygen: false,
                systolic: 111,
                pulse: 50,
                isAlert: true,
                temperature: 360
            ), 4
        ),
    ])
    func `a set of observations adds up as on the chart`(set: EarlyWarning, score: Int) {
        #expect(set.score == score)
    }
}
