import FHIR
import Testing

private let noMediaType = ["Patient.photo[0].contentType: code-invalid"]

@Suite struct ValidatorTests {
    /// What is wrong, as `expression: code`.
    private func errors(_ text: String) throws -> [String] {
        Validator.validate(try Resource(parsing: Array(text.utf8)))
            .filter { $0.severity == .error }
            .map { "\($0.expression?.text ?? ""): \($0.code.rawValue)" }
    }

    @Test(SampleData.needed) func `Every example is accepted`() throws {
        for file in try SampleData.files() {
            let issues = Validator.validate(try Resource(parsing: file.bytes)).filter { $0.severity == .error }
            #expect(issues == [], "\(file.name)")
        }
    }

    @Test(arguments: [
        (#"{"resourceType":"Patient"}"#, []),
        (#"{"resourceType":"Patient","colour":"red"}"#, ["Patient.colour: structure"]),
        (#"{"resourceType":"Patient","Name":[{"family":"x"}]}"#, ["Patient.Name: structure"]),
        (#"{"resourceType":"Patient","name":{"family":"x"}}"#, ["Patient.name: structure"]),
        (#"{"resourceType":"Patient","name":[]}"#, ["Patient.name: structure"]),
        (#"{"resourceType":"Patient","name":[{}]}"#, ["Patient.name[0]: structure"]),
        (#"{"resourceType":"Patient","name":[null]}"#, ["Patient.name[0]: structure"]),
        (#"{"resourceType":"Patient","name":["x"]}"#, ["Patient.name[0]: structure"]),
        (#"{"resourceType":"Patient","name":[{"family":["x"]}]}"#, ["Patient.name[0].family: structure"]),
        (#"{"resourceType":"Patient","name":[{"given":["x",""]}]}"#, ["Patient.name[0].given[1]: value"]),
        (#"{"resourceType":"Patient","active":"true"}"#, ["Patient.active: value"]),
        (#"{"resourceType":"Patient","active":null}"#, ["Patient.active: value"]),
        (#"{"resourceType":"Patient","birthDate":"1.2.1980"}"#, ["Patient.birthDate: value"]),
        (#"{"resourceType":"Patient","birthDate":{"x":1}}"#, ["Patient.birthDate: value"]),
        (#"{"resourceType":"Patient","gender":"m"}"#, ["Patient.gender: code-invalid"]),
        (#"{"resourceType":"Patient","gender":"female"}"#, []),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/jpeg"}]}"#, []),
        (#"{"resourceType":"Patient","photo":[{"contentType":"text/plain; charset=utf-8"}]}"#, []),
        (#"{"resourceType":"Patient","photo":[{"contentType":"a/b; x=\"y; z\" ; v=w"}]}"#, []),
        (#"{"resourceType":"Patient","photo":[{"contentType":"picture"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"*/*"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/a/b"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/a;"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/a; b"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/a; b=\"c"}]}"#, noMediaType),
        (#"{"resourceType":"Patient","photo":[{"contentType":"image/a; b=c d"}]}"#, noMediaType),
        (
            #"{"resourceType":"Account","status":"active","extension":[{"url":"u","valueMoney":{"currency":"INR"}}]}"#,
            []
        ),
        (
            #"{"resourceType":"Account","status":"active","extension":[{"url":"u","valueMoney":{"currency":"RUPEE"}}]}"#,
            ["Account.extension[0].valueMoney.currency: code-invalid"]
        ),
        (#"{"resourceType":"Patient","deceasedBoolean":true}"#, []),
        (#"{"resourceType":"Patient","deceased":true}"#, ["Patient.deceased: structure"]),
        (#"{"resourceType":"Patient","deceasedString":"x"}"#, ["Patient.deceasedString: structure"]),
        (
            #"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}"#,
            ["Patient.deceasedDateTime: structure"]
        ),
        (
            #"{"resourceType":"Patient","deceasedBoolean":true,"_deceasedDateTime":{"id":"a"}}"#,
            ["Patient._deceasedDateTime: structure"]
        ),
        (#"{"resourceType":"Patient","_deceasedBoolean":{"id":"a"},"deceasedBoolean":true}"#, []),
        (#"{"resourceType":"Patient","contact":[{"gender":"x"}]}"#, ["Patient.contact[0].gender: code-invalid"]),
        (
            #"{"resourceType":"Patient","communication":[{"preferred":true}]}"#,
            ["Patient.communication[0].language: required"]
        ),
        (#"{"resourceType":"Observation"}"#, ["Observation.status: required", "Observation.code: required"]),
        (
            #"{"resourceType":"Observation","_status":{"extension":[{"url":"u","valueCode":"x"}]},"code":{"text":"x"}}"#,
            []
        ),
        (
            #"{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"1"}}"#,
            ["Observation.valueQuantity.value: value"]
        ),
        (#"{"resourceType":"Patient","\u212A":1}"#, ["Patient.?: structure"]),
        (
            #"{"resourceType":"Patient","modifierExtension":[{"valueString":"x"}]}"#,
            ["Patient.modifierExtension[0].url: required"]
        ),
    ])
    func `Elements, types, cardinalities and codes are checked`(_ text: String, _ expected: [String]) throws {
        #expect(try errors(text) == expected)
    }

    @Test(arguments: [
        (#""_birthDate":{"extension":[{"url":"u","valueString":"x"}]}"#, []),
        (#""_birthDate":{"value":1}"#, ["Patient._birthDate.value: structure"]),
        (#""_birthDate":{}"#, ["Patient._birthDate: structure"]),
        (#""_birthDate":[{"id":"a"}]"#, ["Patient._birthDate: structure"]),
        (#""_name":[{"id":"a"}]"#, ["Patient._name: structure"]),
        (#""name":[{"given":["x",null],"_given":[null,{"id":"a"}]}]"#, []),
        (#""name":[{"given":["x",null]}]"#, ["Patient.name[0].given[1]: value"]),
        (
            #""name":[{"given":["x",null],"_given":[{"id":"a"},null]}]"#,
            ["Patient.name[0].given[1]: value", "Patient.name[0]._given[1]: structure"]
        ),
        (#""name":[{"given":["x"],"_given":{"id":"a"}}]"#, ["Patient.name[0]._given: structure"]),
        (#""extension":[{"url":"u","valueString":"x"}]"#, []),
        (#""extension":[{"url":"u","extension":[{"url":"v","valueCode":"c"}]}]"#, []),
        (#""extension":[{"valueString":"x"}]"#, ["Patient.extension[0].url: required"]),
        (#""extension":[{"url":"u"}]"#, ["Patient.extension[0]: invariant"]),
        (
            #""extension":[{"url":"u","valueString":"x","extension":[{"url":"v","valueCode":"c"}]}]"#,
            ["Patient.extension[0]: invariant"]
        ),
        (
            #""extension":[{"url":"u","valueString":"x","valueCode":"c"}]"#,
            ["Patient.extension[0].valueCode: structure"]
        ),
        (
            #""extension":[{"url":"u","valueNarrative":{}}]"#,
            ["Patient.extension[0].valueNarrative: structure"]
        ),
        (#""contained":[{"resourceType":"Organization","id":"o","name":"x"}]"#, ["Patient.contained[0]: invariant"]),
        (
            ##""contained":[{"resourceType":"Organization","id":"o","name":"x"}],"managingOrganization":{"reference":"#o"}"##,
            []
        ),
        (
            #"""
            "contained":[{"resourceType":"Organization","id":"o","name":"x"},{"resourceType":"Organization","id":"o",\#
            "name":"x"}],"managingOrganization":{"reference":"#o"}
            """#,
            ["Patient.contained[1]: invariant", "Patient.contained[1]: invariant"]
        ),
        (##""managingOrganization":{"reference":"#o"}"##, ["Patient.managingOrganization.reference: invariant"]),
        (##""link":[{"type":"seealso","other":{"reference":"#"}}]"##, []),
        (
            #"""
            "contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},\#
            "subject":{"reference":"#"}}]
            """#,
            []
        ),
        (
            ##""extension":[{"url":"u","valueUri":"#o"}],"contained":[{"resourceType":"Organization","id":"o","name":"x"}]"##,
            []
        ),
        (#""contained":[{"resourceType":"Organization","name":"x"}]"#, ["Patient.contained[0]: invariant"]),
        (
            ##""contained":[{"resourceType":"Organization","id":"o","colour":1}],"managingOrganization":{"reference":"#o"}"##,
            ["Patient.contained[0].colour: structure"]
        ),
        (
            ##""contained":[{"resourceType":"Element","id":"o"}],"managingOrganization":{"reference":"#o"}"##,
            ["Patient.contained[0]: not-supported"]
        ),
        (#""contained":["x"]"#, ["Patient.contained[0]: structure", "Patient.contained[0]: invariant"]),
        (
            #"""
            "contained":[{"resourceType":"Patient","id":"o","contained":[{"resourceType":"Patient","id":"p"}]}],\#
            "link":[{"type":"seealso","other":{"reference":"#o"}}]
            """#,
            ["Patient.contained[0].contained[0]: invariant"]
        ),
        (#""managingOrganization":{"reference":"a b"}"#, ["Patient.managingOrganization.reference: value"]),
        (#""generalPractitioner":["Practitioner/1"]"#, ["Patient.generalPractitioner[0]: structure"]),
        (#""text":{"status":"generated","div":"<div><script>x</script></div>"}"#, ["Patient.text.div: value"]),
    ])
    func `Extensions, contained resources and references are checked`(_ members: String, _ expected: [String]) throws {
        #expect(try errors("{\"resourceType\":\"Patient\",\(members)}") == expected)
    }

    @Test func `A reference to another type than its element allows is a warning`() throws {
        let patient = try Resource(["resourceType": "Patient", "managingOrganization": ["reference": "Patient/1"]])
        #expect(
            Validator.validate(patient) == [
                Issue(
                    .warning,
                    .value,
                    at: Expression("Patient").child("managingOrganization").child("reference"),
                    "should point to Organization"
                )
            ]
        )
    }

    @Test func `A required code of a concept needs its system too`() throws {
        func errors(_ system: String, _ code: String) throws -> [String] {
            try self.errors(
                """
                {"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":\
                {"coding":[{"system":"\(system)","code":"\(code)"}]}}
                """
            )
        }
        #expect(try errors("http://terminology.hl7.org/CodeSystem/condition-clinical", "active") == [])
        #expect(
            try errors("http://terminology.hl7.org/CodeSystem/condition-clinical", "ill")
                == ["Condition.clinicalStatus: code-invalid"]
        )
        #expect(try errors("http://a.example", "active") == ["Condition.clinicalStatus: code-invalid"])
    }

    @Test func `No issue holds a value`() throws {
        let text = """
            {"resourceType":"Patient","id":"x","birthDate":"Canary","gender":"Canary","active":"Canary",
             "Canary Canary":"Canary","name":"Canary","contact":[{"name":["Canary"]}],
             "contained":[{"resourceType":"Canary"}],"managingOrganization":{"reference":"Canary Canary"},
             "maritalStatus":{"coding":[{"system":"Canary Canary"}]},"text":{"status":"Canary","div":"Canary"}}
            """
        let issues = Validator.validate(try Resource(parsing: Array(text.utf8)))
        #expect(issues.count >= 10)
        #expect(!Outcome(issues).description.contains("Canary"))
        #expect(!String(decoding: Outcome(issues).json().serialized(), as: UTF8.self).contains("Canary"))
    }

    @Test func `Issues are a hundred at most`() throws {
        let names = JSON.array(Array(repeating: ["colour": 1], count: 1000))
        #expect(Validator.validate(try Resource(["resourceType": "Patient", "name": names])).count == 100)
    }

    @Test func `An object with endless members is refused at once`() throws {
        let members = (0..<200_000).map { (key: "_m\($0)", value: JSON.object(["id": "a"])) }
        let name = JSON.object(JSONObject(members))
        let issues = Validator.validate(try Resource(["resourceType": "Patient", "name": [name]]))
        #expect(issues.map(\.code) == [.tooCostly])
    }

    @Test(SampleData.needed)
    func `Values of every kind in the place of every element are refused or accepted, and nothing crashes`()
        throws
    {
        let strange: [JSON] = [
            .null, true, 0, "", "x", [], [:], [nil], [[]], [[:]], ["resourceType": 1], ["resourceType": "Patient"],
            ["reference": 1], ["url": []], [["extension": [["extension": []]]]],
        ]
        for file in try SampleData.files(["official-examples"]).prefix(40) {
            guard case .object(let object) = try JSON(parsing: file.bytes) else { continue }
            for index in object.members.indices where object.members[index].key != "resourceType" {
                for value in strange {
                    var damaged = object
                    damaged.members[index].value = value
                    guard let resource = try? Resource(.object(damaged)) else { continue }
                    _ = Validator.validate(resource)
                    _ = Compartment.membership(of: resource)
                    _ = resource.references()
                }
            }
        }
    }
}
