import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Records
import Testing

/// The gate as the server uses it. What each condition of it does is ``UnauthorisedPerson``'s part `gate`.
@Suite(.serialized) struct `The gate` {
    @Test func `knows the acts that the program knows`() async throws {
        let town = try await TestTown()
        let acts = try AdminConnection(town.admin).query("select name from care.act").map {
            try $0.decode(String.self, at: 0)
        }
        #expect(Set(acts) == Set(Act.allCases.map(\.rawValue)))
        await town.close()
    }

    @Test func `knows the words that the program knows`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        for (constraint, words) in [
            ("membership_has_known_roles", Role.allCases.map(\.rawValue)),
            ("reach_has_a_known_kind", Reach.allCases.map(\.rawValue)),
            ("reach_has_a_known_purpose", Purpose.allCases.map(\.rawValue)),
            ("organization_has_a_known_profile", Organization.Profile.allCases.map(\.rawValue)),
            ("office_is_a_known_one", Office.allCases.map(\.rawValue)),
        ] {
            let text = try admin.query(
                "select pg_get_constraintdef(oid) from pg_constraint where conname = \(constraint)"
            )[0].decode(String.self, at: 0)
            let known = text.matches(of: /'([a-z-]+)'/).map { String($0.output.1) }
            #expect(Set(known) == Set(words), "\(constraint)")
        }
        await town.close()
    }

    @Test func `hands out a pass that says whom it is for`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let patient = UUID()
        let (pass, _) = try await town.home.gate.open(
            Errand(.createPatient, newPatients: [patient], purpose: .treatment),
            for: amara
        )
        #expect(pass.act == .createPatient)
        #expect(pass.organization == town.okafors)
        #expect(pass.account == town["Amara"].account)
        #expect(pass.patients == [patient])
        #expect(pass.targets.isEmpty)
        #expect((50...61).contains(pass.until.timeIntervalSinceNow))
        let rows = try AdminConnection(town.admin).query(
            """
            select account_id, purpose, patient_id, granted from care.entry where opening_id = \(pass.opening)
            """
        )
        #expect(rows.count == 1)
        #expect(try rows[0].decode(UUID.self, at: 0) == town["Amara"].account.uuid)
        #expect(try rows[0].decode(String.self, at: 1) == "treatment")
        #expect(try rows[0].decode(UUID.self, at: 2) == patient)
        #expect(try rows[0].decode(Bool.self, at: 3))
        await town.close()
    }

    @Test func `refuses in the words of the contract`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let gate = town.home.gate
        let amara = try await town.session(of: "Amara")
        await #expect(throws: Refusal.notFound) {
            try await gate.open(Errand(.readRecord, targets: [Array(repeating: 7, count: 16)]), for: amara)
        }
        await #expect(throws: Refusal.notFound) {
            try await gate.open(Errand(.listPatients, newPatients: [UUID()]), for: amara)
        }
        let page = Caller(token: amara.token, use: .page, origin: amara.origin)
        await #expect(throws: Refusal.signedOut) { try await gate.open(Errand(.listPatients), for: page) }
        try admin.query("update care.guard set seen = '\\x00'")
        await #expect(throws: Refusal.guardIsUp) { try await gate.open(Errand(.listPatients), for: amara) }
        #expect(await town.home.isReady)
        _ = try await gate.open(Errand(.listPatients), for: amara)
        try await town.home.signIn.end(amara)
        await #expect(throws: Refusal.signedOut) { try await gate.open(Errand(.listPatients), for: amara) }
        await town.close()
    }

    @Test func `says to try again when the database has forgotten a pass in a crash, and not that nothing is there`()
        async throws
    {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let (pass, _) = try await town.home.gate.open(Errand(.listPatients), for: amara)
        _ = try await town.home.gate.work(under: pass, ["select 1 from care.record"])
        try AdminConnection(town.admin).query("truncate care.pass")
        await #expect(throws: Refusal.unavailable) {
            try await town.home.gate.work(under: pass, ["select 1 from care.record"])
        }
        await town.close()
    }

    @Test func `does not write under a pass that reads`() async throws {
        let town = try await TestTown()
        let caller = try await town.session(of: "Amara")
        let ada = try await town.home.records.create(
            Resource(["resourceType": "Patient", "name": [["family": "Okafor"]], "birthDate": "2014-03-03"]),
            for: caller
        )
        let (pass, rows) = try await town.home.gate.open(
            Errand(.listPatients),
            for: caller,
            work: ["select organization_id, id from care.patient"]
        )
        #expect(!ada.id.isEmpty && rows[0].count == 1)
        await #expect(throws: Refusal.notFound) {
            try await town.home.gate.work(
                under: pass,
                ["insert into care.patient (organization_id, id) values (\(town.okafors), \(UUID()))"]
            )
        }
        #expect(try AdminConnection(town.admin).query("select from care.patient").count == 1)
        await town.close()
    }

    @Test func `is shut while a month of the trail is guarded otherwise than the others`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let amara = try await town.session(of: "Amara")
        try admin.run(
            "create table care.entry_209001 partition of care.entry for values from ('2090-01-01Z') to ('2090-02-01Z')"
        )
        #expect(await !town.home.isReady)
        try admin.query("select care.guard_entry('care.entry_209001')")
        try admin.query("alter table care.entry_209001 owner to carekeep_owner")
        #expect(await town.home.isReady)
        try admin.query("drop policy entry_stays_in_its_organization on care.entry_209001")
        // Seen at once, without anybody's asking.
        await #expect(throws: Refusal.guardIsUp) { try await town.home.gate.open(Errand(.listPatients), for: amara) }
        #expect(await !town.home.isReady)
        await town.close()
    }

    /// More at once than there are lanes, so that most travel together: everybody gets their own record or their own refusal.
    @Test func `answers each of many who come at once as if they were alone`() async throws {
        let town = try await TestTown()
        let amara = try await town.session(of: "Amara")
        let children = try await withThrowingTaskGroup(of: StoredRecord.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    try await town.home.records.create(
                        Resource(["resourceType": "Patient", "name": [["family": "Okafor"]], "birthDate": "2014-03-03"]
                        ),
                        for: amara
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // The organisation, and a secret of nobody's.
        let token = try #require(SessionToken(amara.token.text.prefix(22) + String(repeating: "A", count: 42)))
        let stranger = Caller(token: token, use: .api, origin: amara.origin)
        let fates = await withTaskGroup(of: (Int, String).self) { group in
            for number in 0..<240 {
                group.addTask {
                    let id = number % 4 == 1 ? UUID().uuidString.lowercased() : children[number % 6].id
                    do {
                        let record = try await town.home.records.read(
                            "Patient",
                            id,
                            for: number % 4 == 3 ? stranger : amara
                        )
                        return (number, record.id)
                    } catch { return (number, "\(error)") }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for number in 0..<240 {
            switch number % 4 {
            case 1: #expect(fates[number] == "\(Refusal.notFound)")
            case 3: #expect(fates[number] == "\(Refusal.signedOut)")
            default: #expect(fates[number] == children[number % 6].id)
            }
        }
        let admin = try AdminConnection(town.admin)
        let entries = try admin.query(
            "select count(*), count(distinct opened_in) from care.entry where act = 'record.read'"
        )[0]
        #expect(try entries.decode(Int64.self, at: 0) == 240)
        // The control: they did travel together.
        #expect(try entries.decode(Int64.self, at: 1) < 240)
        await town.close()
    }

    /// One that the database cannot even decide on opens nobody's; the others are then opened by themselves.
    @Test func `opens for the others when one of those who travel together breaks`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let amara = try await town.session(of: "Amara")
        _ = try await town.home.records.create(
            Resource(["resourceType": "Patient", "name": [["family": "Okafor"]], "birthDate": "2014-03-03"]),
            for: amara
        )
        // Whoever gives this purpose breaks the gate.
        try admin.run(
            "alter table care.entry add constraint entry_is_not_broken check (purpose is distinct from 'second-opinion')"
        )
        try admin.query("select care.adopt_fingerprint()")
        let target = try admin.query("select tag from care.record where kind = 'Patient'")[0].decode(
            [UInt8].self,
            at: 0
        )
        let fates = await withTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<120 {
                group.addTask {
                    let errand = Errand(
                        .readRecord,
                        targets: [target],
                        purpose: number % 60 == 5 ? .secondOpinion : .care
                    )
                    let opened = try? await town.home.gate.open(
                        errand,
                        for: amara,
                        work: ["select id from care.record"]
                    )
                    return (number, opened?.rows[0].count == 1)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for number in 0..<120 { #expect(fates[number] == (number % 60 != 5), "\(number)") }
        let granted = try admin.query(
            "select count(*), count(distinct opened_in) from care.entry where act = 'record.read' and granted"
        )[0]
        #expect(try granted.decode(Int64.self, at: 0) == 118)
        // The control: those beside whom nobody broke did travel together.
        #expect(try granted.decode(Int64.self, at: 1) < 118)
        await town.close()
    }
}
