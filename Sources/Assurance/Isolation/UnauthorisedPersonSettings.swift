import FoundationEssentials
import Postgres
import Seals

// MARK: - Settings that something obeys

extension GateChecks {
    /// How long sessions last, who shows a second factor, how long stepping up counts and invitations do: as it is set, at once.
    func obeyedSettings() throws {
        try bounds()
        try beginnings()
        try shorterSessions()
        try rolesOfSessions()
        try askedForSecondFactor()
        try steppingUp()
        try invitations()
        try scene.admin.query("delete from care.organization_setting where name <> 'spare'")
        // Those who are there for the whole suite are signed in as before.
        for one in [north.keeper, north.other, north.clinician] {
            try scene.admin.query(
                """
                update care.session set idle = interval '1 hour', until = created_at + interval '1 day'
                 where account_id = \(one.account)
                """
            )
        }
    }

    /// Sets something as owners do; whether it was taken.
    private func sets(_ name: String, _ value: String?, in house: House? = nil) throws -> Bool {
        let house = house ?? north
        // Whoever set that somebody shows a code shows one, and has just shown it.
        let changing = scene.open(scene.request("settings.change", by: house.keeper, of: house, about: house.ada))
        return try failure(changing, "select care.change_setting(\(name), \(value))") == nil
    }

    private func held(_ name: String, in house: House? = nil) throws -> String? {
        try scene.admin.query("select care.setting_of(\((house ?? north).organization), \(name))").first?.decode(
            String?.self,
            at: 0
        )
    }

    private func bounds() throws {
        let staff =
            "admin,auditor,clinician,data-governance-officer,member,owner,principal-investigator,privacy-officer,"
        for (name, value) in [
            ("session.staff-idle", "61"), ("session.staff-idle", "4"), ("session.staff-lasting", "25"),
            ("session.idle", "0"),
            ("session.lasting", "31"), ("session.programs", "25"), ("step-up.within", "6"), ("step-up.within", "0"),
            ("invitation.lasts", "15"), ("second-factor.required", ""), ("second-factor.required", "owner,staff"),
            ("second-factor.required", staff + "researcher,safety-monitor,staff,thief"),
            ("second-factor.required", staff + "researcher,safety-monitor"),
        ] {
            try must("setting_fits", "out of bounds: \(name) \(value)", try !sets(name, value))
        }
        try must(
            "setting_fits",
            "more than is asked for anyway",
            try sets("second-factor.required", staff + "researcher,safety-monitor,staff,caregiver")
                && sets("second-factor.required", nil)
        )
        try scene.admin.query(
            """
            insert into care.organization_setting (organization_id, name, value, changed_at)
            values (\(north.organization), 'session.idle', '1000', now())
            """
        )
        try must("setting_of", "what is out of bounds counts for nothing", try held("session.idle") == "24")
        let listing = try grant("a pass for settings.list", asks("settings.list"))
        let seen = { (value: String, isChanged: Bool) -> Bool in
            try answer(
                Int64.self,
                listing,
                """
                select count(*) from care.settings()
                 where name = 'session.idle' and value = \(value) and (changed_at is not null) = \(isChanged)
                """
            ) == 1
        }
        try must("settings", "nor is it told", try seen("24", false))
        try scene.admin.query("update care.organization_setting set value = '48' where name = 'session.idle'")
        try must("settings", "what was set is told, and when", try seen("48", true))
        try scene.admin.query("delete from care.organization_setting where name = 'session.idle'")
        let time = try scene.admin.query(
            "select care.time_set(\(north.organization), 'session.staff-idle') = interval '30 minutes'"
        ).first?.decode(Bool?.self, at: 0)
        try must("time_set", "in its own unit, of its own kind of organisation", time == true)
    }

    /// How long a session that begins now lasts.
    private func begun(
        _ one: Someone,
        _ use: String = "page",
        idle: SQL = "interval '8 days'",
        lasting: SQL = "interval '29 days'"
    ) throws -> (idle: String, lasting: String) {
        let secret = Primitive.sha256(Primitive.freshBytes(32))
        try scene.server.query(
            """
            select care.begin_session(
                \(one.token), \(Scene.hash), null, \(use), \(secret), \(idle), \(lasting), null, 1,
                \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        return try scene.admin.query(
            "select idle::text, (until - created_at)::text from care.session where secret_sha256 = \(secret)"
        ).first?.decode((String, String).self) ?? ("none", "none")
    }

    private func beginnings() throws {
        let caregiver = try scene.somebody(["caregiver"], in: north)
        try must("session_limits", "a clinic's caregiver", try begun(caregiver) == ("24:00:00", "7 days"))
        try must(
            "add_session",
            "no longer than the server says",
            try begun(caregiver, idle: "interval '1 hour'", lasting: "interval '2 hours'") == ("01:00:00", "02:00:00")
        )
        let both = try scene.somebody(["caregiver", "clinician"], in: north)
        try must("session_limits", "the shortest of one's roles", try begun(both) == ("00:30:00", "12:00:00"))
        try must("session_limits", "programs", try begun(both, "api") == ("24:00:00", "1 day"))
        let own = try scene.somebody(["caregiver"], in: north)
        try scene.admin.query(
            """
            update care.membership set roles = '{}', custom_roles = array[\(north.role)]
             where organization_id = \(north.organization) and account_id = \(own.account)
            """
        )
        try must("session_limits", "roles of one's own are staff's", try begun(own) == ("00:30:00", "12:00:00"))
        try must("change_setting", "is set", try sets("session.staff-idle", "10") && sets("session.lasting", "2"))
        try must("session_limits", "as it is set", try begun(both) == ("00:10:00", "12:00:00"))
        try must("session_limits", "for others, too", try begun(caregiver) == ("24:00:00", "2 days"))
        try must("change_setting", "taken back", try sets("session.staff-idle", nil) && sets("session.lasting", nil))
        try must("session_limits", "as before", try begun(both) == ("00:30:00", "12:00:00"))
        try family()
        let short = try scene.admin.query(
            "select from care.setting where name = 'session.lasting' and (ceiling::integer > 30 or kind <> 'days')"
        )
        try must("session_limits", "none is longer than thirty days", short.isEmpty)
    }

    /// A family knows no staff.
    private func family() throws {
        let house = UUID()
        try scene.admin.query(
            "insert into care.organization (organization_id, profile, country, sealed_name) values (\(house), 'family', 'GB', '\\x00')"
        )
        let limits = try scene.admin.query(
            "select limit_idle::text, limit_lasting::text from care.session_limits(\(house), '{owner}', 'page')"
        ).first?.decode((String?, String?).self)
        try must("session_limits", "a family's phone stays signed in", limits?.0 == "7 days" && limits?.1 == "30 days")
        try scene.admin.query("delete from care.organization where organization_id = \(house)")
    }

    private func times(_ one: Someone, _ use: String = "api") throws -> (idle: String, lasting: String, isDue: Bool) {
        try scene.admin.query(
            """
            select idle::text, (until - created_at)::text, second_factor_is_due from care.session
             where secret_sha256 = \(Primitive.sha256(use == "page" ? one.pageSession : one.session))
            """
        ).first?.decode((String, String, Bool).self) ?? ("none", "none", false)
    }

    /// Those that are open already.
    private func shorterSessions() throws {
        let (one, far) = (try scene.somebody(["clinician"], in: north), try scene.somebody(["clinician"], in: south))
        try must("hold_sessions", "begins with an hour", try times(one, "page") == ("01:00:00", "1 day", false))
        try must("change_setting", "ten minutes for staff", try sets("session.staff-idle", "10"))
        try must("hold_sessions", "an open session obeys", try times(one, "page") == ("00:10:00", "12:00:00", true))
        try must("hold_sessions", "a program's has its own", try times(one) == ("01:00:00", "1 day", true))
        try must("hold_sessions", "not in another organisation", try times(far, "page") == ("01:00:00", "1 day", false))
        try scene.later(by: .seconds(610)) { try must("hold_sessions", "it ends", try lists(one) == 1) }
        try scene.later(by: .seconds(590)) { try must("hold_sessions", "and not before", try lists(one) == 0) }
        try must("change_setting", "an hour", try sets("session.staff-idle", "60"))
        try must("hold_sessions", "what is longer is for the next", try times(one, "page").idle == "00:10:00")
        try must(
            "change_setting",
            "six hours",
            try sets("session.staff-lasting", "6") && times(one, "page").lasting == "06:00:00"
        )
        try must(
            "change_setting",
            "taken back",
            try sets("session.staff-idle", nil) && sets("session.staff-lasting", nil)
        )
        try must("hold_sessions", "nor does it last longer", try times(one, "page").lasting == "06:00:00")
    }

    /// What listing patients by a page's session comes to.
    private func lists(_ one: Someone) throws -> Int32? {
        var asked = asks("patient.list", one)
        (asked.session, asked.use) = (one.pageSession, "page")
        return scene.open(asked).outcome
    }

    /// Whoever is given another role is held to it at once, and nobody else.
    private func rolesOfSessions() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["clinician"], in: north))
        let changing = try grant("a pass for member.change-roles", asks("member.change-roles"))
        let change: SQL = "select care.change_roles(\(one.account), '{caregiver,clinician}', '{}')"
        try must("change_roles", "to staff", try failure(changing, change) == nil)
        try must("hold_sessions", "staff's from now on", try times(one, "page").idle == "00:30:00")
        try must("hold_sessions", "and nobody else's", try times(other, "page").idle == "01:00:00")
    }

    private func askedForSecondFactor() throws {
        let staff =
            "admin,auditor,clinician,data-governance-officer,member,owner,principal-investigator,privacy-officer,"
            + "researcher,safety-monitor,staff"
        let (one, patient) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["patient"], in: north))
        for someone in [one, patient] {
            try scene.admin.query(
                "update care.session set second_factor_at = null where account_id = \(someone.account)"
            )
        }
        try grant("a caregiver without a code", asks("patient.list", one))
        try must("change_setting", "caregivers too", try sets("second-factor.required", staff + ",caregiver"))
        try refuse("a caregiver without a code", asks("patient.list", one), as: "a second factor is needed", outcome: 5)
        try grant("a patient without a code", asks("patient.list", patient))
        let told = { (someone: Someone) in
            try answer(
                Bool.self,
                nil,
                "select is_required from care.second_factor_of(\(north.organization), \(someone.session), 'api')"
            )
        }
        try must("second_factor_of", "whoever is asked for one is told", try told(one) == true)
        try must("second_factor_of", "and nobody else", try told(patient) == false)
        try begins(one, isDue: true)
        try begins(patient, isDue: false)
        try begins(try scene.somebody(["clinician"], in: north), isDue: true)
        try removing(one)
        try must("change_setting", "as before", try sets("second-factor.required", nil))
        try must("hold_sessions", "who was asked still is", try times(one).isDue)
        try must(
            "is_asked_for_second_factor",
            "staff always are",
            try told(scene.somebody(["clinician"], in: north)) == true
        )
    }

    private func begins(_ one: Someone, isDue: Bool) throws {
        let secret = Primitive.freshBytes(32)
        try scene.server.query(
            """
            select care.begin_session(
                \(one.token), \(Scene.hash), null, 'api', \(Primitive.sha256(secret)), interval '1 hour', interval '1 hour', null,
                1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        let due = try scene.admin.query(
            "select second_factor_is_due from care.session where secret_sha256 = \(Primitive.sha256(secret))"
        ).first?.decode(Bool.self, at: 0)
        try must("add_session", isDue ? "shows a code first" : "shows none", due == isDue)
    }

    /// Whoever takes the app away is asked for another at once.
    private func removing(_ one: Someone) throws {
        try equip(one)
        try scene.admin.query(
            """
            update care.session set second_factor_at = clock_timestamp(), stepped_up_at = clock_timestamp()
             where account_id = \(one.account)
            """
        )
        let removed = try answer(
            Int32.self,
            nil,
            """
            select care.remove_second_factor(
                \(north.organization), \(one.session), 'api', 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        try must("remove_second_factor", "is taken away", removed == 0)
        try must("remove_second_factor", "and asked for again", try times(one).isDue)
    }

    private func steppingUp() throws {
        let one = try scene.somebody(["owner"], in: north)
        let ago = { (seconds: Int32) in
            try scene.admin.query(
                """
                update care.session set stepped_up_at = clock_timestamp() - make_interval(secs => \(seconds))
                 where account_id = \(one.account)
                """
            )
        }
        try must("change_setting", "two minutes", try sets("step-up.within", "2"))
        _ = try ago(110)
        try grant("110 s after stepping up", asks("member.add", one))
        _ = try ago(130)
        try refuse("130 s after stepping up", asks("member.add", one), as: "stepping up is needed", outcome: 6)
        try must("change_setting", "five minutes", try sets("step-up.within", nil))
        try grant("within five minutes", asks("member.add", one))
    }

    private func invitations() throws {
        try must("change_setting", "three days", try sets("invitation.lasts", "3"))
        let (account, address, link) = (UUID(), Primitive.freshBytes(32), Primitive.freshBytes(32))
        let adding = try grant("a pass for member.add", asks("member.add"))
        let added = try answer(
            String.self,
            adding,
            """
            select care.add_member(
                \(account), \(address), '\\x00', '\\x00', '{staff}', \(Primitive.sha256(link)))
            """
        )
        try must("admit", "is added", added == "set-password")
        let days = {
            try scene.admin.query(
                """
                select from care.link where account_id = \(account) and used_at is null
                   and until between clock_timestamp() + interval '71 hours' and clock_timestamp() + interval '72 hours'
                """
            ).count
        }
        try must("admit", "for three days", try days() == 1)
        try scene.admin.query(
            """
            select care.renew_link(
                \(north.organization), \(account), \(Primitive.freshBytes(32)), 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        try must("renew_link", "for three days", try days() == 1)
        try must("change_setting", "taken back", try sets("invitation.lasts", nil))
    }
}
