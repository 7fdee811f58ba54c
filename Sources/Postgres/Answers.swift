/// Puts what libpq hands out, piece by piece, back to the statements and transactions it belongs to.
///
/// libpq does not say which statement a result is of: a nil ends each, and a mark stands for each Sync. So the steps
/// sent are counted off.
struct Answers {
    /// A statement's place in a job.
    struct Place: Equatable {
        let transaction: Int
        let statement: Int
    }

    /// One thing the server was asked to do.
    enum Step: Equatable {
        case prepare(Place)
        case run(Place)
        /// The end of a transaction, where it commits.
        case sync
        /// Housekeeping of the connection, whose result interests nobody.
        case tidy
        case tidied
    }

    /// One thing that libpq hands out.
    enum Piece {
        case rows(Rows)
        case failure(PostgresError)
        /// Not run, as something before it in the transaction failed.
        case skipped
        case endOfStatement
        case sync
    }

    private var steps: [Step] = []
    private var position = 0
    private var rows: [Rows] = []
    private var failure: PostgresError?
    private var endsAtSync = 0
    /// Of the transactions that have ended so far.
    private(set) var completed: Job.Answers = []

    /// The step whose results are coming now; nil when all are there.
    var step: Step? { position < steps.count ? steps[position] : nil }

    mutating func expect(_ step: Step) { steps.append(step) }

    /// Takes a piece; false if it cannot be one of what was asked, so that the connection is out of step.
    mutating func received(_ piece: Piece) -> Bool {
        guard let step else { return false }
        switch (piece, step) {
        case (.sync, .sync): endTransaction()
        case (.sync, .tidied): position += 1
        case (.sync, _): return false
        case (.endOfStatement, .sync), (.endOfStatement, .tidied):
            // Comes once, after an error in the commit itself.
            endsAtSync += 1
            return endsAtSync == 1
        case (.endOfStatement, _): position += 1
        case (.rows(let answer), .run): rows.append(answer)
        case (.failure(let error), .prepare), (.failure(let error), .run), (.failure(let error), .sync):
            failure = failure ?? error
        case (.rows, _), (.failure, _), (.skipped, _): break
        }
        return true
    }

    private mutating func endTransaction() {
        completed.append(failure.map { .failure($0) } ?? .success(rows))
        (rows, failure, endsAtSync) = ([], nil, 0)
        position += 1
    }

    /// The answers of all transactions, where those that did not come to an end get an error: what is known of them,
    /// or else the given one.
    func all(of count: Int, else error: PostgresError) -> Job.Answers {
        let missing = (completed.count..<max(count, completed.count)).map { index in
            Job.Answers.Element.failure(index == completed.count ? failure ?? error : error)
        }
        return completed + missing
    }
}
