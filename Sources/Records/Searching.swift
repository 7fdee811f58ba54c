import Care
import FHIR
import Foundation
public import People
import Postgres
import Seals

/// Searching within one patient, and in the directory. The cards are opened and compared here, in memory: what is looked for never
/// reaches the database, so it learns nothing from a search.
///
/// A search of several pages is evaluated as of its first one: records that others change, add or delete meanwhile keep their
/// places until it ends, so that no page skips or repeats any. What is shown of a record is what it is now.
extension PatientRecords {
    /// What a search found.
    public struct Found: Sendable {
        /// One page of it.
        public let records: [StoredRecord]
        /// What was to be included besides.
        public let included: [StoredRecord]
        /// How many match in all; `nil` where that is not known.
        public let total: Int?
        /// Where the next page begins, sealed; `nil` after the last.
        public let next: String?

        /// What a search for somebody unknown finds.
        public static let nothing = Found(records: [], included: [], total: 0, next: nil)
    }

    /// Records of a type that match, within the patient whom `patient` or `subject` names; of the directory without one. Of
    /// `Patient`, the one with the `_id` that is given. The page begins at the cursor, as ``Found/next`` said; without one it is the
    /// first.
    ///
    /// - Throws: `Outcome` for a parameter that is not understood, and for a search across patients that is not declared.
    public func search(
        _ type: String,
        _ parameters: [(String, String)],
        after cursor: String? = nil,
        for caller: Caller
    ) async throws -> Found {
        let patient = try type == "Patient" ? Self.id(in: parameters) : Self.patient(in: parameters)
        return try await search(type, parameters, within: patient, after: cursor, for: caller)
    }

    /// The same, with the patient settled.
    func search(
        _ type: String,
        _ parameters: [(String, String)],
        within patient: String?,
        after cursor: String? = nil,
        for caller: Caller
    ) async throws -> Found {
        let query = try SearchQuery(
            parsing: Self.conditions(among: parameters, of: type).map { (name: $0.0, value: $0.1) },
            type: type
        )
        let index = try await index(for: caller)
        let text = parameters.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        let place = try cursor.map { try SearchPlace($0, of: type, text, index: index) }
        // Going on needs what records were; including needs the directory. The first page of a plain search needs neither.
        let isPlain = place == nil && query.includes.isEmpty
        let errand: Errand
        if let patient {
            let targets = [index.tag(kind: "Patient", id: patient)]
            errand = Errand(isPlain ? .searchRecords : .browseRecords, targets: targets, query: text)
        } else {
            guard Compartment.isDirectory(type) || Compartment.isDirectoryWithoutPatient(type) else {
                throw Outcome(
                    .required,
                    "a search for \(type) must name the patient, by patient=… or subject=Patient/…; "
                        + "across patients only Patient is searched"
                )
            }
            errand = Errand(isPlain ? .searchDirectory : .browseDirectory, query: text)
        }
        let search = Search(query: query, text: text, isOfPatient: patient != nil, place: place, index: index)
        return try await run(search, errand, for: caller)
    }

    /// A search that is ready to be run.
    struct Search {
        let query: SearchQuery
        let text: String
        let isOfPatient: Bool
        let place: SearchPlace?
        let index: BlindIndex

        /// The rows of `care.record` among which is searched.
        var within: SQL {
            isOfPatient ? PatientRecords.ofPatients : "patient_id is null"
        }

        /// The same of `care.version`.
        var versionsWithin: SQL {
            isOfPatient ? PatientRecords.versionsOfPatients : "patient_id is null"
        }

        /// Other types among which something may refer to what matches.
        var referringTypes: [String] {
            Array(Set(query.includes.filter(\.isReverse).compactMap(\.source)).subtracting([query.type])).sorted()
        }

        /// How many a page holds.
        var count: Int { min(query.count ?? 50, 500) }
    }

    private func run(_ search: Search, _ errand: Errand, for caller: Caller) async throws -> Found {
        let (pass, rows) = try await gate.open(
            errand,
            for: caller,
            work: Self.statements(search, in: caller.organization)
        )
        let snapshot = try search.place?.snapshot ?? rows[0].first?.decode(String?.self, at: 6) ?? ""
        var shelf = try await CardShelf(rows[0], under: pass, self)
        if search.place != nil { try await shelf.turnBack(rows[1], under: pass, self) }

        let results = search.query.results(among: shelf.cards, card: \.card)
        let start = search.place?.index(in: results.map(\.row)) ?? 0
        let shown = results.dropFirst(start).prefix(search.count)
        let end = start + shown.count
        var next: String?
        if end < results.count, !shown.isEmpty {
            let place = SearchPlace(snapshot: snapshot, offset: end, last: shown.suffix(4).map(\.row))
            next = try place.text(of: search.query.type, search.text, index: search.index)
        }
        let records = try await open(shown.map(\.row), under: pass, for: caller)
        let included = try await included(with: shown.map(\.card), search, shelf, under: pass, for: caller)
        return Found(records: records, included: included, total: results.count, next: next)
    }

    private static func statements(_ search: Search, in organization: UUID) -> [SQL] {
        let kinds = [search.query.type] + search.referringTypes
        guard let snapshot = search.place?.snapshot else {
            return [
                """
                select \(CardShelf.columns), true, (select pg_current_snapshot()::text)
                  from care.record
                 where organization_id = \(organization) and kind = any (\(kinds)) and not is_deleted and \(search.within)
                """
            ]
        }
        return [
            """
            select \(CardShelf.columns), not is_deleted and pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot), null
              from care.record
             where organization_id = \(organization) and kind = any (\(kinds)) and \(search.within)
            """,
            """
            select distinct on (record_id) \(SealedRecord.columnsOfVersion) from care.version
             where organization_id = \(organization) and kind = any (\(kinds)) and \(search.versionsWithin)
               and pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot)
               and record_id in (
                    select id from care.record
                     where organization_id = \(organization) and kind = any (\(kinds)) and \(search.within)
                       and not pg_visible_in_snapshot(written_in, \(snapshot)::pg_snapshot))
             order by record_id, version desc
            """,
        ]
    }

    /// The records of these rows that are there, in this order.
    func open(_ rows: [UUID], under pass: Pass, for caller: Caller) async throws -> [StoredRecord] {
        guard !rows.isEmpty else { return [] }
        let answer = try await gate.work(
            under: pass,
            [
                """
                select \(SealedRecord.columns) from care.record
                 where organization_id = \(caller.organization) and id = any (\(rows)) and not is_deleted
                """
            ]
        )
        let opened = try await open(answer[0], under: pass)
        let byRow = Dictionary(opened.map { ($0.row, $0) }) { first, _ in first }
        return rows.compactMap { byRow[$0] }
    }

    /// The parameters but for one that only says within whom is searched, where R4 has none of that name for the type.
    private static func conditions(among parameters: [(String, String)], of type: String) -> [(String, String)] {
        guard type != "Patient", Compartment.canBelongToPatient(type) else { return parameters }
        return parameters.filter { name, _ in name != "patient" || SearchQuery.hasParameter(name, of: type) }
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

    /// The one patient whom `_id` names.
    private static func id(in parameters: [(String, String)]) throws(Outcome) -> String? {
        let ids = parameters.filter { $0.0 == "_id" }.map(\.1)
        guard ids.count == 1, Resource.isID(ids[0]) else { throw Outcome(.value, "_id must be one id") }
        return ids[0]
    }
}

/// The opened cards of a search.
struct CardShelf {
    private(set) var cards: [(row: UUID, card: SearchCard)] = []

    /// The columns that ``init(_:under:_:)`` reads; after them, whether the card is of now.
    static let columns: SQL = "id, patient_id, kind, version, card"

    /// Opens the cards of rows that are not open already. One in an older form is made anew from its record.
    init(_ answer: Rows, under pass: Pass, _ records: PatientRecords) async throws {
        var outdated: [UUID] = []
        var opener = CardOpener(records.openedCards)
        for row in answer {
            guard try row.decode(Bool.self, at: 5) else { continue }
            let sealed = try SealedCard(row)
            let subjects = SealedRecord.keyholders(of: sealed.message, standingWith: sealed.patient, under: pass)
            if subjects.contains(where: { opener.keys[$0] == nil }) {
                opener.keys.merge(try await records.keys(for: Set(subjects), under: pass)) { first, _ in first }
            }
            do {
                guard let card = try opener.open(sealed, of: subjects, under: pass) else { continue }
                cards.append((row: sealed.row, card: card))
            } catch let error as SearchCardError where error.kind == .version {
                outdated.append(sealed.row)
            }
        }
        opener.keep()
        guard !outdated.isEmpty else { return }
        let sealed: SQL =
            "select \(SealedRecord.columns) from care.record where organization_id = \(pass.organization) and id = any (\(outdated))"
        try await turnBack(try await records.gate.work(under: pass, [sealed])[0], under: pass, records)
    }

    /// Adds the cards of whole records: of what they were when a search began.
    mutating func turnBack(_ answer: Rows, under pass: Pass, _ records: PatientRecords) async throws {
        var known = Set(cards.map(\.row))
        for record in try await records.open(answer, under: pass)
        where !record.isDeleted && known.insert(record.row).inserted {
            let resource = try record.resource
            let written = resource.json["meta"]?["lastUpdated"]?.string ?? ""
            cards.append((row: record.row, card: SearchCard(of: resource, id: record.id, lastUpdated: written)))
        }
    }

    func cards(of type: String) -> [SearchCard] { cards.lazy.map(\.card).filter { $0.type == type } }
}

/// A row of ``CardShelf/columns``.
private struct SealedCard {
    let row: UUID
    let patient: UUID?
    let version: Int32
    let message: [UInt8]

    init(_ answer: Row) throws(PostgresError) {
        row = try answer.decode(UUID.self, at: 0)
        patient = try answer.decode(UUID?.self, at: 1)
        version = try answer.decode(Int32.self, at: 3)
        message = try answer.decode([UInt8].self, at: 4)
    }
}

/// Opens cards with the keys at hand, but for those that are open.
private struct CardOpener {
    var keys: [Subject: SubjectKey] = [:]
    private let room: OpenedCards
    private var shelves: [Subject: (shelf: OpenedCards.Shelf, kept: [UUID: OpenedCards.Kept])] = [:]
    private var opened: [Subject: [(UUID, OpenedCards.Kept)]] = [:]

    init(_ room: OpenedCards) { self.room = room }

    /// `nil` if there is no key.
    mutating func open(_ sealed: SealedCard, of subjects: [Subject], under pass: Pass) throws -> SearchCard? {
        let mark = MessageMark(of: sealed.message)
        if let mark, let kept = kept(sealed, of: subjects), kept.version == sealed.version, kept.mark == mark {
            return kept.card
        }
        let binding = Binding(organization: pass.organization, kind: "Card", id: sealed.row, version: sealed.version)
        let holders = subjects.compactMap { keys[$0] }
        guard let bytes = try sealed.message.opened(with: holders, for: binding) else { return nil }
        let card = try SearchCard(decoding: bytes)
        // One for several patients has no mark; there are few.
        if let mark {
            let kept = OpenedCards.Kept(card, version: sealed.version, mark: mark, sealed: sealed.message.count)
            opened[subjects[0], default: []].append((sealed.row, kept))
        }
        return card
    }

    /// What was opened is there for the next search.
    func keep() {
        for (subject, cards) in opened { shelves[subject]?.shelf.keep(cards) }
    }

    private mutating func kept(_ sealed: SealedCard, of subjects: [Subject]) -> OpenedCards.Kept? {
        guard subjects.count == 1, let key = keys[subjects[0]] else { return nil }
        if shelves[subjects[0]] == nil {
            let shelf = room.shelf(of: key)
            shelves[subjects[0]] = (shelf, shelf.all)
        }
        return shelves[subjects[0]]?.kept[sealed.row]
    }
}
