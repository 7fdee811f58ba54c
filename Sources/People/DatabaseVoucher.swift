import Care
public import FoundationEssentials
public import Postgres
public import Seals

/// The records store's word on passes, asked over the keykeeper's own role, which can ask nothing else.
public struct DatabaseVoucher: Voucher {
    private let store: Store

    /// Over a store connected as `carekeep_keykeeper`.
    public init(store: Store) {
        self.store = store
    }

    public func vouch(
        passHash: [UInt8],
        organization: UUID,
        use: Subject.Use,
        subjects: [UUID]
    ) async throws -> [UUID] {
        let rows = try await store.query("select care.vouch(\(passHash), \(organization), \(use.code), \(subjects))")
        // Of a pass that a crash has ended the database knows nothing: no answer, and not a no.
        guard let covered = try rows.first?.decode([UUID]?.self, at: 0) else { throw Refusal.unavailable }
        return covered
    }
}
