import FHIR
import Foundation
import Seals

/// Where the next page of a search begins: as of which snapshot of the database, and after which record.
///
/// A snapshot says exactly which transactions had ended when the first page was made; a time does not, as what is written earlier
/// may be committed later. It also counts transactions, which are nobody's business outside, so that the place leaves sealed.
struct SearchPlace: Equatable {
    /// As PostgreSQL writes `pg_snapshot`.
    let snapshot: String
    /// How many came before.
    let offset: Int
    /// The last of them, in order. One is enough to go on from, unless it was moved elsewhere meanwhile.
    let last: [UUID]

    init(snapshot: String, offset: Int, last: [UUID]) {
        (self.snapshot, self.offset, self.last) = (snapshot, offset, last)
    }

    /// Reads what ``text(of:_:index:)`` wrote.
    ///
    /// - Throws: `Outcome` if it is of another search, or was not written here.
    init(_ text: String, of type: String, _ query: String, index: BlindIndex) throws(Outcome) {
        let parts = (index.opened(text, for: Self.use(type, query)) ?? "").split(separator: " ")
        guard parts.count >= 3, let offset = Int(parts[1]) else {
            throw Outcome(.value, "_cursor must be what the last page's link says, with the same search")
        }
        self.init(
            snapshot: String(parts[0]),
            offset: offset,
            last: parts.dropFirst(2).compactMap { UUID(uuidString: String($0)) }
        )
    }

    /// As it stands in addresses.
    func text(of type: String, _ query: String, index: BlindIndex) throws -> String {
        let parts = [snapshot, "\(offset)"] + last.map(\.uuidString)
        return try index.sealed(parts.joined(separator: " "), for: Self.use(type, query))
    }

    /// How many of these come before the page.
    func index(in rows: [UUID]) -> Int {
        for row in last.reversed() {
            if let index = rows.firstIndex(of: row) { return index + 1 }
        }
        return min(offset, rows.count)
    }

    private static func use(_ type: String, _ query: String) -> String { "\(type)?\(query)" }
}
