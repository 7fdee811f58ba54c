import Foundation
import Testing

@testable import Postgres

@Suite struct `A transaction` {
    let cluster = TestCluster.shared
    let admin: AdminConnection

    init() throws { admin = try AdminConnection(cluster.conninfo) }

    @Test(.timeLimit(.minutes(3))) func `sees its own changes and commits them`() async throws {
        try admin.query("create table account (n int)")
        defer { _ = try? admin.query("drop table account") }
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let sum = try await store.transaction(.serializable, lasting: .seconds(60)) { transaction in
                try await transaction.query("insert into account values (\(Int32(4)))")
                try await transaction.pipeline(["insert into account values (5)", "insert into account values (6)"])
                return try await transaction.query("select sum(n) from account")[0].decode(Int.self, at: 0)
            }
            #expect(sum == 15)
            #expect(try await store.query("select n from account").count == 3)
            // Told after the answer, by the thread that serves the connection.
            while store.statistics.busy > 0 { await Task.yield() }
        }
    }

    @Test func `leaves nothing behind when its body throws`() async throws {
        struct Regret: Error {}
        try admin.query("create table regret (n int)")
        defer { _ = try? admin.query("drop table regret") }
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            await #expect(throws: Regret.self) {
                try await store.transaction(lasting: .seconds(60)) { transaction in
                    try await transaction.query("insert into regret values (1)")
                    throw Regret()
                }
            }
            let left = try await store.query("select 1 from regret")
            #expect(left.isEmpty)
        }
    }

    @Test func `fails to commit when a statement failed, even if the body did not mind`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let error = await #expect(throws: PostgresError.self) {
                try await store.transaction(lasting: .seconds(60)) { transaction in
                    _ = try? await transaction.query("select 1 / 0")
                }
            }
            #expect(error?.sqlState == "25P02")
            try await expectService(from: store)
        }
    }

    @Test func `is rolled back when its time is over, whatever its body does`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let error = await #expect(throws: PostgresError.self) {
                try await store.transaction(lasting: .milliseconds(100)) { transaction in
                    try await transaction.query("select pg_advisory_xact_lock(4711)")
                    // The connection serves others although this body has not come back.
                    #expect(try await store.query("select pg_try_advisory_xact_lock(4711)").count == 1)
                    try await transaction.query("select 1")
                }
            }
            #expect(error?.kind == .timeout)
            let free = try admin.query("select pg_try_advisory_xact_lock(4711)")
            #expect(try free[0].decode(Bool.self, at: 0))
        }
    }

    @Test func `stops a statement that outlasts it`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            let error = await #expect(throws: PostgresError.self) {
                try await store.transaction(lasting: .milliseconds(100)) { transaction in
                    try await transaction.query("select pg_sleep(60)")
                }
            }
            #expect(error?.kind == .timeout)
            try await expectService(from: store)
        }
    }

    @Test func `is rolled back before a cancelled task goes on`() async throws {
        try await withStore(cluster.configuration { ($0.poolSize, $0.applicationName) = (1, "cancelled transaction") })
        { store in
            let task = Task {
                try await store.transaction(lasting: .seconds(60)) { transaction in
                    try await transaction.query("select pg_advisory_xact_lock(4712)")
                    try await transaction.query("select pg_sleep(60)")
                }
            }
            let active: SQL = """
                select 1 from pg_stat_activity
                where application_name = 'cancelled transaction' and state = 'active' and query like '%pg_sleep%'
                """
            while try admin.query(active).isEmpty { await Task.yield() }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            let free = try admin.query("select pg_try_advisory_xact_lock(4712)")
            #expect(try free[0].decode(Bool.self, at: 0))
            #expect(store.statistics.lost == 0)
        }
    }

    @Test func `runs statements of several tasks one after another`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 2 }) { store in
            let pids = try await store.transaction(lasting: .seconds(60)) { transaction in
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<20 {
                        group.addTask {
                            try await transaction.query("select pg_backend_pid()")[0].decode(Int.self, at: 0)
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
            }
            #expect(pids.count == 1)
        }
    }

    @Test func `does nothing when its body asks for nothing, and nothing after its end`() async throws {
        try await withStore(cluster.configuration { $0.poolSize = 1 }) { store in
            try await store.transaction(lasting: .seconds(60)) { _ in }
            #expect(store.statistics.completed == 0)
            let escaped = try await store.transaction(lasting: .seconds(60)) { transaction in
                try await transaction.query("select 1")
                return transaction
            }
            let error = await #expect(throws: PostgresError.self) { try await escaped.query("select 1") }
            #expect(error?.sqlState == "25P01")
        }
    }
}
