import Assurance
import Care
import CarekeepTesting
import Foundation
import People
import Postgres
import Synchronization
import Testing

/// Jobs as the server does them. What each rule of the database does is ``UnauthorisedPerson``'s part `gate`.
@Suite(.serialized) struct `Jobs` {
    // MARK: Asking

    @Test func `one is there if, and only if, the change is that it follows from`() async throws {
        let town = try await JobTown()
        let ada = try await town.child()
        let (pass, _) = try await town.pass(about: ada)
        let ask = Self.deliver.enqueued(key: pass.opening, patient: ada.patient)
        let write: @Sendable (TransactionScope) async throws -> Void = { scope in
            try await scope.query(pass.shown)
            try await scope.query(
                """
                insert into care.token (organization_id, value, epoch, patient_id)
                values (\(pass.organization), 4711, 1, \(ada.patient))
                """
            )
            try await scope.query(ask)
        }
        await #expect(throws: CancellationError.self) {
            try await town.store.transaction { scope -> Void in
                try await write(scope)
                throw CancellationError()
            }
        }
        #expect(try await town.queue.take([Self.deliver]) === nil)
        try await town.store.transaction { try await write($0) }
        let job = try #require(try await town.queue.take([Self.deliver]))
        #expect(job.organization == pass.organization)
        #expect(job.patient == ada.patient)
        #expect(job.account == town.town["Amara"].account.uuid)
        await town.close()
    }

    @Test func `asked for twice is done once`() async throws {
        let town = try await JobTown()
        let ada = try await town.child()
        let done = Notes<UUID>()
        let worker = JobWorker(
            queue: town.queue,
            handlers: [Self.deliver: { job in done.add(job.idempotencyKey) }]
        )
        let key = UUID()
        for _ in 1...2 { try await town.ask(Self.deliver, key: key, about: ada) }
        #expect(await worker.workOnce() == .done)
        #expect(await worker.workOnce() == nil)
        try await town.ask(Self.deliver, key: key, about: ada)
        #expect(await worker.workOnce() == nil)
        #expect(done.all.count == 1)
        await town.close()
    }

    @Test func `a pass of another act, or of another patient, asks for nothing`() async throws {
        let town = try await JobTown()
        let ada = try await town.child()
        let (pass, caller) = try await town.pass(about: ada)
        let statement = Self.deliver.enqueued(key: UUID(), patient: UUID())
        await #expect(throws: Refusal.self) { try await town.town.home.gate.work(under: pass, [statement]) }
        let reading = try await town.town.home.gate.open(Errand(.listPatients), for: caller).pass
        let about = Self.deliver.enqueued(key: UUID(), patient: ada.patient)
        await #expect(throws: Refusal.self) { try await town.town.home.gate.work(under: reading, [about]) }
        #expect(try await town.queue.take([Self.deliver]) === nil)
        await town.close()
    }

    @Test func `that cannot be taken are complained of, once a minute, but not while the database is away`()
        async throws
    {
        let town = try await JobTown()
        let heard = Notes<String>()
        let complaints = Complaints { heard.add(($0 as? PostgresError)?.sqlState ?? "other") }
        let worker = JobWorker(queue: town.queue, handlers: [Self.deliver: { _ in }], complaints: complaints)
        try town.add(Self.deliver)
        try AdminConnection(town.town.admin).query("alter function care.take_job rename to took_job")
        #expect(await worker.workOnce() == nil)
        #expect(await worker.workOnce() == nil)
        #expect(heard.all == ["42883"])
        try AdminConnection(town.town.admin).query("alter function care.took_job rename to take_job")
        #expect(await worker.workOnce() == .done)
        let start = ContinuousClock.now + .seconds(3600)
        let (away, wrong) = (
            PostgresError(kind: .connection, sqlState: "08006"), PostgresError(kind: .server, sqlState: "42501")
        )
        complaints.hear(away, at: start)
        complaints.hear(wrong, at: start)
        complaints.hear(wrong, at: start + .seconds(59))
        complaints.hear(wrong, at: start + .seconds(60))
        #expect(heard.all == ["42883", "42501", "42501"])
        await town.close()
    }

    // MARK: Holding

    @Test func `many who take at once never hold the same`() async throws {
        let town = try await JobTown()
        for _ in 1...40 { try town.add(Self.deliver) }
        let other = Store(.init(conninfo: town.town.conninfo("carekeep_server"), poolSize: 4))
        try await other.start()
        let queues = [town.queue, JobQueue(store: other)]
        let taken = try await withThrowingTaskGroup(of: [UUID].self) { group in
            for lane in 0..<8 {
                group.addTask {
                    var ids: [UUID] = []
                    while let job = try await queues[lane % 2].take([Self.deliver]) { ids.append(job.id) }
                    return ids
                }
            }
            return try await group.reduce(into: [UUID]()) { $0 += $1 }
        }
        #expect(taken.count == 40)
        #expect(Set(taken).count == 40)
        await other.shutdown()
        await town.close()
    }

    @Test func `whoever held it before can do nothing in its name`() async throws {
        let town = try await JobTown()
        try town.add(Self.deliver)
        let stale = try #require(try await town.queue.take([Self.deliver]))
        _ = try await stale.step("select 1")
        try town.later(by: 3600)
        let current = try #require(try await town.queue.take([Self.deliver]))
        #expect(current.id == stale.id)
        #expect(current.idempotencyKey == stale.idempotencyKey)
        #expect(current.attempt == 2)
        await #expect(throws: JobError.notHeld) { try await stale.extend() }
        await #expect(throws: JobError.notHeld) { try await stale.step("select care.sweep_passes()") }
        await #expect(throws: PostgresError.self) {
            try await town.store.transaction { scope in
                try await scope.query("select care.add_months()")
                try await scope.query(stale.holding)
            }
        }
        _ = try await current.step("select 1")
        try await current.extend()
        await town.close()
    }

    // MARK: Delivering

    @Test func `what was delivered and not said to be is delivered again, under the same key`() async throws {
        let town = try await JobTown()
        let ada = try await town.child()
        try await town.ask(Self.deliver, key: UUID(), about: ada)
        // The other side, which knows what it has had by its key.
        let outside = Notes<UUID>()
        let deliver: JobHandler = { job in outside.add(job.idempotencyKey) }
        // A server delivers, and is gone before it says so.
        try await deliver(try #require(try await town.queue.take([Self.deliver])))
        let worker = JobWorker(queue: town.queue, handlers: [Self.deliver: deliver])
        #expect(await worker.workOnce() == nil)
        try town.later(by: 3600)
        #expect(await worker.workOnce() == .done)
        #expect(outside.all.count == 2)
        #expect(Set(outside.all).count == 1)
        #expect(try town.row("state = 'done' and fence = 2 and attempts = 2"))
        await town.close()
    }

    @Test func `a stale holder's work is not taken for done`() async throws {
        let town = try await JobTown()
        try town.add(Self.deliver)
        let worker = JobWorker(
            queue: town.queue,
            handlers: [
                Self.deliver: { _ in
                    // While it works somebody else takes the job.
                    try town.later(by: 3600)
                    _ = try await town.queue.take([Self.deliver])
                }
            ]
        )
        #expect(await worker.workOnce() == .lost)
        #expect(try town.row("state = 'waiting' and done_at is null and fence = 2"))
        await town.close()
    }

    // MARK: Failing

    @Test func `what fails waits, is tried again, and is dead at last`() async throws {
        let town = try await JobTown()
        try town.add(Self.deliver)
        let runs = Notes<String?>()
        let worker = JobWorker(
            queue: town.queue,
            handlers: [
                Self.deliver: { job in
                    guard job.attempt > 1 else { throw JobError.failed(code: "mail_refused") }
                    _ = try await job.step("select 1 / 0")
                }
            ]
        ) { run in runs.add(run.code) }
        #expect(await worker.workOnce() == .failed)
        #expect(await worker.workOnce() == nil)
        try town.later(by: 3600)
        #expect(await worker.workOnce() == .failed)
        try town.later(by: 7200)
        #expect(await worker.workOnce() == .dead)
        try town.later(by: 10800)
        #expect(await worker.workOnce() == nil)
        #expect(runs.all == ["mail_refused", "22012", "22012"])
        #expect(
            worker.counts.filter { $0.count > 0 }.map { "\($0.outcome.word) \($0.count)" } == ["failed 2", "dead 1"]
        )

        let admin = try AdminConnection(town.town.admin)
        let book = JobBook(over: admin)
        let dead = try #require(try book.dead().first)
        #expect(dead.lastError == "22012")
        #expect(dead.attempts == 3)
        #expect(try book.kinds().first { $0.name == Self.deliver.description }?.dead == 1)
        #expect(try book.retry(dead.id))
        #expect(try !book.retry(dead.id))
        #expect(await worker.workOnce() == .failed)
        await town.close()
    }

    @Test func `one that hangs past its lease is let go, and done elsewhere`() async throws {
        let town = try await JobTown(leaseSeconds: 1)
        try town.add(Self.deliver)
        let hangs = AsyncStream<Void>.makeStream()
        var pace = JobWorker.Pace()
        pace.grace = .milliseconds(10)
        // Deaf to being cancelled.
        let deaf = JobWorker(
            queue: town.queue,
            handlers: [Self.deliver: { _ in await Task { for await _ in hangs.stream {} }.value }],
            pace: pace
        )
        #expect(await deaf.workOnce() == .lost)
        try town.later(by: 3600)
        let next = JobWorker(queue: town.queue, handlers: [Self.deliver: { _ in }])
        #expect(await next.workOnce() == .done)
        #expect(try town.row("state = 'done' and fence = 2"))
        hangs.continuation.finish()
        await town.close()
    }

    @Test func `an error's code is kept, and nothing that it says`() async throws {
        struct Told: Error { let text = "Ada has a cold" }
        let town = try await JobTown()
        try town.add(Self.deliver)
        let worker = JobWorker(queue: town.queue, handlers: [Self.deliver: { _ in throw Told() }])
        #expect(await worker.workOnce() == .failed)
        #expect(try town.row("last_error = 'Told'"))
        await town.close()
    }

    // MARK: Stopping, and a database that is away

    @Test func `a server that stops gives back what it holds`() async throws {
        let town = try await JobTown()
        try town.add(Self.deliver)
        let (begun, begin) = AsyncStream<Void>.makeStream()
        var pace = JobWorker.Pace()
        pace.atOnce = 1
        let worker = JobWorker(
            queue: town.queue,
            handlers: [
                Self.deliver: { _ in
                    begin.yield()
                    try await Task.sleep(for: .seconds(3600))
                }
            ],
            pace: pace
        )
        let running = Task { await worker.run() }
        for await _ in begun { break }
        running.cancel()
        await running.value
        #expect(worker.counts.filter { $0.count > 0 }.map { "\($0.outcome.word) \($0.count)" } == ["stopped 1"])
        #expect(try town.row("state = 'waiting' and leased_until is null and attempts = 0 and fence = 1"))
        #expect(try await town.queue.take([Self.deliver])?.attempt == 1)
        await town.close()
    }

    @Test func `a worker outlives the database's going away`() async throws {
        let town = try await JobTown()
        var pace = JobWorker.Pace()
        pace.idle = .milliseconds(20)
        let (done, finish) = AsyncStream<Void>.makeStream()
        let worker = JobWorker(queue: town.queue, handlers: [Self.deliver: { _ in finish.yield() }], pace: pace)
        let running = Task { await worker.run() }
        let admin = try AdminConnection(town.town.admin)
        for _ in 1...3 {
            try admin.query(
                """
                select pg_terminate_backend(pid, 10000) from pg_stat_activity
                 where datname = current_database() and usename = 'carekeep_server'
                """
            )
            try town.add(Self.deliver)
            for await _ in done { break }
        }
        running.cancel()
        await running.value
        await town.close()
    }

    // MARK: Periodic

    @Test func `what is periodic is one job, due again when it is done`() async throws {
        let town = try await JobTown()
        let kinds = try AdminConnection(town.town.admin).query(
            "select name from care.job_kind where name not like 'test.%'"
        ).map { try $0.decode(String.self, at: 0) }
        #expect(Set(kinds) == Set(JobKind.all.map(\.description)))
        // Those that a server works on which sends mail are tried with one.
        let periodic = Set(kinds).subtracting([JobKind.sendMail, .remindStewards, .remindFamilies].map(\.description))
        #expect(periodic == Set(Housekeeping.handlers.keys.map(\.description)))
        let worker = JobWorker(queue: town.queue, handlers: Housekeeping.handlers)
        #expect(await worker.workOnce() == .done)
        #expect(await worker.workOnce() == .done)
        #expect(await worker.workOnce() == nil)
        try town.later(by: 31)
        #expect(await worker.workOnce() == .done)
        #expect(await worker.workOnce() == nil)
        let jobs = try AdminConnection(town.town.admin).query(
            "select from care.job where state = 'waiting' and done_at is not null and leased_until is null"
        )
        #expect(jobs.count == periodic.count)
        await town.close()
    }

    @Test func `housekeeping takes many batches, and each is short`() async throws {
        let town = try await JobTown()
        let admin = try AdminConnection(town.town.admin)
        let (amara, here) = (town.town["Amara"].account.uuid, town.town.okafors)
        try admin.query(
            """
            insert into care.session (organization_id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
            select \(here), \(amara), 'api', sha256(int4send(n)), t, t, interval '1 hour', t + interval '1 hour'
              from generate_series(1, 4500) n, (select clock_timestamp() - interval '100 days') x (t)
            """
        )
        let sessions = { try admin.query("select count(*) from care.session")[0].decode(Int.self, at: 0) }
        let entries = { try admin.query("select count(*) from care.entry")[0].decode(Int.self, at: 0) }
        let (before, written) = (try sessions(), try entries())
        let batch = try await town.store.query("select care.sweep_sessions()")[0].decode(Int32.self, at: 0)
        #expect(batch == 2000)
        let handler = try #require(Housekeeping.handlers[.housekeeping])
        let worker = JobWorker(queue: town.queue, handlers: [.housekeeping: handler])
        #expect(await worker.workOnce() == .done)
        #expect(try sessions() == before - 4500)
        #expect(try entries() == written)
        await town.close()
    }

    static let deliver: JobKind = "test.deliver"
}

/// What handlers tell a test.
private final class Notes<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    func add(_ value: Value) { values.withLock { $0.append(value) } }

    var all: [Value] { values.withLock { $0 } }
}

/// A town with a kind of job of the tests' own, which a pass with the power to write asks for.
private final class JobTown: Sendable {
    let town: TestTown
    var store: Store { town.home.store }
    var queue: JobQueue { town.home.jobs }

    init(leaseSeconds: Int32 = 600) async throws {
        town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        try admin.query(
            """
            insert into care.job_kind (
                name, power, lease_seconds, attempts, pause_seconds, longest_pause_seconds)
            values ('test.deliver', 'record.write', \(leaseSeconds), 3, 60, 600)
            """
        )
        try admin.query("select care.adopt_fingerprint()")
    }

    func close() async { await town.close() }

    /// A job that is due, as if somebody of the Okafors had asked for it.
    func add(_ kind: JobKind) throws {
        try AdminConnection(town.admin).query(
            """
            insert into care.job (organization_id, kind, key, opening_id, enqueued_at, run_at)
            select \(town.okafors), \(kind.description), \(UUID()), \(UUID()), t, t from care.clock() t
            """
        )
    }

    /// Moves the store's clock for good.
    func later(by seconds: Double) throws {
        try AdminConnection(town.admin).query("update care.guard set clock_offset = make_interval(secs => \(seconds))")
    }

    /// Whether the test's one job is so.
    func row(_ condition: SQL) throws -> Bool {
        try !AdminConnection(town.admin).query("select from care.job where kind = 'test.deliver' and (\(condition))")
            .isEmpty
    }

    /// Somebody to write about: Amara's child.
    struct Child {
        let patient: UUID
        let tag: [UInt8]
    }

    func child() async throws -> Child {
        let amara = try await town.session(of: "Amara")
        let patient = UUID()
        let tag = Array(UUID().uuidString.utf8.prefix(16))
        let here = town.okafors
        _ = try await town.home.gate.open(
            Errand(.createPatient, newPatients: [patient]),
            for: amara,
            work: [
                "insert into care.patient (organization_id, id) values (\(here), \(patient))",
                """
                insert into care.reach (organization_id, patient_id, account_id, kind)
                values (\(here), \(patient), \(town["Amara"].account.uuid), 'guardian')
                """,
                """
                insert into care.record (organization_id, id, patient_id, kind, version, tag, sealed, card)
                values (\(here), \(UUID()), \(patient), 'Patient', 1, \(tag), \([UInt8]([0])), \([UInt8]([0])))
                """,
            ]
        )
        return Child(patient: patient, tag: tag)
    }

    /// A pass with which Amara writes about the child.
    func pass(about child: Child) async throws -> (pass: Pass, caller: Caller) {
        let amara = try await town.session(of: "Amara")
        return (try await town.home.gate.open(Errand(.createRecord, targets: [child.tag]), for: amara).pass, amara)
    }

    func ask(_ kind: JobKind, key: UUID, about child: Child) async throws {
        let (pass, _) = try await pass(about: child)
        _ = try await town.home.gate.work(under: pass, [kind.enqueued(key: key, patient: child.patient)])
    }
}
