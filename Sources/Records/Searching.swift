import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Searching within one patient, and in the directory. The cards are opened and compared here, in memory: what is looked for never
/// reaches the database, so it learns nothing from a search.
extension PatientRecords {
    /// What a search found.
    public struct Found: Sendable {
        /// One page of it.
        public let records: [StoredRecord]
        /// How many there are in all.
        public let total: Int
        /// How many come before this page.
        public let offset: Int
        /// How many a page holds.
        public let count: Int
    }

    /// Records of a type that match, within the patient whom `patient` or `subject` names; of the directory without one.
    ///
    /// - Throws: `Outcome` for a parameter that is not understood, and for a search across patients that is not declared.
    public func search(
        _ type: String,
        _ parameters: [(String, String)],
        offset: Int,
        for caller: Caller
    ) async throws -> Found {
        try await search(type, parameters, within: Self.patient(in: parameters), offset: offset, for: caller)
    }

    /// The same, with the patient settled.
    func search(
        _ type: String,
        _ parameters: [(String, String)],
        within patient: String?,
        offset: Int,
        for caller: Caller
    ) async throws -> Found {
        let query = try SearchQuery(parsing: parameters.map { (name: $0.0, value: $0.1) }, type: type)
        let index = try await index(for: caller)
        let text = parameters.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        if let patient {
            let errand = Errand(.searchRecords, targets: [index.tag(kind: "Patient", id: patient)], query: text)
            return try await search(query, errand, within: Self.ofPatient, offset: offset, for: caller)
        }
        guard Compartment.isDirectory(type) || Compartment.isDirectoryWithoutPatient(type) else {
            throw Outcome(
                .required,
                "a search for \(type) must name the patient, by patient=… or subject=Patient/…; "
                    + "across patients only Patient is searched"
            )
        }
        return try await search(
            query,
            Errand(.searchDirectory, query: text),
            within: Self.ofDirectory,
            offset: offset,
            for: caller
        )
    }

    private static let ofPatient: SQL = "patient_id = any ((select care.acting_patients('record.read'))::uuid[])"
    private static let ofDirectory: SQL = "patient_id is null"

    private func search(
        _ query: SearchQuery,
        _ errand: Errand,
        within: SQL,
        offset: Int,
        for caller: Caller
    ) async throws -> Found {
        let (pass, rows) = try await gate.open(
            errand,
            for: caller,
            work: [
                """
                select id, patient_id, version, card from care.record
                 where organization_id = \(caller.organization) and kind = \(query.type) and not is_deleted and \(within)
                """
            ]
        )
        let count = min(query.count ?? 50, 500)
        var rowOf: [String: UUID] = [:]
        var cards: [SearchCard] = []
        for row in rows[0] {
            let id = try row.decode(UUID.self, at: 0)
            let card = try await card(row, id: id, under: pass)
            rowOf[card.id] = id
            cards.append(card)
        }
        let results = query.results(among: cards)
        let page = results.dropFirst(offset).prefix(count).compactMap { rowOf[$0.id] }
        let records = try await open(page, under: pass, for: caller)
        return Found(records: records, total: results.count, offset: offset, count: count)
    }

    private func card(_ row: Row, id: UUID, under pass: Pass) async throws -> SearchCard {
        let patient = try row.decode(UUID?.self, at: 1)
        let subject: Subject =
            patient.map { .patient($0, of: pass.organization) } ?? .directory(of: pass.organization)
        let binding = Binding(
            organization: pass.organization,
            kind: "Card",
            id: id,
            version: try row.decode(Int32.self, at: 2)
        )
        let key = try await keys.key(for: subject, under: pass)
        return try SearchCard(decoding: key.open(row.decode([UInt8].self, at: 3), for: binding))
    }

    /// The records of these rows, in this order.
    private func open(_ rows: [UUID], under pass: Pass, for caller: Caller) async throws -> [StoredRecord] {
        guard !rows.isEmpty else { return [] }
        let answer = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and id = any (\(rows))
                """
            ]
        )
        let opened = try await open(answer[0], under: pass)
        let byRow = Dictionary(opened.map { ($0.row, $0) }) { first, _ in first }
        return rows.compactMap { byRow[$0] }
    }

    /// The one patient whom a search names.
    private static func patient(in parameters: [(String, String)]) throws(Outcome) -> String? {
        var named: Set<String> = []
        for (name, value) in parameters
        where ["patient", "subject", "patient:Patient", "subject:Patient"].contains(name) {
            let id = value.hasPrefix("Patient/") ? String(value.dropFirst("Patient/".count)) : value
            guard Resource.isID(id) else {
                throw Outcome(.value, "\(name) must be the id of one patient, or Patient/id")
            }
            named.insert(id)
        }
        guard named.count <= 1 else { throw Outcome(.notSupported, "a search is within one patient at a time") }
        return named.first
    }
}
