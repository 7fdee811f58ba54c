import Dispatch
import Foundation
import Synchronization

/// Sends error reports from a thread of its own. Nobody waits for it: what finds the queue full, comes too often or cannot be
/// delivered is left out and counted.
public final class Reports: Sendable {
    /// What became of reports since the start.
    public struct Counts: Sendable, Equatable {
        /// Taken by the collector.
        public var sent = 0
        /// Lost: the queue was full, or the collector was away, refused, or had asked for less.
        public var dropped = 0
        /// Left out, as repeats of one from the last minute.
        public var repeated = 0
    }

    /// What the collector said to one report.
    struct Delivery: Sendable {
        var isTaken: Bool
        /// How long it wants to hear nothing.
        var quiet: Duration?
    }

    private struct State {
        var counts = Counts()
        var queue: [ErrorReport] = []
        var isSending = false
        var isClosed = false
        /// The problems of the last minute, each with how often it was left out.
        var recent: [ErrorReport.Kind: (since: ContinuousClock.Instant, repeats: Int)] = [:]
        /// The collector has asked for silence until then.
        var quietUntil: ContinuousClock.Instant?
    }

    /// How many wait at most.
    static let room = 64
    /// How many problems are remembered at most.
    private static let memory = 256
    /// For how long a problem is not told again.
    private static let pause = Duration.seconds(60)

    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    /// Starts to send to a collector.
    public convenience init(_ options: ReportOptions) {
        self.init {
            let sender = ReportSender(options)
            return { sender.send($0) }
        }
    }

    /// Starts a thread that delivers by what `makeSend` makes on it.
    init(makeSend: @escaping @Sendable () -> (ErrorReport) -> Delivery) {
        let thread = Thread { [self] in deliver(by: makeSend()) }
        thread.name = "reports"
        thread.start()
    }

    /// What became of them so far.
    public var counts: Counts { state.withLock { $0.counts } }

    /// Takes a report, or leaves it out; at once in either case.
    func offer(_ report: ErrorReport) {
        let now = ContinuousClock.now
        let isTaken = state.withLock { state in Self.take(report, &state, now) }
        if isTaken { work.signal() }
    }

    private static func take(_ report: ErrorReport, _ state: inout State, _ now: ContinuousClock.Instant) -> Bool {
        var report = report
        if let last = state.recent[report.kind] {
            guard now - last.since >= pause else {
                state.recent[report.kind]?.repeats += 1
                state.counts.repeated += 1
                return false
            }
            report.repeats = last.repeats
        }
        guard !state.isClosed, !isQuiet(state, now), state.queue.count < room else {
            state.counts.dropped += 1
            return false
        }
        if state.recent.count >= memory { state.recent = state.recent.filter { now - $0.value.since < pause } }
        if state.recent.count >= memory { state.recent.removeAll() }
        state.recent[report.kind] = (now, 0)
        state.queue.append(report)
        return true
    }

    private static func isQuiet(_ state: State, _ now: ContinuousClock.Instant) -> Bool {
        state.quietUntil.map { now < $0 } ?? false
    }

    private func deliver(by send: (ErrorReport) -> Delivery) {
        while true {
            work.wait()
            guard let report = next() else { continue }
            let delivery = send(report)
            state.withLock { state in
                state.isSending = false
                if delivery.isTaken { state.counts.sent += 1 } else { state.counts.dropped += 1 }
                if let quiet = delivery.quiet { state.quietUntil = .now + quiet }
            }
        }
    }

    /// The next one to send; `nil` if it is to be dropped.
    private func next() -> ErrorReport? {
        state.withLock { state in
            guard !state.queue.isEmpty else { return nil }
            let report = state.queue.removeFirst()
            guard !Self.isQuiet(state, .now) else {
                state.counts.dropped += 1
                return nil
            }
            state.isSending = true
            return report
        }
    }

    /// Takes no more, and gives what waits a moment to leave.
    public func close(within limit: Duration = .seconds(2)) async {
        let deadline = ContinuousClock.now + limit
        state.withLock { $0.isClosed = true }
        while state.withLock({ $0.isSending || !$0.queue.isEmpty }), ContinuousClock.now < deadline {
            // Nobody cancels a stop.
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
