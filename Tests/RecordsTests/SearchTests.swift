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

    @Test func `a page goes on after the last record that is still there, and at its number when none is`() throws {
        let rows = (0..<6).map { _ in UUID() }
        let place = SearchPlace(snapshot: "1:1:", offset: 3, last: Array(rows[0..<3]))
        #expect(place.index(in: rows) == 3)
        #expect(place.index(in: [rows[0], rows[1], rows[3], rows[4]]) == 2)
        #expect(place.index(in: [rows[3], rows[4], rows[5], UUID()]) == 3)
        #expect(place.index(in: []) == 0)
    }
}
