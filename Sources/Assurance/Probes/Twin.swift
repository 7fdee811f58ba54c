import Foundation
import Postgres
import Synchronization

/// A scratch records store of this release, on a cluster of its own that ends with the run. Damage is allowed.
public final class Twin: Sendable {
    let cluster: TemporaryCluster
    let migrator: Migrator
    let lints: URL

    fileprivate init(_ site: Site) throws {
        cluster = try TemporaryCluster("records")
        migrator = try Migrator(
            store: "records",
            schema: "care",
            folder: site.release("records"),
            conninfo: cluster.cluster.adminConninfo
        )
        lints = site.release("records").appending(path: "lint")
        try migrator.up()
    }

    /// Its administrator.
    func admin() throws -> AdminConnection { try AdminConnection(cluster.cluster.adminConninfo) }

    /// The ways in that somebody unauthorised has.
    var ways: UnauthorisedPerson.Ways {
        UnauthorisedPerson.Ways(
            superuser: cluster.cluster.adminConninfo,
            server: cluster.cluster.conninfo(role: "carekeep_server"),
            keykeeper: cluster.cluster.conninfo(role: "carekeep_keykeeper"),
            lints: lints
        )
    }

    /// The fingerprint of policies, grants and functions, to be compared with the installation's.
    var fingerprint: [UInt8] {
        get throws { try admin().query("select care.fingerprint()")[0].decode([UInt8].self, at: 0) }
    }
}

/// Makes twins, one for each probe that asks.
final class Twins: Sendable {
    private struct Held: Sendable { weak let twin: Twin? }

    private let made = Mutex<[Held]>([])

    func make(_ site: Site) throws -> Twin {
        do {
            let twin = try Twin(site)
            made.withLock { $0.append(Held(twin: twin)) }
            return twin
        } catch let error as ClusterError {
            throw ProbeTrouble.cannotBeTried("no scratch copy could be made: \(error)")
        }
    }

    /// How many of them somebody holds.
    var held: Int { made.withLock { $0.count { $0.twin != nil } } }
}

/// What a probe was caught at.
final class Caught: Sendable {
    private let troubles = Mutex<[ProbeTrouble]>([])

    func note(_ trouble: ProbeTrouble) { troubles.withLock { $0.append(trouble) } }

    var first: ProbeTrouble? { troubles.withLock(\.first) }
}

/// Does work that blocks on a thread of its own.
func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}
