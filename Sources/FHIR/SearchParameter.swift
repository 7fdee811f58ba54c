/// One way of searching a type of resource, and where in a resource its values are.
struct SearchParameter: Sendable {
    enum Kind: Character, Sendable {
        case token = "t"
        case date = "d"
        case reference = "r"
        case string = "s"
        case quantity = "q"
        case uri = "u"

        /// As R4 calls it.
        var name: String {
            switch self {
            case .token: "token"
            case .date: "date"
            case .reference: "reference"
            case .string: "string"
            case .quantity: "quantity"
            case .uri: "uri"
            }
        }
    }

    /// Where values are: the elements on the way, and which type of a choice or of a target counts.
    struct Path: Sendable {
        let elements: [String]
        let choice: String?
        let target: String?
    }

    let name: String
    let kind: Kind
    let paths: [Path]

    /// As written in the definitions: `name:kind=path,path`, where a path is `a.b`, `a.b:Type` or `a.b~Target`.
    init(distilled word: Substring) {
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))!
        let head = word[..<equals].parts(":")
        name = String(head[0])
        kind = Kind(rawValue: head[1].first!)!
        paths = word[word.index(after: equals)...].parts(",").map { path in
            let choice = path.parts(":")
            let target = choice[0].parts("~")
            return Path(
                elements: target[0].parts(".").map(String.init),
                choice: choice.count > 1 ? String(choice[1]) : nil,
                target: target.count > 1 ? String(target[1]) : nil
            )
        }
    }
}

extension SearchParameter {
    /// A way through a resource, key by key, and the type of what is found at its end.
    struct Route: Sendable {
        let keys: [String]
        let type: String
        let target: String?
    }

    /// Parameters of every type. R4 gives them as `Resource.…`.
    static let common: [SearchParameter] = [
        "_tag:t=meta.tag", "_security:t=meta.security", "_profile:u=meta.profile", "_source:u=meta.source",
    ].map { SearchParameter(distilled: $0) }

    /// The parameters by which a type can be searched: simple paths to values of kinds that we compare.
    ///
    /// Quantities wait until their units can be converted. `phonetic` would only repeat `name`.
    static func searchable(_ type: String) -> [String: SearchParameter] {
        var found = Definitions.r4.parameters[type] ?? [:]
        for parameter in common { found[parameter.name] = parameter }
        return found.filter { $0.value.kind != .quantity && $0.key != "phonetic" }
    }

    /// Where this parameter's values are in resources of a type: a choice becomes a route for each of its types.
    func routes(in type: String) -> [Route] {
        paths.flatMap { path in
            Definitions.r4.ends(of: path.elements[...], in: type, choice: path.choice)
                .filter { kind.types.contains($0.type) }
                .map { Route(keys: $0.keys, type: $0.type, target: path.target) }
        }
    }
}

extension SearchParameter.Kind {
    /// The types whose values can be compared in this way.
    fileprivate var types: Set<String> {
        switch self {
        case .token:
            ["CodeableConcept", "Coding", "Identifier", "ContactPoint", "code", "string", "boolean", "id", "uri"]
        case .date: ["date", "dateTime", "instant", "Period", "Timing"]
        case .reference: ["Reference", "canonical", "uri"]
        case .string: ["string", "markdown", "HumanName", "Address", "CodeableConcept"]
        case .uri: ["uri", "url", "canonical", "oid", "uuid"]
        case .quantity: []
        }
    }
}

extension Definitions {
    /// The keys to each form that an element at a path can have, with their types.
    fileprivate func ends(
        of path: ArraySlice<String>,
        in type: String,
        choice: String?
    ) -> [(keys: [String], type: String)] {
        guard let first = path.first, let definition = self[type],
            let element = definition.elements.first(where: { $0.name == first })
        else { return [] }
        return element.keys.flatMap { key -> [(keys: [String], type: String)] in
            guard let member = definition.members[key], let name = name(of: member.type) else { return [] }
            if path.count == 1 { return choice == nil || choice == name ? [([key], name)] : [] }
            return ends(of: path.dropFirst(), in: name, choice: choice).map { ([key] + $0.keys, $0.type) }
        }
    }

    private func name(of type: ElementType) -> String? {
        switch type {
        case .primitive(let primitive, _): primitive.rawValue
        case .complex(let index, _): types[index].name
        case .reference: "Reference"
        case .resource: nil
        }
    }
}
