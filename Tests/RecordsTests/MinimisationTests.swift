import Care
import FHIR
import Foundation
import Testing

@testable import Records

@Suite struct MinimisationTests {
    private func resource(_ text: String) throws -> Resource { try Resource(parsing: Array(text.utf8)) }

    private func patient(_ members: String) throws -> Resource {
        try resource("{\"resourceType\":\"Patient\",\(members)}")
    }

    private func dropped(_ resource: Resource, _ profile: Organization.Profile) -> [String] {
        var resource = resource
        return Minimisation.minimise(&resource, to: profile).map { "\($0.expression?.text ?? ""): \($0.rule)" }
    }

    private static let ssn = #""identifier":[{"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-12-3456"}]"#

    @Test(arguments: Organization.Profile.allCases)
    func `MIN-1: no profile keeps a social security number`(_ profile: Organization.Profile) throws {
        for identifier in [
            #"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"x"}"#,
            #"{"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"SS"}]},"value":"x"}"#,
            #"{"value":"999-12-3456"}"#,
        ] {
            var patient = try patient("\"identifier\":[{\"system\":\"http://mrn\",\"value\":\"7\"},\(identifier)]")
            #expect(
                Minimisation.drop(from: &patient, profile: profile)
                    == ["Patient.identifier: a social security number is not kept"]
            )
            #expect(patient.json["identifier"] == [["system": "http://mrn", "value": "7"]])
        }
    }

    @Test func `MIN-1: the coordinates of a home go, and nothing empty stays behind`() throws {
        let geolocation = """
            {"url":"http://hl7.org/fhir/StructureDefinition/geolocation","extension":[
             {"url":"latitude","valueDecimal":42.123},{"url":"longitude","valueDecimal":-71.456}]}
            """
        var patient = try patient("\"active\":true,\"address\":[{\"extension\":[\(geolocation)]}]")
        #expect(dropped(patient, .operations) == [])
        #expect(
            dropped(patient, .clinic)
                == ["Patient.address[0].extension[0]: the coordinates of a person's address are not kept"]
        )
        _ = Minimisation.minimise(&patient, to: .family)
        #expect(patient.json == ["resourceType": "Patient", "active": true])
        let hospital = try resource(
            "{\"resourceType\":\"Location\",\"address\":{\"extension\":[\(geolocation)]},\"position\":{\"latitude\":1}}"
        )
        #expect(dropped(hospital, .family) == [])
    }

    @Test func `MIN-1: licences and passports go, but for those of a service's staff`() throws {
        let identifier = #""identifier":[{"type":{"coding":[{"code":"DL"}]},"value":"S1"}]"#
        let practitioner = try resource("{\"resourceType\":\"Practitioner\",\(identifier)}")
        #expect(dropped(try patient(identifier), .operations).count == 1)
        #expect(dropped(practitioner, .operations) == [])
        #expect(dropped(practitioner, .clinic).count == 1)
        #expect(dropped(try patient(identifier.replacing("DL", with: "PPN")), .family).count == 1)
    }

    @Test(
        arguments: [
            (#"{"value":"4111 1111 1111 1111"}"#, "a card number is not kept"),
            (#"{"value":"ref 378282246310005"}"#, "a card number is not kept"),
            (#"{"system":"http://pay","type":{"coding":[{"code":"VS"}]},"value":"1"}"#, "a card number is not kept"),
            (#"{"system":"http://pay","value":"GB82 WEST 1234 5698 7654 32"}"#, "a bank account number is not kept"),
            (
                #"{"system":"http://pay","type":{"coding":[{"code":"BA"}]},"value":"1"}"#,
                "a bank account number is not kept"
            ),
            (#"{"system":"http://a.example/advertising-id","value":"1"}"#, "an advertising id is not kept"),
            (#"{"system":"urn:x:idfa","value":"1"}"#, "an advertising id is not kept"),
            (#"{"value":"4111 1111 1111 1112"}"#, nil), (#"{"value":"1111111111111117"}"#, nil),
            (#"{"system":"http://mrn","value":"4111111111111111"}"#, nil),
            (#"{"value":"GB82WEST12345698765433"}"#, nil),
            (#"{"value":"paid 3782 822463 10005 by card"}"#, "a card number is not kept"),
            (#"{"value":"4111111111111111a"}"#, nil), (#"{"value":"41-1111-1111-1111-11"}"#, nil),
            (#"{"value":"c757873d-ec9a-4326-a141-556f43239520"}"#, nil), (#"{"value":"9434765919"}"#, nil),
            (#"{"system":"http://a.example/id","value":"999-12-3456"}"#, nil),
        ] as [(String, String?)]
    )
    func `MIN-1: numbers by which people pay are told by their form`(_ identifier: String, _ rule: String?) throws {
        let found = dropped(try patient("\"identifier\":[\(identifier)]"), .clinic)
        #expect(found == (rule.map { ["Patient.identifier[0]: \($0)"] } ?? []))
    }

    @Test func `MIN-1: a card number goes from a payment, wherever it stands, and its reference stays`() throws {
        var notice = try resource(
            """
            {"resourceType":"Invoice","status":"issued","identifier":[{"system":"http://pay","value":"5555555555554444"},
            {"system":"http://pay","value":"pi_3Abc"}],"note":[{"text":"paid by 5555-5555-5555-4444, thanks"}]}
            """
        )
        #expect(
            Minimisation.minimise(&notice, to: .clinic).map { $0.expression?.text }
                == ["Invoice.identifier[0]", "Invoice.note[0].text"]
        )
        #expect(
            notice.json == [
                "resourceType": "Invoice", "status": "issued",
                "identifier": [["system": "http://pay", "value": "pi_3Abc"]],
            ]
        )
    }

    @Test func `MIN-1: contained resources are searched, and a narrative that repeats a number goes`() throws {
        let observation = try resource(
            """
            {"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p",\(Self.ssn)}],
            "text":{"status":"generated","div":"<div>SSN 999-12-3456</div>"}}
            """
        )
        #expect(
            dropped(observation, .family) == [
                "Observation.contained[0].identifier[0]: a social security number is not kept",
                "Observation.text: the narrative repeats a number that is not kept",
            ]
        )
    }

    @Test func `MIN-1: what is written is refused, by element and without the value`() throws {
        let outcome = #expect(throws: Outcome.self) { try Minimisation.check(patient(Self.ssn), profile: .family) }
        #expect(
            outcome?.issues == [
                Issue(
                    .error,
                    .businessRule,
                    at: Expression("Patient").child("identifier")[0],
                    "a social security number is not kept"
                )
            ]
        )
        #expect(throws: Never.self) { try Minimisation.check(patient(#""active":true"#), profile: .family) }
    }

    @Test func `MIN-1: every Synthea patient loses number and coordinates, and stays valid`() throws {
        for file in try sampleBundles() {
            let entries = try JSON(parsing: [UInt8](Data(contentsOf: file)), limits: .bulk)["entry"]?.array ?? []
            for entry in entries {
                let before = try Resource(try #require(entry["resource"]))
                var after = before
                let issues = Minimisation.minimise(&after, to: .family)
                #expect(Validator.validate(after).filter { $0.severity == .error } == [])
                #expect(issues.isEmpty == (after == before))
                guard before.type == "Patient" else {
                    #expect(issues.isEmpty, "\(before.type)")
                    continue
                }
                #expect(issues.contains { $0.rule == "a social security number is not kept" })
                #expect(issues.contains { $0.rule == "the coordinates of a person's address are not kept" })
                let text = String(decoding: after.object.serialized(), as: UTF8.self)
                #expect(!text.contains("us-ssn") && !text.contains("latitude"))
            }
        }
    }

    /// Synthea's bundles, where they lie beside the project; otherwise none.
    private func sampleBundles() throws -> [URL] {
        let project = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let places = [project, URL(filePath: FileManager.default.currentDirectoryPath)]
            .map { $0.deletingLastPathComponent().appending(path: "shared/data/fhir/synthea") }
        guard let place = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "json" }
    }
}
