import Foundation
import Testing

@testable import Postgres

@Suite struct `A store` {
    let cluster = TestCluster.shared
    let admin: AdminConnection

    init() throws { admin = try AdminConnection(cluster.conninfo) }

    @Test func `answers every statement of every transaction in order`() async throws {
        try await withStore(cluster.configuration()) { store in
            let answers = try await store.pipeline([["select \(1)", "select \("a")"], ["select \(true)"], []])
            #expect(answers.count == 3)
            #expect(try answers[0].get()[0][0].decode(Int.self, at: 0) == 1)
            #expect(try answers[0].get()[1][0].decode(String.self, at: 0) == "a")
            #expect(try answers[1].get()[0][0].decode(Bool.self, at: 0))
            #expect(try answers[2].get().isEmpty)
            #expect(try await store.pipeline([]).isEmpty)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `has started for whoever comes to wait when all its connections stand`() async throws {
        let configuration = cluster.configuration()
        let inbox = Inbox(queueLimit: 10)
        let target = try ConnectionTarget(configuration.conninfo, applicationName: configuration.applicationName)
        #expect(inbox.open())
        WorkerThread.start(named: "postgres") {
            Switchboard(configuration: configuration, target: target, inbox: inbox).run()
        }
        while inbox.statistics.connected < configuration.poolSize { try await Task.sleep(for: .milliseconds(5)) }
        let outcome = await withUnsafeContinuation { inbox.post(.awaitStart($0)) }
        #expect(throws: Never.self) { try outcome.get() }
        await withUnsafeContinuation { _ = inbox.post(.shutDown(.now, $0)) }
    }

    @Test func `goes on after a transaction that failed`() async throws {
        try await withStore(cluster.configuration()) { store in
            for _ in 0..<3 {
                let answers = try await store.pipeline([
                    ["select 1", "select 1 / \(0)", "select 2"], ["select 3"], ["nonsense"], ["select \(4)"],
                ])
                #expect(failure(answers[0])?.sqlState == "22012")
                #expect(failure(answers[0])?.statement == "select 1 / $1")
                #expect(try answers[1].get()[0][0].decode(Int.self, at: 0) == 3)
                #expect(failure(answers[2])?.sqlState == "42601")
                #expect(try answers[3].get()[0][0].decode(Int.self, at: 0) == 4)
            }
        }
    }

    @Test func `rolls an implicit transaction back whole when its second statement fails`() async throws {
        try admin.query("create table whole (n int)")
        defer { _ = try? admin.query("drop table whole") }
        try await withStore(cluster.configuration()) { store in
            let answers = try await store.pipeline([
                ["insert into whole values (1)", "select 1 / \(0)"], ["insert into whole values (2)"],
            ])
            #expect(failure(answers[0])?.sqlState == "22012")
            let left = try await store.query("select n from whole")
            #expect(try left.map { try $0.decode(Int.self, at: 0) } == [2])
        }
    }

    @Test func `reports what fails only at the commit`() async throws {
        try admin.query(
            "create table late (n int constraint late_is_unique unique deferrable initially deferred)"
        )
        defer { _ = try? admin.query("drop table late") }
        try await withStore(cluster.configuration()) { store in
            let answers = try await store.pipeline([
                ["insert into late values (1), (1)"], ["insert into late values (2)"], ["select count(*) from late"],
            ])
            #expect(failure(answers[0])?.constraint == "late_is_unique")
            #expect(try answers[1].get()[0].affected == 1)
            #expect(try answers[2].get()[0][0].decode(Int.self, at: 0) == 1)
        }
    }

    @Test func `forgets a transaction's settings at its end`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let read: SQL = "select coalesce(current_setting('care.pass', true), '')"
            let answers = try await store.pipeline([["select set_config('care.pass', \("x"), true)", read], [read]])
            #expect(try answers[0].get()[1][0].decode(String.self, at: 0) == "x")
            #expect(try answers[1].get()[0][0].decode(String.self, at: 0) == "")
            #expect(try await store.query(read)[0].decode(String.self, at: 0) == "")
        }
    }

    @Test func `serves a thousand at once with four connections`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 4 }) { store in
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let answers = try await store.pipeline([["select \(number)"], ["select 1"]])
                        return try answers[0].get()[0][0].decode(Int.self, at: 0)
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 499_500)
            #expect(store.statistics.connected == 4)
            #expect(store.statistics.completed == 1000)
        }
    }

    @Test func `carries five megabytes in and out`() async throws {
        let large = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await withStore(cluster.configuration { $0.poolSize = 2 }) { store in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        // Large both ways in one pipeline: neither side may wait for the other.
                        let answers = try await store.pipeline([["select \(large)"], ["select \(large)"]])
                        return try answers.allSatisfy { try $0.get()[0][0].decode([UInt8].self, at: 0) == large }
                    }
                }
                for try await isSame in group { #expect(isSame) }
            }
        }
    }

    @Test func `prepares once, and within bounds`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            for _ in 0..<3 { _ = try await store.query("select 'prepared', \(1)") }
            let prepared: SQL =
                "select count(*) from pg_prepared_statements where statement like 'select ''prepared''%'"
            #expect(try await store.query(prepared)[0].decode(Int.self, at: 0) == 1)
            for number in 0..<300 {
                let name = try #require(SQL.Identifier("column_\(number)"))
                _ = try await store.query("select \(number) as \(name)")
            }
            let all = try await store.query("select count(*) from pg_prepared_statements")
            #expect(try all[0].decode(Int.self, at: 0) <= 258)
        }
    }

    @Test func `prepares anew what a change of a table made useless`() async throws {
        try admin.query("create table changing (a int)")
        defer { _ = try? admin.query("drop table changing") }
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let read: SQL = "select * from changing"
            _ = try await store.query(read)
            try admin.query("alter table changing add column b int")
            let error = await #expect(throws: PostgresError.self) { try await store.query(read) }
            #expect(error?.sqlState == "0A000")
            _ = try await store.query(read)
            _ = try await store.query("deallocate all")
            await #expect(throws: PostgresError.self) { try await store.query(read) }
            _ = try await store.query(read)
        }
    }

    @Test func `uses a statement again in the next transaction of a pipeline that could not prepare it`() async throws {
        try await withStore(cluster.configuration()) { store in
            let again: SQL = "select 'again', \(7)"
            let answers = try await store.pipeline([["select 1 / 0", again], [again], [again, again]])
            #expect(failure(answers[0])?.sqlState == "22012")
            #expect(try answers[1].get()[0][0].decode(Int.self, at: 1) == 7)
            #expect(try answers[2].get()[1][0].decode(Int.self, at: 1) == 7)
        }
    }

    @Test func `leaves no transaction open that somebody began by hand`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            _ = try await store.pipeline([["begin"]])
            _ = try await store.query("create table begun (n int)")
            #expect(try admin.query("drop table begun").affected == 0)
            #expect(store.statistics.lost == 1)
        }
    }

    @Test func `runs what each connection needs first`() async throws {
        try await withStore(
            cluster.configuration {
                $0.onConnect = ["select set_config('plan_cache_mode', 'force_generic_plan', false)"]
                $0.applicationName = "on connect"
            }
        ) { store in
            let row = try await store.query(
                "select current_setting('plan_cache_mode'), current_setting('application_name')"
            )[0]
            #expect(try row.decode((String, String).self) == ("force_generic_plan", "on connect"))
        }
    }

    @Test func `says why it cannot start, and takes nothing when it is not running`() async throws {
        let nowhere = Store(.init(conninfo: "host=/tmp/nowhere"))
        let error = await #expect(throws: PostgresError.self) { try await nowhere.start() }
        #expect(error?.kind == .connection)
        await #expect(throws: PostgresError.self) { try await nowhere.query("select 1") }
        let refused = Store(cluster.configuration { $0.onConnect = ["select 1 / 0"] })
        let reason = await #expect(throws: PostgresError.self) { try await refused.start() }
        #expect(reason?.sqlState == "22012")
        let store = Store(cluster.configuration())
        await #expect(throws: PostgresError.self) { try await store.query("select 1") }
        await store.shutdown()
    }

    @Test func `finishes what runs and waits before it shuts down`() async throws {
        let store = Store(cluster.configuration { $0.poolSize = 1 })
        try await store.start()
        try admin.query("select pg_advisory_lock(4710)")
        async let first = store.query("select pg_advisory_xact_lock(4710)")
        async let second = store.query("select \(5)")
        while store.statistics.busy + store.statistics.waiting < 2 { await Task.yield() }
        async let end: Void = store.shutdown()
        try admin.query("select pg_advisory_unlock(4710)")
        await end
        #expect(try await first.count == 1)
        #expect(try await second[0].decode(Int.self, at: 0) == 5)
        await #expect(throws: PostgresError.self) { try await store.query("select 1") }
        await store.shutdown()
    }

    @Test func `stops what has not ended when its time to shut down is over`() async throws {
        let store = Store(cluster.configuration { $0.poolSize = 1 })
        try await store.start()
        let endless = Task { try await store.query("select pg_sleep(60)") }
        while store.statistics.busy < 1 { await Task.yield() }
        await store.shutdown(within: .zero)
        let error = await #expect(throws: PostgresError.self) { try await endless.value }
        #expect(error?.kind == .connection)
    }

    @Test func `prints no secrets`() {
        let configuration = Store.Configuration(conninfo: "host=db password=hunter2")
        var text = String(reflecting: configuration) + "\(configuration)"
        dump(configuration, to: &text)
        #expect(!text.contains("hunter2"))
    }
}

/// The error of a result.
func failure<Value>(_ result: Result<Value, PostgresError>) -> PostgresError? {
    guard case .failure(let error) = result else { return nil }
    return error
}

/// A store does what it is there for.
func expectService(from store: Store) async throws {
    let rows = try await store.query("select \(1)")
    #expect(try rows[0].decode(Int.self, at: 0) == 1)
}

/// Runs the body with a store that is shut down afterwards.
func withStore<Answer>(
    _ configuration: Store.Configuration,
    _ body: (Store) async throws -> Answer
) async throws -> Answer {
    let store = Store(configuration)
    try await store.start()
    do {
        let answer = try await body(store)
        await store.shutdown()
        return answer
    } catch {
        await store.shutdown(within: .zero)
        throw error
    }
}
