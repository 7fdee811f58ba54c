/// A statement: literal text whose interpolations become parameters.
///
/// ```swift
/// let statement: SQL = "select body from record where id = \(id) and version = \(version)"
/// ```
///
/// The literal pieces are `StaticString`, so a string made at run time can be a parameter and nothing else: there is no
/// initialiser that takes a `String`, and none that interpolates one into the text (APP-4). Statements can be put
/// together from others (`\(condition)` where `condition` is an `SQL`); parameters are numbered anew.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The text, where each parameter is ``Template/hole`` followed by the four bytes of its type. In this form it is
    /// the key of the prepared statements: equal text and equal types mean the same plan, and nothing has to be
    /// rendered to find that out.
    var template: [UInt8]
    /// The binary values, one after another.
    var values: [UInt8]
    /// The length of each value, or -1 for NULL.
    var lengths: [Int32]

    /// A statement without parameters.
    public init(stringLiteral text: StaticString) {
        template = text.withUTF8Buffer { Array($0) }
        values = []
        lengths = []
    }

    /// A statement with parameters or parts; the compiler calls this.
    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// Collects the pieces of a statement; the compiler uses it.
    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql: SQL

        /// Makes room for a statement of about this size.
        public init(literalCapacity: Int, interpolationCount: Int) {
            sql = ""
            sql.template.reserveCapacity(literalCapacity + interpolationCount * Template.holeLength)
            sql.values.reserveCapacity(interpolationCount * 16)
            sql.lengths.reserveCapacity(interpolationCount)
        }

        /// Appends text of the program.
        public mutating func appendLiteral(_ text: StaticString) {
            text.withUTF8Buffer { sql.template.append(contentsOf: $0) }
        }

        /// Appends a parameter.
        public mutating func appendInterpolation<Value: Bindable>(_ value: Value) {
            Template.appendHole(of: Value.postgresType, to: &sql.template)
            guard !value.isNull else { return sql.lengths.append(-1) }
            let start = sql.values.count
            value.encode(into: &sql.values)
            sql.lengths.append(Int32(clamping: sql.values.count - start))
        }

        /// Appends a parameter that may be NULL. (Of its own, as the compiler warns of optionals elsewhere.)
        public mutating func appendInterpolation<Value: Bindable>(_ value: Value?) {
            if let value { return appendInterpolation(value) }
            Template.appendHole(of: Value.postgresType, to: &sql.template)
            sql.lengths.append(-1)
        }

        /// Appends another statement's text and parameters.
        public mutating func appendInterpolation(_ part: SQL) {
            sql.template.append(contentsOf: part.template)
            sql.values.append(contentsOf: part.values)
            sql.lengths.append(contentsOf: part.lengths)
        }

        /// Appends the name of a table, role or database, quoted.
        public mutating func appendInterpolation(_ identifier: Identifier) {
            sql.template.append(contentsOf: identifier.quoted.utf8)
        }
    }

    /// The name of a database object that is not known when the program is written: a month's partition, a scratch
    /// database. Nothing but lower-case letters, digits and underscores passes, so that neither a quote nor somebody's
    /// name gets in by mistake.
    public struct Identifier: Sendable, Hashable {
        /// The name as given.
        public let name: String

        /// Refuses whatever is not `[a-z_][a-z0-9_]*` of at most 63 bytes.
        public init?(_ name: String) {
            let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            guard let first = name.utf8.first, !digits.contains(first), name.utf8.count <= 63,
                name.utf8.allSatisfy({ letters.contains($0) || digits.contains($0) || $0 == UInt8(ascii: "_") })
            else { return nil }
            self.name = name
        }

        var quoted: String { "\"\(name)\"" }
    }
}

/// How the text of a statement is kept before it is sent.
enum Template {
    /// Marks a parameter; a control character that no SQL text has a use for.
    static let hole: UInt8 = 0x01
    /// The mark and the four bytes of the type.
    static let holeLength = 5

    static func appendHole(of type: PostgresType, to template: inout [UInt8]) {
        template.append(hole)
        template.append(bigEndian: type.rawValue)
    }

    /// What libpq is given: text with `$1`, `$2`…, ended by a NUL, and the parameters' types.
    static func rendered(_ template: [UInt8]) -> (text: [UInt8], types: [UInt32]) {
        var text: [UInt8] = []
        var types: [UInt32] = []
        text.reserveCapacity(template.count + 1)
        var index = 0
        while index < template.count {
            guard template[index] == hole, index + holeLength <= template.count else {
                text.append(template[index])
                index += 1
                continue
            }
            types.append(template[(index + 1)...].prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
            text.append(contentsOf: "$\(types.count)".utf8)
            index += holeLength
        }
        text.append(0)
        return (text, types)
    }
}

extension [UInt8] {
    /// Appends an integer in network order, as PostgreSQL's binary formats have it.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
