/// A place in the pool: a connection, or the wish for one, and what it is used for. Only the store's thread touches it.
final class Line {
    enum Phase {
        /// No connection.
        case down
        /// A helper thread is connecting.
        case connecting
        case idle
        /// Runs a job.
        case working
        /// A transaction has it and thinks.
        case held
        /// The job is answered, but a request to stop it is still on its way: nobody else may have the line before.
        case settling
    }

    /// The attempt to stop a job.
    struct Stop {
        /// What the caller will be told.
        let reason: PostgresError
        /// When the connection is given up instead.
        let giveUpAt: Moment
        /// Whether a helper thread is telling the server.
        var isBeingSent = true
        /// When to tell it again: the first may have come before the server began.
        var nextAt = Moment.never
    }

    let index: Int
    /// Counts the connections it had, so that late news of an earlier one is known as such.
    private(set) var serial = 0
    var phase = Phase.down
    private(set) var connection: PipelineConnection?
    var job: Job?
    var lease: Lease?
    var stop: Stop?
    /// When the job is to be stopped.
    var deadline = Moment.never
    /// What epoll was told to wait for.
    var awaitsRoomToSend = false

    init(index: Int) { self.index = index }

    func connect(_ connection: PipelineConnection) {
        self.connection = connection
        serial += 1
        phase = .idle
        awaitsRoomToSend = false
    }

    func disconnect() {
        connection = nil  // closes it
        serial += 1
        phase = .down
        stop = nil
    }

    /// When the thread has to look at this line even if nothing comes.
    var nextMoment: Moment {
        switch phase {
        case .down, .connecting, .idle: .never
        case .held: lease?.deadline ?? .never
        case .settling: stop?.giveUpAt ?? .never
        case .working: stop.map { min($0.giveUpAt, $0.nextAt) } ?? deadline
        }
    }
}

/// When to try again to connect: at once, then after growing pauses, one line at a time until one gets through.
struct Reconnection {
    private var failures = 0
    /// Nobody may try before.
    private(set) var earliest = Moment.now

    /// Whether the last attempt failed.
    var isFailing: Bool { failures > 0 }

    mutating func succeeded() { failures = 0 }

    mutating func failed(at now: Moment) {
        guard now >= earliest else { return }  // another of the same round, counted already
        failures += 1
        let pause = min(0.05 * Double(1 << min(failures - 1, 10)), 5)
        earliest = now + .seconds(pause * Double.random(in: 0.75...1.25))
    }
}
