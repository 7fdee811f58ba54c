import FHIR
import Testing

@Suite struct ReferencesTests {
    let observation = try! Resource([
        "resourceType": "Observation", "id": "o",
        "text": ["status": "generated", "div": "<div><a href=\"urn:uuid:1\">reference</a></div>"],
        "contained": [
            [
                "resourceType": "Practitioner", "id": "p",
                "extension": [
                    ["url": "urn:uuid:1", "valueReference": ["reference": "urn:uuid:1", "type": "Organization"]]
                ],
            ]
        ],
        "instantiatesUri": "urn:uuid:1",
        "subject": ["reference": "urn:uuid:1", "display": "Ada"],
        "performer": [["reference": "#p"], ["display": "nobody"], ["reference": "Practitioner?identifier=x|1"]],
    ])

    @Test func `Every reference is found, in contained resources and extensions too, and nothing else`() {
        #expect(
            observation.references().map { "\($0.expression) \($0.text)" } == [
                "Observation.contained[0].extension[0].valueReference urn:uuid:1",
                "Observation.subject urn:uuid:1",
                "Observation.performer[0] #p",
                "Observation.performer[2] Practitioner?identifier=x|1",
            ]
        )
    }

    @Test func `Rewriting changes references alone`() throws {
        var resource = observation
        try resource.rewriteReferences { reference throws(Outcome) in reference.target == .urn ? "Patient/1" : nil }
        #expect(resource.references().map(\.text) == ["Patient/1", "Patient/1", "#p", "Practitioner?identifier=x|1"])
        #expect(resource.json["text"] == observation.json["text"])
        #expect(resource.json["instantiatesUri"] == "urn:uuid:1")
        #expect(resource.json["subject"] == ["reference": "Patient/1", "display": "Ada"])
        #expect(resource.object.keys == observation.object.keys)
    }

    @Test func `A rewriting that fails changes nothing`() {
        var resource = observation
        #expect(throws: Outcome.self) {
            try resource.rewriteReferences { reference throws(Outcome) in
                if reference.target == .contained(id: "p") { throw Outcome(.notFound, at: reference.expression, "no") }
                return "Patient/1"
            }
        }
        #expect(resource == observation)
    }

    @Test(
        arguments: [
            ("Patient/1", .relative(type: "Patient", id: "1", version: nil)),
            ("Patient/1/_history/2", .relative(type: "Patient", id: "1", version: "2")),
            ("https://a.example/fhir/Patient/1", .absolute(type: "Patient", id: "1", version: nil)),
            ("http://a.example/Patient/1/_history/2", .absolute(type: "Patient", id: "1", version: "2")),
            ("#p", .contained(id: "p")), ("#", .contained(id: "")), ("#a b", .malformed),
            ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", .urn), ("urn:oid:1.2.3", .urn),
            ("Patient?identifier=http://a.example|1", .conditional(type: "Patient")), ("Ada?x=1", .malformed),
            ("http://a.example/thing", .other), ("ftp://a/Patient/1", .other), ("Patient", .malformed),
            ("Ada/1", .malformed), ("Patient/a b", .malformed), ("", .malformed), ("/Patient/1", .malformed),
            ("Patient/", .malformed), ("x/Patient/1", .malformed), ("Patient/1/_history/", .malformed),
        ] as [(String, Reference.Target)]
    )
    func `A reference says what it points to`(_ text: String, _ target: Reference.Target) {
        #expect(Reference.Target(text) == target)
    }
}
