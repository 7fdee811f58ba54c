import Foundation
import Postgres

/// Letters to the installation's stewards: what somebody vouched for ends soon or waits for a second person, a weakness was reported, or
/// the time for an answer runs out. Who is told of what, and that it is once, decides the database (`86-reminder.sql`).
public struct StewardReminders: Sendable {
    private let outbox: Outbox

    /// Seals letters by an outbox.
    public init(outbox: Outbox) {
        self.outbox = outbox
    }

    /// What does the job `stewards.remind`.
    public var handler: JobHandler { { job in try await remind(job) } }

    private func remind(_ job: HeldJob) async throws {
        var letters: [SealedLetter] = []
        // Asked without letters it says how many it takes. More may have become due meanwhile: then it is asked again.
        for _ in 0..<3 {
            let needed = try await ask(job, with: letters)
            guard needed > letters.count else { return }
            // They have no values, so one is as good for any kind as another.
            while letters.count < needed { letters.append(try await outbox.seal(.reviewWaits)) }
        }
        throw JobError.failed(code: "reminders_keep_coming")
    }

    private func ask(_ job: HeldJob, with letters: [SealedLetter]) async throws -> Int {
        let row = try await job.step(
            """
            select care.remind_stewards(
                \(job.organization), \(job.id), \(job.fence), \(letters.map(\.id)), \(letters.map(\.sealed)))
            """
        ).first
        return Int(try row?.decode(Int32.self, at: 0) ?? 0)
    }
}
