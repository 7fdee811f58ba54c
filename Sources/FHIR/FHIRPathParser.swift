/// Reads FHIRPath by recursive descent. Names are not yet bound to types: see `FHIRPathBinder`.
struct FHIRPathParser {
    private var tokens: [Token] = []
    private var position = 0

    private enum Token: Equatable {
        case name(String)
        case text(String)
        case number(String)
        case symbol(String)
    }

    static func parse(_ text: String) throws(FHIRPathError) -> FHIRPath {
        var parser = FHIRPathParser()
        parser.tokens = try tokens(of: text)
        let expression = try parser.expression(0)
        guard parser.position == parser.tokens.count else { throw FHIRPathError("more after the end") }
        return expression
    }

    // MARK: Words

    private static func tokens(of text: String) throws(FHIRPathError) -> [Token] {
        var tokens: [Token] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first.isWhitespace {
                rest.removeFirst()
            } else if first == "'" || first == "`" {
                let quoted = try self.quoted(&rest)
                tokens.append(first == "'" ? .text(quoted) : .name(quoted))
            } else if first.isNumber {
                tokens.append(.number(number(&rest)))
            } else if first.isLetter || first == "$" || first == "%" || first == "_" {
                rest.removeFirst()
                tokens.append(.name("\(first)" + take(&rest) { $0.isLetter || $0.isNumber || $0 == "_" }))
            } else if let symbol = ["!=", "<=", ">="].first(where: { rest.hasPrefix($0) }) {
                rest.removeFirst(2)
                tokens.append(.symbol(symbol))
            } else {
                rest.removeFirst()
                tokens.append(.symbol("\(first)"))
            }
        }
        return tokens
    }

    private static func take(_ rest: inout Substring, while belongs: (Character) -> Bool) -> String {
        let taken = rest.prefix(while: belongs)
        rest = rest[taken.endIndex...]
        return String(taken)
    }

    /// Digits, and perhaps a point with more of them.
    private static func number(_ rest: inout Substring) -> String {
        let whole = take(&rest) { $0.isNumber }
        guard rest.first == ".", rest.dropFirst().first?.isNumber == true else { return whole }
        rest.removeFirst()
        return whole + "." + take(&rest) { $0.isNumber }
    }

    private static func quoted(_ rest: inout Substring) throws(FHIRPathError) -> String {
        let quote = rest.removeFirst()
        var text = ""
        while let next = rest.popFirst() {
            if next == quote { return text }
            guard next == "\\" else {
                text.append(next)
                continue
            }
            guard let escaped = rest.popFirst() else { break }
            text.append(escaped)
        }
        throw FHIRPathError("a text without its end")
    }

    // MARK: Grammar

    /// From what binds least to what binds most.
    private static let precedence: [String: Int] = [
        "implies": 1, "or": 2, "xor": 2, "and": 3, "in": 4, "contains": 4, "=": 5, "!=": 5, "<": 6, "<=": 6, ">": 6,
        ">=": 6, "|": 7, "is": 8, "as": 8, "+": 9, "&": 9,
    ]

    private mutating func expression(_ least: Int) throws(FHIRPathError) -> FHIRPath {
        var left = try term()
        while let word = word, let binds = Self.precedence[word], binds > least {
            position += 1
            if word == "is" || word == "as" {
                let type = try name()
                left = word == "is" ? .isType(left, type) : .ofType(left, type)
            } else {
                left = .operation(FHIRPath.Operator(rawValue: word)!, left, try expression(binds))
            }
        }
        return left
    }

    /// The next token, if it could be an operator.
    private var word: String? {
        guard position < tokens.count else { return nil }
        switch tokens[position] {
        case .name(let word), .symbol(let word): return word
        default: return nil
        }
    }

    private mutating func term() throws(FHIRPathError) -> FHIRPath {
        var term = try first()
        while take(".") { term = try invocation(on: term) }
        return term
    }

    private mutating func first() throws(FHIRPathError) -> FHIRPath {
        guard position < tokens.count else { throw FHIRPathError("ends too soon") }
        switch tokens[position] {
        case .text(let text):
            position += 1
            return .literal(.string(text))
        case .number(let text):
            position += 1
            return .literal(.number(text))
        case .symbol:
            guard take("(") else { throw FHIRPathError("an unknown symbol") }
            let inner = try expression(0)
            guard take(")") else { throw FHIRPathError("a bracket without its end") }
            return inner
        case .name(let name):
            switch name {
            case "$this":
                position += 1
                return .focus
            case "true", "false":
                position += 1
                return .literal(.bool(name == "true"))
            case "%ucum":
                position += 1
                return .literal("http://unitsofmeasure.org")
            default: break
            }
            guard name.hasPrefix("%") else { return try invocation(on: .focus) }
            position += 1
            guard let variable = FHIRPath.Variable(rawValue: String(name.dropFirst())) else {
                throw FHIRPathError("unknown variable \(name)")
            }
            return .variable(variable)
        }
    }

    /// A name, which is an element, or with brackets a function.
    private mutating func invocation(on base: FHIRPath) throws(FHIRPathError) -> FHIRPath {
        let name = try name()
        guard take("(") else { return .member(base, FHIRPath.Step(name)) }
        if name == "is" || name == "ofType" || name == "as" {
            let type = try self.name()
            guard take(")") else { throw FHIRPathError("a bracket without its end") }
            return name == "is" ? .isType(base, type) : .ofType(base, type)
        }
        var arguments: [FHIRPath] = []
        while !take(")") {
            if !arguments.isEmpty, !take(",") { throw FHIRPathError("arguments without a comma") }
            arguments.append(try expression(0))
        }
        return try call(name, on: base, arguments)
    }

    private func call(_ name: String, on base: FHIRPath, _ arguments: [FHIRPath]) throws(FHIRPathError) -> FHIRPath {
        // Only says something to whoever debugs an expression.
        if name == "trace" { return base }
        if name == "matches" || name == "replaceMatches" {
            guard case .literal(.string(let text))? = arguments.first, let pattern = FHIRPathPattern(rawValue: text),
                pattern.isTest == (name == "matches")
            else { throw FHIRPathError("a pattern that has no check of its own") }
            return .text(pattern, on: base)
        }
        guard let function = FHIRPath.Function(rawValue: name), function.arguments == arguments.count else {
            throw FHIRPathError("unknown function \(name)")
        }
        return .call(function, on: base, arguments)
    }

    private mutating func name() throws(FHIRPathError) -> String {
        guard position < tokens.count, case .name(let name) = tokens[position] else {
            throw FHIRPathError("a name is missing")
        }
        position += 1
        return name
    }

    private mutating func take(_ symbol: String) -> Bool {
        guard position < tokens.count, tokens[position] == .symbol(symbol) else { return false }
        position += 1
        return true
    }
}
