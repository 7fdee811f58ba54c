import Foundation
import Testing

@testable import Postgres

@Suite struct `A store stops` {
    let cluster = TestCluster.shared
    let admin: AdminConnection

    init() throws { admin = try AdminConnection(cluster.conninfo) }

    private func isActive(_ name: String) throws -> Bool {
        let rows = try admin.query(
            "select 1 from pg_stat_activity where application_name = \(name) and state = 'active'"
        )
        return !rows.isEmpty
    }

    @Test func `a statement that takes too long, on the server's side`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.statementTimeout) = (1, .milliseconds(50)) }) {
            store in
            let error = await #expect(throws: PostgresError.self) { try await store.query("select pg_sleep(60)") }
            #expect(error?.kind == .timeout && error?.sqlState == "57014")
            try await expectService(from: store)
            #expect(store.statistics.cancellations == 0)
        }
    }

    @Test func `a job whose caller gave it a time`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.applicationName) = (1, "deadline") }) { store in
            let answers = try await store.pipeline(
                [["select 1"], ["select pg_sleep(60)"], ["select pg_sleep(60)"]],
                timeout: .milliseconds(100)
            )
            #expect(try answers[0].get().count == 1)
            #expect(failure(answers[1])?.kind == .timeout)
            #expect(failure(answers[2])?.kind == .timeout)
            #expect(try isActive("deadline") == false)
            try await expectService(from: store)
            #expect(store.statistics.lost == 0)
        }
    }

    @Test func `what a cancelled task was waiting for`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.applicationName) = (1, "cancelled") }) { store in
            let task = Task { try await store.query("select pg_sleep(60)") }
            while try !isActive("cancelled") { await Task.yield() }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(try isActive("cancelled") == false)
            try await expectService(from: store)
            #expect(store.statistics.lost == 0)
        }
    }

    @Test func `waiting when the task is cancelled`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.applicationName) = (1, "waiting") }) { store in
            let first = Task { try await store.query("select pg_sleep(60)") }
            while try !isActive("waiting") { await Task.yield() }
            let second = Task { try await store.query("select 1") }
            while store.statistics.waiting < 1 { await Task.yield() }
            second.cancel()
            let error = await #expect(throws: PostgresError.self) { try await second.value }
            #expect(error?.kind == .cancelled)
            #expect(store.statistics.waiting == 0)
            first.cancel()
            _ = await first.result
        }
    }

    @Test func `nobody but the one that was cancelled`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 4 }) { store in
            let outcomes = await withTaskGroup(of: (cancelled: Bool, Result<Int, any Error>).self) { group in
                for number in 0..<400 {
                    group.addTask {
                        let isVictim = number.isMultiple(of: 4)
                        let task = Task {
                            try await store.query("select pg_sleep(0.001), \(number)")[0].decode(Int.self, at: 1)
                        }
                        if isVictim { task.cancel() }
                        return (isVictim, await task.result)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for outcome in outcomes where !outcome.cancelled {
                #expect(throws: Never.self) { try outcome.1.get() }
            }
            #expect(store.statistics.lost == 0)
        }
    }

    @Test func `taking jobs when too many wait`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.queueLimit) = (1, 1) }) { store in
            let first = Task { try await store.query("select pg_sleep(60)") }
            while store.statistics.busy < 1 { await Task.yield() }
            let second = Task { try await store.query("select 1") }
            while store.statistics.waiting < 1 { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await store.query("select 1") }
            #expect(error?.kind == .poolExhausted)
            #expect(store.statistics.refused == 1)
            first.cancel()
            let rows = try await second.value
            #expect(rows.count == 1)
            _ = await first.result
        }
    }

    @Test func `a job's waiting when no connection becomes free in time`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.waitingTime) = (1, .milliseconds(50)) }) { store in
            let first = Task { try await store.query("select pg_sleep(60)") }
            while store.statistics.busy < 1 { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await store.query("select 1") }
            #expect(error?.kind == .poolExhausted)
            #expect(store.statistics.expired == 1)
            first.cancel()
            _ = await first.result
            try await expectService(from: store)
        }
    }
}

@Suite struct `After PostgreSQL` {
    @Test func `restarts, a store recovers by itself`() async throws {
        let cluster = TestCluster()
        defer { cluster.stop() }
        try await withStore(cluster.configuration { ($0.poolSize, $0.waitingTime) = (3, .seconds(60)) }) { store in
            let running = Task { try await store.pipeline([["select 1"], ["select pg_sleep(60)"]]) }
            let admin = try AdminConnection(cluster.conninfo)
            let asleep: SQL = "select 1 from pg_stat_activity where wait_event = 'PgSleep'"
            while try admin.query(asleep).isEmpty { await Task.yield() }
            cluster.restart()
            let answers = try await running.value
            #expect(try answers[0].get().count == 1)
            #expect(failure(answers[1])?.kind == .connection)
            #expect(try await store.query("select \(1)")[0].decode(Int.self, at: 0) == 1)
            #expect(store.statistics.lost >= 1)
        }
    }

    @Test func `stops, those who wait are told, and served once it is back`() async throws {
        let cluster = TestCluster()
        defer { cluster.stop() }
        try await withStore(cluster.configuration { ($0.poolSize, $0.waitingTime) = (2, .seconds(60)) }) { store in
            cluster.stop()
            while store.statistics.connected > 0 { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) {
                try await store.query("select 1", timeout: .milliseconds(100))
            }
            #expect(error?.kind == .connection)
            async let patient = store.query("select \(2)")
            while store.statistics.waiting < 1 { await Task.yield() }
            cluster.start()
            let rows = try await patient
            #expect(try rows[0].decode(Int.self, at: 0) == 2)
        }
    }

    @Test func `ends one connection, only its job fails`() async throws {
        try await withStore(TestCluster.shared.configuration { ($0.poolSize, $0.applicationName) = (2, "terminated") })
        { store in
            let running = Task { try await store.query("select pg_sleep(60)") }
            let admin = try AdminConnection(TestCluster.shared.conninfo)
            let end: SQL = """
                select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'terminated' and state = 'active'
                """
            while try admin.query(end).isEmpty { await Task.yield() }
            let error = await #expect(throws: PostgresError.self) { try await running.value }
            #expect(error?.kind == .connection && error?.sqlState == "57P01")
            try await expectService(from: store)
        }
    }
}
