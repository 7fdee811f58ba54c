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

    // MARK: Moving

    /// The keys that open each sealed row of a record: record, card, versions and diffs, by the patients' names.
    private func openers(of record: StoredRecord, _ people: [(String, StoredRecord)], in scene: Scene) async throws
        -> [Set<String>]
    {
        let records = scene.town.home.records
        let rows = try AdminConnection(scene.town.admin).query(
            """
            select kind, version, sealed from care.record where id = \(record.row)
            union all select 'Card', version, card from care.record where id = \(record.row) and not is_deleted
            union all select kind, version, sealed from care.version where record_id = \(record.row)
            union all select 'Diff', version, sealed_diff from care.change where record_id = \(record.row)
            """
        )
        var keys: [(String, SubjectKey)] = []
        for (name, person) in people {
            let tag = try await records.index(for: scene.amara).tag(kind: "Patient", id: person.id)
            let pass = try await records.gate.open(Errand(.readRecord, targets: [tag]), for: scene.amara).pass
            let subject = Subject.patient(try #require(person.patient), of: scene.town.okafors)
            keys.append((name, try await records.keys.key(for: subject, under: pass)))
        }
        return try rows.map { row in
            let place = Binding(
                organization: scene.town.okafors,
                kind: try row.decode(String.self, at: 0),
                id: record.row,
                version: try row.decode(Int32.self, at: 1)
            )
            let message = try row.decode([UInt8].self, at: 2)
            return Set(keys.filter { (try? $0.1.open(message, for: place)) != nil }.map(\.0))
        }
    }

    private func found(_ record: StoredRecord, in patient: StoredRecord, _ scene: Scene) async throws -> Bool {
        try await scene.town.home.records.everything(about: patient.id, for: scene.amara).map(\.id).contains(record.id)
    }

    @Test func `another takes the place of one of them, with every version to the byte`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let changed = try Self.observation(scene.mother.id, focus: scene.baby.id, "Birth at home")
        _ = try await records.update(changed, id: scene.birth.id, for: scene.amara)
        let before = try await records.history(of: "Observation", scene.birth.id, .init(), for: scene.amara).versions
        let twin = try await records.create(Samples.patient("Ada", "Okafor", born: "2024-03-03"), for: scene.amara)
        let address = PatientRecords.Address(type: "Observation", id: scene.birth.id)
        let people = [("mother", scene.mother), ("baby", scene.baby), ("twin", twin)]

        // What refers to it and stays with the baby: both would be about somebody else.
        let note = try Resource([
            "resourceType": "Observation", "status": "final", "code": ["text": "Weight at birth"],
            "subject": ["reference": .string("Patient/\(scene.baby.id)")],
            "derivedFrom": [["reference": .string("Observation/\(scene.birth.id)")]],
        ])
        let referring = try await records.create(note, for: scene.amara)
        await #expect(throws: Outcome.self) {
            try await records.move(address, from: scene.baby.id, to: twin.id, for: scene.amara)
        }
        try await records.delete("Observation", referring.id, for: scene.amara)

        // From whom must be said, and be one of them; and the version must be the one that was seen.
        await #expect(throws: Outcome.self) { try await records.move(address, to: twin.id, for: scene.amara) }
        await #expect(throws: Outcome.self) {
            try await records.move(address, from: twin.id, to: scene.mother.id, for: scene.amara)
        }
        await #expect(throws: Refusal.versionDiffers) {
            try await records.move(address, from: scene.baby.id, to: twin.id, ifMatch: 1, for: scene.amara)
        }
        let ben = try await records.create(
            Samples.patient("Ben", "Okafor", born: "2018-01-01"),
            for: scene.town.session(of: "Bo")
        )
        await #expect(throws: Refusal.notFound) {
            try await records.move(address, from: scene.baby.id, to: ben.id, for: scene.amara)
        }
        #expect(try await openers(of: scene.birth, people, in: scene).allSatisfy { $0 == ["mother", "baby"] })

        let moved = try await records.move(address, from: scene.baby.id, to: twin.id, ifMatch: 2, for: scene.amara)
        #expect(moved.version == 3)
        #expect(try Compartment.subjects(of: moved.resource) == ["Patient/\(scene.mother.id)", "Patient/\(twin.id)"])
        #expect(
            try await openers(of: scene.birth, people, in: scene) == Array(repeating: ["mother", "twin"], count: 7)
        )
        let after = try await records.history(of: "Observation", scene.birth.id, .init(), for: scene.amara).versions
        #expect(after.dropFirst().map(\.json) == before.map(\.json))
        for (patient, isIn) in [(scene.mother, true), (scene.baby, false), (twin, true)] {
            #expect(try await found(scene.birth, in: patient, scene) == isIn)
            let looks = try await records.looks(at: patient.id, for: scene.amara).looks
            #expect(looks.contains { $0.act == "record.move" && $0.granted })
        }

        // The one with whom it stands, and one who is there already: it is about the twin alone.
        let alone = try await records.move(address, from: scene.mother.id, to: twin.id, for: scene.amara)
        #expect(alone.version == 4)
        #expect(try Compartment.subjects(of: alone.resource) == ["Patient/\(twin.id)"])
        #expect(try await openers(of: scene.birth, people, in: scene) == Array(repeating: ["twin"], count: 9))
        #expect(try await found(scene.birth, in: twin, scene))
        #expect(try await !found(scene.birth, in: scene.mother, scene))
        // It is like any other now.
        await #expect(throws: Outcome.self) {
            try await records.move(address, from: twin.id, to: scene.baby.id, for: scene.amara)
        }
        #expect(try await records.move(address, to: scene.baby.id, for: scene.amara).version == 5)
        #expect(try await openers(of: scene.birth, people, in: scene) == Array(repeating: ["baby"], count: 11))
        await scene.town.close()
    }

    @Test func `a merge takes along what is about others, too, if all of them are reached`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let again = try await records.create(Samples.patient("Chidi", "Okafor", born: "2024-03-03"), for: scene.amara)
        let people = [("mother", scene.mother), ("baby", scene.baby), ("again", again)]
        // Stands with the baby; is about both who are one; and was deleted.
        let first = try await records.create(Self.observation(scene.baby.id, focus: scene.mother.id), for: scene.amara)
        let both = try await records.create(Self.observation(scene.baby.id, focus: again.id), for: scene.amara)
        let gone = try await records.create(Self.observation(scene.mother.id, focus: scene.baby.id), for: scene.amara)
        try await records.delete("Observation", gone.id, for: scene.amara)
        let own = try await records.create(Samples.weight("4", of: scene.baby.id), for: scene.amara)

        let preview = try await records.merge(scene.baby.id, into: again.id, isPreview: true, for: scene.amara)
        #expect(preview.moved == 5)
        let report = try await records.merge(scene.baby.id, into: again.id, for: scene.amara)
        #expect(report.moved == 5)
        for record in [scene.birth, first, gone] {
            #expect(try await openers(of: record, people, in: scene).allSatisfy { $0 == ["mother", "again"] })
        }
        for record in [both, own] {
            #expect(try await openers(of: record, people, in: scene).allSatisfy { $0 == ["again"] })
        }
        for record in [scene.birth, first, both, own] {
            #expect(try await found(record, in: again, scene))
            #expect(try await !found(record, in: scene.baby, scene))
        }
        #expect(try await found(scene.birth, in: scene.mother, scene))
        await #expect(throws: Refusal.deleted) { try await records.read("Observation", gone.id, for: scene.amara) }
        // Once more is no error, and moves nothing.
        #expect(try await records.merge(scene.baby.id, into: again.id, for: scene.amara).moved == 0)
        await scene.town.close()
    }

    @Test func `a merge does not begin where one of the others is out of reach`() async throws {
        let scene = try await scene()
        let records = scene.town.home.records
        let admin = try AdminConnection(scene.town.admin)
        let again = try await records.create(Samples.patient("Chidi", "Okafor", born: "2024-03-03"), for: scene.amara)
        let mother = try #require(scene.mother.patient)
        try admin.query("update care.reach set withdrawn_at = now() where patient_id = \(mother)")
        for isPreview in [true, false] {
            let refused = await #expect(throws: Outcome.self) {
                try await records.merge(scene.baby.id, into: again.id, isPreview: isPreview, for: scene.amara)
            }
            #expect(refused?.issues.first?.rule.contains("1 of the source's records are about other patients") == true)
        }
        #expect(try admin.query("select from care.patient where merged_into is not null").isEmpty)
        try admin.query("update care.reach set withdrawn_at = null where patient_id = \(mother)")
        #expect(try await records.merge(scene.baby.id, into: again.id, for: scene.amara).moved == 1)
        await scene.town.close()
    }
}
