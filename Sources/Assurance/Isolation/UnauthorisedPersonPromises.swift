import FoundationEssentials
import Postgres
import Seals

/// What notes the results of probes, shows them, and ends what probes were lent.
extension GateChecks {
    func promises() throws {
        try noting()
        try showing()
        try failing()
        try clockAhead()
        try recalling()
    }

    private func note(_ outcome: String, probe: String = "wall", salt: [UInt8] = Primitive.freshBytes(32)) -> SQL {
        """
        select care.note_probe(\(UUID()), \(probe), 'live', \(outcome), 'what was seen', '{a detail}', 'r', 5,
                               interval '1 day', 1, \(salt), '\\x00')
        """
    }

    private func noting() throws {
        let outcomes: [(String, String?)] = [
            ("kept", nil), ("falls short", "falls short"), ("broken", "broken"), ("not tried", "not tried"),
            ("cannot be told", "cannot be told"),
        ]
        for (outcome, refusal) in outcomes {
            // Other probes' results are not this one's.
            for (other, probe) in [("kept", "drift"), ("falls short", "grants")] {
                _ = try failure(nil, note(other, probe: probe))
            }
            let salt = Primitive.freshBytes(32)
            try must("note_probe", "\(outcome) is noted", try failure(nil, note(outcome, salt: salt)) == nil)
            let entries = try entries(salt)
            try must(
                "note_probe",
                "an entry says so",
                entries.count == 1 && entries[0].act == "promise.prove" && entries[0].refusal == refusal
                    && entries[0].granted == (refusal == nil) && entries[0].account == nil
            )
        }
        let salt = Primitive.freshBytes(32)
        try must("note_probe", "begun is noted", try failure(nil, note("begun", salt: salt)) == nil)
        try must("note_probe", "and is no entry", try entries(salt).isEmpty)
        try must("note_probe", "no other outcome", try failure(nil, note("splendid")) == "23514")
        try must(
            "note_probe",
            "not that the clock was ahead",
            try failure(nil, note("not tried", probe: "clock-was-ahead")) == "42501"
        )
        try scene.later(by: .seconds(-3600)) {
            try must("note_probe", "not when the clock was set back", try failure(nil, note("kept")) == "22008")
        }
    }

    private func showing() throws {
        let shown = { (each: Int32, condition: SQL) in
            try answer(
                Int64.self,
                nil,
                "select count(*) from care.probe_results(\(each)) where probe = 'wall' and \(condition)"
            ) ?? -1
        }
        try must(
            "probe_results",
            "as many as asked for",
            try shown(2, "outcome in ('kept', 'falls short', 'broken')") == 2
        )
        try must("probe_results", "all of them", try shown(50, "true") == 6)
        for _ in 1...3 { _ = try failure(nil, note("not tried")) }
        let last: SQL =
            "select string_agg(outcome, ',' order by outcome) from care.probe_results(1) where probe = 'wall'"
        try must(
            "probe_results",
            "nothing is pushed off by tries that came to nothing",
            try answer(String.self, nil, last) == "broken,cannot be told,not tried"
        )
        let first: SQL =
            "(select min(r.at) from care.probe_results(50) r where r.probe = 'wall' and r.outcome = 'falls short')"
        try must(
            "probe_results",
            "since the first failure, also if it is not shown",
            try shown(1, "since = \(first)") == 1
        )
        try must(
            "probe_results",
            "no failing of what was well",
            try shown(50, "outcome = 'kept' and since is null") == 1
        )
        let told: SQL = """
            select coalesce(string_agg(distinct outcome, ','), '') from care.probe_results(50)
             where probe = 'wall' and seen is not null
            """
        try must(
            "probe_results",
            "what was seen is told where all is well",
            try answer(String.self, nil, told) == "kept"
        )
    }

    /// What was seen where it failed, for officers; that nobody else's pass opens it is tried with the other acts of officers.
    private func failing() throws {
        let opened = try grant("to see what went wrong", asks("probe.read"))
        let seen = { (condition: SQL) in
            try answer(
                Int64.self,
                opened,
                "select count(*) from care.probe_failures(2) where probe = 'wall' and \(condition)"
            ) ?? -1
        }
        try must(
            "probe_failures",
            "what fell short and what broke",
            try seen("outcome in ('falls short', 'broken')") == 2
        )
        try must("probe_failures", "nothing that was well", try seen("outcome = 'kept'") == 0)
        try must("probe_failures", "with what was seen", try seen("seen = 'what was seen'") == 2)
        try must("probe_failures", "they stand", try seen("stands") == 2)
        let first = try answer(
            Int32.self,
            opened,
            "select count(distinct since)::int from care.probe_failures(9) where probe = 'wall'"
        )
        try must("probe_failures", "since the first of them", try first == 1 && seen("since <= at") == 2)
        let one: SQL = "select count(*) from care.probe_failures(1) where probe = 'wall'"
        try must("probe_failures", "as many as asked for", try answer(Int64.self, opened, one) == 1)
        _ = try failure(nil, note("kept"))
        try must("probe_failures", "they do not stand once all is well", try seen("stands") == 0)
        for outcome in ["not tried", "broken"] { _ = try failure(nil, note(outcome)) }
        try must("probe_failures", "since the first after that", try seen("stands and since = at") == 1)
        try must("probe_failures", "of its own probe", try seen("not stands and since < at") >= 1)
    }

    /// A clock that was ahead, and what the operator says of it: later than all else, since it makes results of the days to come.
    private func clockAhead() throws {
        let opened = try grant("to see what went wrong after that", asks("probe.read"))
        let admin = scene.admin
        let say = { (salt: [UInt8]) in
            try admin.query("select care.note_clock_ahead('r', 1, \(salt), '\\x00')")[0].decode(Date?.self, at: 0)
        }
        let shown = { (condition: SQL) in
            try answer(Int64.self, nil, "select count(*) from care.probe_results(50) where \(condition)") ?? -1
        }
        let early = Primitive.freshBytes(32)
        try must("note_clock_ahead", "nothing where it was not", try say(early) == nil && entries(early).isEmpty)
        _ = try failure(nil, note("falls short", probe: "sockets"))
        try scene.later(by: .seconds(86_400)) {
            for (outcome, probe) in [("falls short", "swap"), ("kept", "sockets")] {
                try must("note_probe", "\(outcome), ahead", try failure(nil, note(outcome, probe: probe)) == nil)
            }
        }
        try admin.query(
            """
            insert into care.probe_result (run_id, probe, class, outcome, seen, release, took_ms, at, until)
            select gen_random_uuid(), 'listeners', 'host', 'kept', '', 'r', 0, care.clock() + interval '1 hour',
                   care.clock() + interval '2 hours'
              from generate_series(1, 101)
            """
        )
        try must("note_probe", "not while later ones count", try failure(nil, note("kept")) == "22008")
        let statement: SQL = "select care.note_clock_ahead('r', 1, \(Primitive.freshBytes(32)), '\\x00')"
        try must("note_clock_ahead", "not for the server", try isDenied(nil, statement))
        let before = try shown("probe = 'wall'")
        let salt = Primitive.freshBytes(32)
        try must("note_clock_ahead", "until the last of them", try (say(salt)?.timeIntervalSinceNow ?? 0) > 80_000)
        try must("note_clock_ahead", "an entry says so", try entries(salt).map(\.act) == ["promise.clock"])
        try must("probe_results", "others count as before", try before > 0 && shown("probe = 'wall'") == before)
        try must("probe_results", "those do not", try shown("probe in ('swap', 'listeners')") == 0)
        try must("probe_results", "and it is no probe", try shown("probe = 'clock-was-ahead'") == 0)
        let again = Primitive.freshBytes(32)
        try must("note_clock_ahead", "once", try say(again) == nil && entries(again).isEmpty)
        let failures = { (condition: SQL) in
            try answer(Int64.self, opened, "select count(*) from care.probe_failures(9) where \(condition)") ?? -1
        }
        try must("probe_failures", "those do not count", try failures("probe = 'swap'") == 0)
        try must("probe_failures", "nor do they end a failure", try failures("probe = 'sockets' and stands") == 1)
        try must("note_probe", "taken again", try failure(nil, note("kept")) == nil)
        try scene.later(by: .seconds(-3600)) {
            try must("note_probe", "not when it is set back once more", try failure(nil, note("kept")) == "22008")
        }
        try scene.later(by: .seconds(2 * 86_400)) {
            for probe in ["swap", "sockets"] { _ = try failure(nil, note("falls short", probe: probe)) }
            try must("failing_since", "not since then", try shown("probe = 'swap' and since = at") == 1)
            let first: SQL = "(select min(r.at) from care.probe_results(50) r where r.probe = 'sockets')"
            try must("failing_since", "nor was it well", try shown("probe = 'sockets' and since = \(first)") == 2)
        }
        _ = try say(Primitive.freshBytes(32))
    }

    private func recalling() throws {
        let admin = scene.admin
        let rows = { (table: SQL, house: House) in
            try admin.query("select from care.\(table) where organization_id = \(house.organization)").count
        }
        let both = try scene.somebody(["member"], in: north)
        try scene.join(both, ["member"], to: south)
        // Somebody who belongs nowhere yet is no canary either.
        let nobodys = Someone()
        try admin.query(
            """
            insert into care.account (id, sign_in_token, sealed_address, password_hash, password_at)
            values (\(nobodys.account), \(nobodys.token), '\\x00', \(Scene.hash), clock_timestamp())
            """
        )
        let (sessions, links) = (try rows("session", north), try rows("link", north))
        let lent = try rows("session", south) + rows("link", south)
        ledger.report.controls += 1
        if lent == 0 { try ledger.fail("recall_canaries", "something to end", "a control", "there is nothing") }
        try admin.query("select care.adopt_canary(\(south.organization))")
        for isTest in [true, false] {
            try admin.query(
                """
                insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
                values (\(UUID()), 1, \(Primitive.freshBytes(32)), \(isTest), care.clock(), care.clock() + interval '1 day',
                        care.clock() + interval '2 days', '\\x00')
                """
            )
        }
        for house in [north, south] {
            try publish(in: house)
            try admin.query(
                """
                insert into care.account_device (organization_id, account_id, token, since)
                values (\(house.organization), \(house.keeper.account), \(Primitive.freshBytes(32)), care.clock())
                """
            )
        }
        let addressees: [(String, Someone, Bool)] = [
            ("the canary's", south.keeper, false), ("others'", north.keeper, true),
            ("of who belongs elsewhere too", both, true),
            ("of who belongs nowhere", nobodys, true),
        ]
        let letters = try addressees.map { try write(to: $0.1) }
        let agreed: [(String, SQL)] = [
            ("agreement", "agreement"), ("its versions", "agreement_version"), ("answers", "agreement_answer"),
        ]
        let others = try agreed.map { try rows($0.1, north) }
        let devices = try rows("account_device", north)
        let known = try admin.query("select array(select care.canaries())")[0].decode([UUID].self, at: 0)
        try must("canaries", "the adopted one", known == [south.organization])
        let gone = try admin.query("select care.recall_canaries()")[0].decode(Int32.self, at: 0)
        try must("recall_canaries", "says how many rows went", Int(gone) == lent)
        let reports = try admin.query("select is_test from care.vulnerability").map { try $0.decode(Bool.self, at: 0) }
        try must("recall_canaries", "a probe's report is gone, and no other", reports == [false])
        try admin.query("delete from care.vulnerability")
        for ((name, _, stays), letters) in zip(addressees, letters) {
            try must(
                "recall_canaries",
                "letters and their jobs \(stays ? "stay" : "are gone"): \(name)",
                try letters.allSatisfy { try left(of: $0) == (stays ? [1, 2] : [0, 1]) }
            )
            try admin.query("delete from care.letter where id = any (\(letters))")
            try admin.query("delete from care.job where about_id = any (\(letters))")
        }
        try must("recall_canaries", "no session is left", try rows("session", south) == 0)
        try must("recall_canaries", "no link is left", try rows("link", south) == 0)
        try must("recall_canaries", "others' sessions stay", try rows("session", north) == sessions)
        try must("recall_canaries", "others' links stay", try rows("link", north) == links)
        try must("recall_canaries", "no device is remembered", try rows("account_device", south) == 0)
        try must("recall_canaries", "others' devices are", try rows("account_device", north) == devices)
        for ((name, table), count) in zip(agreed, others) {
            try must("recall_canaries", "nothing published is left: \(name)", try rows(table, south) == 0)
            try must("recall_canaries", "others' stays: \(name)", try rows(table, north) == count)
        }
        let waiting = try admin.query("select organization_id from care.membership where agree_by is not null")
            .map { try $0.decode(UUID.self, at: 0) }
        try must("recall_canaries", "nobody there has to agree", !waiting.contains(south.organization))
        try must("recall_canaries", "elsewhere they have to", waiting.contains(north.organization))
        let hasPassword = { (someone: Someone) in
            try !admin.query("select from care.account where id = \(someone.account) and password_hash is not null")
                .isEmpty
        }
        try must("recall_canaries", "the canary's password is gone", try !hasPassword(south.keeper))
        try must("recall_canaries", "others' passwords stay", try hasPassword(north.keeper))
        try must("recall_canaries", "who belongs elsewhere too is somebody", try hasPassword(both))
        try must("recall_canaries", "who belongs nowhere keeps theirs", try hasPassword(nobodys))
    }

    /// Letters to somebody's account and to whoever signs in by their address, each with the job that sends it, and a job that is about
    /// something else by the same id.
    private func write(to someone: Someone) throws -> [UUID] {
        try [true, false].map { isToAccount in
            let letter = UUID()
            try scene.admin.query(
                """
                insert into care.letter (organization_id, id, account_id, sign_in_token, link_sha256, template, language, sealed,
                                         queued_at, until)
                values ('00000000-0000-0000-0000-000000000000', \(letter), \(isToAccount ? someone.account : nil), \(isToAccount ? nil : someone.token),
                        \(isToAccount ? nil : Primitive.freshBytes(32)), 'password-changed', 'en', '\\x00', care.clock(),
                        care.clock() + interval '1 hour')
                """
            )
            for kind in ["mail.send", "housekeeping"] {
                try scene.admin.query(
                    """
                    insert into care.job (organization_id, kind, key, opening_id, about_id, enqueued_at, run_at)
                    values ('00000000-0000-0000-0000-000000000000', \(kind), \(letter), \(letter), \(letter), care.clock(), care.clock())
                    """
                )
            }
            return letter
        }
    }

    /// How many letters there are by an id, and how many jobs about it.
    private func left(of letter: UUID) throws -> [Int] {
        [
            try scene.admin.query("select from care.letter where id = \(letter)").count,
            try scene.admin.query("select from care.job where about_id = \(letter)").count,
        ]
    }

    /// Something to agree to, that its keeper has agreed to and must answer again.
    private func publish(in house: House) throws {
        let id = UUID()
        try scene.admin.query(
            "insert into care.agreement (organization_id, id, kind, begun_at) values (\(house.organization), \(id), 'terms', now())"
        )
        try scene.admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(house.organization), \(id), 1, 'en', 'x', 'x', now(), now(), \(house.keeper.account))
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement_answer (
                organization_id, account_id, agreement_id, number, version, language, answer, at, opening_id)
            values (\(house.organization), \(house.keeper.account), \(id), 1, 1, 'en', 'accepted', now(), \(UUID()))
            """
        )
        try scene.admin.query(
            """
            update care.membership set agree_by = now()
             where organization_id = \(house.organization) and account_id = \(house.keeper.account)
            """
        )
    }
}
