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
        try concerns()
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

    // MARK: Reports of what looks wrong

    /// Tells of a report, by so many letters.
    private func tell(of concern: UUID, _ most: Int = 500, sealed: Int = 500) -> SQL {
        """
        care.tell_of_concern(
            \(concern), (select array_agg(gen_random_uuid()) from generate_series(1, \(most))),
            (select array_agg('\\x07'::bytea) from generate_series(1, \(sealed))))
        """
    }

    /// A report with telling of it, in one transaction.
    private func report(_ someone: Someone, _ id: UUID = UUID(), telling: SQL? = nil) throws -> String? {
        try failure(
            grant("a pass to report", asks("concern.report", someone)),
            "select care.report_concern(\(id), null, null, '\\x01'), \(telling ?? tell(of: id))"
        )
    }

    private func concerns() throws {
        try whereMailIsSent {
            try toldOfReports()
            try toldOfAnswers()
        }
    }

    /// As if the operator had configured a mail server. Who fails takes no more checks, so that it need not be undone then.
    func whereMailIsSent(_ check: () throws -> Void) throws {
        let mails = try scene.admin.query("select mails_links from care.guard")[0].decode(Bool.self, at: 0)
        try scene.admin.query("update care.guard set mails_links = true")
        try check()
        try scene.admin.query("update care.guard set mails_links = \(mails)")
    }

    private func toldOfReports() throws {
        let officers = try (0..<3).map { _ in try scene.somebody(["privacy-officer"], in: north) }
        let (one, bystander) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        let elsewhere = try scene.somebody(["privacy-officer"], in: south)
        for (officer, times) in zip(
            officers,
            [
                "since = clock_timestamp() + interval '1 day'",
                "since = since - interval '1 hour', until = clock_timestamp()",
            ] as [SQL]
        ) {
            try scene.admin.query("update care.membership set \(times) where account_id = \(officer.account)")
        }
        let told = { (someone: Someone) in try letters("concern-reported", to: someone) }
        let other: SQL = "select \(tell(of: UUID()))"
        try must("tell_of_concern", "not without a pass", try isDenied(nil, other))
        let reading = try grant("a pass for activity.read", asks("activity.read", one))
        try must("tell_of_concern", "not by a pass that reads", try isDenied(reading, other))
        try scene.admin.query("update care.guard set mails_links = false")
        try must("tell_of_concern", "no letter where none is sent", try report(one) == nil && told(officers[2]) == 0)
        try scene.admin.query("update care.guard set mails_links = true")
        let id = UUID()
        try must("tell_of_concern", "whoever may answer", try report(one, id) == nil && told(officers[2]) == 1)
        for somebody in [one, bystander, elsewhere, officers[0], officers[1]] {
            try must("tell_of_concern", "nobody else", try told(somebody) == 0)
        }
        let later = try grant("a pass to report", asks("concern.report", one))
        try must("tell_of_concern", "not afterwards", try failure(later, "select \(tell(of: id))") == nil)
        try must("tell_of_concern", "not of another", try report(one, telling: tell(of: UUID())) == nil)
        try must("tell_of_concern", "who was told already", try told(officers[2]) == 1)
        let all: SQL = "select from care.letter where template = 'concern-reported'"
        let many = try scene.admin.query(all).count
        try scene.admin.query("delete from care.letter where template = 'concern-reported'")
        let few = UUID()
        try must("tell_of_concern", "one letter", try report(bystander, few, telling: tell(of: few, 1)) == nil)
        try must("tell_of_concern", "is for one", try many > 1 && scene.admin.query(all).count == 1)
        try scene.admin.query("delete from care.letter where template = 'concern-reported'")
        for _ in 0..<4 { try must("tell_of_concern", "many", try report(bystander) == nil) }
        try must("tell_of_concern", "three a day", try told(officers[2]) == 3)
        let own = try scene.somebody(["privacy-officer"], in: north)
        try must("tell_of_concern", "not of one's own", try report(own) == nil && told(own) == 0)
    }

    private func toldOfAnswers() throws {
        let (one, officer) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["privacy-officer"], in: north)
        )
        let told = { (someone: Someone) in try letters("concern-answered", to: someone) }
        let answering = try grant("a pass to answer", asks("concern.answer", officer))
        let answer = { (concern: UUID) -> SQL in
            "select care.answer_concern(\(concern), false, '\\x02'), \(tell(of: concern))"
        }
        let (id, own) = (UUID(), UUID())
        try must("tell_of_concern", "a report", try report(one, id) == nil && told(one) == 0)
        try must(
            "tell_of_concern",
            "not before it is answered",
            try failure(answering, "select \(tell(of: id))") == nil && told(one) == 0
        )
        try must("tell_of_concern", "of an answer", try failure(answering, answer(id)) == nil && told(one) == 1)
        try must("tell_of_concern", "nobody else of it", try told(officer) == 0)
        try must(
            "tell_of_concern",
            "not afterwards of it",
            try failure(answering, "select \(tell(of: id))") == nil && told(one) == 1
        )
        for _ in 0..<4 { try must("tell_of_concern", "answers", try failure(answering, answer(id)) == nil) }
        try must("tell_of_concern", "of three answers a day", try told(one) == 3)
        let (another, unanswered) = (try scene.somebody(["caregiver"], in: north), UUID())
        try must("tell_of_concern", "another report", try report(another, unanswered) == nil)
        let wrong: SQL = "select care.answer_concern(\(id), false, '\\x02'), \(tell(of: unanswered))"
        try must(
            "tell_of_concern",
            "not of another's answer",
            try failure(answering, wrong) == nil && told(another) == 0
        )
        try must("tell_of_concern", "a report of whoever answers", try report(officer, own) == nil)
        try must(
            "tell_of_concern",
            "not of one's own answer",
            try failure(answering, answer(own)) == nil && told(officer) == 0
        )
    }
}
