/// One of the parameters by which results are sorted.
struct SortKey: Sendable {
    private enum Comparison { case before, same, after }

    private let parameter: String
    private let descending: Bool

    /// Items in the order of their cards: by these, then the one written last, then by id. What a card is sorted by is worked out
    /// once.
    static func sorted<Item>(_ items: [Item], by keys: [SortKey], _ card: (Item) -> SearchCard) -> [Item] {
        let keys =
            keys + [SortKey(parameter: "_lastUpdated", descending: true), SortKey(parameter: "_id", descending: false)]
        let valued = items.map { item in
            let card = card(item)
            return (item: item, values: keys.map { $0.value(of: card) })
        }
        return valued.sorted { comesBefore($0.values, $1.values, keys) }.map(\.item)
    }

    private static func comesBefore(_ left: [Value?], _ right: [Value?], _ keys: [SortKey]) -> Bool {
        for (number, key) in keys.enumerated() {
            switch key.compare(left[number], right[number]) {
            case .before: return true
            case .after: return false
            case .same: continue
            }
        }
        return false
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
    private func compare(_ left: Value?, _ right: Value?) -> Comparison {
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
        // As it is, so that no two are the same.
        if parameter == "_id" { return .text(card.id) }
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
