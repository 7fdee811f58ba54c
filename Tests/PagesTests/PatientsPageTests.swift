import FHIR
import Foundation
import Testing

@testable import Portal

@Suite struct `Somebody's life in a line` {
    private func life(_ members: String) throws -> String {
        let json = #"{"resourceType": "Patient", "birthDate": "2014-03-03"\#(members)}"#
        let facts = PatientFacts(try Resource(JSON(parsing: json)), words: Words(.family))
        return PatientCard.life(
            born: facts.born,
            died: facts.died,
            isDead: facts.isDead,
            in: Samples().frame()
        )
    }

    @Test(arguments: [
        ("", "born 3 March 2014, 12 years old"),
        (#", "deceasedBoolean": false"#, "born 3 March 2014, 12 years old"),
        (#", "deceasedBoolean": true"#, "born 3 March 2014, died, date not entered"),
        (#", "deceasedDateTime": "2020-04-04T10:00:00Z""#, "born 3 March 2014, died 4 April 2020 at 6 years"),
    ])
    func `gives nobody who died an age of today`(members: String, words: String) throws {
        #expect(try self.life(members) == words)
    }

    @Test func `says so without a birth date, too`() {
        #expect(
            PatientCard.life(born: nil, died: nil, isDead: true, in: Samples().frame())
                == "birth date not entered, died, date not entered"
        )
    }
}

@Suite struct `A search as it is typed` {
    @Test(arguments: [
        ("Smith, Anna", #"Smith\, Anna"#), ("a|b", #"a\|b"#), ("a$b", #"a\$b"#), (#"a\b"#, #"a\\b"#), ("Zoë", "Zoë"),
    ])
    func `is one value and no list`(typed: String, value: String) throws {
        #expect(ChartRoutes.escaped(typed) == value)
    }

    @Test func `asks for all of its words`() throws {
        let typed = try PatientQuery(parsing: [("name", ChartRoutes.escaped("Smith, Anna"))])
        #expect(typed.clauses.count == 2)
        #expect(try PatientQuery(parsing: [("name", "Smith, Anna")]).clauses.count == 1, "as it is meant in FHIR")
    }
}

@Suite struct `The end of a day` {
    @Test(arguments: [
        // Clocks went forward at 02:00 that night, and back at 03:00 this one.
        ("Europe/Berlin", Day(2026, 3, 28), "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", Day(2026, 3, 29), "2026-03-29T22:00:00Z"),
        ("America/New_York", Day(2026, 3, 7), "2026-03-08T05:00:00Z"),
        ("America/New_York", Day(2026, 10, 31), "2026-11-01T04:00:00Z"),
        ("Asia/Kolkata", Day(2026, 1, 1), "2026-01-01T18:30:00Z"), ("GMT", Day(2026, 12, 31), "2027-01-01T00:00:00Z"),
    ])
    func `is midnight on the clocks there`(zone: String, day: Day?, end: String) throws {
        let zone = try #require(TimeZone(identifier: zone))
        let day = try #require(day)
        let found = day.end(in: zone)
        #expect(found == (try Date(end, strategy: .iso8601)))
        #expect(Day.last(before: found, in: zone) == day)
    }
}
