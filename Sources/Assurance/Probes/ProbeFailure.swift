public import Foundation
import Postgres

/// A check that failed, with what it saw: for stewards and auditors.
public struct ProbeFailure: Sendable {
    /// As the store has it; a later release may know the probe no more.
    public let probe: String
    public let `class`: String
    /// "falls short" or "broken".
    public let outcome: String
    public let seen: String
    public let details: [String]
    public let release: String
    public let run: UUID
    public let at: Date
    /// The first failure without a good result between.
    public let since: Date
    /// Whether no good result came after.
    public let stands: Bool
}

extension ProbeFailure {
    /// A row of `care.probe_failures`.
    init(_ row: Row) throws {
        self.init(
            probe: try row.decode(String.self, at: 0),
            class: try row.decode(String.self, at: 1),
            outcome: try row.decode(String.self, at: 2),
            seen: try row.decode(String.self, at: 3),
            details: try row.decode([String].self, at: 4),
            release: try row.decode(String.self, at: 5),
            run: try row.decode(UUID.self, at: 6),
            at: try row.decode(Date.self, at: 7),
            since: try row.decode(Date.self, at: 8),
            stands: try row.decode(Bool.self, at: 9)
        )
    }
}
