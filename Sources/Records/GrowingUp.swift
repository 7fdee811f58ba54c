public import Care
public import Foundation
public import People
import Postgres
import Seals

/// What changes at a birthday, in the country where the organisation is.
public struct AgeRule: Sendable {
    /// In years.
    public let age: Int
    /// The same for whoever reads it.
    public let words: String
    public let source: String
    public let checkedOn: Date
    /// Whether they may have an account of their own from then on.
    public let opensAccount: Bool
    /// Whether they decide from then on who sees their record.
    public let handsOver: Bool
}

/// What is known of somebody's growing up.
public struct GrowingUp: Sendable {
    public let patient: StoredRecord
    /// By age; where the organisation is.
    public let rules: [AgeRule]
    /// How many days before a birthday it is to be looked at.
    public let reviewBefore: Int
    /// When those who look after them do so no more; `nil` where they have no account of their own.
    public let handsOverAt: Date?
}

/// Growing up. (ROL-2)
extension PatientRecords {
    /// Somebody's record, what changes at which age, and when it is handed over to them.
    public func growingUp(of id: String, for caller: Caller) async throws -> GrowingUp {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [
                "select \(SealedRecord.columns) from care.record where organization_id = \(caller.organization) and tag = \(tag)",
                """
                select age, words, source, checked_on::timestamptz, coalesce(opens_account, false), hands_over, review_before
                  from care.age_rules()
                """,
                Self.handover(in: caller.organization),
            ]
        )
        guard let row = rows[0].first else { throw Refusal.notFound }
        let rules = try rows[1].map { row in
            AgeRule(
                age: Int(try row.decode(Int32.self, at: 0)),
                words: try row.decode(String.self, at: 1),
                source: try row.decode(String.self, at: 2),
                checkedOn: try row.decode(Date.self, at: 3),
                opensAccount: try row.decode(Bool.self, at: 4),
                handsOver: try row.decode(Bool.self, at: 5)
            )
        }
        return GrowingUp(
            patient: try await open(SealedRecord(row), id: id, under: pass),
            rules: rules,
            // An organisation that is no family has no such setting.
            reviewBefore: try rows[1].first?.decode(Int32?.self, at: 6).map(Int.init) ?? 90,
            handsOverAt: try rows[2].first?.decode(Date?.self, at: 0)
        )
    }

    /// The statement that finds when the patient of a pass is handed their record.
    static func handover(in organization: UUID) -> SQL {
        """
        select hands_over_at from care.growing_up
         where organization_id = \(organization) and hands_over_at is not null
        """
    }

    /// Asks whoever a record is about to have an account of their own. `born` is their birth date, as `2014-03-28`.
    ///
    /// - Throws: as ``Members/invite(name:address:as:born:toPatientOf:for:)``.
    public func inviteThemselves(
        _ name: String,
        address: String,
        named names: CarerTerms.Names,
        born: String,
        to id: String,
        for caller: Caller
    ) async throws -> Invitation {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let terms = CarerTerms(names: names, way: .self, kinds: nil, basis: .ownRecord, until: nil)
        return try await members.invite(
            name: name,
            address: address,
            as: terms,
            born: born,
            toPatientOf: tag,
            for: caller
        )
    }

    /// Lets somebody who looks after a patient go on when the patient decides by themselves.
    ///
    /// - Throws: as ``Members/keep(_:as:ofPatientOf:for:)``.
    public func keepCarer(_ carer: Person.ID, as way: Reach, of id: String, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        try await members.keep(carer, as: way, ofPatientOf: tag, for: caller)
    }
}
