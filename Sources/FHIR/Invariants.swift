/// R4's rules in FHIRPath whose breach is an error, distilled by `scripts/distil-fhir`, parsed once when first needed.
///
/// The text has a line for each, with tabs between: the type, or the element with or without elements of its own, that the
/// rule is about; its key; the expression; what it means, in HL7's words. `DomainResource` stands for all such resources.
struct Invariants: Sendable {
    static let r4 = Invariants(parsing: invariantsOfR4, definitions: .r4)

    struct Invariant: Sendable {
        let key: String
        /// The key and what the rule means, in words without any value.
        let rule: String
        let expression: FHIRPath
        /// The element of the type whose every item must keep the rule; `nil` if it is the whole that must.
        let element: String?
        /// The elements of the type, as bits, without which the rule is kept; `nil` if it must be asked in any case.
        let concerns: UInt128?
    }

    /// By index of the type.
    private let ofType: [[Invariant]]
    /// What could not be read. There is none, or it is a defect.
    let failures: [String]

    init(parsing text: StaticString, definitions: Definitions) {
        let whole = text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
        var ofType = [[Invariant]](repeating: [], count: definitions.types.count)
        var failures: [String] = []
        for line in Substring(whole).parts("\n") {
            let parts = line.parts("\t").map(String.init)
            for (index, element) in Self.places(parts[0], definitions) {
                do {
                    ofType[index].append(try Invariant(parts, of: index, element: element, definitions))
                } catch {
                    failures.append("\(parts[1]): \(error.reason)")
                }
            }
        }
        self.ofType = ofType
        self.failures = failures
    }

    subscript(type: Int) -> [Invariant] { ofType[type] }

    /// The types that a rule is about, and the element of them if that is no type.
    private static func places(_ path: String, _ definitions: Definitions) -> [(index: Int, element: String?)] {
        if path == "DomainResource" {
            return definitions.types.indices.filter {
                definitions.types[$0].isResource && definitions.types[$0].members["contained"] != nil
            }.map { ($0, nil) }
        }
        if let index = definitions.index[path] { return [(index, nil)] }
        let names = Substring(path).parts(".")
        guard let index = definitions.index[names.dropLast().joined(separator: ".")] else { return [] }
        return [(index, String(names.last!))]
    }
}

extension Invariants.Invariant {
    fileprivate init(
        _ parts: [String],
        of index: Int,
        element: String?,
        _ definitions: Definitions
    ) throws(FHIRPathError) {
        key = parts[1]
        rule = "\(parts[1]): \(parts[3])"
        self.element = element
        let type = definitions.types[index]
        var binder = FHIRPathBinder(definitions, context: index)
        expression = try binder.bind(try FHIRPathParser.parse(parts[2]), element: element)
        if let element {
            concerns = type.bit(element)
            return
        }
        // Kept by something that is empty, and so by all that has none of the elements that it asks for.
        var evaluator = FHIRPathEvaluator(resource: [:], rootResource: [:])
        let isKeptByNothing = evaluator.holds(expression, of: .object([:]), context: .object([:])) == true
        concerns = isKeptByNothing ? expression.elements(of: type) : nil
    }
}

extension Definitions.TypeDefinition {
    fileprivate func bit(_ element: String) -> UInt128? {
        elements.firstIndex { $0.name == element }.map { 1 << UInt128($0) }
    }
}

extension FHIRPath {
    /// The elements that an expression asks its focus for, as bits; `nil` if it asks for other things too.
    fileprivate func elements(of type: Definitions.TypeDefinition) -> UInt128? {
        switch self {
        case .literal: return 0
        case .focus, .variable: return nil
        case .member(.focus, let step), .member(.variable(.context), let step): return type.bit(step.name)
        case .member(let base, _), .text(_, let base), .ofType(let base, _), .isType(let base, _), .once(_, let base):
            return base.elements(of: type)
        case .operation(_, let left, let right):
            guard let left = left.elements(of: type), let right = right.elements(of: type) else { return nil }
            return left | right
        case .call(let function, let base, let arguments):
            // A criterion asks the items. Where there is none of them, it is not asked; what else it may ask for then
            // does not matter.
            var found = base.elements(of: type)
            if function == .iif { found = 0 }
            if function.hasCriterion { return found }
            for argument in arguments {
                guard let bits = argument.elements(of: type), let sum = found else { return nil }
                found = sum | bits
            }
            return found
        }
    }
}

/// What the walk of the validator asks of the invariants in one resource and those in it.
struct InvariantCheck {
    private let invariants = Invariants.r4
    private var evaluator = FHIRPathEvaluator()

    /// A breach: the rule, and the element and which of its items if it is not the whole.
    typealias Breach = (rule: String, element: String?, item: Int?)

    /// Whether there was so much to look at that no more is asked.
    var isExhausted: Bool { evaluator.isExhausted }

    /// Enters a resource, whose root is the same or, of a contained one, what contains it. Gives back those of before.
    mutating func enter(_ resource: JSONObject, isContained: Bool) -> (resource: JSON, root: JSON) {
        let before = (evaluator.resource, evaluator.rootResource)
        evaluator.resource = .object(resource)
        if !isContained { evaluator.rootResource = .object(resource) }
        return before
    }

    mutating func leave(to before: (resource: JSON, root: JSON)) {
        (evaluator.resource, evaluator.rootResource) = before
    }

    /// What an object of a type breaches, of which these elements are present.
    mutating func breaches(of object: JSONObject, type: Int, present: UInt128) -> [Breach] {
        var found: [Breach] = []
        for invariant in invariants[type] {
            if let concerns = invariant.concerns, concerns & present == 0 { continue }
            if let element = invariant.element {
                guard let value = object[element] else { continue }
                let items = value.array ?? [value]
                for (index, item) in items.enumerated() where !keeps(invariant, item) {
                    found.append((invariant.rule, element, value.array == nil ? nil : index))
                }
            } else if !keeps(invariant, .object(object)) {
                found.append((invariant.rule, nil, nil))
            }
        }
        return isExhausted ? [] : found
    }

    private mutating func keeps(_ invariant: Invariants.Invariant, _ item: JSON) -> Bool {
        guard !isExhausted else { return true }
        return evaluator.holds(invariant.expression, of: item, context: item) ?? evaluator.isUndecided
    }
}
