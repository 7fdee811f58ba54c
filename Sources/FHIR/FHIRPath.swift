/// An expression in the part of FHIRPath that R4's invariants are written in, parsed and bound to the type it is asked of.
///
/// What it costs is bounded: there is no recursion but along the expression and the nesting of the JSON, no regular
/// expression is run, and an evaluation stops when its budget is used up.
///
/// Known: paths, `exists() empty() not() count() hasValue() where() all() select() first() tail() isDistinct() combine()
/// intersect() children() descendants() contains() startsWith() toInteger() toString() iif() trace()`, `matches()` and
/// `replaceMatches()` for the patterns of `FHIRPathPattern`, `is as ofType()`, `and or xor implies = != < <= > >= in
/// contains | & +`, texts, numbers, `true`, `false`, `$this`, `%context %resource %rootResource %ucum`.
indirect enum FHIRPath: Sendable {
    /// What the expression, or the criterion of a function, is asked of; also `$this`.
    case focus
    case variable(Variable)
    case literal(JSON)
    case member(FHIRPath, Step)
    case call(Function, on: FHIRPath, [FHIRPath])
    case text(FHIRPathPattern, on: FHIRPath)
    case operation(Operator, FHIRPath, FHIRPath)
    /// Those of a type, or whether it is of that type.
    case ofType(FHIRPath, String)
    case isType(FHIRPath, String)
    /// The same however often it is asked within one evaluation, and so kept under a number.
    case once(Int, FHIRPath)

    enum Variable: String, Sendable {
        case context, resource, rootResource
    }

    enum Function: String, Sendable {
        case exists, empty, not, count, hasValue, `where`, all, select, first, tail, isDistinct, combine, intersect
        case children, descendants, contains, startsWith, toInteger, toString, iif

        /// Whether its arguments are asked of each item and not of what the function is called in.
        var hasCriterion: Bool { self == .where || self == .all || self == .select }

        var arguments: Int {
            switch self {
            case .where, .all, .select, .combine, .intersect, .contains, .startsWith: 1
            case .iif: 2
            default: 0
            }
        }
    }

    enum Operator: String, Sendable {
        case and, or, xor, implies
        case equal = "="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case `in`, contains
        case union = "|"
        case concatenate = "&"
        case add = "+"
    }

    /// The step to an element, by the members of JSON that may hold it.
    struct Step: Sendable {
        let name: String
        /// The member with id and extensions of a primitive.
        let companion: String
        /// Of a choice: the type by member. Empty for all others.
        var choices: [String: String] = [:]

        init(_ name: String) {
            self.name = name
            companion = "_" + name
        }
    }

    /// Whether the answer is a truth value, or none.
    var isLogical: Bool {
        switch self {
        case .call(let function, _, _):
            switch function {
            case .exists, .empty, .not, .hasValue, .all, .isDistinct, .contains, .startsWith: true
            default: false
            }
        case .operation(let `operator`, _, _):
            switch `operator` {
            case .union, .concatenate, .add: false
            default: true
            }
        case .text(let pattern, _): pattern.isTest
        case .isType: true
        case .literal(.bool): true
        default: false
        }
    }
}

/// Why an expression could not be read. Expressions are a part of the program, so this is a defect found by its tests.
struct FHIRPathError: Error, Equatable {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// The regular expressions of R4's invariants, each as a check by hand: a regular expression can be made to run for hours.
enum FHIRPathPattern: String, Sendable {
    /// The name of a slice (eld-16).
    case sliceName = #"^[a-zA-Z0-9\/\-_\[\]\@]+$"#
    /// The path of an element (eld-19).
    case path =
        #"[^\s\.,:;\'"\/|?!@#$%&*()\[\]{}]{1,64}(\.[^\s\.,:;\'"\/|?!@#$%&*()\[\]{}]{1,64}(\[x\])?(\:[^\s\.]+)?)*"#
    /// The name of a type (sdf-19).
    case typeName = "^[a-zA-Z0-9]+$"
    case dottedTypeName = #"^[a-zA-Z0-9\.]+$"#
    case systemType = #"^http:\/\/hl7\.org\/fhirpath\/System\.[A-Z][A-Za-z]+$"#
    /// What follows the first dot, to be replaced by nothing (sdf-8a).
    case afterFirstDot = #"\..*"#

    var isTest: Bool { self != .afterFirstDot }

    func accepts(_ text: String) -> Bool {
        switch self {
        case .sliceName: isMade(text, of: "/-_[]@")
        case .typeName: isMade(text, of: "")
        case .dottedTypeName: isMade(text, of: ".")
        case .path: Self.isPath(text)
        case .systemType: Self.isSystemType(text)
        case .afterFirstDot: true
        }
    }

    /// The text up to the first dot.
    func shortened(_ text: String) -> String {
        String(decoding: text.utf8.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    }

    private func isMade(_ text: String, of others: StaticString) -> Bool {
        others.withUTF8Buffer { others in
            !text.isEmpty && text.utf8.allSatisfy { Self.isLetterOrDigit($0) || others.contains($0) }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26
    }

    private static func isSystemType(_ text: String) -> Bool {
        let prefix = "http://hl7.org/fhirpath/System."
        let name = text.utf8.dropFirst(prefix.utf8.count)
        guard text.utf8.starts(with: prefix.utf8), name.count > 1 else { return false }
        return name.first! < UInt8(ascii: "a") && name.allSatisfy { isLetterOrDigit($0) && $0 > UInt8(ascii: "9") }
    }

    /// Names with dots between them, each of 64 characters at most; `[x]` and the name of a slice may follow.
    private static func isPath(_ text: String) -> Bool {
        let names = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let forbidden = Array(" \t\n\r,:;'\"/|?!@#$%&*()[]{}".utf8)
        return names.enumerated().allSatisfy { index, name in
            let plain = name.prefix { !forbidden.contains($0) }
            guard !plain.isEmpty, Substring(plain).unicodeScalars.count <= 64 else { return false }
            var rest = name[plain.endIndex...]
            if index > 0, rest.starts(with: "[x]".utf8) { rest = rest.dropFirst(3) }
            if index > 0, rest.first == UInt8(ascii: ":"), rest.count > 1 {
                return !rest.contains { $0 <= 0x20 }
            }
            return rest.isEmpty
        }
    }
}
