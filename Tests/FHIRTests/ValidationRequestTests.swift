import FHIR
import Testing

@Suite struct ValidationRequestTests {
    private func issues(_ body: JSON, type: String = "Patient", id: String? = nil) -> [String] {
        do {
            return try ValidationRequest(body, type: type, id: id).outcome.issues.map {
                "\($0.expression?.text ?? "") \($0.code.rawValue)"
            }
        } catch {
            return ["thrown"] + error.issues.map { "\($0.expression?.text ?? "") \($0.code.rawValue)" }
        }
    }

    private func parameters(_ parameters: JSON...) -> JSON {
        ["resourceType": "Parameters", "parameter": .array(parameters)]
    }

    private let patient: JSON = ["resourceType": "Patient", "gender": "x"]

    @Test func `A resource is taken as it is, or from Parameters`() {
        let wrong = ["Patient.gender code-invalid"]
        #expect(issues(patient) == wrong)
        #expect(issues(parameters(["name": "resource", "resource": patient])) == wrong)
        let create: JSON = ["name": "mode", "valueCode": "create"]
        #expect(issues(parameters(create, ["name": "resource", "resource": patient])) == wrong)
        #expect(issues(["resourceType": "Patient", "gender": "female"]) == [])
        #expect(issues(parameters(["name": "a", "valueCode": "x"]), type: "Parameters") == [])
    }

    @Test func `An update must say which record it is of`() {
        let update: JSON = ["name": "mode", "valueCode": "update"]
        let known: JSON = ["resourceType": "Patient", "id": "a"]
        let unknown: JSON = ["resourceType": "Patient"]
        #expect(issues(parameters(update, ["name": "resource", "resource": known])) == [])
        #expect(issues(parameters(update, ["name": "resource", "resource": unknown])) == ["Patient.id required"])
        #expect(issues(known, id: "a") == [])
        #expect(issues(known, id: "b") == ["Patient.id invalid"])
        #expect(issues(unknown, id: "b") == ["Patient.id required"])
    }

    @Test func `What is not known is refused, not passed over`() {
        let resource: JSON = ["name": "resource", "resource": patient]
        for (body, code) in [
            (parameters(resource, ["name": "mode", "valueCode": "delete"]), "not-supported"),
            (parameters(resource, ["name": "profile", "valueUri": "u"]), "not-supported"),
            (parameters(resource, resource), "invalid"),
            (parameters(resource, ["name": "colour", "valueCode": "red"]), "invalid"),
            (parameters(["name": "mode", "valueCode": "create"]), "required"),
            (parameters(["name": "resource", "resource": ["resourceType": "Cake"]]), "not-supported"),
        ] as [(JSON, String)] {
            let found = issues(body)
            #expect(found.first == "thrown" && found.last?.hasSuffix(" \(code)") == true, "\(found)")
        }
        #expect(issues(patient, type: "Observation") == ["thrown", "resourceType invalid"])
    }
}
