import FoundationEssentials
import Postgres
import Seals

/// What takes reports of weaknesses from strangers, shows one to who has its token, and keeps its clock.
extension GateChecks {
    func vulnerabilities() throws {
        try reporting()
        try following()
        try writingMore()
        try operating()
        try clocks()
        try filling()
        try scene.admin.query("delete from care.vulnerability")
    }

    /// Files a report as a stranger does; its number.
    @discardableResult
    private func file(
        _ token: [UInt8] = Primitive.freshBytes(32),
        isTest: Bool = false,
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32? {
        let hash = Primitive.sha256(token)
        return try scene.server.query(
            """
            select care.report_vulnerability(\(UUID()), \(hash), \(isTest), '1 day', '30 days', '\\x0102', 1, \(salt), '\\x00')
            """
        )[0].decode(Int32?.self, at: 0)
    }

    private func follow(_ token: [UInt8], salt: [UInt8] = Primitive.freshBytes(32)) throws -> [(Int32, String)] {
        try scene.server.query("select number, kind from care.vulnerability_of(\(token), 1, \(salt), '\\x00')").map {
            (try $0.decode(Int32.self, at: 0), try $0.decode(String.self, at: 1))
        }
    }

    private func write(_ token: [UInt8], salt: [UInt8] = Primitive.freshBytes(32)) throws -> Int32? {
        try scene.server.query(
            "select care.write_on_vulnerability(\(token), \(UUID()), '\\x03', 1, \(salt), '\\x00')"
        )[0].decode(Int32?.self, at: 0)
    }

    /// As the operator.
    private func read(_ number: Int32, salt: [UInt8] = Primitive.freshBytes(32)) throws -> [String] {
        try scene.admin.query(
            "select kind from care.read_vulnerability(\(number), \(UUID()), 1, \(salt), '\\x00')"
        ).map { try $0.decode(String.self, at: 0) }
    }

    /// As the operator.
    private func act(_ number: Int32, _ kind: String, salt: [UInt8] = Primitive.freshBytes(32)) throws -> Bool {
        let outcome: String? = kind == "closed" ? "fixed" : nil
        let sealed: [UInt8]? = kind == "closed" ? nil : [4]
        return try scene.admin.query(
            "select care.act_on_vulnerability(\(number), \(UUID()), \(kind), \(outcome), \(sealed), 1, \(salt), '\\x00')"
        )[0].decode(Bool.self, at: 0)
    }

    private func rows(_ condition: SQL) throws -> Int {
        try scene.admin.query("select count(*) from care.vulnerability v where \(condition)")[0].decode(Int.self, at: 0)
    }

    private func isNoted(_ salt: [UInt8], as act: String) throws -> Bool {
        let entries = try entries(salt)
        return entries.count == 1 && entries[0].act == act && entries[0].granted && entries[0].account == nil
    }

    private func reporting() throws {
        let salt = Primitive.freshBytes(32)
        try must("report_vulnerability", "the first has number 1", try file(salt: salt) == 1)
        try must("report_vulnerability", "an entry says so", try isNoted(salt, as: "vulnerability.report"))
        try must("report_vulnerability", "the second has number 2", try file() == 2)
        try must("report_vulnerability", "a test has none", try file(isTest: true) == 0)
        try must("report_vulnerability", "nor has another", try file(isTest: true) == 0)
        try must("report_vulnerability", "a test takes the place of the last", try rows("v.is_test") == 1)
        try must("report_vulnerability", "others stay", try rows("not v.is_test") == 2)
        try must("report_vulnerability", "the third has number 3", try file() == 3)
        // The gate's own role, by itself: tests are all that it can remove.
        try scene.admin.query("begin")
        defer { _ = try? scene.admin.query("rollback") }  // nothing of this is wanted
        try scene.admin.query("set local role carekeep_gate")
        let gone = try scene.admin.query(
            "with gone as (delete from care.vulnerability v returning v.is_test) select is_test from gone"
        )
        try must(
            "vulnerability",
            "the gate removes tests and nothing else",
            try gone.count == 1 && gone[0].decode(Bool.self, at: 0)
        )
    }

    private func following() throws {
        let (token, other, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        try file(token)
        try file(other)
        _ = try write(other)
        let rows = try follow(token, salt: salt)
        try must("vulnerability_of", "one's own, alone", rows.map(\.1) == ["reported"] && rows.map(\.0) == [4])
        try must("vulnerability_of", "an entry says so", try isNoted(salt, as: "vulnerability.follow"))
        try must("vulnerability_of", "with what was done", try follow(other).map(\.1) == ["reported", "written"])
        for wrong in [Primitive.freshBytes(32), Primitive.sha256(token), [], Array(token.dropLast())] {
            let salt = Primitive.freshBytes(32)
            try must("vulnerability_of", "nothing for another token", try follow(wrong, salt: salt).isEmpty)
            try must("vulnerability_of", "and no entry", try entries(salt).isEmpty)
        }
    }

    private func writingMore() throws {
        let (token, other, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        try file(token)
        try file(other)
        try must("write_on_vulnerability", "by the token", try write(token, salt: salt) == 0)
        try must("write_on_vulnerability", "an entry says so", try isNoted(salt, as: "vulnerability.write"))
        let wrong = Primitive.freshBytes(32)
        try must("write_on_vulnerability", "by no other", try write(Primitive.sha256(token), salt: wrong) == 1)
        try must("write_on_vulnerability", "and no entry", try entries(wrong).isEmpty)
        _ = try read(6)
        _ = try write(other)
        for _ in 2...20 { _ = try write(token) }
        try must("write_on_vulnerability", "twenty, whatever else was done", try follow(token).count == 22)
        try must("write_on_vulnerability", "no more in a day", try write(token) == 2)
        try must("write_on_vulnerability", "others may", try write(other) == 0)
        try scene.later(by: .seconds(90_000)) {
            try must("write_on_vulnerability", "the day after again", try write(token) == 0)
        }
    }

    private func operating() throws {
        let closed: [(String, SQL)] = [
            ("vulnerabilities", "select from care.vulnerabilities()"),
            (
                "read_vulnerability",
                "select from care.read_vulnerability(1, \(UUID()), 1, \(Primitive.freshBytes(32)), '\\x00')"
            ),
            (
                "act_on_vulnerability",
                "select care.act_on_vulnerability(1, \(UUID()), 'closed', 'fixed', null, 1, \(Primitive.freshBytes(32)), '\\x00')"
            ),
        ]
        for (name, statement) in closed { try must(name, "not for the server", try isDenied(nil, statement)) }
        let (token, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try file(token)
        _ = try write(token)
        try must(
            "read_vulnerability",
            "acknowledges",
            try read(8, salt: salt) == ["reported", "written", "acknowledged"]
        )
        try must("read_vulnerability", "an entry says so", try isNoted(salt, as: "vulnerability.read"))
        try must("read_vulnerability", "once", try read(8) == ["reported", "written", "acknowledged"])
        try file()
        try must("read_vulnerability", "for each report", try read(9) == ["reported", "acknowledged"])
        for (number, why) in [(Int32(99), "an unknown one"), (0, "a test")] {
            let (read, acted) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
            try must("read_vulnerability", "not \(why)", try self.read(number, salt: read).isEmpty)
            try must("act_on_vulnerability", "not \(why)", try !act(number, "closed", salt: acted))
            try must("act_on_vulnerability", "and no entry", try entries(read).isEmpty && entries(acted).isEmpty)
        }
        try must("act_on_vulnerability", "not in the reporter's name", try !act(9, "written"))
        try unanswered(9)
        for (kind, name) in [("answered", "vulnerability.answer"), ("closed", "vulnerability.close")] {
            let salt = Primitive.freshBytes(32)
            try must("act_on_vulnerability", "\(kind)", try act(9, kind, salt: salt))
            try must("act_on_vulnerability", "an entry says so", try isNoted(salt, as: name))
        }
        try must("act_on_vulnerability", "on that one alone", try follow(token).count == 3)
        try unanswered(8)
    }

    /// Closing says nothing to whoever waits for an answer.
    private func unanswered(_ number: Int32) throws {
        let salt = Primitive.freshBytes(32)
        var refusal: String?
        do { _ = try act(number, "closed", salt: salt) } catch let error as PostgresError { refusal = error.sqlState }
        try must("act_on_vulnerability", "not closed without an answer", refusal == "23514")
        try must("act_on_vulnerability", "and no entry", try entries(salt).isEmpty)
    }

    /// Of one report: whether it is overdue, and whether it was answered in time.
    private func clock(_ number: Int32) throws -> [Bool] {
        let row = try scene.admin.query(
            "select is_overdue, is_in_time from care.vulnerabilities() where number = \(number)"
        )[0]
        return [try row.decode(Bool.self, at: 0), try row.decode(Bool.self, at: 1)]
    }

    private func counts() throws -> [Int] {
        let row = try scene.server.query(
            "select received, open, answered, in_time, overdue from care.vulnerability_counts()"
        )[0]
        return try (0..<5).map { try row.decode(Int.self, at: $0) }
    }

    private func clocks() throws {
        let (overdue, quiet, inTime) = ([true, false], [false, false], [false, true])
        try scene.admin.query("delete from care.vulnerability where not is_test")
        let token = Primitive.freshBytes(32)
        for number in 1...3 { try file(number == 1 ? token : Primitive.freshBytes(32)) }
        _ = try write(token)  // what the reporter writes is no acknowledgement
        try must("vulnerabilities", "not overdue at once", try clock(1) == quiet)
        try must("vulnerability_counts", "open ones; no test", try counts() == [3, 3, 0, 0, 0])
        _ = try read(2)
        for kind in ["answered", "closed"] { _ = try act(3, kind) }
        try must("vulnerabilities", "read is not answered", try clock(2) == quiet)
        try must("vulnerabilities", "answered and closed", try clock(3) == inTime)
        try must("vulnerability_counts", "one closed", try counts() == [3, 2, 1, 1, 0])
        try scene.later(by: .seconds(90_000)) {
            try must("vulnerabilities", "overdue when nobody reads it", try clock(1) == overdue)
            try must("vulnerabilities", "not overdue when it was read", try clock(2) == quiet)
            try must("vulnerability_counts", "one overdue", try counts() == [3, 2, 1, 1, 1])
            _ = try act(1, "answered")
            try must("vulnerabilities", "answered, and read too late", try clock(1) == quiet)
        }
        try scene.later(by: .seconds(31 * 86_400)) {
            try must("vulnerabilities", "overdue when nobody answers", try clock(2) == overdue)
            try must("vulnerabilities", "not overdue when it was closed", try clock(3) == inTime)
            _ = try act(2, "answered")
            try must("vulnerabilities", "answered too late", try clock(2) == quiet)
            try must("vulnerability_counts", "all answered, one in time", try counts() == [3, 2, 3, 1, 0])
        }
        // As former releases left them: closed, and never answered.
        try file()
        try scene.admin.query(
            """
            insert into care.vulnerability_act (vulnerability_id, id, at, kind, outcome)
            select v.id, gen_random_uuid(), care.clock(), 'closed', 'declined' from care.vulnerability v where v.number = 4
            """
        )
        try must("vulnerabilities", "closed is not answered", try clock(4) == quiet)
    }

    /// 200 reports of strangers are taken in a day, and 200 further words: no more, and no fewer. Neither keeps the other out.
    private func filling() throws {
        let admin = scene.admin
        try admin.query("delete from care.vulnerability where not is_test")
        let token = Primitive.freshBytes(32)
        try file(token)
        try file()
        _ = try read(1)
        try admin.query(
            """
            insert into care.vulnerability_act (vulnerability_id, id, at, kind, sealed)
            select v.id, gen_random_uuid(), care.clock(), 'written', '\\x00'
              from care.vulnerability v, generate_series(1, 199) n where v.number = 2
            """
        )
        try must("vulnerability_words_are_full", "not with 199 texts", try write(token) == 0)
        try must("write_on_vulnerability", "not with 200", try write(token) == 2)
        try must("vulnerabilities_are_full", "whatever was written", try file() == 3)
        try admin.query(
            """
            insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
            select gen_random_uuid(), n, sha256(int4send(n)), false, care.clock(), care.clock() + interval '1 day',
                   care.clock() + interval '2 days', '\\x00'
              from generate_series(4, 199) n
            """
        )
        try must("vulnerabilities_are_full", "not with 199 reports", try file() == 200)
        let salt = Primitive.freshBytes(32)
        try must("report_vulnerability", "not with 200", try file(salt: salt) == nil)
        try must("report_vulnerability", "and no entry", try entries(salt).isEmpty)
        try must("report_vulnerability", "a test all the same", try file(isTest: true) == 0)
        try scene.later(by: .seconds(90_000)) {
            try must("vulnerabilities_are_full", "not the day after", try file() == 201)
            try must("vulnerability_words_are_full", "not the day after", try write(token) == 0)
        }
        try admin.query("delete from care.vulnerability_act where kind = 'written'")
        try must("vulnerability_words_are_full", "whatever was reported", try write(token) == 0)
    }
}
