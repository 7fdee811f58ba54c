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

@Suite struct `Merging` {
    /// Amara with two children, who may be one.
    private struct Family {
        let town: TestTown
        let amara: Caller
        let ada: StoredRecord
        let eve: StoredRecord

        init() async throws {
            town = try await TestTown()
            amara = try await town.session(of: "Amara")
            ada = try await town.home.records.create(Samples.patient("Ada", "Okafor", born: "2014-03-03"), for: amara)
            eve = try await town.home.records.create(Samples.patient("Eve", "Okafor", born: "2014-03-03"), for: amara)
        }

        var records: PatientRecords { town.home.records }

        func weight(_ value: String, of patient: StoredRecord) async throws -> StoredRecord {
            try await records.create(Samples.weight(value, of: patient.id), for: amara)
        }

        /// A record with three versions, of which one is the mark of a deletion.
        func eventful(_ value: String, of patient: StoredRecord) async throws -> StoredRecord {
            let first = try await weight(value, of: patient)
            try await records.delete("Observation", first.id, for: amara)
            return try await records.update(Samples.weight("1\(value)", of: patient.id), id: first.id, for: amara)
        }

        func history(_ record: StoredRecord) async throws -> [StoredRecord] {
            try await records.history(of: record.type, record.id, .init(), for: amara).versions
        }

        /// All sealed rows of records, as the superuser sees them: kind as it is bound, row, version, patient, message.
        func sealed() throws -> [(kind: String, row: UUID, version: Int32, patient: UUID, message: [UInt8])] {
            try AdminConnection(town.admin).query(
                """
                select kind, id, version, patient_id, sealed from care.record where kind = 'Observation'
                union all select 'Card', id, version, patient_id, card from care.record where kind = 'Observation'
                union all select kind, record_id, version, patient_id, sealed from care.version where kind = 'Observation'
                union all
                select 'Diff', c.record_id, c.version, c.patient_id, c.sealed_diff
                  from care.change c join care.record r on r.id = c.record_id where r.kind = 'Observation'
                """
            ).map { row in
                (
                    try row.decode(String.self, at: 0), try row.decode(UUID.self, at: 1),
                    try row.decode(Int32.self, at: 2), try row.decode(UUID.self, at: 3),
                    try row.decode([UInt8].self, at: 4)
                )
            }
        }

        /// How many of them are a patient's.
        func rows(of patient: StoredRecord) throws -> Int {
            let rows = try sealed()
            return rows.count { $0.patient == patient.patient }
        }

        /// The key of a patient, by a pass that names them.
        func key(of patient: StoredRecord) async throws -> SubjectKey {
            let index = try await records.index(for: amara)
            let tag = index.tag(kind: "Patient", id: patient.id)
            let (pass, _) = try await records.gate.open(Errand(.readRecord, targets: [tag]), for: amara)
            let row = try #require(pass.patients.first)
            return try await records.keys.key(for: .patient(row, of: pass.organization), under: pass)
        }
    }

    @Test func `a moved record is the new patient's, with every version to the byte`() async throws {
        let family = try await Family()
        let weight = try await family.eventful("20", of: family.ada)
        let stays = try await family.weight("30", of: family.ada)
        let before = try await family.history(weight)
        let old = try await family.key(of: family.ada)

        let moved = try await family.records.move(
            .init(type: "Observation", id: weight.id),
            to: family.eve.id,
            for: family.amara
        )
        #expect(moved.version == 4)
        #expect(try moved.resource.object["subject"]?["reference"] == .string("Patient/\(family.eve.id)"))
        let after = try await family.history(weight)
        #expect(after.map(\.version) == [4, 3, 2, 1])
        #expect(after.dropFirst().map(\.json) == before.map(\.json))
        #expect(after.map(\.isDeleted) == [false, false, true, false])
        #expect(Set(after.map(\.patient)) == [family.eve.patient])

        let new = try await family.key(of: family.eve)
        let rows = try family.sealed()
        #expect(rows.filter { $0.row == weight.row }.count == 4 + 1 + 4)
        for row in rows {
            let place = Binding(organization: family.town.okafors, kind: row.kind, id: row.row, version: row.version)
            #expect(row.patient == (row.row == weight.row ? family.eve.patient : family.ada.patient))
            let (mine, others) = row.row == stays.row ? (old, new) : (new, old)
            #expect(throws: Never.self) { try mine.open(row.message, for: place) }
            #expect(throws: SealError.self) { try others.open(row.message, for: place) }
        }
        // What the lines of its changes say of its versions is true still.
        for row in rows where row.row == weight.row && row.kind == "Diff" {
            let place = Binding(organization: family.town.okafors, kind: "Diff", id: row.row, version: row.version)
            let diff = try JSON(parsing: try new.open(row.message, for: place))
            let json = try #require(after.first { $0.version == row.version }).json
            let sha256 = Primitive.sha256(json).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(diff["sha256"] == .string(sha256))
            if row.version == 4 {
                #expect(diff["op"] == "update")
                #expect(diff["elements"] == ["subject"])
            }
        }
        await family.town.close()
    }

    @Test func `who reaches the old patient alone does not see what moved; both trails tell of it`() async throws {
        let family = try await Family()
        let weight = try await family.weight("20", of: family.ada)
        let until = Date().addingTimeInterval(86_400)
        try await family.records.share(
            family.ada.id,
            with: family.town["Imani"].account,
            purpose: .treatment,
            until: until,
            for: family.amara
        )
        let imani = try await family.town.session(of: "Imani")
        #expect(try await family.records.read("Observation", weight.id, for: imani).id == weight.id)
        // A share reads, and moves nothing.
        await #expect(throws: Refusal.notFound) {
            try await family.records.move(.init(type: "Observation", id: weight.id), to: family.eve.id, for: imani)
        }
        let bo = try await family.town.session(of: "Bo")
        let ben = try await family.records.create(Samples.patient("Ben", "Okafor", born: "2018-01-01"), for: bo)
        for (caller, target) in [(family.amara, ben), (bo, ben), (bo, family.ada)] {
            await #expect(throws: Refusal.notFound) {
                try await family.records.move(.init(type: "Observation", id: weight.id), to: target.id, for: caller)
            }
        }
        _ = try await family.records.move(
            .init(type: "Observation", id: weight.id),
            to: family.eve.id,
            for: family.amara
        )
        for _ in 0..<2 {
            await #expect(throws: Refusal.notFound) {
                try await family.records.read("Observation", weight.id, for: imani)
            }
        }
        #expect(try await family.records.read("Observation", weight.id, for: family.amara).version == 2)
        for patient in [family.ada, family.eve] {
            let acts = try await family.records.looks(at: patient.id, for: family.amara).looks.filter(\.granted).map(
                \.act
            )
            #expect(acts.contains("record.move"))
        }
        // What was looked at before stays in the old patient's trail.
        let looks = try await family.records.looks(at: family.eve.id, for: family.amara).looks
        #expect(!looks.contains { $0.who?.name == "Dr Imani Bello" && $0.granted })
        await family.town.close()
    }

    @Test func `a merge that breaks off is continued, and moves everything`() async throws {
        let family = try await Family()
        var weights: [StoredRecord] = []
        for value in 1...7 { weights.append(try await family.eventful("\(value)", of: family.eve)) }
        try await family.records.delete("Observation", weights[6].id, for: family.amara)
        var before: [[[UInt8]]] = []
        for weight in weights { before.append(try await family.history(weight).map(\.json)) }
        let rows = try family.sealed()
        let preview = try await family.records.merge(
            family.eve.id,
            into: family.ada.id,
            isPreview: true,
            for: family.amara
        )
        #expect(preview.moved == 7)
        #expect(preview.isContinued == false)
        #expect(try family.sealed().map(\.message) == rows.map(\.message))

        struct Crash: Error {}
        await #expect(throws: Crash.self) {
            try await family.records.merge(family.eve.id, into: family.ada.id, for: family.amara, inStepsOf: 3) { _ in
                throw Crash()
            }
        }
        let some = try family.rows(of: family.eve)
        #expect(some > 0 && some < rows.count)
        // Meanwhile nobody writes about who is merged, and what moved is whole.
        await #expect(throws: Refusal.patientMerged) { try await family.weight("9", of: family.eve) }
        for weight in weights { #expect(try await Set(family.history(weight).map(\.patient)).count == 1) }

        let rest = try await family.records.merge(family.eve.id, into: family.ada.id, for: family.amara, inStepsOf: 3)
        #expect(rest.moved == 4)
        #expect(rest.isContinued == true)
        #expect(try family.rows(of: family.eve) == 0)
        let (old, new) = (try await family.key(of: family.eve), try await family.key(of: family.ada))
        for row in try family.sealed() {
            let place = Binding(organization: family.town.okafors, kind: row.kind, id: row.row, version: row.version)
            #expect(throws: Never.self) { try new.open(row.message, for: place) }
            #expect(throws: SealError.self) { try old.open(row.message, for: place) }
        }
        for (weight, versions) in zip(weights, before) {
            let after = try await family.history(weight)
            #expect(after.dropFirst().map(\.json) == versions)
        }
        await #expect(throws: Refusal.deleted) {
            try await family.records.read("Observation", weights[6].id, for: family.amara)
        }
        let again = try await family.records.merge(family.eve.id, into: family.ada.id, for: family.amara)
        #expect(again.moved == 0)
        #expect(again.isContinued == true)
        await family.town.close()
    }

    @Test func `who was merged is read by id and found by no name, and says who they are`() async throws {
        let family = try await Family()
        _ = try await family.weight("20", of: family.eve)
        let report = try await family.records.merge(family.eve.id, into: family.ada.id, for: family.amara)
        #expect(report.moved == 1)
        #expect(report.waysOfReach == 0)
        let eve = try await family.records.read("Patient", family.eve.id, for: family.amara).resource
        #expect(eve.object["active"] == .bool(false))
        #expect(
            eve.object["link"]
                == [["other": ["reference": .string("Patient/\(family.ada.id)")], "type": "replaced-by"]]
        )
        let ada = try await family.records.read("Patient", family.ada.id, for: family.amara).resource
        #expect(
            ada.object["link"] == [["other": ["reference": .string("Patient/\(family.eve.id)")], "type": "replaces"]]
        )
        let found = try await family.records.searchPatients([("name", "eve")], limit: 10, for: family.amara)
        #expect(found.records.isEmpty)
        let other = try await family.records.searchPatients([("name", "ada")], limit: 10, for: family.amara)
        #expect(other.records.map(\.id) == [family.ada.id])
        await #expect(throws: Refusal.patientMerged) {
            try await family.records.update(eve, id: family.eve.id, for: family.amara)
        }
        await family.town.close()
    }

    @Test func `reach is not carried over, and merges lead one way to one end`() async throws {
        let family = try await Family()
        let ida = try await family.records.create(
            Samples.patient("Ida", "Okafor", born: "2014-03-03"),
            for: family.amara
        )
        let weight = try await family.weight("20", of: family.eve)
        try await family.records.share(
            family.eve.id,
            with: family.town["Imani"].account,
            purpose: .treatment,
            until: Date().addingTimeInterval(86_400),
            for: family.amara
        )
        let imani = try await family.town.session(of: "Imani")
        await #expect(throws: Refusal.notFound) {
            try await family.records.merge(family.eve.id, into: family.ada.id, for: imani)
        }
        let report = try await family.records.merge(family.eve.id, into: family.ada.id, for: family.amara)
        #expect(report.moved == 1)
        #expect(report.waysOfReach == 1)
        #expect(try await family.records.read("Patient", family.eve.id, for: imani).id == family.eve.id)
        for (type, id) in [("Patient", family.ada.id), ("Observation", weight.id)] {
            await #expect(throws: Refusal.notFound) { try await family.records.read(type, id, for: imani) }
        }
        func merge(_ source: StoredRecord, _ target: StoredRecord) async throws -> Int {
            try await family.records.merge(source.id, into: target.id, for: family.amara).moved
        }
        await #expect(throws: Outcome.self) { try await merge(family.ada, family.ada) }
        await #expect(throws: Outcome.self) { try await merge(family.ada, family.eve) }
        for (source, target) in [(family.eve, ida), (ida, family.eve)] {
            await #expect(throws: Refusal.patientMerged) { try await merge(source, target) }
        }
        // And on: what was Eve's goes with Ada's.
        #expect(try await merge(family.ada, ida) == 1)
        #expect(try await family.records.read("Observation", weight.id, for: family.amara).patient == ida.patient)
        await family.town.close()
    }

    @Test func `who is being merged is given nothing more: a move waits for the merge, and is refused`() async throws {
        let family = try await Family()
        let ida = try await family.records.create(
            Samples.patient("Ida", "Okafor", born: "2014-03-03"),
            for: family.amara
        )
        let weight = try await family.weight("20", of: family.ada)
        let birth = try await family.records.create(Samples.birth(of: ida.id, by: family.ada.id), for: family.amara)
        let (records, amara, eve) = (family.records, family.amara, family.eve)
        let moves: [@Sendable () async throws -> StoredRecord] = [
            { try await records.move(.init(type: "Observation", id: weight.id), to: eve.id, for: amara) },
            {
                try await records.move(
                    .init(type: "Observation", id: birth.id),
                    from: ida.id,
                    to: eve.id,
                    for: amara
                )
            },
        ]
        let (merging, looking) = (try AdminConnection(family.town.admin), try AdminConnection(family.town.admin))
        let waiting: SQL = """
            select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            """
        for move in moves {
            try merging.query("begin")
            try merging.query("update care.patient set merged_into = \(family.ada.patient) where id = \(eve.patient)")
            let moving = Task { try await move() }
            for _ in 0..<2_000 where try looking.query(waiting).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try merging.query("commit")
            await #expect(throws: Refusal.patientMerged) { try await moving.value }
            try merging.query("update care.patient set merged_into = null where id = \(eve.patient)")
        }
        #expect(try family.rows(of: eve) == 0)
        for move in moves { #expect(try await move().version == 2) }
        await family.town.close()
    }
}
