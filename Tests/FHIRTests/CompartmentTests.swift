import FHIR
import Testing

@Suite struct CompartmentTests {
    private func membership(_ json: JSON) throws -> Compartment.Membership {
        Compartment.membership(of: try Resource(json))
    }

    @Test func `A resource belongs to the patients whom its elements name`() throws {
        #expect(try membership(["resourceType": "Patient", "id": "1"]) == .patients(["Patient/1"]))
        #expect(
            try membership([
                "resourceType": "Observation", "subject": ["reference": "Patient/1/_history/3"],
                "performer": [["reference": "Practitioner/2"], ["reference": "Patient/1"], ["reference": "Patient/4"]],
                "focus": [["reference": "Patient/9"]],
            ]) == .patients(["Patient/1", "Patient/4"])
        )
        #expect(
            try membership([
                "resourceType": "Appointment",
                "participant": [["actor": ["reference": "Location/1"]], ["actor": ["reference": "Patient/2"]]],
            ]) == .patients(["Patient/2"])
        )
        #expect(
            try membership(["resourceType": "Task", "for": ["reference": "Patient/1"]]) == .patients(["Patient/1"])
        )
    }

    @Test func `A reference that does not say its type counts where only a patient may stand`() throws {
        let urn = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
        #expect(
            try membership(["resourceType": "Immunization", "patient": ["reference": .string(urn)]]) == .patients([urn])
        )
        #expect(try membership(["resourceType": "Observation", "subject": ["reference": .string(urn)]]) == .nobody)
        #expect(
            try membership(["resourceType": "Observation", "subject": ["reference": .string(urn), "type": "Patient"]])
                == .patients([urn])
        )
        #expect(
            try membership(["resourceType": "Flag", "subject": ["reference": "Patient?identifier=a|b"]])
                == .patients(["Patient?identifier=a|b"])
        )
    }

    @Test func `What names no patient is told apart`() throws {
        #expect(try membership(["resourceType": "Organization"]) == .directory)
        #expect(try membership(["resourceType": "Device"]) == .directory)
        #expect(
            try membership(["resourceType": "Device", "patient": ["reference": "Patient/1"]])
                == .patients(["Patient/1"])
        )
        #expect(
            try membership(["resourceType": "Schedule", "actor": [["reference": "Practitioner/1"]]]) == .directory
        )
        #expect(try membership(["resourceType": "Observation"]) == .nobody)
        #expect(try membership(["resourceType": "Observation", "subject": ["reference": "Group/1"]]) == .nobody)
        #expect(try membership(["resourceType": "Binary"]) == .undetermined)
    }

    @Test func `A group of a hundred thousand is read soon`() throws {
        let members = (0..<100_000).map { number -> JSON in ["entity": ["reference": .string("Patient/\(number)")]] }
        let group = try Resource(["resourceType": "Group", "member": .array(members)])
        #expect(Compartment.subjects(of: group).count == 100_000)
    }

    @Test func `Every type is of the directory, of the compartment, or listed here as neither`() {
        let neither = ResourceType.names.filter { !Compartment.isDirectory($0) && !Compartment.canBelongToPatient($0) }
        #expect(
            neither == [
                "Binary", "Bundle", "EnrollmentResponse", "Linkage", "MessageHeader", "OperationOutcome", "Parameters",
                "PaymentNotice", "PaymentReconciliation", "Subscription", "TestReport",
            ]
        )
        #expect(ResourceType.names.filter { Compartment.isDirectory($0) && Compartment.canBelongToPatient($0) } == [])
    }

    @Test(SampleData.needed) func `Every Synthea resource has a place once its references are resolved`() throws {
        for file in try SampleData.files(["synthea"]) {
            let entries = try JSON(parsing: file.bytes)["entry"]?.array ?? []
            var types: [String: String] = [:]
            for entry in entries {
                types[entry["fullUrl"]?.string ?? ""] = entry["resource"]?["resourceType"]?.string
            }
            for entry in entries {
                var resource = try Resource(try #require(entry["resource"]))
                try resource.rewriteReferences { reference throws(Outcome) in
                    types[reference.text].map { "\($0)/1" }
                }
                resource.id = "1"
                switch Compartment.membership(of: resource) {
                case .patients(let patients): #expect(patients == ["Patient/1"])
                case .directory: break
                case .nobody, .undetermined: Issue.record("a \(resource.type) has no place")
                }
            }
        }
    }
}
