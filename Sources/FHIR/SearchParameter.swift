/// One way of searching a type of resource, and where in a resource its values are.
struct SearchParameter: Sendable {
    enum Kind: Character, Sendable {
        case token = "t"
        case date = "d"
        case reference = "r"
        case string = "s"
        case quantity = "q"
        case number = "n"
        case uri = "u"
        case composite = "c"
        case special = "x"

        /// As R4 calls it.
        var name: String {
            switch self {
            case .token: "token"
            case .date: "date"
            case .reference: "reference"
            case .string: "string"
            case .quantity: "quantity"
            case .number: "number"
            case .uri: "uri"
            case .composite: "composite"
            case .special: "special"
            }
        }
    }

    /// Where values are: the elements on the way, and which type of a target counts.
    struct Path: Sendable {
        let elements: [Element]
        let target: String?
        /// Whether only that there is a value counts, unless it is `false`.
        let isPresence: Bool
        /// Whether the way begins at the resource, also in a component of a composite.
        let isFromResource: Bool
    }

    /// An element on the way, which of several counts, and which type of a choice.
    struct Element: Sendable {
        let name: String
        let choice: String?
        let choosing: Choosing?
    }

    enum Choosing: Sendable {
        case at(Int)
        /// Those whose member is this text. For `extension`, those that have one with this URL.
        case having(member: String, String)
    }

    /// Parts that must match together, within one element.
    struct Composite: Sendable {
        /// Where that element is; without a path, it is the resource.
        let base: Path?
        let components: [(kind: Kind, paths: [Path])]
    }

    let name: String
    let kind: Kind
    let paths: [Path]
    let composites: [Composite]

    /// As written in the definitions: `name:kind=path,path`.
    ///
    /// A path is elements joined by dots; then `~Target` for one type that a reference points to, or `!` if any value but
    /// `false` counts. After an element, `[0]` takes the first of several, and `[member=text]` those with that member, the
    /// text percent-encoded; then `:Type` one type of a choice. The kind `c` has `base{kind/path+path;kind/path}`,
    /// where a path that begins with `^` begins at the resource.
    init(distilled word: Substring) {
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))!
        let head = word[..<equals].parts(":")
        let list = word[word.index(after: equals)...].parts(",")
        name = String(head[0])
        kind = Kind(rawValue: head[1].first!)!
        paths = kind == .composite ? [] : list.map(Path.init(distilled:))
        composites = kind == .composite ? list.map(Composite.init(distilled:)) : []
    }
}

extension SearchParameter.Composite {
    fileprivate init(distilled text: Substring) {
        let brace = text.utf8.firstIndex(of: UInt8(ascii: "{"))!
        base = brace == text.startIndex ? nil : SearchParameter.Path(distilled: text[..<brace])
        components = text[text.index(after: brace)...].dropLast().parts(";").map { component in
            let parts = component.parts("/")
            return (
                kind: SearchParameter.Kind(rawValue: parts[0].first!)!,
                paths: parts[1].parts("+").map(SearchParameter.Path.init(distilled:))
            )
        }
    }
}

extension SearchParameter.Path {
    fileprivate init(distilled text: Substring) {
        isFromResource = text.first == "^"
        isPresence = text.last == "!"
        let inner = text.drop { $0 == "^" }.prefix { $0 != "!" }
        let target = inner.parts("~")
        elements = target[0].parts(".").map(SearchParameter.Element.init(distilled:))
        self.target = target.count > 1 ? String(target[1]) : nil
    }
}

extension SearchParameter.Element {
    fileprivate init(distilled text: Substring) {
        let typed = text.parts(":")
        choice = typed.count > 1 ? String(typed[1]) : nil
        let parts = typed[0].parts("[")
        name = String(parts[0])
        guard parts.count > 1 else {
            choosing = nil
            return
        }
        let inner = parts[1].dropLast()
        if let index = Int(inner) {
            choosing = .at(index)
        } else {
            let member = inner.parts("=")
            choosing = .having(member: String(member[0]), Self.decoded(member[1]))
        }
    }

    private static func decoded(_ text: Substring) -> String {
        let parts = text.parts("%")
        let isFirstPlain = text.first != "%"
        return parts.enumerated().map { index, part in
            if index == 0, isFirstPlain { return String(part) }
            return String(UnicodeScalar(UInt8(part.prefix(2), radix: 16)!)) + part.dropFirst(2)
        }.joined()
    }
}

// MARK: Routes

extension SearchParameter {
    /// A way through a resource, key by key, and the type of what is found at its end.
    struct Route: Sendable {
        struct Step: Sendable {
            let key: String
            let choosing: Choosing?
        }

        let steps: [Step]
        let type: String
        let target: String?
        let isPresence: Bool
        let isFromResource: Bool
        /// The codes that an element of type `code` chooses from; their system is implied.
        let codes: Definitions.CodeSet?
        /// The types that its element may refer to; none for an element that is no reference.
        let elementTargets: [String]

        /// The types that what is found at its end may refer to.
        var possibleTargets: [String] { target.map { [$0] } ?? elementTargets }
    }

    /// The routes of a composite: to the elements within which its parts must match together, and on to each part.
    struct Group: Sendable {
        let base: [Route]
        let components: [(kind: Kind, routes: [Route])]
    }

    /// Parameters of every type.
    static let common: [SearchParameter] = [
        "_tag:t=meta.tag", "_security:t=meta.security", "_profile:u=meta.profile", "_source:u=meta.source",
    ].map { SearchParameter(distilled: $0) }

    /// The parameters by which a type can be searched: all that R4 defines a way to the values for.
    ///
    /// `phonetic` would only repeat `name`.
    static func searchable(_ type: String) -> [String: SearchParameter] {
        var found = Definitions.r4.parameters[type] ?? [:]
        for parameter in common { found[parameter.name] = parameter }
        found["phonetic"] = nil
        return found
    }

    /// Where this parameter's values are in resources of a type: a choice becomes a route for each of its types.
    func routes(in type: String) -> [Route] {
        Self.routes(to: paths, kind, in: type)
    }

    /// The same of a composite.
    func groups(in type: String) -> [Group] {
        composites.flatMap { composite -> [Group] in
            let bases = composite.base.map { Definitions.r4.ends(of: $0, in: type) }
            let ends = Dictionary(grouping: bases ?? []) { $0.type }
            let types: [(type: String, base: [Route])] =
                bases == nil ? [(type, [])] : ends.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            return types.map { inner, base in
                Group(
                    base: base,
                    components: composite.components.map { kind, paths in
                        let routes = paths.flatMap { path in
                            Self.routes(to: [path], kind, in: path.isFromResource ? type : inner)
                        }
                        return (kind: kind, routes: routes)
                    }
                )
            }
        }
    }

    private static func routes(to paths: [Path], _ kind: Kind, in type: String) -> [Route] {
        paths.flatMap { path in
            Definitions.r4.ends(of: path, in: type).filter { path.isPresence || kind.types.contains($0.type) }
        }
    }
}

extension SearchParameter.Kind {
    /// The types whose values can be compared in this way.
    fileprivate var types: Set<String> {
        switch self {
        case .token:
            [
                "CodeableConcept", "Coding", "Identifier", "ContactPoint", "code", "string", "boolean", "id", "uri",
                "canonical", "oid",
            ]
        case .date: ["date", "dateTime", "instant", "Period", "Timing"]
        case .reference: ["Reference", "canonical", "uri", "Resource"]
        case .string: ["string", "markdown", "HumanName", "Address", "CodeableConcept"]
        case .uri: ["uri", "url", "canonical", "oid", "uuid"]
        case .quantity:
            ["Quantity", "Age", "Duration", "Count", "Distance", "Money", "Range", "SampledData"]
        case .number: ["decimal", "integer", "positiveInt", "unsignedInt", "Range"]
        case .special: ["Location.position"]
        case .composite: []
        }
    }
}

extension Definitions {
    /// The ways to each form that an element at a path can have, with their types.
    fileprivate func ends(of path: SearchParameter.Path, in type: String) -> [SearchParameter.Route] {
        ends(of: path.elements[...], in: type).map { end in
            SearchParameter.Route(
                steps: end.steps,
                type: end.type,
                target: path.target,
                isPresence: path.isPresence,
                isFromResource: path.isFromResource,
                codes: end.codes,
                elementTargets: end.targets
            )
        }
    }

    private struct End {
        var steps: [SearchParameter.Route.Step]
        let type: String
        let codes: CodeSet?
        let targets: [String]
    }

    private func ends(of path: ArraySlice<SearchParameter.Element>, in type: String) -> [End] {
        guard let first = path.first, let definition = self[type],
            let element = definition.elements.first(where: { $0.name == first.name })
        else { return [] }
        return element.keys.flatMap { key -> [End] in
            guard let member = definition.members[key] else { return [] }
            let step = SearchParameter.Route.Step(key: key, choosing: first.choosing)
            let end = end(of: member.type, step)
            guard first.choice == nil || first.choice == end.type else { return [] }
            if path.count == 1 { return [end] }
            return ends(of: path.dropFirst(), in: end.type).map { below in
                var below = below
                below.steps.insert(step, at: 0)
                return below
            }
        }
    }

    private func end(of type: ElementType, _ step: SearchParameter.Route.Step) -> End {
        func end(_ name: String, codes: CodeSet? = nil, targets: [String] = []) -> End {
            End(steps: [step], type: name, codes: codes, targets: targets)
        }
        switch type {
        case .primitive(let primitive, let codes):
            return end(primitive.rawValue, codes: primitive == .code ? codes : nil)
        case .complex(let index, _): return end(types[index].name)
        case .reference(_, let targets):
            return end("Reference", targets: targets.isEmpty ? ResourceType.names.sorted() : targets)
        case .resource: return end("Resource")
        }
    }
}
