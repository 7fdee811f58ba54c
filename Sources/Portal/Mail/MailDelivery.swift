public import People
import Postgres

/// Sends letters: what the job `mail.send` does.
///
/// A letter is sent once, but for one case. Between the server's answer that it has taken the message and our commit that says so, a
/// crash leaves nobody who knows; the letter is then sent again, under the same Message-ID.
public struct MailDelivery: Sendable {
    private let letters: LetterBox
    private let options: MailOptions
    private let sender: MailSender

    /// Sends letters of a store to a mail server.
    public init(_ options: MailOptions, letters: LetterBox) {
        self.letters = letters
        self.options = options
        sender = MailSender(options)
    }

    /// What does the job.
    public var handler: JobHandler { { job in try await deliver(job) } }

    private func deliver(_ job: HeldJob) async throws {
        guard let due = try await letters.open(job) else { return }
        try Task.checkCancellation()
        let delivery: Delivery =
            if let message = MailMessage(due, options: options) {
                await sender.send(message)
            } else {
                .refused(code: "cannot_be_addressed")
            }
        // Not of this task: what was sent is said to be sent, though the server stops or the lease is nearly over.
        try await Task { try await settle(job, delivery) }.value
        if case .failed = delivery { throw JobError.failed(code: "mail_not_sent") }
    }

    /// A database that is away is asked again for a while: a letter that nobody notes as sent is sent twice.
    private func settle(_ job: HeldJob, _ delivery: Delivery) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await letters.settle(job, delivery)
            } catch let error as PostgresError where error.kind != .server {
                guard ContinuousClock.now < end else { throw error }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
