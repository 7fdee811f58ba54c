import FoundationEssentials
import Postgres
import Seals

/// How somebody leaves, by whose act, and what ends with it; whom somebody may be shown in a day; what is set.
extension GateChecks {
    private func end(_ someone: Someone, leaves: SQL = "null", successor: Someone? = nil, _ salt: [UInt8]? = nil) -> SQL
    {
        """
        select care.end_membership(
            \(someone.account), (\(leaves))::timestamptz, \(successor?.account)::uuid, 1, \(salt ?? Primitive.freshBytes(32)), '\\x00')
        """
    }

    private func pass(_ act: String, _ someone: Someone? = nil) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    private func count(_ table: SQL, _ condition: SQL) throws -> Int {
        try scene.admin.query("select 1 from care.\(table) where \(condition)").count
    }

    private func of(_ someone: Someone, in house: House? = nil) -> SQL {
        "organization_id = \((house ?? north).organization) and account_id = \(someone.account)"
    }

    private func set(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.membership set \(assignment) where \(of(someone))")
    }

    private func belongs(_ someone: Someone) throws -> Bool {
        try count("membership", "\(of(someone)) and (until is null or until > now())") == 1
    }

    func leaving() throws {
        try whoEnds()
        try whatEnds()
        try whatTheySent()
        try whatGoesOn()
        try endsInTime()
        try owners()
        try handingOver()
        try expelling()
        try comingBack()
        try counting()
        try settingThings()
    }

    private func whoEnds() throws {
        let ending = try pass("member.end")
        let one = try scene.somebody(["staff"], in: north)
        try must("end_membership", "not without a pass", try isDenied(nil, end(one)))
        try must("end_membership", "not by a pass that lists", try isDenied(pass("member.list"), end(one)))
        let leaving = try pass("member.leave", one)
        try must("end_membership", "who leaves ends nobody else's", try isDenied(leaving, end(north.other)))
        try must("end_membership", "nor hands anything over", try isDenied(leaving, end(one, successor: north.other)))
        try must("end_membership", "nobody of elsewhere", try isDenied(ending, end(south.other)))
        try must("end_membership", "nobody who is not there", try isDenied(ending, end(Someone())))
        let (admin, auditor) = (try scene.somebody(["admin"], in: north), try scene.somebody(["auditor"], in: north))
        let byAdmin = try pass("member.end", admin)
        try must("end_membership", "administrators end no owner's", try isDenied(byAdmin, end(north.keeper)))
        try must("end_membership", "nor an auditor's", try isDenied(byAdmin, end(auditor)))
        try must("end_membership", "but others'", try failure(byAdmin, end(one)) == nil && !belongs(one))
        try must("end_membership", "not twice", try isDenied(byAdmin, end(one)))
        let two = try scene.somebody(["patient"], in: north)
        try must(
            "end_membership",
            "everybody may leave",
            try failure(pass("member.leave", two), end(two)) == nil && !belongs(two)
        )
    }

    /// Whom a leaver added, and who has not come yet, comes by that link no more; others do.
    private func whatTheySent() throws {
        let (leaver, stayer) = (try scene.somebody(["admin"], in: north), try scene.somebody(["admin"], in: north))
        let secrets = (0..<2).map { _ in Primitive.freshBytes(32) }
        let add = { (by: Someone, secret: [UInt8]) -> String? in
            try answer(
                String.self,
                pass("member.add", by),
                """
                select care.add_member(
                    \(UUID()), \(Primitive.freshBytes(32)), '\\x01', '\\x01', '{staff}', \(Primitive.sha256(secret)))
                """
            )
        }
        for (by, secret) in [(leaver, secrets[0]), (stayer, secrets[1])] {
            try must("add_member", "an administrator adds somebody", try add(by, secret) == "set-password")
        }
        let isOpen = { (secret: [UInt8]) in
            try count("link", "secret_sha256 = \(Primitive.sha256(secret)) and used_at is null") == 1
        }
        try must("off_board", "what they sent works, before", try isOpen(secrets[0]) && isOpen(secrets[1]))
        try must("off_board", "who sent it goes", try failure(pass("member.end"), end(leaver)) == nil)
        try must("off_board", "what they sent ends", try !isOpen(secrets[0]))
        try must("off_board", "what another sent goes on", try isOpen(secrets[1]))
    }

    /// Everything at once, in that organisation and for that account alone.
    private func whatEnds() throws {
        let (one, other) = (try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north))
        let kept = Kept()
        let half = Kept()
        let provider = UUID()
        for house in [north, south] {
            try scene.admin.query(
                """
                insert into care.provider (organization_id, id, sealed, since, until)
                values (\(house.organization), \(provider), '\\x00', clock_timestamp() - interval '1 day', clock_timestamp())
                """
            )
        }
        for someone in [one, other] {
            try scene.join(someone, ["clinician"], to: south)
            try scene.reach(south.ben, by: someone, as: "care-team", in: south)
            try scene.reach(north.ben, by: someone, as: "care-team", in: north)
            for house in [north, south] {
                try scene.admin.query(
                    """
                    insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
                    values (\(house.organization), \(someone.account), 'set-password', \(Primitive.freshBytes(32)),
                            clock_timestamp() + interval '1 day')
                    """
                )
                try scene.admin.query(
                    """
                    insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
                    values (\(house.organization), \(provider), \(Primitive.freshBytes(32)), \(someone.account), clock_timestamp())
                    """
                )
            }
            try scene.admin.query(
                """
                insert into care.session (organization_id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
                values (\(south.organization), \(someone.account), 'api', \(Primitive.freshBytes(32)), now(), now(),
                        interval '1 hour', now() + interval '1 day')
                """
            )
        }
        // Shares of a record that only they kept end; of one that another keeps, too, they stay.
        try scene.make(kept, keptBy: one, in: north)
        try scene.make(half, keptBy: one, in: north)
        try scene.reach(half, by: other, as: "guardian", in: north)
        let open = try pass("patient.list", one)
        let others = try pass("patient.list", other)
        let look: SQL = "select count(*) from care.patient"
        try must("off_board", "an open pass, before", try failure(open, look) == nil)
        let alone = try answer(Int32.self, pass("member.end"), end(one))
        try must("end_membership", "says whom nobody looks after any more", alone == 1)
        try must("off_board", "open passes end", try failure(open, look) != nil && failure(others, look) == nil)
        try must("off_board", "the next request is refused", scene.open(asks("patient.list", one)).outcome == 1)
        try grant("another's is not", asks("patient.list", other))
        for (what, table, alive) in [
            ("sessions", "session" as SQL, "ended_at is null" as SQL), ("links", "link", "used_at is null"),
            ("reach", "reach", "withdrawn_at is null"), ("membership", "membership", "until is null"),
            ("identities", "identity", "true"),
        ] {
            try must("off_board", "\(what) end", try count(table, "\(of(one)) and \(alive)") == 0)
            try must(
                "off_board",
                "\(what) elsewhere do not",
                try count(table, "\(of(one, in: south)) and \(alive)") > 0
            )
            try must("off_board", "others' \(what) do not", try count(table, "\(of(other)) and \(alive)") > 0)
        }
        let shares = { (share: UUID) in
            try count("reach", "organization_id = \(north.organization) and id = \(share) and withdrawn_at is null")
        }
        try must("off_board", "a share that nobody else could stop ends", try shares(kept.share) == 0)
        try must("off_board", "others do not", try shares(half.share) == 1 && shares(north.ada.share) == 1)
        try must(
            "off_board",
            "nor elsewhere",
            try count(
                "reach",
                "organization_id = \(south.organization) and id = \(south.ada.share) and withdrawn_at is null"
            ) == 1
        )
        // Whoever else kept it must be there still.
        let gone = Kept()
        let (late, former) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        try scene.make(gone, keptBy: late, in: north)
        try scene.reach(gone, by: former, as: "guardian", in: north)
        try set(former, "since = now() - interval '2 days', until = now() - interval '1 day'")
        let left = try answer(Int32.self, pass("member.end"), end(late))
        try must("patients_alone_with", "a former member looks after nobody", try left == 1 && shares(gone.share) == 0)
        let (bounded, first, second) = (
            Kept(), try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        try scene.make(bounded, keptBy: first, in: north)
        try scene.reach(bounded, by: second, as: "guardian", in: north)
        try scene.admin.query(
            "update care.reach set since = now() - interval '2 days', until = now() - interval '1 day' where \(of(second))"
        )
        try must(
            "off_board",
            "nor one whose reach has ended",
            try failure(pass("member.end"), end(first)) == nil && shares(bounded.share) == 0
        )
    }

    /// What nobody's leaving touches: others who treat the same patient, shares that somebody else made, and whatever is elsewhere.
    private func whatGoesOn() throws {
        let (one, other) = (try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north))
        let former = try scene.somebody(["caregiver"], in: north)
        let (kept, left, stopped) = (Kept(), Kept(), Kept())
        try scene.make(kept, keptBy: one, in: north)
        try scene.reach(kept, by: other, as: "assignment", in: north)
        // The same number in another organisation is another person.
        try scene.admin.query(
            "insert into care.patient (organization_id, id) values (\(south.organization), \(kept.patient))"
        )
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, until)
            values (\(south.organization), \(kept.patient), \(south.clinician.account), 'share', now() + interval '1 day')
            """
        )
        try scene.make(left, keptBy: former, in: north)
        try set(former, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try scene.reach(left, by: one, as: "care-team", in: north)
        try scene.make(stopped, keptBy: one, in: north)
        try scene.reach(stopped, by: other, as: "care-team", in: north)
        try scene.admin.query(
            "update care.reach set withdrawn_at = now() where patient_id = \(stopped.patient) and \(of(other))"
        )
        try scene.join(one, ["clinician"], to: south)
        let secret = Primitive.freshBytes(32)
        try scene.admin.query(
            """
            insert into care.session (organization_id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until, profile,
                                      second_factor_at)
            values (\(south.organization), \(one.account), 'api', \(Primitive.sha256(secret)), now(), now(), interval '1 hour',
                    now() + interval '1 day', 'clinic', now())
            """
        )
        var request = scene.request("patient.list", by: one, of: south, about: south.ada)
        request.session = secret
        let open = try grant("a pass elsewhere", request)
        let alone = try answer(Int32.self, pass("member.end"), end(one))
        // Of `left` the former member was the guardian; of `stopped` whoever else was there is so no more.
        try must("patients_alone_with", "whoever is treated by another is not alone", alone == 2)
        let living = { (organization: UUID, kept: Kept, kind: String) in
            try count(
                "reach",
                "organization_id = \(organization) and patient_id = \(kept.patient) and kind = \(kind) and withdrawn_at is null"
            )
        }
        try must("off_board", "who else treats them goes on", try living(north.organization, kept, "assignment") == 1)
        try must("off_board", "a share elsewhere goes on", try living(south.organization, kept, "share") == 1)
        try must("off_board", "a share of somebody else's goes on", try living(north.organization, left, "share") == 1)
        try must(
            "off_board",
            "an open pass elsewhere goes on",
            try failure(open, "select count(*) from care.patient") == nil
        )
    }

    private func endsInTime() throws {
        let one = try scene.somebody(["staff"], in: north)
        try set(one, "since = now() - interval '2 days'")
        let ending = try pass("member.end")
        for leaves in ["now() - interval '1 minute'", "now() + interval '2 years'"] as [SQL] {
            try must("end_membership", "within a year", try failure(ending, end(one, leaves: leaves)) == "23514")
        }
        let soon: SQL = "clock_timestamp() + interval '10 minutes'"
        try must(
            "end_membership",
            "patients are handed over at the end",
            try failure(ending, end(one, leaves: soon, successor: north.other)) == "23514"
        )
        try must("end_membership", "at a time to come", try failure(ending, end(one, leaves: soon)) == nil)
        try scene.later(by: .seconds(590)) { try grant("before that", asks("patient.list", one)) }
        try scene.later(by: .seconds(610)) {
            try must("end_membership", "refused from then on", scene.open(asks("patient.list", one)).outcome == 1)
        }
    }

    private func owners() throws {
        try scene.admin.query(
            """
            update care.membership set roles = '{caregiver}'
             where organization_id = \(north.organization) and 'owner' = any (roles) and account_id <> \(north.keeper.account)
            """
        )
        let (ending, leaving) = (try pass("member.end"), try pass("member.leave"))
        try must("end_membership", "the last owner does not leave", try failure(leaving, end(north.keeper)) == "23514")
        let soon: SQL = "clock_timestamp() + interval '10 minutes'"
        try must("end_membership", "nor soon", try failure(ending, end(north.keeper, leaves: soon)) == "23514")
        try must("off_board", "and nothing of theirs has ended", scene.open(asks("patient.list")).outcome == 0)
        let second = try scene.somebody(["owner"], in: north)
        try must("end_membership", "another may", try failure(pass("member.leave", second), end(second)) == nil)
    }

    private func handingOver() throws {
        let (kept, shared) = (Kept(), Kept())
        let (one, next) = (try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north))
        let (plain, admin) = (try scene.somebody(["member"], in: north), try scene.somebody(["admin"], in: north))
        let former = try scene.somebody(["clinician"], in: north)
        try set(former, "since = now() - interval '2 days', until = now() + interval '1 day'")
        try scene.make(kept, keptBy: one, in: north)
        try scene.make(shared, keptBy: one, in: north)
        try scene.reach(shared, by: north.other, as: "care-team", in: north)
        let (ending, byAdmin) = (try pass("member.end"), try pass("member.end", admin))
        for (who, opened, successor) in [
            ("not to themselves", ending, one), ("not to one who may not write", ending, plain),
            ("not to one who is to leave", ending, former), ("not to one of elsewhere", ending, south.other),
            ("not by an administrator to themselves", byAdmin, admin),
        ] {
            try must("end_membership", who, try failure(opened, end(one, successor: successor)) == "23514")
        }
        let salt = Primitive.freshBytes(32)
        try must("end_membership", "hands over", try answer(Int32.self, byAdmin, end(one, successor: next, salt)) == 0)
        try grant("the successor reaches whom nobody else did", asks("record.update", next, about: kept))
        try refuse("and nobody else", asks("record.read", next, about: shared), as: "out of reach")
        let written = try entries(salt)
        try must(
            "end_membership",
            "the patient's trail says so",
            written.map(\.patient) == [kept.patient] && written[0].granted && written[0].act == "member.end"
                && written[0].account == admin.account
        )
    }

    /// The operator's function: no server role may call it (``DeclaredGrants``).
    private func expelling() throws {
        let (one, salt) = (try scene.somebody(["staff"], in: north), Primitive.freshBytes(32))
        let expel = { (someone: Someone) in
            try scene.admin.query("select care.expel(\(north.organization), \(someone.account), 1, \(salt), '\\x00')")[
                0
            ]
            .decode(Int32?.self, at: 0)
        }
        try must("expel", "ends it", try expel(one) == 0 && !belongs(one))
        let written = try entries(salt)
        try must(
            "expel",
            "it is written down",
            written.map(\.act) == ["member.end"] && written[0].account == one.account
        )
        try must("expel", "nobody twice", try expel(one) == nil)
        try must("expel", "nobody of elsewhere", try expel(south.other) == nil)
        var isRefused = false
        do { _ = try expel(north.keeper) } catch let error as PostgresError { isRefused = error.sqlState == "23514" }
        try must("expel", "not the last owner", try isRefused && belongs(north.keeper))
    }

    private func comingBack() throws {
        let one = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ben, by: one, as: "care-team", in: north)
        let adding = try pass("member.add")
        let link = Primitive.freshBytes(32)
        let add: SQL = """
            select care.add_member(
                \(one.account), \(one.token), '\\x00', '\\x00', '{staff}', \(Primitive.sha256(link)))
            """
        try must("admit", "nobody who is there", try failure(adding, add) == "23505")
        // Gone by the calendar, so that nothing else of theirs was ended.
        try set(one, "since = now() - interval '2 days', until = now() - interval '1 second'")
        try must("admit", "whoever left may come back", try answer(String.self, adding, add) == "join")
        try must("admit", "by a link, and not before", scene.open(asks("patient.list", one)).outcome == 1)
        try must(
            "admit",
            "with nothing of what they had",
            try count("reach", "\(of(one)) and withdrawn_at is null") == 0
                && count("session", "\(of(one)) and ended_at is null") == 0
                && count("link", "\(of(one)) and used_at is null") == 1
                && count("membership", "\(of(one)) and roles = '{staff}' and since = 'infinity'") == 1
        )
    }

    private func counting() throws {
        // Two patients are fewer than any clinic may set: what is out of bounds would count for nothing.
        let floor = { (value: String) in
            try scene.admin.query(
                "update care.setting set floor = \(value) where profile = 'clinic' and name = 'disclosure.limit'"
            )
        }
        _ = try floor("1")
        defer { _ = try? floor("20") }  // what failed is already on its way
        try scene.admin.query(
            """
            insert into care.organization_setting (organization_id, name, value, changed_at)
            values (\(north.organization), 'disclosure.limit', '2', now())
            """
        )
        let (one, other) = (try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: north))
        for someone in [one, other] {
            for kept in [north.ada, north.ben] { try scene.reach(kept, by: someone, as: "care-team", in: north) }
            try scene.admin.query(
                """
                insert into care.reach (organization_id, patient_id, account_id, kind)
                values (\(north.organization), \(north.third), \(someone.account), 'care-team')
                """
            )
        }
        let listing = try pass("patient.list", one)
        let salt = Primitive.freshBytes(32)
        let disclose = { (opened: Scene.Opened, patients: [UUID]) in
            try answer(Int32.self, opened, "select care.disclose(\(patients), 1, \(salt), '\\x00')")
        }
        let (ada, ben, third) = (north.ada.patient, north.ben.patient, north.third)
        try must("count_disclosed", "up to the limit", try disclose(listing, [ada, ben]) == 2)
        try must("count_disclosed", "each patient once", try disclose(listing, [ada]) == 1)
        let twice = try pass("patient.list", other)
        try must("count_disclosed", "however often they are named", try disclose(twice, [ada, ada, third]) ?? -1 > 0)
        try scene.admin.query("delete from care.disclosed where \(of(other))")
        try must("count_disclosed", "not beyond", try disclose(listing, [third]) == -1)
        let refusals = try entries(salt).filter { !$0.granted }
        try must("disclose", "and it is written down", refusals.map(\.refusal) == ["more than a day's limit"])
        try must("count_disclosed", "whom one has seen one may see", try disclose(listing, [ben]) == 1)
        try grant("an export of one who was shown", asks("patient.everything", one))
        try scene.admin.query("delete from care.disclosed where \(of(one)) and patient_id = \(ada)")
        try scene.admin.query(
            "insert into care.disclosed values (\(north.organization), \(one.account), (now() at time zone 'UTC')::date, \(third))"
        )
        try refuse(
            "an export of one more",
            asks("patient.everything", one),
            as: "more than a day's limit",
            outcome: 7
        )
        try grant("reading goes on", asks("record.read", one))
        try must(
            "count_disclosed",
            "another's count is theirs",
            try disclose(pass("patient.list", other), [ada, third]) == 2
        )
        try must(
            "count_disclosed",
            "whoever runs it is told, once a day",
            try count("notice", "\(of(one)) and kind = 'disclosure-limit'") == 1 && count("notice", of(other)) == 0
        )
        try scene.later(by: .seconds(86_400)) {
            try scene.admin.query(
                "update care.session set seen_at = seen_at + interval '1 day', until = until + interval '1 day' where \(of(one))"
            )
            let tomorrow = try pass("patient.list", one)
            try must(
                "count_disclosed",
                "tomorrow is another day, and counts like this one",
                try disclose(tomorrow, [ben]) == 1 && disclose(tomorrow, [ada, third]) == -1
                    && disclose(tomorrow, [ada]) == 1
            )
        }
        try scene.admin.query(
            "delete from care.organization_setting where organization_id = \(north.organization) and name = 'disclosure.limit'"
        )
    }

    private func settingThings() throws {
        let (changing, listing) = (try pass("settings.change"), try pass("settings.list"))
        let change = { (name: String, value: String?) in "select care.change_setting(\(name), \(value))" as SQL }
        let limit = "disclosure.limit"
        try must("change_setting", "not without a pass", try isDenied(nil, change(limit, "100")))
        try must("change_setting", "not by a pass that lists", try isDenied(listing, change(limit, "100")))
        for (name, value) in [
            (limit, "19"), (limit, "10001"), (limit, "-1"), (limit, "many"), (limit, ""), ("theft.limit", "100"),
            ("retention.record", "6"),
        ] {
            try must(
                "change_setting",
                "within its bounds: \(name) \(value)",
                try failure(changing, change(name, value)) == "23514"
            )
        }
        let held = { (house: House) in
            try scene.admin.query("select care.setting_of(\(house.organization), \(limit))")[0].decode(
                String?.self,
                at: 0
            )
        }
        try must("setting_of", "what its kind begins with", try held(north) == "1000")
        try must(
            "change_setting",
            "within them",
            try failure(changing, change(limit, "20")) == nil && held(north) == "20"
        )
        try must(
            "change_setting",
            "again",
            try failure(changing, change(limit, "10000")) == nil && held(north) == "10000"
        )
        let southern = scene.open(scene.request("settings.change", by: south.keeper, of: south, about: south.ada))
        try must(
            "change_setting",
            "each for itself",
            try failure(southern, change(limit, "30")) == nil && held(north) == "10000"
        )
        try must(
            "change_setting",
            "taken back",
            try failure(changing, change(limit, nil)) == nil && held(north) == "1000"
        )
        try must("change_setting", "by itself alone", try held(south) == "30")
        let rows: SQL = "select count(*) from care.settings() where name = \(limit) and value = '1000' and is_obeyed"
        try must("settings", "not without a pass", try isDenied(nil, rows))
        try must("settings", "not by a pass that reads records", try isDenied(pass("record.read"), rows))
        try must("settings", "one's own", try answer(Int64.self, listing, rows) == 1)
        let wrong = try scene.admin.query("select name from care.setting s where not care.setting_fits(s, s.value)")
        try must("setting", "the release's are within their bounds", wrong.isEmpty)
        try must(
            "setting_of",
            "none that there is not",
            try scene.admin.query("select 1 where care.setting_of(\(north.organization), 'theft.limit') is null").count
                == 1
        )
    }
}
