import CPostgres

/// A connection that waits for every answer: for start-up, migrations and tests, never for a request.
public final class AdminConnection {
    private let connection: OpaquePointer

    /// Connects. The string is libpq's: `host=/run/carekeep dbname=records` or `postgresql://…`; without `sslmode`, a
    /// remote server must prove its name (`verify-full`).
    public init(_ conninfo: String, applicationName: String = "carekeep admin") throws(PostgresError) {
        let target = try ConnectionTarget(conninfo, applicationName: applicationName)
        connection = try target.open(within: .seconds(10)).pointer
    }

    deinit { PQfinish(connection) }

    /// Runs one statement. Between `begin` and `commit` it belongs to that transaction, otherwise to one of its own.
    @discardableResult
    public func query(_ sql: SQL) throws(PostgresError) -> Rows {
        try BlockingQuery.run(sql, on: connection)
    }

    /// Runs several statements. Unless the script has `begin` and `commit`, or one is open, they succeed or fail
    /// together.
    public func execute(script: SQLScript) throws(ScriptError) {
        guard PQsendQuery(connection, script.text) == 1 else {
            throw ScriptError(error: .client, script: script.name, statement: 1, place: nil, message: nil)
        }
        var failure: ScriptError?
        var statement = 1
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: break
            case PGRES_COPY_IN: PQputCopyEnd(connection, "a script does not copy")
            case PGRES_COPY_OUT, PGRES_COPY_BOTH: skipCopy()
            default: failure = failure ?? ScriptError(result: result, script: script, statement: statement)
            }
            statement += 1
        }
        if let failure { throw failure }
    }

    /// The server's version as a number: 150020 is 15.20.
    public var serverVersion: Int { Int(PQserverVersion(connection)) }

    /// Reads past what `copy … to stdout` sends; otherwise libpq would hand out the same result forever.
    private func skipCopy() {
        var line: UnsafeMutablePointer<CChar>?
        while PQgetCopyData(connection, &line, 0) > 0 { PQfreemem(line) }
    }
}

extension ScriptError {
    fileprivate init(result: OpaquePointer, script: SQLScript, statement: Int) {
        error = PostgresError(result: result)
        self.script = script.name
        self.statement = statement
        place = String(libpq: carekeep_position(result)).flatMap(Int.init).map {
            Place(ofCharacter: $0, in: script.text)
        }
        let speaksOfTheScript = Self.classesWithoutValues.contains(String(error.sqlState.prefix(2)))
        message = speaksOfTheScript ? String(libpq: carekeep_primary_message(result)) : nil
    }
}

/// Runs a statement on a connection that is not in pipeline mode, and waits.
enum BlockingQuery {
    static func run(_ sql: SQL, on connection: OpaquePointer) throws(PostgresError) -> Rows {
        let (text, types) = Template.rendered(sql.template)
        let result = sql.withParameters { count, values, lengths, formats in
            text.withUnsafeBufferPointer { text in
                text.withMemoryRebound(to: CChar.self) { text in
                    PQexecParams(connection, text.baseAddress, count, types, values, lengths, formats, 1)
                }
            }
        }
        guard let result else { throw .client }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return Rows(ServerResult(result))
        default:
            defer { PQclear(result) }
            throw PostgresError(result: result).with(statement: sql.template)
        }
    }
}

extension SQL {
    /// Hands libpq the parameters in its own shape: pointers into ``values``, lengths, and "all binary".
    func withParameters<Answer>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Answer
    ) -> Answer {
        values.withUnsafeBytes { bytes in
            lengths.withUnsafeBufferPointer { lengths in
                withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: lengths.count) { pointers in
                    withUnsafeTemporaryAllocation(of: Int32.self, capacity: lengths.count) { formats in
                        fill(pointers, lengths: lengths, bytes: bytes)
                        formats.initialize(repeating: 1)
                        return body(
                            Int32(lengths.count),
                            pointers.baseAddress,
                            lengths.baseAddress,
                            formats.baseAddress
                        )
                    }
                }
            }
        }
    }

    private func fill(
        _ pointers: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>,
        lengths: UnsafeBufferPointer<Int32>,
        bytes: UnsafeRawBufferPointer
    ) {
        var offset = 0
        for (index, length) in lengths.enumerated() {
            let start = length < 0 ? nil : bytes.baseAddress.map { $0 + offset } ?? SQL.nothing
            pointers.initializeElement(at: index, to: start?.assumingMemoryBound(to: CChar.self))
            offset += max(Int(length), 0)
        }
    }

    /// Where an empty value points: a null pointer would mean NULL.
    private static var nothing: UnsafeRawPointer { UnsafeRawPointer(("" as StaticString).utf8Start) }
}
