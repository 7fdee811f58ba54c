import Postgres

/// The jobs that keep the records store tidy. None needs a pass: they see ages of rows, and nothing of anybody's.
///
/// What goes when, and why not earlier, stands with the functions in `database/records/current/70-job.sql`.
public enum Housekeeping {
    /// What each of its kinds does. Each step takes away 2,000 rows at most, in a transaction of its own that is fenced.
    public static let handlers: [JobKind: JobHandler] = [
        .sweepPasses: { try await repeatedly("select care.sweep_passes()", $0) },
        .housekeeping: { job in
            _ = try await job.step("select care.add_months()")
            try await repeatedly("select care.sweep_sessions()", job)
            try await repeatedly("select care.sweep_memberships()", job)
            try await repeatedly("select care.sweep_links()", job)
            try await repeatedly("select care.sweep_sign_in_tries()", job)
            try await repeatedly("select care.sweep_jobs()", job)
            try await repeatedly("select care.sweep_letters()", job)
            try await repeatedly("select care.sweep_spending()", job)
        },
    ]

    private static func repeatedly(_ statement: SQL, _ job: HeldJob) async throws {
        while try await job.step(statement).first?.decode(Int32.self, at: 0) ?? 0 > 0 { try Task.checkCancellation() }
    }
}
