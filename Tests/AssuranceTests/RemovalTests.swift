import CarekeepTesting
import FHIR
import Foundation
import People
import Postgres
import Testing

@testable import Assurance

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

    @Test func `foreign-tokens: a check that believes one thing too many`() async throws {
        let town = try await TestTown()
        var site = try town.site()
        site.door = NobodysDoor()
        let outcome = { (reading: @escaping TokenTrial.Reading) in
            try #require(
                try await Prover(site, probes: [.foreignTokens(readBy: reading)], release: "test").proveAll().first
            )
        }
        let honest = try await outcome { try IDToken($0, signedBy: $1, for: $2, accessToken: $3) }
        #expect(honest.outcome == .kept, "\(honest.seen) \(honest.details)")
        // Whoever takes what the token says for what is wanted believes any issuer, audience and nonce.
        let gullible = try await outcome { token, keys, _, access in
            let claims = try token.claims(signedBy: keys)
            let said = IDToken.Expectation(
                issuer: claims["iss"]?.string ?? "",
                clientID: claims["aud"]?.string ?? "",
                nonce: claims["nonce"]?.string ?? ""
            )
            return try IDToken(token, signedBy: keys, for: said, accessToken: access)
        }
        #expect(gullible.outcome == .fallsShort)
        #expect(
            gullible.details
                == ["another issuer", "another audience", "another nonce"].map { "a token with \($0) was believed" }
        )
        let closed = try await outcome { _, _, _, _ in throw SignInTrouble.signature }
        #expect(closed.outcome == .broken)
        await town.close()
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

    @Test func `grants and drift: the store of keys`() async throws {
        let damages: [(Probe, SQL, String)] = [
            (
                .grants, "grant delete on keys.subject_key to carekeep_keykeeper",
                "keys: unexpected: carekeep_keykeeper may delete on subject_key"
            ),
            (.drift, "alter table keys.subject_key add column remark text", "remark"),
        ]
        for (probe, damage, said) in damages {
            let town = try await TestTown()
            let before = try await outcome(probe, town)
            #expect(before.outcome == .kept, "\(before.seen) \(before.details)")
            try AdminConnection(town.keysAdmin).query(damage)
            let after = try await outcome(probe, town)
            #expect(after.outcome == .fallsShort)
            #expect(after.details.contains { $0.hasPrefix("keys: ") && $0.contains(said) }, "\(after.details)")
            await town.close()
        }
    }

    @Test func `password-hashes: a weaker hash, and hashes that the server can read`() async throws {
        let weaker = try await damage(
            .passwordHashes,
            ["update care.account set password_hash = '$2b$04$' || repeat('k', 53) where password_hash is not null"]
        )
        #expect(weaker.outcome == .fallsShort)
        let cheap = try await damage(
            .passwordHashes,
            [
                """
                create or replace function care.raise_cost(token bytea, old_hash text, new_hash text) returns boolean
                    language sql volatile security definer set search_path = care, pg_temp as $$ select false $$
                """, "select care.adopt_fingerprint()",
            ]
        )
        #expect(cheap.details == ["1 passwords are stored otherwise, or with a lower cost"], "\(cheap.seen)")
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

    @Test func `error-reports: reports that quote the error`() async throws {
        let town = try await TestTown()
        let outcome = { (report: (@Sendable (any Error) -> [UInt8])?) in
            var site = try town.site()
            site.report = report
            return try #require(try await Prover(site, probes: [.errorReports], release: "test").proveAll().first)
        }
        let kept = try await outcome { Array("\(type(of: $0))".utf8) }
        #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details)")
        let quoting = try await outcome { Array("\(type(of: $0)) \($0)".utf8) }
        #expect(quoting.outcome == .fallsShort)
        #expect(quoting.details.contains("word no. 1 stands in the report of an error with a text"))
        #expect(try await outcome { _ in [] }.outcome == .broken)
        #expect(try await outcome(nil).outcome == .notTried)
        await town.close()
    }

    @Test func `quiet-logs: a word in a log`() async throws {
        let town = try await TestTown()
        let place = FileManager.default.temporaryDirectory.appending(path: "quiet-\(UUID().uuidString)")
        let (folder, own) = (place.appending(path: "logs"), place.appending(path: "own"))
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }  // what stays behind hurts nobody
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
        // The server's own log, wherever that goes.
        try Data("LOG:  started\n".utf8).write(to: log)
        var both = host
        both.logFiles = { [own.path] }
        try Data("{\"line\": \"ready\"}\n".utf8).write(to: own)
        let quiet = try await outcome(.quietLogs, town, both)
        #expect(quiet.outcome == .kept && quiet.seen.contains("2 logs, the server's own among them"), "\(quiet.seen)")
        try Data("{\"line\": \"\(word)\"}\n".utf8).write(to: own)
        #expect(try await outcome(.quietLogs, town, both).details == ["word no. 3 stands in a log"])
        await town.close()
    }

    @Test func `unguarded-table holds on a copy, and says so if the installation is another`() async throws {
        let town = try await TestTown()
        let kept = try await outcome(.unguardedTable, town)
        #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details)")
        try AdminConnection(town.admin).query("grant select on care.pass to carekeep_server")
        let other = try await outcome(.unguardedTable, town)
        #expect(other.outcome == .fallsShort)
        await town.close()
    }

    /// All of them take minutes. Installations do; here it is one of twenty, on a gate that notices.
    @Test func `guard: holds on a copy`() async throws {
        let town = try await TestTown()
        let kept = try await outcome(oneOfTwenty, town)
        #expect(kept.outcome == .kept, "\(kept.seen) \(kept.details)")
        let count = try #require(kept.seen.firstMatch(of: /each of ([0-9]+) damages/).flatMap { Int($0.1) })
        #expect(count > 50, "\(kept.seen)")
        await town.close()
    }

    private let oneOfTwenty = Probe.guard { $0.enumerated().filter { $0.offset % 20 == 0 }.map(\.element) }

    /// A town whose scratch copies are made from a release with one more file.
    private func outcome(_ probe: Probe, _ town: TestTown, adding files: [String: String], to store: String = "records")
        async throws -> Prover.Result
    {
        let folder = FileManager.default.temporaryDirectory.appending(path: "release-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Release.folder(of: store), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }  // what stays behind hurts nobody
        for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
        var site = try town.site()
        site.release = { $0 == store ? folder : Release.folder(of: $0) }
        return try #require(try await Prover(site, probes: [probe], release: "test").proveAll().first)
    }

    @Test func `guard: a gate that does not compare`() async throws {
        let town = try await TestTown()
        let gate = Release.folder(of: "records").appending(path: "current/30-gate.sql")
        let text = try String(contentsOf: gate, encoding: .utf8)
        let blind = text.replacing("g.seen is distinct from g.expected", with: "false")
        try #require(blind != text)
        let result = try await outcome(oneOfTwenty, town, adding: ["current/30-gate.sql": blind])
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        let open = result.details.filter { $0.hasSuffix("the gate does not close") }
        #expect(open.count > 50, "\(result.details)")
        await town.close()
    }

    @Test func `guard: a look that passes over a kind of thing`() async throws {
        let town = try await TestTown()
        let file = Release.folder(of: "records").appending(path: "current/90-guard.sql")
        let text = try String(contentsOf: file, encoding: .utf8)
        let changed = text.replacing(
            "known_as, relkind, relrowsecurity, relforcerowsecurity,",
            with: "known_as, relkind, '', '',"
        )
        try #require(changed != text)
        let damage = "row security of letter"
        let some = Probe.guard { $0.filter { $0.name.hasPrefix(damage) } }
        let result = try await outcome(some, town, adding: ["current/90-guard.sql": changed])
        let blind = ["not forced", "switched off"].map { "\(damage) \($0): the gate does not close" }
        #expect(result.details.filter { $0.hasPrefix(damage) } == blind, "\(result.details)")
        #expect(result.outcome == .fallsShort)
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

    @Test func `steps-back: a step of the keys store that cannot be taken back`() async throws {
        let town = try await TestTown()
        let result = try await outcome(
            .stepsBack,
            town,
            adding: [
                "migrations/0002-remnant.up.sql": "create table public.remnant_of_keys (id int);\n",
                "migrations/0002-remnant.down.sql": "select 1;\n",
            ],
            to: "keys"
        )
        // The second time, the table is there.
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        #expect(result.details.contains { $0.hasPrefix("keys: a step fails on the way") }, "\(result.details)")
        await town.close()
    }

    @Test func `unauthorised-person: a hole in a wall`() async throws {
        let town = try await TestTown()
        let hole = "create policy hole on care.version for select to carekeep_server using (true);\n"
        let result = try await outcome(
            .unauthorisedPerson(stoppingAtFirstFailure: true),
            town,
            adding: ["current/99-blinds.sql": hole]
        )
        #expect(result.outcome == .fallsShort, "\(result.seen)")
        #expect(result.details.contains { $0.contains("version") }, "\(result.details)")
        await town.close()
    }

    @Test func `steps-back: there and back, on a filled copy`() async throws {
        let town = try await TestTown()
        let result = try await outcome(.stepsBack, town)
        #expect(result.outcome == .kept, "\(result.seen) \(result.details)")
        await town.close()
    }
}

/// A front door behind which nothing is.
struct NobodysDoor: FrontDoor {
    let address = "https://localhost"

    func ask(_ question: DoorQuestion) -> DoorAnswer { DoorAnswer(status: 404, headers: [], body: []) }
    func askPlainly(_ question: DoorQuestion) -> DoorAnswer? { nil }
    func speakPlainly() -> [UInt8] { [] }
    func greet(offering version: DoorTLS) -> DoorGreeting { .refused(alert: 70) }
}
