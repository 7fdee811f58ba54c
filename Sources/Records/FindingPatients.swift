import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Searching across the patients whom one may reach.
///
/// Blind tokens narrow down in the database; the opened resource decides. Without `_sort`, patients come in the order in which they
/// were entered, which nobody changes, so that pages neither skip nor repeat. With it, all who match are opened for each page, as
/// they were at the first one.
extension PatientRecords {
    /// One page of the patients who match; each is named in the trail before this returns. A page holds `limit` of them, unless
    /// `_count` asks for fewer, and begins at the cursor, as ``Found/next`` said; without one it is the first.
    public func searchPatients(
        _ parameters: [(String, String)],
        limit: Int,
        after cursor: String? = nil,
        for caller: Caller
    ) async throws -> Found {
        let query = try PatientQuery(parsing: parameters.map { (name: $0.0, value: $0.1) })
        guard query.query.includes.isEmpty else {
            throw Outcome(.notSupported, "_include and _revinclude are served within one patient: name it by _id")
        }
        let text = parameters.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let search = RosterSearch(
            query: query,
            text: text,
            count: min(limit, query.query.count ?? limit),
            index: try await index(for: caller),
            organization: caller.organization
        )
        let found =
            try await query.query.isSorted
            ? sorted(search, after: cursor, for: caller) : asEntered(search, after: cursor, for: caller)
        for start in stride(from: 0, to: found.records.count, by: 100) {
            let patients = found.records[start..<min(start + 100, found.records.count)].compactMap(\.patient)
            try await gate.disclose(patients, query: text, under: found.pass, for: caller)
        }
        return Found(records: found.records, included: [], total: found.total, next: found.next)
    }

    private struct Page {
        var records: [StoredRecord] = []
        var total: Int?
        var next: String?
        let pass: Pass
    }

    // MARK: As entered

    private func asEntered(_ search: RosterSearch, after cursor: String?, for caller: Caller) async throws -> Page {
        var place = try cursor.map { try search.place($0) }
        let (pass, first) = try await gate.open(
            Errand(.searchPatients, query: search.text),
            for: caller,
            work: [search.candidates(after: place)]
        )
        var rows = first[0]
        var page = Page(pass: pass)
        for round in 1... {
            let places = try rows.map { row in try RosterPlace(row) }
            for record in try await open(rows, under: pass) where page.next == nil && search.count > 0 {
                guard search.query.matches(try record.resource) else { continue }
                page.records.append(record)
                guard page.records.count == search.count, let place = places.first(where: { $0.row == record.row })
                else { continue }
                // Whether others follow among those that are not here yet, is seen when they are asked for.
                if place != places.last || places.count == RosterSearch.chunk { page.next = try search.text(of: place) }
            }
            guard places.count == RosterSearch.chunk, page.next == nil, let last = places.last else { break }
            guard round < RosterSearch.mostChunks else {
                page.next = try search.text(of: last)
                break
            }
            place = last
            rows = try await gate.work(under: pass, [search.candidates(after: place)])[0]
        }
        if cursor == nil, page.next == nil, search.count > 0 { page.total = page.records.count }
        return page
    }

    // MARK: Sorted

    private func sorted(_ search: RosterSearch, after cursor: String?, for caller: Caller) async throws -> Page {
        let place = try cursor.map { try SearchPlace($0, of: "Patient", search.text, index: search.index) }
        let (pass, rows) = try await gate.open(
            Errand(place == nil ? .searchPatients : .browsePatients, query: search.text),
            for: caller,
            work: search.all(asOf: place?.snapshot)
        )
        guard rows[0].count <= RosterSearch.mostSorted else {
            throw Outcome(
                .tooCostly,
                "_sort: more than \(RosterSearch.mostSorted) patients would have to be sorted; narrow the search down by name, "
                    + "identifier or birthdate, or leave _sort out"
            )
        }
        let snapshot = try place?.snapshot ?? rows[0].first?.decode(String?.self, at: 8) ?? ""
        let isAsOf = Dictionary(
            try rows[0].map { row in (try row.decode(UUID.self, at: 0), try row.decode(Bool.self, at: 7)) }
        ) { first, _ in first }
        let current = try await open(rows[0], under: pass)
        let earlier = place == nil ? [] : try await open(rows[1], under: pass)
        let cards = try (current.filter { isAsOf[$0.row] == true } + earlier.filter { isAsOf[$0.row] == false })
            .map { record in
                let resource = try record.resource
                let written = resource.json["meta"]?["lastUpdated"]?.string ?? ""
                return (
                    row: record.row, card: SearchCard(of: resource, id: record.id, lastUpdated: written)
                )
            }
        let results = search.query.query.results(among: cards, card: \.card).map(\.row)
        let start = place?.index(in: results) ?? 0
        let shown = results.dropFirst(start).prefix(search.count)
        let byRow = Dictionary(current.map { ($0.row, $0) }) { first, _ in first }
        var page = Page(pass: pass)
        page.records = shown.compactMap { byRow[$0] }
        page.total = results.count
        if start + shown.count < results.count, !shown.isEmpty {
            page.next = try SearchPlace(snapshot: snapshot, offset: start + shown.count, last: Array(shown.suffix(4)))
                .text(of: "Patient", search.text, index: search.index)
        }
        return page
    }
}

/// A search across patients that is ready to be run.
private struct RosterSearch {
    /// So many are opened at a time.
    static let chunk = 200
    /// So many times for one page; a page of a search that few match may be short.
    static let mostChunks = 5
    /// So many are sorted at most.
    static let mostSorted = 1000

    let query: PatientQuery
    let text: String
    let count: Int
    let index: BlindIndex
    let organization: UUID

    func candidates(after place: RosterPlace?) -> SQL {
        """
        select \(SealedRecord.columns), (extract(epoch from created_at) * 1000000)::bigint from care.record r
         where \(condition("roster.read"))
           and (\(place?.at)::bigint is null
                or ((extract(epoch from created_at) * 1000000)::bigint, id) > (\(place?.at)::bigint, \(place?.row)::uuid))
         order by created_at, id limit \(Int64(Self.chunk))
        """
    }

    /// All candidates, and those of their versions that were current as of a snapshot and are so no more.
    func all(asOf snapshot: String?) -> [SQL] {
        guard let snapshot else {
            return [
                """
                select \(SealedRecord.columns), true,
                       (select pg_current_snapshot()::text)
                  from care.record r where \(condition("roster.read")) limit \(Int64(Self.mostSorted + 1))
                """
            ]
        }
        return [
            """
            select \(SealedRecord.columns), pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot)
              from care.record r where \(condition("roster.read")) limit \(Int64(Self.mostSorted + 1))
            """,
            """
            select distinct on (record_id) \(SealedRecord.columnsOfVersion) from care.version r
             where \(condition("version.read")) and pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot)
               and record_id in (
                    select id from care.record
                     where organization_id = \(organization) and kind = 'Patient'
                       and not pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot))
             order by record_id, version desc
            """,
        ]
    }

    private func condition(_ power: String) -> SQL {
        var condition: SQL = """
            organization_id = \(organization) and kind = 'Patient'
               and patient_id in (select care.acting_roster(\(power)))
            """
        for clause in query.clauses {
            let tokens = clause.anyOf.map { PatientTokens.token(for: $0, index: index) }
            condition = """
                \(condition)
                   and patient_id in (
                       select t.patient_id from care.token t
                        where t.organization_id = \(organization) and t.value = any (\(tokens)) and t.epoch = \(index.epoch))
                """
        }
        return condition
    }

    func place(_ cursor: String) throws(Outcome) -> RosterPlace {
        guard let place = index.opened(cursor, for: "Patient?\(text)").flatMap(RosterPlace.init) else {
            throw Outcome(.value, "_cursor must be what the last page's link says, with the same search")
        }
        return place
    }

    func text(of place: RosterPlace) throws -> String { try index.sealed(place.text, for: "Patient?\(text)") }
}

/// Where a patient stands in the order in which they were entered.
private struct RosterPlace: Equatable {
    /// Microseconds since 1970.
    let at: Int64
    let row: UUID

    init(_ answer: Row) throws(PostgresError) {
        row = try answer.decode(UUID.self, at: 0)
        at = try answer.decode(Int64.self, at: 7)
    }

    init?(_ text: String) {
        let parts = text.split(separator: " ")
        guard parts.count == 2, let at = Int64(parts[0]), let row = UUID(uuidString: String(parts[1])) else {
            return nil
        }
        (self.at, self.row) = (at, row)
    }

    var text: String { "\(at) \(row.uuidString)" }
}
