import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Records
import Testing

@testable import Assurance

extension TestTown {
    /// This town as probes see it; nobody serves it.
    func site(_ host: Site.Host? = nil) throws -> Site {
        let migrators = [
            try Migrator(store: "records", schema: "care", folder: Release.folder(of: "records"), conninfo: admin)
        ]
        return Site(
            home: home,
            databases: Site.Databases(admin: admin, server: conninfo("carekeep_server"), keysAdmin: keysAdmin),
            migrators: migrators,
            release: { Release.folder(of: $0) },
            door: nil,
            host: host ?? Site.Host(dataFolders: [], hasClearRootKey: false, allowsTLS12: false, hasOwnClusters: true)
        )
    }
}

extension Release {
    static func folder(of store: String) -> URL { lints(of: store).deletingLastPathComponent() }
}

@Suite(.serialized) struct `Running probes` {
    private func run(
        _ town: TestTown,
        _ class: Probe.Class = .live,
        patience: Duration = .seconds(60),
        _ work: @escaping @Sendable (Ground) async throws -> Sighting
    ) async throws -> Prover.Result {
        let probe = Probe(.wall, `class`, tries: "tries something", patience: patience, work: work)
        let results = try await Prover(town.site(), probes: [probe], release: "test").proveAll()
        return try #require(results.first)
    }

    @Test func `keeps what was seen, with an entry of the trail`() async throws {
        let town = try await TestTown()
        let kept = try await run(town) { _ in .kept("all was well") }
        #expect(kept.outcome == .kept)
        let short = try await run(town) { _ in .fallsShort("not so", ["a detail"]) }
        #expect(short.outcome == .fallsShort)
        let admin = try AdminConnection(town.admin)
        let rows = try admin.query("select outcome, seen, details from care.probe_result order by at")
        #expect(try rows.map { try $0.decode(String.self, at: 0) } == ["begun", "kept", "begun", "falls short"])
        #expect(try rows[3].decode([String].self, at: 2) == ["a detail"])
        let entries = try admin.query("select refusal from care.entry where act = 'promise.prove' order by at")
        #expect(try entries.map { try $0.decode(String?.self, at: 0) } == [nil, "falls short"])
        let told = try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r").told()
        #expect(told.report.rows.first { $0.promise.id == "ISO-1" }?.checks.first?.history.count == 2)
        await town.close()
    }

    @Test func `tells the public nothing of what went wrong`() async throws {
        let town = try await TestTown()
        _ = try await run(town) { _ in .fallsShort("the hole is here", ["and here"]) }
        let file = try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r").told()
            .file
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("falls short"))
        #expect(!text.contains("here\""))
        await town.close()
    }

    @Test func `names a probe that hangs`() async throws {
        let town = try await TestTown()
        let result = try await run(town, patience: .milliseconds(50)) { _ in
            // Longer than any test: it is left behind.
            try await Task.sleep(for: .seconds(86_400))
            return .kept("too late")
        }
        #expect(result.outcome == .broken)
        #expect(result.seen.contains("did not end"))
        await town.close()
    }

    @Test func `names a probe that breaks, by the kind of what broke it`() async throws {
        struct Broken: Error { let secret = "ADA OKAFOR" }
        let town = try await TestTown()
        let result = try await run(town) { _ in throw Broken() }
        #expect(result.outcome == .broken)
        #expect(result.seen.contains("Broken"))
        #expect(!result.seen.contains("ADA"))
        await town.close()
    }

    @Test func `names a probe that lies about its class, also if it hides that`() async throws {
        let town = try await TestTown()
        let damaging = try await run(town, .live) { ground in
            _ = try? ground.twin()  // hidden on purpose
            return .kept("nothing to see")
        }
        #expect(damaging.outcome == .broken)
        #expect(damaging.seen.contains("a place to do damage"))
        let looking = try await run(town, .twin) { ground in
            _ = try? ground.look()  // hidden on purpose
            return .kept("nothing to see")
        }
        #expect(looking.outcome == .broken)
        #expect(looking.seen.contains("the installation's databases"))
        await town.close()
    }

    @Test func `names a probe that leaves rows behind, or changes rules`() async throws {
        let town = try await TestTown()
        let rows = try await run(town) { ground in
            let canary = try ground.canaries().north
            try AdminConnection(ground.site.databases.admin).query(
                "insert into care.patient (organization_id, id) values (\(canary.organization), \(UUID()))"
            )
            return .kept("nothing to see")
        }
        #expect(rows.outcome == .broken)
        #expect(rows.details == ["rows in patient: 2 before, 3 after"])
        let changed: [(String, SQL)] = [
            (
                "organization",
                "update care.organization set country = 'FR' where organization_id = any (select care.canaries())"
            ),
            (
                "account",
                """
                update care.account set sealed_address = '\\x01'
                 where id in (select account_id from care.membership where organization_id in (select care.canaries()))
                """
            ),
        ]
        for (table, statement) in changed {
            let result = try await run(town) { ground in
                try AdminConnection(ground.site.databases.admin).query(statement)
                return .kept("nothing to see")
            }
            #expect(result.details == ["rows in \(table): as many as before, and not the same"])
        }
        let office = try await run(town) { ground in
            try AdminConnection(ground.site.databases.admin).query(
                """
                insert into care.office (account_id, office, since)
                select m.account_id, 'steward', care.clock() from care.membership m
                 where m.organization_id = (select c from care.canaries() c limit 1)
                """
            )
            return .kept("nothing to see")
        }
        #expect(office.details == ["rows in office: 0 before, 1 after"])
        let rules = try await run(town) { ground in
            try AdminConnection(ground.site.databases.admin).query("grant select on care.pass to carekeep_server")
            return .kept("nothing to see")
        }
        #expect(rules.details == ["rules of the database were changed"])
        await town.close()
    }

    @Test func `names what hung before, where something is left later`() async throws {
        let town = try await TestTown()
        let (go, left) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let leave: @Sendable (Ground) async throws -> Sighting = { ground in
            for await _ in go.stream { break }
            try AdminConnection(ground.site.databases.admin).query(
                "insert into care.patient (organization_id, id) select c, gen_random_uuid() from care.canaries() c limit 1"
            )
            left.continuation.yield()
            return .kept("too late")
        }
        let probes = [
            // Sleeping would end when it is left behind; this goes on.
            Probe(.wall, .live, tries: "hangs", patience: .milliseconds(50)) { ground in
                try await Task.detached { try await leave(ground) }.value
            },
            Probe(.grants, .live, tries: "does nothing wrong") { _ in
                go.continuation.yield()
                for await _ in left.stream { break }
                return .kept("well")
            },
        ]
        let results = try await Prover(town.site(), probes: probes, release: "test").proveAll()
        #expect(results.map(\.outcome) == [.broken, .broken])
        #expect(
            results[1].details == ["rows in patient: 2 before, 3 after", "wall, which hung before, may have left it"]
        )
        await town.close()
    }

    @Test func `names a probe that leaves a scratch database behind, and takes nobody else's for its own`() async throws
    {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let store = try admin.query("select oid::int8 from pg_database where datname = current_database()")[0]
            .decode(Int64.self, at: 0)
        let (held, left) = ("carekeep_\(store)_1", "carekeep_\(store)_2")
        try admin.query("select pg_advisory_lock(hashtextextended(\(held), 0))")
        for (name, outcome, details) in [
            (held, Prover.Outcome.kept, []), (left, .broken, ["scratch databases: 0 before, 1 after"]),
        ] {
            let scratch = try #require(SQL.Identifier(name))
            let result = try await run(town) { ground in
                try AdminConnection(ground.site.databases.admin).query("create database \(scratch) template template0")
                return .kept("nothing to see")
            }
            #expect(result.outcome == outcome)
            #expect(result.details == details)
            try admin.query("drop database \(scratch)")
        }
        await town.close()
    }

    @Test func `says nothing of a promise where a probe cannot try`() async throws {
        let town = try await TestTown()
        let result = try await run(town) { ground in
            _ = try ground.door()
            return .kept("there is no door")
        }
        #expect(result.outcome == .notTried && result.lack == .server)
        let other = try await run(town) { _ in throw ProbeTrouble.cannotBeTried("something is not there") }
        #expect(other.outcome == .notTried && other.lack == .other)
        let release = try await run(town, .release) { ground in
            _ = try ground.releaseFolder()
            return .kept("there are no results")
        }
        #expect(release.lack == .releaseResults)
        let told = try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r").told()
        #expect(told.report.rows.first { $0.promise.id == "ISO-1" }?.standing == .unchecked)
        await town.close()
    }

    @Test func `keeps what a machine does not tell, and takes it for neither well nor bad`() async throws {
        let town = try await TestTown()
        let result = try await run(town, .host) { _ in throw ProbeTrouble.cannotBeTold("the rules cannot be read") }
        #expect(result.outcome == .cannotBeTold)
        #expect(result.seen == "the rules cannot be read")
        let rows = try AdminConnection(town.admin).query("select class, outcome from care.probe_result order by at")
        #expect(try rows[1].decode((String, String).self) == ("host", "cannot be told"))
        let told = try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r").told()
        #expect(told.report.rows.first { $0.promise.id == "ISO-1" }?.checks.first?.isUntold == true)
        await town.close()
    }

    @Test func `lets a probe of the machine look at no people and at no door`() async throws {
        let town = try await TestTown()
        let peeping = try await run(town, .host) { ground in
            _ = try? ground.canaries()  // hidden on purpose
            return .kept("nothing to see")
        }
        #expect(peeping.outcome == .broken)
        let live = try await run(town, .live) { ground in
            _ = try? ground.deployment()  // hidden on purpose
            return .kept("nothing to see")
        }
        #expect(live.seen.contains("the machine"))
        await town.close()
    }

    @Test func `names a clock that was set back`() async throws {
        let town = try await TestTown()
        _ = try await run(town) { _ in .kept("well") }
        let admin = try AdminConnection(town.admin)
        try admin.query("update care.guard set clock_offset = '-1 hour'")
        await #expect(throws: ClockSetBack.self) { try await run(town) { _ in .kept("well") } }
        await town.close()
    }

    @Test func `goes on after a clock that was ahead, once the operator has said so`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let told = {
            try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r").told()
        }
        #expect(try await Prover.noteClockAhead(town.home, over: admin, release: "test") == nil)
        try admin.query("update care.guard set clock_offset = '10 days'")
        _ = try await run(town) { _ in .kept("well") }
        try admin.query("update care.guard set clock_offset = '0'")
        await #expect(throws: ClockSetBack.self) { try await run(town) { _ in .kept("well") } }
        let wrong = try await told()
        #expect(wrong.report.clockIsBehind)
        #expect(String(decoding: wrong.file, as: UTF8.self).contains("\"clock_is_behind\":true"))
        let until = try #require(try await Prover.noteClockAhead(town.home, over: admin, release: "test"))
        #expect(until > Date().addingTimeInterval(9 * 86_400))
        #expect(try await run(town) { _ in .kept("well") }.outcome == .kept)
        let right = try await told()
        #expect(!right.report.clockIsBehind)
        #expect(!String(decoding: right.file, as: UTF8.self).contains("clock_is_behind"))
        #expect(right.report.rows.first { $0.promise.id == "ISO-1" }?.checks.first?.history.count == 1)
        await town.close()
    }

    @Test func `does not let failures be pushed off the page, nor made younger`() async throws {
        let town = try await TestTown()
        let note = { (outcome: String) in
            _ = try await town.home.store.query(
                """
                select care.note_probe(\(UUID()), 'wall', 'live', \(outcome), '', '{}', 'r', 5, interval '1 day', 1,
                                       \(Array(repeating: UInt8(7), count: 32)), '\\x00')
                """
            )
        }
        let check = {
            let report = try await TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r")
                .told()
                .report
            return try #require(report.rows.first { $0.promise.id == "ISO-1" })
        }
        for _ in 1...31 {
            try await note("begun")
            try await note("falls short")
        }
        let first = try AdminConnection(town.admin).query(
            "select min(at) from care.probe_result where outcome = 'falls short'"
        )[0].decode(Date.self, at: 0)
        #expect(try await check().checks.first?.history.count == 30)
        #expect(try await check().standing == .fallsShort(first))
        for _ in 1...61 { try await note("not tried") }
        #expect(try await check().standing == .fallsShort(first))
        try await note("kept")
        #expect(try await check().standing != .fallsShort(first))
        await town.close()
    }

    @Test func `tells why nobody could be woken, and takes that for a fault`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let asks: @Sendable (Ground) async throws -> Sighting = { ground in
            _ = try ground.canaries()
            return .kept("somebody is awake")
        }
        #expect(try await run(town, .live, asks).outcome == .kept)
        try admin.query(
            "create function public.refuse() returns trigger language plpgsql as 'begin raise sqlstate ''P0007''; end'"
        )
        try admin.query(
            "create trigger refuse before insert on care.session for each row execute function public.refuse()"
        )
        try admin.query("select care.adopt_fingerprint()")
        let asleep = try await run(town, .live, asks)
        #expect(asleep.outcome == .broken)
        #expect(asleep.seen.contains("could not be woken") && asleep.seen.contains("P0007"))
        #expect(try await run(town) { _ in .kept("it needs nobody") }.outcome == .kept)
        // With the guard up nobody can be woken, and another probe says why.
        try admin.query("drop trigger refuse on care.session")
        let guarded = try await run(town, .live, asks)
        #expect(guarded.outcome == .notTried && guarded.lack == .other)
        #expect(guarded.seen.contains("guard is up"))
        await town.close()
    }

    @Test func `runs alone`() async throws {
        let town = try await TestTown()
        let other = try AdminConnection(town.admin)
        let canary = try await run(town) { ground in
            let canary = try ground.canaries().north
            return .kept(canary.organization.uuidString)
        }
        let organization = try #require(UUID(uuidString: canary.seen))
        // Another one while one is under way ends nothing of what that was lent.
        let site = try town.site()
        let result = try await run(town) { ground in
            _ = try ground.canaries()
            await #expect(throws: AnotherRun.self) { try await Prover(site, probes: [], release: "test").proveAll() }
            let sessions = try ground.look().query("select from care.session where organization_id = \(organization)")
            return sessions.isEmpty ? .fallsShort("the other one ended the session") : .kept("well")
        }
        #expect(result.outcome == .kept, "\(result.seen)")
        // It lets go when it ends, and one that is killed does, too.
        #expect(
            try other.query("select pg_try_advisory_lock(hashtextextended('carekeep prove', 0))")[0].decode(
                Bool.self,
                at: 0
            )
        )
        await #expect(throws: AnotherRun.self) { try await run(town) { _ in .kept("well") } }
        await town.close()
    }

    @Test func `leaves nothing of a run that was killed`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let canaries = Canaries(home: town.home, admin: admin)
        // As a run that is under way has it: nobody else ends what it was lent.
        var running: AdminConnection? = try AdminConnection(town.admin)
        let hasBegun = try running.map { try Loans.begin(over: $0) }
        #expect(hasBegun == true)
        let lent = try await canaries.lend()
        try Loans.clear(over: AdminConnection(town.admin))
        #expect(try canaries.lentOut() > 0)
        running = nil
        try Loans.clear(over: AdminConnection(town.admin))
        #expect(try canaries.lentOut() == 0)
        await #expect(throws: Refusal.self) { try await town.home.records.people(for: lent.north.caller) }
        await town.close()
    }

    @Test func `cuts what a probe says to what the store takes`() async throws {
        let town = try await TestTown()
        let long = String(repeating: "é", count: 1500) + "\u{0}"
        let result = try await run(town) { _ in .fallsShort(long, [long]) }
        #expect(result.seen == long)
        let row = try AdminConnection(town.admin).query(
            "select seen, details from care.probe_result where outcome = 'falls short'"
        )[0]
        let seen = try row.decode(String.self, at: 0)
        #expect(seen == String(repeating: "é", count: 998) + "…")
        #expect(try row.decode([String].self, at: 1) == [seen])
        await town.close()
    }

    @Test func `has a probe for each name, once`() {
        #expect(Probe.all.map(\.name).sorted() == ProbeName.allCases.sorted())
    }

    @Test func `wakes two synthetic organisations, the same each time, to which nobody can sign in afterwards`()
        async throws
    {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let canaries = Canaries(home: town.home, admin: admin)
        let first = try await canaries.lend()
        #expect(try canaries.lentOut() > 0)
        try canaries.recall()
        #expect(try canaries.lentOut() == 0)
        await #expect(throws: Refusal.self) { try await town.home.records.people(for: first.north.caller) }
        let second = try await canaries.lend()
        #expect(second.north.organization == first.north.organization)
        #expect(second.south.patient == first.south.patient)
        #expect(second.words == first.words)
        #expect(Set(first.words).count == 8)
        #expect(second.north.password != first.north.password)
        try canaries.recall()
        #expect(try admin.query("select from care.organization").count == 4)
        await town.close()
    }
}

/// Each mechanism taken away, and the probe that shows it.
@Suite(.serialized) struct `Probes see a mechanism that is gone` {
    private func outcome(_ probe: Probe, _ town: TestTown, _ host: Site.Host? = nil) async throws -> Prover.Result {
        try #require(try await Prover(town.site(host), probes: [probe], release: "test").proveAll().first)
    }

    private func damage(_ probe: Probe, _ statements: [SQL]) async throws -> Prover.Result {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let before = try await outcome(probe, town)
        #expect(before.outcome == .kept, "\(before.seen) \(before.details)")
        for statement in statements { try admin.query(statement) }
        let after = try await outcome(probe, town)
        await town.close()
        return after
    }

    @Test func `wall: a policy that opens a table`() async throws {
        // The guard sees it too, so what is damaged is adopted as if it were the release's.
        let result = try await damage(
            .wall,
            [
                "create policy hole on care.version for select to carekeep_server using (true)",
                "drop policy version_stays_in_its_organization on care.version", "select care.adopt_fingerprint()",
            ]
        )
        #expect(result.outcome == .fallsShort)
        #expect(result.details.contains { $0.hasPrefix("version shows rows") })
    }

    @Test func `wall: a table of no organisation that any member's pass opens`() async throws {
        let result = try await damage(
            .wall,
            [
                "create policy hole on care.office for select to carekeep_server using ((select care.acting_account()) is not null)",
                "grant select on care.office to carekeep_server",
                "insert into care.office (account_id, office, since) select id, 'auditor', care.clock() from care.account limit 1",
                "select care.adopt_fingerprint()",
            ]
        )
        #expect(result.outcome == .fallsShort)
        #expect(result.details == ["office shows rows to any member"])
    }

    @Test func `wall: row security switched off`() async throws {
        let result = try await damage(
            .wall,
            ["alter table care.record disable row level security", "select care.adopt_fingerprint()"]
        )
        #expect(result.details.contains("record shows rows without a pass"))
        #expect(result.details.contains("record shows rows of another organisation"))
    }

    @Test func `foreign-tokens: a check that believes one thing too many`() throws {
        let honest = try TokenTrial().faults { try IDToken($0, signedBy: $1, for: $2, accessToken: $3) }
        #expect(honest.believed == [] && !honest.isControl)
        // Whoever takes what the token says for what is wanted believes any issuer, audience and nonce.
        let gullible = try TokenTrial().faults { token, keys, _, access in
            let claims = try token.claims(signedBy: keys)
            let said = IDToken.Expectation(
                issuer: claims["iss"]?.string ?? "",
                clientID: claims["aud"]?.string ?? "",
                nonce: claims["nonce"]?.string ?? ""
            )
            return try IDToken(token, signedBy: keys, for: said, accessToken: access)
        }
        #expect(gullible.believed == ["another issuer", "another audience", "another nonce"])
        #expect(!gullible.isControl)
        let closed = try TokenTrial().faults { _, _, _, _ in throw SignInTrouble.signature }
        #expect(closed.isControl)
    }

    @Test func `guard-now: a right too many`() async throws {
        let result = try await damage(.guardNow, ["grant select on care.pass to carekeep_server"])
        #expect(result.outcome == .fallsShort)
    }

    @Test func `grants: a right too many`() async throws {
        let result = try await damage(.grants, ["grant delete on care.record to carekeep_server"])
        #expect(result.details == ["records: unexpected: carekeep_server may delete on record"])
    }

    @Test func `drift: a table changed by hand`() async throws {
        let result = try await damage(.drift, ["alter table care.record add column remark text"])
        #expect(result.outcome == .fallsShort)
        #expect(result.details.contains { $0.contains("remark") })
    }

    @Test func `password-hashes: a weaker hash, and hashes that the server can read`() async throws {
        let weaker = try await damage(
            .passwordHashes,
            ["update care.account set password_hash = '$2b$04$' || repeat('k', 53) where password_hash is not null"]
        )
        #expect(weaker.outcome == .fallsShort)
        let readable = try await damage(
            .passwordHashes,
            ["grant select on care.account to carekeep_server", "select care.adopt_fingerprint()"]
        )
        #expect(readable.details == ["the server's database account can read hashes"])
    }

    @Test func `root-key: one that lies in clear`() async throws {
        let town = try await TestTown()
        let host = { (clear: Bool?) in
            Site.Host(dataFolders: [], hasClearRootKey: clear, allowsTLS12: false, hasOwnClusters: true)
        }
        #expect(try await outcome(.rootKey, town, host(false)).outcome == .kept)
        #expect(try await outcome(.rootKey, town, host(true)).outcome == .fallsShort)
        #expect(try await outcome(.rootKey, town, host(nil)).outcome == .cannotBeTold)
        await town.close()
    }

    @Test func `canary-bytes: a word written in clear`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let folder = try admin.query("show data_directory")[0].decode(String.self, at: 0)
        let host = Site.Host(dataFolders: [folder], hasClearRootKey: false, allowsTLS12: false, hasOwnClusters: true)
        let before = try await outcome(.canaryBytes, town, host)
        #expect(before.outcome == .kept, "\(before.seen) \(before.details)")
        let canaries = Canaries(home: town.home, admin: admin)
        let word = try await canaries.lend().south.words[3]
        try admin.query("create table public.leak as select \(word)::text as note")
        let after = try await outcome(.canaryBytes, town, host)
        #expect(after.outcome == .fallsShort)
        #expect(after.details.count == 1 && after.details[0].hasPrefix("word no. 8 "))
        await town.close()
    }

    @Test func `quiet-logs: a word in a log`() async throws {
        let town = try await TestTown()
        let folder = FileManager.default.temporaryDirectory.appending(path: "logs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // holds a word that means nothing
        let host = Site.Host(
            dataFolders: [folder.path],
            hasClearRootKey: false,
            allowsTLS12: false,
            hasOwnClusters: true
        )
        #expect(try await outcome(.quietLogs, town, host).outcome == .broken)  // nothing to search is no silence
        let log = folder.appending(path: "server.log")
        try Data("LOG:  started\n".utf8).write(to: log)
        #expect(try await outcome(.quietLogs, town, host).outcome == .kept)
        let word = try await Canaries(home: town.home, admin: AdminConnection(town.admin)).lend().north.words[2]
        try Data("LOG:  started\nLOG:  key (\(word)) exists\n".utf8).write(to: log)
        let after = try await outcome(.quietLogs, town, host)
        #expect(after.outcome == .fallsShort)
        #expect(after.details == ["word no. 3 stands in a log"])
        await town.close()
    }

    @Test func `unguarded-table and guard hold on a copy, and say so if the installation is another`() async throws {
        let town = try await TestTown()
        for probe in [Probe.unguardedTable, .guard] {
            let kept = try await outcome(probe, town)
            #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details)")
        }
        try AdminConnection(town.admin).query("grant select on care.pass to carekeep_server")
        let other = try await outcome(.guard, town)
        #expect(other.outcome == .fallsShort)
        await town.close()
    }

    /// A town whose scratch copies are made from a release with one more file.
    private func outcome(_ probe: Probe, _ town: TestTown, adding files: [String: String]) async throws -> Prover.Result
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "release-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Release.folder(of: "records"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }  // a copy of what is in the repository
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        var site = try town.site()
        site.release = { _ in folder }
        return try #require(try await Prover(site, probes: [probe], release: "test").proveAll().first)
    }

    @Test func `guard: a gate that does not compare`() async throws {
        let town = try await TestTown()
        let gate = Release.folder(of: "records").appending(path: "current/30-gate.sql")
        let text = try String(contentsOf: gate, encoding: .utf8)
        let blind = text.replacing("g.seen is distinct from g.expected", with: "false")
        try #require(blind != text)
        let result = try await outcome(.guard, town, adding: ["current/30-gate.sql": blind])
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        let open = result.details.filter { $0.hasSuffix("the gate does not close") }
        #expect(open.count == 7, "\(result.details)")
        await town.close()
    }

    @Test func `unguarded-table: a suite that does not see the table`() async throws {
        let town = try await TestTown()
        // As soon as somebody is let in, the table is where the suite does not look.
        let blinds = """
            create function public.hide_diary() returns event_trigger language plpgsql as $$
            begin
                if to_regclass('care.diary') is not null then alter table care.diary set schema public; end if;
            end $$;
            create event trigger hide_diary on ddl_command_end when tag in ('GRANT') execute function public.hide_diary();

            """
        let result = try await outcome(.unguardedTable, town, adding: ["current/99-blinds.sql": blinds])
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        #expect(result.details.contains("a table without rules was not noticed"))
        await town.close()
    }

    @Test func `role-matrix, leaving and emergencies hold on a copy`() async throws {
        let town = try await TestTown()
        for probe in [Probe.roleMatrix, .leaving, .emergencies] {
            let kept = try await outcome(probe, town)
            #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details.prefix(5))")
        }
        await town.close()
    }

    /// Each takes away what the promise rests on, in the release that the copy is made from.
    @Test(arguments: [
        ("role-matrix", "open_pass", "if refused is null and not a.permission = any (permits) then", "if false then"),
        (
            "role-matrix", "keep_permits", "care.permits_of(new.organization_id, new.roles, new.custom_roles)",
            "array[''record.read'']"
        ),
        (
            "leaving", "off_board",
            "delete from care.pass p where p.organization_id = organization and p.account_id = account;", ""
        ),
        ("leaving", "off_board", "and s.account_id = account and s.ended_at is null;", "and false;"),
        ("leaving", "end_membership", "perform care.require_owner(shown.organization_id);", ""),
        ("emergencies", "break_glass", "or not 'clinician' = any ((care.acting_member()).roles)", ""),
        ("emergencies", "open_pass", "r.kind = any (a.reach)", "true"),
        (
            "emergencies", "break_glass",
            "perform care.write_entry(shown, patient, null, null, key_epoch, salt, sealed, at);", ""
        ),
        (
            "emergencies", "break_glass", "for i in 1 .. least(cardinality(told), cardinality(letters)) loop",
            "for i in 1 .. 0 loop"
        ),
        ("emergencies", "break_glass", "opened >= most or", ""),
        ("emergencies", "break_glass_minutes", "care.setting_of(organization, 'break-glass.minutes')", "''60''"),
    ])
    func `role-matrix, leaving and emergencies fall short`(
        probe: String,
        function: String,
        text: String,
        damage: String
    )
        async throws
    {
        let town = try await TestTown()
        let blinds = """
            do $$
            begin
                execute (select replace(pg_get_functiondef(p.oid), '\(text.replacing("'", with: "''"))', '\(damage)')
                           from pg_proc p where p.pronamespace = 'care'::regnamespace and p.proname = '\(function)');
            end $$;

            """
        let name = try #require(ProbeName(rawValue: probe))
        let result = try await outcome(
            try #require(Probe.all.first { $0.name == name }),
            town,
            adding: ["current/99-blinds.sql": blinds]
        )
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        #expect(result.details.count > 1)  // and not only that the copy is another
        await town.close()
    }

    @Test func `steps-back: a step that leaves something behind`() async throws {
        let town = try await TestTown()
        // The second time, the step finds what its way back left.
        let up = """
            do $$
            begin
                if to_regclass('public.remnant') is null then create table public.remnant (id int);
                else alter table care.patient add column remnant int; end if;
            end $$;

            """
        let folder = Release.folder(of: "records").appending(path: "migrations")
        let steps = try FileManager.default.contentsOfDirectory(atPath: folder.path).count / 2
        let name = "migrations/" + String("000\(steps + 1)".suffix(4)) + "-remnant"
        let files = ["\(name).up.sql": up, "\(name).down.sql": "select 1;\n"]
        let result = try await outcome(.stepsBack, town, adding: files)
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        #expect(result.details.contains { $0.contains("remnant") }, "\(result.details)")
        // The same files with a way back that takes everything back.
        let whole = files.merging(["\(name).down.sql": "drop table public.remnant;\n"]) { $1 }
        let kept = try await outcome(.stepsBack, town, adding: whole)
        #expect(!kept.details.contains { $0.contains("remnant") }, "\(kept.details)")
        await town.close()
    }

    @Test func `steps-back: there and back, on a filled copy`() async throws {
        let town = try await TestTown()
        let result = try await outcome(.stepsBack, town)
        #expect(result.outcome == .kept, "\(result.seen) \(result.details)")
        await town.close()
    }
}
