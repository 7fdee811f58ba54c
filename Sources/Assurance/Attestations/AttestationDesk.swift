import Care
public import Foundation
public import People
public import Postgres
public import Seals

/// Where stewards vouch for what people do, and auditors look. Each act is a pass of the gate; what must be so of it is the database's
/// to say.
public struct AttestationDesk: Sendable {
    /// Why something that an officer may do was not done.
    public enum Fault: Error, Sendable, Equatable {
        /// Somebody vouched for the same promise after the page was loaded.
        case othersVouchedMeanwhile
        /// It is one's own.
        case isOwn
        /// It was reviewed or withdrawn, or there is no such thing.
        case doesNotWait
        /// It was withdrawn already, or there is no such thing.
        case isWithdrawn
        /// A reason is missing or too long.
        case reason
    }

    private let gate: Gate
    private let keys: Keykeeper
    private let store: Store

    /// At a gate.
    public init(gate: Gate, keys: Keykeeper, store: Store) {
        self.gate = gate
        self.keys = keys
        self.store = store
    }

    /// Everything that was ever vouched for, oldest first.
    public func all(for caller: Caller) async throws -> [Attestation] {
        let (_, rows) = try await gate.open(
            Errand(.listAttestations),
            for: caller,
            work: [
                """
                select id, promise, words, signed_as, link, file_sha256, file_kind, since, until, at, is_own, accepted,
                       reviewed_at, review_reason, withdrawn_at, withdrawal_reason, author, author_address, reviewer,
                       reviewer_address, withdrawer, withdrawer_address
                  from care.attestations()
                """
            ]
        )
        let addresses = Addresses(installation: try await keys.installation())
        return try rows[0].map { try Attestation($0, addresses) }
    }

    /// Vouches for a promise, after the last attestation of it that the caller saw.
    @discardableResult
    public func attest(
        _ draft: AttestationDraft.Checked,
        for promise: Promise,
        after last: UUID?,
        by caller: Caller
    ) async throws -> UUID {
        let id = UUID()
        let file = draft.file
        var sealed: [UInt8]?
        if let file { sealed = try await keys.installation().key.seal(file.bytes, for: Self.place(of: id)) }
        do {
            _ = try await gate.open(
                Errand(.attest, query: promise.id),
                for: caller,
                work: [
                    """
                    select care.attest(
                        \(id), \(promise.id), \(last), \(draft.words), \(draft.signedAs), \(draft.link),
                        \(file.map { Primitive.sha256($0.bytes) }), \(file?.kind.rawValue), \(sealed),
                        \(draft.since), \(draft.until))
                    """
                ]
            )
        } catch Refusal.exists {
            throw Fault.othersVouchedMeanwhile
        } catch let error as PostgresError where error.constraint == "attestation_follows_one_of_its_promise" {
            throw Fault.othersVouchedMeanwhile
        }
        return id
    }

    /// Accepts what another steward vouched for, or declines it with a reason.
    public func review(_ id: UUID, accepts: Bool, reason: String?, by caller: Caller) async throws {
        do {
            _ = try await gate.open(
                Errand(.reviewAttestation, query: "\(id) \(accepts)"),
                for: caller,
                work: ["select care.review_attestation(\(id), \(accepts), \(reason))"]
            )
        } catch Refusal.exists {
            throw Fault.doesNotWait
        } catch let error as PostgresError {
            throw Self.fault(error) ?? error
        }
    }

    /// Says that something does not hold any more, and why.
    public func withdraw(_ id: UUID, reason: String, by caller: Caller) async throws {
        do {
            _ = try await gate.open(
                Errand(.withdrawAttestation, query: "\(id)"),
                for: caller,
                work: ["select care.withdraw_attestation(\(id), \(reason))"]
            )
        } catch Refusal.exists {
            throw Fault.isWithdrawn
        } catch let error as PostgresError {
            throw Self.fault(error) ?? error
        }
    }

    /// The file that came with an attestation; `nil` if there is none.
    public func evidence(of id: UUID, for caller: Caller) async throws -> EvidenceFile? {
        let (_, rows) = try await gate.open(
            Errand(.readEvidence, query: "\(id)"),
            for: caller,
            work: ["select sealed from care.attestation_file(\(id))"]
        )
        guard let sealed = try rows[0].first?.decode([UInt8]?.self, at: 0) else { return nil }
        return EvidenceFile(try await keys.installation().key.open(sealed, for: Self.place(of: id)))
    }

    /// The last three failures of each probe, newest first. Nobody but stewards and auditors is told that there are any.
    public func failures(for caller: Caller) async throws -> [ProbeFailure] {
        let (_, rows) = try await gate.open(
            Errand(.readProbes),
            for: caller,
            work: [
                """
                select probe, class, outcome, seen, details, release, run_id, at, since, stands
                  from care.probe_failures(3)
                """
            ]
        )
        return try rows[0].map(ProbeFailure.init)
    }

    /// How many wait for a review, for whoever reminds stewards.
    public func waiting() async throws -> Int {
        Int(try await store.query("select care.attestations_waiting()").first?.decode(Int64.self, at: 0) ?? 0)
    }

    private static func fault(_ error: PostgresError) -> Fault? {
        switch error.constraint {
        case "attestation_is_reviewed_by_another": .isOwn
        case "attestation_waits_for_review": .doesNotWait
        case "attestation_withdrawal_is_of_an_attestation": .isWithdrawn
        case "attestation_review_says_why_not", "attestation_review_is_short", "attestation_withdrawal_says_why":
            .reason
        default: nil
        }
    }

    private static func place(of id: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "Evidence", id: id, version: 1)
    }
}

extension Attestation {
    /// A row of `care.attestations()`.
    fileprivate init(_ row: Row, _ addresses: Addresses) throws {
        let address = { (column: Int) -> String? in
            guard let account = try row.decode(UUID?.self, at: column),
                let sealed = try row.decode([UInt8]?.self, at: column + 1)
            else { return nil }
            return try addresses.open(sealed, of: account)
        }
        let kind = try row.decode(String?.self, at: 6).flatMap(EvidenceFile.Kind.init)
        let sha256 = try row.decode([UInt8]?.self, at: 5)
        self.init(
            id: try row.decode(UUID.self, at: 0),
            promise: try row.decode(String.self, at: 1),
            words: try row.decode(String.self, at: 2),
            signedAs: try row.decode(String.self, at: 3),
            link: try row.decode(String?.self, at: 4),
            file: kind.flatMap { kind in sha256.map { EvidenceFile.Digest(kind: kind, sha256: $0) } },
            since: try row.decode(Date.self, at: 7),
            until: try row.decode(Date.self, at: 8),
            at: try row.decode(Date.self, at: 9),
            isOwn: try row.decode(Bool.self, at: 10),
            accepted: try row.decode(Bool?.self, at: 11),
            reviewedAt: try row.decode(Date?.self, at: 12),
            reviewReason: try row.decode(String?.self, at: 13),
            withdrawnAt: try row.decode(Date?.self, at: 14),
            withdrawalReason: try row.decode(String?.self, at: 15),
            enteredBy: try address(16) ?? "",
            reviewedBy: try address(18),
            withdrawnBy: try address(20)
        )
    }
}
