import CPostgres
import Glibc
import Synchronization

/// What other threads tell a store's thread, and the queue of jobs without a connection.
final class Inbox: Sendable {
    enum Event: Sendable {
        /// A transaction's next job, whose connection is known.
        case next(Job)
        case cancel(Job)
        case connected(line: Int, Result<LiveConnection, PostgresError>)
        /// The server has taken note that it should stop what it does for this connection.
        case cancelSent(line: Int, serial: Int)
        case awaitStart(UnsafeContinuation<Result<Void, PostgresError>, Never>)
        case shutDown(Moment, UnsafeContinuation<Void, Never>?)
    }

    private struct State {
        var phase = Phase.new
        var waiting = Queue<Job>()
        var events: [Event] = []
        /// Whether the thread will look at the queue without being woken: it was told, or all connections are busy and
        /// the first that is done takes the next job. Saves most wake-ups.
        var isAwake = false
        /// No job's waiting ends before this.
        var nextExpiry = Moment.never
        var idleConnections = 0
        var statistics = Store.Statistics()
        var refused = 0
    }

    private enum Phase { case new, open, closing, closed }

    private let state = Mutex(State())
    private let queueLimit: Int
    /// An eventfd: written to wake the thread.
    let wake: Int32

    init(queueLimit: Int) {
        self.queueLimit = queueLimit
        wake = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        precondition(wake >= 0, "no descriptor for an eventfd")
    }

    deinit { Glibc.close(wake) }

    // MARK: - For callers

    /// Lets jobs in; false if that was done before.
    func open() -> Bool {
        state.withLock { state in
            guard state.phase == .new else { return false }
            state.phase = .open
            return true
        }
    }

    /// Queues a job; returns why not, if not.
    func submit(_ job: Job) -> PostgresError? {
        switch job.role {
        case .alone, .opens: break
        case .within, .ends: return post(.next(job)) ? nil : .connection("08003")
        }
        let (refusal, mustWake) = state.withLock { state -> (PostgresError?, Bool) in
            guard state.phase == .open else { return (.connection("08003"), false) }
            guard state.waiting.count < queueLimit + state.idleConnections else {
                state.refused += 1
                return (.poolExhausted, false)
            }
            state.waiting.append(job)
            let mustWake = !state.isAwake || job.waitUntil < state.nextExpiry
            state.isAwake = true
            state.nextExpiry = min(state.nextExpiry, job.waitUntil)
            return (nil, mustWake)
        }
        if mustWake { wakeUp() }
        return refusal
    }

    /// Tells the thread something; false if there is no thread.
    @discardableResult
    func post(_ event: Event) -> Bool {
        let isHeard = state.withLock { state in
            guard state.phase == .open || state.phase == .closing else { return false }
            if case .shutDown = event { state.phase = .closing }
            state.events.append(event)
            return true
        }
        if isHeard { wakeUp() }
        return isHeard
    }

    var statistics: Store.Statistics {
        state.withLock { state in
            var statistics = state.statistics
            statistics.waiting = state.waiting.count
            statistics.refused = state.refused
            return statistics
        }
    }

    private func wakeUp() { eventfd_write(wake, 1) }

    // MARK: - For the store's thread

    func takeEvents() -> [Event] {
        state.withLock { state in
            guard !state.events.isEmpty else { return [] }
            defer { state.events = [] }
            return state.events
        }
    }

    /// Takes jobs for so many connections, and leaves word how things stand.
    func takeJobs(
        for idle: Int,
        into jobs: inout [Job],
        statistics: Store.Statistics
    ) -> (nextExpiry: Moment, left: Int) {
        state.withLock { state in
            while jobs.count < idle, let job = state.waiting.popFirst() { jobs.append(job) }
            state.isAwake = !state.waiting.isEmpty
            state.idleConnections = idle - jobs.count
            if state.waiting.isEmpty { state.nextExpiry = .never }
            state.statistics = statistics
            state.statistics.busy = statistics.connected - state.idleConnections
            return (state.nextExpiry, state.waiting.count)
        }
    }

    /// Takes out those that have waited long enough.
    func takeExpired(at now: Moment) -> [Job] {
        state.withLock { state in
            guard state.nextExpiry <= now else { return [] }
            let expired = state.waiting.remove { $0.waitUntil <= now }
            state.nextExpiry = state.waiting.reduce(.never) { min($0, $1.waitUntil) }
            return expired
        }
    }

    /// Takes out one that nobody waits for any more; false if it is not here.
    func remove(_ job: Job) -> Bool {
        state.withLock { state in !state.waiting.remove { $0 === job }.isEmpty }
    }

    /// Ends it: whatever is still here is handed back, and nothing comes in any more.
    func close() -> (jobs: [Job], events: [Event]) {
        state.withLock { state in
            state.phase = .closed
            state.statistics = Store.Statistics()
            defer { state.events = [] }
            return (state.waiting.remove { _ in true }, state.events)
        }
    }
}

/// First in, first out, without moving the rest at each step.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        elements[head] = nil
        head += 1
        if head == elements.count || head > 256 {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes out what fits, in order.
    mutating func remove(where fits: (Element) -> Bool) -> [Element] {
        let all = elements[head...].compactMap { $0 }
        elements = all.filter { !fits($0) }
        head = 0
        return all.filter(fits)
    }

    func reduce<Answer>(_ start: Answer, _ next: (Answer, Element) -> Answer) -> Answer {
        elements[head...].lazy.compactMap { $0 }.reduce(start, next)
    }
}
