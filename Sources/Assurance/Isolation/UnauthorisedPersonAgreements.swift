import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// What is asked of members, and what they answered: opened by functions alone.
    static let agreements: [Specimen] = [
        Specimen(
            name: "agreement",
            table: "agreement",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.agreement)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("id", "\(existing ? victim.house.agreement : UUID())"), ("kind", "'terms'"), ("begun_at", "now()"),
                ]
            },
            change: "kind = 'notice'",
            isOfPatient: false
        ),
        Specimen(
            name: "agreement_version",
            table: "agreement_version",
            match: {
                "organization_id = \($0.house.organization) and agreement_id = \($0.house.agreement) and version = 1"
            },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("agreement_id", "\(victim.house.agreement)"), ("version", existing ? "1" : "2"),
                    ("language", "'en'"), ("title", "'t'"), ("body", "'b'"), ("changes", "'c'"),
                    ("effective_at", "'infinity'"), ("published_at", "now()"),
                    ("account_id", "\(victim.house.keeper.account)"),
                ]
            },
            change: "body = 'another'",
            isOfPatient: false
        ),
        Specimen(
            name: "agreement_answer",
            table: "agreement_answer",
            match: { "organization_id = \($0.house.organization) and agreement_id = \($0.house.agreement)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("account_id", "\(victim.house.other.account)"),
                    ("agreement_id", "\(victim.house.agreement)"), ("number", existing ? "1" : "2"), ("version", "1"),
                    ("language", "'en'"), ("answer", "'accepted'"), ("at", "now()"), ("opening_id", "\(UUID())"),
                ]
            },
            change: "answer = 'accepted'",
            isOfPatient: false
        ),
    ]
}

extension Scene {
    /// Something to agree to that never counts, and somebody's answer.
    func publish(in house: House) throws {
        try admin.query(
            """
            insert into care.agreement (organization_id, id, kind, begun_at)
            values (\(house.organization), \(house.agreement), 'terms', clock_timestamp())
            """
        )
        try admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(house.organization), \(house.agreement), 1, 'en', 't', 'b', 'infinity', clock_timestamp(),
                    \(house.keeper.account))
            """
        )
        try admin.query(
            """
            insert into care.agreement_answer (
                organization_id, account_id, agreement_id, number, version, language, answer, at, opening_id)
            values (\(house.organization), \(house.other.account), \(house.agreement), 1, 1, 'en', 'refused', clock_timestamp(),
                    \(UUID()))
            """
        )
    }
}

/// What keeps whoever has not agreed from going on, who publishes what to agree to, and who answers.
extension GateChecks {
    func agreements() throws {
        try onlyWithAPass()
        try publishing()
        try asking()
        try answeringVersions()
        try choosing()
        try telling()
        try counting()
        try holding()
    }

    private func pass(_ act: String, _ someone: Someone? = nil) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    /// Nobody is asked anything any more, so that what comes after is not stopped.
    private func forget() throws {
        for house in [north, south] {
            for table in ["agreement_answer", "agreement_version", "agreement"].compactMap(SQL.Identifier.init) {
                try scene.admin.query("delete from care.\(table) where organization_id = \(house.organization)")
            }
            try scene.admin.query(
                "update care.membership set agree_by = null where organization_id = \(house.organization)"
            )
        }
    }

    /// Publishes in English, under a pass of its own; what it ends in, or the version.
    @discardableResult
    private func publish(
        _ agreement: UUID,
        _ kind: String = "terms",
        from effective: SQL = "null",
        by opened: Scene.Opened? = nil
    ) throws -> Int32? {
        let opened = try opened ?? pass("agreement.publish", try publisher())
        return try answer(
            Int32.self,
            opened,
            "select care.publish_agreement(\(agreement), \(kind), 'en', 't', 'b', 'what changed', \(effective))"
        )
    }

    /// An owner who has nothing to answer, whatever was published: they are not the ones who are tried.
    private func publisher() throws -> Someone {
        let someone = try scene.somebody(["owner"], in: north)
        try scene.admin.query("update care.membership set agree_by = null where account_id = \(someone.account)")
        return someone
    }

    private func answering(_ agreement: UUID, _ version: Int32, _ reply: String, in language: String = "en") -> SQL {
        "select care.answer_agreement(\(agreement), \(version), \(language), \(reply))"
    }

    /// Whether an answer was taken.
    private func takes(_ agreement: UUID, _ version: Int32, _ reply: String, by someone: Someone) throws -> Bool {
        try failure(pass("agreement.answer", someone), answering(agreement, version, reply)) == nil
    }

    private func answers(of someone: Someone) throws -> Int {
        try scene.admin.query("select from care.agreement_answer where account_id = \(someone.account)").count
    }

    private func isFree(_ someone: Someone) throws -> Bool {
        try !scene.admin.query(
            """
            select from care.membership
             where organization_id = \(north.organization) and account_id = \(someone.account) and agree_by is null
            """
        ).isEmpty
    }

    private var stopped: String { "an agreement is not answered" }

    // MARK: Who

    private func onlyWithAPass() throws {
        try forget()
        let id = UUID()
        let reading = try pass("agreement.list")
        let calls: [(String, SQL)] = [
            ("answer_agreement", answering(id, 1, "accepted")),
            ("publish_agreement", "select care.publish_agreement(\(id), 'terms', 'en', 't', 'b', null, null)"),
            ("translate_agreement", "select care.translate_agreement(\(id), 'hi', 't', 'b', null)"),
            ("agreement_counts", "select * from care.agreement_counts()"),
        ]
        for (name, call) in calls {
            try must(name, "not without a pass", try isDenied(nil, call))
            try must(name, "not by a pass that reads", try isDenied(reading, call))
        }
        let list: SQL = "select * from care.own_agreements()"
        try must("own_agreements", "not without a pass", try isDenied(nil, list))
        try must("own_agreements", "not by another pass", try isDenied(pass("member.list"), list))
        try must("own_agreements", "by its own", try failure(reading, list) == nil)
        let inner: [(String, SQL)] = [
            ("hold_agreements", "select care.hold_agreements(\(north.organization), true)"),
            ("present_version", "select care.present_version(\(north.organization), \(id))"),
            ("settled_version", "select care.settled_version(\(north.organization), \(id), \(id))"),
            ("agree_by", "select care.agree_by(\(north.organization), \(id))"),
        ]
        for (name, call) in inner { try must(name, "not by the server itself", try isDenied(nil, call)) }
    }

    // MARK: Publishing

    private func publishing() throws {
        try forget()
        let (id, staff) = (UUID(), try scene.somebody(["caregiver"], in: north))
        let ending = { (effective: SQL) in
            try failure(
                pass("agreement.publish", publisher()),
                "select care.publish_agreement(\(id), 'terms', 'en', 't', 'b', 'c', \(effective))"
            )
        }
        try must("publish_agreement", "not for the past", try ending("now() - interval '1 hour'") == "23514")
        try must("publish_agreement", "not for years to come", try ending("now() + interval '2 years'") == "23514")
        // Another organisation's of the same id counts for nothing.
        try scene.admin.query(
            """
            insert into care.agreement (organization_id, id, kind, begun_at)
            values (\(south.organization), \(id), 'terms', now())
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(south.organization), \(id), 1, 'en', 'theirs', 'b', now(), now(), \(south.keeper.account))
            """
        )
        try must("publish_agreement", "the first is one", try publish(id, from: "now() + interval '10 days'") == 1)
        try must("publish_agreement", "not before what it follows", try ending("now() + interval '1 day'") == "23514")
        try must("publish_agreement", "the next is two", try publish(id, from: "now() + interval '20 days'") == 2)
        let by = try scene.admin.query(
            """
            select from care.membership where account_id = \(staff.account)
               and agree_by between now() + interval '9 days' and now() + interval '11 days'
            """
        )
        try must("publish_agreement", "members have to answer by the earlier one", by.count == 1)
        let elsewhere = try scene.admin.query(
            "select from care.membership where organization_id = \(south.organization) and agree_by is not null"
        )
        try must("publish_agreement", "and nobody elsewhere", elsewhere.isEmpty)
        let again = try failure(
            pass("agreement.publish", publisher()),
            "select care.translate_agreement(\(id), 'en', 't', 'b', 'c')"
        )
        try must("translate_agreement", "not twice in one language", again == "23505")
        let hindi: SQL = "select care.translate_agreement(\(id), 'hi', 't', 'b', 'c')"
        try must(
            "translate_agreement",
            "not by a pass that lists members",
            try isDenied(pass("member.list", publisher()), hindi)
        )
        try must(
            "translate_agreement",
            "the last version",
            try answer(Int32.self, pass("agreement.publish", publisher()), hindi) == 2
        )
        let texts = try scene.admin.query(
            """
            select count(*), count(distinct effective_at) from care.agreement_version
             where organization_id = \(north.organization) and agreement_id = \(id) and version = 2
            """
        )[0].decode((Int, Int).self)
        try must("translate_agreement", "which counts from when it did", texts == (2, 1))
        let foreign = UUID()
        try scene.admin.query(
            """
            insert into care.agreement (organization_id, id, kind, begun_at)
            values (\(south.organization), \(foreign), 'terms', now())
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(south.organization), \(foreign), 1, 'en', 'theirs', 'b', now(), now(), \(south.keeper.account))
            """
        )
        try must(
            "translate_agreement",
            "not another organisation's",
            try failure(
                pass("agreement.publish", publisher()),
                "select care.translate_agreement(\(foreign), 'hi', 't', 'b', 'c')"
            ) == "42501"
        )
        try forget()
    }

    // MARK: Asking

    private func asking() throws {
        try forget()
        let (one, leaver) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        for someone in [one, leaver] { try scene.reach(north.ben, by: someone, as: "guardian", in: north) }
        let read = { (someone: Someone) in asks("record.read", someone, about: north.ben) }
        let (early, id) = (UUID(), UUID())
        try grant("before anything is published", read(one))
        try publish(early, from: "now() + interval '20 minutes'")
        try grant("before it counts", read(one))
        try scene.later(by: .seconds(1_300)) {
            try refuse("once it counts", read(one), as: stopped, outcome: 8)
        }
        try must("answer_agreement", "before it counts", try takes(early, 1, "accepted", by: one))
        try scene.later(by: .seconds(1_300)) { try grant("who had answered before", read(one)) }
        try publish(id)
        try refuse("one of two is not answered", read(one), as: stopped, outcome: 8)
        for act in [
            "record.update", "patient.list", "trail.read", "directory.read", "member.list", "patient.everything",
        ] {
            try refuse("\(act), before agreeing", asks(act, one, about: north.ben), as: stopped, outcome: 8)
        }
        for act in ["agreement.list", "agreement.answer", "member.leave"] {
            try grant("\(act), before agreeing", asks(act, leaver))
        }
        let grave = try scene.somebody(["owner"], in: north)
        try scene.admin.query("update care.session set stepped_up_at = null where account_id = \(grave.account)")
        try refuse("before stepping up is asked for", asks("member.add", grave), as: stopped, outcome: 8)
        try grant("and nobody elsewhere", scene.request("record.read", by: south.keeper, of: south, about: south.ada))
        try must("answer_agreement", "accepting", try takes(id, 1, "accepted", by: one))
        try grant("who accepted", read(one))
        try refuse("who did not", read(leaver), as: stopped, outcome: 8)
        try publish(id)
        try refuse("the old version does not do", read(one), as: stopped, outcome: 8)
        try must("answer_agreement", "accepting the next", try takes(id, 2, "accepted", by: one))
        try grant("the new one does", read(one))
        let comer = try scene.somebody(["caregiver"], in: north)
        try refuse("who is new", asks("patient.list", comer), as: stopped, outcome: 8)
        let elsewhere = try scene.somebody(["caregiver"], in: south)
        try must(
            "begin_with_agreements",
            "not who is new elsewhere",
            try !scene.admin.query(
                "select from care.membership where account_id = \(elsewhere.account) and agree_by is null"
            ).isEmpty
        )
        try forget()
    }

    // MARK: Answering

    private func answeringVersions() throws {
        try forget()
        let (one, id) = (try scene.somebody(["caregiver"], in: north), UUID())
        let other = try scene.somebody(["caregiver"], in: north)
        try scene.join(one, ["caregiver"], to: south)
        try publish(id)
        try publish(id)
        try publish(id, from: "now() + interval '10 days'")
        try must("answer_agreement", "not an old version", try !takes(id, 1, "accepted", by: one))
        try must("answer_agreement", "nor refusing one", try !takes(id, 1, "refused", by: one))
        try must(
            "answer_agreement",
            "not one to come before the one that counts",
            try !takes(id, 3, "accepted", by: one)
        )
        try must("answer_agreement", "nor refusing it", try !takes(id, 3, "refused", by: one))
        try must("answer_agreement", "not one that there is not", try !takes(id, 4, "accepted", by: one))
        try must("answer_agreement", "not what there is not", try !takes(UUID(), 1, "accepted", by: one))
        try must("answer_agreement", "not by another word", try !takes(id, 2, "perhaps", by: one))
        let hindi = answering(id, 2, "accepted", in: "hi")
        try must(
            "answer_agreement",
            "not in a language that it is not in",
            try failure(pass("agreement.answer", one), hindi) == "23514"
        )
        try must("answer_agreement", "none of that was noted", try answers(of: one) == 0 && !isFree(one))
        try must("answer_agreement", "refusing", try takes(id, 2, "refused", by: one))
        try must("settled_version", "refusing terms is no passage", try !isFree(one))
        try refuse("who refused", asks("patient.list", one), as: stopped, outcome: 8)
        try must("answer_agreement", "taking nothing back", try !takes(id, 2, "withdrawn", by: one))
        try must("answer_agreement", "accepting after all", try takes(id, 2, "accepted", by: one))
        try grant("who accepted after all", asks("patient.list", one))
        try must("answer_agreement", "no refusing what was accepted", try !takes(id, 2, "refused", by: one))
        try must("answer_agreement", "nor taking it back", try !takes(id, 2, "withdrawn", by: one))
        try must("answer_agreement", "the same again", try takes(id, 2, "accepted", by: one))
        try must("answer_agreement", "adds nothing", try answers(of: one) == 2)
        try must("answer_agreement", "for nobody else", try answers(of: other) == 0 && !isFree(other))
        try must("agree_by", "one is to come", try !isFree(one))
        try must("answer_agreement", "the one to come", try takes(id, 3, "accepted", by: one))
        try must("agree_by", "nothing is left", try isFree(one) && !isFree(other))
        try must(
            "answer_agreement",
            "not one to come that there is not",
            try failure(pass("agreement.answer", one), answering(id, 4, "accepted")) == "23514"
        )
        // What somebody accepted elsewhere is accepted there.
        let there = try scene.admin.query(
            """
            select care.settled_version(\(south.organization), \(one.account), \(id)) = 0
               and care.settled_version(\(north.organization), \(other.account), \(id)) = 0
               and care.settled_version(\(north.organization), \(one.account), \(UUID())) = 0
               and care.settled_version(\(north.organization), \(one.account), \(id)) = 3
            """
        )
        try must("settled_version", "one's own, of this one, here", try there[0].decode(Bool.self, at: 0))
        let seen = try scene.admin.query(
            """
            select care.present_version(\(north.organization), \(id)) = 2
               and care.present_version(\(north.organization), \(UUID())) is null
               and care.present_version(\(south.organization), \(id)) is null
            """
        )
        try must("present_version", "what counts now, here", try seen[0].decode(Bool.self, at: 0))
        try forget()
    }

    /// Consents: answered by yes or no, and taken back at any time.
    private func choosing() throws {
        try forget()
        let (one, id) = (try scene.somebody(["caregiver"], in: north), UUID())
        try publish(id, "consent")
        try refuse("who has not said yes or no", asks("patient.list", one), as: stopped, outcome: 8)
        try must("answer_agreement", "nothing given, nothing taken back", try !takes(id, 1, "withdrawn", by: one))
        try must("answer_agreement", "no", try takes(id, 1, "refused", by: one))
        try must("answer_agreement", "what was not given is not taken back", try !takes(id, 1, "withdrawn", by: one))
        try grant("who said no", asks("patient.list", one))
        try must("answer_agreement", "yes after all", try takes(id, 1, "accepted", by: one))
        try publish(id, "consent")
        try refuse("another consent is asked for anew", asks("patient.list", one), as: stopped, outcome: 8)
        try must("answer_agreement", "taken back, though another is asked", try takes(id, 1, "withdrawn", by: one))
        try must("answer_agreement", "and not of a version never given", try !takes(id, 2, "withdrawn", by: one))
        try refuse("the other is still asked for", asks("patient.list", one), as: stopped, outcome: 8)
        try must("answer_agreement", "given anew", try takes(id, 2, "accepted", by: one))
        try must("answer_agreement", "and taken back", try takes(id, 2, "withdrawn", by: one))
        try grant("who took it back", asks("patient.list", one))
        try must("answer_agreement", "no old one any more", try !takes(id, 1, "refused", by: one))
        try must("answer_agreement", "nor agreeing to it", try !takes(id, 1, "accepted", by: one))
        try must("answer_agreement", "all of it is kept", try answers(of: one) == 5)
        try forget()
    }

    // MARK: Telling

    private func telling() throws {
        try forget()
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let id = UUID()
        try publish(id)
        _ = try takes(id, 1, "accepted", by: one)
        try publish(id)
        try publish(id)
        try scene.admin.query(
            """
            insert into care.agreement (organization_id, id, kind, begun_at)
            values (\(south.organization), \(id), 'terms', now())
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(south.organization), \(id), 1, 'en', 'theirs', 'b', now(), now(), \(south.keeper.account))
            """
        )
        let shown = { (someone: Someone) in
            try answer(
                [Int32].self,
                pass("agreement.list", someone),
                "select array_agg(version order by version) from care.own_agreements()"
            )
        }
        try must("own_agreements", "from the one answered on", try shown(one) == [1, 2, 3])
        try must("own_agreements", "from the one that counts on", try shown(other) == [3])
        let answered = { (someone: Someone) in
            try answer(
                Bool.self,
                pass("agreement.list", someone),
                "select bool_or(answered is not null) from care.own_agreements()"
            )
        }
        try must("own_agreements", "one's own answer", try answered(one) == true)
        try must("own_agreements", "nobody else's", try answered(other) == false)
        try must(
            "own_agreements",
            "nothing of another organisation",
            try answer(
                Bool.self,
                pass("agreement.list", one),
                "select bool_and(title = 't') from care.own_agreements()"
            ) == true
        )
        try forget()
    }

    // MARK: Counting

    private func counting() throws {
        try forget()
        let people = try (0..<4).map { _ in try scene.somebody(["caregiver"], in: north) }
        let id = UUID()
        try publish(id, "consent")
        for (someone, reply) in zip(people, ["accepted", "accepted", "accepted", "refused"]) {
            _ = try takes(id, 1, reply, by: someone)
        }
        _ = try takes(id, 1, "withdrawn", by: people[1])
        // Whoever left is not counted.
        try scene.admin.query(
            """
            update care.membership set since = now() - interval '1 day', until = now() - interval '1 hour'
             where account_id = \(people[2].account)
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement (organization_id, id, kind, begun_at)
            values (\(south.organization), \(id), 'terms', now())
            """
        )
        try scene.admin.query(
            """
            insert into care.agreement_version (
                organization_id, agreement_id, version, language, title, body, effective_at, published_at, account_id)
            values (\(south.organization), \(id), 1, 'en', 'theirs', 'b', now(), now(), \(south.keeper.account))
            """
        )
        let opened = try pass("agreement.count", publisher())
        let counts = try answer(
            [Int32].self,
            opened,
            "select array_agg(x order by n) from care.agreement_counts() c, unnest(array[c.accepted, c.refused]) with ordinality u (x, n)"
        )
        try must("agreement_counts", "the last answers of those who belong", counts == [1, 2])
        let members = try answer(Int32.self, opened, "select max(members) from care.agreement_counts()")
        let belonging = try scene.admin.query(
            """
            select count(*)::integer from care.membership
             where organization_id = \(north.organization) and since <= now() and (until is null or until > now())
            """
        )[0].decode(Int32.self, at: 0)
        try must("agreement_counts", "of those who belong", members == belonging)
        try forget()
    }

    // MARK: At the same time

    /// While somebody publishes nobody answers, and the other way round.
    private func holding() throws {
        try forget()
        let (one, id) = (try scene.somebody(["caregiver"], in: north), UUID())
        try publish(id)
        let waits = { (isAlone: Bool, opened: Scene.Opened, statement: SQL) in
            try scene.admin.query("begin")
            defer { _ = try? scene.admin.query("rollback") }  // nothing was changed
            try scene.admin.query("select care.hold_agreements(\(north.organization), \(isAlone))")
            try scene.server.query("set lock_timeout = '50ms'")
            defer { _ = try? scene.server.query("reset lock_timeout") }  // a connection that is gone needs none
            return try failure(opened, statement) == "55P03"
        }
        let (mine, theirs) = (try pass("agreement.answer", one), try pass("agreement.publish", publisher()))
        let next: SQL = "select care.publish_agreement(\(id), 'terms', 'en', 't', 'b', 'c', null)"
        let hindi: SQL = "select care.translate_agreement(\(id), 'hi', 't', 'b', null)"
        try must("hold_agreements", "publishing waits for answers", try waits(false, theirs, next))
        try must("hold_agreements", "and so does another language", try waits(false, theirs, hindi))
        try must("hold_agreements", "answers wait for publishing", try waits(true, mine, answering(id, 1, "accepted")))
        try must(
            "hold_agreements",
            "answers do not wait for answers",
            try !waits(false, mine, answering(id, 1, "accepted"))
        )
        let comer: SQL = """
            select care.add_member(\(UUID()), \(Primitive.freshBytes(32)), '\\x05', '\\x00', '{member}', \(Primitive.freshBytes(32)))
            """
        try must(
            "begin_with_agreements",
            "who is new waits, too",
            try waits(true, pass("member.add", publisher()), comer)
        )
        try forget()
    }
}
