import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Searching across the patients whom one may reach.
extension PatientRecords {
    /// The patients who match, at most `limit`; each is named in the trail before this returns.
    ///
    /// Blind tokens narrow down in the database; the opened resource decides.
    public func searchPatients(
        _ parameters: [(String, String)],
        limit: Int,
        for caller: Caller
    ) async throws -> (found: [StoredRecord], isCutOff: Bool) {
        let query = try PatientQuery(parsing: parameters.map { (name: $0.0, value: $0.1) })
        let index = try await index(for: caller)
        let text = parameters.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let (pass, rows) = try await gate.open(
            Errand(.searchPatients, query: text),
            for: caller,
            work: [Self.candidates(query, index: index, in: caller.organization)]
        )
        var matching: [StoredRecord] = []
        for record in try await open(rows[0], under: pass) where query.matches(try record.resource) {
            matching.append(record)
        }
        let shown = Array(matching.prefix(min(limit, query.query.count ?? limit)))
        for start in stride(from: 0, to: shown.count, by: 100) {
            let patients = shown[start..<min(start + 100, shown.count)].compactMap(\.patient)
            try await gate.disclose(patients, query: text, under: pass, for: caller)
        }
        return (shown, matching.count > shown.count || rows[0].count > Self.mostCandidates)
    }

    /// So many are opened at most; a search that matches more has to be narrowed down.
    private static let mostCandidates = 500

    private static func candidates(_ query: PatientQuery, index: BlindIndex, in organization: UUID) -> SQL {
        var statement: SQL = """
            select \(SealedRecord.columns) from care.record r
             where organization_id = \(organization) and kind = 'Patient'
               and patient_id in (select care.acting_roster('roster.read'))
            """
        for clause in query.clauses {
            let tokens = clause.anyOf.map { PatientTokens.token(for: $0, index: index) }
            statement = """
                \(statement)
                   and patient_id in (
                       select t.patient_id from care.token t
                        where t.organization_id = \(organization) and t.value = any (\(tokens)) and t.epoch = \(index.epoch))
                """
        }
        return "\(statement) order by created_at, id limit \(Int64(mostCandidates + 1))"
    }
}
