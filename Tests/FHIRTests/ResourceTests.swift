import FHIR
import Testing

@Suite struct ResourceTests {
    @Test(
        arguments: [
            ("[]", IssueType.structure, nil), ("{}", .required, "resourceType"),
            (#"{"resourceType":1}"#, .required, "resourceType"),
            (#"{"resourceType":"Ada"}"#, .notSupported, "resourceType"),
            (#"{"resourceType":"DomainResource"}"#, .notSupported, "resourceType"),
            (#"{"resourceType":"Patient","id":1}"#, .value, "Patient.id"),
            (#"{"resourceType":"Patient","id":""}"#, .value, "Patient.id"),
            (#"{"resourceType":"Patient","id":"a_b"}"#, .value, "Patient.id"),
            (#"{"resourceType":"Patient","id":"../x"}"#, .value, "Patient.id"),
            ("{\"resourceType\":\"Patient\",\"id\":\"\(String(repeating: "a", count: 65))\"}", .value, "Patient.id"),
            (#"{"resourceType":"Patient","name":[{"family":"\u0000"}]}"#, .structure, "Patient.name[0].family"),
        ] as [(String, IssueType, String?)]
    )
    func `What is no resource is refused with element and rule`(
        _ text: String,
        _ code: IssueType,
        _ expression: String?
    ) {
        let outcome = #expect(throws: Outcome.self) { try Resource(parsing: Array(text.utf8)) }
        #expect(outcome?.issues.map(\.code) == [code])
        #expect(outcome?.issues.first?.expression?.text == expression)
    }

    @Test func `An id can be given, changed and taken away, and follows the type`() throws {
        var resource = try Resource(["resourceType": "Patient", "active": true])
        resource.id = "1"
        #expect(resource.json.serialized() == Array(#"{"resourceType":"Patient","id":"1","active":true}"#.utf8))
        resource.id = "2"
        #expect(resource.id == "2")
        resource.id = nil
        #expect(resource.json == ["resourceType": "Patient", "active": true])
    }

    @Test func `An outcome is written as an OperationOutcome`() throws {
        let place = Expression("Patient").child("name")[0].child("family")
        let outcome = Outcome(.value, at: place, "must be a text")
            .combined(with: Outcome([Issue(.warning, .businessRule, "look here")]))
        #expect(outcome.isFailure)
        #expect(
            outcome.json() == [
                "resourceType": "OperationOutcome",
                "issue": [
                    [
                        "severity": "error", "code": "value", "diagnostics": "Patient.name[0].family: must be a text",
                        "expression": ["Patient.name[0].family"],
                    ],
                    ["severity": "warning", "code": "business-rule", "diagnostics": "look here"],
                ],
            ]
        )
        #expect(!Outcome([]).isFailure)
        #expect(Outcome([]).json()["issue"]?[0]?["severity"] == "information")
    }

    @Test func `An expression repeats no text that could not be the name of an element`() {
        #expect(Expression("Patient").child("Ada Lovelace").text == "Patient.?")
        #expect(Expression("Patient").child("_birthDate").text == "Patient._birthDate")
        #expect(Expression("").child("1a").text == "?")
        #expect(Expression("").child(String(repeating: "a", count: 65)).text == "?")
    }
}
