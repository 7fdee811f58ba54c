/// Where a walk through a resource is. Cheap to keep, and made into an expression only where something is found.
struct Place {
    private enum Step {
        case child(String)
        case index(Int)
    }

    private let root: Expression
    private var steps: [Step] = []

    init(_ root: Expression) { self.root = root }

    mutating func enter(_ name: String) { steps.append(.child(name)) }
    mutating func enter(_ index: Int) { steps.append(.index(index)) }
    mutating func leave() { steps.removeLast() }

    /// Which item of its element the walk is at, if it is at one.
    var lastIndex: Int? { if case .index(let index)? = steps.last { index } else { nil } }

    /// Whether the last element entered is `contained`.
    var isInContained: Bool {
        for step in steps.reversed() { if case .child(let name) = step { return name == "contained" } }
        return false
    }

    var expression: Expression {
        steps.reduce(root) { expression, step in
            switch step {
            case .child(let name): expression.child(name)
            case .index(let index): expression[index]
            }
        }
    }
}
