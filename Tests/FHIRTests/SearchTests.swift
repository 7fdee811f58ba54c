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

    @Test(arguments: [
        ("valueCodeableConcept", JSON.object(["text": "Pale straw"]), "pale", true),
        ("valueCodeableConcept", JSON.object(["text": "Pale straw"]), "straw", true),
        ("valueCodeableConcept", JSON.object(["text": "Pale straw"]), "dark", false),
        ("valueCodeableConcept", JSON.object(["coding": [["display": "Pale straw"]]]), "pale", false),
        ("valueString", JSON.string("Pale straw"), "pale", true),
        ("valueQuantity", JSON.object(["value": 1, "unit": "pale"]), "pale", false),
    ])
    func `The text of a concept is found as a value that is text`(
        _ element: String,
        _ value: JSON,
        _ text: String,
        _ expected: Bool
    ) throws {
        var observation: JSONObject = ["resourceType": "Observation", "status": "final", "code": ["text": "Urine"]]
        observation[element] = value
        #expect(try matches(card(.object(observation)), [("value-string", text)]) == expected)
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

    // MARK: Numbers and quantities

    private func weight(_ quantity: String) throws -> SearchCard {
        let text =
            "{\"resourceType\":\"Observation\",\"code\":{\"coding\":[{\"system\":\"http://a\",\"code\":\"w\"}]},\(quantity)}"
        return SearchCard(of: try Resource(parsing: Array(text.utf8)), id: "1", lastUpdated: "")
    }

    @Test(arguments: [
        ("5.4", "5.4", true), ("5.4", "5.40", true), ("5.4", "5", true), ("5.4", "5.5", false), ("5.44", "5.4", true),
        ("5.45", "5.4", false), ("5.35", "5.4", true), ("5.4", "ne5.4", false), ("5.4", "ne6", true),
        ("5.4", "gt5.4", false), ("5.4", "gt5.39", true), ("5.4", "lt5.4", false), ("5.4", "lt5.41", true),
        ("5.4", "ge5.4", true), ("5.4", "le5.4", true), ("5.4", "le5.39", false), ("5.4", "sa5.3", true),
        ("5.4", "eb5.5", true), ("5.4", "eb5.4", false), ("95", "ap100", true), ("89", "ap100", false),
        ("110", "ap100", true), ("111", "ap100", false), ("-5.4", "-5.4", true), ("-5.4", "lt0", true),
        ("-5.4", "gt-6", true), ("-95", "ap-100", true), ("0.0054", "5.4e-3", true), ("0", "0", true),
        ("0.5", "0", false),
        ("100", "1e2", true), ("149", "1e2", true), ("150", "1e2", false), ("1e2", "100", true),
        ("123456789012345678901234567890.1", "gt123456789012345678901234567890", true),
        ("123456789012345678901234567890", "lt123456789012345678901234567890.1", true),
        ("0.1", "eq0.1", true), ("0.30000000000000004", "eq0.3", true), ("0.30000000000000004", "le0.3", false),
    ])
    func `Numbers are compared to the last digit`(_ recorded: String, _ wanted: String, _ expected: Bool) throws {
        let card = try weight("\"valueQuantity\":{\"value\":\(recorded)}")
        #expect(try matches(card, [("value-quantity", wanted)]) == expected)
    }

    @Test(arguments: [
        ("5.4|http://unitsofmeasure.org|mg", true), ("5.4||mg", true), ("5.4||milligram", true), ("5.4||g", false),
        ("5.4|http://other|mg", false), ("5.4", true), ("6|http://unitsofmeasure.org|mg,5.4||mg", true),
    ])
    func `Units count where they are given`(_ wanted: String, _ expected: Bool) throws {
        let units = #""unit":"milligram","system":"http://unitsofmeasure.org","code":"mg""#
        let card = try weight("\"valueQuantity\":{\"value\":5.4,\(units)}")
        #expect(try matches(card, [("value-quantity", wanted)]) == expected)
    }

    @Test func `A bound, a range and a price are quantities`() throws {
        let below = try weight(#""valueQuantity":{"value":5,"comparator":"<"}"#)
        #expect(try matches(below, [("value-quantity", "lt5")]))
        #expect(try !matches(below, [("value-quantity", "gt5")]))
        #expect(try !matches(below, [("value-quantity", "5")]))
        let above = try weight(#""valueQuantity":{"value":5,"comparator":">="}"#)
        #expect(try matches(above, [("value-quantity", "gt100")]))
        #expect(try !matches(above, [("value-quantity", "lt5")]))
        let onset = try card([
            "resourceType": "Condition",
            "onsetRange": ["low": ["value": 3, "code": "a"], "high": ["value": 5, "code": "a"]],
        ])
        #expect(try matches(onset, [("onset-age", "gt4||a")]))
        #expect(try matches(onset, [("onset-age", "lt4")]))
        #expect(try !matches(onset, [("onset-age", "sa4")]))
        let invoice = try card(["resourceType": "Invoice", "totalNet": ["value": 12, "currency": "GBP"]])
        #expect(try matches(invoice, [("totalnet", "12|urn:iso:std:iso:4217|GBP")]))
        #expect(try !matches(invoice, [("totalnet", "12|urn:iso:std:iso:4217|EUR")]))
        let series = try weight(
            #""valueSampledData":{"origin":{"value":0},"period":1,"dimensions":1,"data":"4 9 E 2"}"#
        )
        #expect(try matches(series, [("value-quantity", "gt8")]))
        #expect(try !matches(series, [("value-quantity", "gt9")]))
        let risk = try card(["resourceType": "RiskAssessment", "prediction": [["probabilityDecimal": .number("0.25")]]])
        #expect(try matches(risk, [("probability", "gt0.2")]))
        #expect(try !matches(risk, [("probability", "0.2")]))
    }

    @Test func `The parts of a composite match within one element`() throws {
        func part(_ code: String, _ value: Int) -> JSON {
            [
                "code": ["coding": [["system": "http://a", "code": .string(code)]]],
                "valueQuantity": ["value": .number("\(value)")],
            ]
        }
        let pressure = try card(["resourceType": "Observation", "component": [part("sys", 120), part("dia", 80)]])
        #expect(try matches(pressure, [("component-code-value-quantity", "http://a|sys$gt100")]))
        #expect(try matches(pressure, [("combo-code-value-quantity", "dia$80")]))
        #expect(try !matches(pressure, [("component-code-value-quantity", "dia$gt100")]))
        #expect(try !matches(pressure, [("code-value-quantity", "sys$120")]))
        let document = try card([
            "resourceType": "DocumentReference",
            "relatesTo": [["code": "replaces", "target": ["reference": "DocumentReference/7"]]],
        ])
        #expect(try matches(document, [("relationship", "replaces$DocumentReference/7")]))
        #expect(try !matches(document, [("relationship", "appends$DocumentReference/7")]))
    }

    // MARK: Unusual ways to values

    @Test func `Values stand where R4's expressions say`() throws {
        let patient = try card([
            "resourceType": "Patient",
            "telecom": [["system": "phone", "value": "0123"], ["system": "email", "value": "a@example.org"]],
            "identifier": [
                ["type": ["coding": [["system": "http://t", "code": "MR"]]], "system": "http://i", "value": "7"]
            ],
            "extension": [
                [
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-extensions-Patient-mothersMaidenName",
                    "valueString": "Byron",
                ]
            ], "generalPractitioner": [["identifier": ["system": "http://gmc", "value": "99"]]],
        ])
        for (name, value, expected) in [
            ("phone", "0123", true), ("phone", "a@example.org", false), ("email", "a@example.org", true),
            ("telecom", "0123", true), ("mothersMaidenName", "byr", true),
            ("identifier:of-type", "http://t|MR|7", true),
            ("identifier:of-type", "http://t|SS|7", false), ("identifier", "http://i|7", true),
            ("deceased", "false", true),
            ("deceased", "true", false), ("general-practitioner:identifier", "http://gmc|99", true),
            ("general-practitioner:identifier", "http://gmc|98", false), ("general-practitioner", "99", false),
        ] {
            #expect(try matches(patient, [(name, value)]) == expected, "\(name)=\(value)")
        }
        let late = try card(["resourceType": "Patient", "deceasedDateTime": "2020"])
        #expect(try matches(late, [("deceased", "true")]))
        #expect(try !matches(late, [("deceased:not", "true")]))
        let bundle = try card([
            "resourceType": "Bundle", "entry": [["resource": ["resourceType": "Composition", "id": "c"]]],
        ])
        #expect(try matches(bundle, [("composition", "Composition/c")]))
        let library = try card([
            "resourceType": "Library",
            "relatedArtifact": [
                ["type": "composed-of", "resource": "http://x|1"], ["type": "depends-on", "resource": "http://y"],
            ],
        ])
        #expect(try matches(library, [("composed-of", "http://x")]))
        #expect(try !matches(library, [("composed-of", "http://y")]))
    }

    @Test(arguments: [
        ("http://hl7.org/fhir/observation-status|final", true),
        ("http://hl7.org/fhir/observation-status|amended", false),
        ("http://hl7.org/fhir/observation-status|", true), ("http://elsewhere|final", false), ("|final", true),
    ])
    func `The system of a code element is implied`(_ wanted: String, _ expected: Bool) throws {
        #expect(try matches(observation("2020"), [("status", wanted)]) == expected)
    }

    @Test(arguments: [
        ("51.5007|-0.1246|1|km", true), ("51.5007|-0.1246|0.1|km", false), ("51.5007|-0.1246|1000|m", true),
        ("51.5|-0.12", true), ("48.85|2.35", false),
    ])
    func `A place is found near another`(_ wanted: String, _ expected: Bool) throws {
        let place = try card([
            "resourceType": "Location", "position": ["longitude": .number("-0.1195"), "latitude": .number("51.5033")],
        ])
        #expect(try matches(place, [("near", wanted)]) == expected)
    }

    @Test func `Approximately is a tenth of the time that has passed`() throws {
        func matches(_ value: String) throws -> Bool {
            let now = try #require(DateTime("2020-06-25")).start
            return try SearchQuery(parsing: [("date", value)], type: "Observation", now: now)
                .matches(observation("2020-06-15"))
        }
        #expect(try matches("ap2020-06-15"))
        #expect(try matches("ap2020-06-16"), "ten days ago, so one more or less")
        #expect(try !matches("ap2020-06-18"))
        #expect(try matches("ap2019-06-15") == false)
    }

    @Test func `Every parameter that R4 defines a way for has one`() {
        for type in ResourceType.names {
            let ways = Dictionary(uniqueKeysWithValues: RouteCache.ways(of: type).map { ($0.parameter.name, $0) })
            for parameter in SearchParameter.searchable(type).values {
                let way = ways[parameter.name]
                #expect(way != nil, "\(type).\(parameter.name)")
                for group in way?.groups ?? [] {
                    #expect(!group.components.contains { $0.routes.isEmpty }, "\(type).\(parameter.name)")
                }
            }
        }
        #expect(ResourceType.names.reduce(0) { $0 + SearchParameter.searchable($1).count } > 2000)
    }

    // MARK: Includes

    @Test func `An include names what a resource refers to`() throws {
        let card = try observation("2020")
        func references(_ name: String, _ value: String) throws -> [String] {
            let query = try SearchQuery(parsing: [(name, value)], type: "Observation")
            return query.includes[0].references(in: card).map { "\($0.type)/\($0.id)" }
        }
        #expect(try references("_include", "Observation:subject") == ["Patient/ada"])
        #expect(try references("_include", "Observation:subject:Group") == [])
        #expect(try references("_include", "Observation:encounter") == ["Encounter/e1"])
        #expect(try Set(references("_include", "*")) == ["Patient/ada", "Encounter/e1"])
        #expect(try references("_include:iterate", "Condition:subject") == [], "which is for cards of Condition")
        #expect(
            try SearchQuery(parsing: [("_revinclude", "Provenance:target")], type: "Observation").includes[0].isReverse
        )
    }

    // MARK: Errors

    @Test(arguments: [
        ("colour", "red", "colour"), ("code:in", "x", "code:in"), ("date", "yesterday", "date"),
        ("date", "xx2020", "date"), ("date", "2020-13", "date"), ("date:not", "2020", "date:not"),
        ("code", "a|b|c", "code"), ("code", "|", "code"), ("code", "", "code"),
        ("code:missing", "maybe", "code:missing"),
        ("value-quantity", "five", "value-quantity"), ("value-quantity", "5|kg", "value-quantity"),
        ("value-quantity", "5|x|", "value-quantity"), ("value-quantity:exact", "5", "value-quantity:exact"),
        ("code-value-quantity", "x", "code-value-quantity"), ("code-value-quantity", "x$", "code-value-quantity"),
        ("code-value-quantity", "x$y", "code-value-quantity"), ("identifier:of-type", "a|b", "identifier:of-type"),
        ("_total", "some", "_total"), ("_revinclude", "*", "_revinclude"), ("_include", "Observation", "_include"),
        ("_include", "Observation:code", "_include"), ("_include", "Condition:subject", "_include"),
        ("_include", "Observation:subject:Ada", "_include"), ("subject.name", "x", "subject.name"),
        ("_has:Provenance:target:agent", "x", "_has:Provenance:target:agent"),
        ("_sort", "code-value-quantity", "_sort"),
        ("_sort", "colour", "colour"), ("_sort", "", "_sort"),
        ("_count", "-1", "_count"), ("_count", "many", "_count"), ("_text", "x", "_text"),
        ("subject:Ada", "1", "subject:Ada"), ("code,", "x", "this"),
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

    @Test(SampleData.needed) func `A card comes out of its bytes as it went in`() throws {
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
        #expect(throws: SearchCardError(kind: .version)) { try SearchCard(decoding: [1] + good.dropFirst()) }
        #expect(throws: SearchCardError(kind: .version)) { try SearchCard(decoding: [2] + good.dropFirst()) }
        #expect(throws: SearchCardError.self) { try SearchCard(decoding: [3, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) }
        #expect(throws: SearchCardError.self) { try SearchCard(decoding: [3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) }
        for index in good.indices {
            for byte in stride(from: UInt8.min, to: .max, by: 3) {
                var damaged = good
                damaged[index] = byte
                if let card = try? SearchCard(decoding: damaged) { _ = try? matches(card, [("code", "x")]) }
            }
        }
    }
}
