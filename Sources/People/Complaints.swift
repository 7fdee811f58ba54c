import Postgres
import Seals
import Synchronization

/// Tells whoever looks after a server of work that fails again and again: once a minute, however often it is tried.
///
/// A store that is away or busy is not told: that ends by itself, and metrics show it. What remains, a missing function or right among
/// it, ends only when somebody looks.
public final class Complaints: Sendable {
    private let last = Mutex<ContinuousClock.Instant?>(nil)
    private let tell: @Sendable (any Error) -> Void

    /// Tells by this.
    public init(_ tell: @escaping @Sendable (any Error) -> Void) {
        self.tell = tell
    }

    /// Takes an error that nobody else hears of.
    public func hear(_ error: any Error, at now: ContinuousClock.Instant = .now) {
        guard !Self.endsByItself(error) else { return }
        let isDue = last.withLock { last in
            guard last.map({ now - $0 >= .seconds(60) }) ?? true else { return false }
            last = now
            return true
        }
        if isDue { tell(error) }
    }

    private static func endsByItself(_ error: any Error) -> Bool {
        switch error {
        case let error as PostgresError: error.kind != .server && error.kind != .decoding
        case SealError.storeUnavailable: true
        default: error is CancellationError
        }
    }
}
