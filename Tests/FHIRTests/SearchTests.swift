import Testing

@testable import FHIR

@Suite struct SearchTests {
    private func card(_ json: JSON, id: String = "1", lastUpdated: String = "2024-01-01T00:00:00Z") throws -> SearchCard
    {
        SearchCard(of: try Resource(json), id: id, lastUpdated: lastUpdated)
    }

    private func observation(_ effective: String, id: String = "1") throws -> SearchCard {
        try card(
            [
                "resourceType": "Observation", "status": "final", "effectiveDateTime": .string(effective),
                "category": [["coding": [["system": "http://cat", "code": "vital-signs"]]]],
                "code": [
                    "coding": [
                        ["system": "http://loinc.org", "code": "29463-7", "display": "Body Weight"],
                        ["code": "local"],
                    ], "text": "Weight at home",
                ],
                "subject": ["reference": "Patient/ada"],
                "encounter": ["reference": "Encounter/e1/_history/2"],
                "valueQuantity": ["value": 1],
            ],
            id: id
        )
    }

    private func matches(_ card: SearchCard, _ parameters: [(String, String)]) throws -> Bool {
        try SearchQuery(parsing: parameters.map { (name: $0.0, value: $0.1) }, type: card.type).matches(card)
    }

    // MARK: Tokens and references

    @Test(arguments: [
        ("code", "29463-7", true), ("code", "http://loinc.org|29463-7", true), ("code", "http://loinc.org|", true),
        ("code", "http://snomed.info/sct|29463-7", false), ("code", "|local", true), ("code", "|29463-7", false),
        ("code", "x,29463-7", true), ("code", "x,y", false), ("code:not", "29463-7", false), ("code:not", "x", true),
        ("code:not", "x,29463-7", false), ("method:not", "x", true), ("code:missing", "false", true),
        ("method:missing", "true", true), ("method:missing", "false", false), ("code:text", "body w", true),
        ("code:text", "weight", true), ("code:text", "height", false), ("status", "final", true),
        ("status", "amended,final", true), ("status:not", "final", false), ("category", "vital-signs", true),
        ("_id", "1", true), ("_id", "2,1", true), ("_id", "3", false), ("subject", "Patient/ada", true),
        ("subject", "ada", true), ("subject:Patient", "ada", true), ("subject:Group", "ada", false),
        ("patient", "Patient/ada", true), ("patient", "da", false), ("encounter", "Encounter/e1", true),
        ("performer:missing", "true", true), ("code", "a\\,b", false), ("combo-code", "29463-7", true),
        ("_lastUpdated", "gt2023", true), ("_lastUpdated", "lt2023", false),
    ])
    func `Codes and references are found as FHIR says`(_ name: String, _ value: String, _ expected: Bool) throws {
        #expect(try matches(observation("2020-06-15"), [(name, value)]) == expected)
    }

    @Test func `Conditions are joined by AND`() throws {
        let card = try observation("2020-06-15")
        #expect(try matches(card, [("code", "29463-7"), ("date", "2020"), ("status", "final")]))
        #expect(try !matches(card, [("code", "29463-7"), ("date", "2021")]))
        #expect(try matches(card, [("code", "29463-7"), ("code", "local")]))
        #expect(try matches(card, []))
    }

    @Test func `Commas and bars can be escaped`() throws {
        let card = try card([
            "resourceType": "Condition", "identifier": [["system": "http://a", "value": "x,y|z\\"]],
            "subject": ["reference": "Patient/ada"],
        ])
        #expect(try matches(card, [("identifier", "http://a|x\\,y\\|z\\\\")]))
        #expect(try matches(card, [("identifier", "q,x\\,y\\|z\\\\")]))
        #expect(try !matches(card, [("identifier", "x,y")]))
    }

    // MARK: Dates

    @Test(arguments: [
        ("2020-06-15", "eq2020-06-15", true), ("2020-06-15", "2020-06", true), ("2020-06-15", "2020", true),
        ("2020-06", "2020-06-15", false), ("2020", "2020-06", false), ("2020-06-15", "ne2020-06-15", false),
        ("2020-06-15", "ne2021", true), ("2020-06-15", "gt2020-06-14", true), ("2020-06-15", "gt2020-06-15", false),
        ("2020-06", "gt2020-06-15", true), ("2020-06-15", "gt2020-06", false), ("2020-06-15", "ge2020-06-15", true),
        ("2020-06-15", "ge2020-06", true), ("2020-06-15", "ge2020-06-16", false), ("2020", "ge2020-06", true),
        ("2020-06-15", "lt2020-06-16", true), ("2020-06-15", "lt2020-06-15", false), ("2020-06", "lt2020-06-15", true),
        ("2020-06-15", "le2020-06-15", true), ("2020-06-15", "le2020-06", true), ("2020-06-15", "le2020-06-14", false),
        ("2020-06-15", "sa2020-06-14", true), ("2020-06", "sa2020-06-14", false), ("2020-06-15", "eb2020-06-16", true),
        ("2020-06", "eb2020-06-16", false), ("2020-06-15T10:00:00+02:00", "2020-06-15T08:00Z", true),
        ("2020-06-15T10:00:00+02:00", "2020-06-15T08:00:00Z", true),
        ("2020-06-15T10:00:00Z", "gt2020-06-15T09:59:59Z", true),
        ("2020-06-15T10:00:00.5Z", "gt2020-06-15T10:00:00Z", false),
        ("2020-06-15T10:00:00.5Z", "gt2020-06-15T10:00:00.4Z", true),
        ("2020-06-15T23:30:00-05:00", "2020-06-16", true), ("2020-06-15", "2019,2020-06", true),
    ])
    func `Dates are compared as intervals`(_ recorded: String, _ wanted: String, _ expected: Bool) throws {
        #expect(try matches(observation(recorded), [("date", wanted)]) == expected)
    }

    @Test func `A period without an end goes on`() throws {
        let open = try card([
            "resourceType": "Encounter", "status": "in-progress", "period": ["start": "2020-06-15"],
            "class": ["system": "http://c", "code": "AMB"],
        ])
        #expect(try matches(open, [("date", "gt2030")]))
        #expect(try matches(open, [("date", "ge2020-06-15"), ("date", "lt2021")]))
        #expect(try !matches(open, [("date", "2020")]))
        #expect(try !matches(open, [("date", "lt2020")]))
        #expect(try matches(open, [("class", "AMB")]))
    }

    @Test(arguments: [
        ("Condition", "onset-date", #""onsetPeriod":{"start":"2020-01-01","end":"2020-02-01"}"#),
        ("Condition", "recorded-date", #""recordedDate":"2020-01-05""#),
        ("MedicationRequest", "authoredon", #""authoredOn":"2020-01-05""#),
        ("MedicationStatement", "effective", #""effectiveDateTime":"2020-01-05""#),
        ("Immunization", "date", #""occurrenceDateTime":"2020-01-05""#),
        ("Procedure", "date", #""performedPeriod":{"start":"2020-01-05","end":"2020-01-06"}"#),
        ("DiagnosticReport", "issued", #""issued":"2020-01-05T00:00:00Z""#),
        ("AllergyIntolerance", "onset", #""reaction":[{"onset":"2020-01-05"}]"#),
        ("CarePlan", "date", #""period":{"start":"2020-01-05","end":"2020-01-06"}"#),
        ("DocumentReference", "period", #""context":{"period":{"start":"2020-01-05","end":"2020-01-06"}}"#),
        ("Goal", "target-date", #""target":[{"dueDate":"2020-01-05"}]"#),
        ("Claim", "created", #""created":"2020-01-05""#),
        ("ExplanationOfBenefit", "created", #""created":"2020-01-05""#),
        ("CareTeam", "date", #""period":{"start":"2020-01-05","end":"2020-01-06"}"#),
        ("Appointment", "date", #""start":"2020-01-05T10:00:00Z""#),
        ("QuestionnaireResponse", "authored", #""authored":"2020-01-05""#),
    ])
    func `Each type has its dates`(_ type: String, _ parameter: String, _ member: String) throws {
        let resource = try Resource(parsing: Array("{\"resourceType\":\"\(type)\",\(member)}".utf8))
        let card = SearchCard(of: resource, id: "1", lastUpdated: "")
        #expect(try matches(card, [(parameter, "2020")]))
        #expect(try !matches(card, [(parameter, "2019")]))
    }

    // MARK: Errors

    @Test(arguments: [
        ("colour", "red", "colour"), ("code:in", "x", "code:in"), ("date", "yesterday", "date"),
        ("date", "ap2020", "date"), ("date", "2020-13", "date"), ("date:not", "2020", "date:not"),
        ("code", "a|b|c", "code"), ("code", "|", "code"), ("code", "", "code"),
        ("code:missing", "maybe", "code:missing"),
        ("value-quantity", "5", "value-quantity"), ("_sort", "colour", "colour"), ("_sort", "", "_sort"),
        ("_count", "-1", "_count"), ("_count", "many", "_count"), ("_include", "Observation:subject", "_include"),
        ("_text", "x", "_text"), ("subject:Ada", "1", "subject:Ada"), ("code,", "x", "this"),
        ("Ada Lovelace", "x", "this"),
    ])
    func `What is not understood is an error that names the parameter and no value`(
        _ name: String,
        _ value: String,
        _ shown: String
    ) {
        let outcome = #expect(throws: Outcome.self) {
            try SearchQuery(parsing: [(name: name, value: value)], type: "Observation")
        }
        #expect(outcome?.issues.count == 1)
        #expect(outcome?.issues.first?.rule.contains(shown) == true)
        #expect(outcome?.description.contains("Lovelace") == false)
    }

    @Test func `A search with endless values is refused`() {
        let values = (0..<501).map { "c\($0)" }.joined(separator: ",")
        let outcome = #expect(throws: Outcome.self) {
            try SearchQuery(parsing: [("code", values)], type: "Observation")
        }
        #expect(outcome?.issues.map(\.code) == [.tooCostly])
    }

    @Test func `All errors of a search are told at once`() {
        let outcome = #expect(throws: Outcome.self) {
            try SearchQuery(parsing: [("a", "1"), ("code", "x"), ("b", "2")], type: "Observation")
        }
        #expect(outcome?.issues.count == 2)
    }

    // MARK: Order

    @Test func `Results are sorted by what is asked, then newest first`() throws {
        let cards = try [
            observation("2020-03", id: "b"), observation("2020-01", id: "a"),
            card(["resourceType": "Observation"], id: "c", lastUpdated: "2025-01-01T00:00:00Z"),
        ]
        func ids(_ sort: String) throws -> String {
            try SearchQuery(parsing: [("_sort", sort)], type: "Observation").results(among: cards).map(\.id).joined()
        }
        #expect(try ids("date") == "abc")
        #expect(try ids("-date") == "bac")
        #expect(try ids("_id") == "abc")
        #expect(try ids("-_id") == "cba")
        #expect(try ids("_lastUpdated") == "abc")
        #expect(try ids("status,-date") == "bac")
        #expect(
            try SearchQuery(parsing: [], type: "Observation").results(among: cards).map(\.id) == ["c", "a", "b"]
        )
        #expect(try SearchQuery(parsing: [("_count", "5")], type: "Observation").count == 5)
    }

    // MARK: Encoding

    @Test func `A card comes out of its bytes as it went in`() throws {
        for file in try SampleData.files(["official-examples", "ukcore-json-converted"]) {
            let resource = try Resource(parsing: file.bytes)
            let card = SearchCard(of: resource, id: resource.id ?? "x", lastUpdated: "2024-01-01T00:00:00.123Z")
            #expect(try SearchCard(decoding: card.encoded()) == card, "\(file.name)")
        }
        let card = try observation("2020")
        #expect(try SearchCard(decoding: card.encoded()) == card)
        #expect(card.encoded().count < 600)
    }

    @Test func `Bytes that are no card are refused, and none crash`() throws {
        let good = try observation("2020").encoded()
        for length in good.indices {
            #expect(throws: SearchCardError.self) { try SearchCard(decoding: Array(good[..<length])) }
        }
        #expect(throws: SearchCardError(kind: .trailing)) { try SearchCard(decoding: good + [0]) }
        #expect(throws: SearchCardError(kind: .version)) { try SearchCard(decoding: [2] + good.dropFirst()) }
        #expect(throws: SearchCardError.self) { try SearchCard(decoding: [1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
        #expect(throws: SearchCardError.self) { try SearchCard(decoding: [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) }
        for index in good.indices {
            for byte in stride(from: UInt8.min, to: .max, by: 3) {
                var damaged = good
                damaged[index] = byte
                if let card = try? SearchCard(decoding: damaged) { _ = try? matches(card, [("code", "x")]) }
            }
        }
    }
}
