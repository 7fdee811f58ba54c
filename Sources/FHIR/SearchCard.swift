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
        /// Numbers as written, both of them the same unless it is a range; `""` for an open end. `""` for what is not given.
        case quantity(low: String, high: String, system: String, code: String, unit: String)
        /// Degrees, as written.
        case position(latitude: String, longitude: String)
        /// An identifier under each of its types, for `:of-type`.
        case typedIdentifier(system: String, code: String, value: String)
        /// An identifier that stands in the place of a reference, for `:identifier`.
        case logicalReference(system: String, value: String)
        /// Parts that stand in one element: for each, its values.
        case composite([[Content]])

        /// How many plain values it is made of.
        fileprivate var size: Int {
            if case .composite(let parts) = self { parts.reduce(1) { $0 + $1.count } } else { 1 }
        }
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
        var size = 0
        for way in RouteCache.ways(of: resource.type) {
            for content in SearchValues.contents(of: resource.json, way) {
                let value = Value(way.parameter.name, content)
                guard size + content.size <= Self.mostValues, seen.insert(value).inserted else { continue }
                size += content.size
                values.append(value)
            }
        }
        (self.type, self.id, self.lastUpdated, self.values) = (resource.type, id, lastUpdated, values)
    }

    /// Values beyond this many are not searchable: a record with so many was made by no clinician.
    static let mostValues = 4000
}

/// The ways to the values of one parameter in resources of one type.
struct SearchWay: Sendable {
    let parameter: SearchParameter
    let routes: [SearchParameter.Route]
    let groups: [SearchParameter.Group]
}

/// The ways of all parameters of a type, worked out once.
enum RouteCache {
    /// Owns what was found so far, by type; R4 has 146 types, so it is bounded.
    private static let found = Mutex<[String: [SearchWay]]>([:])

    static func ways(of type: String) -> [SearchWay] {
        if let ways = found.withLock({ $0[type] }) { return ways }
        let ways = SearchParameter.searchable(type).values.sorted { $0.name < $1.name }
            .map { SearchWay(parameter: $0, routes: $0.routes(in: type), groups: $0.groups(in: type)) }
            .filter { !$0.routes.isEmpty || !$0.groups.isEmpty }
        found.withLock { $0[type] = ways }
        return ways
    }
}
