import Foundation
import Testing

@testable import Portal

/// Birthdays, on both sides of the moment and in several places.
@Suite struct `A birthday` {
    @Test(
        arguments: [
            ("2014-03-28", 12, "2026-03-28"), ("2012-02-29", 12, "2024-02-29"), ("2012-02-29", 11, "2023-03-01"),
            ("2012-02-29", 18, "2030-03-01"), ("2014-12-31", 1, "2015-12-31"), ("2088-02-29", 12, "2100-03-01"),
            ("1982-02-28", 18, "2000-02-28"),
        ]
    )
    func `is the day on which somebody is so old, and never a day early`(born: String, age: Int, day: String) throws {
        #expect(try #require(Day(fhir: born)).birthday(age)?.iso == day)
    }

    @Test(arguments: ["2014", "2014-03"]) func `is not told unless the day is known`(born: String) throws {
        #expect(try #require(Day(fhir: born)).birthday(12) == nil)
        #expect(GrowingUpPage.steps(born: Day(fhir: born), rules: [(12, "", "")], reviewBefore: 90).isEmpty)
    }

    /// The last second of the day before, and the first of the birthday, where the child is.
    @Test(arguments: [
        ("Europe/London", "2026-03-27T23:59:59Z", "2026-03-28T00:00:00Z"),
        ("Asia/Kolkata", "2026-03-27T18:29:59Z", "2026-03-27T18:30:00Z"),
        ("America/Los_Angeles", "2026-03-28T06:59:59Z", "2026-03-28T07:00:00Z"),
        ("Pacific/Kiritimati", "2026-03-27T09:59:59Z", "2026-03-27T10:00:00Z"),
        ("Pacific/Pago_Pago", "2026-03-28T10:59:59Z", "2026-03-28T11:00:00Z"),
    ]) func `begins at midnight where the child is`(zone: String, before: String, after: String) throws {
        let zone = try #require(TimeZone(identifier: zone))
        let step = try #require(
            GrowingUpPage.steps(born: Day(2014, 3, 28), rules: [(12, "", "")], reviewBefore: 90).first
        )
        let day = { (text: String) in Moment(try Date(text, strategy: .iso8601), in: zone).day }
        #expect(try !step.isOver(on: day(before)))
        #expect(try step.isOver(on: day(after)))
    }

    @Test func `of the leap day begins on 1 March where there is none`() throws {
        let zone = try #require(TimeZone(identifier: "Europe/London"))
        let step = try #require(
            GrowingUpPage.steps(born: Day(2012, 2, 29), rules: [(18, "", "")], reviewBefore: 90).first
        )
        let day = { (text: String) in Moment(try Date(text, strategy: .iso8601), in: zone).day }
        #expect(try !step.isOver(on: day("2030-02-28T23:59:59Z")))
        #expect(try step.isOver(on: day("2030-03-01T00:00:00Z")))
        #expect(step.review.iso == "2029-12-01")
    }
}
