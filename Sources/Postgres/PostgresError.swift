import CPostgres

/// What went wrong in the database or on the way to it.
///
/// It holds the five characters of the SQLSTATE, the name of the constraint and our own statement, never the server's
/// text: that may quote the row (LOG-1). So it may be printed and logged.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Who failed.
    public enum Kind: String, Sendable {
        /// PostgreSQL refused the statement; see the SQLSTATE.
        case server
        /// No connection, or it was lost: the statements may or may not have taken effect.
        case connection
        /// The time allowed is over; the statement was stopped.
        case timeout
        /// The task was cancelled; the statement was stopped.
        case cancelled
        /// Too many wait already, or none became free in time. Nothing was sent.
        case poolExhausted
        /// A value is not of the type asked for.
        case decoding
    }

    /// Who failed.
    public let kind: Kind
    /// PostgreSQL's five-character code, or the one that fits what happened on our side.
    public let sqlState: String
    /// The violated constraint, if it is one.
    public let constraint: String?
    /// The statement as the program has it: `$1` stands where a value went.
    public internal(set) var statement: String?

    /// An error; public so that others' tests can make one.
    public init(kind: Kind, sqlState: String, constraint: String? = nil, statement: String? = nil) {
        self.kind = kind
        self.sqlState = sqlState
        self.constraint = constraint
        self.statement = statement
    }

    /// Code, constraint and statement.
    public var description: String {
        let parts = ["PostgreSQL: \(kind.rawValue) \(sqlState)", constraint.map { "constraint \($0)" }, statement]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    func with(statement template: [UInt8]) -> PostgresError {
        var copy = self
        copy.statement = String(decoding: Template.rendered(template).text.dropLast(), as: UTF8.self)
        return copy
    }
}

extension PostgresError {
    static func connection(_ sqlState: String = "08006") -> PostgresError {
        PostgresError(kind: .connection, sqlState: sqlState)
    }
    static let timeout = PostgresError(kind: .timeout, sqlState: "57014")
    static let cancelled = PostgresError(kind: .cancelled, sqlState: "57014")
    static let poolExhausted = PostgresError(kind: .poolExhausted, sqlState: "53300")
    static let decoding = PostgresError(kind: .decoding, sqlState: "22000")
    /// Out of memory in libpq, or a use of it that it refuses.
    static let client = PostgresError(kind: .connection, sqlState: "08P01")

    /// Takes code and constraint from a result, and nothing else.
    init(result: OpaquePointer?) {
        let state = String(libpq: carekeep_sql_state(result))
        let fatal = ["FATAL", "PANIC"].contains(String(libpq: carekeep_severity(result)))
        switch state {
        case nil: self = .connection()  // libpq's own, made when the connection broke
        case "57014": self = .timeout
        case let state?:
            self.init(
                kind: fatal || state.hasPrefix("08") || state.hasPrefix("57P") ? .connection : .server,
                sqlState: state,
                constraint: String(libpq: carekeep_constraint(result))
            )
        }
    }
}

extension String {
    /// A copy of a C string of libpq, or nil.
    init?(libpq text: UnsafePointer<CChar>?) {
        guard let text else { return nil }
        self.init(cString: text)
    }
}
