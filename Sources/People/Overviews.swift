import Care
public import Foundation
import Postgres

/// An organisation in numbers, as they were counted at one time: none of few people, none exact. (ROL-4)
public struct Overview: Sendable {
    /// A number of people.
    public struct Cell: Sendable {
        /// What it is of: `people`, `activity`, `kind`, `role`.
        public let subject: String
        /// Of activity, when something was entered last: `month`, `quarter`, `year`, `longer`, `never`. A kind of entry, or a role.
        public let line: String
        /// Of activity, who looks after them: `family`, `team`, `nobody`.
        public let column: String
        /// To the nearest five; `nil` where it is withheld.
        public let shown: Int?
    }

    public let id: UUID
    public let takenAt: Date
    /// Below this number of people none was shown.
    public let smallest: Int
    public let cells: [Cell]
}

/// Overviews of an organisation. What is counted and what is withheld is for the database to say
/// (`database/records/current/59-overview.sql`).
public struct Overviews: Sendable {
    private let gate: Gate

    /// Of members.
    public init(members: Members) {
        gate = members.gate
    }

    /// The latest one; `nil` before there is any.
    public func latest(for caller: Caller) async throws -> Overview? {
        let (_, rows) = try await gate.open(
            Errand(.readOverview),
            for: caller,
            work: [
                """
                select id, taken_at, smallest, subject, line, heading, shown from care.latest_overview()
                """
            ]
        )
        guard let first = rows[0].first else { return nil }
        return Overview(
            id: try first.decode(UUID.self, at: 0),
            takenAt: try first.decode(Date.self, at: 1),
            smallest: Int(try first.decode(Int32.self, at: 2)),
            cells: try rows[0].map { row in
                Overview.Cell(
                    subject: try row.decode(String.self, at: 3),
                    line: try row.decode(String.self, at: 4),
                    column: try row.decode(String.self, at: 5),
                    shown: try row.decode(Int32?.self, at: 6).map { Int($0) }
                )
            }
        )
    }

    /// Has everything counted anew; answers the overview's id.
    ///
    /// - Throws: `Refusal.overviewIsTooSoon`, `Refusal.overviewIsTooAlike` while the last one still counts.
    public func take(for caller: Caller) async throws -> UUID {
        let id = UUID()
        _ = try await gate.open(
            Errand(.takeOverview, query: id.uuidString.lowercased()),
            for: caller,
            work: ["select care.take_overview(\(id))"]
        )
        return id
    }
}
