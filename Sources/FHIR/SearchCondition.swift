/// One parameter of a search, with its modifier and its alternatives.
struct SearchCondition: Sendable {
    private enum Test: Sendable {
        case any([SearchAlternative])
        case none([SearchAlternative])
        case missing(Bool)
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

    init(
        _ name: String,
        _ value: String,
        _ known: [String: SearchParameter],
        _ type: String,
        now: Int64
    ) throws(Outcome) {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (code, modifier) = (parts[0], parts.count > 1 ? parts[1] : nil)
        let shown = SearchText.shown(name)
        let meaning = try SearchMeaning(of: code, known, type, now: now, shown: shown)
        parameter = code
        guard !value.isEmpty else { throw Outcome(.value, "\(shown) must have a value") }
        if modifier == "missing" {
            guard value == "true" || value == "false" else { throw Outcome(.value, "\(shown) must be true or false") }
            test = .missing(value == "true")
            return
        }
        var alternatives: [SearchAlternative] = []
        for text in SearchText.split(value, at: ",") {
            guard let alternative = try meaning.alternative(text, modifier) else {
                throw Outcome(.notSupported, "\(shown): this modifier is not supported")
            }
            alternatives.append(alternative)
        }
        test = meaning.kind == .token && modifier == "not" ? .none(alternatives) : .any(alternatives)
    }

    func matches(_ card: SearchCard) -> Bool {
        let contents = card.contents(of: parameter)
        return switch test {
        case .missing(let missing): contents.isEmpty == missing
        case .any(let alternatives): alternatives.contains { $0.matches(contents) }
        case .none(let alternatives): !alternatives.contains { $0.matches(contents) }
        }
    }
}

extension SearchCard {
    /// The values of a parameter; those that all resources have are not among `values`.
    func contents(of parameter: String) -> [Content] {
        switch parameter {
        case "_id": return [.token(system: "", code: id, text: "")]
        case "_lastUpdated":
            return DateTime(lastUpdated, as: .instant).map { [.date(start: $0.start, end: $0.end)] } ?? []
        default: return values.filter { $0.parameter == parameter }.map(\.content)
        }
    }
}

// MARK: Reading values

/// What values of one parameter mean.
private struct SearchMeaning {
    let kind: SearchParameter.Kind
    private let now: Int64
    private let shown: String
    /// The codes of elements that have no system of their own.
    private let codes: [Definitions.CodeSet]
    /// The kinds of a composite's parts.
    private let parts: [SearchParameter.Kind]

    init(
        of code: String,
        _ known: [String: SearchParameter],
        _ type: String,
        now: Int64,
        shown: String
    ) throws(Outcome) {
        (self.now, self.shown) = (now, shown)
        switch code {
        case "_id": (kind, codes, parts) = (.token, [], [])
        case "_lastUpdated": (kind, codes, parts) = (.date, [], [])
        default:
            guard let parameter = known[code] else {
                let reason =
                    code.contains(".") || code == "_has"
                    ? "chains are not served" : "it is no parameter of \(type) here"
                throw Outcome(.notSupported, "\(shown): \(reason)")
            }
            kind = parameter.kind
            codes = parameter.routes(in: type).compactMap(\.codes)
            parts = parameter.composites.first?.components.map(\.kind) ?? []
        }
    }

    private init(part kind: SearchParameter.Kind, of whole: SearchMeaning) {
        (self.kind, codes, parts) = (kind, [], [])
        (now, shown) = (whole.now, whole.shown)
    }

    /// One of a parameter's alternatives; `nil` for a modifier that the kind does not have.
    func alternative(_ text: String, _ modifier: String?) throws(Outcome) -> SearchAlternative? {
        switch (kind, modifier) {
        case (.token, nil), (.token, "not"): return try token(text)
        case (.token, "text"): return .tokenText(Folding.fold(SearchText.unescaped(text)))
        case (.token, "of-type"): return try typedIdentifier(text)
        case (.date, nil): return try date(text)
        case (.reference, "identifier"):
            guard case .token(let system, let code, _) = try token(text) else { return nil }
            return .logicalReference(system: system, value: code)
        case (.reference, _): return reference(SearchText.unescaped(text), modifier)
        case (.string, nil): return .words(Folding.words(SearchText.unescaped(text)))
        case (.string, "exact"): return .exactly(SearchText.unescaped(text))
        case (.string, "contains"): return .containing(Folding.fold(SearchText.unescaped(text)))
        case (.uri, nil): return .uri(SearchText.unescaped(text), .equal)
        case (.uri, "below"): return .uri(SearchText.unescaped(text), .below)
        case (.uri, "above"): return .uri(SearchText.unescaped(text), .above)
        case (.number, nil): return .quantity(try number(text), system: nil, code: nil)
        case (.quantity, nil): return try quantity(text)
        case (.composite, nil): return try composite(text)
        case (.special, nil): return try near(text)
        default: return nil
        }
    }

    private func token(_ text: String) throws(Outcome) -> SearchAlternative {
        let parts = SearchText.split(text, at: "|").map(SearchText.unescaped)
        guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }) else {
            throw Outcome(.value, "\(shown) must be code, system|code, |code or system|")
        }
        if parts.count == 1 { return .token(system: nil, code: parts[0], implied: []) }
        return .token(system: parts[0], code: parts[1].isEmpty ? nil : parts[1], implied: codes)
    }

    private func typedIdentifier(_ text: String) throws(Outcome) -> SearchAlternative {
        let parts = SearchText.split(text, at: "|").map(SearchText.unescaped)
        guard parts.count == 3, !parts.contains(where: \.isEmpty) else {
            throw Outcome(.value, "\(shown) must be system|code|value, where system and code are the identifier's type")
        }
        return .typedIdentifier(system: parts[0], code: parts[1], value: parts[2])
    }

    private func date(_ text: String) throws(Outcome) -> SearchAlternative {
        let (prefix, rest) = DatePrefix.taken(from: text)
        guard let prefix, let date = DateTime(rest, as: .search) else {
            throw Outcome(.value, "\(shown) must be a date or time, perhaps after eq, ne, gt, lt, ge, le, sa, eb or ap")
        }
        return .date(prefix, date, slack: prefix == .ap ? abs(now - date.start) / 10 : 0)
    }

    private func reference(_ text: String, _ modifier: String?) -> SearchAlternative? {
        guard let modifier else {
            let target = Reference.Target(text)
            if case .relative(let type, let id, _?) = target { return .reference("\(type)/\(id)", isID: false) }
            return .reference(text, isID: Resource.isID(text))
        }
        guard ResourceType.names.contains(modifier), Resource.isID(text) else { return nil }
        return .reference("\(modifier)/\(text)", isID: false)
    }

    private func number(_ text: String) throws(Outcome) -> NumberCondition {
        guard let number = NumberCondition(text) else {
            throw Outcome(.value, "\(shown) must have a number, perhaps after eq, ne, gt, lt, ge, le, sa, eb or ap")
        }
        return number
    }

    private func quantity(_ text: String) throws(Outcome) -> SearchAlternative {
        let parts = SearchText.split(text, at: "|").map(SearchText.unescaped)
        guard parts.count == 1 || (parts.count == 3 && !parts[2].isEmpty) else {
            throw Outcome(.value, "\(shown) must be a number, number|system|code or number||unit")
        }
        let number = try number(parts[0])
        guard parts.count == 3 else { return .quantity(number, system: nil, code: nil) }
        return .quantity(number, system: parts[1], code: parts[2])
    }

    private func composite(_ text: String) throws(Outcome) -> SearchAlternative? {
        let texts = SearchText.split(text, at: "$")
        guard texts.count == parts.count, !texts.contains("") else {
            throw Outcome(.value, "\(shown) must have \(parts.count) values, joined by $")
        }
        var alternatives: [SearchAlternative] = []
        for (part, text) in zip(parts, texts) {
            guard let alternative = try SearchMeaning(part: part, of: self).alternative(text, nil) else { return nil }
            alternatives.append(alternative)
        }
        return .composite(alternatives)
    }

    /// `latitude|longitude|distance|unit` (R4, Location.near). Without a distance, 5 km.
    private func near(_ text: String) throws(Outcome) -> SearchAlternative {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        let units = ["km": 1, "m": 0.001, "mi": 1.609344, "[mi_i]": 1.609344, "[mi_us]": 1.609347]
        guard (2...4).contains(parts.count), let latitude = Double(parts[0]), let longitude = Double(parts[1]),
            (-90...90).contains(latitude), (-180...180).contains(longitude),
            let distance = parts.count > 2 ? Double(parts[2]) : 5, distance >= 0, distance.isFinite,
            let unit = parts.count > 3 ? units[String(parts[3])] : 1
        else {
            throw Outcome(.value, "\(shown) must be latitude|longitude, perhaps with |distance and |km, |m or |mi")
        }
        return .near(latitude: latitude, longitude: longitude, kilometres: distance * unit)
    }
}
