import FoundationEssentials
import Postgres
import Seals

/// Growing up: who asks a child to have an account of their own, from which age on, when those who look after them are out, and who of
/// them goes on.
extension GateChecks {
    /// Whoever is asked, and their link.
    private struct Child {
        var account = UUID()
        var token = Primitive.freshBytes(32)
        let link = Primitive.freshBytes(32)
        let invitation = UUID()
    }

    func growingUp() throws {
        try setProfile("family")
        defer { try? setProfile("clinic") }  // a failure is on its way already, or the next check tells
        try birthdays()
        try whoPlans()
        try fromWhichAge()
        try oneAccount()
        try whatEnds()
        try eachSideOfTheBirthday()
        try plannedAnew()
        try whoIsLetInMeanwhile()
        try whoGoesOn()
        try whoWentOn()
        try whenTheyGoOn()
    }

    private func pass(_ act: String, _ someone: Someone, _ kept: Kept) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: kept))
    }

    private func plan(_ born: SQL) -> SQL { "select care.plan_growing_up((\(born))::date)" }

    /// Born so many years ago, and some days later or earlier, where the houses are.
    private func years(_ age: Int32, days: Int32 = 0) -> SQL {
        "(clock_timestamp() at time zone 'Europe/London')::date - make_interval(years => \(age)) + make_interval(days => \(days))"
    }

    private func invite(_ child: Child, _ kind: String = "self", _ lasting: SQL = "null") -> SQL {
        """
        select care.invite_carer(
            \(child.invitation), \(child.account), \(child.token), '\\x05', '\\x00', \(kind), null,
            \(kind == "self" ? "own-record" : "agreement"), null, (\(lasting))::timestamptz, '\\x09', \(Primitive.sha256(child.link)))
        """
    }

    private func accepts(_ child: Child) throws -> Bool {
        try answer(
            Bool.self,
            nil,
            "select care.use_link(\(north.organization), \(child.link), \(Scene.hash), 1, \(Primitive.freshBytes(32)), '\\x00')"
        ) == true
    }

    private func isSo(_ condition: SQL, of someone: UUID, to kept: Kept) throws -> Bool {
        try scene.admin.query(
            """
            select 1 from care.reach r join care.growing_up g using (organization_id, patient_id)
             where organization_id = \(north.organization) and account_id = \(someone) and patient_id = \(kept.patient)
               and withdrawn_at is null and \(condition)
            """
        ).count == 1
    }

    /// A patient and who keeps them.
    private func family() throws -> (kept: Kept, guardian: Someone) {
        let guardian = try scene.somebody(["caregiver"], in: north)
        return (try kept(by: guardian), guardian)
    }

    /// A patient of an age with an account of their own: somebody who signs in.
    private func grown(_ born: SQL) throws -> (kept: Kept, guardian: Someone, teen: Someone) {
        let (kept, guardian) = try family()
        let teen = try scene.somebody(["teen"], in: north)
        try accept(teen, kept, guardian, born)
        return (kept, guardian, teen)
    }

    private func accept(_ teen: Someone, _ kept: Kept, _ guardian: Someone, _ born: SQL) throws {
        var child = Child()
        (child.account, child.token) = (teen.account, teen.token)
        let asking = try pass("carer.invite", guardian, kept)
        try must("plan_growing_up", "planned", try failure(asking, plan(born)) == nil)
        try must("invite_carer", "asked", try failure(asking, invite(child)) == nil)
        let joining: SQL = """
            select care.join_organization(
                \(north.organization), \(child.link), \(teen.token), \(Scene.hash), 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        try must("join_organization", "accepted", try answer(Bool.self, nil, joining) == true)
    }

    // MARK: Planning

    private func birthdays() throws {
        for (born, age, day) in [
            ("2008-03-28", 16, "2024-03-28"), ("2008-02-29", 16, "2024-02-29"), ("2008-02-29", 18, "2026-03-01"),
            ("2008-12-31", 1, "2009-12-31"),
        ] as [(String, Int32, String)] {
            let found = try scene.admin.query("select care.birthday(\(born)::date, \(age))::text")[0]
            try must("birthday", "\(age) years", try found.decode(String.self, at: 0) == day)
        }
    }

    private func whoPlans() throws {
        let (kept, guardian) = try family()
        let asking = try pass("carer.invite", guardian, kept)
        try must("plan_growing_up", "not without a pass", try isDenied(nil, plan(years(13))))
        let sharing = try pass("reach.share", guardian, kept)
        try must("plan_growing_up", "not by a pass that shares", try isDenied(sharing, plan(years(13))))
        let child = Child()
        try scene.admin.query("delete from care.growing_up where patient_id = \(kept.patient)")
        try must("may_have_own_account", "not before it is planned", try failure(asking, invite(child)) == "23505")
        try must("plan_growing_up", "not of an unknown day", try failure(asking, plan("null")) == "23514")
        try must("plan_growing_up", "who keeps it", try failure(asking, plan(years(13))) == nil)
        try must("invite_carer", "who keeps it", try failure(asking, invite(child)) == nil)
        let itself = try scene.somebody(["owner"], in: north)
        try scene.reach(kept, by: itself, as: "self", in: north)
        let own = try pass("carer.invite", itself, kept)
        try must("plan_growing_up", "nobody of themselves", try failure(own, plan(years(17))) == "23514")
        let other = try family()
        let weekend = try scene.somebody(["caregiver"], in: north)
        try scene.reach(other.kept, by: weekend, as: "guardian", in: north)
        try setReach(weekend, "until = clock_timestamp() + interval '2 days'")
        let short = try pass("carer.invite", weekend, other.kept)
        try must("may_invite", "not who is there for a while", try failure(short, plan(years(13))) == "23514")
    }

    private func fromWhichAge() throws {
        let (kept, guardian) = try family()
        let asking = try pass("carer.invite", guardian, kept)
        let opens = { (age: Int32, days: Int32) in try failure(asking, plan(years(age, days: days))) == nil }
        try must("plan_growing_up", "not a day before twelve", try !opens(12, 1))
        try must("plan_growing_up", "at twelve", try opens(12, 0))
        try scene.set("growing-up.account-from", to: "14", in: north)
        try must("account_from", "not before the age that is set", try !opens(14, 1))
        try must("account_from", "at the age that is set", try opens(14, 0))
        try scene.set("growing-up.account-from", to: "12", in: north)
        try setCountry("US")
        try must("account_from", "not before the country's age", try !opens(13, 1))
        try must("account_from", "at the country's age", try opens(13, 0))
        let ages: SQL =
            "select g.grown_up_at > clock_timestamp() + interval '4 years 360 days' from care.growing_up g where g.patient_id = \(kept.patient) and g.organization_id = \(north.organization)"
        try must("grown_up_from", "grown up at eighteen there", try scene.admin.query(ages)[0].decode(Bool.self, at: 0))
        try setCountry("GB")
        try setProfile("clinic")
        try must("account_from", "none but in families", try !opens(17, 0))
        let age: SQL = "select care.account_from(\(north.organization))"
        try must("account_from", "from no age", try scene.admin.query(age)[0].decode(Int32?.self, at: 0) == nil)
        try setProfile("family")
        try grownUpWhere()
    }

    /// A country of whose ages the one in the middle hands over.
    private func grownUpWhere() throws {
        try scene.admin.query(
            """
            insert into care.age_rule (country, age, words, source, checked_on, hands_over)
            select 'QQ', age, 'so', 'so', '2026-01-01', age = 15 from unnest(array[9, 15, 21]) age
            """
        )
        try setCountry("QQ")
        let age: SQL = "select care.grown_up_from(\(north.organization))"
        try must("grown_up_from", "the age that says so", try scene.admin.query(age)[0].decode(Int32.self, at: 0) == 15)
        try setCountry("GB")
        try scene.admin.query("delete from care.age_rule where country = 'QQ'")
    }

    private func setCountry(_ country: String) throws {
        try scene.admin.query(
            "update care.organization set country = \(country) where organization_id = \(north.organization)"
        )
    }

    /// There is one account for each.
    private func oneAccount() throws {
        let (kept, guardian) = try family()
        try scene.reach(kept, by: scene.somebody(["teen"], in: south), as: "self", in: south)
        let asking = try pass("carer.invite", guardian, kept)
        try must("plan_growing_up", "planned", try failure(asking, plan(years(13))) == nil)
        let (first, second, carer) = (Child(), Child(), Child())
        try must("invite_carer", "a carer beside", try failure(asking, invite(carer, "carer")) == nil)
        try must("invite_carer", "new", try answer(String.self, asking, invite(first)) == "set-password")
        try must("invite_carer", "asked otherwise", try failure(asking, invite(second)) == nil)
        try must("invite_carer", "the first link ends", try !accepts(first))
        let role: SQL = "select 1 from care.membership where account_id = \(second.account) and roles = '{teen}'"
        try must("invite_carer", "they are a teen", try scene.admin.query(role).count == 1)
        try must("use_link", "the second is theirs", try accepts(second))
        try must(
            "take_up_invitation",
            "reached",
            try isSo("kind = 'self' and basis = 'own-record'", of: second.account, to: kept)
        )
        try must("invite_carer", "a carer's link stays", try accepts(carer))
        try must("may_have_own_account", "no second account", try failure(asking, invite(Child())) == "23505")
        // A link that was made before somebody had an account.
        let (other, keeper) = try family()
        let late = Child()
        let opened = try pass("carer.invite", keeper, other)
        try must("plan_growing_up", "planned", try failure(opened, plan(years(13))) == nil)
        try must("invite_carer", "asked", try failure(opened, invite(late)) == nil)
        let own = try scene.somebody(["teen"], in: north)
        try scene.reach(other, by: own, as: "self", in: north)
        try must("invitation_stands", "not once there is an account", try !accepts(late))
        try setReach(own, "withdrawn_at = clock_timestamp()")
        try must("may_have_own_account", "again once there is none", try accepts(late))
        // Whoever belongs, and could only read.
        let (third, parent) = try family()
        let reader = try scene.somebody(["member"], in: north)
        try accept(reader, third, parent, years(13))
        let roles: SQL =
            "select 1 from care.membership where account_id = \(reader.account) and roles = '{member,teen}'"
        try must("take_up_invitation", "who could only read is a teen, too", try scene.admin.query(roles).count == 1)
    }

    // MARK: Handing over

    private func whatEnds() throws {
        let (kept, guardian) = try family()
        let (carer, short) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        let team = try scene.somebody(["clinician"], in: north)
        try scene.reach(kept, by: carer, as: "carer-reading", in: north)
        try scene.reach(kept, by: team, as: "care-team", in: north)
        try scene.reach(kept, by: short, as: "carer", in: north)
        try setReach(short, "until = clock_timestamp() + interval '2 days'")
        let long = try scene.somebody(["caregiver"], in: north)
        try scene.reach(kept, by: long, as: "carer", in: north)
        try setReach(long, "until = clock_timestamp() + interval '5 years'")
        let elsewhere = try self.kept(by: guardian)
        let (before, brief, beside, distant) = (Child(), Child(), Child(), Child())
        let inviting = try pass("carer.invite", guardian, kept)
        try must("invite_carer", "a carer", try failure(inviting, invite(before, "carer")) == nil)
        let hour: SQL = "clock_timestamp() + interval '1 hour'"
        try must("invite_carer", "for an hour", try failure(inviting, invite(brief, "carer", hour)) == nil)
        let fiveYears: SQL = "clock_timestamp() + interval '5 years'"
        try must("invite_carer", "for years", try failure(inviting, invite(distant, "carer", fiveYears)) == nil)
        let apart = try pass("carer.invite", guardian, elsewhere)
        try must("invite_carer", "of another", try failure(apart, invite(beside, "carer")) == nil)
        let teen = try scene.somebody(["teen"], in: north)
        try accept(teen, kept, guardian, years(13))
        let ends: SQL =
            "until = hands_over_at and hands_over_at = grown_up_at and until > clock_timestamp() + interval '2 years'"
        for one in [guardian, carer, team, long] {
            try must("begin_handover", "whoever looks after them", try isSo(ends, of: one.account, to: kept))
        }
        try must(
            "begin_handover",
            "an end before stays",
            try isSo("until < hands_over_at", of: short.account, to: kept)
        )
        try must("begin_handover", "their own stays", try isSo("until is null", of: teen.account, to: kept))
        try must(
            "begin_handover",
            "a share stays",
            try isSo("until < hands_over_at", of: north.clinician.account, to: kept)
        )
        try must(
            "begin_handover",
            "another patient's stays",
            try isSo("until is null", of: guardian.account, to: elsewhere)
        )
        for (child, isEnded) in [(before, true), (distant, true), (brief, false)] {
            let asked = try scene.admin.query(
                "select 1 from care.invitation i join care.growing_up g using (organization_id, patient_id) where g.hands_over_at = i.reach_until and i.id = \(child.invitation)"
            )
            try must("begin_handover", "who was asked before is asked until then", asked.count == (isEnded ? 1 : 0))
        }
        let apartStill = try scene.admin.query(
            "select 1 from care.invitation where id = \(beside.invitation) and reach_until is null"
        )
        try must("begin_handover", "who was asked for another patient stays asked", apartStill.count == 1)
        let far = try scene.admin.query(
            "select 1 from care.invitation where organization_id = \(south.organization) and patient_id = \(kept.patient) and reach_until is not null"
        )
        try must("begin_handover", "a namesake's invitation elsewhere stays", far.isEmpty)
        let twin = try scene.admin.query(
            "select 1 from care.reach where organization_id = \(south.organization) and patient_id = \(kept.patient) and until > now() + interval '1 year'"
        )
        try must("begin_handover", "a namesake's elsewhere stays", twin.isEmpty)
        // Whoever is let in meanwhile.
        let late = try scene.somebody(["caregiver"], in: north)
        try scene.reach(kept, by: late, as: "carer", in: north)
        try must("keep_handover", "until then", try isSo("until = hands_over_at", of: late.account, to: kept))
        let doctor = try scene.somebody(["clinician"], in: north)
        try scene.reach(kept, by: doctor, as: "share", in: north)
        try must(
            "keep_handover",
            "a share has its own end",
            try isSo("until < hands_over_at", of: doctor.account, to: kept)
        )
        let asking = try pass("carer.invite", guardian, kept)
        try must("may_invite", "for longer than one has", try failure(asking, invite(Child(), "carer")) == "23514")
        let handsOver = try scene.admin.query(
            """
            select hands_over_at from care.growing_up
             where organization_id = \(north.organization) and patient_id = \(kept.patient)
            """
        )[0].decode(Date.self, at: 0)
        let end: SQL = "\(handsOver)"
        try must("may_invite", "for as long", try failure(asking, invite(Child(), "carer", end)) == nil)
        // Somebody who is grown up already: at once.
        let adult = try grown(years(17))
        try must(
            "begin_handover",
            "at once",
            try isSo(
                "until = hands_over_at and until > grown_up_at and until <= clock_timestamp()",
                of: adult.guardian.account,
                to: adult.kept
            )
        )
        try refuse("once handed over", asks("record.read", adult.guardian, about: adult.kept), as: "out of reach")
        try grant("their own", asks("record.read", adult.teen, about: adult.kept))
        let after = try scene.somebody(["caregiver"], in: north)
        try scene.reach(adult.kept, by: after, as: "carer", in: north)
        try must(
            "keep_handover",
            "who is let in afterwards stays",
            try isSo("until is null", of: after.account, to: adult.kept)
        )
    }

    /// In each of several time zones: a few seconds before the birthday begins there, and after.
    private func eachSideOfTheBirthday() throws {
        defer { try? setZone("Europe/London") }  // a failure is on its way already, or the next check tells
        for (zone, ahead) in [
            ("Etc/GMT+12", -12), ("Pacific/Marquesas", -9.5), ("UTC", 0), ("Asia/Kolkata", 5.5),
            ("Asia/Kathmandu", 5.75),
            ("Pacific/Kiritimati", 14),
        ] as [(String, Double)] {
            try setZone(zone)
            let now = Date().timeIntervalSince1970
            // The day after today, there.
            let day = ((now + ahead * 3_600) / 86_400).rounded(.down) + 1
            let begins = day * 86_400 - ahead * 3_600
            let born: SQL = "(date '1970-01-01' + \(Int32(day)) - make_interval(years => 16))::date"
            let (kept, guardian, teen) = try grown(born)
            for one in [guardian, teen] {
                try scene.admin.query(
                    "update care.session set until = created_at + interval '30 days', idle = interval '9 days' where account_id = \(one.account)"
                )
            }
            let read = { (one: Someone) in self.asks("record.read", one, about: kept) }
            let before = begins - Date().timeIntervalSince1970 - 5
            try scene.later(by: .seconds(before)) {
                try grant("before the birthday begins in \(zone)", read(guardian))
                try grant("their own, before", read(teen))
            }
            try scene.later(by: .seconds(before + 10)) {
                try refuse("once the birthday begins in \(zone)", read(guardian), as: "out of reach")
                try grant("their own, after", read(teen))
            }
        }
    }

    private func setZone(_ zone: String) throws {
        try scene.admin.query(
            "update care.organization set time_zone = \(zone) where organization_id = \(north.organization)"
        )
    }

    /// A wrong birth date is put right by asking anew, once the account is none of theirs any more.
    private func plannedAnew() throws {
        let (kept, guardian, teen) = try grown(years(15))
        let asking = try pass("carer.invite", guardian, kept)
        let was = try scene.admin.query(
            "select grown_up_at from care.growing_up where patient_id = \(kept.patient) and organization_id = \(north.organization)"
        )[0].decode(Date.self, at: 0)
        let isPlanned = { try self.isSo("grown_up_at <> \(was)", of: guardian.account, to: kept) }
        try must("plan_growing_up", "nothing happens", try failure(asking, plan(years(13))) == nil && !isPlanned())
        try setReach(teen, "withdrawn_at = clock_timestamp()")
        let other = try grown(years(14))
        let others: SQL = """
            select from care.growing_up where patient_id = \(other.kept.patient) and grown_up_at = hands_over_at
            """
        try accept(teen, kept, guardian, years(13))
        try must("plan_growing_up", "anew", try isPlanned())
        try must("plan_growing_up", "nobody else's", try scene.admin.query(others).count == 1)
        try must(
            "begin_handover",
            "those who were there go on",
            try isSo("until = grown_up_at", of: guardian.account, to: kept)
        )
    }

    /// Somebody is let in after the handover was planned, and before it.
    private func whoIsLetInMeanwhile() throws {
        let (kept, _, _) = try grown(years(16, days: 20))
        let (sharing, brief) = (
            try scene.somebody(["clinician"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        try scene.reach(kept, by: sharing, as: "share", in: north)
        try must("keep_handover", "a share stays", try isSo("until > hands_over_at", of: sharing.account, to: kept))
        try scene.admin.query(
            """
            insert into care.reach (organization_id, patient_id, account_id, kind, until)
            values (\(north.organization), \(kept.patient), \(brief.account), 'carer', clock_timestamp() + interval '2 days')
            """
        )
        try must(
            "keep_handover",
            "an end before stays",
            try isSo("until < hands_over_at - interval '10 days'", of: brief.account, to: kept)
        )
    }

    // MARK: Going on

    /// Whoever goes on does so if the account is accepted anew.
    private func whoWentOn() throws {
        let (kept, guardian, teen) = try grown(years(16, days: 20))
        try must("keep_carer", "goes on", try failure(pass("carer.keep", teen, kept), keep(guardian)) == nil)
        try setReach(teen, "withdrawn_at = clock_timestamp()")
        try accept(teen, kept, guardian, years(16, days: 20))
        try must(
            "begin_handover",
            "who goes on afterwards does",
            try isSo("kind = 'carer' and since = hands_over_at and until is null", of: guardian.account, to: kept)
        )
    }

    private func keep(_ someone: Someone, _ kind: String = "carer") -> SQL {
        "select care.keep_carer(\(someone.account), \(kind))"
    }

    private func whoGoesOn() throws {
        // In twenty days they are sixteen.
        let (kept, guardian, teen) = try grown(years(16, days: 20))
        let keeping = try pass("carer.keep", teen, kept)
        try must("keep_carer", "not without a pass", try isDenied(nil, keep(guardian)))
        try must(
            "keep_carer",
            "not by a pass that shares",
            try isDenied(pass("reach.share", teen, kept), keep(guardian))
        )
        try must("keep_carer", "nobody keeps it", try failure(keeping, keep(guardian, "guardian")) == "23514")
        let stranger = try scene.somebody(["caregiver"], in: north)
        try must("keep_carer", "nobody who does not look after them", try failure(keeping, keep(stranger)) == "23514")
        try must("keep_carer", "nobody with whom it is shared", try failure(keeping, keep(north.clinician)) == "23514")
        let other = try scene.somebody(["caregiver"], in: north)
        try scene.reach(kept, by: other, as: "carer", in: north)
        for (what, assignment, back) in [
            ("not who was let out", "withdrawn_at = clock_timestamp()", "withdrawn_at = null"),
            ("not who is paused", "paused_at = clock_timestamp()", "paused_at = null"),
            ("not whose time ends before", "until = until - interval '1 day'", "until = until + interval '1 day'"),
        ] as [(String, SQL, SQL)] {
            try setReach(other, assignment)
            try must("keep_carer", what, try failure(keeping, keep(other)) == "23514")
            try setReach(other, back)
        }
        try setMembership(other, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try must("keep_carer", "not who has left", try failure(keeping, keep(other)) == "23514")
        try setMembership(other, "since = now() + interval '2 days', until = null")
        try must("keep_carer", "not who has not joined", try failure(keeping, keep(other)) == "23514")
        try setMembership(other, "since = now() - interval '2 days'")
        try must("keep_carer", "who looks after them", try failure(keeping, keep(other, "carer-reading")) == nil)
        try must(
            "keep_carer",
            "from the day on",
            try isSo(
                "kind = 'carer-reading' and basis = 'agreement' and since = hands_over_at and until is null",
                of: other.account,
                to: kept
            )
        )
        try must("keep_carer", "once", try failure(keeping, keep(other)) == "23505")
        try must("keep_carer", "each by themselves", try failure(keeping, keep(guardian)) == nil)
        try scene.admin.query(
            "update care.session set until = created_at + interval '30 days', idle = interval '29 days' where account_id = \(other.account)"
        )
        try scene.later(by: .seconds(21 * 86_400)) {
            try grant("whoever goes on", asks("record.read", other, about: kept))
            try refuse("as what they may", asks("record.create", other, about: kept), as: "out of reach")
        }
        try setReach(other, "withdrawn_at = clock_timestamp()")
    }

    private func whenTheyGoOn() throws {
        let (kept, guardian, teen) = try grown(years(15, days: 30))
        try must(
            "keep_carer",
            "not before the review",
            try failure(pass("carer.keep", teen, kept), keep(guardian)) == "23514"
        )
        let adult = try grown(years(17))
        let keeping = try pass("carer.keep", adult.teen, adult.kept)
        try must("keep_carer", "afterwards", try failure(keeping, keep(adult.guardian)) == nil)
        try must(
            "keep_carer",
            "from then on",
            try isSo("since > hands_over_at and until is null", of: adult.guardian.account, to: adult.kept)
        )
        try grant("entering", asks("record.create", adult.guardian, about: adult.kept))
        try refuse("no more than that", asks("reach.share", adult.guardian, about: adult.kept), as: "out of reach")
        // Who has an account, and was never asked by whoever looks after them.
        let (plain, parent) = try family()
        let own = try scene.somebody(["teen"], in: north)
        try scene.reach(plain, by: own, as: "self", in: north)
        try must(
            "keep_carer",
            "nothing is handed over",
            try failure(pass("carer.keep", own, plain), keep(parent)) == "23514"
        )
    }
}
