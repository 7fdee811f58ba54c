import Foundation
import People

/// What one of the pretend organisations asks its members, so that there is something to see; everybody has answered it.
enum DemoAgreements {
    private static let terms = AgreementDraft(
        language: "en",
        title: "How we use this record",
        body: """
            This is a pretend organisation, and everybody in it is made up.

            What you write here is about somebody’s health. Write what is true, and only what the people who care for them need.

            Nobody uses another person’s password. Whoever looks at a record is noted, and whoever keeps the record can see it.

            You can leave at any time, and ask for a copy of your record whenever you want.
            """
    )
    private static let reminders = AgreementDraft(
        language: "en",
        title: "Tell me about news by e-mail",
        body: """
            If you say yes, this organisation may write to you when something in Carekeep changes. Letters never say anything about
            anybody’s health.
            """
    )

    /// Publishes as the first of them, and answers as everybody: the choice with a no.
    static func publish(in members: Members, by callers: [Caller]) async throws {
        guard let owner = callers.first else { return }
        try await members.publish(terms, as: UUID(), .terms, for: owner)
        for (caller, agreement) in try await pairs(callers, members) {
            try await members.answer(agreement.id, version: 1, language: "en", .accepted, for: caller)
        }
        try await members.publish(reminders, as: UUID(), .consent, for: owner)
        for (caller, agreement) in try await pairs(callers, members) {
            try await members.answer(agreement.id, version: 1, language: "en", .refused, for: caller)
        }
    }

    private static func pairs(_ callers: [Caller], _ members: Members) async throws -> [(Caller, Agreement)] {
        var pairs: [(Caller, Agreement)] = []
        for caller in callers {
            pairs += try await members.agreements(for: caller).filter(\.isDue).map { (caller, $0) }
        }
        return pairs
    }
}
