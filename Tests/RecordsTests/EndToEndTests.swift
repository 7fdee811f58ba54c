import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Records
import Testing
import Trail

@Suite struct `Records, end to end` {
    @Test func `a patient is written, read by their guardian to the letter, and unknown to everybody else`()
        async throws
    {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let ada = try await town.home.records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        let weight = try await town.home.records.create(Samples.weight("1.50", of: ada.id), for: amara)

        let read = try await town.home.records.read("Observation", weight.id, for: amara)
        #expect(read.json == weight.json)
        #expect(String(decoding: read.json, as: UTF8.self).contains("1.50"))

        for stranger in ["Bo", "Imani", "Tunde", "Meera", "Ravi"] {
            let caller = try await town.session(of: stranger)
            await #expect(throws: Refusal.notFound, "\(stranger)") {
                try await town.home.records.read("Observation", weight.id, for: caller)
            }
            await #expect(throws: Refusal.notFound, "\(stranger)") {
                try await town.home.records.timeline(of: ada.id, for: caller)
            }
        }
        await town.close()
    }

    @Test func `a share opens the record, until it is withdrawn`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let ada = try await town.home.records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        let imani = try await town.session(of: "Imani")
        let until = Date().addingTimeInterval(86_400)
        try await town.home.records.share(
            ada.id,
            with: town["Imani"].account,
            purpose: .treatment,
            until: until,
            for: amara
        )
        #expect(try await town.home.records.read("Patient", ada.id, for: imani).id == ada.id)
        #expect(try await town.home.records.people(for: imani).people.map(\.id) == [ada.id])

        let reaches = try await town.home.records.reaches(of: ada.id, for: amara).reaches
        let share = try #require(reaches.first { $0.kind == .share })
        try await town.home.records.stopSharing(share.id, of: ada.id, for: amara)
        await #expect(throws: Refusal.notFound) { try await town.home.records.read("Patient", ada.id, for: imani) }

        let looks = try await town.home.records.looks(at: ada.id, for: amara).looks
        let imanis = looks.filter { $0.who?.name == "Dr Imani Bello" }
        #expect(imanis.map(\.granted) == [false, true, true])
        #expect(imanis.allSatisfy { $0.note?.address == "192.0.2.7" })
        await town.close()
    }

    @Test func `a timeline has the entries entered last, and says where it leaves others out`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let ada = try await records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        var written: [String] = []
        for value in 0..<4 {
            written.append(try await records.create(Samples.weight("\(value + 10)", of: ada.id), for: amara).id)
        }
        for (limit, kept) in [(1, 1), (3, 3), (4, 4), (5_000, 4)] {
            let (patient, entries, isCutOff, _, _) = try await records.timeline(of: ada.id, limit: limit, for: amara)
            #expect(patient.id == ada.id)
            #expect(entries.map(\.id) == written.suffix(kept))
            #expect(isCutOff == (limit < 4))
        }
        await town.close()
    }

    @Test func `the trail is told page by page, entries of one moment too`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let ada = try await records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
        var entries: [JSON] = []
        for value in 0..<5 {
            let weight = try await records.create(Samples.weight("\(value + 10)", of: ada.id), for: amara)
            entries.append(["request": ["method": "DELETE", "url": .string("Observation/\(weight.id)")]])
        }
        let bundle = try Resource(["resourceType": "Bundle", "type": "transaction", "entry": .array(entries)])
        // One opening, five entries, all of the same moment.
        _ = try await records.transaction(BundleRequest(bundle), for: amara) { _ in BundleResponse.Reply(status: "") }

        let whole = try await records.looks(at: ada.id, limit: 100, for: amara).looks.map(\.id)
        var paged: [UUID] = []
        var place: TrailEntry.Place?
        repeat {
            let (_, looks, next) = try await records.looks(at: ada.id, after: place, limit: 2, for: amara)
            // Each look leaves an entry; what came after the first page's is not told.
            paged += looks.map(\.id)
            place = next.map { TrailEntry.Place($0.text) } ?? nil
        } while place != nil
        #expect(whole.count == 12)
        #expect(Array(paged.dropFirst()) == whole)
        #expect(Set(paged).count == paged.count)
        await town.close()
    }

    @Test func `patients are found by the beginning of a name, a birth date and an identifier`() async throws {
        let town = try await TestTown()
        let meera = try await town.session(of: "Meera")
        let arjun = try await town.home.records.create(
            Samples.patient("Arjun", "Deshpandé", born: "1980-07-09"),
            for: meera
        )
        _ = try await town.home.records.create(Samples.patient("Lata", "Joshi", born: "1991-01-01"), for: meera)
        for parameters in [
            [("name", "desh")], [("given", "ARJUN")], [("birthdate", "1980")], [("birthdate", "lt1985-01-01")],
        ] {
            let found = try await town.home.records.searchPatients(parameters, limit: 10, for: meera).records
            #expect(found.map(\.id) == [arjun.id], "\(parameters)")
        }
        let ravi = try await town.session(of: "Ravi")
        #expect(try await town.home.records.searchPatients([("name", "desh")], limit: 10, for: ravi).records.isEmpty)
        await town.close()
    }
}

/// Small resources.
enum Samples {
    static func patient(_ given: String, _ family: String, born: String) throws -> Resource {
        try Resource([
            "resourceType": "Patient", "name": [["family": .string(family), "given": [.string(given)]]],
            "birthDate": .string(born),
        ])
    }

    /// What is about a child and the mother who tells it.
    static func birth(of child: String, by mother: String) throws -> Resource {
        try Resource([
            "resourceType": "Observation", "status": "final", "code": ["text": "Birth"],
            "subject": ["reference": .string("Patient/\(child)")],
            "performer": [["reference": .string("Patient/\(mother)")]],
        ])
    }

    static func weight(_ value: String, of patient: String) throws -> Resource {
        try Resource([
            "resourceType": "Observation", "status": "final",
            "code": ["coding": [["system": "http://loinc.org", "code": "29463-7"]], "text": "Weight"],
            "subject": ["reference": .string("Patient/\(patient)")], "effectiveDateTime": "2026-03-03T07:20:00Z",
            "valueQuantity": ["value": .number(value), "unit": "kg"],
        ])
    }
}
