import FoundationEssentials
import Postgres
import Seals

// MARK: - Second factors and stepping up

extension GateChecks {
    func secondFactors() throws {
        try whoNeedsOne()
        try graveActs()
        try beginnings()
        try showing()
        try recovering()
        try guessing()
        try steppingUpByPassword()
        try offering()
        try confirming()
        try renewingCodes()
        try removing()
        try standing()
    }

    // MARK: The gate

    private func whoNeedsOne() throws {
        let needed = "a second factor is needed"
        for role in ["owner", "admin", "clinician", "staff", "member"] {
            let one = try scene.somebody([role], in: north)
            try set(one, "second_factor_at = null")
            try refuse("a clinic's \(role) needs a second factor", asks("patient.list", one), as: needed, outcome: 5)
            try set(one, "second_factor_at = clock_timestamp()")
            try grant("a clinic's \(role) who has shown it", asks("patient.list", one))
        }
        for role in ["caregiver", "patient", "teen"] {
            let one = try scene.somebody([role], in: north)
            try set(one, "second_factor_at = null")
            try grant("a clinic's \(role) needs none", asks("patient.list", one))
            try set(one, "second_factor_is_due = true")
            try refuse("whoever has one needs it", asks("patient.list", one), as: needed, outcome: 5)
        }
        let mixed = try scene.somebody(["patient", "staff"], in: north)
        try set(mixed, "second_factor_at = null")
        try refuse("a patient who works there needs one", asks("patient.list", mixed), as: needed, outcome: 5)
        let family = try scene.somebody(["owner"], in: north)
        try set(family, "second_factor_at = null, profile = 'family'")
        try grant("a family's owner needs none", asks("patient.list", family))
        try set(family, "profile = null")
        try refuse("what an older release began is looked up", asks("patient.list", family), as: needed, outcome: 5)
        try profile(of: north, "family")
        try grant("and found to be a family's", asks("patient.list", family))
        try profile(of: north, "clinic")
    }

    private func profile(of house: House, _ profile: String) throws {
        try scene.admin.query(
            "update care.organization set profile = \(profile) where organization_id = \(house.organization)"
        )
    }

    private func graveActs() throws {
        let one = try scene.somebody(["owner"], in: north)
        try set(one, "stepped_up_at = clock_timestamp() - interval '290 seconds'")
        try grant("290 s after stepping up", asks("member.add", one))
        let needed = "stepping up is needed"
        try set(one, "stepped_up_at = clock_timestamp() - interval '301 seconds'")
        try refuse("301 s after stepping up", asks("member.add", one), as: needed, outcome: 6)
        try set(one, "stepped_up_at = null")
        try refuse("without stepping up", asks("member.add", one), as: needed, outcome: 6)
        try grant("what is not grave takes no stepping up", asks("member.list", one))
        let nobody = try scene.somebody(["caregiver"], in: north)
        try set(nobody, "stepped_up_at = null")
        try refuse("before it is told whether they may", asks("member.add", nobody), as: needed, outcome: 6)
    }

    /// What a new session knows of second factors.
    private func beginnings() throws {
        let begin = { (one: Someone) -> (due: Bool, steppedUp: Bool, profile: String?) in
            let secret = Primitive.sha256(Primitive.freshBytes(32))
            try self.scene.server.query(
                """
                select care.begin_session(
                    \(one.token), \(Scene.hash), null, 'api', \(secret), interval '1 hour', interval '1 day', null, 1,
                    \(Primitive.freshBytes(32)), '\\x00')
                """
            )
            let row = try self.scene.admin.query(
                """
                select second_factor_is_due, stepped_up_at is not null and second_factor_at is null, profile from care.session
                 where secret_sha256 = \(secret)
                """
            )[0]
            return (
                try row.decode(Bool.self, at: 0), try row.decode(Bool.self, at: 1), try row.decode(String?.self, at: 2)
            )
        }
        let one = try scene.somebody(["caregiver"], in: north)
        var began = try begin(one)
        try must("begin_session", "a password is a step up where there is no app", began == (false, true, "clinic"))
        try scene.give("auditor", to: one)
        began = try begin(one)
        try must("begin_session", "whoever holds an office needs a second factor", began == (true, true, "clinic"))
        let two = try scene.somebody(["caregiver"], in: north)
        try equip(two)
        began = try begin(two)
        try must("begin_session", "whoever has an app has to show it", began == (true, false, "clinic"))
        let three = try scene.somebody(["caregiver"], in: north)
        let four = try scene.somebody(["caregiver"], in: north)
        try scene.admin.query(
            "select care.give_office(\(three.account), 'auditor', 1, \(Primitive.freshBytes(32)), '\\x00')"
        )
        try must("give_office", "sessions that there are need a second factor", try session(three).isDue)
        try must("give_office", "of that account alone", try !session(four).isDue)
    }

    // MARK: Codes

    private func showing() throws {
        let one = try someoneWithApp()
        let now = try step()
        var next = Primitive.freshBytes(32)
        try must("show_second_factor", "a code is good", try show(one, now, next: next) == 0)
        var seen = try session(of: next)
        try must("show_second_factor", "the session has shown it", seen.isShown && seen.isSteppedUp)
        try must("show_second_factor", "its old secret is good no more", try show(one, now + 1) == 1)
        try must("show_second_factor", "a code is good once", try show(one, now, secret: next) == 2)
        try must("show_second_factor", "and the next is good", try show(one, now + 1, secret: next, next: next) == 0)
        for wrong in [now - 2, now + 2, 0, Int64.max / 2] {
            try kept(one, "last_step = -1")
            try must("show_second_factor", "a code is of about now", try show(one, wrong, secret: next) == 2)
        }
        try kept(one, "last_step = -1")
        try set(one, "tries = 0, tries_wait_until = null")
        try must("show_second_factor", "no code is no good one", try show(one, nil, secret: next) == 2)
        try must(
            "show_second_factor",
            "the step before is good",
            try show(one, try step() - 1, secret: next, next: next) == 0
        )
        seen = try session(of: next)
        try must("show_second_factor", "what was wrong is forgotten", seen.tries == 0)
        try must(
            "show_second_factor",
            "not without an app",
            try show(try scene.somebody(["staff"], in: north), now) == 3
        )
        try others { try show($0, try step(), secret: $1, use: $2, in: $3) == 1 }
        next = Primitive.freshBytes(32)
        let salt = Primitive.freshBytes(32)
        _ = try show(try someoneWithApp(), nil, next: next, salt: salt)
        let entry = try entries(salt)
        try must(
            "show_second_factor",
            "leaves an entry",
            entry.map(\.act) == ["second-factor.show"] && entry.map(\.refusal) == ["wrong code"]
        )
        try must("show_second_factor", "what was wrong changes no secret", try sessions(of: next) == 0)
    }

    private func recovering() throws {
        let (one, other) = (try someoneWithApp(), try someoneWithApp())
        let (code, others) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try give(one, code)
        try give(other, others)
        try must("show_second_factor", "another's recovery code is no good", try show(one, nil, recovery: others) == 2)
        try must("show_second_factor", "an unknown one is no good", try show(one, nil, recovery: code.reversed()) == 2)
        let next = Primitive.freshBytes(32)
        try must("show_second_factor", "one's own is good", try show(one, nil, recovery: code, next: next) == 0)
        try must("show_second_factor", "once", try show(one, nil, secret: next, recovery: code) == 2)
        try must("show_second_factor", "another's stays good", try show(other, nil, recovery: others) == 0)
    }

    private func guessing() throws {
        let one = try someoneWithApp()
        for _ in 0..<4 { _ = try show(one, nil) }
        try must("count_try", "four wrong codes do not wait", try session(one).tries == 4)
        let next = Primitive.freshBytes(32)
        _ = try show(one, nil)
        try must("show_second_factor", "after five, a right one waits", try show(one, try step()) == 7)
        let other = try scene.server.query(
            """
            select outcome from care.show_second_factor(
                \(north.organization), \(one.pageSession), 'page', \(try step()), null, \(Primitive.freshBytes(32)),
                1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )[0].decode(Int32.self, at: 0)
        try must("count_try", "another session does not wait", other == 0)
        try scene.later(by: .seconds(50)) {
            try must("count_try", "it waits for a minute", try show(one, try step()) == 7)
        }
        try scene.later(by: .seconds(65)) {
            _ = try show(one, nil)
            try must("count_try", "then it may try again", try session(one).tries == 6)
        }
        try scene.later(by: .seconds(65 + 100)) {
            try must("count_try", "and waits for two", try show(one, try step()) == 7)
        }
        try scene.later(by: .seconds(65 + 125)) {
            try must("count_try", "until it is right", try show(one, try step(), next: next) == 0)
        }
        try longGuessing()
    }

    /// Of somebody who knows the password and begins one session after another.
    private func longGuessing() throws {
        let one = try someoneWithApp()
        try kept(one, "failures = 19, failed_at = clock_timestamp()")
        _ = try show(one, nil)
        try must("show_second_factor", "after twenty wrong codes one waits", try show(one, try step()) == 7)
        try scene.later(by: .seconds(25)) {
            try must("show_second_factor", "for half a minute", try show(one, try step()) == 7)
        }
        let code = Primitive.freshBytes(32)
        try give(one, code)
        let next = Primitive.freshBytes(32)
        try must(
            "show_second_factor",
            "a recovery code does not wait",
            try show(one, nil, recovery: code, next: next) == 0
        )
        let two = try someoneWithApp()
        try kept(two, "failures = 30, failed_at = clock_timestamp() - interval '31 seconds'")
        try must("show_second_factor", "nobody waits for good", try show(two, try step()) == 0)
        try set(two, "tries = 40, tries_wait_until = null")
        let last = try session(two)
        try must("count_try", "tries are counted by session", last.tries == 40)
    }

    private func steppingUpByPassword() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        try set(one, "stepped_up_at = null, second_factor_at = null")
        let up = {
            (someone: Someone, secret: [UInt8], hash: String?, next: [UInt8], use: String, house: House) -> Int32 in
            try self.scene.server.query(
                """
                select outcome from care.step_up_by_password(
                    \(house.organization), \(secret), \(use), \(hash), \(Primitive.sha256(next)), 1, \(Primitive.freshBytes(32)),
                    '\\x00')
                """
            )[0].decode(Int32.self, at: 0)
        }
        let next = Primitive.freshBytes(32)
        let wrong = Scene.hash.replacing("s", with: "t")
        for bad in [wrong, nil] {
            try must(
                "step_up_by_password",
                "a wrong one is no good",
                try up(one, one.session, bad, next, "api", north) == 2
            )
        }
        try must("step_up_by_password", "a wrong one counts", try session(one).tries == 2)
        try must(
            "step_up_by_password",
            "the password is good",
            try up(one, one.session, Scene.hash, next, "api", north) == 0
        )
        let seen = try session(of: next)
        try must("step_up_by_password", "it is no second factor", seen.isSteppedUp && !seen.isShown && seen.tries == 0)
        try others { try up($0, $1, Scene.hash, next, $2, $3) == 1 }
        let app = try someoneWithApp()
        try must(
            "step_up_by_password",
            "not with an app",
            try up(app, app.session, Scene.hash, next, "api", north) == 3
        )
        let waiting = try scene.somebody(["caregiver"], in: north)
        try set(waiting, "tries_wait_until = clock_timestamp() + interval '10 seconds'")
        try must(
            "step_up_by_password",
            "whoever waits waits",
            try up(waiting, waiting.session, Scene.hash, next, "api", north) == 7
        )
        let pending = try scene.somebody(["caregiver"], in: north)
        try account(pending, "password_hash = null")
        try must(
            "step_up_by_password",
            "not without a password",
            try up(pending, pending.session, nil, next, "api", north) == 2
        )
        let closed = try scene.somebody(["caregiver"], in: north)
        try account(closed, "closed_at = clock_timestamp()")
        try must(
            "step_up_by_password",
            "not when closed",
            try up(closed, closed.session, Scene.hash, next, "api", north) == 2
        )
        let setting = { (secret: [UInt8]) in
            try self.scene.server.query(
                "select care.own_password_setting(\(self.north.organization), \(secret), 'api')"
            )[0]
            .decode(String?.self, at: 0)
        }
        try must(
            "own_password_setting",
            "is known to its session",
            try setting(app.session) == String(Scene.hash.prefix(29))
        )
        try must("own_password_setting", "and to no other", try setting(Primitive.freshBytes(32)) == nil)
        try must("own_password_setting", "not when closed", try setting(closed.session) == nil)
    }

    // MARK: Setting up

    private func offering() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        try must("offer_second_factor", "is offered", try offer(one) == 0)
        try must("offer_second_factor", "another takes its place", try offer(one) == 0)
        try others { try self.offer($0, secret: $1, use: $2, in: $3) == 1 }
        try set(one, "stepped_up_at = clock_timestamp() - interval '301 seconds'")
        try must("offer_second_factor", "takes stepping up", try offer(one) == 6)
        try set(one, "stepped_up_at = null")
        try must("is_stepped_up", "without is without", try offer(one) == 6)
        try set(one, "stepped_up_at = clock_timestamp() - interval '290 seconds'")
        try must("is_stepped_up", "counts for five minutes", try offer(one) == 0)
    }

    private func confirming() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let next = Primitive.freshBytes(32)
        try must("confirm_second_factor", "nothing is on offer", try confirm(one, try step()) == 3)
        _ = try offer(one, sealed: [7])
        try offers(one, "session_id = gen_random_uuid()")
        try must("confirm_second_factor", "another session's offer is none", try confirm(one, try step()) == 3)
        _ = try offer(one, sealed: [7])
        try offers(one, "at = clock_timestamp() - interval '901 seconds'")
        try must("confirm_second_factor", "an old offer is none", try confirm(one, try step()) == 3)
        _ = try offer(one, sealed: [7])
        try must("confirm_second_factor", "a wrong code is no good", try confirm(one, nil) == 2)
        try must("confirm_second_factor", "an old code is no good", try confirm(one, try step() - 2) == 2)
        try must("confirm_second_factor", "a wrong one counts", try session(one).tries == 2)
        try set(one, "tries_wait_until = clock_timestamp() + interval '10 seconds'")
        try must("confirm_second_factor", "whoever waits waits", try confirm(one, try step()) == 7)
        try set(one, "tries_wait_until = null, stepped_up_at = clock_timestamp() - interval '301 seconds'")
        try must("confirm_second_factor", "takes stepping up", try confirm(one, try step()) == 6)
        try set(one, "stepped_up_at = clock_timestamp()")
        try others { try self.confirm($0, try self.step(), secret: $1, use: $2, in: $3) == 1 }
        let bystander = try scene.somebody(["caregiver"], in: north)
        try give(bystander, Primitive.freshBytes(32))
        let salt = Primitive.freshBytes(32)
        let now = try step()
        try must("confirm_second_factor", "a right code makes it", try confirm(one, now, next: next, salt: salt) == 0)
        let made = try scene.admin.query(
            "select sealed_secret, last_step = \(now) from care.second_factor where account_id = \(one.account)"
        )
        let isMade =
            try made.count == 1 && made[0].decode([UInt8].self, at: 0) == [7] && made[0].decode(Bool.self, at: 1)
        try must("confirm_second_factor", "it is the one that was on offer, its code used", isMade)
        try must("replace_recovery_codes", "ten codes", try codes(one) == 10)
        try must("replace_recovery_codes", "nobody else's go", try codes(bystander) == 1)
        try must("confirm_second_factor", "the session has shown it", try session(of: next).isShown)
        try must("confirm_second_factor", "other sessions end", try living(one) == 1)
        try must("confirm_second_factor", "nobody else's do", try living(bystander) == 2)
        try must("confirm_second_factor", "leaves an entry", try entries(salt).map(\.act) == ["second-factor.set"])
        try must("confirm_second_factor", "an offer is taken once", try confirm(one, now + 1, secret: next) == 3)
    }

    private func renewingCodes() throws {
        let renew = { (one: Someone, secret: [UInt8], use: String, house: House, salt: [UInt8]) -> Int32 in
            try self.scene.server.query(
                """
                select care.renew_recovery_codes(
                    \(house.organization), \(secret), \(use), \((0..<10).map { _ in Primitive.freshBytes(32) }), 1, \(salt), '\\x00')
                """
            )[0].decode(Int32.self, at: 0)
        }
        let salt = Primitive.freshBytes(32)
        let (one, without) = (try someoneWithApp(), try scene.somebody(["caregiver"], in: north))
        try must(
            "renew_recovery_codes",
            "not without an app",
            try renew(without, without.session, "api", north, salt) == 3
        )
        try others { try renew($0, $1, $2, $3, salt) == 1 }
        try give(one, Primitive.freshBytes(32))
        try must("renew_recovery_codes", "are new", try renew(one, one.session, "api", north, salt) == 0)
        try must("renew_recovery_codes", "in place of the old", try codes(one) == 10)
        try must("renew_recovery_codes", "leaves an entry", try entries(salt).map(\.act) == ["second-factor.codes"])
        try set(one, "stepped_up_at = null")
        try must("renew_recovery_codes", "takes stepping up", try renew(one, one.session, "api", north, salt) == 6)
    }

    private func removing() throws {
        let remove = { (one: Someone, secret: [UInt8], use: String, house: House, salt: [UInt8]) -> Int32 in
            try self.scene.server.query(
                "select care.remove_second_factor(\(house.organization), \(secret), \(use), 1, \(salt), '\\x00')"
            )[0].decode(Int32.self, at: 0)
        }
        let salt = Primitive.freshBytes(32)
        let (one, bystander) = (try someoneWithApp(), try someoneWithApp())
        try give(bystander, Primitive.freshBytes(32))
        try give(one, Primitive.freshBytes(32))
        try others { try remove($0, $1, $2, $3, salt) == 1 }
        try set(one, "stepped_up_at = null")
        try must("remove_second_factor", "takes stepping up", try remove(one, one.session, "api", north, salt) == 6)
        try set(one, "stepped_up_at = clock_timestamp(), second_factor_is_due = true")
        try must("remove_second_factor", "takes it away", try remove(one, one.session, "api", north, salt) == 0)
        let seen = try session(one)
        try must(
            "remove_second_factor",
            "the session has shown a password",
            !seen.isShown && !seen.isSteppedUp && !seen.isDue
        )
        try must("remove_second_factor", "there is none", try remove(one, one.session, "api", north, salt) == 3)
        try must("forget_second_factor", "codes go with it", try codes(one) == 0)
        try must("forget_second_factor", "other sessions end", try living(one) == 1)
        try must("forget_second_factor", "nobody else's", try codes(bystander) == 1 && living(bystander) == 2)
        try must("forget_second_factor", "another's app stays", try show(bystander, try step()) == 0)
        try must("remove_second_factor", "leaves an entry", try entries(salt).map(\.act) == ["second-factor.remove"])
        let officer = try someoneWithApp()
        try scene.give("auditor", to: officer)
        _ = try remove(officer, officer.session, "api", north, salt)
        try must("remove_second_factor", "whoever holds an office needs another", try session(officer).isDue)
        try resetting()
    }

    private func resetting() throws {
        let reset = { (one: Someone, salt: [UInt8]) in
            try self.scene.admin.query("select care.reset_second_factor(\(one.account), 1, \(salt), '\\x00')")[0]
                .decode(
                    Bool.self,
                    at: 0
                )
        }
        let (one, salt) = (try someoneWithApp(), Primitive.freshBytes(32))
        _ = try offer(one)
        try must("reset_second_factor", "the operator takes it away", try reset(one, salt))
        try must("reset_second_factor", "every session ends", try living(one) == 0)
        try must("reset_second_factor", "leaves an entry", try entries(salt).map(\.act) == ["second-factor.reset"])
        try must("reset_second_factor", "there is none", try !reset(one, salt))
        let rest = try scene.admin.query("select from care.second_factor_offer where account_id = \(one.account)")
        try must("forget_second_factor", "nothing stays on offer", rest.isEmpty)
    }

    /// What a session may know of its own.
    private func standing() throws {
        let one = try someoneWithApp()
        try give(one, Primitive.freshBytes(32))
        _ = try offer(one, sealed: [9])
        let ask = { (secret: [UInt8], use: String, house: House) in
            try self.scene.server.query(
                """
                select account, sealed_secret, codes_left, sealed_offer, step, is_shown, is_due, is_required
                  from care.second_factor_of(\(house.organization), \(secret), \(use))
                """
            )[0]
        }
        let own = try ask(one.session, "api", north)
        try must("second_factor_of", "knows its own", try own.decode(UUID?.self, at: 0) == one.account)
        try must("second_factor_of", "its secret", try own.decode([UInt8]?.self, at: 1) == [0])
        try must("second_factor_of", "how many codes are left", try own.decode(Int32.self, at: 2) == 1)
        try must("second_factor_of", "what is on offer to it", try own.decode([UInt8]?.self, at: 3) == [9])
        try must("code_step", "which step it is", try abs(own.decode(Int64.self, at: 4) - step()) <= 1)
        try must(
            "second_factor_of",
            "that it was shown",
            try own.decode(Bool.self, at: 5) && !own.decode(Bool.self, at: 6)
        )
        let page = try ask(one.pageSession, "page", north)
        try must("second_factor_of", "not what is on offer to another", try page.decode([UInt8]?.self, at: 3) == nil)
        try offers(one, "at = clock_timestamp() - interval '901 seconds'")
        try must(
            "second_factor_of",
            "not for long",
            try ask(one.session, "api", north).decode([UInt8]?.self, at: 3) == nil
        )
        try others { try ask($1, $2, $3).decode([UInt8]?.self, at: 1) == nil }
        try must("second_factor_of", "a caregiver needs none", try !own.decode(Bool.self, at: 7))
        try scene.give("auditor", to: one)
        try must("second_factor_of", "an auditor does", try ask(one.session, "api", north).decode(Bool.self, at: 7))
        let staff = try scene.somebody(["staff"], in: north)
        try set(staff, "second_factor_at = null")
        let due = try ask(staff.session, "api", north)
        try must("second_factor_of", "staff do", try due.decode(Bool.self, at: 7) && due.decode(Bool.self, at: 6))
        let caregiver = try scene.somebody(["caregiver"], in: north)
        try set(caregiver, "second_factor_at = null, second_factor_is_due = true")
        try must(
            "second_factor_of",
            "whoever has one does",
            try ask(caregiver.session, "api", north).decode(Bool.self, at: 6)
        )
    }

    // MARK: Parts

    /// Sessions that are none, each for one reason, must be answered so.
    private func others(_ isRefused: (Someone, [UInt8], String, House) throws -> Bool) throws {
        let one = try someoneWithApp()
        let none = try isRefused(one, Primitive.freshBytes(32), "api", north)
        try must("live_session", "another secret opens none", none)
        try must("live_session", "nor in another organisation", try isRefused(one, one.session, "api", south))
        try must("live_session", "nor in another use", try isRefused(one, one.session, "page", north))
        for (reason, change) in [
            ("one that has ended", "ended_at = clock_timestamp()"),
            ("one that has run out", "until = clock_timestamp()"),
            ("one that was idle", "idle = interval '1 microsecond'"),
        ] as [(String, SQL)] {
            let over = try someoneWithApp()
            try set(over, change)
            try must("live_session", reason, try isRefused(over, over.session, "api", north))
        }
        for change in [
            "until = clock_timestamp(), since = clock_timestamp() - interval '1 day'",
            "since = clock_timestamp() + interval '1 hour'",
        ] as [SQL] {
            let left = try someoneWithApp()
            try setMembership(left, change)
            try must(
                "live_session",
                "one of somebody who does not belong",
                try isRefused(left, left.session, "api", north)
            )
        }
    }

    private func someoneWithApp() throws -> Someone {
        let one = try scene.somebody(["caregiver"], in: north)
        try equip(one)
        return one
    }

    func equip(_ one: Someone) throws {
        try scene.admin.query(
            """
            insert into care.second_factor (account_id, sealed_secret, last_step, since)
            values (\(one.account), '\\x00', 0, clock_timestamp())
            """
        )
    }

    private func give(_ one: Someone, _ code: [UInt8]) throws {
        try scene.admin.query(
            "insert into care.recovery_code (account_id, code_sha256) values (\(one.account), \(code))"
        )
    }

    private func show(
        _ one: Someone,
        _ step: Int64?,
        secret: [UInt8]? = nil,
        recovery: [UInt8]? = nil,
        next: [UInt8]? = nil,
        use: String = "api",
        in house: House? = nil,
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32 {
        try scene.server.query(
            """
            select outcome from care.show_second_factor(
                \((house ?? north).organization), \(secret ?? one.session), \(use), \(step), \(recovery),
                \(Primitive.sha256(next ?? Primitive.freshBytes(32))), 1, \(salt), '\\x00')
            """
        )[0].decode(Int32.self, at: 0)
    }

    private func offer(
        _ one: Someone,
        sealed: [UInt8] = [0],
        secret: [UInt8]? = nil,
        use: String = "api",
        in house: House? = nil
    ) throws -> Int32 {
        try scene.server.query(
            """
            select care.offer_second_factor(\((house ?? north).organization), \(secret ?? one.session), \(use), \(sealed))
            """
        )[0].decode(Int32.self, at: 0)
    }

    private func confirm(
        _ one: Someone,
        _ step: Int64?,
        secret: [UInt8]? = nil,
        next: [UInt8]? = nil,
        use: String = "api",
        in house: House? = nil,
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32 {
        try scene.server.query(
            """
            select care.confirm_second_factor(
                \((house ?? north).organization), \(secret ?? one.session), \(use), \(step),
                \((0..<10).map { _ in Primitive.freshBytes(32) }), \(Primitive.sha256(next ?? Primitive.freshBytes(32))), 1, \(salt),
                '\\x00')
            """
        )[0].decode(Int32.self, at: 0)
    }

    /// The step that the store's clock is in.
    private func step() throws -> Int64 {
        try scene.admin.query("select floor(extract(epoch from care.clock()) / 30)::bigint")[0].decode(
            Int64.self,
            at: 0
        )
    }

    private struct SeenSession {
        let isShown: Bool
        let isSteppedUp: Bool
        let isDue: Bool
        let tries: Int32
    }

    private func session(of secret: [UInt8]) throws -> SeenSession {
        try session("secret_sha256 = \(Primitive.sha256(secret))")
    }

    private func session(_ one: Someone) throws -> SeenSession {
        try session("account_id = \(one.account) and used_as = 'api'")
    }

    /// The session that should be there is not.
    private struct SessionIsGone: Error {}

    private func session(_ condition: SQL) throws -> SeenSession {
        let rows = try scene.admin.query(
            """
            select second_factor_at is not null, stepped_up_at is not null, second_factor_is_due, tries
              from care.session where \(condition)
            """
        )
        guard let row = rows.first else { throw SessionIsGone() }
        return SeenSession(
            isShown: try row.decode(Bool.self, at: 0),
            isSteppedUp: try row.decode(Bool.self, at: 1),
            isDue: try row.decode(Bool.self, at: 2),
            tries: try row.decode(Int32.self, at: 3)
        )
    }

    private func sessions(of secret: [UInt8]) throws -> Int {
        try scene.admin.query("select from care.session where secret_sha256 = \(Primitive.sha256(secret))").count
    }

    private func living(_ one: Someone) throws -> Int {
        try scene.admin.query("select from care.session where account_id = \(one.account) and ended_at is null").count
    }

    private func codes(_ one: Someone) throws -> Int {
        try scene.admin.query("select from care.recovery_code where account_id = \(one.account) and used_at is null")
            .count
    }

    private func set(_ one: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.session set \(assignment) where account_id = \(one.account)")
    }

    private func kept(_ one: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.second_factor set \(assignment) where account_id = \(one.account)")
    }

    private func offers(_ one: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.second_factor_offer set \(assignment) where account_id = \(one.account)")
    }

    private func account(_ one: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.account set \(assignment) where id = \(one.account)")
    }
}
