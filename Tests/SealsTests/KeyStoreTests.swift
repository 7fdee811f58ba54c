import Foundation
import Testing

@testable import Postgres
@testable import Seals

@Suite("The key store") struct KeyStoreTests {
    let database: KeyDatabase
    let wrapped = [UInt8](repeating: 7, count: 81)

    init() throws {
        database = try KeyDatabase()
        let admin = try database.connection()
        try admin.query("select keys.make_organization(\(clinic), 'wrap', \(wrapped))")
        try admin.query("select keys.make(\(clinic), 'patient', \(UUID.of("2")), 1, \(wrapped))")
    }

    /// The SQLSTATE that the keykeeper's role gets for a statement, or nil.
    private func refusal(_ sql: SQL, as role: String = "carekeep_keykeeper") throws -> String? {
        let connection = try database.connection(as: role)
        do {
            try connection.query(sql)
            return nil
        } catch {
            return error.sqlState
        }
    }

    @Test(
        arguments: [
            "select count(*) from keys.subject_key", "select wrapped from keys.subject_key limit 1",
            "select from keys.organization_key", "select from keys.subject",
            "insert into keys.subject (organization_id, id) values (gen_random_uuid(), gen_random_uuid())",
            "update keys.subject_key set state = 'active'", "update keys.subject set fenced_at = null",
            "delete from keys.subject_key", "truncate keys.subject_key", "copy keys.subject_key to stdout",
            "alter table keys.subject_key no force row level security", "drop function keys.make",
            "create function keys.mine() returns int language sql return 1", "create table public.mine (a int)",
            "create temporary table mine (a int)", "set role carekeep_gate", "set role carekeep_owner",
            "create or replace function keys.fence(of_organization uuid, of_subject uuid) returns void language sql return 1",
        ] as [SQL]
    )
    func `gives its role no table, no role and nothing to make`(sql: SQL) throws {
        #expect(try refusal(sql) == "42501")
    }

    @Test func `answers its role's functions`() throws {
        let connection = try database.connection(as: "carekeep_keykeeper")
        let ids = [UUID.of("2"), .of("3")]
        let rows = try connection.query(
            "select state, wrapped, subject_id from keys.find(\(clinic), 'patient', \(ids))"
        )
        #expect(rows.count == 1)
        let (state, found, subject) = try rows[0].decode((String, [UInt8]?, UUID).self)
        #expect(state == "active" && found == wrapped && subject == .of("2"))
    }

    @Test func `tells a name in part nothing`() throws {
        let connection = try database.connection(as: "carekeep_keykeeper")
        let nobody: UUID? = nil
        let none: [UUID]? = nil
        let ids = [UUID.of("2")]
        for sql in [
            "select from keys.find(\(nobody), 'patient', \(ids))", "select from keys.find(\(clinic), null, \(ids))",
            "select from keys.find(\(clinic), 'patient', \(none))",
            "select from keys.find(\(abroad), 'patient', \(ids))",
            "select from keys.find(\(clinic), 'account', \(ids))", "select from keys.find(\(clinic), '%', \(ids))",
            "select from keys.find_organization(\(clinic), null, null)",
            "select from keys.find_organization(\(nobody), 'wrap', null)",
        ] as [SQL] {
            #expect(try connection.query(sql).isEmpty)
        }
    }

    @Test func `lets nobody but its role call a function`() throws {
        let admin = try database.connection()
        let others = try admin.query(
            """
            select p.proname, r.rolname
              from pg_proc p cross join pg_roles r
             where p.pronamespace = 'keys'::regnamespace
               and has_function_privilege(r.oid, p.oid, 'execute')
               and not r.rolsuper and r.rolname not in ('carekeep_keykeeper', 'carekeep_gate')
            """
        )
        #expect(others.isEmpty)
        let loose = try admin.query(
            """
            select from pg_proc p
             where p.pronamespace = 'keys'::regnamespace
               and not (p.prosecdef and p.proowner = 'carekeep_gate'::regrole
                        and array_to_string(p.proconfig, ',') = 'search_path=pg_catalog, pg_temp')
            """
        )
        #expect(loose.isEmpty)
    }

    @Test func `hides every row from its owner, and from the gate without policies`() throws {
        let admin = try database.connection()
        try admin.query("begin")
        try admin.query("set local role carekeep_owner")
        for sql in [
            "select from keys.subject_key", "select from keys.subject", "select from keys.organization_key",
        ] as [SQL] {
            #expect(try admin.query(sql).isEmpty)
        }
        try admin.query("rollback")
        #expect(try tablesWithoutForce(admin).isEmpty)
        try admin.query("drop policy subject_key_seen_by_the_gate on keys.subject_key")
        let ids = [UUID.of("2")]
        let connection = try database.connection(as: "carekeep_keykeeper")
        #expect(try connection.query("select from keys.find(\(clinic), 'patient', \(ids))").isEmpty)
    }

    @Test func `lets the gate itself neither put back, exchange nor remove a key, nor take down a fence`() throws {
        // While it is active: neither another one in its place, nor the same under another name.
        for sql in [
            "update keys.subject_key set wrapped = \([UInt8](repeating: 8, count: 81))",
            "update keys.subject_key set fingerprint = sha256(wrapped)",
        ] as [SQL] {
            #expect(try gateRefusal(sql) == "42501")
        }
        let admin = try database.connection()
        try admin.query("select keys.erase(\(clinic), null, \(UUID.of("2")))")
        for sql in [
            "delete from keys.subject_key", "delete from keys.subject", "delete from keys.organization_key",
            "update keys.organization_key set wrapped = null", "update keys.subject_key set epoch = 2",
            "update keys.organization_key set ended_at = now()", "update keys.subject set fenced_at = null",
        ] as [SQL] {
            #expect(try gateRefusal(sql) == "42501")
        }
        // Not even seen by an update, as it is no longer active.
        #expect(try asGate("update keys.subject_key set state = 'active', wrapped = \(wrapped)") == 0)
    }

    @Test func `lets a key be erased and leaves its fingerprint`() throws {
        let admin = try database.connection()
        let id = UUID.of("2")
        #expect(try admin.query("select keys.erase(\(clinic), null, \(id))")[0].decode(Int32.self, at: 0) == 1)
        #expect(try admin.query("select keys.erase(\(clinic), null, \(id))")[0].decode(Int32.self, at: 0) == 0)
        let row = try #require(
            try admin.query("select state, wrapped, fingerprint from keys.subject_key where subject_id = \(id)").first
        )
        let (state, left, fingerprint) = try row.decode((String, [UInt8]?, [UInt8]).self)
        #expect(state == "erased" && left == nil && fingerprint == Primitive.sha256(wrapped))
    }

    @Test func `makes no key while a fence is being put up, nor after`() async throws {
        let id = UUID.of("3")
        let (fencing, making) = (try database.connection(), try database.connection(as: "carekeep_keykeeper"))
        try fencing.query("begin")
        try fencing.query("select keys.fence(\(clinic), \(id))")
        try making.query("set lock_timeout = '100ms'")
        #expect(throws: PostgresError.self) {
            try making.query("select from keys.make(\(clinic), 'patient', \(id), 1, \(wrapped))")
        }
        try fencing.query("commit")
        let rows = try making.query("select state from keys.make(\(clinic), 'patient', \(id), 1, \(wrapped))")
        #expect(try rows[0].decode(String.self, at: 0) == "fenced")
        #expect(try fencing.query("select from keys.subject_key where subject_id = \(id)").isEmpty)
    }

    @Test func `makes no key under an epoch that is over`() throws {
        let admin = try database.connection()
        for epoch: Int32 in [0, 2, 99] {
            let rows = try admin.query(
                "select from keys.make(\(clinic), 'patient', \(UUID.of("3")), \(epoch), \(wrapped))"
            )
            #expect(rows.isEmpty)
        }
        try admin.query("update keys.organization_key set state = 'retired', ended_at = now()")
        #expect(try admin.query("select from keys.make(\(clinic), 'patient', \(UUID.of("3")), 1, \(wrapped))").isEmpty)
    }

    @Test func `makes and finds a key in its own organisation alone, under a key to wrap with`() throws {
        let admin = try database.connection()
        let id = UUID.of("2")
        let asked = { try admin.query("select from keys.make(\(abroad), 'patient', \(id), 1, \(wrapped))").count }
        #expect(try asked() == 0, "it has no key of its own")
        #expect(try admin.query("select from keys.find(\(abroad), 'patient', \([id]))").isEmpty)
        try admin.query("select keys.make_organization(\(abroad), 'index', \(wrapped))")
        #expect(try asked() == 0, "nor one to wrap with")
        try admin.query("select keys.make_organization(\(abroad), 'wrap', \(wrapped))")
        #expect(try asked() == 1)
        #expect(try admin.query("select keys.erase(\(clinic), null, \(id))")[0].decode(Int32.self, at: 0) == 1)
        let left = try admin.query("select state from keys.find(\(abroad), 'patient', \([id]))")
        #expect(try left[0].decode(String.self, at: 0) == "active", "what is erased here stays there")
    }

    @Test func `holds off a fence, and the end of an epoch, while it makes a key`() throws {
        let (making, ending) = (try database.connection(), try database.connection())
        try ending.query("set lock_timeout = '100ms'")
        // The subject is there, so that nothing but what the function holds keeps others waiting.
        for sql in [
            "select keys.fence(\(clinic), \(UUID.of("2")))",
            "update keys.organization_key set state = 'retired', ended_at = now() where organization_id = \(clinic)",
        ] as [SQL] {
            try making.query("begin")
            try making.query("select keys.make(\(clinic), 'account', \(UUID.of("2")), 1, \(wrapped))")
            #expect(throws: PostgresError.self) { try ending.query(sql) }
            try making.query("rollback")
            try ending.query("begin")
            try ending.query(sql)
            try ending.query("rollback")
        }
    }

    @Test func `keeps when a subject was fenced, and fences none by erasing one class`() throws {
        let admin = try database.connection()
        let id = UUID.of("2")
        let fenced = {
            try admin.query(
                "select fenced_at::text from keys.subject where organization_id = \(clinic) and id = \(id)"
            )[0]
            .decode(String?.self, at: 0)
        }
        try admin.query("select keys.make(\(clinic), 'account', \(id), 1, \(wrapped))")
        #expect(try admin.query("select keys.erase(\(clinic), 'patient', \(id))")[0].decode(Int32.self, at: 0) == 1)
        #expect(try fenced() == nil)
        let other = try admin.query("select state from keys.find(\(clinic), 'account', \([id]))")
        #expect(try other[0].decode(String.self, at: 0) == "active")
        try admin.query("select keys.fence(\(clinic), \(id))")
        let first = try fenced()
        try admin.query("select keys.fence(\(clinic), \(id))")
        #expect(try first != nil && fenced() == first)
    }

    @Test func `finds the epoch that is in use, or the one that is asked for`() throws {
        let admin = try database.connection()
        try admin.query(
            "update keys.organization_key set state = 'retired', ended_at = now() where organization_id = \(clinic)"
        )
        try admin.query(
            "insert into keys.organization_key (organization_id, purpose, epoch, wrapped) values (\(clinic), 'wrap', 2, \(wrapped))"
        )
        let found = { (epoch: Int32?) in
            try admin.query("select epoch from keys.find_organization(\(clinic), 'wrap', \(epoch))").map {
                try $0.decode(Int32.self, at: 0)
            }
        }
        #expect(try found(nil) == [2])
        #expect(try found(1) == [1])
        #expect(try found(3) == [])
    }

    @Test func `gives the gate columns to write, and no table as a whole`() throws {
        let admin = try database.connection()
        let granted = try admin.query(
            """
            select format('%s %s %s', c.relname, lower(g.privilege_type), coalesce(g.attname, 'all'))
              from pg_class c
             cross join lateral (
                    select x.grantee, x.privilege_type, null::name as attname from aclexplode(c.relacl) x
                    union all
                    select x.grantee, x.privilege_type, a.attname from pg_attribute a, aclexplode(a.attacl) x
                     where a.attrelid = c.oid) g
             where c.relnamespace = 'keys'::regnamespace and c.relkind = 'r' and g.grantee <> c.relowner
               and g.grantee = 'carekeep_gate'::regrole
             order by 1
            """
        ).map { try $0.decode(String.self, at: 0) }
        let columns = [
            "organization_key": (["organization_id", "purpose", "epoch", "wrapped"], ["ended_at"]),
            "subject": (["organization_id", "id", "fenced_at"], ["fenced_at"]),
            "subject_key": (
                ["organization_id", "subject_id", "class", "epoch", "wrapped"],
                ["state", "wrapped", "erased_at", "fingerprint"]
            ),
        ]
        let expected = columns.flatMap { table, written in
            ["\(table) select all"] + written.0.map { "\(table) insert \($0)" }
                + written.1.map { "\(table) update \($0)" }
        }
        #expect(Set(granted) == Set(expected) && granted.count == expected.count)
    }

    @Test func `goes down, up and up again, and not down over a key`() throws {
        let admin = try database.connection()
        #expect(throws: ScriptError.self) { try KeyDatabase.apply("migrations/0001-key.down.sql", to: admin) }
        try admin.query("rollback")
        #expect(try admin.query("select from keys.subject_key").count == 1)
        try admin.query("set carekeep.destroy_keys = 'yes'")
        for _ in 0..<2 {
            try KeyDatabase.apply("migrations/0001-key.down.sql", to: admin)
            #expect(try admin.query("select from pg_namespace where nspname = 'keys'").isEmpty)
            try KeyDatabase.apply("migrations/0001-key.up.sql", to: admin)
            #expect(try refusal("select keys.fence(\(clinic), \(clinic))") != nil)
            #expect(try tablesWithoutForce(admin).isEmpty)
            try KeyDatabase.apply("current/key.sql", to: admin)
            try KeyDatabase.apply("current/key.sql", to: admin)
            #expect(try refusal("select keys.fence(\(clinic), \(clinic))") == nil)
        }
    }

    @Test func `explains each table, and names each constraint in a sentence`() throws {
        let admin = try database.connection()
        let silent = try admin.query(
            """
            select from pg_class
             where relnamespace = 'keys'::regnamespace and relkind = 'r' and obj_description(oid, 'pg_class') is null
            """
        )
        #expect(silent.isEmpty)
        let unnamed = try admin.query(
            "select from pg_constraint where connamespace = 'keys'::regnamespace and conname ~ '_(check|fkey)[0-9]*$'"
        )
        #expect(unnamed.isEmpty)
    }

    private func tablesWithoutForce(_ connection: AdminConnection) throws -> Rows {
        try connection.query(
            """
            select from pg_class
             where relnamespace = 'keys'::regnamespace and relkind in ('r', 'p')
               and not (relrowsecurity and relforcerowsecurity and relowner = 'carekeep_owner'::regrole)
            """
        )
    }

    /// The SQLSTATE that the gate's role gets for a statement, or nil.
    private func gateRefusal(_ sql: SQL) throws -> String? {
        do { _ = try asGate(sql) } catch let error as PostgresError { return error.sqlState }
        return nil
    }

    private func asGate(_ sql: SQL) throws -> Int {
        let admin = try database.connection()
        try admin.query("begin")
        try admin.query("set local role carekeep_gate")
        return try admin.query(sql).affected
    }
}
