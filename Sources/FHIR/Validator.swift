/// Whether a resource has the structure that R4 gives its type: elements, types, cardinalities, formats of primitives,
/// extensions, contained resources, required codes, targets of references, and invariants.
///
/// What it does not check: profiles, and codes of large or external systems.
public enum Validator {
    /// Everything that is wrong with a resource, up to a hundred issues.
    public static func validate(_ resource: Resource) -> [Issue] {
        var validation = Validation(root: Expression(resource.type))
        validation.resource(resource.object)
        return validation.issues
    }

    /// Throws what is wrong, if anything is.
    public static func check(_ resource: Resource) throws(Outcome) {
        let outcome = Outcome(validate(resource))
        if outcome.isFailure { throw outcome }
    }
}

/// One walk through a resource beside its definitions. It recurses as deeply as the parser let the JSON nest.
private struct Validation {
    private static let mostIssues = 100

    private(set) var issues: [Issue] = []
    private var place: Place
    private let definitions = Definitions.r4
    /// Whether the walk is inside a contained resource, which must not contain others.
    private var isContained = false
    private var contained = ContainedReferences(of: [:])
    private var invariants = InvariantCheck()
    private var errors = 0

    init(root: Expression) { place = Place(root) }

    // MARK: Resources

    mutating func resource(_ object: JSONObject) {
        guard let index = definitions.index[object["resourceType"]?.string ?? ""], definitions.types[index].isResource
        else { return error(.notSupported, "resourceType must be a type of resource that R4 knows") }
        let before = (invariants.enter(object, isContained: isContained), contained)
        if !isContained { contained = ContainedReferences(of: object) }
        elements(object, of: index, isResource: true)
        if !isContained {
            unusedContained()
            contained = before.1
        }
        invariants.leave(to: before.0)
    }

    private mutating func nestedResource(_ json: JSON) {
        guard case .object(let object) = json else { return error(.structure, "must be a resource") }
        resource(object)
    }

    private mutating func containedResource(_ json: JSON) {
        if isContained { return error(.invariant, "a contained resource must not contain others") }
        isContained = true
        let isOnlyOne = contained.enter(place.lastIndex ?? 0, id: json["id"]?.string)
        nestedResource(json)
        contained.leave()
        isContained = false
        if json["id"] == nil { error(.invariant, "a contained resource must have an id to be referred to by") }
        if !isOnlyOne { error(.invariant, "two contained resources must not have the same id") }
    }

    private mutating func unusedContained() {
        for index in contained.unused {
            place.enter("contained")
            place.enter(index)
            error(.invariant, "dom-3: a contained resource must be referred to, or refer to what contains it")
            place.leave()
            place.leave()
        }
    }

    // MARK: Elements

    private mutating func elements(_ object: JSONObject, of index: Int, isResource: Bool) {
        let type = definitions.types[index]
        let errorsBefore = errors
        if object.isEmpty { return error(.structure, "an object must not be empty") }
        // Members are looked up one by one, so that an object with a million of them would take a day.
        guard object.members.count <= 2 * type.members.count + 10 else {
            return error(.tooCostly, "must not have more members than \(type.name) has elements")
        }
        let hasCompanions = object.members.contains { $0.key.utf8.first == UInt8(ascii: "_") }
        var present: UInt128 = 0
        var chosen: [Int: String] = [:]
        for member in object.members {
            if isResource && member.key == "resourceType" { continue }
            place.enter(member.key)
            let primitive = primitiveKey(member.key)
            if let known = type.members[primitive ?? member.key], primitive == nil || known.isPrimitive {
                present |= 1 << UInt128(known.element)
                if known.isChoice {
                    let first = chosen[known.element, default: primitive ?? member.key]
                    if first != primitive ?? member.key { error(.structure, "only one type of a choice may be given") }
                    chosen[known.element] = first
                }
                if let primitive {
                    companionMember(known, member.value, primitive: object[primitive])
                } else {
                    self.member(known, member.value, companion: hasCompanions ? object["_" + member.key] : nil)
                }
            } else {
                unknown(member.key, of: type.name)
            }
            place.leave()
        }
        if type.required & ~present != 0 { missing(type, present) }
        // A companion of a primitive may have an id alone: the value stands beside it.
        if !isResource, type.name != "Element", object.members.count == 1, object.members[0].key == "id" {
            error(.invariant, "ele-1: an element must have a value or other elements, besides its id")
        }
        if type.name == "Extension" { extensionRules(object) }
        if type.name == "Reference" { referenceRules(object) }
        // A rule is asked of what is otherwise right, so that one mistake is one error.
        if errors == errorsBefore { invariants(of: object, index, present) }
    }

    private mutating func invariants(of object: JSONObject, _ type: Int, _ present: UInt128) {
        guard !invariants.isExhausted else { return }
        for breach in invariants.breaches(of: object, type: type, present: present) {
            if let element = breach.element { place.enter(element) }
            if let item = breach.item { place.enter(item) }
            error(.invariant, breach.rule)
            if breach.item != nil { place.leave() }
            if breach.element != nil { place.leave() }
        }
        if invariants.isExhausted { error(.tooCostly, "has more to compare than its rules may cost") }
    }

    private mutating func missing(_ type: Definitions.TypeDefinition, _ present: UInt128) {
        for (index, element) in type.elements.enumerated()
        where element.isRequired && present & (1 << UInt128(index)) == 0 {
            place.enter(element.name)
            error(.required, "must be given")
            place.leave()
        }
    }

    /// The name of the primitive whose id and extensions a member with `_` holds.
    private func primitiveKey(_ key: String) -> String? {
        key.utf8.first == UInt8(ascii: "_") ? String(key.dropFirst()) : nil
    }

    private mutating func member(_ member: Definitions.Member, _ json: JSON, companion: JSON?) {
        guard member.repeats else {
            if case .array = json { return error(.structure, "must not repeat, and so must not be an array") }
            return value(member.type, json)
        }
        guard case .array(let values) = json else { return error(.structure, "may repeat, and so must be an array") }
        if values.isEmpty { return error(.structure, "an array must not be empty") }
        for (index, json) in values.enumerated() {
            place.enter(index)
            if json.isNull, case .primitive = member.type, companion?[index]?.object != nil {
                // The value is missing, and its extensions say why.
            } else {
                value(member.type, json)
            }
            place.leave()
        }
    }

    /// A member such as `_birthDate`, with the id and extensions of one primitive or of each of an array.
    private mutating func companionMember(_ member: Definitions.Member, _ json: JSON, primitive: JSON?) {
        let element = definitions.index["Element"]!
        guard member.repeats else {
            guard case .object(let object) = json else { return error(.structure, "must be an object") }
            return elements(object, of: element, isResource: false)
        }
        guard case .array(let values) = json, !values.isEmpty else {
            return error(.structure, "must be an array, as its element may repeat")
        }
        for (index, json) in values.enumerated() {
            place.enter(index)
            if case .object(let object) = json {
                elements(object, of: element, isResource: false)
            } else if !json.isNull || (primitive?[index] ?? .null).isNull {
                error(.structure, "must be an object, or null where there is a value and no extension")
            }
            place.leave()
        }
    }

    private mutating func value(_ type: Definitions.ElementType, _ json: JSON) {
        switch type {
        case .primitive(let primitive, let codes):
            guard primitive.accepts(json) else { return error(.value, primitive.rule) }
            if let codes, let code = json.string, !codes.contains(code) {
                error(.codeInvalid, "must be one of the codes of \(codes.name)")
            }
            // An address within the resource keeps a contained resource in use.
            if primitive.isAddress, let text = json.string, text.utf8.first == UInt8(ascii: "#") {
                _ = contained.note(text)
            }
        case .complex(let index, let codes):
            guard case .object(let object) = json else { return error(.structure, "must be an object") }
            elements(object, of: index, isResource: false)
            if let codes { self.codes(codes, in: json) }
        case .reference(let index, let targets):
            guard case .object(let object) = json else { return error(.structure, "must be an object") }
            elements(object, of: index, isResource: false)
            self.targets(targets, of: object)
        case .resource:
            if place.isInContained { containedResource(json) } else { nestedResource(json) }
        }
    }

    // MARK: Rules

    /// A required binding of a concept: one of its codings must be of the set. A text alone may stand for what was
    /// never coded; we take it.
    private mutating func codes(_ set: Definitions.CodeSet, in json: JSON) {
        let codings = json["coding"]?.array ?? (json["code"] != nil ? [json] : [])
        guard !codings.isEmpty else { return }
        let isMember = codings.contains { coding in
            guard let code = coding["code"]?.string else { return false }
            return set.contains(code, of: coding["system"]?.string ?? "")
        }
        if !isMember { error(.codeInvalid, "one coding must be of \(set.name)") }
    }

    /// Invariant ext-1: a value or extensions, not both; and not neither.
    private mutating func extensionRules(_ object: JSONObject) {
        let hasValue = object.members.contains { $0.key.hasPrefix("value") || $0.key.hasPrefix("_value") }
        let hasExtensions = object["extension"] != nil
        if hasValue == hasExtensions {
            error(.invariant, "an extension must have either a value or extensions")
        }
    }

    private mutating func referenceRules(_ object: JSONObject) {
        if case .string(let text)? = object["reference"], text.utf8.first == UInt8(ascii: "#"), !contained.note(text) {
            place.enter("reference")
            error(.invariant, "ref-1: there is no contained resource with this id")
            place.leave()
            return
        }
        guard case .string(let text)? = object["reference"], case .malformed = Reference.Target(text) else { return }
        place.enter("reference")
        if PrimitiveType.uri.accepts(text) {
            warning(.value, "is no Type/id, URL, urn, #id or search for one resource, so that it cannot be followed")
        } else {
            error(.value, "must be Type/id, a URL, a urn, #id, or a search for one resource")
        }
        place.leave()
    }

    /// A warning only: HL7's own examples point to types that their elements do not allow.
    private mutating func targets(_ targets: [String], of object: JSONObject) {
        guard !targets.isEmpty, case .string(let text)? = object["reference"] else { return }
        let type: String
        switch Reference.Target(text) {
        case .relative(let found, _, _), .absolute(let found, _, _), .conditional(let found): type = found
        default: return
        }
        guard !targets.contains(type) else { return }
        place.enter("reference")
        warning(.value, "should point to \(targets.joined(separator: " or "))")
        place.leave()
    }

    /// An unknown element. What old converters make of comments in XML does no harm.
    private mutating func unknown(_ key: String, of type: String) {
        if key == "fhir_comments" {
            warning(.structure, "comments are no part of R4's JSON and mean nothing")
        } else {
            error(.structure, "is not an element of \(type)")
        }
    }

    private mutating func error(_ code: IssueType, _ rule: String) { add(.error, code, rule) }
    private mutating func warning(_ code: IssueType, _ rule: String) { add(.warning, code, rule) }

    private mutating func add(_ severity: Issue.Severity, _ code: IssueType, _ rule: String) {
        if severity == .error { errors += 1 }
        // An error is never crowded out by warnings.
        guard issues.count < Self.mostIssues || (severity == .error && !issues.contains { $0.severity == .error })
        else { return }
        issues.append(Issue(severity, code, at: place.expression, rule))
    }
}
