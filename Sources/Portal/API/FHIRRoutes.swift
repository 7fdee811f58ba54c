import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import People
import Records

/// FHIR R4 over HTTP. The organisation is the session's; no address names it.
///
///     GET  /fhir/metadata                     what is served (open)
///     GET  /fhir/{type}/{id}                  read
///     POST /fhir/{type}                       create
///     POST /fhir                              a transaction Bundle
///     GET  /fhir/{type}?…                     search        POST /fhir/{type}/_search
///     GET  /fhir/Patient/{id}/$everything     all of a patient's record
///     POST /fhir/{type}/$validate             what is wrong with a resource, without keeping it
struct FHIRRoutes {
    let records: PatientRecords
    let signIn: SignIn
    let limits: Limits
    /// Where the API is, as clients know it: `https://name:port/fhir`.
    let baseURL: String

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("fhir/metadata") { _, _ in Response(json: Capability.statement) }
    }

    func add(to api: RouterGroup<APIVisit>) {
        api.get("fhir/:type/:id") { _, visit in try await read(visit) }
        api.post("fhir/:type") { request, visit in try await create(request, visit) }
        api.post("fhir") { request, visit in try await transaction(request, visit) }
        api.get("fhir/:type") { request, visit in
            try await search(Self.parameters(request.uri.query), request, visit)
        }
        api.post("fhir/:type/_search") { request, visit in
            let body = try await request.body(upTo: 64 << 10)
            return try await search(Self.parameters(String(buffer: body)), request, visit)
        }
        api.post("fhir/:type/$validate") { request, visit in try await validate(request, visit) }
        api.get("fhir/:type/:id/$everything") { _, visit in try await everything(visit) }
    }

    // MARK: Read, create

    private func read(_ visit: APIVisit) async throws -> Response {
        let stored = try await records.read(visit.type, visit.id, for: visit.caller)
        return Self.response(stored, .ok)
    }

    private func create(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let type = try visit.type
        let resource = try Resource(try await JSON(body: request, limit: limits.body))
        guard resource.type == type else {
            throw Outcome(.invalid, at: Expression("resourceType"), "resourceType must be the type in the address")
        }
        let stored = try await records.create(resource, for: try await signedIn(visit))
        var response = Self.response(stored, .created)
        response.headers[.location] = "/fhir/\(stored.type)/\(stored.id)/_history/\(stored.version)"
        return response
    }

    private func transaction(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let bundle = try Resource(try await JSON(body: request, limit: limits.bundle))
        return Response(json: try await records.transaction(bundle, for: try await signedIn(visit)))
    }

    private func validate(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let resource = try Resource(try await JSON(body: request, limit: limits.body))
        return Response(json: Outcome(Validator.validate(resource)).json().serialized())
    }

    private func signedIn(_ visit: APIVisit) async throws -> SignedInCaller {
        guard let person = try await signIn.person(visit.caller) else { throw Refusal.signedOut }
        return SignedInCaller(caller: visit.caller, person: person)
    }

    // MARK: Search

    private func search(_ parameters: [(String, String)], _ request: Request, _ visit: APIVisit) async throws
        -> Response
    {
        let type = try visit.type
        let offset = parameters.last { $0.0 == "_offset" }.flatMap { Int($0.1) } ?? 0
        let asked = parameters.filter { $0.0 != "_offset" }
        if type == "Patient", !asked.contains(where: { $0.0 == "_id" }) {
            let (found, isCutOff) = try await records.searchPatients(asked, limit: 100, for: visit.caller)
            return Response(
                json: searchset(found, total: isCutOff ? nil : found.count)
            )
        }
        if type == "Patient" {
            let id = asked.first { $0.0 == "_id" }?.1 ?? ""
            guard Resource.isID(id) else { throw Outcome(.value, "_id must be one id") }
            return Response(json: searchset(try await one(id, visit), total: nil))
        }
        let found = try await records.search(type, asked, offset: max(0, offset), for: visit.caller)
        let end = found.offset + found.records.count
        // The way on repeats the query; who wants it out of addresses posts to _search, and counts on by _offset.
        let next = end < found.total ? Self.address(type, asked, offset: end) : nil
        return Response(json: searchset(found.records, total: found.total, next: next))
    }

    private func one(_ id: String, _ visit: APIVisit) async throws -> [StoredRecord] {
        do { return [try await records.read("Patient", id, for: visit.caller)] } catch Refusal.notFound { return [] }
    }

    private func everything(_ visit: APIVisit) async throws -> Response {
        guard try visit.type == "Patient" else {
            throw Outcome(.notSupported, "$everything is an operation of Patient")
        }
        let found = try await records.everything(about: visit.id, for: visit.caller)
        return Response(json: searchset(found, total: found.count))
    }

    private static func address(_ type: String, _ parameters: [(String, String)], offset: Int) -> String {
        let query = (parameters + [("_offset", "\(offset)")]).map { name, value in
            "\(name.addingPercentEncoding(allowing: "-_.~:"))=\(value.addingPercentEncoding(allowing: "-_.~"))"
        }
        return "/\(type)?\(query.joined(separator: "&"))"
    }

    private static func parameters(_ query: String?) throws -> [(String, String)] {
        guard let query, !query.isEmpty else { return [] }
        guard query.utf8.count <= 8192 else {
            throw Outcome(
                .tooLong,
                at: Expression("query"),
                "a query must not be longer than 8,192 bytes; larger ones are posted to _search"
            )
        }
        return try SearchQuery.parameters(ofQuery: query).map { ($0.name, $0.value) }
    }

    /// The answer to a search. The records go in as they were sealed, to the digit.
    private func searchset(_ records: [StoredRecord], total: Int?, next: String? = nil) -> [UInt8] {
        BundleResponse.searchset(
            records.map { BundleResponse.Match(fullURL: "\(baseURL)/\($0.type)/\($0.id)", resource: $0.json) },
            total: total,
            links: next.map { [BundleResponse.Link("next", baseURL + $0)] } ?? []
        )
    }

    private static func response(_ stored: StoredRecord, _ status: HTTPResponse.Status) -> Response {
        var response = Response(json: stored.json, status: status)
        response.headers[.eTag] = "W/\"\(stored.version)\""
        return response
    }
}

extension APIVisit {
    /// The type named in the path.
    var type: String {
        get throws {
            let type = try parameters.require("type")
            guard ResourceType.names.contains(type) else {
                throw Outcome(.notSupported, "the address must name a type of resource that R4 knows")
            }
            return type
        }
    }

    /// The id named in the path. What cannot be an id is not there.
    var id: String {
        get throws {
            let id = try parameters.require("id")
            guard Resource.isID(id) else { throw Refusal.notFound }
            return id
        }
    }
}

extension JSON {
    /// The JSON body of a request.
    init(body request: Request, limit: Int) async throws {
        let type = request.headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces)
        guard ["application/fhir+json", "application/json"].contains(type?.lowercased()) else {
            throw HTTPError(.unsupportedMediaType)
        }
        let body = try await request.body(upTo: limit)
        do {
            self = try body.withUnsafeReadableBytes { bytes throws(JSONError) in try JSON(parsing: bytes) }
        } catch {
            throw Outcome(error)
        }
    }
}

/// What this server says it serves.
enum Capability {
    static let statement: [UInt8] = {
        let interactions: JSON = [["code": "read"], ["code": "create"], ["code": "search-type"]]
        let resources = ResourceType.names.sorted().map { type -> JSON in
            ["type": .string(type), "interaction": interactions, "versioning": "versioned"]
        }
        let statement: JSON = [
            "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-21", "kind": "instance",
            "software": ["name": "Carekeep"], "implementation": ["description": "Carekeep"], "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                [
                    "mode": "server", "resource": .array(resources), "interaction": [["code": "transaction"]],
                    "security": ["description": "Authorization: Bearer, a token from POST /api/session"],
                ]
            ],
        ]
        return statement.serialized()
    }()
}
