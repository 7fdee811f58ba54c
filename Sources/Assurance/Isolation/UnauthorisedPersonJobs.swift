import FoundationEssentials
import Postgres
import Seals

/// Jobs: who may ask for one, who holds it, and that nobody else speaks for it. The kinds are this suite's own, for as long as it looks.
extension GateChecks {
    private static let deliver = "suite.deliver"
    private static let round = "suite.round"

    func jobs() throws {
        try scene.admin.query(
            """
            insert into care.job_kind (
                name, power, period_seconds, lease_seconds, attempts, pause_seconds, longest_pause_seconds)
            values (\(Self.deliver), 'record.write', null, 600, 4, 1000, 2000), (\(Self.round), null, 300, 600, 2, 10, 20)
            """
        )
        // Whatever fails here, the store is a copy.
        defer { _ = try? scene.admin.query("delete from care.job_kind where name like 'suite.%'") }
        try asking()
        try taking()
        try holding()
        try losing()
        try failing()
        try goingRound()
        try settingTheClockBack()
    }

    // MARK: Asking

    private func asking() throws {
        let (ada, ben) = (north.ada.patient, north.ben.patient)
        let write = try grant("a pass to ask for a job with", asks("record.create"))
        let read = try grant("a pass that asks for none", asks("record.read"))
        let ask = { (kind: String, key: UUID, patient: UUID?) -> SQL in
            "select care.enqueue_job(\(kind), \(key), \(patient), \(UUID()))"
        }
        try must("enqueue_job", "not without a pass", try isDenied(nil, ask(Self.deliver, UUID(), ada)))
        try must("enqueue_job", "not about nobody without a pass", try isDenied(nil, ask(Self.deliver, UUID(), nil)))
        try must("enqueue_job", "not without the power", try isDenied(read, ask(Self.deliver, UUID(), ada)))
        try must("enqueue_job", "not about another patient", try isDenied(write, ask(Self.deliver, UUID(), ben)))
        try must("enqueue_job", "not what goes round", try isDenied(write, ask(Self.round, UUID(), ada)))
        try must("enqueue_job", "not the housekeeping", try isDenied(write, ask("housekeeping", .nobody, nil)))
        try must("enqueue_job", "not what is no kind", try isDenied(write, ask("suite.none", UUID(), ada)))
        let key = UUID()
        let id = try answer(UUID.self, write, ask(Self.deliver, key, ada))
        let rows = try scene.admin.query(
            """
            select from care.job j join care.pass p on p.opening_id = j.opening_id and p.secret_sha256 = \(write.sha256)
             where j.id = \(id) and j.organization_id = \(north.organization) and j.account_id = \(north.keeper.account)
               and j.patient_id = \(ada) and j.state = 'waiting' and j.fence = 0 and j.attempts = 0
            """
        )
        try must("enqueue_job", "is of the pass's organisation, account and opening", rows.count == 1)
        try must("enqueue_job", "is there once", try answer(UUID.self, write, ask(Self.deliver, key, ada)) == id)
        let elsewhere = scene.open(scene.request("record.create", by: south.keeper, of: south, about: south.ada))
        let other = try answer(UUID.self, elsewhere, ask(Self.deliver, key, south.ada.patient))
        try must("enqueue_job", "a key is an organisation's own", other != nil && other != id)
        try must("retry_job", "is not the server's", try isDenied(nil, "select care.retry_job(\(id))"))
    }

    // MARK: Taking and holding

    private struct Taken {
        let organization: UUID
        let id: UUID
        let kind: String
        let fence: Int64
        let attempt: Int32

        /// What only its holder may do.
        var deeds: [(name: String, statement: SQL)] {
            [
                ("job_holds", "select care.job_holds(\(organization), \(id), \(fence))"),
                ("extend_job", "select care.extend_job(\(organization), \(id), \(fence))"),
                ("finish_job", "select care.finish_job(\(organization), \(id), \(fence))"),
                ("fail_job", "select care.fail_job(\(organization), \(id), \(fence), 'code')"),
                ("give_back_job", "select care.give_back_job(\(organization), \(id), \(fence))"),
            ]
        }
        func deed(_ name: String) -> SQL { deeds.first { $0.name == name }?.statement ?? "select 1 / 0" }
    }

    private func take(_ kind: String, over connection: AdminConnection? = nil) throws -> Taken? {
        let rows = try (connection ?? scene.server).query(
            "select organization, job, kind, fence, attempt from care.take_job(\([kind]))"
        )
        guard let row = rows.first, let id = try row.decode(UUID?.self, at: 1) else { return nil }
        return Taken(
            organization: try row.decode(UUID.self, at: 0),
            id: id,
            kind: try row.decode(String.self, at: 2),
            fence: try row.decode(Int64.self, at: 3),
            attempt: try row.decode(Int32.self, at: 4)
        )
    }

    /// One job that is due, and no other of its kind.
    private func onlyJob(_ kind: String = GateChecks.deliver) throws -> UUID {
        try scene.admin.query("delete from care.job where kind = \(kind)")
        return try scene.admin.query(
            """
            insert into care.job (organization_id, kind, key, opening_id, enqueued_at, run_at)
            select \(north.organization), \(kind), \(UUID()), \(UUID()), t, t from clock_timestamp() t returning id
            """
        )[0].decode(UUID.self, at: 0)
    }

    /// Whether the job of this id is so.
    private func isSo(_ id: UUID, _ condition: SQL) throws -> Bool {
        try !scene.admin.query("select from care.job where id = \(id) and (\(condition))").isEmpty
    }

    private func taking() throws {
        let id = try onlyJob()
        try must("take_job", "of another kind there is none", try take("suite.none") == nil)
        let taken = try take(Self.deliver)
        try must("take_job", "what is due", taken?.id == id && taken?.fence == 1 && taken?.attempt == 1)
        try must("take_job", "what is held is nobody else's", try take(Self.deliver) == nil)
        let counts = try scene.server.query(
            "select waiting, running, dead from care.job_counts() where kind = \(Self.deliver)"
        )
        let told = try counts.first?.decode((Int, Int, Int).self)
        try must("job_counts", "tells what is held", told.map { $0 == (0, 1, 0) } == true)
        _ = try onlyJob()
        try scene.server.query("begin")
        _ = try take(Self.deliver)
        try scene.admin.query("set lock_timeout = '5 s'")
        var other: Taken?
        var wait: String?
        do { other = try take(Self.deliver, over: scene.admin) } catch let error as PostgresError {
            wait = error.sqlState
        }
        try scene.admin.query("reset lock_timeout")
        try scene.server.query("rollback")
        try must("take_job", "two who take at once wait for nothing", wait == nil)
        try must("take_job", "and do not take the same", other == nil)
        try must("take_job", "what was taken and rolled back is there", try take(Self.deliver)?.fence == 1)
    }

    private func holding() throws {
        let id = try onlyJob()
        guard let taken = try take(Self.deliver) else { return try must("take_job", "to hold it", false) }
        try must("job_holds", "whoever holds it", try failure(nil, taken.deed("job_holds")) == nil)
        for (name, wrong) in [
            (
                "another organisation's",
                Taken(organization: south.organization, id: id, kind: taken.kind, fence: 1, attempt: 1)
            ),
            (
                "another job's",
                Taken(organization: north.organization, id: UUID(), kind: taken.kind, fence: 1, attempt: 1)
            ),
            (
                "an earlier fence",
                Taken(organization: north.organization, id: id, kind: taken.kind, fence: 0, attempt: 1)
            ),
            ("a later fence", Taken(organization: north.organization, id: id, kind: taken.kind, fence: 2, attempt: 1)),
        ] {
            for deed in wrong.deeds { try must(deed.name, "not by \(name)", try isDenied(nil, deed.statement)) }
        }
        try scene.later(by: .seconds(500)) {
            try must("take_job", "not before the lease ends", try take(Self.deliver) == nil)
            try must("extend_job", "begins the lease anew", try failure(nil, taken.deed("extend_job")) == nil)
        }
        try scene.later(by: .seconds(1000)) {
            try must("extend_job", "for as long as before", try take(Self.deliver) == nil)
            try must("give_back_job", "it may be given back", try failure(nil, taken.deed("give_back_job")) == nil)
            let again = try take(Self.deliver)
            try must("give_back_job", "it is due at once, and not counted", again?.fence == 2 && again?.attempt == 1)
        }
        guard let last = try onlyTaken() else { return try must("take_job", "to finish it", false) }
        try must("finish_job", "whoever holds it", try failure(nil, last.deed("finish_job")) == nil)
        try must("finish_job", "it is done", try isSo(last.id, "state = 'done' and done_at is not null"))
        try must("take_job", "what is done is not done again", try take(Self.deliver) == nil)
        for deed in last.deeds { try must(deed.name, "not when it is done", try isDenied(nil, deed.statement)) }
    }

    private func onlyTaken() throws -> Taken? {
        _ = try onlyJob()
        return try take(Self.deliver)
    }

    /// A lease that runs out, again and again.
    private func losing() throws {
        guard let first = try onlyTaken() else { return try must("take_job", "to lose it", false) }
        var second: Taken?
        try scene.later(by: .seconds(700)) {
            try scene.server.query("begin")
            try scene.server.query(first.deed("job_holds"))
            try must("job_holds", "keeps others off till the end", try take(Self.deliver, over: scene.admin) == nil)
            try scene.server.query("commit")
            second = try take(Self.deliver)
            try must("take_job", "when the lease is over", second?.fence == 2 && second?.attempt == 2)
            try must(
                "take_job",
                "it is known why",
                try isSo(first.id, "last_error = 'lease_expired' and failed_at is not null")
            )
            for deed in first.deeds {
                try must(deed.name, "not by whoever held it before", try isDenied(nil, deed.statement))
            }
            try must(
                "job_holds",
                "but by whoever holds it now",
                try failure(nil, second?.deed("job_holds") ?? "") == nil
            )
        }
        try scene.later(by: .seconds(1400)) {
            try must("take_job", "a third time", try take(Self.deliver)?.attempt == 3)
        }
        try scene.later(by: .seconds(2100)) { try must("take_job", "a fourth", try take(Self.deliver)?.attempt == 4) }
        try scene.later(by: .seconds(2800)) {
            try must("take_job", "not with the attempts used up", try take(Self.deliver) == nil)
            try must(
                "take_job",
                "it is dead",
                try isSo(
                    first.id,
                    "state = 'dead' and last_error = 'lease_expired' and leased_until is null and fence = 4"
                )
            )
            let told = try scene.server.query(
                "select waiting, running, dead from care.job_counts() where kind = \(Self.deliver)"
            )
            let counts = try told.first?.decode((Int, Int, Int).self)
            try must("job_counts", "tells of the dead", counts.map { $0 == (0, 0, 1) } == true)
            let retry: SQL = "select care.retry_job(\(first.id))"
            let retried = { try scene.admin.query(retry)[0].decode(Bool.self, at: 0) }
            try must("retry_job", "an operator retries it", try retried())
            try must("retry_job", "once", try !retried())
            let again = try take(Self.deliver)
            try must("retry_job", "with all its attempts", again?.fence == 5 && again?.attempt == 1)
        }
    }

    // MARK: Failing

    private func failing() throws {
        let id = try onlyJob()
        for (attempt, pause) in [(1, (500, 1000)), (2, (1000, 2000)), (3, (1000, 2000))] {
            guard let taken = try take(Self.deliver) else { return try must("take_job", "to fail \(attempt)", false) }
            try must(
                "fail_job",
                "a sentence is no code",
                try failure(nil, "select care.fail_job(\(taken.organization), \(id), \(taken.fence), 'not a code')")
                    == "23514"
            )
            try must("fail_job", "waits", try answer(String.self, nil, taken.deed("fail_job")) == "waiting")
            try must(
                "fail_job",
                "pauses after \(attempt)",
                try isSo(
                    id,
                    """
                    run_at - failed_at between make_interval(secs => \(Double(pause.0))) and make_interval(secs => \(Double(pause.1)))
                    and last_error = 'code' and leased_until is null and attempts = \(Int32(attempt))
                    """
                )
            )
            try must("take_job", "not in the pause", try take(Self.deliver) == nil)
            try scene.admin.query("update care.job set run_at = clock_timestamp() where id = \(id)")
        }
        guard let last = try take(Self.deliver) else { return try must("take_job", "to fail for good", false) }
        try must("fail_job", "is dead at last", try answer(String.self, nil, last.deed("fail_job")) == "dead")
        try must("fail_job", "and stays so", try isSo(id, "state = 'dead' and last_error = 'code'"))
        try scene.admin.query("update care.job set run_at = clock_timestamp() where id = \(id)")
        try must("take_job", "nobody takes a dead one", try take(Self.deliver) == nil)
    }

    /// What is periodic is one job, which goes on whatever happens.
    private func goingRound() throws {
        let id = try onlyJob(Self.round)
        guard let first = try take(Self.round) else { return try must("take_job", "what goes round", false) }
        try must("finish_job", "ends a round", try failure(nil, first.deed("finish_job")) == nil)
        try must(
            "finish_job",
            "the next is due after the period",
            try isSo(
                id,
                "state = 'waiting' and run_at = done_at + interval '300 s' and attempts = 0 and leased_until is null"
            )
        )
        for _ in 1...3 {
            try scene.admin.query("update care.job set run_at = clock_timestamp() where id = \(id)")
            guard let taken = try take(Self.round) else { return try must("take_job", "to fail on", false) }
            try must("fail_job", "never dies", try answer(String.self, nil, taken.deed("fail_job")) == "waiting")
        }
        try scene.later(by: .seconds(400)) { try must("take_job", "the fourth", try take(Self.round)?.attempt == 4) }
        try scene.later(by: .seconds(1100)) { try must("take_job", "the fifth", try take(Self.round)?.attempt == 5) }
    }

    /// No lease and no pause is much longer than its kind says, whatever stands in the row; somebody else's clock may be a little ahead.
    private func settingTheClockBack() throws {
        let id = try onlyJob()
        let set = { (assignment: SQL) in
            try scene.admin.query(
                "update care.job set run_at = clock_timestamp(), leased_until = null, attempts = 0 where id = \(id)"
            )
            try scene.admin.query("update care.job set \(assignment) where id = \(id)")
        }
        try set("run_at = clock_timestamp() + interval '2500 s'")
        try must("take_job", "a pause that can be is kept", try take(Self.deliver) == nil)
        try set("run_at = clock_timestamp() + interval '1 year'")
        try must("take_job", "a pause that cannot be is over", try take(Self.deliver)?.id == id)
        try set("leased_until = clock_timestamp() + interval '700 s'")
        try must("take_job", "a lease that can be is kept", try take(Self.deliver) == nil)
        try set("leased_until = clock_timestamp() + interval '1 year'")
        try must("take_job", "a lease that cannot be is over", try take(Self.deliver)?.id == id)
    }
}

// MARK: - Tidying

extension GateChecks {
    func sweeping() throws {
        try passesGo()
        try sessionsGo()
        try linksGo()
        try jobsGo()
    }

    private func passesGo() throws {
        let opened = try grant("a pass that stays", asks("record.read"))
        let old = try grant("a pass that goes", asks("record.read"))
        try scene.admin.query(
            "update care.pass set until = clock_timestamp() - interval '61 seconds' where secret_sha256 = \(old.sha256)"
        )
        _ = try failure(nil, "select care.sweep_passes()")
        let left = { (opened: Scene.Opened) in
            try scene.admin.query("select from care.pass where secret_sha256 = \(opened.sha256)").count
        }
        try must("sweep_passes", "ended passes go", try left(old) == 0)
        try must("sweep_passes", "open passes stay", try left(opened) == 1)
    }

    private func sessionsGo() throws {
        let someone = try scene.somebody(["caregiver"], in: north)
        let days = { (ago: Int) -> SQL in "clock_timestamp() - make_interval(days => \(Int32(ago)))" }
        let began: SQL = "created_at = \(days(118))"
        for (what, row, stays) in [
            ("until long ago", "\(began), until = \(days(91)), seen_at = \(days(80)), ended_at = null", false),
            ("idle long ago", "\(began), until = \(days(89)), seen_at = \(days(91)), ended_at = null", false),
            ("ended long ago", "\(began), until = \(days(89)), seen_at = \(days(89)), ended_at = \(days(91))", false),
            ("ended a while ago", "\(began), until = \(days(89)), seen_at = \(days(89)), ended_at = \(days(89))", true),
            (
                "that is open",
                "until = clock_timestamp() + interval '1 h', seen_at = clock_timestamp(), ended_at = null, created_at = clock_timestamp()",
                true
            ),
        ] as [(String, SQL, Bool)] {
            let own: SQL = "organization_id = \(north.organization) and account_id = \(someone.account)"
            let secret = Primitive.sha256(Primitive.freshBytes(32))
            try scene.admin.query(
                """
                insert into care.session (organization_id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
                select organization_id, account_id, used_as, \(secret), created_at, seen_at, idle, until
                  from care.session where \(own) limit 1
                """
            )
            try scene.admin.query("update care.session set \(row) where \(own) and secret_sha256 = \(secret)")
            _ = try failure(nil, "select care.sweep_sessions()")
            let left = try scene.admin.query("select from care.session where \(own) and secret_sha256 = \(secret)")
                .count
            try must("sweep_sessions", "a session \(what)", left == (stays ? 1 : 0))
        }
    }

    private func linksGo() throws {
        for (what, times, stays) in [
            ("that ran out long ago", "clock_timestamp() - interval '91 days', null", false),
            ("used long ago", "clock_timestamp() - interval '86 days', clock_timestamp() - interval '91 days'", false),
            ("that ran out a while ago", "clock_timestamp() - interval '89 days', null", true),
            ("that works", "clock_timestamp() + interval '1 day', null", true),
        ] as [(String, SQL, Bool)] {
            let id = UUID()
            try scene.admin.query(
                """
                insert into care.link (organization_id, id, account_id, purpose, secret_sha256, until, used_at)
                values (\(north.organization), \(id), \(north.keeper.account), 'set-password', \(Primitive.freshBytes(32)), \(times))
                """
            )
            _ = try failure(nil, "select care.sweep_links()")
            let left = try scene.admin.query("select from care.link where id = \(id)").count
            try must("sweep_links", "a link \(what)", left == (stays ? 1 : 0))
        }
    }

    private func jobsGo() throws {
        for (what, state, done, stays) in [
            ("done long ago", "done", 31, false), ("done a while ago", "done", 29, true),
            ("that died", "dead", 400, true),
            ("that waits again and again", "waiting", 31, true),
        ] {
            let id = UUID()
            try scene.admin.query(
                """
                insert into care.job (organization_id, id, kind, key, state, enqueued_at, run_at, done_at)
                select \(north.organization), \(id), 'suite.kept', \(UUID()), \(state), t, t, t
                  from (select clock_timestamp() - make_interval(days => \(Int32(done)))) x (t)
                """
            )
            _ = try failure(nil, "select care.sweep_jobs()")
            let left = try scene.admin.query("select from care.job where id = \(id)").count
            try must("sweep_jobs", "a job \(what)", left == (stays ? 1 : 0))
        }
    }
}
