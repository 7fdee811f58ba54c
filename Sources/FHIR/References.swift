/// A reference from a resource to another one, as it is written and where.
public struct Reference: Sendable, Equatable {
    /// What a reference points to.
    public enum Target: Sendable, Equatable {
        /// `Type/id`, perhaps with a version.
        case relative(type: String, id: String, version: String?)
        /// `http…/Type/id`, on whatever server.
        case absolute(type: String, id: String, version: String?)
        /// A resource within the same one: `#id`.
        case contained(id: String)
        /// `urn:uuid:…` or `urn:oid:…`: an entry of the same bundle.
        case urn
        /// A search that should find one resource, as in `Patient?identifier=…`.
        case conditional(type: String)
        /// Another absolute URI.
        case other
        /// Nothing that FHIR allows.
        case malformed
    }

    public let text: String
    public let expression: Expression
    /// What `Reference.type` says about it.
    public let statedType: String?

    public var target: Target { Target(text) }

    /// The type of what is pointed to, as far as the reference itself says.
    public var type: String? {
        switch target {
        case .relative(let type, _, _), .absolute(let type, _, _), .conditional(let type): type
        default: statedType
        }
    }
}

extension Reference.Target {
    /// What a text points to.
    public init(_ text: String) {
        if text.utf8.first == UInt8(ascii: "#") {
            let id = String(text.dropFirst())
            self = id.isEmpty || Resource.isID(id) ? .contained(id: id) : .malformed
        } else if let query = text.utf8.firstIndex(of: UInt8(ascii: "?")),
            !text[..<query].utf8.contains(UInt8(ascii: ":"))
        {
            let type = String(text[..<query])
            self = ResourceType.names.contains(type) ? .conditional(type: type) : .malformed
        } else if !PrimitiveType.uri.accepts(text) {
            self = .malformed
        } else if text.hasPrefix("urn:") {
            self = .urn
        } else if text.hasPrefix("http://") || text.hasPrefix("https://") {
            self = Self.path(text).map { .absolute(type: $0.type, id: $0.id, version: $0.version) } ?? .other
        } else if let path = Self.path(text), path.isWhole {
            self = .relative(type: path.type, id: path.id, version: path.version)
        } else {
            self = text.utf8.contains(UInt8(ascii: ":")) ? .other : .malformed
        }
    }

    /// The type, id and version at the end of a path.
    private static func path(_ text: String) -> (type: String, id: String, version: String?, isWhole: Bool)? {
        // By bytes: taking a text apart by characters costs more than reading it did.
        var parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        var version: String?
        if parts.count >= 4, parts[parts.count - 2] == "_history" {
            version = String(parts[parts.count - 1])
            guard Resource.isID(version!) else { return nil }
            parts.removeLast(2)
        }
        guard parts.count >= 2 else { return nil }
        let (type, id) = (String(parts[parts.count - 2]), String(parts[parts.count - 1]))
        guard ResourceType.names.contains(type), Resource.isID(id) else { return nil }
        return (type, id, version, parts.count == 2)
    }
}

extension Resource {
    /// Every reference in this resource, in contained resources and extensions too. Narrative, `uri`, `url` and
    /// `canonical` are not references.
    public func references() -> [Reference] {
        var found: [Reference] = []
        var walk = ReferenceWalk { reference in
            found.append(reference)
            return nil
        }
        var copy = object
        walk.visit(&copy)
        return found
    }

    /// Writes references anew: `rewrite` is given each, and returns its new text or `nil` to leave it.
    public mutating func rewriteReferences(_ rewrite: (Reference) throws(Outcome) -> String?) throws(Outcome) {
        var failure: Outcome?
        withoutActuallyEscaping(rewrite) { rewrite in
            var walk = ReferenceWalk { reference in
                guard failure == nil else { return nil }
                do throws(Outcome) {
                    return try rewrite(reference)
                } catch {
                    failure = error
                    return nil
                }
            }
            var copy = object
            walk.visit(&copy)
            if failure == nil { object = copy }
        }
        if let failure { throw failure }
    }
}

/// Goes through a resource in search of references. The only type of R4 with a text called `reference` is `Reference`,
/// so that they are known by their look, even inside extensions.
private struct ReferenceWalk {
    private let found: (Reference) -> String?
    private var place = Place(Expression(""))

    init(found: @escaping (Reference) -> String?) { self.found = found }

    mutating func visit(_ resource: inout JSONObject) {
        place = Place(Expression(resource["resourceType"]?.string ?? ""))
        object(&resource)
    }

    private mutating func object(_ object: inout JSONObject) {
        for index in object.members.indices {
            let key = object.members[index].key
            place.enter(key)
            switch object.members[index].value {
            case .string(let text) where key == "reference":
                place.leave()
                let reference = Reference(
                    text: text,
                    expression: place.expression,
                    statedType: object["type"]?.string
                )
                place.enter(key)
                if let new = found(reference) { object.members[index].value = .string(new) }
            case .object, .array:
                value(&object.members[index].value)
            default: break
            }
            place.leave()
        }
    }

    private mutating func value(_ json: inout JSON) {
        switch json {
        case .object(var inner):
            json = .null
            object(&inner)
            json = .object(inner)
        case .array(var values):
            json = .null
            for index in values.indices {
                place.enter(index)
                value(&values[index])
                place.leave()
            }
            json = .array(values)
        default: break
        }
    }
}
