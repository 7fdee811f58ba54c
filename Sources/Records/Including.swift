import Care
import FHIR
import Foundation
import People
import Postgres
import Seals

/// What a search includes besides what matches: of the same patient, or of the directory.
extension PatientRecords {
    /// What these cards refer to or are referred to by, as the search asks, each once.
    func included(
        with shown: [SearchCard],
        _ search: Search,
        _ shelf: CardShelf,
        under pass: Pass,
        for caller: Caller
    ) async throws -> [StoredRecord] {
        let includes = search.query.includes
        guard !includes.isEmpty, !shown.isEmpty else { return [] }
        let names = shown.map { "\($0.type)/\($0.id)" }
        var seen = Set(names)
        var found: [StoredRecord] = []
        // What was found last, from which `:iterate` goes on.
        var edge = shown
        for round in 0..<Self.mostRounds where !edge.isEmpty {
            let now = round == 0 ? includes : includes.filter(\.iterates)
            var wanted: [(type: String, id: String)] = []
            for include in now where !include.isReverse {
                wanted += edge.flatMap(include.references)
            }
            for include in now where include.isReverse {
                let edges = Set(edge.map { "\($0.type)/\($0.id)" })
                for card in shelf.cards(of: include.source ?? "")
                where include.references(in: card).contains(where: { edges.contains("\($0.type)/\($0.id)") }) {
                    wanted.append((type: card.type, id: card.id))
                }
            }
            let tags = wanted.filter { seen.insert("\($0.type)/\($0.id)").inserted }
                .map { search.index.tag(kind: $0.type, id: $0.id) }
            guard !tags.isEmpty else { break }
            guard found.count + tags.count <= Self.mostIncluded else {
                throw Outcome(
                    .tooCostly,
                    "a search must not include more than \(Self.mostIncluded) records; ask for fewer"
                )
            }
            let records = try await open(tagged: tags, under: pass, for: caller)
            found += records
            guard includes.contains(where: \.iterates) else { break }
            edge = try records.map { record in SearchCard(of: try record.resource, id: record.id, lastUpdated: "") }
        }
        return found
    }

    /// What is there of these; the policies see to it that it is of the pass's patient or of the directory.
    private func open(tagged tags: [[UInt8]], under pass: Pass, for caller: Caller) async throws -> [StoredRecord] {
        let rows = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and tag = any (\(tags)) and not is_deleted
                 order by kind, created_at, id
                """
            ]
        )
        return try await open(rows[0], under: pass)
    }

    private static let mostRounds = 6
    private static let mostIncluded = 1000
}
