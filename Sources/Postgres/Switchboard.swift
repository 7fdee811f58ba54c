import CPostgres
import Glibc

/// A store's thread: waits for all its connections at once and passes jobs and answers to and fro.
///
/// All its state belongs to that one thread; others speak to it by the ``Inbox``.
final class Switchboard {
    private let configuration: Store.Configuration
    private let target: ConnectionTarget
    private let inbox: Inbox
    private let lines: [Line]
    private let poll: Int32
    private var reconnection = Reconnection()
    private var statistics = Store.Statistics()
    private var now = Moment.now
    private var nextExpiry = Moment.never
    private var waiting = 0
    private var jobs: [Job] = []
    private var starters: [UnsafeContinuation<Result<Void, PostgresError>, Never>] = []
    private var closers: [UnsafeContinuation<Void, Never>] = []
    /// Set when the store is to end; what still runs then is stopped.
    private var closing: Moment?

    /// Between two requests to stop one job. The server acts on a request within milliseconds, unless it came between
    /// two statements.
    private static let pauseBetweenStops = Duration.milliseconds(100)
    /// How long a server may take to stop before its connection is given up.
    private static let patience = Duration.seconds(3)
    /// What the client allows beyond the server's own limit, which is to act first.
    private static let headStart = Duration.seconds(5)
    private static let wakeMark = UInt64.max

    init(configuration: Store.Configuration, target: ConnectionTarget, inbox: Inbox) {
        self.configuration = configuration
        self.target = target
        self.inbox = inbox
        lines = (0..<max(configuration.poolSize, 1)).map(Line.init)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(poll >= 0, "no descriptor for epoll")
        // Edge-triggered: each write wakes once, and nothing needs to be read back.
        control(EPOLL_CTL_ADD, inbox.wake, EPOLLIN.rawValue | EPOLLET.rawValue, mark: Self.wakeMark)
    }

    /// Runs until the store is shut down.
    func run() {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
            while !isOver {
                connectMissing()
                let count = epoll_wait(poll, events.baseAddress, Int32(events.count), nextMoment.millisecondsLeft)
                now = .now
                for event in events.prefix(Int(max(count, 0))) where event.data.u64 != Self.wakeMark {
                    isReady(lines[Int(event.data.u64)])
                }
                for event in inbox.takeEvents() { handle(event) }
                heedTime()
                assignJobs()
            }
        }
        end()
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, mark: UInt64) {
        var event = epoll_event(events: events, data: epoll_data_t(u64: mark))
        let status = epoll_ctl(poll, operation, descriptor, &event)
        precondition(status == 0, "epoll does not take a descriptor")
    }

    // MARK: - What connections say

    private func isReady(_ line: Line) {
        guard let connection = line.connection else { return }
        switch (connection.receive(), line.phase) {
        case (.lost, _): lose(line, .connection())
        case (.done, .working): jobIsDone(on: line, connection)
        case (.done, _), (.waiting, _): awaitRoomIfNeeded(line, connection)
        }
    }

    private func awaitRoomIfNeeded(_ line: Line, _ connection: PipelineConnection) {
        guard connection.hasUnsent != line.awaitsRoomToSend else { return }
        line.awaitsRoomToSend = connection.hasUnsent
        let events = EPOLLIN.rawValue | (connection.hasUnsent ? EPOLLOUT.rawValue : 0)
        control(EPOLL_CTL_MOD, connection.socket, events, mark: UInt64(line.index))
    }

    private func jobIsDone(on line: Line, _ connection: PipelineConnection) {
        awaitRoomIfNeeded(line, connection)
        if case .alone? = line.job?.role, connection.isInTransaction {
            // Somebody's `begin` must not become the next one's transaction.
            return lose(line, .client)
        }
        let answers = connection.takeAnswers()
        let job = line.job
        line.job = nil
        statistics.completed += 1
        if let stop = line.stop, stop.isBeingSent {
            line.phase = .settling
        } else {
            release(line)
        }
        job?.finish(.success(line.stop.map { explain(answers, by: $0.reason) } ?? answers))
        if line.phase != .settling { line.stop = nil }
        if let job, case .ends(let lease) = job.role { end(lease, on: line, connection) }
        resume(line)
    }

    /// A statement that we stopped says why we did.
    private func explain(_ answers: Job.Answers, by reason: PostgresError) -> Job.Answers {
        answers.map { answer in
            guard case .failure(let error) = answer, error.sqlState == "57014" else { return answer }
            return .failure(PostgresError(kind: reason.kind, sqlState: "57014", statement: error.statement))
        }
    }

    // MARK: - What other threads say

    private func handle(_ event: Inbox.Event) {
        switch event {
        case .next(let job): continueTransaction(with: job)
        case .cancel(let job): cancel(job)
        case .connected(let index, let outcome): isConnected(lines[index], outcome)
        case .cancelSent(let index, let serial): cancelWasSent(on: lines[index], serial)
        case .awaitStart(let continuation):
            // Whoever started this may come to wait when the last connection stands already.
            if lines.contains(where: { $0.connection != nil }) {
                continuation.resume(returning: .success(()))
            } else {
                starters.append(continuation)
            }
        case .shutDown(let moment, let continuation):
            closing = min(closing ?? .never, moment)
            if let continuation { closers.append(continuation) }
        }
    }

    private func cancel(_ job: Job) {
        job.isCancelled = true
        if let line = job.line {
            if line.stop == nil { beginStop(line, .cancelled) }
        } else if inbox.remove(job) {
            fail(job, .cancelled)
        } else if let index = job.lease?.backlog.firstIndex(where: { $0 === job }) {
            job.lease?.backlog.remove(at: index)
            fail(job, .cancelled)
        }
        // Otherwise it is answered already, or has not come yet and will be looked at when it does.
    }

    /// Answers a job that was not sent; a transaction that waited for it is over.
    private func fail(_ job: Job, _ error: PostgresError) {
        job.finish(.failure(error))
        guard case .opens(let lease) = job.role else { return }
        finish(lease, error)
    }

    // MARK: - Jobs and lines

    private func assignJobs() {
        let idle = lines.count { $0.phase == .idle }
        statistics.connected = lines.count { $0.connection != nil }
        (nextExpiry, waiting) = inbox.takeJobs(for: idle, into: &jobs, statistics: statistics)
        guard !jobs.isEmpty else { return }
        var free = lines.lazy.filter { $0.phase == .idle }.makeIterator()
        for job in jobs {
            guard !job.isCancelled else {
                fail(job, .cancelled)
                continue
            }
            guard let line = free.next() else { preconditionFailure("more jobs than idle lines") }
            start(job, on: line)
        }
        jobs.removeAll(keepingCapacity: true)
    }

    private func start(_ job: Job, on line: Line) {
        guard let connection = line.connection else { return fail(job, .connection()) }
        if case .opens(let lease) = job.role { grant(lease, to: line) }
        line.phase = .working
        line.job = job
        job.line = line
        line.deadline = deadline(of: job, on: line)
        guard connection.send(job.transactions, mayTidy: !connection.isInTransaction) else {
            return lose(line, .connection())
        }
        awaitRoomIfNeeded(line, connection)
    }

    private func deadline(of job: Job, on line: Line) -> Moment {
        let limit = configuration.statementTimeout * job.statementCount + Self.headStart
        return min(job.deadline, now + limit, line.lease?.deadline ?? .never)
    }

    /// What a line does after a job: it serves its transaction or is free.
    private func release(_ line: Line) {
        line.phase = line.lease == nil ? .idle : .held
        line.deadline = .never
    }

    /// The connection is lost or given up: its job is answered with what is known, and the line starts anew.
    private func lose(_ line: Line, _ error: PostgresError) {
        let answers = line.connection?.takeAnswers(else: error)
        let job = line.job
        line.job = nil
        line.disconnect()
        statistics.lost += 1
        if let job { job.finish(.success(answers ?? [])) }
        if let lease = line.lease { finish(lease, error) }
        line.lease = nil
    }

    // MARK: - Transactions of several round trips

    private func grant(_ lease: Lease, to line: Line) {
        lease.state = .granted(line)
        lease.deadline = now + lease.duration
        line.lease = lease
    }

    private func continueTransaction(with job: Job) {
        guard let lease = job.lease else { return }
        switch lease.state {
        case .over(let error): job.finish(.failure(error))
        case .wanted: lease.backlog.append(job)
        case .granted(let line):
            lease.backlog.append(job)
            resume(line)
        }
    }

    /// Starts the next job of the transaction that holds the line.
    private func resume(_ line: Line) {
        while line.phase == .held, let lease = line.lease, !lease.backlog.isEmpty {
            let job = lease.backlog.removeFirst()
            job.isCancelled ? fail(job, .cancelled) : start(job, on: line)
        }
    }

    /// After `commit` or `rollback`: the line is free, unless the server says that the transaction goes on (a `commit`
    /// that was stopped), which then waits for its `rollback`.
    private func end(_ lease: Lease, on line: Line, _ connection: PipelineConnection) {
        guard !connection.isInTransaction else { return }
        finish(lease, PostgresError(kind: .server, sqlState: "25P01"))
        line.lease = nil
        if line.phase == .held { release(line) }
    }

    private func finish(_ lease: Lease, _ error: PostgresError) {
        lease.state = .over(error)
        let backlog = lease.backlog
        lease.backlog = []
        for job in backlog { job.finish(.failure(error)) }
    }

    /// The time of a transaction is over: it is rolled back here, whatever its owner is doing.
    private func takeBack(_ line: Line) {
        guard let lease = line.lease else { return }
        finish(lease, .timeout)
        line.lease = nil
        start(Job([["rollback"]], timeout: nil, waitUntil: .never), on: line)
    }

    // MARK: - Stopping

    private func beginStop(_ line: Line, _ reason: PostgresError) {
        line.stop = Line.Stop(reason: reason, giveUpAt: now + Self.patience)
        sendStop(line)
    }

    private func sendStop(_ line: Line) {
        line.stop?.nextAt = .never
        guard let cancellation = line.connection?.cancellation() else { return }
        line.stop?.isBeingSent = true
        statistics.cancellations += 1
        let (inbox, index, serial) = (inbox, line.index, line.serial)
        WorkerThread.start(named: "postgres cancel") {
            cancellation.send()
            inbox.post(.cancelSent(line: index, serial: serial))
        }
    }

    private func cancelWasSent(on line: Line, _ serial: Int) {
        guard line.serial == serial, line.stop != nil else { return }
        line.stop?.isBeingSent = false
        line.stop?.nextAt = now + Self.pauseBetweenStops
        guard line.phase == .settling else { return }
        line.stop = nil
        release(line)
        resume(line)
    }

    // MARK: - Time

    private var nextMoment: Moment {
        var next = lines.reduce(nextExpiry) { min($0, $1.nextMoment) }
        if let closing, closing > now { next = min(next, closing) }
        if mayConnect { next = min(next, reconnection.earliest) }
        return next
    }

    private func heedTime() {
        for line in lines where line.nextMoment <= now { timeIsOver(for: line) }
        if nextExpiry <= now || closing.map({ $0 <= now }) == true { expireWaiting() }
        if let closing, closing <= now {
            for line in lines where line.phase == .working && line.stop == nil {
                beginStop(line, .connection("57P01"))
            }
            for line in lines where line.phase == .held { takeBack(line) }
        }
    }

    private func timeIsOver(for line: Line) {
        switch line.phase {
        case .held: takeBack(line)
        case .working, .settling:
            guard let stop = line.stop else { return beginStop(line, .timeout) }
            stop.giveUpAt <= now ? lose(line, stop.reason) : sendStop(line)
        case .down, .connecting, .idle: break
        }
    }

    private func expireWaiting() {
        let isDown = !lines.contains { $0.connection != nil }
        let isClosing = closing.map { $0 <= now } == true
        for job in inbox.takeExpired(at: isClosing ? .never : now) {
            statistics.expired += 1
            fail(job, isDown ? .connection("08001") : .poolExhausted)
        }
    }

    // MARK: - Connecting

    private var mayConnect: Bool {
        guard closing == nil || waiting > 0 else { return false }
        let isProbing = reconnection.isFailing && lines.contains { $0.phase == .connecting }
        return !isProbing && lines.contains { $0.phase == .down }
    }

    private func connectMissing() {
        while mayConnect, reconnection.earliest <= .now, let line = lines.first(where: { $0.phase == .down }) {
            line.phase = .connecting
            let (target, configuration, inbox, index) = (target, configuration, inbox, line.index)
            WorkerThread.start(named: "postgres connect") {
                let outcome = Session.open(target, configuration)
                guard !inbox.post(.connected(line: index, outcome)), case .success(let connection) = outcome
                else { return }
                PQfinish(connection.pointer)  // the store has ended meanwhile
            }
        }
    }

    private func isConnected(_ line: Line, _ outcome: Result<LiveConnection, PostgresError>) {
        switch outcome {
        case .failure(let error):
            line.phase = .down
            reconnection.failed(at: now)
            // The others may have more luck.
            if lines.allSatisfy({ $0.phase == .down }) { answerStarters(.failure(error)) }
        case .success(let live):
            let connection = PipelineConnection(live)
            line.connect(connection)
            control(EPOLL_CTL_ADD, connection.socket, EPOLLIN.rawValue, mark: UInt64(line.index))
            reconnection.succeeded()
            answerStarters(.success(()))
        }
    }

    private func answerStarters(_ outcome: Result<Void, PostgresError>) {
        for starter in starters { starter.resume(returning: outcome) }
        starters = []
    }

    // MARK: - The end

    private var isOver: Bool {
        guard let closing else { return false }
        let isAtRest = lines.allSatisfy { [.down, .connecting, .idle].contains($0.phase) }
        return isAtRest && (waiting == 0 || closing <= now)
    }

    private func end() {
        let (jobs, events) = inbox.close()
        for job in jobs { fail(job, .connection("57P01")) }
        for line in lines { line.disconnect() }
        close(poll)
        answerStarters(.failure(.connection("57P01")))
        for event in events {
            switch event {
            case .next(let job): job.finish(.failure(.connection("57P01")))
            case .connected(_, .success(let connection)): PQfinish(connection.pointer)
            case .awaitStart(let continuation): continuation.resume(returning: .failure(.connection("57P01")))
            case .shutDown(_, let continuation?): continuation.resume()
            case .cancel, .connected, .cancelSent, .shutDown: break
            }
        }
        for closer in closers { closer.resume() }
    }
}
