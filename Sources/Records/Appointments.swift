public import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Reach by appointment: what is told of an Appointment to the database, which cannot read it; and which member a Practitioner of the
/// directory is. (ROL-3)
extension PatientRecords {
    /// A Practitioner or PractitionerRole of the directory, and which member that is.
    public struct KnownPractitioner: Sendable {
        /// As it stands in the directory.
        public let record: StoredRecord
        /// `nil` where nobody said so.
        public let member: Member?
    }

    /// Practitioners that one list shows: those who are members first, then the rest in the order in which they were entered.
    public static let mostPractitioners = 500

    /// The practitioners of the caller's directory, and whom they could be: members who belong now.
    ///
    /// `isCut` says that there are more than ``mostPractitioners``.
    public func practitioners(
        for caller: Caller
    ) async throws -> (practitioners: [KnownPractitioner], members: [Member], isCut: Bool) {
        let (pass, rows) = try await gate.open(
            Errand(.listPractitioners),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and patient_id is null
                   and kind in ('Practitioner', 'PractitionerRole') and not is_deleted
                 order by id not in (
                    select record_id from care.practitioner where organization_id = \(caller.organization) and until is null),
                    created_at, id
                 limit \(Int32(Self.mostPractitioners) + 1)
                """,
                "select record_id, account_id from care.practitioner where organization_id = \(caller.organization) and until is null",
                Members.all(in: caller.organization),
            ]
        )
        let members = try await members.read(rows[2], in: caller.organization)
        let byAccount = Dictionary(members.map { ($0.account, $0) }) { first, _ in first }
        var linked: [UUID: Member] = [:]
        for row in rows[1] {
            linked[try row.decode(UUID.self, at: 0)] = byAccount[Person.ID(try row.decode(UUID.self, at: 1))]
        }
        let records = try await open(rows[0], under: pass)
        return (
            records.prefix(Self.mostPractitioners).map { KnownPractitioner(record: $0, member: linked[$0.row]) },
            members.filter(\.isActive),
            records.count > Self.mostPractitioners
        )
    }

    /// Says which member a Practitioner or PractitionerRole is; `nil` for none any more, which ends what appointments let the former one
    /// in to.
    ///
    /// - Throws: `Refusal.reachIsNotYours` for one who may read no records, or for oneself unless one is an owner; `Refusal.notFound` for
    ///   what is no such record; `Refusal.stepUpNeeded`.
    public func link(_ practitioner: Address, to account: Person.ID?, for caller: Caller) async throws {
        let tag = try await index(for: caller).tag(kind: practitioner.type, id: practitioner.id)
        _ = try await gate.open(
            Errand(.linkPractitioner, targets: [tag], query: account.map { "\($0)" } ?? "nobody"),
            for: caller,
            work: ["select care.link_practitioner(\(tag), \(account?.uuid))"]
        )
    }
}

/// When an appointment takes place, and whom of the directory it names.
struct AppointmentFacts: Sendable, Equatable {
    /// `nil` for one that does not take place, or not yet at a time.
    let starts: Date?
    let ends: Date?
    /// Tags of the Practitioners and PractitionerRoles who take part.
    let practitioners: [[UInt8]]

    /// Of one that does not take place.
    static let none = AppointmentFacts(starts: nil, ends: nil, practitioners: [])

    private init(starts: Date?, ends: Date?, practitioners: [[UInt8]]) {
        (self.starts, self.ends, self.practitioners) = (starts, ends, practitioners)
    }

    /// What an Appointment says (R4, appointmentstatus, participationstatus): of one that is proposed, waits, was cancelled or missed,
    /// nothing; of a participant who declined, neither.
    init(of appointment: Resource, index: BlindIndex) {
        let object = appointment.object
        let takesPlace: Set = ["booked", "arrived", "checked-in", "fulfilled"]
        guard let status = object["status"]?.string, takesPlace.contains(status),
            // Both are there, of one that takes place (app-3).
            let starts = object["start"]?.string.flatMap(Self.instant),
            let ends = object["end"]?.string.flatMap(Self.instant)
        else {
            self = .none
            return
        }
        (self.starts, self.ends) = (starts, ends)
        practitioners = (object["participant"]?.array ?? []).compactMap { participant in
            guard participant["status"]?.string != "declined",
                let text = participant["actor"]?["reference"]?.string,
                case .relative(let type, let id, _) = Reference.Target(text),
                ["Practitioner", "PractitionerRole"].contains(type)
            else { return nil }
            return index.tag(kind: type, id: id)
        }
    }

    private static func instant(_ text: String) -> Date? {
        DateTime(text, as: .instant).map { Date(timeIntervalSince1970: Double($0.start) / 1_000_000) }
    }
}

extension SealedDrafts {
    /// What these drafts say of appointments, for the database to let those in whom they name; it goes after the records.
    var appointments: [SQL] {
        rows.compactMap { row in
            guard let facts = row.draft.appointment else { return nil }
            return """
                select care.keep_appointment(\(row.draft.row), \(facts.practitioners)::bytea[], \(facts.starts)::timestamptz, \
                \(facts.ends)::timestamptz)
                """
        }
    }
}
