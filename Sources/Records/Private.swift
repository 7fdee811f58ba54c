import Care
public import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Private entries: what whoever a record is about keeps to themselves. (ROL-1)
extension PatientRecords {
    /// What is never private: those who look after somebody need it. The database has the same list.
    static let neverPrivate: Set<String> = [
        "Patient", "Appointment", "AppointmentResponse", "Medication", "MedicationAdministration", "MedicationDispense",
        "MedicationRequest", "MedicationStatement", "Provenance", "AuditEvent",
    ]

    /// Writes a new entry that nobody but the caller sees, in their own record.
    ///
    /// - Throws: `Outcome` naming element and rule, for what is never private, too; `Refusal.notFound` for a record that is not the
    ///   caller's own.
    public func keepPrivate(_ resource: Resource, for caller: Caller) async throws -> StoredRecord {
        try Validator.check(resource)
        let place = Expression(resource.type)
        guard !Self.neverPrivate.contains(resource.type) else {
            throw Outcome(
                .businessRule,
                at: place,
                "\(resource.type) is never private: whoever looks after somebody needs it"
            )
        }
        guard case .patient(let patient) = try Subjecthood(of: resource) else {
            throw Outcome(.businessRule, at: place, "what is private is about the one who writes it, and nobody else")
        }
        let index = try await index(for: caller)
        let tag = index.tag(kind: "Patient", id: patient)
        let (pass, _) = try await gate.open(Errand(.keepPrivate, targets: [tag]), for: caller)
        guard let row = pass.patients.first else { throw Refusal.notFound }
        var draft = Draft(resource, id: UUID().uuidString.lowercased(), patients: [row], now: Date(), index: index)
        draft.privateTo = pass.account.uuid
        return try await write([draft], reach: [], under: pass, epoch: index.epoch)[0]
    }
}
