/// Evaluates bound expressions over one resource, and what is in it.
///
/// Where FHIRPath leaves a comparison open (units that differ, a value that is missing and whose extension says why), the
/// evaluator answers with nothing and remembers that it is undecided. Dates of different precision are compared leniently:
/// what may be true is.
struct FHIRPathEvaluator {
    /// Items looked at in one resource, about a second's worth.
    static let budget = 5_000_000

    /// One thing that a path leads to. A primitive without a value, which has only extensions, is `null`.
    private struct Item {
        let json: JSON
        /// The type, where the element is a choice.
        var type: String?
    }

    /// The resource that what is asked of belongs to, and the one that contains it, or the same.
    var resource: JSON
    var rootResource: JSON
    private var context = JSON.null
    private var kept: [Int: [Item]] = [:]
    private var budget: Int
    /// Whether the answer would hang on something that cannot be compared.
    private(set) var isUndecided = false

    init(resource: JSON = .null, rootResource: JSON = .null, budget: Int = Self.budget) {
        self.resource = resource
        self.rootResource = rootResource
        self.budget = budget
    }

    /// Whether there was more to look at than the budget allows. What was answered since is worth nothing.
    var isExhausted: Bool { budget < 0 }

    /// Whether an expression holds; `nil` if it gives no answer.
    mutating func holds(_ expression: FHIRPath, of focus: JSON, context: JSON) -> Bool? {
        self.context = context
        kept.removeAll(keepingCapacity: true)
        isUndecided = false
        return truth(expression, Item(json: focus))
    }

    private mutating func spend(_ count: Int) { budget -= count }

    // MARK: Truth

    private mutating func truth(_ expression: FHIRPath, _ focus: Item) -> Bool? {
        spend(1)
        guard !isExhausted else { return nil }
        switch expression {
        case .operation(let `operator`, let left, let right) where expression.isLogical:
            return truth(`operator`, left, right, focus)
        case .call(let function, let base, let arguments) where expression.isLogical:
            return truth(function, base, arguments, focus)
        case .text(let pattern, let base) where pattern.isTest:
            return text(base, focus).map { pattern.accepts($0) } ?? false
        case .isType(let base, let type):
            let items = items(base, focus)
            return items.count == 1 ? self.is(items[0], type) : nil
        case .literal(.bool(let value)): return value
        default: return truth(items(expression, focus))
        }
    }

    /// One truth value is itself, and one of anything else counts as true.
    private mutating func truth(_ items: [Item]) -> Bool? {
        guard items.count == 1 else { return nil }
        switch items[0].json {
        case .bool(let value): return value
        case .null:
            isUndecided = true
            return nil
        default: return true
        }
    }

    private mutating func truth(
        _ operator: FHIRPath.Operator,
        _ left: FHIRPath,
        _ right: FHIRPath,
        _ focus: Item
    ) -> Bool? {
        switch `operator` {
        case .and:
            let first = truth(left, focus)
            if first == false { return false }
            let second = truth(right, focus)
            return second == false ? false : first == nil || second == nil ? nil : true
        case .or:
            let first = truth(left, focus)
            return first == true ? true : or(first, truth(right, focus))
        case .xor:
            guard let first = truth(left, focus), let second = truth(right, focus) else { return nil }
            return first != second
        case .implies:
            let first = truth(left, focus)
            return first == false ? true : or(first.map { !$0 }, truth(right, focus))
        case .equal: return equality(left, right, focus)
        case .unequal: return equality(left, right, focus).map { !$0 }
        case .in: return isIn(items(left, focus), items(right, focus))
        case .contains: return isIn(items(right, focus), items(left, focus))
        default: return comparison(`operator`, items(left, focus), items(right, focus))
        }
    }

    private func or(_ first: Bool?, _ second: Bool?) -> Bool? {
        first == true || second == true ? true : first == nil || second == nil ? nil : false
    }

    private mutating func truth(
        _ function: FHIRPath.Function,
        _ base: FHIRPath,
        _ arguments: [FHIRPath],
        _ focus: Item
    ) -> Bool? {
        switch function {
        case .exists: return exists(base, focus)
        case .empty: return !exists(base, focus)
        case .not: return truth(base, focus).map { !$0 }
        case .hasValue:
            let items = items(base, focus)
            return items.count == 1 && !items[0].json.isNull
        case .all:
            for item in items(base, focus) where truth(arguments[0], item) != true { return false }
            return true
        case .isDistinct: return isDistinct(items(base, focus))
        // As others evaluate it: a text that is not there has no part.
        case .contains: return text(base, focus).map { $0.contains(text(arguments[0], focus) ?? "") } ?? false
        case .startsWith: return text(base, focus).map { $0.hasPrefix(text(arguments[0], focus) ?? "") } ?? false
        default: return nil
        }
    }

    private mutating func exists(_ base: FHIRPath, _ focus: Item) -> Bool {
        // Most are one step, for which no array need be made.
        if case .member(.focus, let step) = base, step.choices.isEmpty, case .object(let object) = focus.json {
            return object[step.name] != nil || object[step.companion] != nil
        }
        return !items(base, focus).isEmpty
    }

    // MARK: Comparing

    private mutating func equality(_ left: FHIRPath, _ right: FHIRPath, _ focus: Item) -> Bool? {
        if left.isLogical, right.isLogical {
            guard let left = truth(left, focus), let right = truth(right, focus) else { return nil }
            return left == right
        }
        let (left, right) = (items(left, focus), items(right, focus))
        if left.isEmpty || right.isEmpty { return nil }
        guard left.count == right.count else { return false }
        if hasMissingValue(left) || hasMissingValue(right) {
            isUndecided = true
            return nil
        }
        for (left, right) in zip(left, right) where !equal(left.json, right.json) { return false }
        return true
    }

    private func hasMissingValue(_ items: [Item]) -> Bool { items.contains { $0.json.isNull } }

    private mutating func equal(_ left: JSON, _ right: JSON) -> Bool {
        spend(1)
        switch (left, right) {
        case (.number(let left), .number(let right)): return DecimalText(left).compare(DecimalText(right)) == 0
        case (.array(let left), .array(let right)):
            return left.count == right.count && zip(left, right).allSatisfy { equal($0, $1) }
        case (.object(let left), .object(let right)):
            guard left.members.count == right.members.count else { return false }
            return left.members.allSatisfy { member in right[member.key].map { equal(member.value, $0) } ?? false }
        default: return left == right
        }
    }

    private mutating func comparison(_ operator: FHIRPath.Operator, _ left: [Item], _ right: [Item]) -> Bool? {
        guard left.count == 1, right.count == 1, let bounds = bounds(left[0].json, right[0].json) else {
            isUndecided = true
            return nil
        }
        switch `operator` {
        case .less: return bounds.least < 0
        case .lessOrEqual: return bounds.least <= 0
        case .greater: return bounds.most > 0
        default: return bounds.most >= 0
        }
    }

    /// The least and the most that the first may lie above the second, as signs. `nil` if they cannot be compared.
    private func bounds(_ left: JSON, _ right: JSON) -> (least: Int, most: Int)? {
        switch (left, right) {
        case (.number(let left), .number(let right)):
            let order = DecimalText(left).compare(DecimalText(right))
            return (order, order)
        case (.string(let left), .string(let right)):
            guard let left = DateTime(left), let right = DateTime(right) else { return nil }
            return bounds(left, right)
        case (.object(let left), .object(let right)):
            let units = ["system", "code", "unit"]
            guard units.allSatisfy({ left[$0] == right[$0] }), let left = left["value"], let right = right["value"]
            else {
                return nil
            }
            return bounds(left, right)
        default: return nil
        }
    }

    private func bounds(_ left: DateTime, _ right: DateTime) -> (least: Int, most: Int) {
        if left.start == right.start, left.end == right.end { return (0, 0) }
        // Of two, one with a zone and one without, the latter may be meant anywhere between 14 hours east and 12 west.
        let open = left.hasZone != right.hasZone
        func first(_ time: DateTime) -> Int64 { time.start - (open && !time.hasZone ? 14 * Self.hour : 0) }
        func last(_ time: DateTime) -> Int64 { time.end - 1 + (open && !time.hasZone ? 12 * Self.hour : 0) }
        return (Int((first(left) - last(right)).signum()), Int((last(left) - first(right)).signum()))
    }

    private static let hour: Int64 = 3_600_000_000

    /// Whether all of the first are among the second.
    private mutating func isIn(_ some: [Item], _ all: [Item]) -> Bool? {
        if some.isEmpty { return nil }
        if hasMissingValue(some) {
            isUndecided = true
            return nil
        }
        for item in some where !contains(all, item) { return false }
        return true
    }

    private mutating func contains(_ items: [Item], _ item: Item) -> Bool {
        for other in items {
            if isExhausted { return false }
            if equal(other.json, item.json) { return true }
        }
        return false
    }

    private mutating func isDistinct(_ items: [Item]) -> Bool {
        let texts = items.compactMap { $0.json.string.map { Array($0.utf8) } }
        if texts.count == items.count { return Set(texts).count == texts.count }
        for (index, item) in items.enumerated() where contains(Array(items[..<index]), item) { return false }
        return true
    }

    private func `is`(_ item: Item, _ type: String) -> Bool {
        if let found = item.type { return found == type || found == type.prefix(1).lowercased() + type.dropFirst() }
        return item.json["resourceType"]?.string == type
    }

    // MARK: Items

    private mutating func items(_ expression: FHIRPath, _ focus: Item) -> [Item] {
        spend(1)
        guard !isExhausted else { return [] }
        switch expression {
        case .focus: return [focus]
        case .variable(let variable):
            switch variable {
            case .context: return [Item(json: context)]
            case .resource: return [Item(json: resource)]
            case .rootResource: return [Item(json: rootResource)]
            }
        case .literal(let json): return [Item(json: json)]
        case .member(let base, let step):
            var found: [Item] = []
            if case .focus = base {
                member(step, of: focus, into: &found)
            } else {
                for item in items(base, focus) { member(step, of: item, into: &found) }
            }
            spend(found.count)
            return found
        case .ofType(let base, let type): return items(base, focus).filter { self.is($0, type) }
        case .text(let pattern, let base) where !pattern.isTest:
            return text(base, focus).map { [Item(json: .string(pattern.shortened($0)))] } ?? []
        case .once(let number, let inner):
            if let found = kept[number] { return found }
            let found = items(inner, focus)
            kept[number] = found
            return found
        case .operation(let `operator`, let left, let right) where !expression.isLogical:
            return operation(`operator`, left, right, focus)
        case .call(let function, let base, let arguments) where !expression.isLogical:
            return call(function, base, arguments, focus)
        default: return truth(expression, focus).map { [Item(json: .bool($0))] } ?? []
        }
    }

    private func member(_ step: FHIRPath.Step, of item: Item, into found: inout [Item]) {
        guard case .object(let object) = item.json else { return }
        if step.choices.isEmpty {
            add(object[step.name], object[step.companion], nil, to: &found)
            return
        }
        for member in object.members where member.key.hasPrefix(step.name) {
            if let type = step.choices[member.key] { return add(member.value, nil, type, to: &found) }
        }
        for member in object.members where member.key.hasPrefix(step.companion) {
            if let type = step.choices[String(member.key.dropFirst())] {
                return add(nil, member.value, type, to: &found)
            }
        }
    }

    private func add(_ value: JSON?, _ companion: JSON?, _ type: String?, to found: inout [Item]) {
        switch value {
        case .array(let values)?:
            for value in values { found.append(Item(json: value, type: type)) }
        case let value?: found.append(Item(json: value, type: type))
        case nil:
            guard let companion else { return }
            let count = companion.array?.count ?? 1
            for _ in 0..<count { found.append(Item(json: .null, type: type)) }
        }
    }

    private mutating func operation(
        _ operator: FHIRPath.Operator,
        _ left: FHIRPath,
        _ right: FHIRPath,
        _ focus: Item
    ) -> [Item] {
        switch `operator` {
        case .union:
            var found: [Item] = []
            for item in items(left, focus) + items(right, focus) where !contains(found, item) { found.append(item) }
            return found
        case .concatenate:
            return [Item(json: .string((text(left, focus) ?? "") + (text(right, focus) ?? "")))]
        default:
            let numbers = [items(left, focus), items(right, focus)].compactMap { $0.first?.json.integer }
            // Only counts are added, which are far from any overflow.
            return numbers.count == 2 ? [Item(json: .number(String(numbers[0] + numbers[1])))] : []
        }
    }

    private mutating func call(
        _ function: FHIRPath.Function,
        _ base: FHIRPath,
        _ arguments: [FHIRPath],
        _ focus: Item
    ) -> [Item] {
        if function == .iif { return truth(arguments[0], focus) == true ? items(arguments[1], focus) : [] }
        let items = items(base, focus)
        switch function {
        case .count: return [Item(json: .number(String(items.count)))]
        case .first: return Array(items.prefix(1))
        case .tail: return Array(items.dropFirst())
        case .where:
            var found: [Item] = []
            for item in items where truth(arguments[0], item) == true { found.append(item) }
            return found
        case .select: return items.flatMap { self.items(arguments[0], $0) }
        case .combine: return items + self.items(arguments[0], focus)
        case .intersect:
            let others = self.items(arguments[0], focus)
            return items.filter { contains(others, $0) }
        case .children: return items.flatMap { children(of: $0) }
        case .descendants:
            var found: [Item] = []
            for item in items { descendants(of: item, into: &found) }
            return found
        case .toInteger:
            return items.first.flatMap { Int($0.json.string ?? $0.json.number ?? "") }
                .map { [Item(json: .number(String($0)))] } ?? []
        case .toString:
            return items.first.flatMap { $0.json.string ?? $0.json.number }.map { [Item(json: .string($0))] } ?? []
        default: return []
        }
    }

    private mutating func children(of item: Item) -> [Item] {
        guard case .object(let object) = item.json else { return [] }
        var found: [Item] = []
        for member in object.members where member.key != "resourceType" { add(member.value, nil, nil, to: &found) }
        spend(found.count)
        return found
    }

    private mutating func descendants(of item: Item, into found: inout [Item]) {
        guard !isExhausted else { return }
        for child in children(of: item) {
            found.append(child)
            descendants(of: child, into: &found)
        }
    }

    /// The one text that a path leads to.
    private mutating func text(_ expression: FHIRPath, _ focus: Item) -> String? {
        let items = items(expression, focus)
        return items.count == 1 ? items[0].json.string : nil
    }
}

/// A number of JSON, to be compared exactly.
struct DecimalText {
    private let isNegative: Bool
    /// Without zeros at either end, as a fraction after the point; empty for zero.
    private let digits: [UInt8]
    private let exponent: Int

    init(_ text: String) {
        var rest = text.utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        let mantissa = parts[0].split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let all = mantissa.flatMap { $0 }
        let zeros = all.prefix { $0 == UInt8(ascii: "0") }.count
        var significant = Array(all.dropFirst(zeros))
        while significant.last == UInt8(ascii: "0") { significant.removeLast() }
        digits = significant
        let power = parts.count > 1 ? Int(Substring(parts[1])) ?? 0 : 0
        exponent = (mantissa.first?.count ?? 0) - zeros + power
    }

    /// -1, 0 or 1: whether this number lies below the other, is the same, or lies above.
    func compare(_ other: DecimalText) -> Int {
        let (left, right) = (sign, other.sign)
        guard left == right, left != 0 else { return (left - right).signum() }
        if exponent != other.exponent { return (exponent - other.exponent).signum() * left }
        if digits == other.digits { return 0 }
        return digits.lexicographicallyPrecedes(other.digits) ? -left : left
    }

    private var sign: Int { digits.isEmpty ? 0 : isNegative ? -1 : 1 }
}
