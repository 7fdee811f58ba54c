import FoundationEssentials
import Postgres
import Seals

/// Passwords and addresses that people change: by whom, with what shown, and what ends with it.
extension GateChecks {
    func changingAccounts() throws {
        try ownAccounts()
        try changingPasswords()
        try tellingOfLinks()
        try askingForLinks()
        try askingForAddresses()
        try changingAddresses()
        try waysIn()
    }

    var other: String { Scene.hash.replacing("s", with: "o") }

    func setPageSession(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.session set \(assignment)
             where account_id = \(someone.account) and secret_sha256 = \(Primitive.sha256(someone.pageSession))
            """
        )
    }

    private func hash(of someone: Someone) throws -> String? {
        try scene.admin.query("select password_hash from care.account where id = \(someone.account)")[0]
            .decode(String?.self, at: 0)
    }

    private func letters(_ template: String, to account: UUID) throws -> Int {
        try scene.admin.query("select from care.letter where template = \(template) and account_id = \(account)").count
    }

    // MARK: Whose it is

    private func ownAccounts() throws {
        let one = try scene.somebody(["member"], in: north)
        let own = { (organization: UUID, session: [UInt8]) in
            try answer(UUID?.self, nil, "select account from care.own_account(\(organization), \(session))") ?? nil
        }
        let mine = { try own(north.organization, one.pageSession) }
        try must("own_account", "one's own", try mine() == one.account)
        try must("live_session", "not by another secret", try own(north.organization, Primitive.freshBytes(32)) == nil)
        try must("live_session", "not in another organisation", try own(south.organization, one.pageSession) == nil)
        try must("live_session", "not by the API's session", try own(north.organization, one.session) == nil)
        try scene.later(by: .seconds(3_590)) {
            try must("live_session", "before it is idle", try mine() == one.account)
        }
        try scene.later(by: .seconds(3_610)) { try must("live_session", "not when idle", try mine() == nil) }
        try setPageSession(one, "idle = interval '2 days'")
        try scene.later(by: .seconds(86_410)) { try must("live_session", "not after its end", try mine() == nil) }
        try setPageSession(one, "ended_at = clock_timestamp()")
        try must("live_session", "not when it was ended", try mine() == nil)
        try setPageSession(one, "ended_at = null")
        try setMembership(one, "until = clock_timestamp() + interval '10 minutes'")
        try scene.later(by: .seconds(610)) { try must("live_session", "not after the membership", try mine() == nil) }
        try setMembership(one, "until = null, since = clock_timestamp() + interval '10 minutes'")
        try must("live_session", "not before the membership", try mine() == nil)
        try setMembership(one, "since = clock_timestamp() - interval '10 minutes'")
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(one.account)")
        try must("own_account", "not of a closed account", try mine() == nil)
    }

    func behind(_ organization: UUID, _ link: [UInt8]) throws -> UUID? {
        try answer(UUID?.self, nil, "select account from care.account_of_link(\(organization), \(link))") ?? nil
    }

    // MARK: Passwords

    private func changingPasswords() throws {
        let (one, bystander) = (try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north))
        let (link, theirs, join) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        for (account, secret, purpose) in [
            (one.account, link, "set-password"), (bystander.account, theirs, "set-password"),
            (one.account, join, "join"),
        ] {
            try scene.admin.query(
                """
                insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
                values (\(north.organization), \(account), \(purpose), \(Primitive.sha256(secret)),
                        clock_timestamp() + interval '10 minutes')
                """
            )
        }
        try linksNameAccounts(one, link, join)
        let (letter, new, salt) = (UUID(), other, Primitive.freshBytes(32))
        let change = { (session: [UInt8], old: String?, salt: [UInt8]) in
            try answer(
                Int32.self,
                nil,
                """
                select care.change_password(\(north.organization), \(session), \(old), \(new), \(letter), '\\x01', 1, \(salt), '\\x00')
                """
            )
        }
        let refused = Primitive.freshBytes(32)
        try must("change_password", "not with another old one", try change(one.pageSession, new, refused) == 2)
        let entry = try entries(refused)
        try must(
            "change_password",
            "an entry says so",
            entry.map(\.act) == ["password.change"] && entry[0].refusal == "wrong password"
                && entry[0].account == one.account
        )
        try must("change_password", "not with none", try change(one.pageSession, nil, refused) == 2)
        try must("change_password", "not with another's session", try change(one.session, Scene.hash, refused) == 1)
        try must("change_password", "it is as it was", try hash(of: one) == Scene.hash)
        try must("change_password", "nobody is told", try letters("password-changed", to: one.account) == 0)
        try must("change_password", "with the old one", try change(one.pageSession, Scene.hash, salt) == 0)
        try must("change_password", "it is another", try hash(of: one) == new)
        try must("change_password", "of no other account", try hash(of: bystander) == Scene.hash)
        let alive = try scene.admin.query(
            """
            select secret_sha256 from care.session where account_id in (\(one.account), \(bystander.account)) and ended_at is null
            """
        ).map { try $0.decode([UInt8].self, at: 0) }
        try must(
            "change_password",
            "other sessions of theirs end, and no others",
            Set(alive) == Set([one.pageSession, bystander.pageSession, bystander.session].map(Primitive.sha256))
        )
        try must("change_password", "their links end", try behind(north.organization, link) == nil)
        try must("change_password", "no others do", try behind(north.organization, theirs) == bystander.account)
        let joins = try scene.admin.query(
            "select from care.link where secret_sha256 = \(Primitive.sha256(join)) and used_at is null"
        )
        try must("change_password", "nor those that join", joins.count == 1)
        try must("tell_account", "they are told", try letters("password-changed", to: one.account) == 1)
        let written = try entries(salt)
        try must(
            "change_password",
            "it is written down",
            written.map(\.act) == ["password.change"] && written[0].granted && written[0].account == one.account
        )
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(one.account)")
        try must("change_password", "not of a closed account", try change(one.pageSession, new, refused) == 2)
    }

    /// `account_of_link`.
    private func linksNameAccounts(_ one: Someone, _ link: [UInt8], _ join: [UInt8]) throws {
        try must("account_of_link", "whom it is for", try behind(north.organization, link) == one.account)
        try must("account_of_link", "not by another", try behind(north.organization, Primitive.freshBytes(32)) == nil)
        try must("account_of_link", "not in another organisation", try behind(south.organization, link) == nil)
        try must("account_of_link", "not by one to join", try behind(north.organization, join) == nil)
        try scene.later(by: .seconds(610)) {
            try must("account_of_link", "not after its end", try behind(north.organization, link) == nil)
        }
        let used: SQL = "where secret_sha256 = \(Primitive.sha256(link))"
        try scene.admin.query("update care.link set used_at = clock_timestamp() \(used)")
        try must("account_of_link", "not when it is used", try behind(north.organization, link) == nil)
        try scene.admin.query("update care.link set used_at = null \(used)")
    }

    /// `tell_of_link`: for a link that the same transaction uses.
    private func tellingOfLinks() throws {
        let one = try scene.somebody(["member"], in: north)
        let link = Primitive.freshBytes(32)
        try scene.admin.query(
            """
            insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
            values (\(north.organization), \(one.account), 'set-password', \(Primitive.sha256(link)),
                    clock_timestamp() + interval '10 minutes')
            """
        )
        let tell: SQL = "select care.tell_of_link(\(north.organization), \(link), \(UUID()), '\\x01')"
        _ = try failure(nil, tell)
        try must(
            "tell_of_link",
            "not of a link that nobody uses",
            try letters("password-changed", to: one.account) == 0
        )
        let (account, fresh) = (UUID(), Primitive.freshBytes(32))
        _ = try inOneTransaction([
            addMember(account, Primitive.freshBytes(32), fresh),
            "select care.tell_of_link(\(north.organization), \(fresh), \(UUID()), '\\x01')",
        ])
        try must("tell_of_link", "not of one that is made here", try letters("password-changed", to: account) == 0)
        try scene.server.query("begin")
        try scene.server.query(
            """
            select care.use_link(\(north.organization), \(link), \(Scene.hash), 1, \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        for (organization, secret) in [(south.organization, link), (north.organization, Primitive.freshBytes(32))] {
            try scene.server.query("select care.tell_of_link(\(organization), \(secret), \(UUID()), '\\x01')")
        }
        try scene.server.query(tell)
        try scene.server.query("commit")
        try must("tell_of_link", "of the one used here", try letters("password-changed", to: one.account) == 1)
        _ = try failure(nil, "select care.tell_of_link(\(north.organization), \(link), \(UUID()), '\\x01')")
        try must("tell_of_link", "not afterwards", try letters("password-changed", to: one.account) == 1)
    }

    // MARK: The way back in

    private func ask(_ token: [UInt8], _ link: [UInt8], salt: [UInt8] = Primitive.freshBytes(32)) -> SQL {
        "select care.ask_for_link(\(token), \(UUID()), '\\x01', \(Primitive.sha256(link)), 1, \(salt), '\\x00')"
    }

    /// What comes of the letter that waits, once its job is held: the organisation of the link.
    private func send() throws -> UUID? {
        do {
            return try scene.server.query(
                """
                select o.link_organization from care.take_job('{mail.send}') j,
                       lateral (select * from care.open_letter(j.organization, j.job, j.fence)) o
                """
            )[0].decode(UUID?.self, at: 0)
        } catch { return nil }
    }

    private func askingForLinks() throws {
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
        let (one, link) = (try scene.somebody(["member"], in: north), Primitive.freshBytes(32))
        try must("mail_links", "is not the server's", try isDenied(nil, "select care.mail_links(true)"))
        try must("ask_for_link", "not where links are not mailed", try isDenied(nil, ask(one.token, link)))
        try scene.admin.query("select care.mail_links(true)")
        defer { _ = try? scene.admin.query("select care.mail_links(false)") }  // the store is a copy
        let salt = Primitive.freshBytes(32)
        try must("ask_for_link", "where they are", try failure(nil, ask(one.token, link, salt: salt)) == nil)
        let entry = try entries(salt)
        try must(
            "ask_for_link",
            "an entry says so, and not for whom",
            entry.map(\.act) == ["link.ask"] && entry[0].granted && entry[0].account == nil
        )
        try must("ask_for_link", "no link yet", try behind(north.organization, link) == nil)
        try must("link_for_letter", "in their organisation", try send() == north.organization)
        try must("link_for_letter", "for the account", try behind(north.organization, link) == one.account)
        let half = try scene.admin.query(
            """
            select from care.link where secret_sha256 = \(Primitive.sha256(link))
               and until between clock_timestamp() + interval '29 minutes' and clock_timestamp() + interval '30 minutes'
            """
        )
        try must("link_for_letter", "for half an hour", half.count == 1)
        for way in [Primitive.freshBytes(32), Primitive.freshBytes(32)] {
            _ = try failure(nil, ask(one.token, way))
            try must("link_for_letter", "a second and a third", try send() == north.organization)
        }
        let fourth = Primitive.freshBytes(32)
        _ = try failure(nil, ask(one.token, fourth))
        try must("link_for_letter", "no fourth within an hour", try send() == nil)
        try must("link_for_letter", "and no link", try behind(north.organization, fourth) == nil)
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
        try scene.later(by: .seconds(3_700)) {
            _ = try failure(nil, ask(one.token, Primitive.freshBytes(32)))
            try must("link_for_letter", "an hour later again", try send() == north.organization)
        }
        try refusedLinks()
    }

    private func refusedLinks() throws {
        let nobody = Primitive.freshBytes(32)
        _ = try failure(nil, ask(Primitive.freshBytes(32), nobody))
        try must("link_for_letter", "not to an address that nobody has", try send() == nil)
        let links = try scene.admin.query("select from care.link where secret_sha256 = \(Primitive.sha256(nobody))")
        try must("link_for_letter", "there is no such link", links.isEmpty)
        for (why, change) in [
            (
                "who left",
                "until = clock_timestamp() - interval '1 second', since = clock_timestamp() - interval '1 day'"
            ),
            ("who has not joined", "since = 'infinity'"),
        ] as [(String, SQL)] {
            let one = try scene.somebody(["member"], in: north)
            try setMembership(one, change)
            _ = try failure(nil, ask(one.token, Primitive.freshBytes(32)))
            try must("link_for_letter", "not to somebody \(why)", try send() == nil)
        }
        let closed = try scene.somebody(["member"], in: north)
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(closed.account)")
        _ = try failure(nil, ask(closed.token, Primitive.freshBytes(32)))
        try must("link_for_letter", "not to a closed account", try send() == nil)
        let made = try scene.admin.query("select from care.link where account_id = \(closed.account)")
        try must("link_for_letter", "and none is made", made.isEmpty)
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
        let again = try scene.somebody(["member"], in: south)
        let link = Primitive.freshBytes(32)
        _ = try failure(nil, ask(again.token, link))
        for _ in 1...2 {
            try must("link_for_letter", "the same link in each attempt", try send() == south.organization)
            try scene.admin.query("update care.job set leased_until = null where kind = 'mail.send'")
        }
        try must("link_for_letter", "it is theirs", try behind(south.organization, link) == again.account)
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
    }

    // MARK: Addresses

    func askForAddress(
        _ someone: Someone,
        _ token: [UInt8],
        _ link: [UInt8],
        hash: String? = Scene.hash,
        session: [UInt8]? = nil,
        salt: [UInt8] = Primitive.freshBytes(32)
    ) throws -> Int32? {
        try answer(
            Int32.self,
            nil,
            """
            select care.ask_for_address(
                \(north.organization), \(session ?? someone.pageSession), \(hash), \(token), '\\x0909',
                \(Primitive.sha256(link)), \(UUID()), '\\x01', 1, \(salt), '\\x00')
            """
        )
    }

    func works(_ link: [UInt8]) throws -> Bool {
        try answer(Bool.self, nil, "select care.address_link_works(\(link))") == true
    }

    private func askingForAddresses() throws {
        let (one, token) = (try scene.somebody(["member"], in: north), Primitive.freshBytes(32))
        let (link, second, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        try must(
            "ask_for_address",
            "not with another password",
            try askForAddress(one, token, link, hash: other) == 2
        )
        try must("ask_for_address", "not with none", try askForAddress(one, token, link, hash: nil) == 2)
        try must(
            "ask_for_address",
            "not without a session",
            try askForAddress(one, token, link, session: one.session) == 1
        )
        try must("ask_for_address", "there is no link", try !works(link))
        try must("ask_for_address", "and no letter", try letters("verify-address", to: one.account) == 0)
        try must("ask_for_address", "with the password", try askForAddress(one, token, link, salt: salt) == 0)
        let entry = try entries(salt)
        try must("ask_for_address", "it is written down", entry.map(\.act) == ["address.ask"] && entry[0].granted)
        let sent = try scene.admin.query(
            "select from care.letter where template = 'verify-address' and account_id = \(one.account) and sealed_address = '\\x0909'"
        )
        try must("ask_for_address", "a letter to the new address", sent.count == 1)
        try must("address_link_works", "its link", try works(link))
        try must("address_link_works", "no other", try !works(Primitive.freshBytes(32)))
        try scene.later(by: .seconds(86_410)) { try must("address_link_works", "for a day", try !works(link)) }
        _ = try askForAddress(one, token, second)
        try must("ask_for_address", "the last one counts", try !works(link) && works(second))
        let address = try scene.admin.query("select sign_in_token from care.account where id = \(one.account)")[0]
        try must("ask_for_address", "nothing has changed", try address.decode([UInt8].self, at: 0) == one.token)
    }

    func changeAddress(_ link: [UInt8], salt: [UInt8] = Primitive.freshBytes(32)) throws -> Bool? {
        try answer(Bool.self, nil, "select care.change_address(\(link), \(UUID()), '\\x01', 1, \(salt), '\\x00')")
    }

    private func changingAddresses() throws {
        let (one, token) = (try scene.somebody(["member"], in: north), Primitive.freshBytes(32))
        let (link, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        _ = try askForAddress(one, token, link)
        try must("change_address", "not by another link", try changeAddress(Primitive.freshBytes(32)) == false)
        try must("change_address", "by the link", try changeAddress(link, salt: salt) == true)
        let changed = try scene.admin.query(
            "select id from care.account where sign_in_token = \(token) and sealed_address = '\\x0909'"
        ).map { try $0.decode(UUID.self, at: 0) }
        try must("change_address", "theirs alone", changed == [one.account])
        let told = try scene.admin.query(
            "select from care.letter where template = 'address-changed' and account_id = \(one.account) and sealed_address = '\\x00'"
        )
        try must("change_address", "the old address is told", told.count == 1)
        let entry = try entries(salt)
        try must("change_address", "it is written down", entry.map(\.act) == ["address.change"] && entry[0].granted)
        try must("change_address", "once", try changeAddress(link) == false)
        let late = Primitive.freshBytes(32)
        _ = try askForAddress(one, Primitive.freshBytes(32), late)
        try scene.later(by: .seconds(86_410)) {
            try must("change_address", "not too late", try changeAddress(late) == false)
        }
        let (taken, refused) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        _ = try askForAddress(one, north.other.token, taken)
        try must("change_address", "not to somebody else's", try changeAddress(taken, salt: refused) == false)
        try must("change_address", "an entry says so", try entries(refused).map(\.refusal) == ["no such link"])
        let closing = Primitive.freshBytes(32)
        _ = try askForAddress(one, Primitive.freshBytes(32), closing)
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(one.account)")
        try must("change_address", "not of a closed account", try changeAddress(closing) == false)
    }
}
