/// One of the parameters by which results are sorted.
struct SortKey: Sendable {
    private enum Comparison { case before, same, after }

    private let parameter: String
    private let descending: Bool

    /// Whether one card comes before another: by these, then the one written last, then by id.
    static func order(_ keys: [SortKey]) -> @Sendable (SearchCard, SearchCard) -> Bool {
        let keys =
            keys + [SortKey(parameter: "_lastUpdated", descending: true), SortKey(parameter: "_id", descending: false)]
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

    static func list(
        _ value: String,
        _ known: [String: SearchParameter],
        _ type: String
    ) throws(Outcome) -> [SortKey] {
        var keys: [SortKey] = []
        for part in value.split(separator: ",") {
            let name = String(part.first == "-" ? part.dropFirst() : part)
            let kind = name == "_id" || name == "_lastUpdated" ? .token : known[name]?.kind
            guard let kind, kind != .composite, kind != .special else {
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
    private func compare(_ left: SearchCard, _ right: SearchCard) -> Comparison {
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

    private enum Value: Comparable {
        case time(Int64)
        case text(String)
        case number(ExactNumber)

        /// Values of one parameter are of one kind, so that the last line is never asked.
        static func < (left: Value, right: Value) -> Bool {
            switch (left, right) {
            case (.time(let left), .time(let right)): left < right
            case (.text(let left), .text(let right)): left < right
            case (.number(let left), .number(let right)): left < right
            default: false
            }
        }
    }

    /// The smallest value, or for descending order the largest.
    private func value(of card: SearchCard) -> Value? {
        let values = card.contents(of: parameter).compactMap { content -> Value? in
            switch content {
            case .date(let start, let end): .time(descending ? end : start)
            case .token(_, let code, let text): .text(Folding.fold(text.isEmpty ? code : text))
            case .reference(let text), .uri(let text): .text(text)
            case .string(let text): .text(Folding.fold(text))
            case .quantity(let low, let high, _, _, _):
                (ExactNumber(descending ? high : low) ?? ExactNumber(descending ? low : high)).map { .number($0) }
            case .position, .typedIdentifier, .logicalReference, .composite: nil
            }
        }
        return descending ? values.max() : values.min()
    }
}
