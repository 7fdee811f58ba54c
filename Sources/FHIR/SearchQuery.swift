import FoundationEssentials

/// A search among resources of one type, evaluated on their cards.
///
/// Parameters are joined by AND, values separated by commas by OR. Besides all of R4's parameters of the type: `_id`,
/// `_lastUpdated`, `_tag`, `_security`, `_profile`, `_source`; for the result `_sort`, `_count`, `_total` (which is always
/// exact), `_include` and `_revinclude`. `_format` and `_pretty` are the caller's and are ignored.
public struct SearchQuery: Sendable {
    public let type: String
    /// How many are asked for at a time.
    public let count: Int?
    /// What is wanted besides what matches.
    public let includes: [SearchInclude]
    /// Whether an order was asked for.
    public var isSorted: Bool { !sort.isEmpty }

    private let conditions: [SearchCondition]
    private let sort: [SortKey]

    /// Reads the parameters of a search, already free of their URL encoding. Whatever is not understood is an error:
    /// a search that ignored a condition would show more than was asked for. `ap` (approximately) measures from `now`, in
    /// microseconds since 1970; by itself, this moment.
    public init(
        parsing parameters: [(name: String, value: String)],
        type: String,
        now: Int64? = nil
    ) throws(Outcome) {
        guard ResourceType.names.contains(type) else {
            throw Outcome(.notSupported, "the type searched must be one that R4 knows")
        }
        let known = SearchParameter.searchable(type)
        let now = now ?? Int64(Date().timeIntervalSince1970 * 1e6)
        var conditions: [SearchCondition] = []
        var sort: [SortKey] = []
        var count: Int?
        var includes: [SearchInclude] = []
        var issues: [Issue] = []
        for (name, value) in parameters {
            do throws(Outcome) {
                switch name {
                case "_sort": sort += try SortKey.list(value, known, type)
                case "_count": count = try Self.count(value)
                case "_total": try Self.checkTotal(value)
                case "_format", "_pretty": break
                case "_include", "_include:iterate", "_revinclude", "_revinclude:iterate":
                    includes.append(try SearchInclude(name, value, searching: type))
                default: conditions.append(try SearchCondition(name, value, known, type, now: now))
                }
            } catch {
                issues += error.issues
            }
        }
        guard issues.isEmpty else { throw Outcome(issues) }
        guard conditions.reduce(0, { $0 + $1.cost }) <= Self.mostValues else {
            throw Outcome(.tooCostly, "a search must not have more than \(Self.mostValues) values")
        }
        guard includes.count <= Self.mostIncludes else {
            throw Outcome(.tooCostly, "a search must not include more than \(Self.mostIncludes) times")
        }
        (self.type, self.count, self.conditions, self.sort, self.includes) = (type, count, conditions, sort, includes)
    }

    /// The parameters by which a type can be searched, and R4's names for their kinds.
    public static func parameters(of type: String) -> [(name: String, type: String)] {
        let own = RouteCache.ways(of: type).map { (name: $0.parameter.name, type: $0.parameter.kind.name) }
        return (own + [("_id", "token"), ("_lastUpdated", "date")]).sorted { $0.name < $1.name }
    }

    /// Whether R4 has a parameter of this name for a type, and a way to its values.
    public static func hasParameter(_ name: String, of type: String) -> Bool {
        RouteCache.ways(of: type).contains { $0.parameter.name == name }
    }

    /// The parameters of a type by which something else can be included: those that refer.
    public static func references(of type: String) -> [String] {
        RouteCache.ways(of: type).filter { $0.parameter.kind == .reference }.map(\.parameter.name)
    }

    /// What may refer to resources of a type: each type with its parameter that does, for `_revinclude`.
    public static func referring(to type: String) -> [(type: String, parameter: String)] {
        referring[type] ?? []
    }

    private static let referring: [String: [(type: String, parameter: String)]] = {
        var found: [String: [(type: String, parameter: String)]] = [:]
        for source in ResourceType.names.sorted() {
            for way in RouteCache.ways(of: source) where way.parameter.kind == .reference {
                let targets = way.routes.reduce(into: Set<String>()) { $0.formUnion($1.possibleTargets) }
                for target in targets { found[target, default: []].append((source, way.parameter.name)) }
            }
        }
        return found
    }()

    /// Whether a resource is one that is searched for.
    public func matches(_ card: SearchCard) -> Bool {
        card.type == type && conditions.allSatisfy { $0.matches(card) }
    }

    /// The cards that match, in order: as `_sort` says, then the one written last, then by id.
    public func results(among cards: [SearchCard]) -> [SearchCard] {
        results(among: cards) { $0 }
    }

    /// The items whose cards match, in the same order.
    public func results<Item>(among items: [Item], card: (Item) -> SearchCard) -> [Item] {
        SortKey.sorted(items.filter { matches(card($0)) }, by: sort, card)
    }

    /// Values of all parameters together: each is compared with each card.
    private static let mostValues = 500
    private static let mostIncludes = 20

    private static func count(_ value: String) throws(Outcome) -> Int {
        guard let count = Int(value), (0...1_000_000).contains(count) else {
            throw Outcome(.value, "_count must be a number, not below 0")
        }
        return count
    }

    private static func checkTotal(_ value: String) throws(Outcome) {
        guard ["none", "estimate", "accurate"].contains(value) else {
            throw Outcome(.value, "_total must be none, estimate or accurate")
        }
    }
}
