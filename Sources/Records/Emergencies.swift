import Care
import FHIR
public import Foundation
public import People
import Postgres
import Seals
import Trail

/// What kind of emergency it is. Sealed with the reason.
public enum EmergencyKind: String, Sendable, CaseIterable {
    case unconscious, collapse, bleeding, breathing, allergy, poisoning
    case mentalHealth = "mental-health"
    case other
}

/// For how long a record is opened in an emergency, as the organisation has set it.
public struct EmergencyTerms: Sendable {
    /// 0 where none is.
    public let minutes: Int
    /// Whether one may write in it, too.
    public let writes: Bool
    /// Within how many hours somebody else reviews it.
    public let reviewHours: Int?
}

/// What is known of somebody in an emergency.
public enum EmergencySearch: Sendable, Equatable {
    /// Given and family name, and the whole birth date as FHIR writes it.
    case name(String, born: String)
    /// A number as on a card or letter.
    case identifier(String)

    /// The different words of a name, as a search takes them: what means «or» or a part to a search ends a word, too.
    public static func words(of name: String) -> [String] {
        var seen: Set<String> = []
        return name.split { " ,|\\$".contains($0) }.map(String.init).filter { seen.insert($0.lowercased()).inserted }
    }
}

/// What came of asking for a record in an emergency.
public enum EmergencyOutcome: Sendable, Equatable {
    /// It is open, to this FHIR id, until then; `nil` where it was open to the caller already.
    case open(patient: String, until: Date?)
    /// Nobody, or more than one, fits what was said.
    case notOne
    /// That would be more than one person may in a day.
    case tooMany
}

/// An emergency, as whoever reviews it sees it.
public struct Emergency: Sendable {
    /// Something that was done about the patient while it lasted.
    public struct Deed: Sendable {
        public let at: Date
        public let act: String
        public let granted: Bool
    }

    /// What somebody else said of it.
    public struct Review: Sendable {
        public let at: Date
        public let who: Member?
        public let isJustified: Bool
        public let words: String
    }

    public let id: UUID
    public let who: Member?
    /// Whether the caller opened it themselves, and so does not review it.
    public let isOwn: Bool
    public let since: Date
    /// `nil` where nobody was found, and nothing opened.
    public let until: Date?
    /// Until when somebody is to review it.
    public let reviewBy: Date?
    /// `nil` for one that this release has no word for.
    public let kind: EmergencyKind?
    public let reason: String
    public let deeds: [Deed]
    public let review: Review?
}

/// Break-glass: opening the record of somebody whom one does not reach, in an emergency, and its review. The database decides
/// (`database/records/current/58-break-glass.sql`). (ROL-8)
extension PatientRecords {
    /// What opening one means here. It takes that the caller showed within five minutes who they are, so that the form that follows
    /// is not lost by asking for it.
    public func emergencyTerms(for caller: Caller) async throws -> EmergencyTerms {
        let (_, rows) = try await gate.open(
            Errand(.offerEmergency),
            for: caller,
            work: ["select minutes, writes, review_hours from care.break_glass_terms()"]
        )
        guard let row = rows[0].first else { throw Refusal.unavailable }
        return EmergencyTerms(
            minutes: Int(try row.decode(Int32.self, at: 0)),
            writes: try row.decode(Bool.self, at: 1),
            reviewHours: try row.decode(Int32?.self, at: 2).map(Int.init)
        )
    }

    /// Opens the record of the one patient who fits. Patient and guardians are told, by the trail and by a letter.
    ///
    /// - Throws: `Refusal.notFound` where nobody may, or not this caller; `Outcome` for what cannot be searched for.
    public func openInEmergency(
        _ search: EmergencySearch,
        kind: EmergencyKind,
        reason: String,
        for caller: Caller
    ) async throws -> EmergencyOutcome {
        let index = try await index(for: caller)
        let tokens = try Self.tokens(of: search, index: index)
        let seal = try await gate.seal(reason, query: kind.rawValue, for: caller)
        let letters = try await lettersOfAnEmergency()
        let (_, rows) = try await gate.open(
            Errand(.openInEmergency),
            for: caller,
            work: [
                """
                select outcome, tag, lasting from care.break_glass(
                    \(UUID()), \(tokens), \(index.epoch), \(seal.epoch), \(seal.salt), \(seal.sealed),
                    \(letters.map(\.id)), 'en', \(letters.map(\.sealed)))
                """
            ]
        )
        guard let row = rows[0].first else { throw Refusal.unavailable }
        switch try row.decode(Int32.self, at: 0) {
        case 0, 2:
            guard let tag = try row.decode([UInt8]?.self, at: 1) else { throw Refusal.notFound }
            return .open(patient: try await publicID(of: tag, for: caller), until: try row.decode(Date?.self, at: 2))
        case 3: return .tooMany
        default: return .notOne
        }
    }

    /// Letters to guardians and patient, as many as anybody has of them; none where no mail is sent.
    private func lettersOfAnEmergency() async throws -> [SealedLetter] {
        guard members.sendsMail else { return [] }
        let outbox = Outbox(keys: keys)
        var letters: [SealedLetter] = []
        for _ in 0..<8 { letters.append(try await outbox.seal(.openedInEmergency)) }
        return letters
    }

    /// The tokens that the patient must have, all of them.
    private static func tokens(of search: EmergencySearch, index: BlindIndex) throws -> [Int64] {
        switch search {
        case .identifier(let value):
            return [PatientTokens.token(for: .init("identifier", "|\(value)"), index: index)]
        case .name(let name, let born):
            let plain = EmergencySearch.words(of: name).joined(separator: " ")
            let clauses = try PatientQuery(parsing: [("name", plain), ("birthdate", born)]).clauses
            guard Set(clauses.flatMap { $0.anyOf.map(\.text) }).count >= 3 else {
                throw Outcome(.value, "name must be a given and a family name")
            }
            return try clauses.map { clause in
                guard clause.anyOf.count == 1 else {
                    throw Outcome(.value, "name and birthdate must be one name and one day")
                }
                return PatientTokens.token(for: clause.anyOf[0], index: index)
            }
        }
    }

    /// The id by which pages know the patient whose record has this tag. Reading it is an entry of its own.
    private func publicID(of tag: [UInt8], for caller: Caller) async throws -> String {
        let (pass, rows) = try await gate.open(
            Errand(.readRecord, targets: [tag]),
            for: caller,
            work: [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = \(tag)
                """
            ]
        )
        guard let row = rows[0].first else { throw Refusal.notFound }
        return try await open(SealedRecord(row), id: nil, under: pass).id
    }

    /// The emergencies of the last months, the newest first, with what was done in those that wait for a review.
    public func emergencies(limit: Int = 200, for caller: Caller) async throws -> [Emergency] {
        let (pass, rows) = try await gate.open(
            Errand(.listEmergencies),
            for: caller,
            work: [
                """
                select id, account_id, since, until, review_by, key_epoch, salt, sealed,
                       reviewed_at, reviewer_id, is_justified, review_key_epoch, review_salt, review_sealed
                  from care.break_glass where organization_id = \(caller.organization)
                 order by since desc, id limit \(Int64(limit))
                """,
                Members.all(in: caller.organization),
                """
                select b.id, e.at, e.act, e.granted from care.break_glass b
                  join care.entry e on e.organization_id = b.organization_id and e.account_id = b.account_id
                                   and e.patient_id = b.patient_id and e.at between b.since and b.until
                 where b.organization_id = \(caller.organization) and b.reviewed_at is null
                 order by e.at limit 5000
                """,
            ]
        )
        let members = try await members.read(rows[1], in: caller.organization)
        let byAccount = Dictionary(members.map { ($0.account, $0) }) { first, _ in first }
        var deeds: [UUID: [Emergency.Deed]] = [:]
        for row in rows[2] {
            let deed = Emergency.Deed(
                at: try row.decode(Date.self, at: 1),
                act: try row.decode(String.self, at: 2),
                granted: try row.decode(Bool.self, at: 3)
            )
            deeds[try row.decode(UUID.self, at: 0), default: []].append(deed)
        }
        var held: [Int32: SubjectKey] = [:]
        var emergencies: [Emergency] = []
        for row in rows[0] {
            let id = try row.decode(UUID.self, at: 0)
            let account = Person.ID(try row.decode(UUID.self, at: 1))
            let note = try await note(row, at: 5, under: pass, held: &held)
            emergencies.append(
                Emergency(
                    id: id,
                    who: byAccount[account],
                    isOwn: account == pass.account,
                    since: try row.decode(Date.self, at: 2),
                    until: try row.decode(Date?.self, at: 3),
                    reviewBy: try row.decode(Date?.self, at: 4),
                    kind: EmergencyKind(rawValue: note.query),
                    reason: note.reason,
                    deeds: deeds[id] ?? [],
                    review: try await review(row, byAccount, under: pass, held: &held)
                )
            )
        }
        return emergencies
    }

    private func review(
        _ row: Row,
        _ byAccount: [Person.ID: Member],
        under pass: Pass,
        held: inout [Int32: SubjectKey]
    ) async throws -> Emergency.Review? {
        guard let at = try row.decode(Date?.self, at: 8) else { return nil }
        return Emergency.Review(
            at: at,
            who: byAccount[Person.ID(try row.decode(UUID.self, at: 9))],
            isJustified: try row.decode(Bool.self, at: 10),
            words: try await note(row, at: 11, under: pass, held: &held).reason
        )
    }

    /// Opens a note whose epoch, salt and sealed bytes stand in a row from this column on. A year's key is asked for once.
    private func note(
        _ row: Row,
        at column: Int,
        under pass: Pass,
        held: inout [Int32: SubjectKey]
    ) async throws -> AccessNote {
        let epoch = try row.decode(Int32.self, at: column)
        let key: SubjectKey
        if let known = held[epoch] {
            key = known
        } else {
            key = try await keys.key(for: .audit(of: pass.organization, year: Int16(clamping: epoch)), under: pass)
        }
        held[epoch] = key
        return try AuditSeal.open(
            row.decode([UInt8].self, at: column + 2),
            salt: row.decode([UInt8].self, at: column + 1),
            with: key
        )
    }

    /// Says, once and after its end, whether it was right to open the record. Its patient's trail tells that it was reviewed.
    ///
    /// - Throws: `Refusal.notFound` also for what the caller opened themselves.
    public func reviewEmergency(
        _ id: UUID,
        isJustified: Bool,
        words: String,
        for caller: Caller
    ) async throws {
        let seal = try await gate.seal(words, query: isJustified ? "justified" : "not justified", for: caller)
        _ = try await gate.open(
            Errand(.reviewEmergency, query: id.uuidString.lowercased()),
            for: caller,
            work: [
                "select care.review_break_glass(\(id), \(isJustified), \(seal.epoch), \(seal.salt), \(seal.sealed))"
            ]
        )
    }
}
