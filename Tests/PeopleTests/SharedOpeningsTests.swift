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

        /// Once unlocked, the database hands out the answers of those who travel together in another order; as a control, in theirs.
        func mixUp(inOrder: Bool) throws {
            let order: SQL = inOrder ? "asc" : "desc"
            try keeper.query(
                """
                alter function care.open_passes(
                    uuid[], bytea[], bytea[], text[], text[], bytea[], text[], integer[], bytea[], bytea[])
                    rename to open_passes_in_order
                """
            )
            try keeper.query(
                """
                create function care.open_passes(
                    uuid[], bytea[], bytea[], text[], text[], bytea[], text[], integer[], bytea[], bytea[])
                    returns table (
                        outcome integer, context bytea, patients uuid[], records uuid[], roles text[], secret_sha256 bytea)
                    language sql volatile
                as $$
                    select outcome, context, patients, records, roles, secret_sha256
                      from care.open_passes_in_order($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) with ordinality
                     order by ordinality \(order)
                $$
                """
            )
            try keeper.query(
                """
                grant execute on function care.open_passes(
                    uuid[], bytea[], bytea[], text[], text[], bytea[], text[], integer[], bytea[], bytea[])
                    to carekeep_server
                """
            )
            // As a release's own: else the guard refuses everything, and nobody's answer is anybody's.
            try keeper.query("select care.adopt_fingerprint()")
        }

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

    @Test(.timeLimit(.minutes(2)), arguments: [true, false])
    func `an answer that is another traveller's is nobody's`(isOthers: Bool) async throws {
        let crossing = try await Crossing(queueLimit: 10, patience: .seconds(3_600))
        // Before anybody uses the function: renaming it waits for them, and they for the lock.
        try crossing.mixUp(inOrder: !isOthers)
        let first = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 0)
        let second = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 1)
        let third = try await crossing.traveller()
        try await crossing.settles(kept: 1, waiting: 2)
        try crossing.unlock()
        #expect(try await first.value.get() > 0, "who travels alone is asked for alone")
        for traveller in [second, third] {
            let told = try await traveller.value
            if isOthers {
                #expect(throws: PostgresError.self) { try told.get() }
            } else {
                #expect(try told.get() > 0, "each gets their own")
            }
        }
        await crossing.close()
    }

    @Test func `who reads one record and makes nobody travels with others, and nobody else`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let seal = try await town.home.gate.auditSeal(amara)
        let isShared = { (errand: Errand) in
            Opening(errand: errand, caller: amara, secret: PassSecret(), seal: seal, work: []).isShared
        }
        let tag = [UInt8](repeating: 1, count: 16)
        #expect(isShared(Errand(.readRecord, targets: [tag])))
        #expect(!isShared(Errand(.readRecord)))
        #expect(!isShared(Errand(.readRecord, targets: [tag, tag])))
        #expect(!isShared(Errand(.readRecord, targets: [tag], newPatients: [UUID()])))
        #expect(!isShared(Errand(.createRecord, targets: [tag])))
        await town.close()
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
