import FHIR
import Testing

@Suite struct PatientSearchTests {
    private func patient(_ members: String) throws -> Resource {
        try Resource(parsing: Array("{\"resourceType\":\"Patient\",\"id\":\"1\",\(members)}".utf8))
    }

    private func values(_ patient: Resource, _ parameter: String) -> [String] {
        PatientSearchValues(of: patient).values.filter { $0.parameter == parameter }.map(\.text)
    }

    /// Whether tokens lead to a patient: one value of each clause is theirs.
    private func isFound(_ patient: Resource, _ query: PatientQuery) -> Bool {
        let values = Set(PatientSearchValues(of: patient).values)
        return query.clauses.allSatisfy { $0.anyOf.contains { values.contains($0) } }
    }

    // MARK: Folding

    @Test(arguments: [
        ("Ada", "ada"), ("ÉCLAIR", "eclair"), ("Müller", "muller"), ("Strauß", "strauss"), ("STRAẞE", "strasse"),
        ("Sørensen", "sorensen"), ("Łukasz", "lukasz"), ("İpek", "ipek"), ("ırmak", "irmak"), ("Æther", "aether"),
        ("e\u{301}", "e"), ("\u{00E9}", "e"), ("ﬁn", "fin"), ("Ａｄａ", "ada"), ("Nguyễn", "nguyen"),
        ("Ålesund", "alesund"),
        ("王小明", "王小明"), ("नेहा", "नेहा"), ("мария", "мария"), ("Мария", "мария"), ("Żółć", "zolc"), ("ſ", "s"),
        ("Ⅷ", "viii"), ("مُحَمَّد", "محمد"),
    ])
    func `Names are compared in one form`(_ text: String, _ folded: String) {
        #expect(Folding.fold(text) == folded)
        #expect(Folding.fold(folded) == folded)
    }

    @Test func `Words are runs of letters, and apostrophes end none`() {
        #expect(Folding.words("O'Brien-Smith, Mary Ann Jr.") == ["obrien", "smith", "mary", "ann", "jr"])
        #expect(Folding.words("D’Arcy  Ø") == ["darcy", "o"])
        #expect(Folding.words(" - ' ") == [])
        #expect(Folding.words("नेहा शर्मा") == ["नेहा", "शर्मा"])
    }

    // MARK: Values

    @Test func `A patient is found under the beginnings of each name`() throws {
        let patient = try patient(#""name":[{"family":"Lovelace","given":["Ada","Bo"]}]"#)
        #expect(values(patient, "family") == ["lov", "love", "lovel", "lovela", "lovelac", "lovelace"])
        #expect(values(patient, "given") == ["ada", "bo"])
        #expect(values(patient, "name") == ["lov", "love", "lovel", "lovela", "lovelac", "lovelace", "ada", "bo"])
    }

    @Test func `A patient is found under identifiers and the parts of the birth date`() throws {
        let patient = try patient(
            #""identifier":[{"system":"http://nhs","value":"943 476"},{"value":"7"}],"birthDate":"1984-03-09""#
        )
        #expect(values(patient, "identifier") == ["|943 476", "http://nhs|943 476", "|7"])
        #expect(values(patient, "birthdate") == ["198-", "1984", "1984-03", "1984-03-09"])
        #expect(
            values(try self.patient(#""birthDate":"1984-03""#), "birthdate") == ["198-", "1984", "1984-03", "1984-03~"]
        )
        #expect(values(try self.patient(#""birthDate":"1984""#), "birthdate") == ["198-", "1984", "1984~"])
        #expect(PatientSearchValues(of: try Resource(["resourceType": "Person", "birthDate": "1984"])).values == [])
    }

    @Test func `A forged record with endless names has few values`() throws {
        let name = String(repeating: "x", count: 10_000)
        let names = JSON.array((0..<5000).map { ["family": .string("\(name)\($0)"), "given": [.string("g\($0)")]] })
        let patient = try Resource(["resourceType": "Patient", "name": names, "identifier": names])
        #expect(PatientSearchValues(of: patient).values.count < 3500)
    }

    // MARK: Queries

    @Test(
        arguments: [
            ([("name", "love")], true), ([("name", "LOVELACE")], true), ([("name", "ada love")], true),
            ([("family", "ada")], false), ([("given", "ada")], true), ([("given", "Ada"), ("family", "lov")], true),
            ([("name", "bob,ada")], true), ([("name", "ada bob")], false), ([("family:exact", "Lovelace")], true),
            ([("family:exact", "lovelace")], false), ([("identifier", "http://nhs|9")], true),
            ([("identifier", "9")], true),
            ([("identifier", "|9")], false), ([("identifier", "http://x|9")], false), ([("identifier", "1,9")], true),
            ([("birthdate", "1984")], true), ([("birthdate", "1984-03")], true), ([("birthdate", "1984-03-10")], false),
            ([("birthdate", "ge1980"), ("birthdate", "lt1990")], true), ([("birthdate", "gt1984-03-09")], false),
            ([("birthdate", "le1984-03-09")], true), ([("birthdate", "1970,1984")], true),
            ([("birthdate", "ne1984")], false),
            ([("name", "ada"), ("gender", "female")], true), ([("name", "ada"), ("gender", "male")], false),
            ([("_id", "1")], true), ([("phone", "1")], false), ([("birthdate", "ap1984")], true),
            ([("identifier", "http://nhs|")], nil),
            ([("name", "-")], nil),
        ] as [([(String, String)], Bool?)]
    )
    func `Patients are found by tokens and checked exactly`(_ parameters: [(String, String)], _ expected: Bool?) throws
    {
        let ada = try patient(
            """
            "name":[{"family":"Lovelace","given":["Ada"]}],"gender":"female","birthDate":"1984-03-09",
            "identifier":[{"system":"http://nhs","value":"9"}]
            """
        )
        let parameters = parameters.map { (name: $0.0, value: $0.1) }
        guard let expected else {
            #expect(throws: Outcome.self) { try PatientQuery(parsing: parameters) }
            return
        }
        let query = try PatientQuery(parsing: parameters)
        #expect(query.matches(ada) == expected)
        if expected { #expect(isFound(ada, query)) }
    }

    @Test func `Fewer than three letters find whole names alone`() throws {
        let query = try PatientQuery(parsing: [("name", "lo")])
        #expect(try !isFound(patient(#""name":[{"family":"Lovelace"}]"#), query))
        #expect(try isFound(patient(#""name":[{"family":"Lo"}]"#), query))
    }

    @Test(
        arguments: [
            ([("birthdate", "1984")], ["1984"]), ([("birthdate", "1984-03")], ["1984-03"]),
            ([("birthdate", "1984-03-09")], ["1984-03-09"]),
            ([("birthdate", "ge1980"), ("birthdate", "lt1990")], ["198-", "1980~", "1980-12~", "1990~", "1990-01~"]),
            (
                [("birthdate", "ge1989-12-30"), ("birthdate", "le1990-02-02")],
                [
                    "1989-12-30", "1989-12-31", "1990-01", "1990-02-01", "1990-02-02", "1989~", "1989-12~", "1990~",
                    "1990-02~",
                ]
            ),
        ] as [([(String, String)], [String])]
    )
    func `A range is few equalities`(_ parameters: [(String, String)], _ expected: [String]) throws {
        let query = try PatientQuery(parsing: parameters.map { (name: $0.0, value: $0.1) })
        #expect(query.clauses.count == 1)
        #expect(query.clauses.first?.anyOf.map(\.text) == expected)
    }

    @Test func `Whoever matches exactly is found by tokens, whatever the dates`() throws {
        var generator = SplitMix(seed: 7)
        func date(years: ClosedRange<Int>) -> String {
            let year = Int.random(in: years, using: &generator)
            let (month, day) = (Int.random(in: 1...12, using: &generator), Int.random(in: 1...28, using: &generator))
            func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return switch Int.random(in: 0..<4, using: &generator) {
            case 0: "\(year)"
            case 1: "\(year)-\(two(month))"
            default: "\(year)-\(two(month))-\(two(day))"
            }
        }
        let patients = try (0..<60).map { index in
            try patient("\"birthDate\":\"\(date(years: index % 3 == 0 ? 1800...2200 : 1983...1985))\"")
        }
        for index in 0..<200 {
            let years = index % 3 == 0 ? 1860...2120 : 1983...1985
            let parameters = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                let prefix = ["", "eq", "gt", "lt", "ge", "le", "sa", "eb"].randomElement(using: &generator)!
                let second = Bool.random(using: &generator) ? "" : ",ge\(date(years: years))"
                return (name: "birthdate", value: prefix + date(years: years) + second)
            }
            let query = try PatientQuery(parsing: parameters)
            #expect(query.clauses.allSatisfy { $0.anyOf.count < 300 })
            for patient in patients where query.matches(patient) {
                #expect(isFound(patient, query), "\(parameters) \(patient.json["birthDate"]!)")
            }
        }
    }
}

/// A small generator whose numbers are the same on every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
