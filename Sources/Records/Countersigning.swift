public import Care
public import People
import Seals

/// A second person signs what somebody has just written.
extension PatientRecords {
    /// Who can sign a record of a patient as the second person.
    ///
    /// - Throws: `Refusal.notFound` for what the caller may not write.
    public func offerCountersigning(_ type: String, _ id: String, for caller: Caller) async throws
        -> CountersigningOffer
    {
        try await signIn.offerCountersigning(of: index(for: caller).tag(kind: type, id: id), for: caller)
    }

    /// Signs a version of a record as the second person, by their PIN.
    ///
    /// - Throws: as ``SignIn/countersign(_:of:by:pin:for:)``.
    public func countersign(
        _ type: String,
        _ id: String,
        version: Int32,
        by signer: Person.ID,
        pin: String,
        for caller: Caller
    ) async throws {
        let tag = try await index(for: caller).tag(kind: type, id: id)
        try await signIn.countersign(version, of: tag, by: signer, pin: pin, for: caller)
    }
}
