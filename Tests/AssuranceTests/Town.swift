import Assurance
import CarekeepTesting
import Foundation

extension TestTown {
    /// The ways in that this town has.
    var ways: UnauthorisedPerson.Ways {
        .init(
            superuser: admin,
            server: conninfo("carekeep_server"),
            keykeeper: conninfo("carekeep_keykeeper"),
            lints: Release.lints(of: "records")
        )
    }
}

/// Does work that waits for answers on a thread of its own: of those that tests share there are as many as the machine has cores.
func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result(catching: work)) }
    }
}

/// Files of the release, as they lie in the repository.
enum Release {
    static func lints(of store: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "database/\(store)/lint")
    }
}
