import Testing

@testable import FHIR

@Suite struct InvariantTests {
    /// The keys of the invariants that a resource breaks, each with its place; other errors by their code.
    private func broken(_ text: String) throws -> [String] {
        Validator.validate(try Resource(parsing: Array(text.utf8))).filter { $0.severity == .error }.map { issue in
            let place = issue.expression?.text ?? ""
            guard issue.code == .invariant, let colon = issue.rule.firstIndex(of: ":") else {
                return "\(place) \(issue.code.rawValue)"
            }
            return "\(place) \(issue.rule[..<colon])"
        }
    }

    @Test func `Every invariant is read and bound to its type`() {
        #expect(Invariants.r4.failures == [])
        let keys = Set(Definitions.r4.types.indices.flatMap { Invariants.r4[$0].map(\.key) })
        #expect(keys.count > 190)
        #expect(Definitions.r4["Patient"] != nil && Invariants.r4[Definitions.r4.index["Patient"]!].count == 3)
    }

    /// What is wrong in the first breaks the rule in the second, and no other; what the third says is right.
    @Test(arguments: [
        // Conditions, allergies, observations, consents
        (
            #""subject":{"reference":"Patient/1"},"abatementDateTime":"2020","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}"#,
            "Condition", ["Condition con-4"]
        ),
        (
            #""subject":{"reference":"Patient/1"},"abatementDateTime":"2020","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"remission"}]}"#,
            "Condition", []
        ),
        (#""subject":{"reference":"Patient/1"},"evidence":[{"id":"a"}]"#, "Condition", ["Condition.evidence[0] ele-1"]),
        (
            #""subject":{"reference":"Patient/1"},"stage":[{"type":{"text":"x"}}]"#, "Condition",
            ["Condition.stage[0] con-1"]
        ),
        (
            #""patient":{"reference":"Patient/1"},"code":{"text":"x"}"#, "AllergyIntolerance",
            ["AllergyIntolerance ait-1"]
        ),
        (
            #""status":"final","code":{"text":"x"},"valueString":"x","dataAbsentReason":{"text":"x"}"#, "Observation",
            ["Observation obs-6"]
        ),
        (#""status":"final","code":{"text":"x"},"dataAbsentReason":{"text":"x"}"#, "Observation", []),
        (
            #""status":"final","code":{"text":"x"},"referenceRange":[{"age":{}}]"#, "Observation",
            ["Observation.referenceRange[0].age structure"]
        ),
        (
            #""status":"final","code":{"text":"x"},"referenceRange":[{"type":{"text":"x"}}]"#, "Observation",
            ["Observation.referenceRange[0] obs-3"]
        ),
        (
            #""status":"final","code":{"coding":[{"system":"s","code":"a"}]},"valueString":"x","component":[{"code":{"coding":[{"code":"a","system":"s"}]}}]"#,
            "Observation", ["Observation obs-7"]
        ),
        (
            #""status":"final","code":{"coding":[{"system":"s","code":"a"}]},"valueString":"x","component":[{"code":{"coding":[{"system":"s","code":"b"}]}}]"#,
            "Observation", []
        ),
        (
            #""status":"active","scope":{"text":"x"},"category":[{"text":"x"}]"#, "Consent", ["Consent ppc-1"]
        ),
        // Data types, wherever they are used
        (#""birthDate":"2000","contact":[{"gender":"female"}]"#, "Patient", ["Patient.contact[0] pat-1"]),
        (#""telecom":[{"value":"1"}]"#, "Patient", ["Patient.telecom[0] cpt-2"]),
        (
            #""telecom":[{"_value":{"extension":[{"url":"u","valueCode":"x"}]}}]"#, "Patient",
            ["Patient.telecom[0] cpt-2"]
        ),
        (#""photo":[{"data":"AAAA"}]"#, "Patient", ["Patient.photo[0] att-1"]),
        (
            #""name":[{"period":{"start":"2020-05-02","end":"2020-05-01"}}]"#, "Patient",
            ["Patient.name[0].period per-1"]
        ),
        (#""name":[{"period":{"start":"2020-05-02","end":"2020-05-02"}}]"#, "Patient", []),
        // Precision and zones that leave it open
        (#""name":[{"period":{"start":"2020-05-02","end":"2020-05"}}]"#, "Patient", []),
        (#""name":[{"period":{"start":"2020-06","end":"2020-05-31"}}]"#, "Patient", ["Patient.name[0].period per-1"]),
        (#""name":[{"period":{"start":"2020-05-02T00:30:00+02:00","end":"2020-05-01T23:00:00Z"}}]"#, "Patient", []),
        (#""name":[{"period":{"start":"2020-05-01T23:00:00-05:00","end":"2020-05-01"}}]"#, "Patient", []),
        (
            #""name":[{"period":{"start":"2020-05-01","_end":{"extension":[{"url":"u","valueCode":"x"}]}}}]"#,
            "Patient",
            []
        ),
        (
            #""extension":[{"url":"u","valueQuantity":{"code":"mg"}}]"#, "Patient",
            ["Patient.extension[0].valueQuantity qty-3"]
        ),
        (
            #""extension":[{"url":"u","valueRange":{"low":{"value":1.0000000000000000001},"high":{"value":1}}}]"#,
            "Patient",
            ["Patient.extension[0].valueRange rng-2"]
        ),
        (#""extension":[{"url":"u","valueRange":{"low":{"value":10e-1},"high":{"value":1.00}}}]"#, "Patient", []),
        (
            #""extension":[{"url":"u","valueRange":{"low":{"value":2,"unit":"m"},"high":{"value":1,"unit":"km"}}}]"#,
            "Patient", []
        ),
        (
            #""extension":[{"url":"u","valueRatio":{"numerator":{"value":1}}}]"#, "Patient",
            ["Patient.extension[0].valueRatio rat-1"]
        ),
        (
            #""extension":[{"url":"u","valueAge":{"value":-1,"code":"a","system":"http://unitsofmeasure.org"}}]"#,
            "Patient",
            ["Patient.extension[0].valueAge age-1"]
        ),
        (
            #""extension":[{"url":"u","valueCount":{"value":1.5,"code":"1","system":"http://unitsofmeasure.org"}}]"#,
            "Patient", ["Patient.extension[0].valueCount cnt-3"]
        ),
        (
            #""extension":[{"url":"u","valueTiming":{"repeat":{"when":["C","HS"],"offset":5,"timeOfDay":["08:00:00"]}}}]"#,
            "Patient", ["Patient.extension[0].valueTiming.repeat tim-10"]
        ),
        (
            #""extension":[{"url":"u","valueTiming":{"repeat":{"when":["C"],"offset":5}}}]"#, "Patient",
            ["Patient.extension[0].valueTiming.repeat tim-9"]
        ),
        // Contained resources, elements that are no type of their own, the resource around
        (
            ##""managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o"}]"##,
            "Patient",
            ["Patient.contained[0] org-1"]
        ),
        (
            ##""managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o","name":"x","meta":{"versionId":"1"}}]"##,
            "Patient", ["Patient dom-4"]
        ),
        (
            #""name":"x","address":[{"use":"work"},{"use":"home"}],"telecom":[{"use":"home","system":"url","value":"u"}]"#,
            "Organization", ["Organization.address[1] org-2", "Organization.telecom[0] org-3"]
        ),
        (
            #""status":"draft","intent":"order","subject":{"reference":"Patient/1"},"orderDetail":[{"text":"x"}]"#,
            "ServiceRequest", ["ServiceRequest prr-1"]
        ),
        (
            #""status":"booked","participant":[{"status":"accepted","type":[{"text":"x"}]}]"#, "Appointment",
            ["Appointment app-3"]
        ),
        (
            #""status":"booked","start":"2020-01-01T10:00:00Z","end":"2020-01-01T10:10:00Z","cancelationReason":{"text":"x"},"participant":[{"status":"accepted","actor":{"display":"x"}}]"#,
            "Appointment", ["Appointment app-4"]
        ),
        (#""parameter":[{"name":"a"}]"#, "Parameters", ["Parameters.parameter[0] inv-1"]),
        (
            #""parameter":[{"name":"a","valueCode":"x"},{"name":"b","resource":{"resourceType":"Basic","code":{"text":"x"}}}]"#,
            "Parameters", []
        ),
        (
            #""parameter":[{"name":"a","valueCode":"x","part":[{"name":"b","valueCode":"x"}]}]"#, "Parameters",
            ["Parameters.parameter[0] inv-1"]
        ),
        (
            #""type":"collection","total":1,"entry":[{"fullUrl":"urn:a","resource":{"resourceType":"Basic","code":{"text":"x"}}},{"fullUrl":"urn:a","resource":{"resourceType":"Basic","code":{"text":"x"}}}]"#,
            "Bundle", ["Bundle bdl-1", "Bundle bdl-7"]
        ),
        (
            #""type":"transaction","entry":[{"resource":{"resourceType":"Organization"}}]"#, "Bundle",
            ["Bundle.entry[0].resource org-1"]
        ),
        (
            #""type":"transaction","entry":[{"resource":{"resourceType":"Organization","name":"x"}}]"#, "Bundle",
            ["Bundle bdl-3"]
        ),
        (
            #""type":"document","timestamp":"2020-01-01T00:00:00Z","identifier":{"system":"s","value":"v"},"entry":[{"resource":{"resourceType":"Basic","code":{"text":"x"}}}]"#,
            "Bundle", ["Bundle bdl-11"]
        ),
        // Definitional ones
        (
            #""status":"draft","item":[{"linkId":"a","type":"group","item":[{"linkId":"a","type":"string"}]}]"#,
            "Questionnaire", ["Questionnaire que-2"]
        ),
        (
            #""status":"draft","item":[{"linkId":"a","type":"string","enableWhen":[{"question":"q","operator":"exists","answerString":"x"}]}]"#,
            "Questionnaire", ["Questionnaire.item[0].enableWhen[0] que-7"]
        ),
        (
            #""status":"draft","item":[{"linkId":"a","type":"string","enableWhen":[{"question":"q","operator":"exists","answerBoolean":true}]}]"#,
            "Questionnaire", []
        ),
        (
            #""status":"draft","content":"complete","concept":[{"code":"a","concept":[{"code":"b"}]},{"code":"b"}]"#,
            "CodeSystem", ["CodeSystem csd-1"]
        ),
        (
            #""status":"final","subject":{"reference":"Patient/1"},"prediction":[{"probabilityDecimal":101}]"#,
            "RiskAssessment", ["RiskAssessment.prediction[0] ras-2"]
        ),
        (
            #""url":"u","name":"N","status":"draft","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint","baseDefinition":"b","differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.x","path":"Other.x","min":2,"max":"1"}]}"#,
            "StructureDefinition", ["StructureDefinition.differential.element[1] eld-2"]
        ),
        (
            #""url":"u","name":"N","status":"draft","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint","baseDefinition":"b","differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.x","path":"Other.x"}]}"#,
            "StructureDefinition", ["StructureDefinition.differential sdf-8a"]
        ),
        (
            #""url":"u","name":"N","status":"draft","kind":"resource","abstract":false,"type":"Patient","derivation":"constraint","baseDefinition":"b","differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.x","path":"Patient.x[x]:a b"}]}"#,
            "StructureDefinition", ["StructureDefinition.differential.element[1] eld-19"]
        ),
    ])
    func `An invariant that is broken is named, and where`(_ members: String, _ type: String, _ expected: [String])
        throws
    {
        #expect(try broken("{\"resourceType\":\"\(type)\",\(members)}") == expected)
    }

    @Test func `An invariant is not asked of what is wrong in itself`() throws {
        #expect(
            try broken(#"{"resourceType":"Patient","contact":[{"gender":"x"}]}"#) == [
                "Patient.contact[0].gender code-invalid"
            ]
        )
    }

    /// Time in proportion to what came in is all that comparing may cost.
    @Test func `Comparing everything with everything ends`() throws {
        let grouping = (0..<8000).map { #"{"id":"g\#($0)","name":"x"}"# }.joined(separator: ",")
        let resources = (0..<8000).map { #"{"reference":{"reference":"Basic/1"},"groupingId":"h\#($0)"}"# }
            .joined(separator: ",")
        let guide = """
            {"resourceType":"ImplementationGuide","url":"u","name":"n","status":"draft","packageId":"p","fhirVersion":["4.0.1"],\
            "definition":{"grouping":[\(grouping)],"resource":[\(resources)]}}
            """
        #expect(try broken(guide) == ["ImplementationGuide.definition ig-1"])
        let slow = guide.replacing(#""groupingId":"h"#, with: #""groupingId":"g7999","description":"h"#)
        #expect(try broken(slow) == ["ImplementationGuide.definition too-costly"])
    }

    // MARK: The language

    private func value(_ expression: String, of text: String, type: String = "Patient") throws -> Bool? {
        var binder = FHIRPathBinder(.r4, context: Definitions.r4.index[type]!)
        let bound = try binder.bind(try FHIRPathParser.parse(expression))
        let json = try JSON(parsing: Array(text.utf8))
        var evaluator = FHIRPathEvaluator(resource: json, rootResource: json)
        return evaluator.holds(bound, of: json, context: json)
    }

    @Test(
        arguments: [
            ("true or false and false", true), ("(true or false) and false", false), ("false implies false", true),
            ("true xor true", false), ("1 + 1 = 2 and 2 != 3", true), ("1 < 2 and 2 >= 2.0 and 10 > 9.5", true),
            ("'a' & 'b' = 'ab'", true), ("'b' in ('a' | 'b')", true), ("('a' | 'b') contains 'c'", false),
            ("name.given.count() = 3", true), ("name.family = 'x'", true), ("name.first().given.first() = 'a'", true),
            ("name.given.isDistinct()", false), ("name.tail().given.exists()", true), ("photo.exists()", false),
            ("gender = 'male'", nil), ("gender = 'male' or true", true), ("gender = 'male' and false", false),
            ("name.where(given = 'c').exists()", true), ("name.all(given.exists())", true),
            ("deceased.exists() and deceased is Boolean and deceased", true), ("deceased is dateTime", false),
            ("(deceased as boolean).not()", false), ("birthDate.exists() and birthDate.hasValue().not()", true),
            ("Patient.name.exists()", true), ("%resource.name.count() = %context.name.count()", true),
            ("descendants().given.count() = 3", true), ("children().given.count() = 3", true),
            ("name.trace('x').given.startsWith('a')", false), ("name.family.contains('x')", true),
            ("iif(true, name).count() = 2", true), ("name.select(family).count() = 1", true),
            ("'12'.toInteger() > 11", true), ("multipleBirth.toString() = '3'", true),
            ("name.given.combine(name.given).count() = 6", true), ("name.given.intersect('c').count() = 1", true),
        ] as [(String, Bool?)]
    )
    func `The language means what FHIRPath says`(_ expression: String, _ expected: Bool?) throws {
        let patient = """
            {"resourceType":"Patient","name":[{"family":"x","given":["a","a"]},{"given":["c"]}],"deceasedBoolean":true,\
            "_birthDate":{"id":"b"},"multipleBirthInteger":3}
            """
        #expect(try value(expression, of: patient) == expected)
    }

    @Test(arguments: [
        "", "name.", "(name", "name)", "colour", "name.colour", "name.explode()", "name.where()", "'x", "name name",
        "%x",
        "name.family.matches('(a+)+')", "name ? 1", "name.where(given,family)", "and",
    ])
    func `What is no expression, or asks for what there is not, is not taken`(_ expression: String) {
        #expect(throws: FHIRPathError.self) { try value(expression, of: "{}") }
    }

    @Test(arguments: [
        ("0", "-0", 0), ("1", "1.0", 0), ("0.1", "1e-1", 0), ("100", "1E+2", 0), ("-1", "1", -1), ("2", "10", -1),
        ("0.9", "0.10", 1), ("-2", "-10", 1), ("1e400", "1e399", 1), ("0", "1e-400", -1), ("-0.5", "0", -1),
        ("1.0000000000000000000000000001", "1", 1), ("00", "0", 0),
    ])
    func `Numbers are compared digit by digit`(_ left: String, _ right: String, _ order: Int) {
        #expect(DecimalText(left).compare(DecimalText(right)) == order)
        #expect(DecimalText(right).compare(DecimalText(left)) == -order)
    }
}
