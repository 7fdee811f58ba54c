import Glibc
import Hummingbird
import NIOCore
import Synchronization

/// How often one address may do something within an hour. Kept in memory: what must hold across starts and servers is the database's.
final class AddressLimit: Sendable {
    private struct Spent {
        var count: Int
        var until: ContinuousClock.Instant
    }

    /// More are not kept apart; the oldest is forgotten.
    private static let most = 10_000

    private let limit: Int
    private let spent = Mutex<[String: Spent]>([:])

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Seconds to wait; `nil` if there is nothing to wait for, and then this time is counted.
    func wait(_ address: SocketAddress?, now: ContinuousClock.Instant = .now) -> Int? {
        let key = Self.key(address)
        return spent.withLock { spent in
            if let held = spent[key], held.until > now {
                guard held.count < limit else { return Int((held.until - now).components.seconds) + 1 }
                spent[key]?.count += 1
                return nil
            }
            if spent.count >= Self.most { Self.forget(in: &spent, now) }
            spent[key] = Spent(count: 1, until: now + .seconds(3600))
            return nil
        }
    }

    private static func forget(in spent: inout [String: Spent], _ now: ContinuousClock.Instant) {
        spent = spent.filter { $0.value.until > now }
        while spent.count >= most, let oldest = spent.min(by: { $0.value.until < $1.value.until }) {
            spent[oldest.key] = nil
        }
    }

    /// An IPv4 address; of an IPv6 address the network, of which one household has all.
    private static func key(_ address: SocketAddress?) -> String {
        switch address {
        case .v6(let address):
            var bytes = address.address.sin6_addr
            return withUnsafeBytes(of: &bytes) { raw in
                // An IPv4 address in IPv6's form is told apart as a whole.
                let isMapped = raw.prefix(10).allSatisfy { $0 == 0 } && raw[10] == 0xFF && raw[11] == 0xFF
                return raw.prefix(isMapped ? 16 : 8).map { String($0, radix: 16) }.joined(separator: ":")
            }
        default: return address?.ipAddress ?? ""
        }
    }
}
