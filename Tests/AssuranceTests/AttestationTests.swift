import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Testing

/// What a steward fills in, and what is said of it.
@Suite struct `An attestation that is filled in` {
    private let now = Date(timeIntervalSince1970: 1_772_700_000)  // 2026-03-05, 08:40 UTC

    private var good: AttestationDraft {
        AttestationDraft(
            words: "Risks were assessed.",
            signedAs: "Priya Shah, operations",
            link: "https://evidence.example/2026?part=1",
            since: "2026-03-05",
            until: "2027-03-04"
        )
    }

    private func rules(_ change: (inout AttestationDraft) -> Void) -> [AttestationDraft.Field: String] {
        var draft = good
        change(&draft)
        do { _ = try draft.checked(at: now) } catch { return error.rules }
        return [:]
    }

    @Test func `is taken when all is right, up to its bounds`() {
        #expect(rules { _ in } == [:])
        #expect(rules { $0.words = String(repeating: "é", count: 500) } == [:])
        #expect(rules { $0.until = "2028-03-05" } == [:])
        #expect(
            rules {
                $0.since = "2026-03-04"
                $0.until = "2026-03-05"
            } == [:]
        )
        #expect(
            rules {
                $0.link = ""
                $0.file = Array("plain text\r\n\tof a policy: é".utf8)
            } == [:]
        )
        #expect(rules { $0.file = Array("%PDF-".utf8) + [0, 1, 2] } == [:])
        #expect(rules { $0.file = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0] } == [:])
        #expect(rules { $0.file = Array(repeating: 0x61, count: EvidenceFile.longest) } == [:])
    }

    @Test func `is refused field by field, with the rule`() {
        #expect(rules { $0.words = "" }.keys.map(\.self) == [.words])
        #expect(rules { $0.words = "done\u{0}" }[.words]?.contains("cannot be seen") == true)
        #expect(rules { $0.signedAs = "\u{1B}[2JPriya" }[.signedAs]?.contains("cannot be seen") == true)
        #expect(rules { $0.words = "done,\r\n\ttwice" } == [:])
        #expect(rules { $0.words = String(repeating: "é", count: 501) }[.words]?.contains("501") == true)
        #expect(rules { $0.signedAs = "" }.keys.map(\.self) == [.signedAs])
        #expect(rules { $0.signedAs = String(repeating: "x", count: 101) }[.signedAs]?.contains("100") == true)
        #expect(rules { $0.since = "2026-03-06" }[.since]?.contains("future") == true)
        #expect(rules { $0.since = "2026-02-30" }[.since]?.contains("first day") == true)
        #expect(rules { $0.since = "5 March" }[.since]?.contains("first day") == true)
        #expect(rules { $0.until = "2028-03-06" }[.until]?.contains("24 months") == true)
        #expect(
            rules {
                $0.since = "2026-03-04"
                $0.until = "2026-03-04"
            }[.until]?.contains("after the first") == true
        )
        #expect(
            rules {
                $0.since = "2025-03-04"
                $0.until = "2026-03-04"
            }[.until]?.contains("not over") == true
        )
        #expect(rules { $0.until = "" }.keys.map(\.self) == [.until])
        #expect(rules { $0 = AttestationDraft() }.count == 5)  // a link or a file is one thing
    }

    @Test(arguments: [
        "http://evidence.example", "//evidence.example", "javascript:alert(1)", "HTTPS://evidence.example", "ftp://x",
    ])
    func `links over HTTPS alone`(link: String) {
        #expect(rules { $0.link = link }[.link]?.contains("https://") == true)
    }

    @Test(arguments: ["https://me:secret@evidence.example/", "https://me@evidence.example", "https://a@b?c"])
    func `links without name and password`(link: String) {
        #expect(rules { $0.link = link }[.link]?.contains("password") == true)
    }

    @Test(arguments: [
        "https://", "https:///x", "https://evidence example", "https://evidence.example/a b",
        "https://évidence.example",
        "https://evidence.example:port/", "https://evidence.example\\x", "https://evidence.example/\n", "https://h#x",
    ])
    func `links as browsers write them`(link: String) {
        #expect(rules { $0.link = link }[.link] != nil)
    }

    @Test(
        arguments: [
            [0x50, 0x4B, 0x03, 0x04], [0xFF, 0xD8, 0xFF, 0xE0], [0x61, 0x00], [0xC3, 0x28], [0x1B, 0x5B],
            Array("MZ\u{1}".utf8),
        ] as [[UInt8]]
    )
    func `takes files by their content`(bytes: [UInt8]) {
        #expect(rules { $0.file = bytes }[.file]?.contains("PDF") == true)
    }

    @Test func `takes no file of more than 5 MB`() {
        let rule = rules { $0.file = Array(repeating: 0x61, count: EvidenceFile.longest + 1) }[.file]
        #expect(rule?.contains("5 MB") == true)
    }

    @Test func `needs something that shows it`() {
        #expect(rules { $0.link = "" }.keys.map(\.self) == [.file])
    }
}

/// Vouching on a real store. Each condition of the functions is ``UnauthorisedPerson``'s part `gate`.
@Suite(.serialized) struct `Vouching for promises` {
    private struct Register {
        let town: TestTown
        let admin: AdminConnection
        let desk: AttestationDesk
        let promise: Promise
        let amara: Caller
        let meera: Caller

        init() async throws {
            town = try await TestTown()
            admin = try AdminConnection(town.admin)
            let offices = Offices(keys: town.home.keys)
            for name in ["Amara", "Meera"] {
                #expect(try await offices.give(.steward, to: town[name].address, over: admin) == true)
            }
            desk = AttestationDesk(gate: town.home.gate, keys: town.home.keys, store: town.home.store)
            promise = try #require(try PromiseCatalogue.release.get()["GOV-4"])
            amara = try await town.session(of: "Amara", use: .page)
            meera = try await town.session(of: "Meera", use: .page)
        }

        func report(at now: Date = Date()) async throws -> TrustReport {
            let trust = TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r")
            return try await trust.told(at: now).report
        }

        func row(at now: Date = Date()) async throws -> TrustReport.Row {
            try #require(try await report(at: now).rows.first { $0.promise.id == "GOV-4" })
        }
    }

    private func draft(days: Double = 300, link: String = "https://evidence.example", file: [UInt8]? = nil) throws
        -> AttestationDraft.Checked
    {
        let style = Date.ISO8601FormatStyle().year().month().day()
        return try AttestationDraft(
            words: "The doors are locked.",
            signedAs: "A. Okafor, operations",
            link: link,
            file: file,
            since: Date().formatted(style),
            until: Date().addingTimeInterval(days * 86_400).formatted(style)
        ).checked(at: Date())
    }

    @Test func `counts when another steward has accepted it, and not before`() async throws {
        let register = try await Register()
        let id = try await register.desk.attest(try draft(), for: register.promise, after: nil, by: register.amara)
        #expect(try await register.row().standing == .unvouched)
        #expect(try await register.desk.waiting() == 1)
        await #expect(throws: AttestationDesk.Fault.isOwn) {
            try await register.desk.review(id, accepts: true, reason: nil, by: register.amara)
        }
        #expect(try await register.row().standing == .unvouched)
        try await register.desk.review(id, accepts: true, reason: nil, by: register.meera)
        #expect(try await register.desk.waiting() == 0)
        let row = try await register.row()
        let attestation = try #require(row.attestation)
        #expect(row.standing == .vouched(until: attestation.until))
        #expect(attestation.words == "The doors are locked.")
        #expect(attestation.signedAs == "A. Okafor, operations")
        #expect(row.attested == [true])
        let counts = try await register.report().vouchingCounts
        #expect(counts.inForce == 1)
        #expect(
            counts.never == (try PromiseCatalogue.release.get().promises.count { $0.kinds.contains(.attested) }) - 1
        )
        await register.town.close()
    }

    @Test func `is due from thirty days before its end, and falls short after it`() async throws {
        let register = try await Register()
        let id = try await register.desk.attest(
            try draft(days: 60),
            for: register.promise,
            after: nil,
            by: register.amara
        )
        try await register.desk.review(id, accepts: true, reason: nil, by: register.meera)
        let end = try #require(try await register.row().attestation?.end)
        let hour = 3600.0
        #expect(
            try await register.row(at: end.addingTimeInterval(-30 * 86_400 - hour)).standing == .vouched(until: end)
        )
        #expect(
            try await register.row(at: end.addingTimeInterval(-30 * 86_400 + hour)).standing
                == .vouchingIsDue(until: end)
        )
        #expect(try await register.row(at: end.addingTimeInterval(hour)).standing == .vouchingEnded(end))
        #expect(try await register.report(at: end.addingTimeInterval(hour)).vouchingCounts.ended == 1)
        await register.town.close()
    }

    @Test func `is declined with a reason, once, and stays out of sight`() async throws {
        let register = try await Register()
        let id = try await register.desk.attest(try draft(), for: register.promise, after: nil, by: register.amara)
        await #expect(throws: AttestationDesk.Fault.reason) {
            try await register.desk.review(id, accepts: false, reason: nil, by: register.meera)
        }
        try await register.desk.review(id, accepts: false, reason: "The back door is open.", by: register.meera)
        await #expect(throws: AttestationDesk.Fault.doesNotWait) {
            try await register.desk.review(id, accepts: true, reason: nil, by: register.meera)
        }
        #expect(try await register.row().standing == .unvouched)
        let told = try #require(try await register.desk.all(for: register.amara).first)
        #expect(told.state(at: Date()) == .declined && told.reviewReason == "The back door is open." && told.isOwn)
        // Whatever they sign with, their accounts are told.
        #expect(told.enteredBy == register.town["Amara"].address && told.reviewedBy == register.town["Meera"].address)
        #expect(told.withdrawnBy == nil)
        await register.town.close()
    }

    @Test func `is withdrawn by any steward, and then holds no more`() async throws {
        let register = try await Register()
        let id = try await register.desk.attest(try draft(), for: register.promise, after: nil, by: register.amara)
        try await register.desk.review(id, accepts: true, reason: nil, by: register.meera)
        try await register.desk.withdraw(id, reason: "A key was lost.", by: register.meera)
        await #expect(throws: AttestationDesk.Fault.isWithdrawn) {
            try await register.desk.withdraw(id, reason: "again", by: register.amara)
        }
        let row = try await register.row()
        #expect(row.standing == .vouchingEnded(try #require(row.attestation?.withdrawnAt)))
        let second = try await register.desk.attest(try draft(), for: register.promise, after: id, by: register.meera)
        try await register.desk.withdraw(second, reason: "too early", by: register.meera)
        let told = try #require(try await register.desk.all(for: register.amara).first { $0.id == second })
        #expect(told.reviewedBy == nil && told.withdrawnBy == register.town["Meera"].address)
        await #expect(throws: AttestationDesk.Fault.doesNotWait) {
            try await register.desk.review(second, accepts: true, reason: nil, by: register.amara)
        }
        await register.town.close()
    }

    @Test func `follows what its author saw`() async throws {
        let register = try await Register()
        let first = try await register.desk.attest(try draft(), for: register.promise, after: nil, by: register.amara)
        for stale in [nil, UUID()] {
            await #expect(throws: AttestationDesk.Fault.othersVouchedMeanwhile) {
                try await register.desk.attest(try draft(), for: register.promise, after: stale, by: register.meera)
            }
        }
        _ = try await register.desk.attest(try draft(), for: register.promise, after: first, by: register.meera)
        #expect(try await register.desk.all(for: register.amara).count == 2)
        await register.town.close()
    }

    @Test func `is for stewards, each of whose acts is in the trail`() async throws {
        let register = try await Register()
        let (desk, promise) = (register.desk, register.promise)
        let id = try await desk.attest(try draft(), for: promise, after: nil, by: register.amara)
        // An administrator of an organisation is no officer of the installation, and an auditor no steward.
        let tunde = try await register.town.session(of: "Tunde", use: .page)
        let offices = Offices(keys: register.town.home.keys)
        #expect(try await offices.give(.auditor, to: register.town["Ravi"].address, over: register.admin) == true)
        let ravi = try await register.town.session(of: "Ravi", use: .page)
        for caller in [tunde, ravi] {
            await #expect(throws: Refusal.notFound) {
                try await desk.attest(try draft(), for: promise, after: id, by: caller)
            }
            await #expect(throws: Refusal.notFound) {
                try await desk.review(id, accepts: true, reason: nil, by: caller)
            }
            await #expect(throws: Refusal.notFound) { try await desk.withdraw(id, reason: "x", by: caller) }
        }
        await #expect(throws: Refusal.notFound) { try await desk.all(for: tunde) }
        #expect(try await desk.all(for: ravi).count == 1)
        let entries = try register.admin.query(
            "select act, granted from care.entry where act like 'attestation.%' and account_id = \(register.town["Ravi"].account.uuid)"
        ).map { try $0.decode((String, Bool).self) }
        #expect(entries.filter { $0.1 }.map { $0.0 } == ["attestation.list"])
        #expect(entries.count { !$0.1 } == 3)
        // An office that was taken away opens nothing more.
        #expect(try await offices.end(.steward, of: register.town["Meera"].address, over: register.admin) == true)
        await #expect(throws: Refusal.notFound) {
            try await desk.review(id, accepts: true, reason: nil, by: register.meera)
        }
        await register.town.close()
    }

    @Test func `keeps a file sealed, for officers alone`() async throws {
        let register = try await Register()
        let words = "the minutes of the fire drill"
        let checked = try draft(link: "", file: Array(words.utf8))
        let id = try await register.desk.attest(checked, for: register.promise, after: nil, by: register.amara)
        let file = try #require(try await register.desk.evidence(of: id, for: register.meera))
        #expect(file.kind == .text && String(decoding: file.bytes, as: UTF8.self) == words)
        let tunde = try await register.town.session(of: "Tunde", use: .page)
        await #expect(throws: Refusal.notFound) { try await register.desk.evidence(of: id, for: tunde) }
        #expect(try await register.desk.evidence(of: UUID(), for: register.meera) == nil)
        let inClear = try register.admin.query(
            "select from care.attestation where position(convert_to('fire drill', 'UTF8') in sealed_file) > 0"
        )
        #expect(inClear.isEmpty)
        await register.town.close()
    }

    @Test(arguments: [
        ("promise", "'record'", "attestation_is_of_a_promise"), ("words", "''", "attestation_says_what_was_done"),
        ("words", "repeat('x', 501)", "attestation_says_what_was_done"),
        ("signed_as", "repeat('x', 101)", "attestation_is_signed"), ("link", "null", "attestation_has_evidence"),
        ("link", "'http://evidence.example'", "attestation_links_over_https"),
        ("link", "'https://me:pw@evidence.example'", "attestation_links_over_https"),
        ("file_kind", "'pdf'", "attestation_file_is_whole"),
        ("since", "clock_timestamp() + interval '1 hour'", "attestation_has_begun"),
        ("until", "clock_timestamp() - interval '1 minute'", "attestation_is_not_over"),
        ("until", "clock_timestamp() + interval '25 months'", "attestation_lasts_24_months_at_most"),
    ])
    func `asks the same in the database`(column: String, value: SQL, constraint: String) async throws {
        let register = try await Register()
        let columns: [(String, SQL)] = [
            ("promise", "'ZZ-3'"), ("words", "'done'"), ("signed_as", "'somebody'"),
            ("link", "'https://evidence.example'"),
            ("file_kind", "null"), ("since", "clock_timestamp() - interval '1 hour'"),
            ("until", "clock_timestamp() + interval '1 year'"),
        ]
        let account = register.town["Amara"].account.uuid
        let insert = { (changed: String) -> SQL in
            let values = columns.map { $0.0 == changed ? value : $0.1 }
            return """
                insert into care.attestation (id, account_id, at, promise, words, signed_as, link, file_kind, since, until)
                values (\(UUID()), \(account), clock_timestamp(), \(values[0]), \(values[1]), \(values[2]), \(values[3]),
                        \(values[4]), \(values[5]), \(values[6]))
                """
        }
        let error = #expect(throws: PostgresError.self) { try register.admin.query(insert(column)) }
        #expect(error?.constraint == constraint)
        #expect(throws: Never.self) { try register.admin.query(insert("")) }
        await register.town.close()
    }
}

/// What checks saw where they failed. The conditions of the function are ``UnauthorisedPerson``'s part `gate`.
@Suite(.serialized) struct `Details of failures` {
    @Test func `are for stewards and auditors, with an entry, and for nobody else`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let desk = AttestationDesk(gate: town.home.gate, keys: town.home.keys, store: town.home.store)
        let run = UUID()
        for outcome in ["kept", "falls short"] {
            _ = try await town.home.store.query(
                """
                select care.note_probe(\(run), 'wall', 'live', \(outcome), 'the hole is here', '{and here}', 'r1', 5,
                                       interval '1 day', 1, \(Array(repeating: UInt8(7), count: 32)), '\\x00')
                """
            )
        }
        _ = try await Offices(keys: town.home.keys).give(.auditor, to: town["Ravi"].address, over: admin)
        let failures = try await desk.failures(for: try await town.session(of: "Ravi", use: .page))
        #expect(failures.count == 1)
        #expect(failures[0].probe == "wall" && failures[0].outcome == "falls short" && failures[0].stands)
        #expect(failures[0].seen == "the hole is here" && failures[0].details == ["and here"])
        #expect(failures[0].release == "r1" && failures[0].run == run && failures[0].since == failures[0].at)
        for name in ["Amara", "Tunde", "Meera"] {
            let caller = try await town.session(of: name, use: .page)
            await #expect(throws: Refusal.notFound, "\(name)") { try await desk.failures(for: caller) }
        }
        let entries = try admin.query("select granted from care.entry where act = 'probe.read' order by at")
        #expect(try entries.map { try $0.decode(Bool.self, at: 0) } == [true, false, false, false])
        await town.close()
    }
}
