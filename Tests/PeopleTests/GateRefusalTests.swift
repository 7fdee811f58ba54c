import Care
import CarekeepTesting
import Foundation
import Postgres
import Testing

@testable import People

@Suite struct `A failure of the database` {
    /// Whoever accepts an invitation and whoever takes it back at that moment may each hold what the other waits for.
    @Test func `is a change by somebody else, where two waited for each other`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        try admin.query("create table public.door (side integer primary key)")
        try admin.query("insert into public.door values (1), (2)")
        async let one = refusal(over: town.admin, holding: 1, wanting: 2)
        async let other = refusal(over: town.admin, holding: 2, wanting: 1)
        let refusals = try await [one, other]
        #expect(refusals.count { $0 == nil } == 1)
        #expect(refusals.contains(.changedMeanwhile))
        await town.close()
    }

    /// What comes of wanting one side of the door while holding the other, once both sides are held.
    private func refusal(over conninfo: String, holding own: Int32, wanting: Int32) async throws -> Refusal? {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result {
                        let connection = try AdminConnection(conninfo)
                        try connection.query("begin")
                        try connection.query("select from public.door where side = \(own) for update")
                        try connection.query("select pg_advisory_xact_lock(20, \(own))")
                        try connection.query(
                            """
                            do $$ begin
                                while (select count(*) from pg_locks where locktype = 'advisory' and classid = 20) < 2 loop
                                    perform pg_sleep(0.01);
                                end loop;
                            end $$
                            """
                        )
                        do {
                            try refusing(at: .gate) {
                                _ = try connection.query("select from public.door where side = \(wanting) for update")
                            }
                            try connection.query("commit")
                            return nil
                        } catch let refusal as Refusal { return refusal }
                    }
                )
            }
        }
    }
}
