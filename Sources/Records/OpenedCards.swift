import FHIR
import Foundation
import Seals
import Synchronization

/// Cards that were opened, for as long as the key that opened them is held: a search soon after another opens only what is new.
///
/// A card is found again by whoever was handed that very key under a pass, for the row, version and message that the database showed
/// under it. So it shows nobody anything that could not be opened; it spares the opening.
final class OpenedCards: Sendable {
    /// A card, and of which row's message it is.
    struct Kept: Sendable {
        let version: Int32
        let mark: MessageMark
        let card: SearchCard
        /// Bytes of memory, roughly.
        let cost: Int

        /// A card read from a message of so many bytes.
        init(_ card: SearchCard, version: Int32, mark: MessageMark, sealed: Int) {
            (self.card, self.version, self.mark) = (card, version, mark)
            // Measured: strings and enumerations take about five times what they take written down.
            cost = sealed * 5 + 256
        }
    }

    /// The cards of one patient, which end with the key.
    final class Shelf: Sendable {
        private let kept = Mutex<[UUID: Kept]>([:])
        private let room: OpenedCards

        fileprivate init(_ room: OpenedCards) { self.room = room }

        deinit { room.leave(ObjectIdentifier(self)) }

        /// All that is here now.
        var all: [UUID: Kept] { kept.withLock { $0 } }

        /// Adds cards, in the place of older ones of the same rows.
        func keep(_ cards: [(UUID, Kept)]) {
            guard !cards.isEmpty else { return }
            let cost = kept.withLock { kept in
                for (row, card) in cards { kept[row] = card }
                return kept.values.reduce(0) { $0 + $1.cost }
            }
            room.take(cost, self)
        }

        fileprivate func empty() {
            kept.withLock { $0 = [:] }
        }
    }

    private struct Tenant {
        weak var shelf: Shelf?
        var cost: Int
        var lastUse: UInt64
    }

    private struct State {
        var tenants: [ObjectIdentifier: Tenant] = [:]
        var uses: UInt64 = 0
        var cost: Int { tenants.values.reduce(0) { $0 + $1.cost } }
    }

    private let limit: Int
    private let state = Mutex(State())

    /// For at most so many bytes of memory; 32 MiB are about ten thousand cards.
    init(limit: Int) { self.limit = limit }

    /// The bytes of memory in use, roughly.
    var cost: Int { state.withLock(\.cost) }

    /// Where the cards are that this key opened.
    func shelf(of key: SubjectKey) -> Shelf {
        let shelf = key.memory.thing { Shelf(self) }
        state.withLock { state in
            state.uses += 1
            state.tenants[ObjectIdentifier(shelf)]?.lastUse = state.uses
        }
        return shelf
    }

    private func take(_ cost: Int, _ shelf: Shelf) {
        let crowded = state.withLock { state -> [Shelf] in
            state.uses += 1
            state.tenants[ObjectIdentifier(shelf)] = Tenant(shelf: shelf, cost: cost, lastUse: state.uses)
            var crowded: [Shelf] = []
            for (id, tenant) in state.tenants.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                guard state.cost > limit else { break }
                state.tenants[id] = nil
                // The last hold on one may end here; it leaves outside of the lock.
                if let shelf = tenant.shelf { crowded.append(shelf) }
            }
            return crowded
        }
        for shelf in crowded { shelf.empty() }
    }

    private func leave(_ shelf: ObjectIdentifier) {
        state.withLock { $0.tenants[shelf] = nil }
    }
}
