import Assurance
import CarekeepTesting
import FHIR
import Foundation
import Postgres
import Seals
import Testing

/// Where promises stand, from results that tests make up.
@Suite struct `Where a promise stands` {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func catalogue(_ lines: String) throws -> PromiseCatalogue {
        try PromiseCatalogue(
            files: [("t.txt", "theme: T\nENC-1\npromise: A\nhow: B\nfrom: family\nclauses: none\n" + lines)]
        )
    }

    private func record(
        _ outcome: Prover.Outcome?,
        _ probe: ProbeName = .wall,
        hours: Double,
        fresh: Double = 26
    ) -> ProbeRecord {
        let at = now.addingTimeInterval(hours * 3600)
        return ProbeRecord(
            probe: probe,
            class: .live,
            outcome: outcome,
            seen: nil,
            release: "r",
            at: at,
            until: at.addingTimeInterval(fresh * 3600)
        )
    }

    private func standing(_ lines: String, _ records: [ProbeRecord]) throws -> Standing {
        try TrustReport(catalogue(lines), records, at: now).rows[0].standing
    }

    private func at(_ hours: Double) -> Date { now.addingTimeInterval(hours * 3600) }

    @Test func `is told from the last results that say something`() throws {
        let probed = "kind: enforced\nprobes: wall grants"
        let both = [record(.kept, hours: -2), record(.kept, .grants, hours: -1)]
        #expect(try standing(probed, both) == .kept(at(-2)))
        #expect(try standing(probed + "\nmissing: C", both) == .partly(at(-2)))
        #expect(try standing(probed, [both[0]]) == .unchecked)
        #expect(try standing(probed, []) == .unchecked)
        #expect(try standing(probed, both + [record(.notTried, hours: -0.5)]) == .kept(at(-2)))
        #expect(try standing("kind: enforced\nmissing: C", []) == .notBuilt)
        #expect(try standing("kind: attested\nmissing: C", []) == .unvouched)
    }

    @Test func `is no more than checked in part where the machine does not tell`() throws {
        let probed = "kind: enforced\nprobes: wall grants"
        let both = [record(.kept, hours: -2), record(.kept, .grants, hours: -1)]
        #expect(try standing(probed, both + [record(.cannotBeTold, hours: -0.5)]) == .partly(at(-1)))
        #expect(
            try standing(probed, both + [record(.cannotBeTold, hours: -0.5), record(.kept, hours: -0.2)])
                == .kept(at(-1))
        )
        #expect(
            try standing(probed, [record(.cannotBeTold, hours: -0.5), record(.cannotBeTold, .grants, hours: -0.4)])
                == .unchecked
        )
        // Nor does it heal what was bad, nor count for longer than any result.
        let bad = [record(.fallsShort, hours: -3), record(.cannotBeTold, hours: -0.5), both[1]]
        #expect(try standing(probed, bad) == .fallsShort(at(-3)))
        #expect(
            try standing(probed, [both[1], record(.kept, hours: -40), record(.cannotBeTold, hours: -30)])
                == .outOfDate(at(-40))
        )
    }

    @Test func `falls short since the first bad result after the last good one`() throws {
        let probed = "kind: enforced\nprobes: wall"
        let records = [
            record(.fallsShort, hours: -9), record(.kept, hours: -7), record(.broken, hours: -5),
            record(.fallsShort, hours: -1),
        ]
        #expect(try standing(probed, records) == .fallsShort(at(-5)))
        #expect(try standing(probed, records + [record(.kept, hours: -0.5)]) == .kept(at(-0.5)))
    }

    @Test func `falls short where a check began and never ended`() throws {
        let probed = "kind: enforced\nprobes: wall"
        #expect(try standing(probed, [record(.kept, hours: -5), record(nil, hours: -3)]) == .fallsShort(at(-3)))
        // One that began a moment ago is under way.
        #expect(try standing(probed, [record(.kept, hours: -5), record(nil, hours: -0.01)]) == .kept(at(-5)))
    }

    @Test func `is out of date when results are too old, or of a later time than now`() throws {
        let probed = "kind: enforced\nprobes: wall"
        #expect(try standing(probed, [record(.kept, hours: -30)]) == .outOfDate(at(-30)))
        #expect(try standing(probed, [record(.kept, hours: 2)]) == .outOfDate(at(2)))
    }

    private func accepted(days: Double, until end: Double, withdrawn: Double? = nil) -> AcceptedAttestation {
        AcceptedAttestation(
            promise: "ENC-1",
            words: "w",
            signedAs: "s",
            link: nil,
            fileSHA256: nil,
            since: at(days * 24),
            until: at(end * 24),
            acceptedAt: at(days * 24),
            withdrawnAt: withdrawn.map { at($0 * 24) }
        )
    }

    private func vouched(_ lines: String, _ attestations: [AcceptedAttestation], _ records: [ProbeRecord] = []) throws
        -> Standing
    {
        try TrustReport(catalogue(lines), records, attestations, at: now).rows[0].standing
    }

    @Test func `rests on people where they alone can know`() throws {
        let attested = "kind: attested"
        #expect(try vouched(attested, []) == .unvouched)
        #expect(try vouched(attested, [accepted(days: -9, until: 99)]) == .vouched(until: at(99 * 24)))
        #expect(try vouched(attested, [accepted(days: -9, until: 29)]) == .vouchingIsDue(until: at(29 * 24)))
        #expect(try vouched(attested, [accepted(days: -9, until: -1)]) == .vouchingEnded(at(-24)))
        #expect(try vouched(attested, [accepted(days: -9, until: 99, withdrawn: -2)]) == .vouchingEnded(at(-48)))
        // A newer one takes the place of the older, whatever became of that.
        let both = [accepted(days: -9, until: 99, withdrawn: -2), accepted(days: -1, until: 50)]
        #expect(try vouched(attested, both) == .vouched(until: at(50 * 24)))
        // One that was withdrawn while it was accepted never counted.
        #expect(try vouched(attested, [accepted(days: -9, until: 99, withdrawn: -9)]) == .unvouched)
        #expect(try vouched(attested, [accepted(days: -9, until: -10)]) == .unvouched)
    }

    @Test func `counts no vouching while the clock is behind what was noted`() throws {
        let attested = "kind: attested"
        let mixed = "kind: enforced attested\nprobes: wall"
        let (good, later) = (accepted(days: -9, until: 99), accepted(days: 1, until: 99))
        #expect(try vouched(attested, [later]) == .outOfDate(later.acceptedAt))
        #expect(try vouched(attested, [good], [record(.kept, hours: 1)]) == .outOfDate(good.acceptedAt))
        #expect(
            try vouched(mixed, [good], [record(.kept, hours: -1), record(.kept, .grants, hours: 1)])
                == .outOfDate(good.acceptedAt)
        )
        let report = try TrustReport(catalogue(attested), [record(.kept, hours: 1)], [good], at: now)
        #expect(report.clockIsBehind && report.rows[0].attestation == nil && report.vouchingCounts.inForce == 0)
        // A moment is what clocks differ by, and what was withdrawn says nothing any more.
        for records in [[], [record(.kept, hours: 0.05)]] {
            let right = try TrustReport(catalogue(attested), records, [good], at: now)
            #expect(!right.clockIsBehind && right.rows[0].standing == .vouched(until: at(99 * 24)))
        }
        #expect(
            try vouched(attested, [good, accepted(days: 1, until: 99, withdrawn: 0)]) == .vouched(until: at(99 * 24))
        )
    }

    @Test func `does not take people's word for what the software has to show, nor the other way round`() throws {
        let good = [accepted(days: -9, until: 99)]
        let ended = [accepted(days: -9, until: -1)]
        let mixed = "kind: enforced attested\nprobes: wall"
        let well = [record(.kept, hours: -1)]
        #expect(try vouched(mixed, good, well) == .kept(at(-1)))
        #expect(try vouched(mixed, [], well) == .partly(at(-1)))
        #expect(try vouched(mixed, ended, well) == .vouchingEnded(at(-24)))
        #expect(try vouched(mixed, good, [record(.fallsShort, hours: -1)]) == .fallsShort(at(-1)))
        #expect(try vouched("kind: enforced attested\nmissing: C", good) == .notBuilt)
        #expect(try vouched("kind: enforced\nprobes: wall", ended, well) == .kept(at(-1)))
    }

    @Test func `is withheld where the operator says so, and counted`() throws {
        let catalogue = try PromiseCatalogue.release.get()
        let report = TrustReport(catalogue, [], [], without: ["GOV-4", "ENC-1"], at: now)
        #expect(report.withheld == 2)
        #expect(report.rows.count == catalogue.promises.count - 2)
        #expect(!report.rows.contains { ["GOV-4", "ENC-1"].contains($0.promise.id) })
        #expect(report.counts().map(\.count).reduce(0, +) + report.withheld == catalogue.promises.count)
    }

    @Test func `is counted, and nothing is left out`() throws {
        let report = TrustReport(try PromiseCatalogue.release.get(), [], at: now)
        #expect(report.counts().map(\.count).reduce(0, +) == report.rows.count)
        #expect(report.counts().first { $0.standing == "checked" }?.count == 0)
        for profile in Promise.Profile.allCases {
            #expect(report.counts(for: profile).map(\.count).reduce(0, +) > 30)
        }
    }
}

@Suite(.serialized) struct `The signed report` {
    private func file(at now: Date) async throws -> (bytes: [UInt8], key: NoteVerifier) {
        let town = try await TestTown()
        let signer = try await town.home.keys.installation().noteSigner(name: "town.example")
        let report = TrustReport(try PromiseCatalogue.release.get(), [], at: now)
        let bytes = try TrustFile.signed(report, by: signer, release: "r")
        await town.close()
        return (bytes, signer.verifier)
    }

    private func fault(_ bytes: [UInt8], key: NoteVerifier?, at now: Date) -> TrustFile.Fault? {
        do { _ = try TrustFile.verify(bytes, key: key, at: now) } catch { return error }
        return nil
    }

    @Test func `is verified, and each thing that is wrong with one is named`() async throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let (bytes, key) = try await file(at: now)
        #expect(fault(bytes, key: key, at: now) == nil)
        #expect(fault(bytes, key: nil, at: now) == nil)
        #expect(try !TrustFile.verify(bytes, key: key, at: now).clockWasBehind)
        let other = try #require(
            NoteVerifier("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        )
        #expect(fault(bytes, key: other, at: now) == .ofAnotherKey)
        let text = String(decoding: bytes, as: UTF8.self)
        let edited = Array(text.replacing("\"standing\":\"not built\"", with: "\"standing\":\"checked\"").utf8)
        #expect(edited != bytes)
        #expect(fault(edited, key: key, at: now) == .forged)
        #expect(fault(edited, key: nil, at: now) == .forged)
        let issued = now.formatted(.iso8601)
        #expect(
            fault(bytes, key: key, at: now.addingTimeInterval(90_000))
                == .expired(now.addingTimeInterval(86_400).formatted(.iso8601))
        )
        #expect(fault(bytes, key: key, at: now.addingTimeInterval(-3600)) == .fromTheFuture(issued))
        #expect(fault(Array("{}".utf8), key: key, at: now) == .unreadable)
        #expect(fault(Array("not JSON".utf8), key: nil, at: now) == .unreadable)
        var json = try JSON(parsing: bytes)
        json["signature"] = nil
        #expect(fault(json.serialized(), key: key, at: now) == .unsigned)
    }

    @Test func `lists the checks of what falls short without saying which of them did`() async throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let town = try await TestTown()
        let signer = try await town.home.keys.installation().noteSigner(name: "town.example")
        let promises = try PromiseCatalogue.release.get()
        // ISO-1 has the probes wall and unauthorised-person, ISO-5 grants and accounts.
        let records = [
            (ProbeName.wall, Prover.Outcome.kept), (.unauthorisedPerson, .fallsShort), (.grants, .kept),
            (.accounts, .kept),
        ].map { probe, outcome in
            ProbeRecord(
                probe: probe,
                class: .live,
                outcome: outcome,
                seen: outcome == .kept ? "all was well" : nil,
                release: "r",
                at: now.addingTimeInterval(-60),
                until: now.addingTimeInterval(3600)
            )
        }
        let report = TrustReport(promises, records, at: now)
        let file = try JSON(parsing: TrustFile.signed(report, by: signer, release: "r"))
        await town.close()
        let checks = { (id: String) in
            file["trust"]?["promises"]?.array?.first { $0["id"]?.string == id }?["checks"]?.array ?? []
        }
        #expect(checks("ISO-1").count == 2 && checks("ISO-5").count == 2)
        for member in ["outcome", "at", "until", "release", "seen"] {
            #expect(checks("ISO-1").allSatisfy { $0[member] == nil && $0["tries"] != nil }, "\(member)")
            #expect(checks("ISO-5").allSatisfy { $0[member] != nil }, "\(member)")
        }
        let row = try #require(report.rows.first { $0.promise.id == "ISO-1" })
        #expect(row.days == [false] && !row.tellsChecks)
    }

    @Test func `gives nothing of a stranger's writing to a terminal but what is known`() async throws {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let town = try await TestTown()
        let signer = try await town.home.keys.installation().noteSigner(name: "town.example")
        await town.close()
        let wild = "\u{1B}[2K"
        var trust = try JSON(
            parsing: Array(
                """
                {"form":"carekeep/trust/v1","issued":"2027-01-15T08:00:00Z","until":"2027-01-16T08:00:00Z",
                "counts":{"checked":3,"\\u001b[2K":4},"withheld":1,"promises":[]}
                """.utf8
            )
        )
        let sign = { (trust: JSON) throws -> [UInt8] in
            let file: JSON = [
                "trust": trust, "key": .string("\(signer.verifier)"),
                "signature": .string(try signer.signature(of: trust.serialized() + [0x0A])),
            ]
            return file.serialized()
        }
        let contents = try TrustFile.verify(sign(trust), key: nil, at: now)
        #expect(contents.counts.first { $0.standing == "checked" }?.count == 3 && contents.withheld == 1)
        #expect(!contents.counts.contains { $0.standing.contains(wild) })
        #expect(contents.issued == "2027-01-15T08:00:00Z")
        trust["until"] = .string("2027-01-14T08:00:00Z" + wild)
        let told = fault(try sign(trust), key: nil, at: now)
        #expect(told == .unreadable || told == .expired("2027-01-14T08:00:00Z"))
    }

    @Test func `is signed by the same key each time`() async throws {
        let town = try await TestTown()
        let first = try await town.home.keys.installation().noteSigner(name: "a").verifier
        town.home.keys.forgetAll()
        #expect(try await town.home.keys.installation().noteSigner(name: "a").verifier == first)
        await town.close()
    }
}

/// The report that a server keeps for a while.
@Suite(.serialized) struct `The report in the making` {
    @Test func `is not kept if something was changed meanwhile, and is made once for all who ask`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let desk = TrustDesk(store: town.home.store, keys: town.home.keys, name: "t", release: "r")
        try admin.query("begin")
        try admin.query("lock table care.probe_result in access exclusive mode")
        let one = Task { try await desk.told().report }
        let looking = try AdminConnection(town.admin)
        // It waits for the table.
        while try looking.query("select from pg_locks where not granted and relation = 'care.probe_result'::regclass")
            .isEmpty
        {
            await Task.yield()
        }
        desk.renew()
        try admin.query("commit")
        let stale = try await one.value
        _ = try await town.home.store.query(
            """
            select care.note_probe(\(UUID()), 'wall', 'live', 'kept', '', '{}', 'r', 5, interval '1 day', 1,
                                   \(Array(repeating: UInt8(7), count: 32)), '\\x00')
            """
        )
        let fresh = try await desk.told().report
        #expect(fresh.at != stale.at)
        #expect(fresh.rows.first { $0.promise.id == "ISO-1" }?.checks.first?.history.count == 1)
        desk.renew()
        async let first = desk.told().report
        async let second = desk.told().report
        let both = try await [first, second]
        #expect(both[0].at == both[1].at && both[0].at != fresh.at)
        await town.close()
    }
}
