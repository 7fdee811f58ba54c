import CPostgres

/// What one statement answered.
public struct Rows: Sendable, RandomAccessCollection {
    private let result: ServerResult

    init(_ result: ServerResult) { self.result = result }

    public var startIndex: Int { 0 }
    public var endIndex: Int { Int(PQntuples(result.pointer)) }
    public subscript(position: Int) -> Row {
        precondition(indices.contains(position), "no such row")
        return Row(result: result, index: Int32(position))
    }

    /// How many rows the statement inserted, changed, removed or returned.
    public var affected: Int {
        String(libpq: PQcmdTuples(result.pointer)).flatMap(Int.init) ?? 0
    }

    /// Whether the server says `COMMIT`: the answer to a `commit` of a failed transaction is `ROLLBACK`, not an error.
    var isCommit: Bool { String(libpq: PQcmdStatus(result.pointer)) == "COMMIT" }
}

/// One row of an answer.
public struct Row: Sendable {
    fileprivate let result: ServerResult
    fileprivate let index: Int32

    /// The value in a column, counted from 0. NULL is a value of an optional type only.
    public func decode<Value: Bindable>(_: Value.Type, at column: Int) throws(PostgresError) -> Value {
        guard (0..<PQnfields(result.pointer)).contains(Int32(clamping: column)) else { throw .decoding }
        defer { withExtendedLifetime(result) {} }
        return try Value.decode(cell(at: Int32(column)))
    }

    /// The first columns together: `let (id, name) = try row.decode((UUID, String?).self)`.
    public func decode<each Value: Bindable>(_: (repeat each Value).Type) throws(PostgresError) -> (repeat each Value) {
        var column = -1
        func next<Next: Bindable>(_: Next.Type) throws(PostgresError) -> Next {
            column += 1
            return try decode(Next.self, at: column)
        }
        return (repeat try next((each Value).self))
    }

    private func cell(at column: Int32) -> Cell {
        let type = PostgresType(rawValue: PQftype(result.pointer, column))
        guard PQgetisnull(result.pointer, index, column) == 0 else { return Cell(type: type, bytes: nil) }
        let length = Int(PQgetlength(result.pointer, index, column))
        return Cell(
            type: type,
            bytes: UnsafeRawBufferPointer(start: PQgetvalue(result.pointer, index, column), count: length)
        )
    }
}

/// Owns a result of libpq. Nothing changes it once it is here, so that threads may share it.
final class ServerResult: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { PQclear(pointer) }
}
