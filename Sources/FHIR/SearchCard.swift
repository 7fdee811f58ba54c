import Synchronization

/// What a search can know of one resource: the values of its search parameters, a few hundred bytes.
///
/// A search within one patient opens that patient's cards and never the records themselves.
public struct SearchCard: Sendable, Equatable {
    /// A value of one search parameter.
    public struct Value: Sendable, Hashable {
        public let parameter: String
        public let content: Content

        public init(_ parameter: String, _ content: Content) {
            self.parameter = parameter
            self.content = content
        }
    }

    /// A value in the form in which it is compared.
    public enum Content: Sendable, Hashable {
        /// A code, identifier or word; `""` for a system, code or text that is not given.
        case token(system: String, code: String, text: String)
        /// From the first microsecond up to and without the last, counted from 1970 in UTC. Open ends are the extremes.
        case date(start: Int64, end: Int64)
        /// As written, without a version.
        case reference(String)
        case string(String)
        case uri(String)
    }

    public let type: String
    public let id: String
    /// When the record was last written, as FHIR's `instant`; empty if that is not known.
    public let lastUpdated: String
    public let values: [Value]

    /// The card of a resource. Its public id and time of writing are the server's to say.
    public init(of resource: Resource, id: String, lastUpdated: String) {
        var values: [Value] = []
        var seen: Set<Value> = []
        for (parameter, routes) in RouteCache.routes(of: resource.type) {
            for route in routes {
                for content in SearchValues.contents(of: resource.json, route, kind: parameter.kind) {
                    let value = Value(parameter.name, content)
                    guard values.count < Self.mostValues, seen.insert(value).inserted else { continue }
                    values.append(value)
                }
            }
        }
        (self.type, self.id, self.lastUpdated, self.values) = (resource.type, id, lastUpdated, values)
    }

    /// Values beyond this many are not searchable: a record with so many was made by no clinician.
    static let mostValues = 4000
}

/// The routes of all parameters of a type, worked out once.
private enum RouteCache {
    typealias Routes = [(parameter: SearchParameter, routes: [SearchParameter.Route])]

    /// Owns the routes found so far, by type; R4 has 146 types, so it is bounded.
    private static let found = Mutex<[String: Routes]>([:])

    static func routes(of type: String) -> Routes {
        if let routes = found.withLock({ $0[type] }) { return routes }
        let routes = SearchParameter.searchable(type).values.sorted { $0.name < $1.name }
            .map { (parameter: $0, routes: $0.routes(in: type)) }
            .filter { !$0.routes.isEmpty }
        found.withLock { $0[type] = routes }
        return routes
    }
}

/// Turns elements into values that can be compared.
private enum SearchValues {
    static func contents(
        of resource: JSON,
        _ route: SearchParameter.Route,
        kind: SearchParameter.Kind
    ) -> [SearchCard.Content] {
        resource.values(at: route.keys[...]).flatMap { json -> [SearchCard.Content] in
            switch kind {
            case .token: tokens(json, route.type)
            case .date: dates(json, route.type)
            case .reference: references(json, target: route.target)
            case .string: strings(json, route.type)
            case .uri: json.string.map { [.uri($0)] } ?? []
            case .quantity: []
            }
        }
    }

    private static func tokens(_ json: JSON, _ type: String) -> [SearchCard.Content] {
        func token(_ system: String?, _ code: String?, _ text: String?) -> [SearchCard.Content] {
            guard system != nil || code != nil || text != nil else { return [] }
            return [.token(system: system ?? "", code: code ?? "", text: text ?? "")]
        }
        switch (type, json) {
        case ("CodeableConcept", .object):
            let codings = json["coding"]?.array ?? []
            let text = json["text"]?.string
            let isRepeated = codings.contains { $0["display"]?.string == text }
            return codings.flatMap { tokens($0, "Coding") } + (isRepeated ? [] : token(nil, nil, text))
        case ("Coding", .object):
            return token(json["system"]?.string, json["code"]?.string, json["display"]?.string)
        case ("Identifier", .object):
            return json["value"]?.string.map { token(json["system"]?.string, $0, nil) } ?? []
        case ("ContactPoint", .object):
            return token(nil, json["value"]?.string, nil)
        case (_, .bool(let value)): return token(nil, value ? "true" : "false", nil)
        case (_, .string(let code)): return token(nil, code, nil)
        default: return []
        }
    }

    private static func dates(_ json: JSON, _ type: String) -> [SearchCard.Content] {
        switch type {
        case "Period":
            let (start, end) = (json["start"]?.string, json["end"]?.string)
            let (first, last) = (start.flatMap { DateTime($0) }, end.flatMap { DateTime($0) })
            guard (first != nil) == (start != nil), (last != nil) == (end != nil), start != nil || end != nil
            else { return [] }
            return [.date(start: first?.start ?? .min, end: last?.end ?? .max)]
        case "Timing":
            let events = (json["event"]?.array ?? []).flatMap { dates($0, "dateTime") }
            return events.isEmpty ? json["repeat"]?["boundsPeriod"].map { dates($0, "Period") } ?? [] : events
        default:
            guard let date = json.string.flatMap({ DateTime($0) }) else { return [] }
            return [.date(start: date.start, end: date.end)]
        }
    }

    private static func references(_ json: JSON, target: String?) -> [SearchCard.Content] {
        if case .string(let canonical) = json { return [.reference(canonical)] }
        guard let text = json["reference"]?.string else { return [] }
        let reference = Reference(text: text, expression: Expression(""), statedType: json["type"]?.string)
        guard target == nil || reference.type == target else { return [] }
        switch reference.target {
        case .relative(_, _, let version?), .absolute(_, _, let version?):
            return [.reference(String(text.dropLast("/_history/\(version)".count)))]
        case .contained, .malformed: return []
        default: return [.reference(text)]
        }
    }

    private static func strings(_ json: JSON, _ type: String) -> [SearchCard.Content] {
        let texts: [String] =
            switch type {
            case "HumanName": [json["text"], json["family"]].compactMap { $0?.string } + list(json["given"])
            case "Address":
                list(json["line"])
                    + ["text", "city", "district", "state", "postalCode", "country"].compactMap { json[$0]?.string }
            case "CodeableConcept": [json["text"]?.string].compactMap { $0 }
            default: [json.string].compactMap { $0 }
            }
        return texts.filter { !$0.isEmpty }.map { .string(String($0.prefix(longestString))) }
    }

    private static func list(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap(\.string) }

    /// Characters of a text that can be searched. What is longer is prose.
    private static let longestString = 500
}
