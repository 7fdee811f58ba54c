import Care
import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Records
import Synchronization
import Testing

@testable import Assurance

extension TestTown {
    /// This town as probes see it; nobody serves it.
    func site(_ host: Site.Host? = nil) throws -> Site {
        let migrators = [
            try Migrator(store: "records", schema: "care", folder: Release.folder(of: "records"), conninfo: admin),
            try Migrator(store: "keys", schema: "keys", folder: Release.folder(of: "keys"), conninfo: keysAdmin),
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
            try AdminConnection(town.admin).query(
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
                try AdminConnection(town.admin).query(statement)
                return .kept("nothing to see")
            }
            #expect(result.details == ["rows in \(table): as many as before, and not the same"])
        }
        let office = try await run(town) { ground in
            try AdminConnection(town.admin).query(
                """
                insert into care.office (account_id, office, since)
                select m.account_id, 'steward', care.clock() from care.membership m
                 where m.organization_id = (select c from care.canaries() c limit 1)
                """
            )
            return .kept("nothing to see")
        }
        #expect(office.details == ["rows in office: 0 before, 1 after"])
        let keys = try await run(town) { ground in
            // Nobody is awake any more: an address was spoilt above.
            let canary = try ground.look().query("select c from care.canaries() c limit 1")[0].decode(UUID.self, at: 0)
            try AdminConnection(town.keysAdmin).query(
                "insert into keys.subject (organization_id, id) values (\(canary), \(UUID()))"
            )
            return .kept("nothing to see")
        }
        #expect(
            keys.details.count == 1 && keys.details.first?.hasPrefix("keys in subject: ") == true,
            "\(keys.seen) \(keys.details)"
        )
        // Tables of neither organisations nor accounts, but for those of everybody.
        let released = try await run(town) { ground in
            try AdminConnection(town.admin).query("update care.job_kind set attempts = attempts + 1")
            return .kept("nothing to see")
        }
        #expect(released.details.first == "rows in job_kind: as many as before, and not the same")
        let rules = try await run(town) { ground in
            try AdminConnection(town.admin).query("grant select on care.pass to carekeep_server")
            return .kept("nothing to see")
        }
        #expect(rules.details == ["rules of the database were changed"])
        await town.close()
    }

    @Test func `names a probe that keeps a scratch copy`() async throws {
        let town = try await TestTown()
        final class Hoard: Sendable { let twins = Mutex<[Twin]>([]) }
        let hoard = Hoard()
        let result = try await run(town, .twin) { ground in
            let twin = try ground.twin().twin
            hoard.twins.withLock { $0.append(twin) }
            return .kept("nothing to see")
        }
        #expect(result.details == ["scratch copies: 0 before, 1 after"])
        let tidy = try await run(town, .twin) { ground in
            .kept(try ground.twin().isAlike ? "nothing to see" : "another")
        }
        #expect(tidy.outcome == .kept)
        await town.close()
    }

    @Test func `names what hung before, where something is left later`() async throws {
        let town = try await TestTown()
        let (go, left) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
        let leave: @Sendable (Ground) async throws -> Sighting = { ground in
            for await _ in go.stream { break }
            try AdminConnection(town.admin).query(
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

    @Test func `tries last what ended the whole run the last time`() async throws {
        let town = try await TestTown()
        // A run that was killed by its first check: it was begun, and nothing came of it.
        _ = try await town.home.store.query(
            """
            select care.note_probe(\(UUID()), 'wall', 'live', 'begun', '', '{}', 'r', 5, interval '1 day', 1,
                                   \(Array(repeating: UInt8(7), count: 32)), '\\x00')
            """
        )
        let probes = [ProbeName.wall, .grants, .drift].map { name in
            Probe(name, .live, tries: "does nothing wrong") { _ in .kept("well") }
        }
        let order = { try await Prover(town.site(), probes: probes, release: "test").proveAll().map(\.probe.name) }
        #expect(try await order() == [.grants, .drift, .wall])
        #expect(try await order() == [.wall, .grants, .drift])
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
                try AdminConnection(town.admin).query("create database \(scratch) template template0")
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

    /// Each thing that a probe may be given, and the classes that have it.
    @Test func `gives each class what is its own`() async throws {
        let town = try await TestTown()
        let things: [(String, Set<Probe.Class>, @Sendable (Ground) throws -> Void)] = [
            ("the server's role", [.live], { _ = try $0.server() }),
            ("the records store", [.live, .host], { _ = try $0.look() }),
            ("the keys store", [.live, .host], { _ = try $0.lookAtKeys() }),
            ("the people", [.live], { _ = try $0.canaries() }),
            ("the front door", [.live], { _ = try $0.door() }),
            ("differences", [.live], { _ = try $0.drift() }),
            ("the databases' files", [.live], { _ = try $0.dataFolders() }),
            ("the log", [.live], { _ = try $0.logFiles() }),
            ("the front door's settings", [.live], { _ = try $0.allowsTLS12() }),
            ("reports", [.live], { _ = try $0.report()(ClockSetBack()) }),
            ("a copy", [.twin], { _ = try $0.twin() }),
            ("the release's files", [.twin], { _ = try $0.release(of: "records") }),
            ("the machine", [.host], { _ = try $0.knownDeployment() }),
            ("the root key", [.host], { _ = try $0.hasClearRootKey() }),
            ("the clusters", [.host], { _ = try $0.hasOwnClusters() }),
            ("the results", [.release], { _ = try $0.releaseFolder() }),
        ]
        var site = try town.site(
            Site.Host(
                dataFolders: ["/nowhere"],
                hasClearRootKey: false,
                allowsTLS12: false,
                hasOwnClusters: true,
                release: ReleaseFolder(results: { nil }, sha256: { nil })
            )
        )
        site.report = { _ in [] }
        site.door = NobodysDoor()
        let tries = things.flatMap { thing in Probe.Class.allCases.map { (thing: thing, class: $0) } }
        let probes = tries.map { one in
            Probe(.wall, one.class, tries: "tries something") { ground in
                try one.thing.2(ground)
                return .kept("it is there")
            }
        }
        let results = try await Prover(site, probes: probes, release: "test").proveAll()
        #expect(results.count == tries.count)
        for (one, result) in zip(tries, results) {
            let isOwn = one.thing.1.contains(one.class)
            #expect(result.outcome == (isOwn ? .kept : .broken), "\(one.thing.0) for \(one.class): \(result.seen)")
            #expect(isOwn || result.seen.hasPrefix("The check is not what it says it is"))
        }
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
        #expect(try TrustFile.verify(wrong.file, key: nil, at: Date()).clockWasBehind)
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
