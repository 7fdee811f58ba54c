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

@Suite struct `Records about several patients` {
    private struct Scene {
        let town: TestTown
        let amara: Caller
        let mother: StoredRecord
        let baby: StoredRecord
        let birth: StoredRecord
    }

    private static func observation(_ subject: String, focus: String, _ text: String = "Birth") throws -> Resource {
        try Resource([
            "resourceType": "Observation", "status": "final", "code": ["text": .string(text)],
            "subject": ["reference": .string("Patient/\(subject)")],
            "performer": [["reference": .string("Patient/\(focus)")]],
        ])
    }

    private func scene() async throws -> Scene {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let records = town.home.records
        let mother = try await records.create(Samples.patient("Ngozi", "Okafor", born: "1990-03-03"), for: amara)
        let baby = try await records.create(Samples.patient("Chidi", "Okafor", born: "2024-03-03"), for: amara)
        let birth = try await records.create(Self.observation(mother.id, focus: baby.id), for: amara)
        return Scene(town: town, amara: amara, mother: mother, baby: baby, birth: birth)
    }

    private func share(_ scene: Scene, _ patient: StoredRecord) async throws -> Caller {
        try await scene.town.home.records.share(
            patient.id,
            with: scene.town["Imani"].account,
            purpose: .treatment,
            until: Date().addingTimeInterval(86_400),
            for: scene.amara
        )
        return try await scene.town.session(of: "Imani")
    }

    @Test func `one record is in both records, and opens with either key`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        for patient in [scene.mother, scene.baby] {
            let found = try await records.search("Observation", [("patient", patient.id)], for: scene.amara)
            #expect(found.records.map(\.id) == (patient.id == scene.mother.id ? [scene.birth.id] : []))
            let all = try await records.search(
                "Observation",
                [("_id", scene.birth.id)],
                within: patient.id,
                for: scene.amara
            )
            #expect(all.records.map(\.id) == [scene.birth.id], "in \(patient.id == scene.baby.id ? "hers" : "his")")
            #expect(all.records.first?.json == scene.birth.json)
            #expect(try await records.timeline(of: patient.id, for: scene.amara).records.map(\.id) == [scene.birth.id])
            #expect(
                try await records.everything(about: patient.id, for: scene.amara).map(\.id).contains(scene.birth.id)
            )
            let page = try await records.read("Observation", scene.birth.id, of: patient.id, for: scene.amara)
            #expect(page.record.json == scene.birth.json)
        }
        await scene.town.close()
    }

    @Test func `whoever reaches one of them reads it, by that one's key, and both are told`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let stranger = try await scene.town.session(of: "Imani")
        await #expect(throws: Refusal.notFound) { try await records.read("Observation", scene.birth.id, for: stranger) }
        let imani = try await share(scene, scene.baby)
        #expect(try await records.read("Observation", scene.birth.id, for: imani).json == scene.birth.json)
        #expect(try await records.timeline(of: scene.baby.id, for: imani).records.map(\.id) == [scene.birth.id])
        await #expect(throws: Refusal.notFound) { try await records.read("Patient", scene.mother.id, for: imani) }
        for patient in [scene.mother, scene.baby] {
            let looks = try await records.looks(at: patient.id, for: scene.amara).looks
            #expect(looks.contains { $0.who?.name == "Dr Imani Bello" && $0.act == "record.read" && $0.granted })
            #expect(looks.contains { $0.who?.name == "Dr Imani Bello" && $0.act == "record.read" && !$0.granted })
        }
        await scene.town.close()
    }

    @Test func `to change it, all of them must be reached, and they stay whom it is about`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let changed = try Self.observation(scene.mother.id, focus: scene.baby.id, "Birth at home")
        let second = try await records.update(changed, id: scene.birth.id, for: scene.amara)
        #expect(second.version == 2)
        let history = try await records.history(of: "Observation", scene.birth.id, .init(), for: scene.amara)
        #expect(history.versions.map(\.json) == [second.json, scene.birth.json])
        for about in [[scene.mother.id, scene.mother.id], [scene.baby.id, scene.baby.id]] {
            let alone = try Self.observation(about[0], focus: about[1])
            await #expect(throws: Outcome.self) {
                try await records.update(alone, id: scene.birth.id, for: scene.amara)
            }
        }
        let imani = try await share(scene, scene.baby)
        let versions = try await records.history(ofType: "Observation", patient: scene.baby.id, .init(), for: imani)
            .versions
        #expect(versions.map(\.json) == [second.json, scene.birth.json])
        let earlier = try await records.versions(of: "Observation", scene.birth.id, of: scene.baby.id, for: imani)
        #expect(earlier.versions.map(\.version) == [2, 1])
        await #expect(throws: Refusal.notFound) { try await records.update(changed, id: scene.birth.id, for: imani) }
        await #expect(throws: Refusal.notFound) { try await records.delete("Observation", scene.birth.id, for: imani) }
        try await records.delete("Observation", scene.birth.id, for: scene.amara)
        await #expect(throws: Refusal.deleted) { try await records.read("Observation", scene.birth.id, for: imani) }
        #expect(try await records.update(changed, id: scene.birth.id, for: scene.amara).version == 4)
        #expect(try await records.read("Observation", scene.birth.id, for: imani).version == 4)
        await scene.town.close()
    }

    @Test func `one person's key gone, the other's still opens it; a stranger's never did`() async throws {
        let scene = try await scene()
        let (records, keys) = (scene.town.home.records, scene.town.home.keys)
        let admin = try AdminConnection(scene.town.admin)
        let kept = try admin.query("select sealed, card from care.record where id = \(scene.birth.row)")
        let sealed = try kept[0].decode([UInt8].self, at: 0)
        #expect(SubjectKey.isForSeveral(sealed))
        #expect(try SubjectKey.isForSeveral(kept[0].decode([UInt8].self, at: 1)))
        let baby = try #require(scene.baby.patient)
        let tag = try await records.index(for: scene.amara).tag(kind: "Patient", id: scene.baby.id)
        let pass = try await records.gate.open(Errand(.readRecord, targets: [tag]), for: scene.amara).pass
        _ = try await keys.erase(.patient(baby, of: scene.town.okafors), under: pass)
        #expect(try await records.read("Observation", scene.birth.id, for: scene.amara).json == scene.birth.json)
        #expect(try await records.timeline(of: scene.mother.id, for: scene.amara).records.map(\.id) == [scene.birth.id])
        await scene.town.close()
    }

    @Test func `nobody is written about whom the writer does not reach`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let bo = try await scene.town.session(of: "Bo")
        let ben = try await records.create(Samples.patient("Ben", "Okafor", born: "2018-01-01"), for: bo)
        let both = try Self.observation(scene.mother.id, focus: ben.id)
        for caller in [scene.amara, bo] {
            await #expect(throws: Refusal.notFound) { try await records.create(both, for: caller) }
        }
        let imani = try await share(scene, scene.baby)
        let about = try Self.observation(scene.baby.id, focus: scene.mother.id)
        await #expect(throws: Refusal.notFound) { try await records.create(about, for: imani) }
        await scene.town.close()
    }
}
