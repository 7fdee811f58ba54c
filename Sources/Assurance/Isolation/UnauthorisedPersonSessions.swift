import FoundationEssentials
import Postgres
import Seals

// MARK: - Sessions as people see them

extension GateChecks {
    func ownSessions() throws {
        try obeyedSettings()
        try devices()
        try organizations()
        try listing()
        try ending()
        try endingOthers()
    }

    private func devices() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let note = { (secret: [UInt8], words: [UInt8]) in
            try self.scene.server.query(
                "select care.note_device(\(self.north.organization), \(secret), 'api', \(words))"
            )[0]
            .decode(Bool.self, at: 0)
        }
        try must("note_device", "is named", try note(one.session, [1]))
        try must("note_device", "once", try !note(one.session, [2]))
        try must("note_device", "by its own session", try !note(Primitive.freshBytes(32), [2]))
        let named = try scene.admin.query(
            "select used_as, sealed_device from care.session where account_id = \(one.account) and sealed_device is not null"
        )
        try must("note_device", "and no other", try named.count == 1 && named[0].decode([UInt8].self, at: 1) == [1])
    }

    private func organizations() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let own = { (someone: Someone) in
            try scene.server.query(
                "select organization_id, is_this from care.own_organizations(\(north.organization), \(someone.session), 'api')"
            ).map { (try $0.decode(UUID.self, at: 0), try $0.decode(Bool.self, at: 1)) }
        }
        try must("own_organizations", "one's own is listed", try own(one).map(\.0) == [north.organization])
        try scene.join(one, ["member"], to: south)
        let both = try own(one)
        try must("own_organizations", "each", Set(both.map(\.0)) == [north.organization, south.organization])
        try must(
            "own_organizations",
            "and whose session asks",
            both.filter { $0.1 }.map(\.0) == [north.organization]
        )
        for (when, assignment) in [
            ("not one that was left", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("nor one that waits", "since = 'infinity', until = null"),
        ] as [(String, SQL)] {
            try scene.admin.query(
                """
                update care.membership set \(assignment)
                 where organization_id = \(south.organization) and account_id = \(one.account)
                """
            )
            try must("own_organizations", when, try own(one).map(\.0) == [north.organization])
        }
        let closed = try scene.somebody(["caregiver"], in: north)
        try change(closed, "api", "second_factor_at = null, second_factor_is_due = true")
        try must("own_organizations", "nothing before the second factor", try own(closed).isEmpty)
    }

    private func listing() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        try must("own_sessions", "one's own are listed", try list(one).count == 2)
        try must("own_sessions", "and which one asks", try list(one).count { $0.isThis } == 1)
        try change(one, "page", "ended_at = clock_timestamp()")
        try must("own_sessions", "not those that ended", try list(one).count == 1)
        try change(one, "page", "ended_at = null, until = created_at + interval '1 microsecond'")
        try must("own_sessions", "nor ran out", try list(one).count == 1)
        try change(one, "page", "until = created_at + interval '1 day', idle = interval '1 microsecond'")
        try must("own_sessions", "nor were idle", try list(one).count == 1)
        let closed = try scene.somebody(["caregiver"], in: north)
        try change(closed, "api", "second_factor_at = null, second_factor_is_due = true")
        try must("is_open", "nothing before the second factor", try list(closed).isEmpty)
        let staff = try scene.somebody(["staff"], in: north)
        try change(staff, "api", "second_factor_at = null")
        try must("is_open", "nor for staff", try list(staff).isEmpty)
        try change(staff, "api", "second_factor_at = clock_timestamp()")
        try must("is_open", "all after it", try list(staff).count == 2)
        let caregiver = try scene.somebody(["caregiver"], in: north)
        try change(caregiver, "api", "second_factor_at = null")
        try must("is_open", "all where none is needed", try list(caregiver).count == 2)
    }

    private func ending() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let salt = Primitive.freshBytes(32)
        let theirs = try id(other, "page")
        try change(one, "api", "stepped_up_at = clock_timestamp() - interval '1 hour'")
        try must("end_own_sessions", "not without stepping up", try isDenied(nil, ending(one, nil)) && living(one) == 2)
        try change(one, "api", "stepped_up_at = clock_timestamp()")
        try must("end_own_sessions", "not another's", try end(one, theirs) == 0 && living(other) == 2)
        try must("end_own_sessions", "not the one that asks", try end(one, try id(one, "api")) == 0 && living(one) == 2)
        try must(
            "end_own_sessions",
            "one's own",
            try end(one, try id(one, "page"), salt: salt) == 1 && living(one) == 1
        )
        let entry = try entries(salt)
        try must(
            "end_own_sessions",
            "leaves an entry",
            entry.map(\.act) == ["session.end"] && entry[0].account == one.account
        )
        try must("end_own_sessions", "once", try end(one, try id(one, "page")) == 0)
        try must("end_own_sessions", "all others", try end(other, nil) == 1 && living(other) == 1)
        let closed = try scene.somebody(["caregiver"], in: north)
        try change(closed, "api", "second_factor_at = null, second_factor_is_due = true")
        try must("end_own_sessions", "not before the second factor", try end(closed, nil) == 0 && living(closed) == 2)
        let still = try list(one)
        try must("end_own_sessions", "the one that asks goes on", still.count == 1)
    }

    /// By somebody in charge.
    private func endingOthers() throws {
        let member = try scene.somebody(["clinician"], in: north)
        let (admin, owner) = (try scene.somebody(["admin"], in: north), try scene.somebody(["owner"], in: north))
        let elsewhere = try scene.somebody(["clinician"], in: south)
        let salt = Primitive.freshBytes(32)
        let end = { (pass: Scene.Opened?, account: UUID) -> Int32? in
            try self.answer(Int32.self, pass, "select care.end_member_sessions(\(account), 1, \(salt), '\\x00')")
        }
        let pass = try grant("an administrator ends sessions", asks("member.end-sessions", admin))
        try must("end_member_sessions", "not without a pass", try end(nil, member.account) == nil)
        let reading = try grant("a pass that lists", asks("member.list", admin))
        try must("end_member_sessions", "not by listing", try end(reading, member.account) == nil)
        try must("end_member_sessions", "not an owner's", try end(pass, owner.account) == nil && living(owner) == 2)
        try must(
            "end_member_sessions",
            "not elsewhere",
            try end(pass, elsewhere.account) == 0 && livingAnywhere(elsewhere) == 2
        )
        try must("end_member_sessions", "a member's", try end(pass, member.account) == 2 && living(member) == 0)
        try must("end_member_sessions", "nobody else's", try living(admin) == 2)
        let written = try entries(salt)
        try must(
            "end_member_sessions",
            "the entries say who did it",
            written.count == 2 && written.allSatisfy { $0.act == "member.end-sessions" && $0.account == admin.account }
        )
        let owners = try grant("an owner ends sessions", asks("member.end-sessions", owner))
        let second = try scene.somebody(["owner"], in: north)
        try must("end_member_sessions", "an owner ends an owner's", try end(owners, second.account) == 2)
    }

    // MARK: Parts

    private func list(_ one: Someone) throws -> [(id: UUID, isThis: Bool)] {
        try scene.server.query(
            "select session_id, is_this from care.own_sessions(\(north.organization), \(one.session), 'api')"
        ).map { (try $0.decode(UUID.self, at: 0), try $0.decode(Bool.self, at: 1)) }
    }

    private func end(_ one: Someone, _ session: UUID?, salt: [UInt8] = Primitive.freshBytes(32)) throws -> Int32 {
        try scene.server.query(ending(one, session, salt))[0].decode(Int32.self, at: 0)
    }

    private func ending(_ one: Someone, _ session: UUID?, _ salt: [UInt8] = Primitive.freshBytes(32)) -> SQL {
        "select care.end_own_sessions(\(north.organization), \(one.session), 'api', \(session), 1, \(salt), '\\x00')"
    }

    private func id(_ one: Someone, _ use: String) throws -> UUID {
        try scene.admin.query("select id from care.session where account_id = \(one.account) and used_as = \(use)")[0]
            .decode(UUID.self, at: 0)
    }

    private func living(_ one: Someone) throws -> Int { try livingAnywhere(one) }

    private func livingAnywhere(_ one: Someone) throws -> Int {
        try scene.admin.query("select from care.session where account_id = \(one.account) and ended_at is null").count
    }

    private func change(_ one: Someone, _ use: String, _ assignment: SQL) throws {
        try scene.admin.query(
            "update care.session set \(assignment) where account_id = \(one.account) and used_as = \(use)"
        )
    }
}
