import Care
import Postgres
import Seals
import Synchronization

/// Openings that wait at the same moment travel together: one statement, one commit, one round trip.
///
/// So many pipelines are under way at once, the lanes. A request that finds a lane free takes it at once and alone, so that
/// nobody waits for company. One that finds none waits, and those who wait leave together with the first lane that is free:
/// one of them leads, which sends everything and hands out the answers. Each pass is decided by itself, has its own secret,
/// and is shown in a transaction of its own; whose an answer is says the hash of the secret that comes with it.
final class SharedOpenings: Sendable {
    private let store: Store
    private let lanes: Int
    private let state = Mutex(State())

    /// How many travel together at most: they wait for one another's work.
    private static let most = 16
    private let queueLimit: Int
    private let patience: Duration

    private struct State {
        var underWay = 0
        var waiting: [Waiting] = []
    }

    private struct Waiting: Sendable {
        let opening: Opening
        let continuation: UnsafeContinuation<Turn, Never>?
        let since = ContinuousClock.now
    }

    /// What somebody who waited is to do.
    private enum Turn: Sendable {
        /// Take these along, oneself first.
        case lead([Waiting])
        case alone
        /// Waited long enough.
        case tooLate
        case answered(Result<Outcome, PostgresError>)
    }

    /// Over a store, so many pipelines at once. So many may wait, the next is refused at once; and so long, by default as long as
    /// for a connection.
    init(store: Store, lanes: Int, queueLimit: Int = 1024, patience: Duration = .seconds(5)) {
        self.store = store
        self.lanes = lanes
        self.queueLimit = queueLimit
        self.patience = patience
    }

    /// How many wait now.
    var waiting: Int { state.withLock(\.waiting.count) }

    /// Opens a pass and does its work, in company if others wait.
    func open(_ opening: Opening) async throws -> Outcome {
        switch try await turn(of: opening) {
        case .answered(let result): return try result.get()
        case .alone: return try await alone(opening)
        case .tooLate: throw Refusal.tooBusy
        case .lead(let party):
            defer { leave() }
            return party.count == 1 ? try await alone(opening) : try await lead(party)
        }
    }

    /// Opens a pass by itself.
    func alone(_ opening: Opening) async throws -> Outcome {
        let results = try await store.pipeline(
            opening.work.isEmpty ? [[opening.statement]] : [[opening.statement], opening.use]
        )
        guard let row = try results[0].get()[0].first else { throw Refusal.unavailable }
        return Outcome(answer: try GateAnswer(row), work: opening.work.isEmpty ? .success([]) : results[1])
    }

    private func turn(of opening: Opening) async throws -> Turn {
        let isFree = try state.withLock { state in
            guard state.underWay >= lanes else {
                state.underWay += 1
                return true
            }
            guard state.waiting.count < queueLimit else { throw Refusal.tooBusy }
            return false
        }
        guard !isFree else { return .lead([Waiting(opening: opening, continuation: nil)]) }
        return await withUnsafeContinuation { continuation in
            let waiting = Waiting(opening: opening, continuation: continuation)
            // A lane may have become free since.
            let isFree = state.withLock { state in
                guard state.underWay >= lanes else {
                    state.underWay += 1
                    return true
                }
                state.waiting.append(waiting)
                return false
            }
            if isFree { continuation.resume(returning: .lead([waiting])) }
        }
    }

    /// Gives the lane to those who wait.
    private func leave() {
        let oldest = ContinuousClock.now - patience
        let (late, next) = state.withLock { state -> ([Waiting], [Waiting]) in
            let late = Array(state.waiting.prefix { $0.since < oldest })
            let next = Array(state.waiting.dropFirst(late.count).prefix(Self.most))
            state.waiting.removeFirst(late.count + next.count)
            if next.isEmpty { state.underWay -= 1 }
            return (late, next)
        }
        for waiting in late { waiting.continuation?.resume(returning: .tooLate) }
        next.first?.continuation?.resume(returning: .lead(next))
    }

    /// Sends everybody's opening and work, and hands out the answers; the first is the caller's own.
    private func lead(_ party: [Waiting]) async throws -> Outcome {
        let turns = await turns(of: party.map(\.opening))
        for (waiting, turn) in zip(party, turns).dropFirst() { waiting.continuation?.resume(returning: turn) }
        guard case .answered(let result) = turns[0] else { return try await alone(party[0].opening) }
        return try result.get()
    }

    private func turns(of openings: [Opening]) async -> [Turn] {
        let results: [Result<[Rows], PostgresError>]
        do {
            // Whoever leads may go away; the others stay.
            results = try await store.pipeline(
                [[Opening.statement(of: openings)]] + openings.filter { !$0.work.isEmpty }.map(\.use),
                heedingCancellation: false
            )
        } catch {
            return openings.map { _ in .answered(.failure(error)) }
        }
        switch results[0] {
        case .failure(let error) where error.kind == .server: return openings.map { _ in .alone }
        case .failure(let error): return openings.map { _ in .answered(.failure(error)) }
        case .success(let rows): return Self.answers(rows[0], Array(results.dropFirst()), to: openings)
        }
    }

    private static func answers(
        _ rows: Rows,
        _ works: [Result<[Rows], PostgresError>],
        to openings: [Opening]
    ) -> [Turn] {
        var works = works.makeIterator()
        return openings.enumerated().map { index, opening in
            let work =
                opening.work.isEmpty
                ? .success([]) : works.next() ?? .failure(PostgresError(kind: .decoding, sqlState: "22000"))
            return .answered(
                Result { () throws(PostgresError) in
                    guard index < rows.count,
                        try rows[index].decode([UInt8].self, at: 5) == Primitive.sha256(opening.secret.bytes)
                    else { throw PostgresError(kind: .decoding, sqlState: "22000") }
                    return Outcome(answer: try GateAnswer(rows[index]), work: work)
                }
            )
        }
    }
}
