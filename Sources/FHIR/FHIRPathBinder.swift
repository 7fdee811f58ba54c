/// Binds the names in an expression to the elements of the type it is asked of: finds by which members of JSON a choice
/// may be given, and that every name exists.
struct FHIRPathBinder {
    private let definitions: Definitions
    /// The type that the expression is asked of, and the resource that is `%resource`, where it is always the same.
    private let context: Int
    private let resource: Int?
    private var kept = 0

    /// Indices of the types that something may have; `nil` where that is not known, as of any resource.
    private typealias Types = [Int]?

    init(_ definitions: Definitions, context: Int) {
        self.definitions = definitions
        self.context = context
        let name = definitions.types[context].name
        let root = definitions.index[String(name.prefix { $0 != "." })]
        resource = root.flatMap { definitions.types[$0].isResource ? $0 : nil }
    }

    /// The expression as it is asked of the context, or of each item of one of its elements.
    mutating func bind(_ expression: FHIRPath, element: String? = nil) throws(FHIRPathError) -> FHIRPath {
        var focus: Types = [context]
        if let element { focus = try types(of: FHIRPath.Step(element), in: [context]).types }
        return try bind(expression, focus, inCriterion: false).expression
    }

    // MARK: Expressions

    private typealias Bound = (expression: FHIRPath, types: Types, isConstant: Bool)

    private mutating func bind(
        _ expression: FHIRPath,
        _ focus: Types,
        inCriterion: Bool
    ) throws(FHIRPathError) -> Bound {
        var bound = try bindPlain(expression, focus, inCriterion: inCriterion)
        // Inside a criterion, what does not depend on the item would be found anew for each.
        if inCriterion, bound.isConstant, isWorthKeeping(bound.expression) {
            kept += 1
            bound.expression = .once(kept, bound.expression)
        }
        return bound
    }

    private func isWorthKeeping(_ expression: FHIRPath) -> Bool {
        switch expression {
        case .literal, .once, .variable: false
        default: true
        }
    }

    private mutating func bindPlain(
        _ expression: FHIRPath,
        _ focus: Types,
        inCriterion: Bool
    ) throws(FHIRPathError) -> Bound {
        switch expression {
        case .focus: return (.focus, focus, false)
        case .literal: return (expression, element, true)
        case .variable(let variable):
            return (expression, variable == .context ? [context] : resource.map { [$0] }, true)
        case .once(_, let inner): return try bind(inner, focus, inCriterion: inCriterion)
        case .member(.focus, let step) where !inCriterion && step.name == definitions.types[context].name:
            return (.focus, focus, false)
        case .member(let base, let step):
            let base = try bindPlain(base, focus, inCriterion: inCriterion)
            let (step, types) = try self.types(of: step, in: base.types)
            return (.member(base.expression, step), types, base.isConstant)
        case .call(let function, let base, let arguments):
            return try bindCall(function, base, arguments, focus, inCriterion: inCriterion)
        case .text(let pattern, let base):
            let base = try bindPlain(base, focus, inCriterion: inCriterion)
            return (.text(pattern, on: base.expression), element, base.isConstant)
        case .operation(let `operator`, let left, let right):
            let left = try bind(left, focus, inCriterion: inCriterion)
            let right = try bind(right, focus, inCriterion: inCriterion)
            let types = `operator` == .union ? union(left.types, right.types) : element
            return (
                .operation(`operator`, left.expression, right.expression), types, left.isConstant && right.isConstant
            )
        case .ofType(let base, let type):
            let base = try bindPlain(base, focus, inCriterion: inCriterion)
            return (.ofType(base.expression, type), definitions.index[type].map { [$0] } ?? element, base.isConstant)
        case .isType(let base, let type):
            let base = try bindPlain(base, focus, inCriterion: inCriterion)
            return (.isType(base.expression, type), element, base.isConstant)
        }
    }

    private mutating func bindCall(
        _ function: FHIRPath.Function,
        _ base: FHIRPath,
        _ arguments: [FHIRPath],
        _ focus: Types,
        inCriterion: Bool
    ) throws(FHIRPathError) -> Bound {
        let base = try bindPlain(base, focus, inCriterion: inCriterion)
        var bound: [Bound] = []
        for argument in arguments {
            bound.append(
                function.hasCriterion
                    ? try bind(argument, base.types, inCriterion: true)
                    : try bind(argument, focus, inCriterion: inCriterion)
            )
        }
        let types: Types =
            switch function {
            case .where, .first, .tail, .intersect: base.types
            case .combine: union(base.types, bound[0].types)
            case .select: bound[0].types
            case .children, .descendants: nil
            default: element
            }
        // A criterion that asks its items alone is as constant as they are; to find that out is not worth it.
        let isConstant = base.isConstant && !function.hasCriterion && bound.allSatisfy(\.isConstant)
        return (.call(function, on: base.expression, bound.map(\.expression)), types, isConstant)
    }

    // MARK: Types

    /// What values and primitives are.
    private var element: Types { [definitions.index["Element"]!] }

    private func union(_ left: Types, _ right: Types) -> Types {
        guard let left, let right else { return nil }
        return left + right.filter { !left.contains($0) }
    }

    private func types(
        of step: FHIRPath.Step,
        in types: Types
    ) throws(FHIRPathError) -> (step: FHIRPath.Step, types: Types) {
        guard let types else { return (step, nil) }
        var step = step
        var found: Types = []
        var isKnown = false
        for type in types.map({ definitions.types[$0] }) {
            guard let element = type.elements.first(where: { $0.name == step.name }) else { continue }
            isKnown = true
            for key in element.keys {
                let member = type.members[key]!
                found = union(found, self.types(of: member.type))
                if element.isChoice { step.choices[key] = name(of: member.type) }
            }
        }
        guard isKnown else { throw FHIRPathError("no element \(step.name)") }
        return (step, found)
    }

    private func types(of type: Definitions.ElementType) -> Types {
        switch type {
        case .primitive: element
        case .complex(let index, _), .reference(let index, _): [index]
        case .resource: nil
        }
    }

    private func name(of type: Definitions.ElementType) -> String {
        switch type {
        case .primitive(let primitive, _): primitive.rawValue
        case .complex(let index, _), .reference(let index, _): definitions.types[index].name
        case .resource: "Resource"
        }
    }
}
