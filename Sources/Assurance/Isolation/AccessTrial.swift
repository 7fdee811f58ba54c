import FoundationEssentials
import Postgres

/// Tries the whole of an ``AccessMatrix`` through the real gate, cell by cell: each role of each kind of organisation, each permission by
/// itself and each one missing; each act; each way of reaching. Both ways: what is open must open, what is not must be refused.
public final class AccessTrial {
    /// What a trial saw.
    public struct Report: Sendable {
        /// How many cells were tried.
        public internal(set) var cells = 0
        /// How many were opened, as they must be.
        public internal(set) var opened = 0
        /// How many were refused, as they must be.
        public internal(set) var refused = 0
        /// What came out otherwise.
        public internal(set) var wrong: [String] = []
    }

    private let scene: Scene
    private let matrix: AccessMatrix
    private var report = Report()

    /// On a scratch copy: it makes people and organisations.
    public init(_ ways: UnauthorisedPerson.Ways) throws {
        scene = try Scene(ways)
        matrix = try AccessMatrix(over: scene.admin)
    }

    /// Tries everything.
    public func run() throws -> Report {
        for profile in Set(matrix.roles.map(\.profile)).sorted() {
            try scene.admin.query(
                "update care.organization set profile = \(profile) where organization_id = \(scene.north.organization)"
            )
            for role in matrix.roles where role.profile == profile {
                try tryAll("\(role.name) in \(profile)", role.permissions) {
                    try self.scene.somebody([role.name], in: self.scene.north)
                }
            }
        }
        for permission in matrix.built {
            try tryAll("a role of \(permission) alone", [permission]) { try self.someone(permitted: [permission]) }
            let rest = matrix.built.filter { $0 != permission }
            try tryAll("a role of all but \(permission)", Set(rest)) { try self.someone(permitted: rest) }
        }
        return report
    }

    /// Somebody who has nothing but a role of the organisation's own.
    private func someone(permitted permissions: [String]) throws -> Someone {
        let role = UUID()
        try scene.admin.query(
            """
            insert into care.role (organization_id, id, name, permissions, made_at)
            values (\(scene.north.organization), \(role), \("r" + role.uuidString.lowercased().prefix(8)), \(permissions), now())
            """
        )
        let someone = try scene.somebody(["member"], in: scene.north)
        try scene.admin.query(
            """
            update care.membership set roles = '{}', custom_roles = \([role])
             where organization_id = \(scene.north.organization) and account_id = \(someone.account)
            """
        )
        return someone
    }

    /// One column of the matrix: somebody for each way of reaching, and every act by each of them.
    private func tryAll(_ who: String, _ permissions: Set<String>, _ make: () throws -> Someone) throws {
        for way in [nil] + AccessMatrix.ways.map(Optional.some) {
            let someone = try make()
            if let way { try scene.reach(scene.north.ben, by: someone, as: way, in: scene.north) }
            for act in matrix.acts where AccessMatrix.ways(of: act).contains(way) {
                let opened = scene.open(scene.request(act.name, by: someone, of: scene.north, about: scene.north.ben))
                let mustOpen = AccessMatrix.isOpen(act, to: permissions, by: way)
                report.cells += 1
                switch (opened.outcome, mustOpen) {
                case (0, true): report.opened += 1
                case (2, false): report.refused += 1
                default:
                    let seen = opened.outcome.map { "outcome \($0)" } ?? "error \(opened.error?.sqlState ?? "unknown")"
                    report.wrong.append("\(act.name) by \(who), \(way ?? "reaching nobody"): \(seen)")
                }
            }
        }
    }
}
