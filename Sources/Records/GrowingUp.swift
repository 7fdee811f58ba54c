import Care
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
}

/// Growing up. (ROL-2)
extension PatientRecords {
    /// Somebody's record, what changes at which age, and how many days before it is to be looked at.
    public func ageRules(of id: String, for caller: Caller) async throws -> (
        patient: StoredRecord, rules: [AgeRule], reviewBefore: Int
    ) {
        let tag = try await index(for: caller).tag(kind: "Patient", id: id)
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [
                "select \(SealedRecord.columns) from care.record where organization_id = \(caller.organization) and tag = \(tag)",
                "select age, words, source, checked_on::timestamptz, review_before from care.age_rules()",
            ]
        )
        guard let row = rows[0].first else { throw Refusal.notFound }
        let rules = try rows[1].map { row in
            AgeRule(
                age: Int(try row.decode(Int32.self, at: 0)),
                words: try row.decode(String.self, at: 1),
                source: try row.decode(String.self, at: 2),
                checkedOn: try row.decode(Date.self, at: 3)
            )
        }
        // An organisation that is no family has no such setting.
        let days = try rows[1].first?.decode(Int32?.self, at: 4).map(Int.init)
        return (try await open(SealedRecord(row), id: id, under: pass), rules, days ?? 90)
    }
}
