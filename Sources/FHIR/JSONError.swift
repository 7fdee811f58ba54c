/// Why a text is not JSON that we accept: what rule it breaks, and where. Never with a value from the text.
public struct JSONError: Error, Sendable, Equatable {
    /// The rule that was broken.
    public enum Kind: String, Sendable, CaseIterable {
        case empty, truncated, syntax, trailing
        case byteOrderMark, invalidUTF8, nul, controlCharacter, loneSurrogate, escape
        case number, numberTooLong, duplicateKey, tooManyMarks
        case tooLarge, tooDeep, tooManyValues
    }

    public let kind: Kind
    /// The byte at which the rule is broken, counted from 0.
    public let offset: Int
    /// The element in which it is broken, such as `Patient.name[0].family`; empty for the text as a whole.
    public let expression: String

    /// The rule, in words.
    public var rule: String {
        switch kind {
        case .empty: "there must be a JSON value"
        case .truncated: "the text must not end inside a value"
        case .syntax: "the text must follow the grammar of JSON"
        case .trailing: "nothing may follow the value"
        case .byteOrderMark: "the text must not begin with a byte order mark"
        case .invalidUTF8: "the text must be valid UTF-8"
        case .nul: "a string must not contain the character U+0000"
        case .controlCharacter: "control characters in a string must be escaped"
        case .loneSurrogate: "an escaped surrogate must be one of a pair"
        case .escape: "an escape must be one that JSON knows"
        case .number: "a number must follow the grammar of JSON"
        case .numberTooLong: "a number must not have more digits, or a larger exponent, than can be kept"
        case .tooManyMarks: "a letter must not have more accents than \(String.mostMarks)"
        case .duplicateKey: "a member must not be given twice"
        case .tooLarge: "the text must not be larger than is accepted"
        case .tooDeep: "values must not be nested more deeply than is accepted"
        case .tooManyValues: "there must not be more values than are accepted"
        }
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String {
        "\(rule) (byte \(offset)\(expression.isEmpty ? "" : ", in \(expression)"))"
    }
}

/// How large a JSON text may be, in each way in which an attacker could make it large.
public struct JSONLimits: Sendable {
    /// Bytes of the whole text.
    public var bytes: Int
    /// Objects and arrays within each other.
    public var depth: Int
    /// Values in all, of every kind: what a small text full of tiny values costs in memory.
    public var values: Int
    /// Digits of one number.
    public var digits: Int
    /// The largest exponent, up or down.
    public var exponent: Int

    public init(bytes: Int, depth: Int = 100, values: Int, digits: Int = 64, exponent: Int = 400) {
        self.bytes = bytes
        // Parsing and freeing recurse, and a thread may have as little as 512 KB of stack.
        self.depth = min(depth, 500)
        self.values = values
        self.digits = digits
        self.exponent = exponent
    }

    /// For a request: 16 MiB.
    public static let standard = JSONLimits(bytes: 16 << 20, values: 1_000_000)
    /// For files that an operator imports: 512 MiB.
    public static let bulk = JSONLimits(bytes: 512 << 20, values: 50_000_000)
}
