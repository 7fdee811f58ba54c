import Assurance
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Seals
import Testing

@testable import Records

@Suite struct `Searching, end to end` {
    @Test func `a card in an older form is made anew from its record`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let ada = try await records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        let weight = try await records.create(Samples.weight("23.5", of: ada.id), for: amara)
        let search = [("patient", ada.id), ("value-quantity", "gt23")]
        #expect(try await records.search("Observation", search, for: amara).records.map(\.id) == [weight.id])

        // As release 1 sealed it: a version byte of 1, and no quantities.
        let patient = try #require(weight.patient)
        let pass = AnnouncedPass(for: amara, patients: [patient])
        let sealer = try await town.home.keys.sealer(for: .patient(patient, of: town.okafors), announcing: pass)
        let binding = Binding(organization: town.okafors, kind: "Card", id: weight.row, version: 1)
        let old = try sealer.seal([1, 0, 0, 0, 0, 0], for: binding)
        let admin = try AdminConnection(town.admin)
        try admin.query("alter table care.record disable trigger record_keeps_its_versions")
        try admin.query("update care.record set card = \(old) where id = \(weight.row)")
        try admin.query("alter table care.record enable trigger record_keeps_its_versions")
        let kept = try admin.query("select from care.record where id = \(weight.row) and card = \(old)")
        #expect(kept.count == 1)

        _ = try await town.home.store.query("select care.inspect()")
        #expect(try await records.search("Observation", search, for: amara).records.map(\.id) == [weight.id])
        #expect(
            try await records.search("Observation", [("patient", ada.id), ("value-quantity", "lt23")], for: amara).total
                == 0
        )
        await town.close()
    }

    @Test func `a card is opened once for as long as its key is held, and for no other message`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let ada = try await records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        let weight = try await records.create(Samples.weight("23.5", of: ada.id), for: amara)
        let find = { (value: String) in
            _ = try await town.home.store.query("select care.inspect()")
            return try await records.search(
                "Observation",
                [("patient", ada.id), ("value-quantity", value)],
                for: amara
            ).records.map(\.id)
        }
        #expect(records.openedCards.cost == 0)
        #expect(try await find("23.5") == [weight.id])
        #expect(records.openedCards.cost > 0)

        // A byte between the header and the tag is another: only opening would notice.
        let admin = try AdminConnection(town.admin)
        func damage(at place: SQL) throws {
            try admin.query("alter table care.record disable trigger record_keeps_its_versions")
            try admin.query(
                "update care.record set card = set_byte(card, \(place), get_byte(card, \(place)) # 1) where id = \(weight.row)"
            )
            try admin.query("alter table care.record enable trigger record_keeps_its_versions")
        }
        try damage(at: "80")
        #expect(try await find("23.5") == [weight.id])
        // Of another tag, and of another id, it is another message.
        for place in ["length(card) - 1", "8"] as [SQL] {
            try damage(at: place)
            await #expect(throws: SealError.self) { try await find("23.5") }
            try damage(at: place)
            #expect(try await find("23.5") == [weight.id])
        }
        // The cards go with the key.
        town.home.keys.forgetAll()
        #expect(records.openedCards.cost == 0)
        await #expect(throws: SealError.self) { try await find("23.5") }
        try damage(at: "80")

        #expect(try await find("23.5") == [weight.id])
        let heavier = try await records.update(Samples.weight("24", of: ada.id), id: weight.id, for: amara)
        #expect(heavier.id == weight.id)
        #expect(try await find("23.5") == [])
        #expect(try await find("24") == [weight.id])

        // What was opened at an earlier version is no card of a later one.
        let card = try admin.query("select card from care.record where id = \(weight.row)")[0].decode(
            [UInt8].self,
            at: 0
        )
        _ = try await records.update(Samples.weight("25", of: ada.id), id: weight.id, for: amara)
        try admin.query("alter table care.record disable trigger record_keeps_its_versions")
        try admin.query("update care.record set card = \(card) where id = \(weight.row)")
        try admin.query("alter table care.record enable trigger record_keeps_its_versions")
        await #expect(throws: SealError.self) { try await find("24") }
        await town.close()
    }

    @Test func `opened cards take no more memory than they may, and those not asked for longest go first`() async throws
    {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let home = town.home.records
        var patients: [String] = []
        for name in ["Ada", "Ben", "Cleo"] {
            let patient = try await home.create(Samples.patient(name, "Okafor", born: "2014-03-03"), for: amara)
            _ = try await home.create(Samples.weight("23.5", of: patient.id), for: amara)
            patients.append(patient.id)
        }
        func costs(_ records: PatientRecords) async throws -> [Int] {
            var costs: [Int] = []
            for patient in [patients[0], patients[1], patients[0], patients[2], patients[0]] {
                #expect(try await records.search("Observation", [("patient", patient)], for: amara).total == 1)
                costs.append(records.openedCards.cost)
            }
            return costs
        }
        func records(cardMemory: Int) -> PatientRecords {
            town.home.keys.forgetAll()
            return PatientRecords(
                gate: home.gate,
                keys: home.keys,
                members: home.members,
                signIn: home.signIn,
                cardMemory: cardMemory
            )
        }
        let one = try await costs(records(cardMemory: 1 << 20))[0]
        #expect(try await costs(records(cardMemory: 1 << 20)) == [one, 2 * one, 2 * one, 3 * one, 3 * one])
        #expect(try await costs(records(cardMemory: 2 * one)) == [one, 2 * one, 2 * one, 2 * one, 2 * one])
        #expect(try await costs(records(cardMemory: 0)) == [0, 0, 0, 0, 0])
        await town.close()
    }

    @Test(.timeLimit(.minutes(2)))
    func `what is written early and committed late is on no page of what began in between`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let ada = try await records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        var early: [String] = []
        for weight in ["21", "22", "23", "24"] {
            early.append(try await records.create(Samples.weight(weight, of: ada.id), for: amara).id)
        }
        // Holds a write between its record and its commit.
        let (keeper, watcher) = (try AdminConnection(town.admin), try AdminConnection(town.admin))
        try keeper.query("begin")
        try keeper.query("lock table care.change in share row exclusive mode")
        let late = Task { try await records.create(Samples.weight("25", of: ada.id), for: amara) }
        let isHeld: SQL = "select from pg_locks where relation = 'care.change'::regclass and not granted"
        while try watcher.query(isHeld).isEmpty { try await Task.sleep(for: .milliseconds(2)) }

        let search = [("patient", ada.id), ("_count", "2")]
        let first = try await records.search("Observation", search, for: amara)
        let told = try await records.history(ofType: "Observation", patient: ada.id, .init(count: 2), for: amara)
        try keeper.query("commit")
        let written = try await late.value
        #expect(written.writtenAt < Date())

        let second = try await records.search("Observation", search, after: first.next, for: amara)
        #expect(first.total == 4 && second.total == 4 && second.next == nil)
        #expect((first.records + second.records).map(\.id) == early.reversed())
        let rest = try await records.history(
            ofType: "Observation",
            patient: ada.id,
            .init(after: told.next, count: 10),
            for: amara
        )
        #expect((told.versions + rest.versions).map(\.id) == early.reversed())
        // Whoever begins now is told.
        #expect(try await records.search("Observation", search, for: amara).total == 5)
        await town.close()
    }

    @Test func `a page goes on after the last record that is still there, and at its number when none is`() throws {
        let rows = (0..<6).map { _ in UUID() }
        let place = SearchPlace(snapshot: "1:1:", offset: 3, last: Array(rows[0..<3]))
        #expect(place.index(in: rows) == 3)
        #expect(place.index(in: [rows[0], rows[1], rows[3], rows[4]]) == 2)
        #expect(place.index(in: [rows[3], rows[4], rows[5], UUID()]) == 3)
        #expect(place.index(in: []) == 0)
    }
}
