public import Care
public import Foundation
public import Postgres
import Seals

/// That a carer is kept out of a record for a while, as those who keep the record see it.
public struct Pause: Sendable {
    public let id: UUID
    public let account: Person.ID
    /// Whoever paused them.
    public let by: Person.ID
    public let reason: String
    public let since: Date
}

/// The same as whoever is kept out sees it: without the reason.
public struct OwnPause: Sendable {
    /// What the patient is called.
    public let patient: String
    public let since: Date
    /// Whom they may ask.
    public let ask: String
}

/// Keeping a carer out for a safeguarding reason. (ROL-1)
extension Members {
    /// The statement that lists who is kept out of the record of the patient of a pass.
    public static func pauses(in organization: UUID) -> SQL {
        """
        select id, account_id, paused_by, sealed_reason, since from care.pause
         where organization_id = \(organization) and ended_at is null order by since, id
        """
    }

    /// Reads the rows of ``pauses(in:)``.
    public func readPauses(_ rows: Rows) async throws -> [Pause] {
        let names = Names(installation: try await keys.installation())
        return try rows.map { row in
            let id = try row.decode(UUID.self, at: 0)
            return Pause(
                id: id,
                account: Person.ID(try row.decode(UUID.self, at: 1)),
                by: Person.ID(try row.decode(UUID.self, at: 2)),
                reason: try names.openPause(row.decode([UInt8].self, at: 3), .reason, of: id),
                since: try row.decode(Date.self, at: 4)
            )
        }
    }

    /// Keeps somebody out of the record that has this tag, from their next request on. `ask` is whom they are told to ask.
    ///
    /// - Throws: `Refusal.reachIsNotYours` for somebody whom the caller may not keep out, or where nobody could be asked so.
    public func pause(
        _ account: Person.ID,
        ask: Person.ID,
        reason: String,
        patientName: String,
        fromPatientOf tag: [UInt8],
        for caller: Caller
    ) async throws {
        let names = Names(installation: try await keys.installation())
        let pause = UUID()
        let (sealedReason, sealedPatient) = (
            try names.sealPause(reason, .reason, of: pause), try names.sealPause(patientName, .patient, of: pause)
        )
        _ = try await gate.open(
            Errand(.pauseCarer, targets: [tag], query: "\(account)"),
            for: caller,
            work: ["select care.pause_carer(\(pause), \(account.uuid), \(ask.uuid), \(sealedReason), \(sealedPatient))"]
        )
    }

    /// Lets somebody in again.
    public func resume(_ pause: UUID, fromPatientOf tag: [UInt8], for caller: Caller) async throws {
        _ = try await gate.open(
            Errand(.resumeCarer, targets: [tag], query: pause.uuidString.lowercased()),
            for: caller,
            work: ["select care.resume_carer(\(pause))"]
        )
    }
}

extension SignIn {
    /// From whose records whoever is signed in is kept out.
    public func pauses(of caller: Caller) async throws -> [OwnPause] {
        let rows = try await refusing(at: .gate) {
            try await store.query(
                """
                select pause, sealed_patient, since, ask, sealed_ask
                  from care.own_pauses(\(caller.organization), \(caller.token.secret), \(caller.use.rawValue))
                """
            )
        }
        guard !rows.isEmpty else { return [] }
        let names = Names(installation: try await keys.installation())
        return try rows.map { row in
            let ask = try row.decode(UUID.self, at: 3)
            return OwnPause(
                patient: try names.openPause(
                    row.decode([UInt8].self, at: 1),
                    .patient,
                    of: row.decode(UUID.self, at: 0)
                ),
                since: try row.decode(Date.self, at: 2),
                ask: try names.open(row.decode([UInt8].self, at: 4), of: ask, in: caller.organization)
            )
        }
    }
}
