import FoundationEssentials
import Postgres

/// The key store: one function call a question, by a role that may ask for a key by its full name and cannot list any.
struct KeyStore: Sendable {
    let store: Store

    /// A wrapped key, or why there is none.
    enum Answer: Sendable {
        case active(wrapped: [UInt8])
        case erased
        case fenced
    }

    /// An organisation's wrapped key.
    struct OrganizationAnswer: Sendable {
        let epoch: Int32
        let wrapped: [UInt8]
    }

    /// Those of these keys of one organisation and use that there are, or were.
    func find(_ subjects: [UUID], of organization: UUID, use: Subject.Use) async throws(SealError) -> [UUID: Answer] {
        let rows = try await rows(
            "select state, wrapped, subject_id from keys.find(\(organization), \(use.code), \(subjects))"
        )
        var answers: [UUID: Answer] = [:]
        for row in rows {
            answers[try decoded { try row.decode(UUID.self, at: 2) }] = try answer(row)
        }
        return answers
    }

    /// Stores a wrapped key unless there is one, durably, and answers with the one that stands. Nil when the epoch it is
    /// wrapped under is over.
    func make(_ subject: Subject, wrapped: [UInt8]) async throws(SealError) -> Answer? {
        let (organization, use, epoch) = (subject.organization, subject.use.code, try WrappingKey.epoch(of: wrapped))
        let rows = try await rows(
            "select state, wrapped from keys.make(\(organization), \(use), \(subject.id), \(epoch), \(wrapped))"
        )
        return try rows.first.map { row throws(SealError) in try answer(row) }
    }

    /// From now on nobody makes a key for this person, or is given one.
    func fence(_ subject: Subject) async throws(SealError) {
        _ = try await rows("select keys.fence(\(subject.organization), \(subject.id))")
    }

    /// Destroys a key; a person's of every use, behind a fence. Answers how many there were.
    func erase(_ subject: Subject) async throws(SealError) -> Int {
        let use: String? = subject.use.isOnePerson ? nil : subject.use.code
        let rows = try await rows("select keys.erase(\(subject.organization), \(use), \(subject.id))")
        guard let row = rows.first else { throw .storeUnavailable }
        return Int(try decoded { try row.decode(Int32.self, at: 0) })
    }

    /// An organisation's key of one epoch, or the one now in use.
    func findOrganization(
        _ organization: UUID,
        purpose: String,
        epoch: Int32?
    ) async throws(SealError) -> OrganizationAnswer? {
        try organizationAnswer(
            await rows(
                "select epoch, wrapped from keys.find_organization(\(organization), \(purpose), \(epoch))"
            )
        )
    }

    /// Stores an organisation's first key for a purpose unless there is one, durably, and answers with the one in use.
    func makeOrganization(
        _ organization: UUID,
        purpose: String,
        wrapped: [UInt8]
    ) async throws(SealError) -> OrganizationAnswer? {
        try organizationAnswer(
            await rows("select epoch, wrapped from keys.make_organization(\(organization), \(purpose), \(wrapped))")
        )
    }

    private func answer(_ row: Row) throws(SealError) -> Answer {
        let (state, wrapped) = try decoded {
            (try row.decode(String.self, at: 0), try row.decode([UInt8]?.self, at: 1))
        }
        switch (state, wrapped) {
        case ("active", let wrapped?): return .active(wrapped: wrapped)
        case ("erased", nil): return .erased
        case ("fenced", nil): return .fenced
        default: throw .storeUnavailable
        }
    }

    private func organizationAnswer(_ rows: Rows) throws(SealError) -> OrganizationAnswer? {
        guard let row = rows.first else { return nil }
        return try decoded {
            OrganizationAnswer(epoch: try row.decode(Int32.self, at: 0), wrapped: try row.decode([UInt8].self, at: 1))
        }
    }

    private func rows(_ sql: SQL) async throws(SealError) -> Rows {
        do { return try await store.query(sql) } catch { throw .storeUnavailable }
    }

    private func decoded<Value>(_ decode: () throws -> Value) throws(SealError) -> Value {
        do { return try decode() } catch { throw .storeUnavailable }
    }
}
