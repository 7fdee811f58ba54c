import FoundationEssentials
import Postgres
import Seals

/// Who gives which role, who makes one, and what becomes of whoever has it.
extension GateChecks {
    /// Makes a role of the north's own, as the superuser.
    func makeRole(_ permissions: [String]) throws -> UUID {
        let id = UUID()
        try scene.admin.query(
            """
            insert into care.role (organization_id, id, name, permissions, made_at)
            values (\(north.organization), \(id), \("r" + id.uuidString.lowercased().prefix(8)), \(permissions), now())
            """
        )
        return id
    }

    /// Lets somebody have a role of the north's own that permits this and nothing more, and a built-in one that permits nothing here.
    @discardableResult
    func hold(_ someone: Someone, _ permissions: [String]) throws -> UUID {
        let role = try makeRole(permissions)
        try set(someone, "roles = '{safety-monitor}', custom_roles = \([role])")
        return role
    }

    private func set(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.membership set \(assignment)
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    private func change(_ someone: Someone, _ roles: [String], _ own: [UUID] = []) -> SQL {
        "select care.change_roles(\(someone.account), \(roles), \(own))"
    }

    private func change(_ role: UUID, _ permissions: [String]) -> SQL {
        "select care.change_role(\(role), \(permissions))"
    }

    private func make(_ name: String, _ permissions: [String]) -> SQL {
        "select care.make_role(\(UUID()), \(name), \(permissions))"
    }

    private func pass(_ act: String, _ someone: Someone? = nil) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    private func roles(of someone: Someone) throws -> [String] {
        try scene.admin.query(
            """
            select roles from care.membership
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )[0].decode([String].self, at: 0)
    }

    private func permits(of someone: Someone) throws -> Set<String> {
        Set(
            try scene.admin.query(
                """
                select permits from care.membership
                 where organization_id = \(north.organization) and account_id = \(someone.account)
                """
            )[0].decode([String].self, at: 0)
        )
    }

    func givingRoles() throws {
        try byOwners()
        try byOthers()
        try keepingAnOwner()
        try makingRoles()
        try changingRoles()
    }

    private func byOwners() throws {
        let (changing, listing) = (try pass("member.change-roles"), try pass("member.list"))
        let one = try scene.somebody(["member"], in: north)
        let works = change(one, ["staff"])
        try must("change_roles", "not without a pass", try isDenied(nil, works))
        try must("change_roles", "not by a pass that lists", try isDenied(listing, works))
        try refuse("making a patient, before", asks("patient.create", one), as: "no permission")
        try must(
            "change_roles",
            "by one that changes",
            try failure(changing, works) == nil && roles(of: one) == ["staff"]
        )
        try grant("making a patient, from the next request on", asks("patient.create", one))
        try must("change_roles", "nobody else's", try roles(of: north.other) == ["caregiver"])
        try must("change_roles", "nobody of elsewhere", try isDenied(changing, change(south.other, ["staff"])))
        try must("change_roles", "nobody who is not there", try isDenied(changing, change(Someone(), ["staff"])))
        let gone = try scene.somebody(["member"], in: north)
        try set(gone, "since = now() - interval '2 days', until = now() - interval '1 day'")
        try must("change_roles", "nobody who left", try isDenied(changing, change(gone, ["staff"])))
        let (own, ended) = (try makeRole(["record.read"]), try makeRole(["record.read"]))
        try scene.admin.query("update care.role set ended_at = now() where id = \(ended)")
        try must("change_roles", "no role that nobody made", try isDenied(changing, change(one, ["staff"], [UUID()])))
        try must("change_roles", "no role that ended", try isDenied(changing, change(one, ["staff"], [ended])))
        try must("change_roles", "no role of elsewhere", try isDenied(changing, change(one, ["staff"], [south.role])))
        try must(
            "change_roles",
            "a role of their own",
            try failure(changing, change(one, [], [own])) == nil && permits(of: one) == ["record.read"]
        )
        try must(
            "change_roles",
            "owners make auditors",
            try failure(changing, change(one, ["auditor"])) == nil && roles(of: one) == ["auditor"]
        )
    }

    /// An administrator, and somebody whose own role lets them give roles and nothing else.
    private func byOthers() throws {
        let (admin, manager) = (try scene.somebody(["admin"], in: north), try scene.somebody(["member"], in: north))
        try hold(manager, ["member.administer", "role.administer", "member.read"])
        let byAdmin = try pass("member.change-roles", admin)
        let byManager = try pass("member.change-roles", manager)
        let (one, auditor) = (try scene.somebody(["member"], in: north), try scene.somebody(["auditor"], in: north))
        // Whoever is permitted everything there is, and is no owner, makes none.
        let mighty = try scene.somebody(["member"], in: north)
        let all = try scene.admin.query("select array(select name::text from care.permission order by 1)")[0]
            .decode([String].self, at: 0)
        try hold(mighty, all)
        let byMighty = try pass("member.change-roles", mighty)
        try must(
            "require_may_give",
            "whoever may everything makes no owner",
            try isDenied(byMighty, change(one, ["owner"]))
        )
        try must("require_may_give", "but auditors", try failure(byMighty, change(one, ["auditor"])) == nil)
        try must("require_may_give", "and members", try failure(byMighty, change(one, ["member"])) == nil)
        let ownRole = try makeRole(["record.read"])
        let plain = try makeRole(["member.read"])
        for (who, given, statement) in [
            ("administrators", byAdmin, change(one, ["owner"])),
            ("administrators", byAdmin, change(one, ["staff", "owner"])),
            ("administrators", byAdmin, change(admin, ["admin", "owner"])),
            ("administrators", byAdmin, change(north.keeper, ["member"])),
            ("administrators", byAdmin, change(one, ["auditor"])),
            ("administrators", byAdmin, change(auditor, ["member"])),
            ("managers", byManager, change(one, ["clinician"])),
            ("managers", byManager, change(one, [], [ownRole])),
            ("managers", byManager, change(manager, ["owner"])),
            ("managers", byManager, change(manager, ["safety-monitor"], [ownRole])),
            ("managers", byManager, change(admin, [], [plain])),
        ] {
            try must("change_roles", "\(who) give and take only what is theirs", try isDenied(given, statement))
        }
        try must(
            "change_roles",
            "administrators give what they hold",
            try failure(byAdmin, change(one, ["clinician"])) == nil && roles(of: one) == ["clinician"]
        )
        try hold(one, ["member.read"])
        try set(one, "roles = '{}'")
        try must(
            "change_roles",
            "so do managers",
            try failure(byManager, change(one, [], [plain])) == nil && permits(of: one) == ["member.read"]
        )
        // Who owns an organisation elsewhere owns none here.
        let both = try scene.somebody(["admin"], in: north, after: (south, ["owner"]))
        try must(
            "change_roles",
            "an owner elsewhere makes none here",
            try isDenied(pass("member.change-roles", both), change(one, ["owner"]))
        )
        // A pass outlives what its holder was.
        let late = try scene.somebody(["owner"], in: north)
        let opened = try pass("member.change-roles", late)
        try set(late, "roles = '{admin}'")
        try must("change_roles", "who gives is who they are now", try isDenied(opened, change(one, ["owner"])))
        try set(late, "since = now() - interval '2 days', until = now() - interval '1 day', roles = '{owner}'")
        try must("acting_member", "whoever left gives nothing", try isDenied(opened, change(one, ["member"])))
    }

    private func keepingAnOwner() throws {
        let owners: SQL = "organization_id = \(north.organization) and 'owner' = any (roles)"
        try scene.admin.query(
            "update care.membership set roles = '{caregiver}' where \(owners) and account_id <> \(north.keeper.account)"
        )
        let changing = try pass("member.change-roles")
        let demotion = change(north.keeper, ["caregiver"])
        try must("require_owner", "the last owner stays", try failure(changing, demotion) == "23514")
        let second = try scene.somebody(["owner"], in: north)
        try set(second, "since = 'infinity'")
        try must("require_owner", "one who has not joined is none", try failure(changing, demotion) == "23514")
        try set(second, "since = now() - interval '1 day', until = now() + interval '1 day'")
        try must("require_owner", "nor one who is to leave", try failure(changing, demotion) == "23514")
        try set(second, "until = null")
        try must("require_owner", "with another one they may", try failure(changing, demotion) == nil)
        try scene.admin.query(
            """
            update care.membership set roles = '{owner,caregiver}'
             where organization_id = \(north.organization) and account_id = \(north.keeper.account)
            """
        )
    }

    private func makingRoles() throws {
        let (making, listing) = (try pass("role.make"), try pass("member.list"))
        try must("make_role", "not without a pass", try isDenied(nil, make("front desk", ["record.read"])))
        try must("make_role", "not by a pass that lists", try isDenied(listing, make("front desk", ["record.read"])))
        try must("make_role", "by one that makes", try failure(making, make("front desk", ["record.read"])) == nil)
        // As if their own role had not got it yet.
        try scene.admin.query("begin")
        try scene.admin.query("set local session_replication_role = replica")
        try set(north.keeper, "permits = '{}'")
        try scene.admin.query("commit")
        try must("make_role", "owners permit what they lack", try failure(making, make("ward", ["record.read"])) == nil)
        try set(north.keeper, "permits = '{}'")
        try must("keep_permits", "kept anew", try permits(of: north.keeper).contains("record.read"))
        try must("role", "no two of a name", try failure(making, make("front desk", ["record.read"])) == "23505")
        for name in [
            "owner", "privacy officer", "Front", "x", " desk", "a  b", "desk!", String(repeating: "a", count: 41),
        ] {
            try must(
                "role",
                "its name is plain and its own",
                try failure(making, make(name, ["record.read"])) == "23514"
            )
        }
        for permissions in [["record.steal"], ["journal.read"], ["record.read", "owner"], []] {
            try must(
                "make_role",
                "it permits what there is",
                try failure(making, make("night desk", permissions)) == "23514"
            )
        }
        let manager = try scene.somebody(["member"], in: north)
        let own = try hold(manager, ["role.administer", "member.read"])
        let byManager = try pass("role.make", manager)
        try must(
            "make_role",
            "nobody permits what they lack",
            try isDenied(byManager, make("night desk", ["record.read"]))
        )
        try must("make_role", "but what they have", try failure(byManager, make("night desk", ["member.read"])) == nil)
        let rows = try scene.admin.query(
            "select permissions from care.role where organization_id = \(north.organization) and name = 'night desk'"
        )
        try must("make_role", "as asked", try rows.map { try $0.decode([String].self, at: 0) } == [["member.read"]])
        let offered = "select count(*) from care.roles_offered() where name = 'owner'" as SQL
        try must("roles_offered", "not without a pass", try isDenied(nil, offered))
        try must("roles_offered", "not by a pass that reads records", try isDenied(pass("record.read"), offered))
        try must("roles_offered", "once each", try answer(Int64.self, byManager, offered) == 1)
        try byWhoChangesRoles(manager, own)
    }

    private func byWhoChangesRoles(_ manager: Someone, _ own: UUID) throws {
        let plain = try makeRole(["member.read"])
        let (more, owners) = (try makeRole(["member.read", "record.read"]), try makeRole(["member.read"]))
        try scene.admin.query(
            """
            update care.membership set custom_roles = \([owners])
             where organization_id = \(north.organization) and account_id = \(north.keeper.account)
            """
        )
        for (act, function, statement) in [
            ("role.change", "change_role", { (role: UUID) in self.change(role, ["member.read"]) }),
            ("role.end", "end_role", { (role: UUID) in "select care.end_role(\(role))" as SQL }),
        ] {
            let given = try pass(act, manager)
            try must(function, "not without a pass", try isDenied(nil, statement(plain)))
            try must(function, "not by a pass that lists", try isDenied(pass("member.list"), statement(plain)))
            try must(function, "no role of elsewhere", try isDenied(pass(act), statement(south.role)))
            try must(function, "nobody their own role", try isDenied(given, statement(own)))
            try must(function, "none that permits more", try isDenied(given, statement(more)))
            try must(function, "none that an owner has", try isDenied(given, statement(owners)))
            try must(function, "another one", try failure(given, statement(plain)) == nil)
        }
        let changing = try pass("role.change", manager)
        let another = try makeRole(["member.read"])
        try must("change_role", "to what is theirs", try isDenied(changing, change(another, ["record.read"])))
        try must(
            "change_role",
            "to what there is",
            try failure(pass("role.change"), change(another, ["x.y"])) == "23514"
        )
        try must("end_role", "not twice", try isDenied(pass("role.end"), "select care.end_role(\(plain))"))
        try scene.admin.query(
            """
            update care.membership set custom_roles = '{}'
             where organization_id = \(north.organization) and account_id = \(north.keeper.account)
            """
        )
    }

    /// What somebody is permitted follows what their roles permit, whoever changes these.
    private func changingRoles() throws {
        let (one, two) = (try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north))
        let role = try hold(one, ["record.read"])
        try hold(two, ["record.read"])
        try grant("listing, as the role permits", asks("patient.list", one))
        let changed = try failure(pass("role.change"), change(role, ["directory.read"]))
        try must(
            "keep_permits_of_members",
            "it follows a change",
            try changed == nil && permits(of: one) == ["directory.read", "research.read"]
        )
        try refuse("listing, once the role does not permit it", asks("patient.list", one), as: "no permission")
        try must("keep_permits_of_members", "nobody else's", try permits(of: two) == ["record.read", "research.read"])
        let ended = try failure(pass("role.end"), "select care.end_role(\(role))")
        try must("keep_permits_of_members", "and an end", try ended == nil && permits(of: one) == ["research.read"])
        try set(two, "permits = '{member.administer}'")
        try must("keep_permits", "nobody writes it by hand", try permits(of: two) == ["record.read", "research.read"])
    }
}
