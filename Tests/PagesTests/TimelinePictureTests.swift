import FHIR
import Testing

@testable import Portal

@Suite struct `The picture of a timeline` {
    private let frame = Samples().frame()

    private func pain(_ days: [(ago: Int, value: Double)]) -> [TimelinePicture.Pain] {
        days.map { .init(when: Moment(Samples.today.adding(days: -$0.ago)), value: $0.value) }
    }

    private func tags(_ picture: TimelinePicture, _ name: String) -> [Markup.Tag] {
        Markup(picture.figure(of: "p1", in: self.frame).text).tags.filter { $0.name == name }
    }

    @Test func `draws a dot for what was entered, and nothing for what was not`() throws {
        let picture = TimelinePicture(pain: self.pain([(0, 2), (1, 0), (20, 5)]))
        #expect(self.tags(picture, "circle").count == 2 * 3)
        let curve = try #require(self.tags(picture, "path").first { $0["class"] == "curve" }?["d"])
        #expect(curve.split(separator: "M").count == 2)
    }

    @Test func `says nothing was entered, and never zero, when there is no pain`() {
        let picture = TimelinePicture(visits: [.init(when: Moment(Samples.today), words: "Clinic")])
        let text = picture.figure(of: "p1", in: self.frame).text
        #expect(text.contains("not entered in this time") && text.contains("pain was not entered"))
        #expect(self.tags(picture, "circle").isEmpty)
    }

    @Test func `tells the same in words and in tables`() {
        let text = Samples().picture.figure(of: "p1", in: self.frame).text
        #expect(
            text.contains(
                "From 4 December 2025 to today: pain was entered on 70 of 92 days, between 0 and 8 out of 10. 3 medicines and 3 visits."
            )
        )
        #expect(text.contains("<td>Prednisolone 5 mg</td><td>20 December 2025</td><td>over, date not entered</td>"))
        #expect(text.contains("<td>Naproxen 250 mg</td><td>3 November 2025</td><td>still taken</td>"))
    }

    @Test(arguments: [
        ((0..<40).map { $0 }, TimelinePicture.Span.quarter), ((0..<10).map { $0 * 30 }, .year),
        ((0..<10).map { $0 * 200 }, .fiveYears), ((0..<10).map { $0 * 400 }, .everything), ([0, 1], .everything),
    ])
    func `goes back as far as there is something to see`(ago: [Int], span: TimelinePicture.Span) {
        let picture = TimelinePicture(pain: self.pain(ago.map { (ago: $0, value: 3) }))
        #expect(TimelinePicture.View(picture, today: Samples.today, words: Words(.family)).span == span)
    }

    @Test func `ends today while it is kept, and with its last entry when it is not`() throws {
        let kept = TimelinePicture(pain: self.pain([(10, 1), (30, 1)]))
        #expect(TimelinePicture.View(kept, today: Samples.today, words: Words(.family)).last == Samples.today.number)
        let left = TimelinePicture(pain: self.pain([(1_000, 1), (1_030, 1)]))
        #expect(
            TimelinePicture.View(left, today: Samples.today, words: Words(.family)).last == Samples.today.number - 1_000
        )
    }

    @Test func `stays inside itself whatever the data`() throws {
        let wild = TimelinePicture(
            pain: (0..<900).map { .init(when: Moment(Samples.today.adding(days: -$0)), value: Double($0 % 11)) },
            medicines: [
                .init(name: String(repeating: "long ", count: 99), from: try #require(Day(1890)), end: .ongoing),
                .init(name: "later", from: try #require(Day(2100, 1, 1)), end: .notEntered),
                .init(name: "backwards", from: Samples.today, end: .on(try #require(Day(1999, 1, 1)))),
            ],
            visits: [.init(when: Moment(try #require(Day(1890, 5))), words: "")],
            span: .everything
        )
        for tag in self.tags(wild, "rect") + self.tags(wild, "circle") + self.tags(wild, "line") {
            for key in ["x", "cx", "x1", "x2", "y", "cy", "width"] {
                if let value = tag[key].flatMap(Double.init) { #expect((0...920).contains(value)) }
            }
        }
        #expect(self.tags(wild, "circle").count <= 2 * 900)
    }

    @Test func `takes from resources what it draws, and no mistakes`() throws {
        func resource(_ json: String) throws -> JSONObject { try #require(JSON(parsing: json).object) }
        func pain(_ value: String, _ status: String = "final", code: String = "72514-3") throws -> JSONObject {
            try resource(
                """
                {"resourceType": "Observation", "status": "\(status)", "effectiveDateTime": "2026-03-01",
                 "code": {"coding": [{"code": "\(code)"}]}, \(value)}
                """
            )
        }
        let picture = PictureFacts.picture(
            of: [
                try pain(#""valueQuantity": {"value": 3.5}"#), try pain(#""valueInteger": 4"#, code: "38208-5"),
                try pain(#""valueQuantity": {"value": 5}"#, "entered-in-error"),
                try pain(#""valueQuantity": {"value": 70}"#),
                try pain(#""dataAbsentReason": {"text": "asleep"}"#),
                try pain(#""valueQuantity": {"value": 9}"#, code: "8302-2"),
                try resource(
                    #"{"resourceType": "MedicationStatement", "status": "completed", "medicationCodeableConcept": {"text": "A"}, "effectivePeriod": {"start": "2026-01-01", "end": "2026-01-09"}}"#
                ),
                try resource(
                    #"{"resourceType": "MedicationRequest", "status": "active", "medicationCodeableConcept": {"text": "B"}, "authoredOn": "2026-01-01"}"#
                ),
                try resource(
                    #"{"resourceType": "MedicationRequest", "status": "stopped", "medicationCodeableConcept": {"text": "C"}, "authoredOn": "2026-01-01"}"#
                ),
                try resource(
                    #"{"resourceType": "MedicationRequest", "status": "cancelled", "medicationCodeableConcept": {"text": "D"}, "authoredOn": "2026-01-01"}"#
                ),
                try resource(
                    #"{"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "period": {"start": "2026-01-01"}}"#
                ),
                try resource(
                    #"{"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}, "period": {"start": "2026-12-01"}}"#
                ),
            ],
            words: Words(.family)
        )
        #expect(picture.pain.map(\.value).sorted() == [3.5, 4])
        #expect(
            picture.medicines.sorted { $0.name < $1.name }.map(\.end) == [
                .on(try #require(Day(2026, 1, 9))), .ongoing, .notEntered,
            ]
        )
        #expect(picture.visits.map(\.words) == ["At a clinic"])
    }

    @Test(arguments: [
        #""doNotPerform": true"#, #""intent": "proposal""#, #""intent": "option""#, #""intent": "plan""#,
        #""modifierExtension": [{"url": "http://example.org/not", "valueBoolean": true}]"#,
        #""dosageInstruction": [{"modifierExtension": [{"url": "http://example.org/not"}]}]"#,
    ])
    func `draws no medicine that may not have been taken`(members: String) throws {
        func medicines(_ members: String) throws -> Int {
            let json = """
                {"resourceType": "MedicationRequest", "status": "active", "authoredOn": "2026-01-01",
                 "medicationCodeableConcept": {"text": "A"}\(members)}
                """
            let resource = try #require(JSON(parsing: json).object)
            return PictureFacts.picture(of: [resource], words: Words(.family)).medicines.count
        }
        #expect(try medicines("") == 1)
        #expect(try medicines(#", "intent": "plan", "reportedBoolean": true"#) == 1)
        #expect(try medicines(", \(members)") == 0)
    }

    @Test(arguments: [
        ("active", TimelinePicture.Medicine.End.ongoing, "still taken"),
        ("completed", .notEntered, "over, date not entered"), ("stopped", .notEntered, "over, date not entered"),
        ("on-hold", .paused, "paused, date not entered"), ("unknown", .notKnown, "not entered"),
    ])
    func `says only of what is over that it is`(status: String, end: TimelinePicture.Medicine.End, words: String) throws
    {
        let json = """
            {"resourceType": "MedicationRequest", "status": "\(status)", "authoredOn": "2026-01-01",
             "medicationCodeableConcept": {"text": "A"}}
            """
        let resource = try #require(JSON(parsing: json).object)
        let picture = PictureFacts.picture(of: [resource], words: Words(.family))
        #expect(picture.medicines.map(\.end) == [end])
        #expect(picture.figure(of: "p1", in: self.frame).text.contains("<td>\(words)</td>"))
    }
}
