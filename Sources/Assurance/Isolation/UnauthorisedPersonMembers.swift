import FoundationEssentials
import Postgres
import Seals

/// Who is added, who joins, who sets a password, and by which links.
extension GateChecks {
    /// Somebody to be added.
    private struct Newcomer {
        var account = UUID()
        var token = Primitive.freshBytes(32)
        var roles = ["member"]
        let link = Primitive.freshBytes(32)

        var statement: SQL {
            "select care.add_member(\(account), \(token), '\\x00', '\\x00', \(roles), \(Primitive.sha256(link)))"
        }
    }

    private func links(of newcomer: Newcomer) throws -> Int {
        try scene.admin.query("select from care.link where secret_sha256 = \(Primitive.sha256(newcomer.link))").count
    }

    func members() throws {
        let adding = try grant("a pass to add members", asks("member.add"))
        let listing = try grant("a pass to list members", asks("member.list"))
        try must("add_member", "not without a pass", try isDenied(nil, Newcomer().statement))
        try must("add_member", "not by a pass that lists", try isDenied(listing, Newcomer().statement))
        let token = north.clinician.token
        let find: SQL = "select care.account_to_add(\(token))"
        try must("account_to_add", "not without a pass", try isDenied(nil, find))
        try must("account_to_add", "not by a pass that lists", try isDenied(listing, find))
        try must(
            "account_to_add",
            "by the one that adds",
            try answer(UUID?.self, adding, find) == north.clinician.account
        )
        let one = Newcomer()
        try must(
            "add_member",
            "somebody new has a link",
            try answer(String.self, adding, one.statement) == "set-password"
        )
        try must("admit", "the link is there", try links(of: one) == 1)
        try must("add_member", "nobody twice", try failure(adding, one.statement) == "23505")
        var owner = Newcomer()
        owner.roles = ["owner"]
        try must("add_member", "owners make owners", try answer(String.self, adding, owner.statement) == "set-password")
        let admin = try scene.somebody(["admin"], in: north)
        let byAdmin = try grant("an administrator's pass to add members", asks("member.add", admin))
        var second = Newcomer()
        second.roles = ["member", "owner"]
        try must("add_member", "administrators make no owners", try isDenied(byAdmin, second.statement))
        try must("add_member", "but members", try answer(String.self, byAdmin, Newcomer().statement) == "set-password")
        for role in ["auditor", "privacy-officer", "researcher"] {
            var watcher = Newcomer()
            watcher.roles = [role]
            try must("add_member", "nor one who may more: \(role)", try isDenied(byAdmin, watcher.statement))
        }
        let ownerElsewhere = try scene.somebody(["admin"], in: north, after: (south, ["owner"]))
        let byOwnerElsewhere = try grant("an owner elsewhere, to add members here", asks("member.add", ownerElsewhere))
        try must("add_member", "an owner elsewhere makes none here", try isDenied(byOwnerElsewhere, second.statement))
        try admitting(adding, pending: one)
    }

    private func admitting(_ adding: Scene.Opened, pending: Newcomer) throws {
        // An account is whoever's has its first link and its password. Elsewhere they belong when they say so.
        let southern = scene.open(scene.request("member.add", by: south.keeper, of: south, about: south.ada))
        var again = Newcomer()
        (again.account, again.token) = (pending.account, pending.token)
        try must("admit", "the same address elsewhere", try answer(String.self, southern, again.statement) == "join")
        try must("admit", "gets a link to join", try links(of: again) == 1)
        let rows = try scene.admin.query(
            "select organization_id, since = 'infinity' from care.membership where account_id = \(pending.account) order by since"
        )
        try must(
            "admit",
            "and is a member where the account was opened alone",
            try rows.map { try $0.decode(UUID.self, at: 0) } == [north.organization, south.organization]
                && rows.map { try $0.decode(Bool.self, at: 1) } == [false, true]
        )
        try joining(again, link: again.link)
        // An id and an address of different accounts.
        for (account, token) in [
            (south.other.account, Primitive.freshBytes(32)), (UUID(), south.clinician.token),
            (south.other.account, south.clinician.token),
        ] {
            var mixed = Newcomer()
            (mixed.account, mixed.token) = (account, token)
            try must("admit", "id and address are of one account", try failure(adding, mixed.statement) == "23505")
        }
    }

    /// `join_organization`: the link and the account's password, together.
    private func joining(_ guest: Newcomer, link: [UInt8]) throws {
        let (salt, other) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try scene.admin.query(
            "update care.account set password_hash = \(Scene.hash) where id = \(guest.account)"
        )
        try scene.admin.query(
            """
            insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
            values (\(south.organization), \(guest.account), 'set-password', \(Primitive.sha256(other)),
                    clock_timestamp() + interval '10 minutes')
            """
        )
        let join = { (organization: UUID, link: [UInt8], token: [UInt8], hash: String) in
            try answer(
                Bool.self,
                nil,
                "select care.join_organization(\(organization), \(link), \(token), \(hash), 1, \(salt), '\\x00')"
            )
        }
        let hash = Scene.hash
        let refused: [(String, () throws -> Bool?)] = [
            ("not by an unknown link", { try join(south.organization, Primitive.freshBytes(32), guest.token, hash) }),
            ("not in another organisation", { try join(north.organization, link, guest.token, hash) }),
            ("not by another's address", { try join(south.organization, link, south.keeper.token, hash) }),
            ("not with another password", { try join(south.organization, link, guest.token, hash + "x") }),
            ("not by a link to set a password", { try join(south.organization, other, guest.token, hash) }),
            (
                "not after its end",
                {
                    try scene.later(by: .seconds(7 * 86_400 + 10)) {
                        try join(south.organization, link, guest.token, hash)
                    }
                }
            ),
            (
                "not with a closed account",
                {
                    let account = guest.account
                    try scene.admin.query("update care.account set closed_at = now() where id = \(account)")
                    // What failed is already on its way.
                    defer {
                        _ = try? scene.admin.query("update care.account set closed_at = null where id = \(account)")
                    }
                    return try join(south.organization, link, guest.token, hash)
                }
            ),
        ]
        for (rule, attempt) in refused { try must("join_organization", rule, try attempt() == false) }
        try must(
            "join_organization",
            "what is refused is written down",
            try entries(salt).map(\.refusal) == Array(repeating: "no such link", count: refused.count)
        )
        let use: SQL = "select care.use_link(\(south.organization), \(link), \(hash), 1, \(salt), '\\x00')"
        try must("use_link", "not by a link to join", try answer(Bool.self, nil, use) == false)
        let purpose = { (organization: UUID, link: [UInt8]) in
            try answer(String?.self, nil, "select purpose from care.link_of(\(organization), \(link))").flatMap(\.self)
        }
        try must("link_of", "says what it is for", try purpose(south.organization, link) == "join")
        try must("link_of", "of its organisation alone", try purpose(north.organization, link) == nil)
        let unknown = Primitive.freshBytes(32)
        try must("link_of", "nothing of an unknown one", try purpose(south.organization, unknown) == nil)
        try scene.later(by: .seconds(7 * 86_400 + 10)) {
            try must("link_of", "nothing after its end", try purpose(south.organization, link) == nil)
        }
        // Others who have not joined: somebody else here, and the guest elsewhere.
        let (elsewhere, stranger) = (UUID(), try scene.somebody(["member"], in: south))
        try scene.admin.query(
            """
            insert into care.organization (organization_id, profile, country, sealed_name)
            values (\(elsewhere), 'clinic', 'GB', '\\x00')
            """
        )
        try scene.admin.query(
            """
            insert into care.membership (organization_id, account_id, roles, sealed_name, since)
            values (\(elsewhere), \(guest.account), '{member}', '\\x00', 'infinity')
            """
        )
        try scene.admin.query(
            """
            update care.membership set since = 'infinity'
             where organization_id = \(south.organization) and account_id = \(stranger.account)
            """
        )
        let others = try scene.admin.query("select count(*) from care.membership where since <= now()")[0]
            .decode(Int64.self, at: 0)
        try must("join_organization", "joins", try join(south.organization, link, guest.token, hash) == true)
        try must("link_of", "nothing of a used one", try purpose(south.organization, link) == nil)
        try must("join_organization", "not twice", try join(south.organization, link, guest.token, hash) == false)
        let now = try scene.admin.query(
            """
            select (select count(*) from care.membership where since <= now()),
                   (select since <= now() from care.membership
                     where organization_id = \(south.organization) and account_id = \(guest.account))
            """
        )[0]
        try must(
            "join_organization",
            "begins one membership",
            try now.decode(Int64.self, at: 0) == others + 1 && now.decode(Bool.self, at: 1)
        )
        let granted = try entries(salt).filter(\.granted)
        try must(
            "join_organization",
            "what is granted is written down",
            granted.count == 1 && granted[0].organization == south.organization
                && granted[0].account == guest.account && granted[0].act == "member.join"
        )
    }

    /// The operator's act on the host, as whom the superuser stands here.
    func founding() throws {
        let (organization, owner, salt) = (UUID(), Newcomer(), Primitive.freshBytes(32))
        let rows = try scene.admin.query(
            """
            select care.found_organization(
                \(organization), 'family', 'GB', 'UTC', '\\x00', \(owner.account), \(owner.token), '\\x00', '\\x00',
                '{owner}', \(Primitive.sha256(owner.link)), 1, \(salt), '\\x00')
            """
        )
        let kept = try scene.admin.query(
            """
            select from care.organization o join care.membership m using (organization_id)
             where o.organization_id = \(organization) and m.account_id = \(owner.account) and m.roles = '{owner}'
            """
        )
        let entries = try entries(salt)
        try must(
            "found_organization",
            "founds, with an owner, a link and an entry",
            try rows[0].decode(String.self, at: 0) == "set-password" && kept.count == 1 && links(of: owner) == 1
                && entries.map(\.act) == ["organization.found"] && entries[0].organization == organization
        )
    }

    /// The operator's other act on the host: a new link, which ends those before it.
    func renewing() throws {
        let (one, other) = (try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north))
        let (old, new, others) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        let (elsewhere, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try scene.join(one, ["member"], to: south)
        for (house, account, secret) in [
            (north, one.account, old), (north, other.account, others), (south, one.account, elsewhere),
        ] {
            try scene.admin.query(
                """
                insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
                values (\(house.organization), \(account), 'set-password', \(Primitive.sha256(secret)),
                        clock_timestamp() + interval '10 minutes')
                """
            )
        }
        let renew = { (organization: UUID, secret: [UInt8]) in
            try scene.admin.query(
                """
                select care.renew_link(\(organization), \(one.account), \(Primitive.sha256(secret)), 1, \(salt), '\\x00')
                """
            )[0].decode(String?.self, at: 0)
        }
        try must("renew_link", "not where they do not belong", try renew(UUID(), Primitive.freshBytes(32)) == nil)
        try must("renew_link", "to set a password", try renew(north.organization, new) == "set-password")
        let open = try scene.admin.query(
            """
            select secret_sha256 from care.link where account_id in (\(one.account), \(other.account))
               and used_at is null and until between clock_timestamp() and clock_timestamp() + interval '7 days'
            """
        ).map { try $0.decode([UInt8].self, at: 0) }
        try must(
            "renew_link",
            "their links before it end, and no others",
            Set(open) == [Primitive.sha256(new), Primitive.sha256(others), Primitive.sha256(elsewhere)]
        )
        let written = try entries(salt)
        try must(
            "renew_link",
            "it is written down",
            written.map(\.act) == ["link.renew"] && written[0].organization == north.organization
                && written[0].account == one.account && written[0].granted
        )
        let membership: SQL = "organization_id = \(north.organization) and account_id = \(one.account)"
        try scene.admin.query("update care.membership set since = 'infinity' where \(membership)")
        try must(
            "renew_link",
            "to join, before they did",
            try renew(north.organization, Primitive.freshBytes(32)) == "join"
        )
        try scene.admin.query(
            "update care.membership set since = now() - interval '2 days', until = now() - interval '1 day' where \(membership)"
        )
        try must(
            "renew_link",
            "not for those who left",
            try renew(north.organization, Primitive.freshBytes(32)) == nil
        )
    }

    /// `use_link`.
    func links() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let link = Primitive.freshBytes(32)
        try scene.admin.query(
            """
            insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
            values (\(north.organization), \(one.account), 'set-password', \(Primitive.sha256(link)),
                    clock_timestamp() + interval '10 minutes')
            """
        )
        let new = Scene.hash.replacing("s", with: "n")
        let salt = Primitive.freshBytes(32)
        let use = { (organization: UUID, secret: [UInt8]) in
            try answer(Bool.self, nil, "select care.use_link(\(organization), \(secret), \(new), 1, \(salt), '\\x00')")
        }
        try must("use_link", "not an unknown one", try use(north.organization, Primitive.freshBytes(32)) == false)
        try must("use_link", "not in another organisation", try use(south.organization, link) == false)
        try scene.later(by: .seconds(610)) {
            try must("use_link", "not after its end", try use(north.organization, link) == false)
        }
        let refused = try entries(salt)
        try must(
            "use_link",
            "what is refused is written down",
            refused.map(\.refusal) == Array(repeating: "no such link", count: 3)
                && refused.allSatisfy { $0.act == "password.set" && $0.organization == .nobody }
        )
        try scene.later(by: .seconds(590)) {
            try must("use_link", "before its end", try use(north.organization, link) == true)
        }
        try must("use_link", "not twice", try use(north.organization, link) == false)
        let granted = try entries(salt).filter(\.granted)
        try must(
            "use_link",
            "what is granted is written down",
            granted.count == 1 && granted[0].organization == north.organization && granted[0].account == one.account
        )
        let holders = try scene.admin.query("select id from care.account where password_hash = \(new)")
        try must(
            "use_link",
            "sets its account's password alone",
            try holders.map { try $0.decode(UUID.self, at: 0) } == [one.account]
        )
        let open = { (account: UUID) in
            try scene.admin.query("select from care.session where account_id = \(account) and ended_at is null").count
        }
        try must("use_link", "ends its account's sessions", try open(one.account) == 0)
        try must("use_link", "and no others", try open(north.keeper.account) == 2)
    }
}
