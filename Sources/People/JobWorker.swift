import Postgres
import Synchronization

/// What does the work of a kind of job. It may be called again for the same job, and elsewhere: what it does twice must be as if done
/// once, or be delivered under the job's ``HeldJob/idempotencyKey``. It is cancelled when the lease runs out and when the server stops.
public typealias JobHandler = @Sendable (HeldJob) async throws -> Void

/// Takes jobs and does them, a few at a time, until its task is cancelled. A database that is away is asked again.
public final class JobWorker: Sendable {
    /// What became of a job that was taken.
    public enum Outcome: Sendable, CaseIterable {
        case done
        /// It waits for another attempt.
        case failed
        /// Its attempts are used up.
        case dead
        /// The lease ran out, or somebody else has it: it is, or will be, done elsewhere.
        case lost
        /// Given back undone, as the server stops.
        case stopped

        /// As a metric's label.
        public var word: StaticString {
            switch self {
            case .done: "done"
            case .failed: "failed"
            case .dead: "dead"
            case .lost: "lost"
            case .stopped: "stopped"
            }
        }
    }

    /// One taking of a job: ids and codes, and nothing of anybody's.
    public struct Run: Sendable {
        /// What was taken.
        public let job: HeldJob
        /// What became of it.
        public let outcome: Outcome
        /// Why it failed: an SQLSTATE, or the name of an error.
        public let code: String?
    }

    /// How a worker goes about it.
    public struct Pace: Sendable {
        /// How many jobs at a time.
        public var atOnce = 2
        /// How long to wait when nothing is due, or the database is away.
        public var idle: Duration = .seconds(2)
        /// How long a handler that was cancelled may take to end.
        public var grace: Duration = .seconds(1)

        /// The usual pace.
        public init() {}
    }

    private struct Tally: Hashable {
        let kind: JobKind
        let outcome: Outcome
    }

    private let queue: JobQueue
    private let handlers: [JobKind: JobHandler]
    private let pace: Pace
    private let report: @Sendable (Run) -> Void
    private let complaints: Complaints
    private let tallies = Mutex<[Tally: Int]>([:])

    /// A worker for the kinds that have a handler here. `report` hears of each taking, `complaints` of jobs that cannot be taken.
    public init(
        queue: JobQueue,
        handlers: [JobKind: JobHandler],
        pace: Pace = Pace(),
        complaints: Complaints = Complaints { _ in },
        report: @escaping @Sendable (Run) -> Void = { _ in }
    ) {
        self.queue = queue
        self.handlers = handlers
        self.pace = pace
        self.report = report
        self.complaints = complaints
    }

    /// How many jobs were taken since the start, by kind and what became of them.
    public var counts: [(kind: JobKind, outcome: Outcome, count: Int)] {
        let tallies = tallies.withLock { $0 }
        return handlers.keys.sorted { $0.description < $1.description }.flatMap { kind in
            Outcome.allCases.map { (kind, $0, tallies[Tally(kind: kind, outcome: $0)] ?? 0) }
        }
    }

    /// Works until the task is cancelled. Then jobs at hand are given back, and no handler is waited for longer than the grace.
    public func run() async {
        await withTaskGroup { lanes in
            for _ in 0..<pace.atOnce { lanes.addTask { await self.keepWorking() } }
        }
    }

    private func keepWorking() async {
        while !Task.isCancelled {
            guard await workOnce() == nil else { continue }
            // Ends early when the server stops.
            try? await Task.sleep(for: pace.idle)
        }
    }

    /// Takes a job and does it; `nil` if none is due, or none can be taken.
    public func workOnce() async -> Outcome? {
        // Not of this task: a job that was taken while the server stops is given back, instead of being forgotten. A database that is
        // away is asked again after a pause.
        let taking = Task { [queue, handlers] in try await queue.take(handlers.keys) }
        let taken: HeldJob?
        do { taken = try await taking.value } catch {
            complaints.hear(error)
            return nil
        }
        guard let job = taken, let handler = handlers[job.kind] else { return nil }
        let run = await perform(job, handler)
        tallies.withLock { $0[Tally(kind: job.kind, outcome: run.outcome), default: 0] += 1 }
        report(run)
        return run.outcome
    }

    private enum Ending: Sendable { case worked, leaseIsOver }

    /// The handler runs in a task that nobody has to wait for: one that hangs holds up neither the others nor a stop.
    private func perform(_ job: HeldJob, _ handler: @escaping JobHandler) async -> Run {
        guard !Task.isCancelled else { return await stop(job, Task { throw CancellationError() }) }
        let work = Task { try await handler(job) }
        let (endings, ending) = AsyncStream<Ending>.makeStream()
        let watches = [
            Task {
                _ = await work.result
                ending.yield(.worked)
            },
            Task {
                await job.awaitEndOfLease()
                ending.yield(.leaseIsOver)
            },
        ]
        defer { for watch in watches { watch.cancel() } }
        var heard = endings.makeAsyncIterator()
        switch await heard.next() {
        case .worked: return await settle(job, work.result)
        case .leaseIsOver:
            work.cancel()
            await end(of: work)
            return Run(job: job, outcome: .lost, code: "lease_expired")
        case nil: return await stop(job, work)  // this worker's task was cancelled
        }
    }

    private func settle(_ job: HeldJob, _ result: Result<Void, any Error>) async -> Run {
        do {
            switch result {
            case .success:
                try await insist(until: job) { try await job.finish() }
                return Run(job: job, outcome: .done, code: nil)
            case .failure(JobError.notHeld): return Run(job: job, outcome: .lost, code: "not_held")
            case .failure(let error):
                let code = Self.code(of: error)
                let isDead = try await insist(until: job) { try await job.fail(code) }
                return Run(job: job, outcome: isDead ? .dead : .failed, code: code)
            }
        } catch {
            return Run(job: job, outcome: .lost, code: Self.code(of: error))
        }
    }

    /// Tries again while the database is away, as long as the lease lasts: after that the job is somebody else's. A stop does not
    /// wait for it.
    private func insist<Answer: Sendable>(
        until job: HeldJob,
        _ body: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        while true {
            do {
                // Not of this task, so that what is done is said to be done though the server stops.
                return try await Task { try await body() }.value
            } catch let error as PostgresError where error.kind != .server {
                guard !Task.isCancelled, !job.leaseIsOver else { throw error }
                try? await Task.sleep(for: min(pace.idle, .milliseconds(500)))  // ends early when the server stops
            }
        }
    }

    private func stop(_ job: HeldJob, _ work: Task<Void, any Error>) async -> Run {
        work.cancel()
        // Given back only when nobody works at it here any more; otherwise its lease runs out by itself.
        guard await end(of: work) else { return Run(job: job, outcome: .lost, code: "did_not_stop") }
        if case .success = await work.result { return await settle(job, .success(())) }
        let giving = Task { try await job.giveBack() }  // not of this task, which is cancelled
        do { try await giving.value } catch { return Run(job: job, outcome: .lost, code: Self.code(of: error)) }
        return Run(job: job, outcome: .stopped, code: nil)
    }

    /// Whether the work ended within the grace.
    @discardableResult
    private func end(of work: Task<Void, any Error>) async -> Bool {
        let grace = pace.grace
        let (answers, answer) = AsyncStream<Bool>.makeStream()
        // Neither is of this task, which may be cancelled, and nobody waits for the one that comes second.
        let outcome = Task {
            for await ended in answers { return ended }
            return false
        }
        Task {
            _ = await work.result
            answer.yield(true)
        }
        Task {
            try? await Task.sleep(for: grace)  // nobody cancels it
            answer.yield(false)
        }
        return await outcome.value
    }

    /// An error's code: never what it says, which may be of somebody's record.
    static func code(of error: any Error) -> String {
        let name =
            switch error {
            case let error as PostgresError: error.sqlState
            case JobError.failed(let code): code.description
            case is CancellationError: "cancelled"
            default: String(describing: type(of: error))
            }
        let isCode = !name.isEmpty && name.utf8.count <= 60 && name.wholeMatch(of: /[A-Za-z0-9_.]+/) != nil
        return isCode ? name : "unknown"
    }
}
