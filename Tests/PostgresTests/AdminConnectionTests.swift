import Foundation
import Testing

@testable import Postgres

@Suite struct `An admin connection` {
    let admin: AdminConnection

    init() throws { admin = try AdminConnection(TestCluster.shared.conninfo) }

    @Test func `brings every type there and back`() throws {
        let id = UUID()
        let moment = Date(timeIntervalSince1970: 1_790_000_000.123456)
        let rows = try admin.query(
            """
            select \(id), \(Int16.min), \(Int32.min), \(Int64.min), \(Int.max), \(true), \("Käthe '; drop"),
                   \([UInt8]([0, 1, 255])), \(moment), \(1.5)
            """
        )
        let row = try #require(rows.first)
        #expect(try row.decode(UUID.self, at: 0) == id)
        #expect(try row.decode(Int16.self, at: 1) == .min)
        #expect(try row.decode(Int32.self, at: 2) == .min)
        #expect(try row.decode(Int64.self, at: 3) == .min)
        #expect(try row.decode(Int.self, at: 4) == .max)
        #expect(try row.decode(Bool.self, at: 5))
        #expect(try row.decode(String.self, at: 6) == "Käthe '; drop")
        #expect(try row.decode([UInt8].self, at: 7) == [0, 1, 255])
        #expect(abs(try row.decode(Date.self, at: 8).timeIntervalSince(moment)) < 0.000_001)
        #expect(try row.decode(Double.self, at: 9) == 1.5)
    }

    @Test func `means the same values as the server`() throws {
        let moment = Date(timeIntervalSince1970: 951_782_400)
        let id = UUID(uuidString: "0b7b0d7e-3c3b-4a41-8f0e-5d1a8a4f5a00")!
        let rows = try admin.query(
            """
            select \(moment) = '2000-02-29 00:00:00Z'::timestamptz, \(id)::text, \([UInt8]([222, 173]))::text,
                   \([Int32?]([1, nil, 3]))::text, \(["a", "b c"])::text, \([[UInt8]]([[1], []]))::text,
                   \(Date.distantFuture)::text, \(Date.distantPast)::text, \([id])::text, \([Int64]())::text
            """
        )
        let row = try #require(rows.first)
        #expect(try row.decode(Bool.self, at: 0))
        #expect(try row.decode(String.self, at: 1) == "0b7b0d7e-3c3b-4a41-8f0e-5d1a8a4f5a00")
        #expect(try row.decode(String.self, at: 2) == #"\xdead"#)
        #expect(try row.decode(String.self, at: 3) == "{1,NULL,3}")
        #expect(try row.decode(String.self, at: 4) == #"{a,"b c"}"#)
        #expect(try row.decode(String.self, at: 5) == #"{"\\x01","\\x"}"#)
        #expect(try row.decode(String.self, at: 6) == "infinity")
        #expect(try row.decode(String.self, at: 7) == "-infinity")
        #expect(try row.decode(String.self, at: 8) == "{0b7b0d7e-3c3b-4a41-8f0e-5d1a8a4f5a00}")
        #expect(try row.decode(String.self, at: 9) == "{}")
    }

    @Test func `brings arrays there and back`() throws {
        let ids = [UUID(), UUID()]
        let rows = try admin.query(
            """
            select \(ids), \([Int64]([1, .max])), \([Int32]()), \(["", "ß"]), \([[UInt8]]([[], [7]])),
                   \([UUID?]([nil, ids[0]])), \([true, false]), \([Int16]([3]))
            """
        )
        let row = try #require(rows.first)
        #expect(try row.decode([UUID].self, at: 0) == ids)
        #expect(try row.decode([Int64].self, at: 1) == [1, .max])
        #expect(try row.decode([Int32].self, at: 2) == [])
        #expect(try row.decode([String].self, at: 3) == ["", "ß"])
        #expect(try row.decode([[UInt8]].self, at: 4) == [[], [7]])
        #expect(try row.decode([UUID?].self, at: 5) == [nil, ids[0]])
        #expect(try row.decode([Bool].self, at: 6) == [true, false])
        #expect(try row.decode([Int16].self, at: 7) == [3])
    }

    @Test func `knows NULL from nothing`() throws {
        let nothing: String? = nil
        let rows = try admin.query("select \(nothing), \(""), \([UInt8]()), \([UUID]?.none), \(Date?.none), null")
        let row = try #require(rows.first)
        #expect(try row.decode(String?.self, at: 0) == nil)
        #expect(try row.decode(String?.self, at: 1) == "")
        #expect(try row.decode([UInt8]?.self, at: 2) == [])
        #expect(try row.decode([UUID]?.self, at: 3) == nil)
        #expect(try row.decode(Date?.self, at: 4) == nil)
        #expect(try row.decode(String?.self, at: 5) == nil)
        #expect(throws: PostgresError.decoding) { try row.decode(String.self, at: 0) }
    }

    @Test func `refuses to read a value as another type`() throws {
        let rows = try admin.query("select 1::int4, 'x', now(), array[array[1]], 1.5")
        let row = try #require(rows.first)
        #expect(throws: PostgresError.decoding) { try row.decode(UUID.self, at: 0) }
        #expect(throws: PostgresError.decoding) { try row.decode(Int16.self, at: 0) }
        #expect(throws: PostgresError.decoding) { try row.decode([UInt8].self, at: 1) }
        #expect(throws: PostgresError.decoding) { try row.decode(Int64.self, at: 2) }
        #expect(throws: PostgresError.decoding) { try row.decode([Int32].self, at: 3) }
        #expect(throws: PostgresError.decoding) { try row.decode(String.self, at: 4) }
        #expect(throws: PostgresError.decoding) { try row.decode(Int32.self, at: 5) }
        #expect(try row.decode(Int.self, at: 0) == 1)
    }

    @Test func `reads several columns at once, and what a catalogue holds`() throws {
        let rows = try admin.query("select 'relname'::name, 'r'::\"char\", 7::oid, '5'::xid8, '{\"a\": 1}'::jsonb")
        let row = try #require(rows.first)
        let values = try row.decode((String, String, Int64, Int64, String).self)
        #expect(values == ("relname", "r", 7, 5, "{\"a\": 1}"))
    }

    @Test func `wraps an id by its name alone`() throws {
        let id = BedID(rawValue: UUID())
        let rows = try admin.query("select \(id), \([id, id])")
        let row = try #require(rows.first)
        #expect(try row.decode(BedID.self, at: 0) == id)
        #expect(try row.decode([BedID].self, at: 1) == [id, id])
    }

    @Test func `counts what a statement changed`() throws {
        try admin.query("create temporary table bed (number int)")
        #expect(try admin.query("insert into bed select generate_series(1, 3)").affected == 3)
        #expect(try admin.query("delete from bed where number < \(Int32(3))").affected == 2)
    }

    @Test func `keeps code and constraint of an error and nothing the server says`() throws {
        try admin.query("create temporary table ward (name text constraint ward_has_one_name unique)")
        try admin.query("insert into ward values (\("Secret Name"))")
        let error = try #require(throws: PostgresError.self) {
            try admin.query("insert into ward values (\("Secret Name"))")
        }
        #expect(error.sqlState == "23505")
        #expect(error.constraint == "ward_has_one_name")
        #expect(error.statement == "insert into ward values ($1)")
        #expect(!String(reflecting: error).contains("Secret"))
        let syntax = try #require(throws: PostgresError.self) { try admin.query("selec 1") }
        #expect(syntax.sqlState == "42601" && syntax.kind == .server)
    }

    @Test func `runs a script whole or not at all`() throws {
        let error = try #require(throws: ScriptError.self) {
            try admin.execute(
                script: """
                    create table half_a_script (n int);
                    insert into half_a_script values (1);
                      select missing from half_a_script;
                    select 1
                    """
            )
        }
        #expect(error.place?.line == 3 && error.place?.column == 10)
        #expect(error.statement == 3)
        #expect(error.error.sqlState == "42703")
        #expect(error.message?.contains("missing") == true)
        #expect(try admin.query("select 1 from pg_class where relname = 'half_a_script'").isEmpty)
    }

    @Test func `keeps a value out of a script's error`() throws {
        let error = try #require(throws: ScriptError.self) {
            try admin.execute(script: "select 1; select x::int from (values ('Secret')) as t (x)")
        }
        #expect(error.error.sqlState == "22P02" && error.message == nil)
        #expect(!String(reflecting: error).contains("Secret"))
    }

    @Test func `survives a script that copies`() throws {
        #expect(throws: ScriptError.self) { try admin.execute(script: "copy pg_class from stdin; select 1") }
        try? admin.execute(script: "copy pg_namespace to stdout; select 1")
        #expect(try admin.query("select 1").count == 1)
    }

    @Test func `says that nobody answers`() {
        let error = #expect(throws: PostgresError.self) { try AdminConnection("host=/tmp/nowhere") }
        #expect(error?.kind == .connection)
        #expect(throws: PostgresError.self) { try AdminConnection("nonsense") }
    }
}

/// An id as the modules above have them.
private struct BedID: RawRepresentable, Equatable, Bindable, BindableElement {
    let rawValue: UUID
}
