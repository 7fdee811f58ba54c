import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import Postgres
import Records
import Testing

@testable import People

/// One lane, and a lock that keeps whoever has it: so that it is known who waits.
@Suite struct `Openings that travel together` {
    private struct Crossing {
        let town: TestTown
        let openings: SharedOpenings
        private let store: Store
        private let opening: @Sendable () async throws -> Opening
        private let keeper: AdminConnection

        init(queueLimit: Int, patience: Duration) async throws {
            let town = try await TestTown()
            let amara = try await town.session(of: "Amara")
            _ = try await town.home.records.create(
                Resource(["resourceType": "Patient", "name": [["family": "Okafor"]], "birthDate": "2014-03-03"]),
                for: amara
            )
            let tag = try AdminConnection(town.admin).query("select tag from care.record")[0]
                .decode([UInt8].self, at: 0)
            store = Store(Store.Configuration(conninfo: town.conninfo("carekeep_server"), poolSize: 2))
            try await store.start()
            openings = SharedOpenings(store: store, lanes: 1, queueLimit: queueLimit, patience: patience)
            opening = {
                let errand = Errand(.readRecord, targets: [tag])
                let seal = try await town.home.gate.auditSeal(amara)
                return Opening(
                    errand: errand,
                    caller: amara,
                    secret: PassSecret(),
                    seal: seal,
                    work: ["select id from care.record"]
                )
            }
            keeper = try AdminConnection(town.admin)
            self.town = town
            try keeper.query("begin")
            try keeper.query("lock table care.record in access exclusive mode")
        }

        /// Somebody who opens a pass. How many rows they saw, or why not.
        func traveller() async throws -> Task<Result<Int, any Error>, any Error> {
            let (opening, openings) = (try await opening(), openings)
            return Task {
                do {
                    return .success(try await openings.open(opening).work.get()[1].count)
                } catch { return .failure(error) }
            }
        }

        /// Waits until so many are kept by the lock, and so many wait for the lane.
        func settles(kept: Int, waiting: Int) async throws {
            let admin = try AdminConnection(town.admin)
            while true {
                let held = try admin.query(
                    "select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
                )
                if held.count == kept, openings.waiting == waiting { return }
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        func unlock() throws { try keeper.query("commit") }

        /// How many commits opened passes that were granted for reading.
        func commits() throws -> Int {
            try AdminConnection(town.admin).query(
                "select distinct opened_in from care.entry where act = 'record.read' and granted"
            ).count
        }

        func close() async {
            await store.shutdown()
            await town.close()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `no more wait than may, and when one who leads goes away the others arrive`() async throws {
        let crossing = try await Crossing(queueLimit: 2, patience: .seconds(3_600))
        let first = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 0)
        let second = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 1)
        let third = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 2)
        let refused = try await crossing.traveller().value
        #expect(throws: Refusal.tooBusy) { try refused.get() }

        // Alone on the way: whoever goes away ends the work. The lane goes to the two who wait.
        first.cancel()
        let gone = try await first.value
        #expect(throws: (any Error).self) { try gone.get() }
        try await crossing.settles(kept: 1, waiting: 0)
        // Not alone: the other has come along, and arrives.
        second.cancel()
        try crossing.unlock()
        #expect(try await third.value.get() > 0)
        _ = try await second.value
        // One commit for both; the first was stopped before its own.
        #expect(try crossing.commits() == 1)
        await crossing.close()
    }

    @Test(.timeLimit(.minutes(2)))
    func `whoever waited too long is told so, and the lane is free again`() async throws {
        let crossing = try await Crossing(queueLimit: 10, patience: .zero)
        let first = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 0)
        let late = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 1)
        try crossing.unlock()
        #expect(try await first.value.get() > 0)
        let told = try await late.value
        #expect(throws: Refusal.tooBusy) { try told.get() }
        #expect(try await crossing.traveller().value.get() > 0)
        await crossing.close()
    }
}
