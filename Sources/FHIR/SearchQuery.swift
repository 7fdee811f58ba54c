/// A search among resources of one type, evaluated on their cards.
///
/// Parameters are joined by AND, values separated by commas by OR. Besides R4's parameters of the type whose values are
/// codes, dates, references, texts or URIs: `_id`, `_lastUpdated`, `_tag`, `_security`, `_profile`, `_source`; for the
/// result `_sort`, `_count`, `_total` (which is always exact). `_format` and `_pretty` are the caller's and are ignored.
public struct SearchQuery: Sendable {
    public let type: String
    /// How many are asked for at a time.
    public let count: Int?

    private let conditions: [SearchCondition]
    private let sort: [SortKey]

    /// Reads the parameters of a search, already free of their URL encoding. Whatever is not understood is an error:
    /// a search that ignored a condition would show more than was asked for.
    public init(parsing parameters: [(name: String, value: String)], type: String) throws(Outcome) {
        guard ResourceType.names.contains(type) else {
            throw Outcome(.notSupported, "the type searched must be one that R4 knows")
        }
        let known = SearchParameter.searchable(type)
        var conditions: [SearchCondition] = []
        var sort: [SortKey] = []
        var count: Int?
        var issues: [Issue] = []
        for (name, value) in parameters {
            do throws(Outcome) {
                switch name {
                case "_sort": sort += try SortKey.list(value, known, type)
                case "_count": count = try Self.count(value)
                case "_total", "_format", "_pretty": break
                default: conditions.append(try SearchCondition(name, value, known, type))
                }
            } catch {
                issues += error.issues
            }
        }
        guard issues.isEmpty else { throw Outcome(issues) }
        guard conditions.reduce(0, { $0 + $1.cost }) <= Self.mostValues else {
            throw Outcome(.tooCostly, "a search must not have more than \(Self.mostValues) values")
        }
        (self.type, self.count, self.conditions, self.sort) = (type, count, conditions, sort)
    }

    /// The parameters by which a type can be searched, and R4's names for their kinds.
    public static func parameters(of type: String) -> [(name: String, type: String)] {
        let own = SearchParameter.searchable(type).map { (name: $0.key, type: $0.value.kind.name) }
        return (own + [("_id", "token"), ("_lastUpdated", "date")]).sorted { $0.name < $1.name }
    }

    /// Whether a resource is one that is searched for.
    public func matches(_ card: SearchCard) -> Bool {
        card.type == type && conditions.allSatisfy { $0.matches(card) }
    }

    /// Whether one card comes before another: as `_sort` says, then the one written last, then by id.
    public var order: @Sendable (SearchCard, SearchCard) -> Bool {
        let keys =
            sort + [SortKey(parameter: "_lastUpdated", descending: true), SortKey(parameter: "_id", descending: false)]
        return { left, right in
            for key in keys {
                switch key.compare(left, right) {
                case .before: return true
                case .after: return false
                case .same: continue
                }
            }
            return false
        }
    }

    /// The cards that match, in order.
    public func results(among cards: [SearchCard]) -> [SearchCard] {
        cards.filter(matches).sorted(by: order)
    }

    /// Values of all parameters together: each is compared with each card.
    private static let mostValues = 500

    private static func count(_ value: String) throws(Outcome) -> Int {
        guard let count = Int(value), (0...1_000_000).contains(count) else {
            throw Outcome(.value, "_count must be a number, not below 0")
        }
        return count
    }
}

// MARK: Conditions

/// One parameter of a search, with its modifier and its alternatives.
private struct SearchCondition: Sendable {
    private enum Test: Sendable {
        case any([Alternative])
        case none([Alternative])
        case missing(Bool)
    }

    private enum Alternative: Sendable {
        /// `nil` for a system or code that may be anything; `""` for one that must be absent.
        case token(system: String?, code: String?)
        /// The folded beginning of a code's text.
        case tokenText(String)
        case date(DatePrefix, DateTime)
        /// `Type/id` or a URL; or an id of whatever type.
        case reference(String, isID: Bool)
        /// All of these words must begin words of the element.
        case words([String])
        case exactly(String)
        case containing(String)
        case uri(String, below: Bool)
    }

    private let parameter: String
    private let test: Test

    /// How many values a card is compared with.
    var cost: Int {
        switch test {
        case .any(let alternatives), .none(let alternatives): alternatives.count
        case .missing: 1
        }
    }

    init(_ name: String, _ value: String, _ known: [String: SearchParameter], _ type: String) throws(Outcome) {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (code, modifier) = (parts[0], parts.count > 1 ? parts[1] : nil)
        let shown = SearchText.shown(name)
        let kind: SearchParameter.Kind
        switch code {
        case "_id": kind = .token
        case "_lastUpdated": kind = .date
        default:
            guard let parameter = known[code] else {
                throw Outcome(.notSupported, "\(shown) is no parameter by which a \(type) can be searched here")
            }
            kind = parameter.kind
        }
        parameter = code
        guard !value.isEmpty else { throw Outcome(.value, "\(shown) must have a value") }
        if modifier == "missing" {
            guard value == "true" || value == "false" else { throw Outcome(.value, "\(shown) must be true or false") }
            test = .missing(value == "true")
            return
        }
        var alternatives: [Alternative] = []
        for text in SearchText.split(value, at: ",") {
            guard let alternative = try Self.alternative(text, kind, modifier, shown) else {
                throw Outcome(.notSupported, "\(shown): this modifier is not supported")
            }
            alternatives.append(alternative)
        }
        test = kind == .token && modifier == "not" ? .none(alternatives) : .any(alternatives)
    }

    private static func alternative(
        _ text: String,
        _ kind: SearchParameter.Kind,
        _ modifier: String?,
        _ shown: String
    ) throws(Outcome) -> Alternative? {
        switch (kind, modifier) {
        case (.token, nil), (.token, "not"):
            let parts = SearchText.split(text, at: "|").map(SearchText.unescaped)
            guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }) else {
                throw Outcome(.value, "\(shown) must be code, system|code, |code or system|")
            }
            if parts.count == 1 { return .token(system: nil, code: parts[0]) }
            return .token(system: parts[0], code: parts[1].isEmpty ? nil : parts[1])
        case (.token, "text"): return .tokenText(Folding.fold(SearchText.unescaped(text)))
        case (.date, nil):
            let (prefix, rest) = DatePrefix.taken(from: text)
            guard let prefix, let date = DateTime(rest, as: .search) else {
                throw Outcome(.value, "\(shown) must be a date or time, perhaps after eq, ne, gt, lt, ge, le, sa or eb")
            }
            return .date(prefix, date)
        case (.reference, _):
            let text = SearchText.unescaped(text)
            guard let modifier else { return .reference(text, isID: Resource.isID(text)) }
            guard ResourceType.names.contains(modifier), Resource.isID(text) else { return nil }
            return .reference("\(modifier)/\(text)", isID: false)
        case (.string, nil): return .words(Folding.words(SearchText.unescaped(text)))
        case (.string, "exact"): return .exactly(SearchText.unescaped(text))
        case (.string, "contains"): return .containing(Folding.fold(SearchText.unescaped(text)))
        case (.uri, nil): return .uri(SearchText.unescaped(text), below: false)
        case (.uri, "below"): return .uri(SearchText.unescaped(text), below: true)
        default: return nil
        }
    }

    func matches(_ card: SearchCard) -> Bool {
        let contents = card.contents(of: parameter)
        return switch test {
        case .missing(let missing): contents.isEmpty == missing
        case .any(let alternatives): alternatives.contains { Self.matches(contents, $0) }
        case .none(let alternatives): !alternatives.contains { Self.matches(contents, $0) }
        }
    }

    private static func matches(_ contents: [SearchCard.Content], _ alternative: Alternative) -> Bool {
        // The words of one name may lie in different parts of it.
        if case .words(let words) = alternative {
            let found = contents.flatMap { content -> [String] in
                if case .string(let text) = content { Folding.words(text) } else { [] }
            }
            return !words.isEmpty && words.allSatisfy { word in found.contains { $0.hasPrefix(word) } }
        }
        return contents.contains { matches($0, alternative) }
    }

    private static func matches(_ content: SearchCard.Content, _ alternative: Alternative) -> Bool {
        switch (content, alternative) {
        case (.token(let system, let code, _), .token(let wantedSystem, let wantedCode)):
            (wantedSystem == nil || wantedSystem == system) && (wantedCode == nil || wantedCode == code)
        case (.token(_, _, let text), .tokenText(let wanted)): Folding.fold(text).hasPrefix(wanted)
        case (.date(let start, let end), .date(let prefix, let date)):
            prefix.holds(start: start, end: end, date)
        case (.reference(let text), .reference(let wanted, let isID)):
            text == wanted || (isID && text.hasSuffix("/" + wanted))
        case (.string(let text), .exactly(let wanted)): text.hasSameBytes(as: wanted)
        case (.string(let text), .containing(let wanted)): Folding.fold(text).contains(wanted)
        case (.uri(let text), .uri(let wanted, let below)):
            text == wanted || (below && text.hasPrefix(wanted.hasSuffix("/") ? wanted : wanted + "/"))
        default: false
        }
    }
}

/// How a date in a search compares. Both sides are intervals, as wide as their precision leaves open (R4, 3.1.1.5.6).
enum DatePrefix: String, Sendable, CaseIterable {
    case eq, ne, gt, lt, ge, le, sa, eb

    /// The prefix of a value, `eq` if it has none, and the rest; `nil` for two letters that are no prefix.
    static func taken(from text: String) -> (DatePrefix?, String) {
        let head = text.prefix(2)
        guard head.count == 2, head.allSatisfy(\.isLetter) else { return (.eq, text) }
        return (DatePrefix(rawValue: String(head)), String(text.dropFirst(2)))
    }

    func holds(start: Int64, end: Int64, _ wanted: DateTime) -> Bool {
        let isWithin = wanted.start <= start && end <= wanted.end
        return switch self {
        case .eq: isWithin
        case .ne: !isWithin
        case .gt: end > wanted.end
        case .lt: start < wanted.start
        case .ge: end > wanted.end || isWithin
        case .le: start < wanted.start || isWithin
        case .sa: start >= wanted.end
        case .eb: end <= wanted.start
        }
    }
}

// MARK: Order

private struct SortKey: Sendable {
    enum Comparison { case before, same, after }

    let parameter: String
    let descending: Bool

    static func list(
        _ value: String,
        _ known: [String: SearchParameter],
        _ type: String
    ) throws(Outcome) -> [SortKey] {
        var keys: [SortKey] = []
        for part in value.split(separator: ",") {
            let name = String(part.first == "-" ? part.dropFirst() : part)
            guard name == "_id" || name == "_lastUpdated" || known[name] != nil else {
                throw Outcome(
                    .notSupported,
                    "_sort: \(SearchText.shown(name)) is no parameter by which a \(type) can be sorted here"
                )
            }
            keys.append(SortKey(parameter: name, descending: part.first == "-"))
        }
        guard !keys.isEmpty, keys.count <= 10 else { throw Outcome(.value, "_sort must name one to ten parameters") }
        return keys
    }

    /// Resources without a value come last, whichever way the others go.
    func compare(_ left: SearchCard, _ right: SearchCard) -> Comparison {
        let (left, right) = (value(of: left), value(of: right))
        switch (left, right) {
        case (nil, nil): return .same
        case (nil, _): return .after
        case (_, nil): return .before
        case (let left?, let right?):
            if left == right { return .same }
            return (left < right) != descending ? .before : .after
        }
    }

    private struct Value: Comparable {
        var number: Int64 = 0
        var text = ""

        static func < (left: Value, right: Value) -> Bool { (left.number, left.text) < (right.number, right.text) }
    }

    /// The smallest value, or for descending order the largest.
    private func value(of card: SearchCard) -> Value? {
        let values = card.contents(of: parameter).map { content -> Value in
            switch content {
            case .date(let start, let end): Value(number: descending ? end : start)
            case .token(_, let code, let text): Value(text: Folding.fold(text.isEmpty ? code : text))
            case .reference(let text), .uri(let text): Value(text: text)
            case .string(let text): Value(text: Folding.fold(text))
            }
        }
        return descending ? values.max() : values.min()
    }
}

extension SearchCard {
    /// The values of a parameter; those that all resources have are not among `values`.
    fileprivate func contents(of parameter: String) -> [Content] {
        switch parameter {
        case "_id": return [.token(system: "", code: id, text: "")]
        case "_lastUpdated":
            return DateTime(lastUpdated, as: .instant).map { [.date(start: $0.start, end: $0.end)] } ?? []
        default: return values.filter { $0.parameter == parameter }.map(\.content)
        }
    }
}

// MARK: Texts

enum SearchText {
    /// The parts between separators that no backslash stands before; escapes stay.
    static func split(_ text: String, at separator: Unicode.Scalar) -> [String] {
        var parts: [String.UnicodeScalarView] = [.init()]
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if scalar == separator, !isEscaped {
                parts.append(.init())
            } else {
                parts[parts.count - 1].append(scalar)
            }
            isEscaped = scalar == "\\" && !isEscaped
        }
        return parts.map { String($0) }
    }

    /// Without FHIR's escapes: `\,` `\|` `\$` `\\`.
    static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if scalar == "\\", !isEscaped {
                isEscaped = true
                continue
            }
            if isEscaped, !",|$\\".unicodeScalars.contains(scalar) { result.append("\\") }
            result.append(scalar)
            isEscaped = false
        }
        if isEscaped { result.append("\\") }
        return String(result)
    }

    /// The name of a parameter, if it could be one; otherwise it is somebody's text and is not repeated.
    static func shown(_ name: String) -> String {
        let isName =
            name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || "-_:.".utf8.contains(byte)
            }
        return isName && !name.isEmpty ? name : "this"
    }
}
