import FoundationEssentials
import Synchronization

/// Which row a patient's public id stands for, as earlier passes told: so that a create can be sealed before its pass is
/// answered. A wrong answer would open nothing: the database compares the row with the pass's own.
final class KnownPatients: Sendable {
    private let rows = Mutex<[[UInt8]: UUID]>([:])
    private let limit: Int

    /// Remembers at most `limit` patients; when full, it starts over.
    init(limit: Int = 20_000) {
        self.limit = limit
    }

    func row(of tag: [UInt8]) -> UUID? {
        rows.withLock { $0[tag] }
    }

    func remember(_ row: UUID, for tag: [UInt8]) {
        rows.withLock { known in
            if known.count >= limit { known.removeAll(keepingCapacity: true) }
            known[tag] = row
        }
    }
}
