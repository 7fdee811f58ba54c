import CPostgres

/// A connection in libpq's pipeline mode, which never waits: sends a job's transactions, and collects their answers.
final class PipelineConnection {
    /// How far the answers are.
    enum Progress { case waiting, done, lost }

    private let connection: OpaquePointer
    private var statements = PreparedStatements()
    private var transactions: [[SQL]] = []
    private var answers = Answers()
    /// Whether some of what is to be sent did not fit into the socket's buffer.
    private(set) var hasUnsent = false

    init(_ connection: LiveConnection) { self.connection = connection.pointer }

    deinit { PQfinish(connection) }

    var socket: Int32 { PQsocket(connection) }
    var isInTransaction: Bool { PQtransactionStatus(connection) != PQTRANS_IDLE }

    /// Sends transactions, a Sync after each; false if the connection is lost. Old prepared statements can be dropped
    /// first (`mayTidy`) when no transaction is open.
    func send(_ transactions: [[SQL]], mayTidy: Bool) -> Bool {
        self.transactions = transactions
        answers = Answers()
        if mayTidy, !tidy() { return false }
        for (index, transaction) in transactions.enumerated() {
            for (number, sql) in transaction.enumerated() {
                guard send(sql, at: Answers.Place(transaction: index, statement: number)) else { return false }
            }
            guard PQpipelineSync(connection) == 1 else { return false }
            answers.expect(.sync)
        }
        return flush()
    }

    private func send(_ sql: SQL, at place: Answers.Place) -> Bool {
        switch statements.use(sql.template, in: place.transaction) {
        case .prepared(let name):
            return run(sql, prepared: name, at: place)
        case .prepareFirst(let name):
            let (text, types) = Template.rendered(sql.template)
            guard PQsendPrepare(connection, name, text.map(CChar.init(bitPattern:)), Int32(types.count), types) == 1
            else { return false }
            answers.expect(.prepare(place))
            return run(sql, prepared: name, at: place)
        case .unprepared:
            return runUnprepared(sql, at: place)
        }
    }

    private func run(_ sql: SQL, prepared name: String, at place: Answers.Place) -> Bool {
        answers.expect(.run(place))
        return sql.withParameters { count, values, lengths, formats in
            PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1) == 1
        }
    }

    private func runUnprepared(_ sql: SQL, at place: Answers.Place) -> Bool {
        answers.expect(.run(place))
        let (bytes, types) = Template.rendered(sql.template)
        let text = bytes.map(CChar.init(bitPattern:))
        return sql.withParameters { count, values, lengths, formats in
            PQsendQueryParams(connection, text, count, types, values, lengths, formats, 1) == 1
        }
    }

    /// Drops old prepared statements, each in a transaction of its own, as it may be gone already.
    private func tidy() -> Bool {
        for name in statements.takeDoomed() {
            guard PQsendQueryParams(connection, "deallocate \(name)", 0, nil, nil, nil, nil, 1) == 1,
                PQpipelineSync(connection) == 1
            else { return false }
            answers.expect(.tidy)
            answers.expect(.tidied)
        }
        return true
    }

    /// Sends what is left, as far as it goes; false if the connection is lost.
    func flush() -> Bool {
        let status = PQflush(connection)
        hasUnsent = status == 1
        return status >= 0
    }

    /// Reads what has come. libpq sends meanwhile, too, or both sides could wait for each other with full buffers.
    func receive() -> Progress {
        guard PQconsumeInput(connection) == 1, !hasUnsent || flush() else { return salvage() }
        return collect()
    }

    /// Takes what is left of a lost connection: the server's last words may say why.
    private func salvage() -> Progress {
        _ = collect()
        return .lost
    }

    private func collect() -> Progress {
        while let step = answers.step {
            guard PQisBusy(connection) == 0 else { return .waiting }
            guard take(PQgetResult(connection), of: step), PQstatus(connection) == CONNECTION_OK else { return .lost }
        }
        statements.settle()
        // Between jobs only notices come, or the end.
        return PQisBusy(connection) == 0 && PQstatus(connection) != CONNECTION_OK ? .lost : .done
    }

    private func take(_ result: OpaquePointer?, of step: Answers.Step) -> Bool {
        guard let result else { return answers.received(.endOfStatement) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            if case .prepare(let place) = step { statements.confirm(template(at: place)) }
            return answers.received(.rows(Rows(ServerResult(result))))
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            return answers.received(.sync)
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            return answers.received(.skipped)
        case PGRES_FATAL_ERROR:
            defer { PQclear(result) }
            return answers.received(.failure(note(PostgresError(result: result), of: step)))
        default:  // a COPY, which a pipeline cannot have
            PQclear(result)
            return false
        }
    }

    /// Adds to an error where it happened, and drops a prepared statement that the server does not accept any more.
    private func note(_ error: PostgresError, of step: Answers.Step) -> PostgresError {
        switch step {
        case .run(let place):
            // "cached plan must not change result type", and "prepared statement does not exist".
            if ["0A000", "26000"].contains(error.sqlState) { statements.forget(template(at: place)) }
            return error.with(statement: template(at: place))
        case .prepare(let place): return error.with(statement: template(at: place))
        case .sync, .tidy, .tidied: return error
        }
    }

    private func template(at place: Answers.Place) -> [UInt8] {
        transactions[place.transaction][place.statement].template
    }

    /// The answers of the last job; where one is missing, the error stands for it.
    func takeAnswers(else error: PostgresError = .connection()) -> Job.Answers {
        defer { (transactions, answers) = ([], Answers()) }
        return answers.all(of: transactions.count, else: error)
    }

    /// What a helper thread needs to tell the server to stop.
    func cancellation() -> Cancellation? { PQgetCancel(connection).map(Cancellation.init) }
}

/// Asks the server, over a connection of its own, to stop what it does for another.
struct Cancellation: @unchecked Sendable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    /// Blocks until the server has signalled the process at work: when it returns, no later statement of that
    /// connection can be hit.
    func send() {
        var text = [CChar](repeating: 0, count: 256)
        PQcancel(pointer, &text, Int32(text.count))
        PQfreeCancel(pointer)
    }
}
