/// What a search wants besides what matches: `_include`, what matches refer to, or `_revinclude`, what refers to them
/// (R4, 3.1.1.5.16).
public struct SearchInclude: Sendable, Equatable {
    /// The type that refers; `nil` for all.
    public let source: String?
    /// The type that is referred to, if only one is wanted.
    public let target: String?
    /// Whether what refers is wanted, and not what is referred to.
    public let isReverse: Bool
    /// Whether it goes on from what was included.
    public let iterates: Bool

    /// The parameter that holds the references; `nil` for all.
    private let parameter: String?

    /// Reads `Observation:encounter`, `Observation:performer:Practitioner`, `Observation:*` or `*`.
    init(_ name: String, _ value: String, searching type: String) throws(Outcome) {
        let parts = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        isReverse = name.hasPrefix("_revinclude")
        iterates = name.hasSuffix(":iterate")
        let shown = isReverse ? "_revinclude" : "_include"
        source = parts[0] == "*" && parts.count == 1 ? nil : parts[0]
        parameter = parts.count < 2 || parts[1] == "*" ? nil : parts[1]
        target = parts.count > 2 ? parts[2] : nil
        guard source == nil || parts.count > 1, parts.count <= 3, source.map(ResourceType.names.contains) ?? true,
            target.map(ResourceType.names.contains) ?? true
        else {
            throw Outcome(.value, "\(shown) must be Type:parameter, Type:parameter:Type, Type:* or *")
        }
        if let source, let parameter, SearchParameter.searchable(source)[parameter]?.kind != .reference {
            let known = SearchText.shown(parameter)
            throw Outcome(.notSupported, "\(shown): \(known) is no parameter of \(source) that refers to something")
        }
        guard isReverse || iterates || source == nil || source == type else {
            throw Outcome(.value, "\(shown) must begin with \(type), the type searched, or go on with :iterate")
        }
        if isReverse, source == nil {
            throw Outcome(.tooCostly, "\(shown) must name the type that refers")
        }
    }

    /// What a resource refers to by this, each as `Type/id`.
    public func references(in card: SearchCard) -> [(type: String, id: String)] {
        guard source == nil || source == card.type else { return [] }
        return card.values.compactMap { value in
            guard parameter == nil || parameter == value.parameter, case .reference(let text) = value.content,
                case .relative(let type, let id, _) = Reference.Target(text), target == nil || target == type
            else { return nil }
            return (type: type, id: id)
        }
    }
}
