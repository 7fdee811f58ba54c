import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Seals
import Testing

@testable import Records

@Suite struct DatabaseVoucherTests {
    @Test func `Vouches for those whom the pass names, and gives no answer where the pass was lost`() async throws {
        let town = try await TestTown()
        let records = town.home.records
        let amara = try await town.session(of: "Amara")
        var patients: [StoredRecord] = []
        for name in ["Ada", "Eve"] {
            patients.append(try await records.create(Samples.patient(name, "Okafor", born: "2014-03-03"), for: amara))
        }
        let tag = try await records.index(for: amara).tag(kind: "Patient", id: patients[0].id)
        let (pass, _) = try await records.gate.open(Errand(.readRecord, targets: [tag]), for: amara)
        let rows = patients.compactMap(\.patient)
        let store = Store(Store.Configuration(conninfo: town.conninfo("carekeep_keykeeper"), poolSize: 1))
        try await store.start()
        let voucher = DatabaseVoucher(store: store)
        let vouch = { (organization: UUID) in
            try await voucher.vouch(
                passHash: pass.passHash,
                organization: organization,
                use: .patient,
                subjects: rows
            )
        }
        #expect(try await vouch(town.okafors) == [rows[0]])
        #expect(try await vouch(UUID()) == [])
        try AdminConnection(town.admin).query("truncate care.pass")
        await #expect(throws: Refusal.unavailable) { try await vouch(town.okafors) }
        await store.shutdown()
        await town.close()
    }
}
