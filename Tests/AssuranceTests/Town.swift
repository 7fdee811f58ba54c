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

/// Files of the release, as they lie in the repository.
enum Release {
    static func lints(of store: String) -> URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "database/\(store)/lint")
    }
}
