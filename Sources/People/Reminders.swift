import Foundation
import Postgres

/// Letters that remind people of what comes: the installation's stewards of what somebody vouched for, or of a weakness that was reported;
/// a family that somebody soon decides who sees their record. Who is told of what, and that it is once, decides the database
/// (`86-reminder.sql`).
public struct Reminders: Sendable {
    private let outbox: Outbox
    /// One for all who are told: it has no values, and which template it is says the database.
    private let letter: Letter
    /// Asks, with letters, whom to tell; answers how many that takes.
    private let asking: @Sendable (HeldJob, [SealedLetter]) -> SQL

    /// What does the job `stewards.remind`.
    public static func toStewards(by outbox: Outbox) -> JobHandler {
        Reminders(outbox: outbox, letter: .reviewWaits) { job, letters in
            """
            select care.remind_stewards(
                \(job.organization), \(job.id), \(job.fence), \(letters.map(\.id)), \(letters.map(\.sealed)))
            """
        }.remind
    }

    /// What does the job `families.remind`.
    public static func toFamilies(by outbox: Outbox) -> JobHandler {
        Reminders(outbox: outbox, letter: .handoverNears) { job, letters in
            """
            select care.remind_families(
                \(job.organization), \(job.id), \(job.fence), \(letters.map(\.id)), \(letters.map(\.sealed)))
            """
        }.remind
    }

    @Sendable private func remind(_ job: HeldJob) async throws {
        var letters: [SealedLetter] = []
        // Asked without letters it says how many it takes. More may have become due meanwhile: then it is asked again.
        for _ in 0..<3 {
            let row = try await job.step(asking(job, letters)).first
            let needed = Int(try row?.decode(Int32.self, at: 0) ?? 0)
            guard needed > letters.count else { return }
            while letters.count < needed { letters.append(try await outbox.seal(letter)) }
        }
        throw JobError.failed(code: "reminders_keep_coming")
    }
}
