import Care
import Dispatch
import Glibc
import Synchronization

/// Threads for hashing passwords, a quarter of a second of a core each: never the event loops', and never more than half of
/// the cores, so that a flood of sign-ins slows signing in and nothing else.
final class HashingQueue: Sendable {
    private let queue: OperationLimiter

    init() {
        queue = OperationLimiter(width: max(1, ProcessorCount.online / 2), waiting: 200)
    }

    /// Runs a hash when its turn comes.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws -> Result {
        try await queue.run(work)
    }
}

/// Runs blocking work on a few threads of its own, with a limit on how many may wait.
private final class OperationLimiter: Sendable {
    private let turns: DispatchSemaphore
    private let queue = DispatchQueue(label: "carekeep.hashing", attributes: .concurrent)
    private let feeder = DispatchQueue(label: "carekeep.hashing.turns")
    private let waiting = Mutex(0)
    private let limit: Int

    init(width: Int, waiting limit: Int) {
        turns = DispatchSemaphore(value: width)
        self.limit = limit
    }

    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws -> Result {
        let admitted = waiting.withLock { count in
            if count >= limit { return false }
            count += 1
            return true
        }
        guard admitted else { throw Refusal.tooBusy }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            feeder.async { [turns, queue] in
                turns.wait()
                queue.async {
                    let result = work()
                    turns.signal()
                    continuation.resume(returning: result)
                }
            }
        }
    }
}

private enum ProcessorCount {
    static var online: Int { Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
