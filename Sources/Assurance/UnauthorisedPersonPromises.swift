import FoundationEssentials
import Postgres
import Seals

/// What notes the results of probes, shows them, and ends what probes were lent.
extension GateChecks {
    func promises() throws {
        try noting()
        try showing()
        try failing()
        try recalling()
    }

    private func note(_ outcome: String, probe: String = "wall", salt: [UInt8] = Primitive.freshBytes(32)) -> SQL {
        """
        select care.note_probe(\(UUID()), \(probe), 'live', \(outcome), 'what was seen', '{}', 'r', 5, interval '1 day', 1,
                               \(salt), '\\x00')
        """
    }

    private func noting() throws {
        let outcomes: [(String, String?)] = [("kept", nil), ("falls short", "falls short"), ("broken", "broken")]
        for (outcome, refusal) in outcomes {
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
        for outcome in ["begun", "not tried", "cannot be told"] {
            let salt = Primitive.freshBytes(32)
            try must("note_probe", "\(outcome) is noted", try failure(nil, note(outcome, salt: salt)) == nil)
            try must("note_probe", "and is no entry", try entries(salt).isEmpty)
        }
        try must("note_probe", "no other outcome", try failure(nil, note("splendid")) == "23514")
        try scene.later(by: .seconds(-3600)) {
            try must("note_probe", "not when the clock was set back", try failure(nil, note("kept")) == "22008")
        }
    }

    private func showing() throws {
        let count: SQL = "select count(*) from care.probe_results(2) where probe = 'wall'"
        try must("probe_results", "as many as asked for", try answer(Int64.self, nil, count) == 2)
        let many: SQL = "select count(*) from care.probe_results(50) where probe = 'wall'"
        try must("probe_results", "all of them", try answer(Int64.self, nil, many) == 6)
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
        _ = try failure(nil, note("broken"))
        try must("probe_failures", "since the first after that", try seen("stands and since = at") == 1)
        try must("probe_failures", "of its own probe", try seen("not stands and since < at") >= 1)
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
        let known = try admin.query("select array(select care.canaries())")[0].decode([UUID].self, at: 0)
        try must("canaries", "the adopted one", known == [south.organization])
        let gone = try admin.query("select care.recall_canaries()")[0].decode(Int32.self, at: 0)
        try must("recall_canaries", "says how many rows went", Int(gone) == lent)
        try must("recall_canaries", "no session is left", try rows("session", south) == 0)
        try must("recall_canaries", "no link is left", try rows("link", south) == 0)
        try must("recall_canaries", "others' sessions stay", try rows("session", north) == sessions)
        try must("recall_canaries", "others' links stay", try rows("link", north) == links)
        let hasPassword = { (someone: Someone) in
            try !admin.query("select from care.account where id = \(someone.account) and password_hash is not null")
                .isEmpty
        }
        try must("recall_canaries", "the canary's password is gone", try !hasPassword(south.keeper))
        try must("recall_canaries", "others' passwords stay", try hasPassword(north.keeper))
        try must("recall_canaries", "who belongs elsewhere too is somebody", try hasPassword(both))
        try must("recall_canaries", "who belongs nowhere keeps theirs", try hasPassword(nobodys))
    }
}
