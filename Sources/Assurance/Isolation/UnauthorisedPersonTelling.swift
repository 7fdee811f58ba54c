import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// From which devices somebody has signed in: opened by nobody.
    static let devices: [Specimen] = [
        Specimen(
            name: "account_device",
            table: "account_device",
            match: {
                "organization_id = \($0.house.organization) and account_id = \($0.house.other.account) and token = \($0.house.tried)"
            },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("account_id", "\(victim.house.other.account)"),
                    ("token", "\(existing ? victim.house.tried : Primitive.freshBytes(32))"), ("since", "now()"),
                ]
            },
            change: "since = now()",
            isOfPatient: false
        )
    ]
}

extension Scene {
    /// A device that somebody signed in from.
    func know(in house: House) throws {
        try admin.query(
            """
            insert into care.account_device (organization_id, account_id, token, since)
            values (\(house.organization), \(house.other.account), \(house.tried), clock_timestamp())
            """
        )
    }
}

/// Letters that tell what happened to an account: they follow from something that the same transaction did, and are few.
extension GateChecks {
    func tellingAccounts() throws {
        try newDevices()
        try changes()
    }

    /// How many letters of a kind wait for somebody.
    private func letters(_ template: String, to someone: Someone) throws -> Int {
        try scene.admin.query(
            "select from care.letter where account_id = \(someone.account) and template = \(template) and state = 'waiting'"
        ).count
    }

    /// Signs in from a device, and tells of it in the same transaction.
    private func signIn(_ someone: Someone, from device: [UInt8]?) throws {
        try scene.server.query(
            """
            select care.tell_of_device(b.organization, b.session_id, \(device), \(UUID()), '\\x07')
              from care.begin_session(
                \(someone.token), \(Scene.hash), \(north.organization), 'page', \(Primitive.freshBytes(32)), interval '1 hour',
                interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00') b
            """
        )
    }

    private func newDevices() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let tell = { (someone: Someone) in try letters("new-device", to: someone) }
        let phone = Primitive.freshBytes(32)
        try signIn(one, from: phone)
        try must("tell_of_device", "not of the first", try tell(one) == 0)
        try signIn(one, from: phone)
        try must("tell_of_device", "not of one that was seen", try tell(one) == 0)
        try signIn(one, from: nil)
        try must("tell_of_device", "not of one that shows that it is known", try tell(one) == 0)
        try signIn(one, from: Primitive.freshBytes(32))
        try must("tell_of_device", "of a new one", try tell(one) == 1)
        try signIn(other, from: phone)
        try must("tell_of_device", "each has a first", try tell(other) == 0)
        for _ in 0..<4 { try signIn(one, from: Primitive.freshBytes(32)) }
        try must("may_tell", "three a day", try tell(one) == 3)
        try signIn(other, from: Primitive.freshBytes(32))
        try must("may_tell", "to each", try tell(other) == 1)
        try scene.admin.query(
            "update care.letter set queued_at = queued_at - interval '25 hours', until = until + interval '1 day' where account_id = \(one.account)"
        )
        try signIn(one, from: Primitive.freshBytes(32))
        try must("may_tell", "three the next day", try tell(one) == 4)
        let earlier = try scene.admin.query(
            "select id from care.session where account_id = \(other.account) and used_as = 'page' limit 1"
        )[0].decode(UUID.self, at: 0)
        let later: SQL = """
            select care.tell_of_device(\(north.organization), \(earlier), \(Primitive.freshBytes(32)), \(UUID()), '\\x07')
            """
        try must("tell_of_device", "asked for afterwards nothing fails", try failure(nil, later) == nil)
        try must("tell_of_device", "and nothing is told", try tell(other) == 1)
        let begin: SQL = """
            select care.tell_of_device(\(south.organization), b.session_id, \(Primitive.freshBytes(32)), \(UUID()), '\\x07')
              from care.begin_session(
                \(other.token), \(Scene.hash), \(north.organization), 'page', \(Primitive.freshBytes(32)), interval '1 hour',
                interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00') b
            """
        try scene.server.query(begin)
        try must("tell_of_device", "nor in another organisation", try tell(other) == 1)
        // Whoever belongs in two places has one first device, and no second one by going to the other.
        let both = try scene.somebody(["caregiver"], in: north)
        try signIn(both, from: phone)
        try scene.join(both, ["caregiver"], to: south)
        let begins = { (device: [UInt8]) -> SQL in
            """
            select care.tell_of_device(\(south.organization), b.session_id, \(device), \(UUID()), '\\x07')
              from care.begin_session(
                \(both.token), \(Scene.hash), \(south.organization), 'page', \(Primitive.freshBytes(32)), interval '1 hour',
                interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00') b
            """
        }
        try scene.server.query(begins(Primitive.freshBytes(32)))
        try must("tell_of_device", "of a new one, the first there", try tell(both) == 1)
        try scene.server.query(begins(phone))
        try must("tell_of_device", "not of one that was seen elsewhere", try tell(both) == 1)
        try scene.server.query(begins(Primitive.freshBytes(32)))
        try must("tell_of_device", "of another new one", try tell(both) == 2)
        let inner: SQL = "select care.may_tell(\(one.account), 'new-device', 3)"
        try must("may_tell", "not by the server itself", try isDenied(nil, inner))
    }

    // MARK: Changes

    /// Does something in one transaction with telling of it; what it ended in.
    private func done(_ statement: SQL, telling someone: Someone) throws -> Bool {
        try scene.server.query("begin")
        do throws(PostgresError) {
            try scene.server.query(statement)
            try scene.server.query(tell(someone))
            try scene.server.query("commit")
            return true
        } catch {
            _ = try? scene.server.query("rollback")  // the error is what is asked for
            return false
        }
    }

    private func tell(_ someone: Someone) -> SQL {
        "select care.tell_of_change(\(north.organization), \(someone.session), 'api', \(UUID()), '\\x07')"
    }

    private func remove(_ someone: Someone) throws -> SQL {
        try scene.admin.query("delete from care.second_factor where account_id = \(someone.account)")
        try scene.admin.query(
            """
            insert into care.second_factor (account_id, sealed_secret, last_step, since)
            values (\(someone.account), '\\x00', 0, clock_timestamp())
            """
        )
        try scene.admin.query(
            "update care.session set stepped_up_at = clock_timestamp() where account_id = \(someone.account)"
        )
        return """
            select care.remove_second_factor(
                \(north.organization), \(someone.session), 'api', 1, \(Primitive.freshBytes(32)), '\\x00')
            """
    }

    private func changes() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let told = { (someone: Someone) in try letters("second-factor-changed", to: someone) }
        try must("tell_of_change", "what was done", try done(remove(one), telling: one) && told(one) == 1)
        try must("tell_of_change", "not afterwards", try failure(nil, tell(one)) == nil && told(one) == 1)
        try must("tell_of_change", "nobody else", try done(remove(one), telling: other) && told(other) == 0)
        let refused: SQL = """
            select care.link_identity(
                \(north.organization), \(other.pageSession), \(UUID()), \(Primitive.freshBytes(32)), 1, \(Primitive.freshBytes(32)),
                '\\x00')
            """
        try must(
            "tell_of_change",
            "nothing that was refused",
            try done(refused, telling: other) && letters("way-linked", to: other) == 0
        )
        let signedOut: SQL = """
            select care.end_own_sessions(
                \(north.organization), \(other.session), 'api', null, 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        try must("tell_of_change", "nothing else", try done(signedOut, telling: other) && told(other) == 0)
        for _ in 0..<6 { _ = try done(remove(one), telling: one) }
        try must("may_tell", "five a day", try told(one) == 5)
        try scene.admin.query("update care.letter set template = 'suite-other' where account_id = \(one.account)")
        _ = try done(remove(one), telling: one)
        try must("may_tell", "of each kind", try told(one) == 1)
    }
}
