import CPostgres
import Testing

@testable import Postgres

@Suite struct `The answers of a job` {
    private let place = Answers.Place(transaction: 0, statement: 0)
    private let error = PostgresError(kind: .server, sqlState: "22012")

    private func rows() -> Rows { Rows(ServerResult(PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK))) }

    private func expecting(_ steps: Answers.Step...) -> Answers {
        var answers = Answers()
        for step in steps { answers.expect(step) }
        return answers
    }

    private func expect(_ answers: inout Answers, toTake pieces: Answers.Piece...) {
        for piece in pieces {
            let isTaken = answers.received(piece)
            #expect(isTaken)
        }
    }

    private func expect(_ answers: inout Answers, toRefuse piece: Answers.Piece) {
        let isTaken = answers.received(piece)
        #expect(!isTaken)
    }

    @Test func `are complete at the sync and not at the row`() {
        var answers = expecting(.prepare(place), .run(place), .sync)
        expect(&answers, toTake: .rows(rows()), .endOfStatement, .rows(rows()), .endOfStatement)
        #expect(answers.completed.isEmpty && answers.step == .sync)
        expect(&answers, toTake: .sync)
        #expect(answers.step == nil)
        #expect((try? answers.completed.first?.get().count) == 1)
    }

    @Test func `keep the first error of a transaction`() {
        var answers = expecting(.run(place), .run(place), .sync)
        expect(&answers, toTake: .failure(error), .endOfStatement, .skipped, .endOfStatement, .sync)
        #expect(answers.completed.map(failure) == [error])
    }

    @Test func `are an error when the commit fails`() {
        var answers = expecting(.run(place), .sync)
        expect(&answers, toTake: .rows(rows()), .endOfStatement, .failure(error), .endOfStatement, .sync)
        #expect(answers.completed.map(failure) == [error])
    }

    @Test func `do not show what tidying up came to`() {
        var answers = expecting(.tidy, .tidied, .run(place), .sync)
        expect(&answers, toTake: .failure(error), .endOfStatement, .sync, .rows(rows()), .endOfStatement, .sync)
        #expect(answers.completed.map(failure) == [nil])
    }

    @Test func `notice that they are out of step`() {
        var early = expecting(.run(place), .sync)
        expect(&early, toRefuse: .sync)
        var endless = expecting(.sync)
        expect(&endless, toTake: .endOfStatement)
        expect(&endless, toRefuse: .endOfStatement)
        var done = expecting(.sync)
        expect(&done, toTake: .sync)
        expect(&done, toRefuse: .sync)
    }

    @Test func `say of each transaction that did not end why not`() {
        var answers = expecting(.sync, .run(place), .sync, .run(place), .sync)
        expect(&answers, toTake: .sync)
        expect(&answers, toTake: .failure(error))
        #expect(answers.all(of: 3, else: .timeout).map(failure) == [nil, error, .timeout])
    }
}

@Suite struct `Prepared statements` {
    private let text = Array("select".utf8)

    @Test func `are known once the server has confirmed them`() {
        var statements = PreparedStatements()
        #expect(statements.use(text, in: 0) == .prepareFirst("s1"))
        #expect(statements.use(text, in: 0) == .prepared("s1"))
        #expect(statements.use(text, in: 1) == .unprepared)
        statements.confirm(text)
        statements.settle()
        #expect(statements.use(text, in: 5) == .prepared("s1"))
    }

    @Test func `are not known if the server did not confirm them`() {
        var statements = PreparedStatements()
        _ = statements.use(text, in: 0)
        statements.settle()
        #expect(statements.use(text, in: 0) == .prepareFirst("s2"))
    }

    @Test func `are bounded: the one unused for longest goes`() {
        var statements = PreparedStatements(limit: 2)
        for number: UInt8 in [1, 2, 1, 3] {
            _ = statements.use([number], in: 0)
            statements.confirm([number])
        }
        statements.settle()
        #expect(statements.takeDoomed() == ["s2"])
        #expect(statements.takeDoomed().isEmpty)
        #expect(statements.use([1], in: 0) == .prepared("s1"))
    }
}

@Suite struct `A queue` {
    @Test func `hands out in order, however long it gets`() {
        var queue = Queue<Int>()
        var taken: [Int] = []
        for number in 0..<2000 {
            queue.append(number)
            if number.isMultiple(of: 3), let first = queue.popFirst() { taken.append(first) }
        }
        #expect(queue.remove { $0 == 1999 } == [1999])
        while let first = queue.popFirst() { taken.append(first) }
        #expect(taken == Array(0..<1999))
        #expect(queue.isEmpty && queue.popFirst() == nil)
    }
}
