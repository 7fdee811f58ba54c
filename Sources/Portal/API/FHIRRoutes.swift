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
///     GET    /fhir/metadata                      what is served (open)
///     GET    /fhir/{type}/{id}                   read
///     GET    /fhir/{type}/{id}/_history/{n}      one version
///     GET    /fhir/{type}/{id}/_history          all versions; of a type: /fhir/{type}/_history
///     POST   /fhir/{type}                        create; with If-None-Exist, unless it is there
///     PUT    /fhir/{type}/{id}                   update; with If-Match, of that version alone
///     DELETE /fhir/{type}/{id}                   delete
///     POST   /fhir                               a batch or transaction Bundle
///     GET    /fhir/{type}?…                      search        POST /fhir/{type}/_search
///     GET    /fhir/Patient/{id}/$everything      all of a patient's record
///     POST   /fhir/{type}/{id}/$move             moves a record to another patient
///     POST   /fhir/Patient/$merge                makes one patient of two
///     POST   /fhir/{type}/$validate              what is wrong with a resource, without keeping it; alone or in
///     POST   /fhir/{type}/{id}/$validate         Parameters, with a mode
struct FHIRRoutes {
    let records: PatientRecords
    let limits: Limits
    /// How much may be asked for: by an entry of a bundle as by a request.
    let rates: RateLimits
    /// Where the API is, as clients know it: `https://care.example.org/fhir`.
    let baseURL: String
    let release: PublishedRelease

    func add(toOpen open: RouterGroup<Visit>) {
        // The same for everybody, so it is made once.
        let statement = Capability(release: release).statement
        open.get("fhir/metadata") { _, _ in Response(json: statement) }
    }

    func add(to api: RouterGroup<APIVisit>) {
        for interaction in Interaction.allCases { add(interaction, to: api) }
        for operation in Operation.allCases { add(operation, to: api) }
        api.put("fhir/:type") { _, _ -> Response in throw Self.conditional("updates") }
        api.delete("fhir/:type") { _, _ -> Response in throw Self.conditional("deletes") }
        api.post("fhir") { request, visit in try await bundle(request, visit) }
    }

    private func add(_ interaction: Interaction, to api: RouterGroup<APIVisit>) {
        typealias Answer = @Sendable (Request, APIVisit) async throws -> Response
        func kept(_ answer: @escaping Answer) -> Answer {
            { request, visit in
                try Self.checkKept(visit.type)
                return try await answer(request, visit)
            }
        }
        switch interaction {
        case .read: api.get("fhir/:type/:id", use: kept(read))
        case .vread: api.get("fhir/:type/:id/_history/:version", use: kept { _, visit in try await version(visit) })
        case .update: api.put("fhir/:type/:id", use: kept(update))
        case .delete: api.delete("fhir/:type/:id", use: kept(delete))
        case .create: api.post("fhir/:type", use: kept(create))
        case .historyInstance: api.get("fhir/:type/:id/_history", use: kept(history))
        case .historyType: api.get("fhir/:type/_history", use: kept(historyOfType))
        case .searchType:
            api.get(
                "fhir/:type",
                use: kept { request, visit in try await search(Self.parameters(request.uri.query), visit) }
            )
            api.post(
                "fhir/:type/_search",
                use: kept { request, visit in
                    let body = try await request.body(upTo: 64 << 10)
                    return try await search(Self.parameters(String(buffer: body)), visit)
                }
            )
        }
    }

    private func add(_ operation: Operation, to api: RouterGroup<APIVisit>) {
        switch operation {
        case .validate:
            api.post("fhir/:type/$validate") { request, visit in try await validate(request, visit, id: nil) }
            api.post("fhir/:type/:id/$validate") { request, visit in try await validate(request, visit, id: visit.id) }
        case .everything: api.get("fhir/:type/:id/$everything") { _, visit in try await everything(visit) }
        case .merge: api.post("fhir/:type/$merge") { request, visit in try await merge(request, visit) }
        case .move: api.post("fhir/:type/:id/$move") { request, visit in try await move(request, visit) }
        }
    }

    /// Refuses a type that has no place here, whatever is asked of it.
    private static func checkKept(_ type: String) throws(Outcome) {
        guard !Compartment.canKeep(type) else { return }
        throw Outcome(.notSupported, "resources of this type are not kept: nothing in them says whose they are")
    }

    // MARK: One record

    private func read(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let stored = try await records.read(visit.type, visit.id, for: visit.caller)
        if let known = request.headers[.ifNoneMatch].flatMap(Int32.init(weakETag:)), known == stored.version {
            return Response(status: .notModified, headers: [.eTag: "W/\"\(stored.version)\""])
        }
        return Self.response(stored, .ok)
    }

    private func create(_ request: Request, _ visit: APIVisit) async throws -> Response {
        guard request.uri.queryParameters.allSatisfy({ ["_format", "_pretty"].contains($0.key) }) else {
            throw Outcome(.notSupported, "a create takes no parameters; a condition goes into If-None-Exist")
        }
        let resource = try await resource(in: request, visit)
        guard let condition = request.headers[Self.ifNoneExist] else {
            return Self.response(try await records.create(resource, for: visit.caller), .created)
        }
        let (stored, isNew) = try await records.create(resource, ifNoneExist: condition, for: visit.caller)
        return Self.response(stored, isNew ? .created : .ok)
    }

    private func update(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let (resource, id) = (try await resource(in: request, visit), try visit.id)
        guard resource.id == id else {
            throw Outcome(.invalid, at: Expression(resource.type).child("id"), "id must be the one in the address")
        }
        let version = try Self.ifMatch(request)
        return Self.response(try await records.update(resource, id: id, ifMatch: version, for: visit.caller), .ok)
    }

    private func delete(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let version = try Self.ifMatch(request)
        let mark = try await records.delete(try visit.type, try visit.id, ifMatch: version, for: visit.caller)
        return Response(status: .noContent, headers: [.eTag: "W/\"\(mark)\""])
    }

    private func resource(in request: Request, _ visit: APIVisit) async throws -> Resource {
        let type = try visit.type
        let resource = try Resource(try await JSON(body: request, limit: limits.body))
        guard resource.type == type else {
            throw Outcome(.invalid, at: Expression("resourceType"), "resourceType must be the type in the address")
        }
        return resource
    }

    private func validate(_ request: Request, _ visit: APIVisit, id: String?) async throws -> Response {
        let type = try visit.type
        let body = try await JSON(body: request, limit: limits.body)
        return Response(json: try ValidationRequest(body, type: type, id: id).outcome.json().serialized())
    }

    /// As RFC 9110, 5.6.7, has it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static let httpDate = Date.VerbatimFormatStyle(
        format: """
            \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .padded(4)) \
            \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) GMT
            """,
        locale: Locale(identifier: "en_US_POSIX"),
        timeZone: .gmt,
        calendar: Calendar(identifier: .gregorian)
    )

    private static func conditional(_ what: String) -> Outcome {
        Outcome(.notSupported, "conditional \(what) are not served; name the record, as Type/id")
    }

    private static let ifNoneExist = HTTPField.Name("If-None-Exist")!

    static func ifMatch(_ request: Request) throws(Outcome) -> Int32? {
        guard let text = request.headers[.ifMatch] else { return nil }
        guard let version = Int32(weakETag: text) else {
            throw Outcome(.value, at: Expression("If-Match"), "If-Match must be the ETag of one version, as W/\"1\"")
        }
        return version
    }

    // MARK: Search

    private func search(_ parameters: [(String, String)], _ visit: APIVisit) async throws -> Response {
        Response(json: try await searchset(try visit.type, parameters, visit))
    }

    func searchset(_ type: String, _ parameters: [(String, String)], _ visit: APIVisit) async throws -> [UInt8] {
        let cursor = parameters.last { $0.0 == "_cursor" }?.1
        let asked = parameters.filter { $0.0 != "_cursor" }.map { ($0.0, withoutOurBase($0.1)) }
        let found: PatientRecords.Found
        if type == "Patient", !asked.contains(where: { $0.0 == "_id" }) {
            found = try await records.searchPatients(asked, limit: 100, after: cursor, for: visit.caller)
        } else {
            do {
                found = try await records.search(type, asked, after: cursor, for: visit.caller)
            } catch Refusal.notFound where type == "Patient" {
                found = .nothing
            }
        }
        // The way on repeats the query; who wants it out of addresses posts it to _search.
        let next = found.next.map { "/\(type)?\(Self.query(asked + [("_cursor", $0)]))" }
        let isTotalWanted = asked.last { $0.0 == "_total" }?.1 != "none"
        return searchset(
            found.records,
            including: found.included,
            total: isTotalWanted ? found.total : nil,
            links: [.init("self", "\(baseURL)/\(type)?\(Self.query(asked))")]
                + (next.map { [.init("next", baseURL + $0)] } ?? [])
        )
    }

    /// A reference to a record here may be written as the record's whole address.
    private func withoutOurBase(_ value: String) -> String {
        value.hasPrefix(baseURL + "/") ? String(value.dropFirst(baseURL.utf8.count + 1)) : value
    }

    private func everything(_ visit: APIVisit) async throws -> Response {
        guard try visit.type == "Patient" else {
            throw Outcome(.notSupported, "$everything is an operation of Patient")
        }
        let found = try await records.everything(about: visit.id, for: visit.caller)
        return Response(json: searchset(found, total: found.count))
    }

    /// Parameters as they stand in an address.
    static func query(_ parameters: [(String, String)]) -> String {
        parameters.map { name, value in
            "\(name.addingPercentEncoding(allowing: "-_.~:"))=\(value.addingPercentEncoding(allowing: "-_.~"))"
        }.joined(separator: "&")
    }

    static func parameters(_ query: String?) throws -> [(String, String)] {
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
    private func searchset(
        _ records: [StoredRecord],
        including included: [StoredRecord] = [],
        total: Int?,
        links: [BundleResponse.Link] = []
    ) -> [UInt8] {
        func entries(_ records: [StoredRecord], _ mode: BundleResponse.Match.Mode) -> [BundleResponse.Match] {
            records.map { .init(fullURL: "\(baseURL)/\($0.type)/\($0.id)", resource: $0.json, mode: mode) }
        }
        return BundleResponse.searchset(
            entries(records, .match) + entries(included, .include),
            total: total,
            links: links
        )
    }

    static func response(_ stored: StoredRecord, _ status: HTTPResponse.Status) -> Response {
        var response = Response(json: stored.json, status: status)
        response.headers[.eTag] = "W/\"\(stored.version)\""
        response.headers[.lastModified] = stored.writtenAt.formatted(Self.httpDate)
        if status == .created {
            response.headers[.location] = "/fhir/\(stored.type)/\(stored.id)/_history/\(stored.version)"
        }
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
