import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#endif

/// One value that is searched for.
indirect enum SearchAlternative: Sendable {
    enum URIRelation { case equal, below, above }

    /// `nil` for a system or code that may be anything; `""` for one that must be absent. A code without a system is of
    /// the given system if that is implied where it stands.
    case token(system: String?, code: String?, implied: [Definitions.CodeSet])
    /// The folded beginning of a code's text.
    case tokenText(String)
    case typedIdentifier(system: String, code: String, value: String)
    case date(DatePrefix, DateTime, slack: Int64)
    /// `Type/id` or a URL; or an id of whatever type.
    case reference(String, isID: Bool)
    case logicalReference(system: String?, value: String?)
    /// All of these words must begin words of the element.
    case words([String])
    case exactly(String)
    case containing(String)
    case uri(String, URIRelation)
    /// `""` for a system means that `code` may be a unit's name as well; `nil` that units do not count.
    case quantity(NumberCondition, system: String?, code: String?)
    case near(latitude: Double, longitude: Double, kilometres: Double)
    case composite([SearchAlternative])

    /// Whether one of a parameter's values is this.
    func matches(_ contents: [SearchCard.Content]) -> Bool {
        // The words of one name may lie in different parts of it.
        if case .words(let words) = self {
            let found = contents.flatMap { content -> [String] in
                if case .string(let text) = content { Folding.words(text) } else { [] }
            }
            return !words.isEmpty && words.allSatisfy { word in found.contains { $0.hasPrefix(word) } }
        }
        return contents.contains(where: matches)
    }

    private func matches(_ content: SearchCard.Content) -> Bool {
        switch (content, self) {
        case (.token(let system, let code, _), .token(let wantedSystem, let wantedCode, let implied)):
            (wantedCode == nil || wantedCode == code)
                && (wantedSystem == nil || wantedSystem == system
                    || (system.isEmpty && implied.contains { $0.contains(code, of: wantedSystem ?? "") }))
        case (.token(_, _, let text), .tokenText(let wanted)): Folding.fold(text).hasPrefix(wanted)
        case (.typedIdentifier(let system, let code, let value), .typedIdentifier(let a, let b, let c)):
            (system, code, value) == (a, b, c)
        case (.date(let start, let end), .date(let prefix, let date, let slack)):
            prefix.holds(start: start, end: end, date, slack: slack)
        case (.reference(let text), .reference(let wanted, let isID)):
            text == wanted || (isID && text.hasSuffix("/" + wanted)) || text.hasPrefix(wanted + "|")
        case (.logicalReference(let system, let value), .logicalReference(let wantedSystem, let wantedValue)):
            (wantedSystem == nil || wantedSystem == system) && (wantedValue == nil || wantedValue == value)
        case (.string(let text), .exactly(let wanted)): text.hasSameBytes(as: wanted)
        case (.string(let text), .containing(let wanted)): Folding.fold(text).contains(wanted)
        case (.uri(let text), .uri(let wanted, let relation)): Self.matches(text, wanted, relation)
        case (.quantity(let low, let high, let system, let code, let unit), .quantity(let number, let asked, let units)):
            Self.isMeasured(in: asked, units, system: system, code: code, unit: unit)
                && number.holds(low: ExactNumber(low), high: ExactNumber(high))
        case (.position(let latitude, let longitude), .near(let wantedLatitude, let wantedLongitude, let kilometres)):
            Self.distance(latitude, longitude, wantedLatitude, wantedLongitude).map { $0 <= kilometres } ?? false
        case (.composite(let parts), .composite(let wanted)):
            parts.count == wanted.count && zip(parts, wanted).allSatisfy { $1.matches($0) }
        default: false
        }
    }

    private static func matches(_ text: String, _ wanted: String, _ relation: URIRelation) -> Bool {
        func isBelow(_ lower: String, _ upper: String) -> Bool {
            lower == upper || lower.hasPrefix(upper.hasSuffix("/") ? upper : upper + "/")
        }
        return switch relation {
        case .equal: text == wanted
        case .below: isBelow(text, wanted)
        case .above: isBelow(wanted, text)
        }
    }

    private static func isMeasured(
        in wantedSystem: String?,
        _ wanted: String?,
        system: String,
        code: String,
        unit: String
    ) -> Bool {
        switch wantedSystem {
        case nil: true
        case "": wanted == code || wanted == unit
        default: wantedSystem == system && wanted == code
        }
    }

    /// Kilometres on the great circle of a sphere, which is right to half a per cent.
    private static func distance(
        _ latitude: String,
        _ longitude: String,
        _ toLatitude: Double,
        _ toLongitude: Double
    ) -> Double? {
        guard let latitude = Double(latitude), let longitude = Double(longitude) else { return nil }
        func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }
        let (rise, turn) = (sin(radians(toLatitude - latitude) / 2), sin(radians(toLongitude - longitude) / 2))
        let half = rise * rise + cos(radians(latitude)) * cos(radians(toLatitude)) * turn * turn
        return 2 * 6371.0088 * asin(min(1, half.squareRoot()))
    }
}

/// How a date or number in a search compares. Both sides are intervals, as wide as their precision leaves open (R4,
/// 3.1.1.5.6).
enum DatePrefix: String, Sendable, CaseIterable {
    case eq, ne, gt, lt, ge, le, sa, eb, ap

    /// The prefix of a value, `eq` if it has none, and the rest; `nil` for two letters that are no prefix.
    static func taken(from text: String) -> (DatePrefix?, String) {
        let head = text.prefix(2)
        guard head.count == 2, head.allSatisfy(\.isLetter) else { return (.eq, text) }
        return (DatePrefix(rawValue: String(head)), String(text.dropFirst(2)))
    }

    /// Whether an interval compares so with a date. `ap` goes beyond the date by the slack, to both sides.
    func holds(start: Int64, end: Int64, _ wanted: DateTime, slack: Int64) -> Bool {
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
        case .ap: start < wanted.end + slack && end > wanted.start - slack
        }
    }
}
