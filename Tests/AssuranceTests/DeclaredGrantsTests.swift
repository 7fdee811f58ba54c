import Assurance
import CarekeepTesting
import Postgres
import Testing

@Suite(.serialized) struct `Declared grants` {
    @Test func `are what both stores have`() async throws {
        let town = try await TestTown()
        let records = try DeclaredGrants.records.differences(over: AdminConnection(town.admin))
        let keys = try DeclaredGrants.keys.differences(over: AdminConnection(town.keysAdmin))
        #expect(records == [])
        #expect(keys == [])
        await town.close()
    }

    @Test func `name what is missing and what is more`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let changes: [(SQL, SQL, [String])] = [
            (
                "grant select on care.pass to carekeep_server", "revoke select on care.pass from carekeep_server",
                ["unexpected: carekeep_server may select on pass"]
            ),
            (
                "grant delete on care.record to public", "revoke delete on care.record from public",
                ["unexpected: public may delete on record"]
            ),
            (
                "grant select on care.token to carekeep_server with grant option",
                "revoke grant option for select on care.token from carekeep_server",
                [
                    "missing: carekeep_server may select on token",
                    "unexpected: carekeep_server may select on token and pass it on",
                ]
            ),
            (
                "revoke update (withdrawn_at) on care.reach from carekeep_server",
                "grant update (withdrawn_at) on care.reach to carekeep_server",
                ["missing: carekeep_server may update on reach (withdrawn_at)"]
            ),
            (
                "grant update (until) on care.reach to carekeep_server",
                "revoke update (until) on care.reach from carekeep_server",
                [
                    "missing: carekeep_server may update on reach (withdrawn_at)",
                    "unexpected: carekeep_server may update on reach (until, withdrawn_at)",
                ]
            ),
            (
                "grant execute on function care.acting() to carekeep_server",
                "revoke execute on function care.acting() from carekeep_server",
                ["unexpected: carekeep_server may execute acting()"]
            ),
            (
                "grant create on schema care to carekeep_server", "revoke create on schema care from carekeep_server",
                ["unexpected: carekeep_server may create on schema care"]
            ),
            (
                "grant create on schema public to public", "revoke create on schema public from public",
                ["unexpected: public may create on schema public"]
            ),
            (
                "alter default privileges for role carekeep_owner in schema care grant select on tables to carekeep_server",
                "alter default privileges for role carekeep_owner in schema care revoke select on tables from carekeep_server",
                ["unexpected: carekeep_server may select by default on r"]
            ),
        ]
        for (change, repair, expected) in changes {
            try admin.query(change)
            #expect(try DeclaredGrants.records.differences(over: admin) == expected)
            try admin.query(repair)
            #expect(try DeclaredGrants.records.differences(over: admin) == [])
        }
        await town.close()
    }

    /// Roles belong to the cluster, which other tests share: these changes are never committed.
    @Test func `name attributes and memberships of roles`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let changes: [(SQL, [String])] = [
            (
                "alter role carekeep_server bypassrls",
                [
                    "missing: role carekeep_server: login",
                    "unexpected: role carekeep_server: login, bypasses row security",
                ]
            ),
            (
                "alter role carekeep_gate login",
                ["missing: role carekeep_gate", "unexpected: role carekeep_gate: login"]
            ),
            ("grant carekeep_gate to carekeep_server", ["unexpected: carekeep_server is a member of carekeep_gate"]),
            ("grant carekeep_gate to pg_monitor", ["unexpected: pg_monitor is a member of carekeep_gate"]),
            ("create role carekeep_thief login", ["unexpected: role carekeep_thief: login, inherits"]),
        ]
        for (change, expected) in changes {
            try admin.query("begin")
            try admin.query(change)
            #expect(try DeclaredGrants.records.differences(over: admin) == expected)
            try admin.query("rollback")
        }
        await town.close()
    }
}
