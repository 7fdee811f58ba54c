/// Turns elements into values that can be compared.
enum SearchValues {
    /// The values of one parameter in a resource.
    static func contents(of resource: JSON, _ way: SearchWay) -> [SearchCard.Content] {
        if way.routes.contains(where: \.isPresence) { return [presence(of: resource, way.routes)] }
        return way.routes.flatMap { contents(of: resource, $0, way.parameter.kind) }
            + way.groups.flatMap { composites(of: resource, $0) }
    }

    private static func presence(of resource: JSON, _ routes: [SearchParameter.Route]) -> SearchCard.Content {
        let isThere = routes.contains { route in resource.values(along: route.steps[...]).contains { $0 != false } }
        return .token(system: "", code: isThere ? "true" : "false", text: "")
    }

    private static func composites(of resource: JSON, _ group: SearchParameter.Group) -> [SearchCard.Content] {
        let elements = group.base.isEmpty ? [resource] : group.base.flatMap { resource.values(along: $0.steps[...]) }
        return elements.compactMap { element in
            let parts = group.components.map { kind, routes in
                routes.flatMap { contents(of: $0.isFromResource ? resource : element, $0, kind) }
            }
            return parts.contains(where: \.isEmpty) ? nil : .composite(parts)
        }
    }

    private static func contents(
        of element: JSON,
        _ route: SearchParameter.Route,
        _ kind: SearchParameter.Kind
    ) -> [SearchCard.Content] {
        element.values(along: route.steps[...]).flatMap { json -> [SearchCard.Content] in
            switch kind {
            case .token: tokens(json, route.type)
            case .date: dates(json, route.type)
            case .reference: references(json, route)
            case .string: strings(json, route.type)
            case .uri: json.string.map { [.uri($0)] } ?? []
            case .quantity, .number: quantities(json, route.type)
            case .special: position(json)
            case .composite: []
            }
        }
    }

    // MARK: Codes

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
            return identifiers(json)
        case ("ContactPoint", .object):
            return token(nil, json["value"]?.string, nil)
        case (_, .bool(let value)): return token(nil, value ? "true" : "false", nil)
        case (_, .string(let code)): return token(nil, code, nil)
        default: return []
        }
    }

    private static func identifiers(_ json: JSON) -> [SearchCard.Content] {
        guard let value = json["value"]?.string else { return [] }
        let types = (json["type"]?["coding"]?.array ?? []).compactMap { coding in
            coding["code"]?.string.map { code in
                SearchCard.Content.typedIdentifier(system: coding["system"]?.string ?? "", code: code, value: value)
            }
        }
        return [.token(system: json["system"]?.string ?? "", code: value, text: "")] + types
    }

    // MARK: Dates, numbers

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

    private static func quantities(_ json: JSON, _ type: String) -> [SearchCard.Content] {
        if case .number(let number) = json {
            return [.quantity(low: number, high: number, system: "", code: "", unit: "")]
        }
        switch type {
        case "Range":
            let (low, high) = (json["low"], json["high"])
            guard let units = low ?? high, low?["value"] != nil || high?["value"] != nil else { return [] }
            return [quantity(low?["value"]?.number ?? "", high?["value"]?.number ?? "", units)]
        case "Money":
            guard let value = json["value"]?.number else { return [] }
            let currency = json["currency"]?.string ?? ""
            return [.quantity(low: value, high: value, system: "urn:iso:std:iso:4217", code: currency, unit: "")]
        case "SampledData": return samples(json)
        default:
            guard let value = json["value"]?.number else { return [] }
            return switch json["comparator"]?.string {
            case "<", "<=": [quantity("", value, json)]
            case ">", ">=": [quantity(value, "", json)]
            default: [quantity(value, value, json)]
            }
        }
    }

    private static func quantity(_ low: String, _ high: String, _ units: JSON) -> SearchCard.Content {
        .quantity(
            low: low,
            high: high,
            system: units["system"]?.string ?? "",
            code: units["code"]?.string ?? "",
            unit: units["unit"]?.string ?? ""
        )
    }

    /// A series counts as the range from its smallest to its largest value, where these need no calculation.
    private static func samples(_ json: JSON) -> [SearchCard.Content] {
        guard let origin = json["origin"], origin["value"]?.number.flatMap(ExactNumber.init) == ExactNumber(0),
            json["factor"]?.number.flatMap(ExactNumber.init) ?? ExactNumber(1) == ExactNumber(1)
        else { return [] }
        let texts = (json["data"]?.string ?? "").split(separator: " ").map(String.init)
        let numbers = texts.compactMap { text in ExactNumber(text).map { (text: text, number: $0) } }
        guard let low = numbers.min(by: { $0.number < $1.number }),
            let high = numbers.max(by: { $0.number < $1.number })
        else { return [] }
        return [quantity(low.text, high.text, origin)]
    }

    private static func position(_ json: JSON) -> [SearchCard.Content] {
        guard let latitude = json["latitude"]?.number, let longitude = json["longitude"]?.number else { return [] }
        return [.position(latitude: latitude, longitude: longitude)]
    }

    // MARK: References, texts

    private static func references(_ json: JSON, _ route: SearchParameter.Route) -> [SearchCard.Content] {
        if case .string(let canonical) = json { return [.reference(canonical)] }
        if route.type == "Resource" {
            guard let type = json["resourceType"]?.string, let id = json["id"]?.string else { return [] }
            return [.reference("\(type)/\(id)")]
        }
        let statedType = json["type"]?.string
        var found: [SearchCard.Content] = []
        if let identifier = json["identifier"], let value = identifier["value"]?.string,
            route.target == nil || statedType == nil || statedType == route.target
        {
            found.append(.logicalReference(system: identifier["system"]?.string ?? "", value: value))
        }
        guard let text = json["reference"]?.string else { return found }
        let reference = Reference(text: text, expression: Expression(""), statedType: statedType)
        guard route.target == nil || reference.type == route.target else { return found }
        switch reference.target {
        case .relative(_, _, let version?), .absolute(_, _, let version?):
            return found + [.reference(String(text.dropLast("/_history/\(version)".count)))]
        case .contained, .malformed: return found
        default: return found + [.reference(text)]
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

extension JSON {
    /// All values along the steps of a route; arrays on the way are gone through, or one of them is taken.
    fileprivate func values(along steps: ArraySlice<SearchParameter.Route.Step>) -> [JSON] {
        guard let step = steps.first else {
            if case .array(let values) = self { return values }
            return [self]
        }
        switch self {
        case .array(let values): return values.flatMap { $0.values(along: steps) }
        case .object(let object):
            guard let value = object[step.key] else { return [] }
            let chosen = step.choosing.map { choosing in value.elements.chosen(by: choosing) } ?? [value]
            return chosen.flatMap { $0.values(along: steps.dropFirst()) }
        default: return []
        }
    }

    fileprivate var elements: [JSON] { array ?? [self] }
}

extension [JSON] {
    fileprivate func chosen(by choosing: SearchParameter.Choosing) -> [JSON] {
        switch choosing {
        case .at(let index): indices.contains(index) ? [self[index]] : []
        case .having("extension", let url):
            filter { $0["extension"]?.elements.contains { $0["url"]?.string == url } ?? false }
        case .having(let member, let text): filter { $0[member]?.string == text }
        }
    }
}
