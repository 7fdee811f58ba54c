import FoundationEssentials
import Postgres
import Seals

/// What a password alone may change, and what ends with an old one; who is in whose place when roles and time change.
extension GateChecks {
    func waysIn() throws {
        try showingPasswords()
        try endingOtherWaysIn()
        try tellingAlways()
        try offeredRoles()
        try ownRolesAlone()
        try stayingOn()
        try endingByTheCalendar()
        try shorterSessions()
        try costs()
        try notMeanwhile()
    }

    private func changePassword(_ one: Someone, old: String = Scene.hash, letter: UUID? = UUID()) -> SQL {
        """
        select care.change_password(
            \(north.organization), \(one.pageSession), \(old), \(other), \(letter), '\\x01', 1, \(Primitive.freshBytes(32)), '\\x00')
        """
    }

    private func outcome(_ statement: SQL) throws -> Int32? { try answer(Int32.self, nil, statement) }

    private func addLink(_ one: Someone, purpose: String = "set-password") throws -> [UInt8] {
        let link = Primitive.freshBytes(32)
        try scene.admin.query(
            """
            insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
            values (\(north.organization), \(one.account), \(purpose), \(Primitive.sha256(link)),
                    clock_timestamp() + interval '1 day')
            """
        )
        return link
    }

    private func use(_ link: [UInt8]) throws -> Bool? {
        try answer(
            Bool.self,
            nil,
            "select care.use_link(\(north.organization), \(link), \(Scene.hash), 1, \(Primitive.freshBytes(32)), '\\x00')"
        )
    }

    private func count(_ table: SQL, _ condition: SQL) throws -> Int {
        try scene.admin.query("select 1 from care.\(table) where \(condition)").count
    }

    // MARK: The password alone

    private func showingPasswords() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        try setPageSession(one, "second_factor_at = null")
        let link = Primitive.freshBytes(32)
        let token = Primitive.freshBytes(32)
        try equip(one)
        try must("show_password", "not before the code of an app", try outcome(changePassword(one)) == 5)
        try must("show_password", "nor an address", try askForAddress(one, token, link) == 5 && !works(link))
        try setPageSession(one, "second_factor_at = clock_timestamp()")
        try must("show_password", "after it", try askForAddress(one, token, link) == 0)
        let guesser = try scene.somebody(["caregiver"], in: north)
        for number in 1...5 {
            let guess =
                number.isMultiple(of: 2)
                ? try askForAddress(guesser, token, link, hash: other)
                : try outcome(changePassword(guesser, old: other))
            try must("show_password", "wrong no. \(number)", guess == 2)
        }
        try must("show_password", "then whoever guesses waits", try outcome(changePassword(guesser)) == 7)
        try must("show_password", "for an address, too", try askForAddress(guesser, token, link) == 7)
        try scene.later(by: .seconds(70)) {
            try must("show_password", "a minute", try askForAddress(guesser, token, Primitive.freshBytes(32)) == 0)
        }
    }

    private func endingOtherWaysIn() throws {
        for byLink in [false, true] {
            let (one, bystander) = (
                try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north)
            )
            var links: [[UInt8]] = []
            for someone in [one, bystander] {
                try link(someone)
                links.append(try addLink(someone))
                try must("ask_for_address", "asked", try askForAddress(someone, someone.session, someone.session) == 0)
            }
            let join = try addLink(one, purpose: "join")
            let done = byLink ? try use(addLink(one)) == true : try outcome(changePassword(one)) == 0
            try must("end_other_ways_in", "another password", done)
            let function = byLink ? "use_link" : "change_password"
            try must(function, "ends its links", try behind(north.organization, links[0]) == nil)
            try must("end_other_ways_in", "no others", try behind(north.organization, links[1]) == bystander.account)
            let joins = try count("link", "secret_sha256 = \(Primitive.sha256(join)) and used_at is null")
            try must("end_other_ways_in", "nor those that join", joins == 1)
            try must("end_other_ways_in", "and an address that waits", try !works(one.session))
            try must("end_other_ways_in", "nobody else's", try works(bystander.session))
            try must(
                "end_other_ways_in",
                "and who they are at providers of everybody's, and not at their organisation's",
                try identities(one) == [north.organization]
            )
            try must("end_other_ways_in", "nobody else's either", try identities(bystander).count == 2)
        }
        let one = try scene.somebody(["member"], in: north)
        let (link, waiting) = (try addLink(one), Primitive.freshBytes(32))
        let bystander = try addLink(north.other)
        _ = try askForAddress(one, Primitive.freshBytes(32), waiting)
        try must("change_address", "another address", try changeAddress(waiting) == true)
        try must("change_address", "ends links to the old one", try behind(north.organization, link) == nil)
        try must("change_address", "no others", try behind(north.organization, bystander) == north.other.account)
    }

    /// Makes somebody known at a provider of everybody's, and at one of the north's.
    private func link(_ one: Someone) throws {
        for organization in [UUID.nobody, north.organization] {
            let provider = UUID()
            try scene.admin.query(
                """
                insert into care.provider (organization_id, id, sealed, since, until)
                values (\(organization), \(provider), '\\x00', clock_timestamp() - interval '1 day', clock_timestamp())
                """
            )
            try scene.admin.query(
                """
                insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
                values (\(organization), \(provider), \(Primitive.freshBytes(32)), \(one.account), clock_timestamp())
                """
            )
        }
    }

    private func identities(_ one: Someone) throws -> [UUID] {
        try scene.admin.query("select organization_id from care.identity where account_id = \(one.account) order by 1")
            .map { try $0.decode(UUID.self, at: 0) }
    }

    private func tellingAlways() throws {
        let one = try scene.somebody(["member"], in: north)
        try scene.admin.query("select care.mail_links(true)")
        defer { _ = try? scene.admin.query("select care.mail_links(false)") }  // the store is a copy
        try must(
            "tell_account",
            "where mail is sent they are told",
            try isDenied(nil, changePassword(one, letter: nil))
        )
        try must("tell_account", "with a letter", try outcome(changePassword(one)) == 0)
    }

    // MARK: Roles

    private func offeredRoles() throws {
        let (adding, changing) = (
            try grant("to add", asks("member.add")), try grant("to change roles", asks("member.change-roles"))
        )
        let add = { (role: String) in
            """
            select care.add_member(
                \(UUID()), \(Primitive.freshBytes(32)), '\\x00', '\\x00', \([role]), \(Primitive.freshBytes(32)))
            """ as SQL
        }
        try must("require_offered", "no family's role in a clinic", try failure(adding, add("caregiver")) == "23514")
        try must("require_offered", "a clinic's", try failure(adding, add("staff")) == nil)
        let (one, kept) = (
            try scene.somebody(["member"], in: north), try scene.somebody(["caregiver", "member"], in: north)
        )
        let change = { (someone: Someone, roles: [String]) in
            "select care.change_roles(\(someone.account), \(roles), '{}')" as SQL
        }
        try must(
            "change_roles",
            "to what is not offered",
            try failure(changing, change(one, ["caregiver"])) == "23514"
        )
        try must(
            "change_roles",
            "whoever has it may keep it",
            try failure(changing, change(kept, ["caregiver"])) == nil
        )
        // What a role permits is what it permits in an organisation of this kind.
        try scene.admin.query("begin")
        defer { _ = try? scene.admin.query("rollback") }  // it is tried on, and taken off
        try scene.admin.query(
            """
            update care.built_in_role set permissions = permissions || '{journal.administer}'
             where profile = 'operations' and name = 'member'
            """
        )
        try scene.admin.query(
            "update care.organization set profile = 'operations' where organization_id = \(south.organization)"
        )
        let permits = try scene.admin.query("select care.permits_of(\(north.organization), '{member}', '{}')")[0]
            .decode([String].self, at: 0)
        try must("permits_of", "in its own kind of organisation", !permits.contains("journal.administer"))
    }

    private func ownRolesAlone() throws {
        let role = UUID()
        try scene.admin.query(
            """
            insert into care.role (organization_id, id, name, permissions, made_at)
            values (\(north.organization), \(role), 'ways', '{sharing.read,record.read}', now())
            """
        )
        for roles in [[], ["patient"]] as [[String]] {
            let one = try scene.somebody(["patient"], in: north)
            try scene.reach(north.ben, by: one, as: "care-team", in: north)
            try setAPISession(one, "second_factor_at = null")
            let request = { scene.request("record.read", by: one, of: north, about: north.ben) }
            try grant("a patient reads with a password alone", request())
            try setMembership(one, "roles = \(roles), custom_roles = \([role])")
            try refuse("with a role of the organisation's own", request(), as: "a second factor is needed", outcome: 5)
        }
    }

    private func setAPISession(_ one: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.session set \(assignment)
             where account_id = \(one.account) and secret_sha256 = \(Primitive.sha256(one.session))
            """
        )
    }

    // MARK: Time

    private func stayingOn() throws {
        let one = try scene.somebody(["admin"], in: north)
        let leave = { (leaves: SQL) in
            "select care.end_membership(\(one.account), \(leaves), null, 1, \(Primitive.freshBytes(32)), '\\x00')"
                as SQL
        }
        let (ends, leaving) = (
            try grant("ends", asks("member.end", one)), try grant("leaves", asks("member.leave", one))
        )
        let ending = try grant("an owner ends", asks("member.end"))
        let week: SQL = "clock_timestamp() + interval '7 days'"
        try must("end_membership", "in a week", try failure(ending, leave(week)) == nil)
        let month: SQL = "clock_timestamp() + interval '30 days'"
        for (why, pass) in [("who leaves", leaving), ("who may end others'", ends)] {
            try must("end_membership", "nobody prolongs their own: \(why)", try failure(pass, leave(month)) == "23514")
        }
        try must(
            "end_membership",
            "sooner they may",
            try failure(leaving, leave("clock_timestamp() + interval '1 day'")) == nil
        )
        try must("end_membership", "somebody else prolongs it", try failure(ending, leave(month)) == nil)
    }

    private func endingByTheCalendar() throws {
        let (gone, there) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north)
        )
        let kept = Kept()
        try scene.make(kept, keptBy: gone, in: north)
        let (link, other) = (try addLink(gone), try addLink(there))
        try setMembership(gone, "since = now() - interval '2 days', until = now() - interval '1 hour'")
        try must("use_link", "not for whoever has left", try use(link) == false)
        let share: SQL = "id = \(kept.share) and withdrawn_at is null"
        try must("sweep_memberships", "the share goes on, before", try count("reach", share) == 1)
        let swept = { try answer(Int32.self, nil, "select care.sweep_memberships()") ?? -1 }
        try must("sweep_memberships", "finds who has left", try swept() >= 1)
        try must("sweep_memberships", "ends what nobody else could stop", try count("reach", share) == 0)
        try must("sweep_memberships", "and links", try behind(north.organization, link) == nil)
        let sessions = try count("session", "account_id = \(gone.account) and ended_at is null")
        try must("sweep_memberships", "and sessions", sessions == 0)
        try must("sweep_memberships", "of nobody who is there", try behind(north.organization, other) == there.account)
        try must("sweep_memberships", "once", try swept() == 0)
    }

    private func shorterSessions() throws {
        let changing = try grant("to change roles", asks("member.change-roles"))
        let (one, same) = (try scene.somebody(["patient"], in: north), try scene.somebody(["patient"], in: north))
        let change = { (someone: Someone, role: String) in
            "select care.change_roles(\(someone.account), \([role]), '{}')" as SQL
        }
        let long = { (someone: Someone) in
            try count(
                "session",
                "account_id = \(someone.account) and used_as = 'page' and until - created_at > interval '12 hours'"
            )
        }
        try must("change_roles", "to a role of long sessions", try failure(changing, change(same, "patient")) == nil)
        try must("change_roles", "they go on", try long(same) == 1)
        try must("change_roles", "to one of short sessions", try failure(changing, change(one, "clinician")) == nil)
        try must("change_roles", "those that are longer end sooner", try long(one) == 0)
        let key = Primitive.freshBytes(32)
        try scene.admin.query(
            "insert into care.sign_in_try (key, failures, last_at) values (\(key), 6, clock_timestamp() + interval '1 day')"
        )
        let waits = try scene.admin.query(
            "select coalesce(wait_until <= clock_timestamp() + interval '2 hours', true) from care.try_waits(\(key), 5)"
        )[0].decode(Bool.self, at: 0)
        try must("try_waits", "not for a clock that was ahead", waits)
    }

    /// No session begins by a password that is being changed: it would outlive the change.
    private func notMeanwhile() throws {
        let one = try scene.somebody(["member"], in: north)
        let begin: SQL = """
            select set_config('lock_timeout', '50ms', true),
                   (care.begin_session(
                       \(one.token), \(Scene.hash), null, 'page', \(Primitive.freshBytes(32)), interval '1 hour', interval '1 day', null, 1,
                       \(Primitive.freshBytes(32)), '\\x00')).outcome
            """
        try must("begin_session", "by the password", try failure(nil, begin) == nil)
        try scene.admin.query("begin")
        defer { _ = try? scene.admin.query("rollback") }  // ends the locks it held
        try scene.admin.query("update care.account set password_hash = \(other) where id = \(one.account)")
        try must("begin_session", "not while it is being changed", try failure(nil, begin) == "55P03")
    }

    private func costs() throws {
        let one = try scene.somebody(["member"], in: north)
        let raise = { (hash: String) in
            try answer(Bool.self, nil, "select care.raise_cost(\(one.token), \(Scene.hash), \(hash))")
        }
        let costly = { (cost: Int) in "$2b$\(cost)$" + String(repeating: "c", count: 53) }
        try must("raise_cost", "not beyond what signing in can bear", try raise(costly(15)) != true)
        try must("raise_cost", "within it", try raise(costly(14)) == true)
    }
}
