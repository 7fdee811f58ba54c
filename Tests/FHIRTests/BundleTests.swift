import FHIR
import Testing

@Suite struct BundleTests {
    private func bundle(_ entries: String, type: String = "transaction") throws -> Resource {
        try Resource(parsing: Array("{\"resourceType\":\"Bundle\",\"type\":\"\(type)\",\"entry\":\(entries)}".utf8))
    }

    @Test func `A transaction is read entry by entry`() throws {
        let request = try BundleRequest(
            bundle(
                """
                [{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Patient"},
                  "request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=a|b"}},
                 {"resource":{"resourceType":"Patient","id":"1"},"request":{"method":"PUT","url":"Patient/1","ifMatch":"W/\\"2\\""}},
                 {"request":{"method":"DELETE","url":"Observation/2"}},
                 {"request":{"method":"GET","url":"Observation?code=x"}},
                 {"request":{"method":"GET","url":"Patient/1/$everything"}}]
                """
            )
        )
        #expect(request.kind == .transaction)
        #expect(request.entries.map(\.method) == [.post, .put, .delete, .get, .get])
        #expect(
            request.entries.map(\.target) == [
                .type("Patient"), .instance(type: "Patient", id: "1"), .instance(type: "Observation", id: "2"),
                .search(type: "Observation", query: "code=x"), .other,
            ]
        )
        #expect(request.entries[0].ifNoneExist == "identifier=a|b")
        #expect(request.entries[1].ifMatch == "W/\"2\"")
        #expect(request.entries[1].expression.text == "Bundle.entry[1]")
    }

    @Test(arguments: [
        ("{}", "Bundle.entry"), ("[1]", "Bundle.entry[0].request"), ("[{}]", "Bundle.entry[0].request"),
        (#"[{"request":{"method":"post","url":"Patient"}}]"#, "Bundle.entry[0].request.method"),
        (#"[{"request":{"method":"POST"}}]"#, "Bundle.entry[0].request.url"),
        (#"[{"request":{"method":"POST","url":"Ada"}}]"#, "Bundle.entry[0].request.url"),
        (#"[{"request":{"method":"GET","url":"http://a.example/Patient"}}]"#, "Bundle.entry[0].request.url"),
        (#"[{"request":{"method":"GET","url":"Patient/../Ada"}}]"#, "Bundle.entry[0].request.url"),
        (#"[{"request":{"method":"GET","url":"/Patient/1"}}]"#, "Bundle.entry[0].request.url"),
        (#"[{"request":{"method":"POST","url":"Patient"}}]"#, "Bundle.entry[0].resource"),
        (
            #"[{"request":{"method":"POST","url":"Patient/1"},"resource":{"resourceType":"Patient"}}]"#,
            "Bundle.entry[0].request.url"
        ),
        (
            #"[{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Group"}}]"#,
            "Bundle.entry[0].request.url"
        ),
        (
            #"[{"request":{"method":"PUT","url":"Patient/1"},"resource":{"resourceType":"Patient","id":"2"}}]"#,
            "Bundle.entry[0].resource.id"
        ),
        (
            #"[{"request":{"method":"PUT","url":"Patient"},"resource":{"resourceType":"Patient"}}]"#,
            "Bundle.entry[0].request.url"
        ),
        (#"[{"request":{"method":"DELETE","url":"Patient"}}]"#, "Bundle.entry[0].request.url"),
        (
            #"[{"request":{"method":"POST","url":"Patient","ifNoneExist":1},"resource":{"resourceType":"Patient"}}]"#,
            "Bundle.entry[0].request.ifNoneExist"
        ),
        (
            #"[{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Ada"}}]"#,
            "Bundle.entry[0].resource.resourceType"
        ),
        (
            #"[{"request":{"method":"POST","url":"Patient"},"resource":{"resourceType":"Patient","id":"a_b"}}]"#,
            "Bundle.entry[0].resource.id"
        ),
        (#"[{"fullUrl":"Patient/1","request":{"method":"GET","url":"Patient/1"}}]"#, "Bundle.entry[0].fullUrl"),
        (
            #"[{"fullUrl":"urn:x","request":{"method":"GET","url":"Patient/1"}},{"fullUrl":"urn:x","request":{"method":"GET","url":"Patient/1"}}]"#,
            "Bundle.entry[1].fullUrl"
        ),
    ])
    func `What is wrong with an entry is told by its place`(_ entries: String, _ place: String) throws {
        let outcome = #expect(throws: Outcome.self) { try BundleRequest(bundle(entries)) }
        #expect(outcome?.issues.map { $0.expression?.text } == [place])
    }

    @Test func `All that is wrong is told at once`() throws {
        let outcome = #expect(throws: Outcome.self) { try BundleRequest(bundle("[{},{\"request\":{}},{}]")) }
        #expect(outcome?.issues.count == 3)
        #expect(throws: Outcome.self) { try BundleRequest(bundle("[]", type: "searchset")) }
        #expect(throws: Outcome.self) { try BundleRequest(Resource(["resourceType": "Patient"])) }
    }

    @Test func `References to entries that are not there are found`() throws {
        let request = try BundleRequest(
            bundle(
                """
                [{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Patient"},
                  "request":{"method":"POST","url":"Patient"}},
                 {"resource":{"resourceType":"Observation","subject":{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"},
                  "encounter":{"reference":"urn:uuid:00000000-ec9a-4326-a141-556f43239520"}},
                  "request":{"method":"POST","url":"Observation"}}]
                """
            )
        )
        let unresolved = request.unresolvedReferences()
        #expect(
            unresolved.map { "\($0.entry.expression) \($0.reference.expression)" }
                == ["Bundle.entry[1] Observation.encounter"]
        )
    }

    @Test(SampleData.needed) func `Every Synthea bundle can be read, and resolves within itself`() throws {
        for file in try SampleData.files(["synthea"]) {
            let request = try BundleRequest(importing: Resource(parsing: file.bytes))
            #expect(request.entries.allSatisfy { $0.method == .post && $0.resource != nil })
            #expect(request.unresolvedReferences().isEmpty)
        }
    }

    @Test func `A collection can be imported`() throws {
        let request = try BundleRequest(
            importing: bundle(#"[{"resource":{"resourceType":"Patient","id":"1"}}]"#, type: "collection")
        )
        #expect(request.entries.first?.target == .type("Patient"))
        #expect(throws: Outcome.self) { try BundleRequest(importing: bundle("[{}]", type: "collection")) }
    }

    @Test func `Answers are valid bundles that hold stored bytes as they are`() throws {
        let stored = Array(#"{"resourceType":"Patient","id":"1", "active" : true}"#.utf8)
        let bytes = BundleResponse.searchset(
            [.init(fullURL: "https://a.example/Patient/1", resource: stored)],
            total: 7,
            links: [.init("self", "https://a.example/Patient"), .init("next", "https://a.example/Patient?page=2")]
        )
        #expect(String(decoding: bytes, as: UTF8.self).contains(String(decoding: stored, as: UTF8.self)))
        #expect(try Validator.validate(Resource(parsing: bytes)) == [])
        #expect(try JSON(parsing: bytes)["total"]?.number == "7")
        let empty = BundleResponse.searchset([], total: 0)
        #expect(try Validator.validate(Resource(parsing: empty)) == [])
        let response = BundleResponse.response(
            to: .transaction,
            [
                .init(
                    status: "201 Created",
                    location: "Patient/1/_history/1",
                    etag: "W/\"1\"",
                    lastModified: "2024-01-01T00:00:00Z"
                ),
                .init(status: "404 Not Found", outcome: Outcome(.notFound, "there is no such resource")),
                .init(status: "200 OK", resource: stored),
            ]
        )
        #expect(try Validator.validate(Resource(parsing: response)) == [])
        #expect(try JSON(parsing: response)["entry"]?.array?.count == 3)
    }

    @Test func `The query of a URL is decoded strictly`() throws {
        func read(_ query: String) throws -> [String] {
            try SearchQuery.parameters(ofQuery: query).map { "\($0.name)=\($0.value)" }
        }
        #expect(
            try read("name=Ada+L%C3%B6we&code=http%3A%2F%2Fa%7Cb&&x") == ["name=Ada Löwe", "code=http://a|b", "x="]
        )
        #expect(try read("") == [])
        for bad in ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%00", "a=%0A"] {
            #expect(throws: Outcome.self) { try read(bad) }
        }
        #expect(throws: Outcome.self) { try read(String(repeating: "a=1&", count: 201)) }
    }
}
