import FoundationEssentials
import Postgres
import Seals

/// Signing in at providers: each condition under which somebody who came back from one is let in, and to where.
extension GateChecks {
    func providers() throws {
        let here = try Visits(self, of: north.organization, admits: ["clinician", "staff"])
        let everybody = try Visits(self, of: UUID.nobody, admits: [])
        try flows(here)
        try knownIdentities(here)
        try providersAndSecondFactors(here)
        try whereTo(here, everybody)
        try invited(here)
        try madeMembers(here, everybody)
        try linking(here, everybody)
        try signingOut(here)
        try byProviderOnly(here, everybody)
        try ending(here)
        try unlinking()
        try scene.admin.query("delete from care.identity")
        try scene.admin.query("delete from care.sign_in_flow")
        try scene.admin.query("delete from care.provider")
    }

    /// One provider, and what is done at it.
    struct Visits {
        let checks: GateChecks
        let organization: UUID
        let provider = UUID()

        init(_ checks: GateChecks, of organization: UUID, admits: [String]) throws {
            self.checks = checks
            self.organization = organization
            try checks.scene.admin.query(
                """
                select care.set_provider(
                    \(organization), \(provider), '\\x01', \(admits), 1, \(Primitive.freshBytes(32)), '\\x00')
                """
            )
        }

        func begin(_ secret: [UInt8]) throws -> Int32? {
            try checks.answer(Int32.self, nil, "select care.begin_flow(\(provider), \(Primitive.sha256(secret)))")
        }

        func comeBack(_ secret: [UInt8]) throws -> Bool? {
            try checks.answer(Bool.self, nil, "select care.return_flow(\(provider), \(Primitive.sha256(secret)))")
        }

        /// A visit from which somebody has returned.
        func returned() throws -> [UInt8] {
            let secret = Primitive.freshBytes(32)
            _ = try begin(secret)
            _ = try comeBack(secret)
            return secret
        }

        /// What came of an attempt to sign in.
        struct Outcome {
            let code: Int32
            let organization: UUID?
            let entries: [Entry]
            let sessions: Int

            /// Whether it was refused for this reason: no session, and an entry that says so.
            func isRefused(_ code: Int32, _ reason: String) -> Bool {
                self.code == code && organization == nil && sessions == 0 && entries.last?.act == "session.begin"
                    && entries.allSatisfy { $0.act != "session.begin" || $0.refusal == reason }
            }

            func isIn(_ house: House, _ acts: [String] = ["session.begin"]) -> Bool {
                code == 0 && organization == house.organization && sessions == 1
                    && entries.allSatisfy { $0.granted && $0.organization == house.organization }
                    && entries.map(\.act).sorted() == acts
            }
        }

        /// Somebody who came back as a subject.
        struct Comer {
            var secret: [UInt8]
            var subject: [UInt8]
            var sid: [UInt8]?
            var address: [UInt8]?
            var claimed: [String] = []
            var account = UUID()
            var lasting: Int32 = 1
            var session = Primitive.freshBytes(32)
        }

        func signIn(_ comer: Comer) throws -> Outcome {
            let salt = Primitive.freshBytes(32)
            let row = try checks.scene.server.query(
                """
                select outcome, organization from care.begin_federated_session(
                    \(provider), \(Primitive.sha256(comer.secret)), \(comer.subject), \(comer.sid), \(comer.address),
                    \(comer.claimed), \(comer.account), '\\x02', '\\x03', \(Primitive.sha256(comer.session)),
                    interval '1 hour', make_interval(days => \(comer.lasting)), 1, \(salt), '\\x00')
                """
            )[0]
            let sessions = try checks.scene.admin.query(
                "select from care.session where secret_sha256 = \(Primitive.sha256(comer.session)) and used_as = 'page'"
            )
            return Outcome(
                code: try row.decode(Int32.self, at: 0),
                organization: try row.decode(UUID?.self, at: 1),
                entries: try checks.entries(salt),
                sessions: sessions.count
            )
        }

        /// Somebody who comes back from a new visit.
        func signIn(as subject: [UInt8], address: [UInt8]? = nil, claiming claimed: [String] = []) throws -> Outcome {
            try signIn(Comer(secret: returned(), subject: subject, address: address, claimed: claimed))
        }

        /// As if it had been linked before.
        func know(_ someone: Someone, as subject: [UInt8]) throws {
            try checks.scene.admin.query(
                """
                insert into care.identity (organization_id, provider_id, subject_token, account_id, since)
                values (\(organization), \(provider), \(subject), \(someone.account), clock_timestamp())
                """
            )
        }

        /// A visit that waits for somebody to prove whose it is.
        func waiting(as subject: [UInt8]) throws -> [UInt8] {
            let secret = try returned()
            _ = try signIn(Comer(secret: secret, subject: subject))
            return secret
        }

        func link(_ secret: [UInt8], by session: [UInt8], in house: House, salt: [UInt8] = Primitive.freshBytes(32))
            throws
            -> Bool
        {
            try checks.answer(
                Bool.self,
                nil,
                """
                select care.link_identity(
                    \(house.organization), \(session), \(provider), \(Primitive.sha256(secret)), 1, \(salt), '\\x00')
                """
            ) ?? true  // an error is no refusal
        }

        func account(of subject: [UInt8]) throws -> UUID? {
            try checks.scene.admin.query(
                """
                select account_id from care.identity
                 where organization_id = \(organization) and provider_id = \(provider) and subject_token = \(subject)
                """
            ).first?.decode(UUID.self, at: 0)
        }
    }

    // MARK: Visits

    private func flows(_ here: Visits) throws {
        let secret = Primitive.freshBytes(32)
        try must("begin_flow", "begins", try here.begin(secret) == 0)
        let elsewhere = try answer(
            Bool.self,
            nil,
            "select care.return_flow(\(UUID()), \(Primitive.sha256(secret)))"
        )
        try must("return_flow", "not to another provider", elsewhere == false)
        try must("return_flow", "not by another secret", try here.comeBack(Primitive.freshBytes(32)) == false)
        try must("return_flow", "not by its hash", try here.comeBack(Primitive.sha256(secret)) == false)
        try scene.later(by: .seconds(610)) {
            try must("return_flow", "not after ten minutes", try here.comeBack(secret) == false)
        }
        try scene.later(by: .seconds(590)) {
            try must("return_flow", "before ten minutes", try here.comeBack(secret) == true)
        }
        try must("return_flow", "once", try here.comeBack(secret) == false)
        let nowhere = try answer(
            Int32.self,
            nil,
            "select care.begin_flow(\(UUID()), \(Primitive.freshBytes(32)))"
        )
        try must("begin_flow", "to a provider that is there", nowhere == 1)
        try manyFlows(here)
        let salt = Primitive.freshBytes(32)
        try scene.server.query("select care.refuse_flow(\(here.provider), 'wrong nonce', 1, \(salt), '\\x00')")
        let entries = try entries(salt)
        try must(
            "refuse_flow",
            "an entry says so",
            entries.count == 1 && entries[0].refusal == "wrong nonce" && entries[0].act == "session.begin"
                && entries[0].organization == north.organization && !entries[0].granted
        )
    }

    private func manyFlows(_ here: Visits) throws {
        let make = { (count: Int32, age: SQL) in
            try scene.admin.query(
                """
                insert into care.sign_in_flow (organization_id, provider_id, secret_sha256, until)
                select \(north.organization), \(here.provider), sha256(uuid_send(gen_random_uuid())),
                       clock_timestamp() + \(age)
                  from generate_series(1, \(count))
                """
            )
        }
        let count = { try scene.admin.query("select from care.sign_in_flow").count }
        try scene.admin.query("delete from care.sign_in_flow")
        _ = try make(3, "interval '-2 hours'")
        _ = try make(9_999, "interval '5 minutes'")
        try must("begin_flow", "while there are fewer than ten thousand", try here.begin(Primitive.freshBytes(32)) == 0)
        try must("begin_flow", "what is over is swept", try count() == 10_000)
        try must("begin_flow", "and no more", try here.begin(Primitive.freshBytes(32)) == 2)
        try scene.later(by: .seconds(700)) {
            try must("begin_flow", "when they are over again", try here.begin(Primitive.freshBytes(32)) == 0)
        }
        try scene.admin.query("delete from care.sign_in_flow")
    }

    // MARK: Who it is

    private func knownIdentities(_ here: Visits) throws {
        let (one, subject) = (try scene.somebody(["caregiver"], in: north), Primitive.freshBytes(32))
        try here.know(one, as: subject)
        try must("begin_federated_session", "by whom it is known", try here.signIn(as: subject).isIn(north))
        let gone = "no such visit to a provider"
        var comer = Visits.Comer(secret: try here.returned(), subject: subject)
        try must("begin_federated_session", "after a visit", try here.signIn(comer).isIn(north))
        comer.session = Primitive.freshBytes(32)
        try must("begin_federated_session", "once", try here.signIn(comer).isRefused(1, gone))
        let begun = Primitive.freshBytes(32)
        _ = try here.begin(begun)
        try must(
            "begin_federated_session",
            "not before somebody came back",
            try here.signIn(.init(secret: begun, subject: subject)).isRefused(1, gone)
        )
        let late = try here.returned()
        try must(
            "begin_federated_session",
            "not by another secret",
            try here.signIn(.init(secret: Primitive.freshBytes(32), subject: subject)).isRefused(1, gone)
        )
        let offered = try here.waiting(as: Primitive.freshBytes(32))
        try must(
            "begin_federated_session",
            "not by a visit that waits for somebody else's proof",
            try here.signIn(.init(secret: offered, subject: subject)).isRefused(1, gone)
        )
        try scene.later(by: .seconds(610)) {
            try must(
                "begin_federated_session",
                "not after ten minutes",
                try here.signIn(.init(secret: late, subject: subject)).isRefused(1, gone)
            )
        }
        let other = try Visits(self, of: north.organization, admits: [])
        try must(
            "begin_federated_session",
            "not by a visit to another provider",
            try other.signIn(.init(secret: here.returned(), subject: subject)).isRefused(1, gone)
        )
        try must(
            "begin_federated_session",
            "who is known at another provider is not known at this one",
            try other.signIn(as: subject).isRefused(2, "identity is not linked")
        )
        try must(
            "begin_federated_session",
            "not by another subject",
            try here.signIn(as: Primitive.freshBytes(32)).isRefused(2, "identity is not linked")
        )
        var long = Visits.Comer(secret: try here.returned(), subject: subject)
        long.lasting = 90
        _ = try here.signIn(long)
        let isShort = try scene.admin.query(
            """
            select until <= created_at + interval '30 days' from care.session
             where secret_sha256 = \(Primitive.sha256(long.session))
            """
        ).first?.decode(Bool.self, at: 0)
        try must("begin_federated_session", "for thirty days at most", isShort == true)
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(one.account)")
        try must("begin_federated_session", "not to a closed account", try here.signIn(as: subject).code == 2)
    }

    /// What a provider stands for is the password, and no more.
    private func providersAndSecondFactors(_ here: Visits) throws {
        let begin = { (one: Someone) -> (due: Bool, steppedUp: Bool, profile: String?) in
            let subject = Primitive.freshBytes(32)
            try here.know(one, as: subject)
            let comer = Visits.Comer(secret: try here.returned(), subject: subject)
            _ = try here.signIn(comer)
            let row = try self.scene.admin.query(
                """
                select second_factor_is_due, stepped_up_at is not null and second_factor_at is null, profile from care.session
                 where secret_sha256 = \(Primitive.sha256(comer.session))
                """
            )[0]
            return (
                try row.decode(Bool.self, at: 0), try row.decode(Bool.self, at: 1), try row.decode(String?.self, at: 2)
            )
        }
        let one = try scene.somebody(["caregiver"], in: north)
        var began = try begin(one)
        try must("begin_federated_session", "a step up where there is no app", began == (false, true, "clinic"))
        try scene.give("auditor", to: one)
        began = try begin(one)
        try must("begin_federated_session", "an office needs a second factor", began == (true, true, "clinic"))
        let two = try scene.somebody(["caregiver"], in: north)
        try equip(two)
        began = try begin(two)
        try must("begin_federated_session", "whoever has an app has to show it", began == (true, false, "clinic"))
    }

    /// An organisation's provider signs in to it and to no other, whatever else somebody belongs to.
    private func whereTo(_ here: Visits, _ everybody: Visits) throws {
        let (one, subject) = (try scene.somebody(["caregiver"], in: north), Primitive.freshBytes(32))
        try scene.join(one, ["caregiver"], to: south)
        for visits in [here, everybody] { try visits.know(one, as: subject) }
        try must("begin_federated_session", "to its organisation", try here.signIn(as: subject).isIn(north))
        try must("begin_federated_session", "to the first of one's own", try everybody.signIn(as: subject).isIn(north))
        try setMembership(one, "until = clock_timestamp(), since = clock_timestamp() - interval '1 day'")
        try must(
            "begin_federated_session",
            "not to another organisation",
            try here.signIn(as: subject).isRefused(3, "not a member")
        )
        try must("begin_federated_session", "to the one that is left", try everybody.signIn(as: subject).isIn(south))
        try setMembership(one, "until = null, since = clock_timestamp() + interval '1 day'")
        try must(
            "begin_federated_session",
            "not before the membership begins",
            try here.signIn(as: subject).isRefused(3, "not a member")
        )
    }

    // MARK: Who is new

    /// Somebody invited who has no password yet.
    private func newcomer(_ purpose: String = "set-password", in house: House? = nil) throws -> Someone {
        let house = house ?? north
        let one = try scene.somebody(["caregiver"], in: house)
        try scene.admin.query("update care.account set password_hash = null where id = \(one.account)")
        try scene.admin.query(
            """
            insert into care.link (organization_id, account_id, purpose, secret_sha256, until)
            values (\(house.organization), \(one.account), \(purpose), \(Primitive.freshBytes(32)),
                    clock_timestamp() + interval '1 day')
            """
        )
        return one
    }

    private func invited(_ here: Visits) throws {
        let one = try newcomer()
        let subject = Primitive.freshBytes(32)
        try must(
            "admit_identity",
            "not without an address",
            try here.signIn(as: subject, claiming: ["clinician"]).code == 2
        )
        try must(
            "admit_identity",
            "whom the organisation invited",
            try here.signIn(as: subject, address: one.token).isIn(north, ["identity.link", "session.begin"])
        )
        try must("admit_identity", "known from then on", try here.account(of: subject) == one.account)
        try must(
            "admit_identity",
            "the link is used up",
            try here.signIn(as: Primitive.freshBytes(32), address: one.token).code == 2
        )
        let refused: [(String, Someone, SQL?)] = [
            ("not who has a password", try newcomer(), "password_hash = \(Scene.hash)"),
            ("not a closed account", try newcomer(), "closed_at = clock_timestamp()"),
            ("not who joins with a password", try newcomer("join"), nil),
            ("not whom another organisation invited", try newcomer(in: south), nil),
        ]
        for (condition, someone, change) in refused {
            if let change {
                try scene.admin.query("update care.account set \(change) where id = \(someone.account)")
            }
            let outcome = try here.signIn(as: Primitive.freshBytes(32), address: someone.token, claiming: ["clinician"])
            try must("admit_identity", condition, outcome.code == 2)
        }
        let late = try newcomer()
        try scene.later(by: .seconds(90_000)) {
            try must(
                "admit_identity",
                "not by a link that ran out",
                try here.signIn(as: Primitive.freshBytes(32), address: late.token).code == 2
            )
        }
        // What an invitation to be a carer asks is answered by its own link.
        let carer = try newcomer()
        try scene.admin.query(
            """
            insert into care.invitation (
                organization_id, id, link_sha256, patient_id, invited_by, account_id, kind, basis, sealed, made_at, until)
            select l.organization_id, \(UUID()), l.secret_sha256, \(north.ben.patient), \(north.keeper.account), l.account_id,
                   'carer', 'agreement', '\\x00', now(), l.until
              from care.link l where l.organization_id = \(north.organization) and l.account_id = \(carer.account)
            """
        )
        try must(
            "admit_identity",
            "not by the link of an invitation to be a carer",
            try here.signIn(as: Primitive.freshBytes(32), address: carer.token).code == 2
        )
        // A link of somebody else is none of theirs.
        let bare = try scene.somebody(["caregiver"], in: north)
        try scene.admin.query("update care.account set password_hash = null where id = \(bare.account)")
        try must(
            "admit_identity",
            "not who was not invited",
            try here.signIn(as: Primitive.freshBytes(32), address: bare.token).code == 2
        )
    }

    private func madeMembers(_ here: Visits, _ everybody: Visits) throws {
        let new = { (claimed: [String]) in
            Visits.Comer(
                secret: try here.returned(),
                subject: Primitive.freshBytes(32),
                address: Primitive.freshBytes(32),
                claimed: claimed
            )
        }
        let roles = { (account: UUID) -> [String] in
            try scene.admin.query(
                """
                select roles from care.membership
                 where organization_id = \(north.organization) and account_id = \(account)
                """
            ).first?.decode([String].self, at: 0) ?? []
        }
        let comer = try new(["clinician"])
        try must(
            "admit_identity",
            "who claims a role that it may give",
            try here.signIn(comer).isIn(north, ["member.join", "session.begin"])
        )
        try must("admit_identity", "as that and no more", try roles(comer.account) == ["clinician"])
        for (condition, claimed) in [
            ("nobody who claims no role", []), ("nobody by a role that it may not give", ["admin"]),
            ("nor by one beside others", ["clinician", "admin"]), ("no owner", ["owner"]),
        ] as [(String, [String])] {
            let comer = try new(claimed)
            try must("admit_identity", condition, try here.signIn(comer).code == 2)
            try must("admit_identity", "and there is no account", try roles(comer.account).isEmpty)
        }
        let taken = Visits.Comer(
            secret: try here.returned(),
            subject: Primitive.freshBytes(32),
            address: north.keeper.token,
            claimed: ["clinician"]
        )
        try must("admit_identity", "not with somebody's address", try here.signIn(taken).code == 2)
        var outside = try new(["clinician"])
        outside.secret = try everybody.returned()
        try must("admit_identity", "nobody at everybody's provider", try everybody.signIn(outside).code == 2)
        let pending = try newcomer()
        let asked = try everybody.signIn(as: Primitive.freshBytes(32), address: pending.token)
        try must("admit_identity", "not even who was invited", asked.code == 2)
    }

    // MARK: Linking

    private func linking(_ here: Visits, _ everybody: Visits) throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let (subject, salt) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let secret = try here.waiting(as: subject)
        try must("link_identity", "not by a stranger", try !here.link(secret, by: Primitive.freshBytes(32), in: north))
        try must("link_identity", "not by an API session", try !here.link(secret, by: one.session, in: north))
        try must(
            "link_identity",
            "not in another organisation",
            try !here.link(secret, by: south.keeper.pageSession, in: south)
        )
        let other = Primitive.freshBytes(32)
        try must("link_identity", "not by another secret", try !here.link(other, by: one.pageSession, in: north))
        let begun = try here.returned()
        try must("link_identity", "not before it is known who", try !here.link(begun, by: one.pageSession, in: north))
        let beside = try Visits(self, of: north.organization, admits: [])
        try must("link_identity", "not at another provider", try !beside.link(secret, by: one.pageSession, in: north))
        try scene.later(by: .seconds(610)) {
            try must("link_identity", "not after ten minutes", try !here.link(secret, by: one.pageSession, in: north))
        }
        let again = try scene.somebody(["caregiver"], in: north)
        let sessions: [(String, SQL)] = [
            ("not by a session that ended", "ended_at = clock_timestamp()"),
            (
                "not by one that ran out",
                "ended_at = null, created_at = created_at - interval '2 days', until = created_at - interval '1 day'"
            ),
            ("not by one that is idle", "until = clock_timestamp() + interval '1 hour', idle = '0'"),
        ]
        for (condition, change) in sessions {
            try scene.admin.query("update care.session set \(change) where account_id = \(again.account)")
            try must("link_identity", condition, try !here.link(secret, by: again.pageSession, in: north))
        }
        let left = try scene.somebody(["caregiver"], in: north)
        try setMembership(left, "until = clock_timestamp(), since = clock_timestamp() - interval '1 day'")
        try must("link_identity", "not by who left", try !here.link(secret, by: left.pageSession, in: north))
        try setMembership(left, "until = null, since = clock_timestamp() + interval '1 day'")
        try must("link_identity", "not by who has not begun", try !here.link(secret, by: left.pageSession, in: north))
        let due: SQL = "update care.session set second_factor_at = null, second_factor_is_due = "
        try scene.admin.query("\(due) true where account_id = \(one.account)")
        try must(
            "link_identity",
            "not before the code is shown",
            try !here.link(secret, by: one.pageSession, in: north)
        )
        try scene.admin.query("\(due) false where account_id = \(one.account)")
        try must(
            "link_identity",
            "by who is signed in",
            try here.link(secret, by: one.pageSession, in: north, salt: salt)
        )
        let entries = try entries(salt)
        try must(
            "link_identity",
            "an entry says so",
            entries.map(\.act) == ["identity.link"] && entries[0].granted && entries[0].account == one.account
        )
        try must("link_identity", "to their account", try here.account(of: subject) == one.account)
        try must("link_identity", "once", try !here.link(secret, by: north.keeper.pageSession, in: north))
        try must("link_identity", "and it stays theirs", try here.account(of: subject) == one.account)
        let unlinked = Primitive.freshBytes(32)
        let spent = try here.waiting(as: unlinked)
        _ = try here.link(spent, by: one.pageSession, in: north)
        try scene.admin.query("delete from care.identity where subject_token = \(unlinked)")
        try must(
            "link_identity",
            "not again by a visit that is done",
            try !here.link(spent, by: one.pageSession, in: north)
        )
        try must("begin_federated_session", "signs in from then on", try here.signIn(as: subject).isIn(north))
        // Two visits wait with one subject: the first to prove it has it.
        let (mine, theirs) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let (first, second) = (try here.waiting(as: mine), try here.waiting(as: mine))
        _ = try here.link(first, by: one.pageSession, in: north)
        try must(
            "link_identity",
            "a subject is one account's",
            try !here.link(second, by: north.keeper.pageSession, in: north)
        )
        let common = try everybody.waiting(as: theirs)
        let stranger = try answer(
            Bool.self,
            nil,
            """
            select care.link_identity(
                \(south.organization), \(Primitive.freshBytes(32)), \(everybody.provider), \(Primitive.sha256(common)), 1,
                \(Primitive.freshBytes(32)), '\\x00')
            """
        )
        try must("link_identity", "everybody's, not by a stranger", stranger == false)
        try must(
            "link_identity",
            "everybody's, from any organisation",
            try everybody.link(common, by: south.keeper.pageSession, in: south)
        )
    }

    /// Members of an organisation whose providers are the only way in, and who were not known there before.
    private func backBeforeTheRule(_ here: Visits, _ everybody: Visits) throws {
        let late = try scene.somebody(["caregiver"], in: north)
        let password = { (secret: [UInt8], use: String, wanted: House) -> Int32? in
            try answer(
                Int32.self,
                nil,
                """
                select outcome from care.begin_session(
                    \(late.token), \(Scene.hash), \(wanted.organization), \(use), \(Primitive.freshBytes(32)), interval '1 hour',
                    interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00', \(Primitive.sha256(secret)))
                """
            )
        }
        let secret = try here.waiting(as: Primitive.freshBytes(32))
        let isOpen = { try password($0, "page", north) == 0 }
        try must("waits_for_account", "a visit that waits", try isOpen(secret))
        try must("begin_session", "no program by a visit", try password(secret, "api", north) == 1)
        try must("waits_for_account", "not another secret", try !isOpen(Primitive.freshBytes(32)))
        try must("waits_for_account", "not before it is known who", try !isOpen(here.returned()))
        let elsewhere = try everybody.waiting(as: Primitive.freshBytes(32))
        try must("waits_for_account", "not everybody's provider", try !isOpen(elsewhere))
        try scene.join(late, ["caregiver"], to: south)
        let rule = { (isOnly: Bool) in
            isOnly
                ? try scene.admin.query(
                    "insert into care.sign_in_rule (organization_id, since) values (\(south.organization), care.clock())"
                )
                : try scene.admin.query("delete from care.sign_in_rule where organization_id = \(south.organization)")
        }
        _ = try rule(true)
        try must("waits_for_account", "not another organisation's", try password(secret, "page", south) == 1)
        _ = try rule(false)
        try must("waits_for_account", "which has no rule", try password(secret, "page", south) == 0)
        let past = { (what: SQL) in
            _ = try scene.admin.query(
                "update care.sign_in_flow set \(what) where secret_sha256 = \(Primitive.sha256(secret))"
            )
        }
        try past("until = clock_timestamp() - interval '1 second'")
        try must("waits_for_account", "not after ten minutes", try !isOpen(secret))
        try past("until = clock_timestamp() + interval '1 minute'")
        try must("waits_for_account", "within them", try isOpen(secret))
        try past("done_at = clock_timestamp()")
        try must("waits_for_account", "once", try !isOpen(secret))
        try past("done_at = null")
        let end = { (isOver: Bool) in
            _ = try scene.admin.query(
                "update care.provider set until = case when \(isOver) then clock_timestamp() end where id = \(here.provider)"
            )
        }
        try end(true)
        try must("waits_for_account", "not of a provider that was ended", try !isOpen(secret))
        try end(false)
        try must("waits_for_account", "of one that goes on", try isOpen(secret))
    }

    /// The operator names one that was ended, once more and otherwise.
    private func changed(_ provider: Visits) throws {
        let salt = Primitive.freshBytes(32)
        try scene.admin.query("update care.provider set until = clock_timestamp() where id = \(provider.provider)")
        try scene.admin.query(
            "select care.set_provider(\(north.organization), \(provider.provider), '\\x07', '{patient}', 1, \(salt), '\\x00')"
        )
        let found = try scene.admin.query(
            """
            select from care.provider
             where id = \(provider.provider) and sealed = '\\x07' and admits = '{patient}' and until is null
            """
        )
        try must("set_provider", "is as it was named last", found.count == 1)
        try must("set_provider", "an entry says so", try entries(salt).map(\.act) == ["provider.set"])
    }

    // MARK: Signing out

    private func signingOut(_ here: Visits) throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let (subject, sid, otherSid) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        try here.know(one, as: subject)
        let begin = { (sid: [UInt8]) -> [UInt8] in
            let comer = Visits.Comer(secret: try here.returned(), subject: subject, sid: sid)
            _ = try here.signIn(comer)
            return comer.session
        }
        let now = try scene.admin.query("select care.clock()")[0].decode(Date.self, at: 0)
        let endBegun = { (by: Date, subject: [UInt8]?, sid: [UInt8]?, provider: UUID, salt: [UInt8]) -> Int32? in
            try answer(
                Int32.self,
                nil,
                "select care.end_federated_sessions(\(provider), \(subject), \(sid), \(by), 1, \(salt), '\\x00')"
            )
        }
        let end = { (subject: [UInt8]?, sid: [UInt8]?, provider: UUID, salt: [UInt8]) -> Int32? in
            try endBegun(now.addingTimeInterval(60), subject, sid, provider, salt)
        }
        let lives = { (session: [UInt8]) -> Bool in
            try !scene.admin.query(
                "select from care.session where secret_sha256 = \(Primitive.sha256(session)) and ended_at is null"
            ).isEmpty
        }
        let (first, second) = (try begin(sid), try begin(otherSid))
        let known = try answer(
            UUID?.self,
            nil,
            "select care.provider_of_session(\(north.organization), \(first))"
        )
        try must("provider_of_session", "by its session", known == here.provider)
        for (organization, session) in [(south.organization, first), (north.organization, Primitive.freshBytes(32))] {
            let unknown = try answer(UUID?.self, nil, "select care.provider_of_session(\(organization), \(session))")
            try must("provider_of_session", "by no other", unknown == nil || unknown! == nil)
        }
        let salt = Primitive.freshBytes(32)
        for (condition, subject, sid, provider) in [
            ("nobody's by nothing", nil, nil, here.provider),
            ("not of another subject", Primitive.freshBytes(32), nil, here.provider),
            ("not of another of its sessions", nil, Primitive.freshBytes(32), here.provider),
            ("not where the two do not fit", Primitive.freshBytes(32), sid, here.provider),
            ("nor the other way round", subject, Primitive.freshBytes(32), here.provider),
            ("not at another provider", subject, nil, UUID()),
        ] as [(String, [UInt8]?, [UInt8]?, UUID)] {
            try must("end_federated_sessions", condition, try end(subject, sid, provider, salt) == 0)
        }
        try must(
            "end_federated_sessions",
            "not what began after the word was given",
            try endBegun(now.addingTimeInterval(-3600), subject, nil, here.provider, salt) == 0
        )
        try must("end_federated_sessions", "both go on", try lives(first) && lives(second))
        try must(
            "end_federated_sessions",
            "of one of its sessions, whenever",
            try endBegun(now.addingTimeInterval(-3600), subject, sid, here.provider, salt) == 1
        )
        try must("end_federated_sessions", "and no other", try !lives(first) && lives(second))
        let noted = try entries(salt)
        try must(
            "end_federated_sessions",
            "an entry says so",
            noted.map(\.act) == ["session.end"] && noted[0].account == one.account
        )
        try must(
            "end_federated_sessions",
            "of a subject",
            try end(subject, nil, here.provider, Primitive.freshBytes(32)) == 1
        )
        try must("end_federated_sessions", "and it is over", try !lives(second))
        let rest = try answer(
            Int32.self,
            nil,
            "select count(*)::integer from care.session_of(\(north.organization), \(one.pageSession)) where account_id is not null"
        )
        try must("end_federated_sessions", "not what a password began", rest == 1)
    }

    // MARK: By providers alone

    private func byProviderOnly(_ here: Visits, _ everybody: Visits) throws {
        let (one, owner) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["owner"], in: north))
        let subject = Primitive.freshBytes(32)
        try here.know(one, as: subject)
        try everybody.know(one, as: subject)
        let only = { (house: House, isOnly: Bool) -> Bool in
            let salt = Primitive.freshBytes(32)
            let isDone = try scene.admin.query(
                "select care.set_sign_in_rule(\(house.organization), \(isOnly), 1, \(salt), '\\x00')"
            )[0].decode(Bool.self, at: 0)
            let told = try entries(salt).map(\.act)
            try must("set_sign_in_rule", "an entry says so", told == (isDone ? ["sign-in.rule"] : []))
            return isDone
        }
        let password = { (someone: Someone) -> Int32? in
            try answer(
                Int32.self,
                nil,
                """
                select outcome from care.begin_session(
                    \(someone.token), \(Scene.hash), null, 'page', \(Primitive.freshBytes(32)), interval '1 hour',
                    interval '1 day', null, 1, \(Primitive.freshBytes(32)), '\\x00')
                """
            )
        }
        try must("password_opens", "while there is no rule", try password(one) == 0)
        try must("set_sign_in_rule", "not without a provider", try !only(south, true))
        try otherWaysEnd(here, everybody, as: subject, owner) {
            try must("set_sign_in_rule", "with one", try only(north, true))
        }
        try must("password_opens", "no member's", try password(one) == 1)
        try must("password_opens", "the owner's", try password(owner) == 0)
        try must("password_opens", "other organisations'", try password(south.other) == 0)
        try must("password_opens", "its own provider's", try here.signIn(as: subject).isIn(north))
        try must(
            "password_opens",
            "not everybody's provider",
            try everybody.signIn(as: subject).isRefused(3, "not a member")
        )
        try scene.join(one, ["caregiver"], to: south)
        try must("password_opens", "where there is no rule", try everybody.signIn(as: subject).isIn(south))
        try backBeforeTheRule(here, everybody)
        try must("password_opens", "by password as well", try password(one) == 0)
        try must("set_sign_in_rule", "taken back", try only(north, false))
        try must("password_opens", "a member's again", try everybody.signIn(as: subject).isIn(north))
    }

    /// The rule ends what began in another way than by the organisation's own provider, but for owners. What everybody else here has is
    /// given back afterwards.
    private func otherWaysEnd(
        _ here: Visits,
        _ everybody: Visits,
        as subject: [UInt8],
        _ owner: Someone,
        _ rule: () throws -> Void
    ) throws {
        let (one, over) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        try scene.admin.query(
            "update care.session set ended_at = created_at where account_id = \(over.account)"
        )
        // An owner of another organisation is none of this one.
        try scene.join(one, ["owner"], to: south)
        let begin = { (visits: Visits) -> [UInt8] in
            let comer = Visits.Comer(secret: try visits.returned(), subject: subject)
            _ = try visits.signIn(comer)
            return comer.session
        }
        let (own, common) = (try begin(here), try begin(everybody))
        let lives = { (session: [UInt8]) -> Bool in
            try !scene.admin.query(
                "select from care.session where secret_sha256 = \(Primitive.sha256(session)) and ended_at is null"
            ).isEmpty
        }
        try must(
            "set_sign_in_rule",
            "while there is none, all go on",
            try lives(own) && lives(common) && lives(one.session)
        )
        let before = try scene.admin.query("select clock_timestamp()")[0].decode(Date.self, at: 0)
        try rule()
        try must("set_sign_in_rule", "what the provider began goes on", try lives(own))
        try must("set_sign_in_rule", "what everybody's provider began ends", try !lives(common))
        try must("set_sign_in_rule", "what a password began ends", try !lives(one.session) && !lives(one.pageSession))
        try must("set_sign_in_rule", "an owner's goes on", try lives(owner.session))
        try must("set_sign_in_rule", "elsewhere all go on", try lives(south.other.session))
        let same = try scene.admin.query(
            "select from care.session where account_id = \(over.account) and ended_at = created_at"
        )
        try must("set_sign_in_rule", "what was over is over", same.count == 2)
        try scene.admin.query(
            "update care.session set ended_at = null where organization_id = \(north.organization) and ended_at >= \(before)"
        )
    }

    // MARK: The end of a provider

    private func ending(_ here: Visits) throws {
        let closed: [(String, SQL)] = [
            (
                "set_provider",
                "select care.set_provider(\(north.organization), \(UUID()), '', '{}', 1, \(Primitive.freshBytes(32)), '')"
            ),
            ("end_provider", "select care.end_provider(\(here.provider), 1, \(Primitive.freshBytes(32)), '')"),
            (
                "set_sign_in_rule",
                "select care.set_sign_in_rule(\(north.organization), true, 1, \(Primitive.freshBytes(32)), '')"
            ),
            ("admit_identity", "select care.admit_identity(null, null, null, null, null, null, null, null)"),
            ("password_opens", "select care.password_opens(null, null)"),
        ]
        for (name, statement) in closed { try must(name, "not for the server", try isDenied(nil, statement)) }
        let shown = { (wanted: UUID) in
            try scene.server.query("select id from care.providers(\(wanted))").map { try $0.decode(UUID.self, at: 0) }
        }
        try must("providers", "by its id", try shown(here.provider) == [here.provider])
        try must("providers", "of its organisation", try shown(north.organization).contains(here.provider))
        try must("providers", "of no other", try shown(south.organization).isEmpty)
        let (one, subject) = (try scene.somebody(["caregiver"], in: north), Primitive.freshBytes(32))
        try here.know(one, as: subject)
        let comer = Visits.Comer(secret: try here.returned(), subject: subject)
        _ = try here.signIn(comer)
        let beside = try Visits(self, of: north.organization, admits: [])
        try changed(beside)
        try beside.know(one, as: subject)
        let stays = Visits.Comer(secret: try beside.returned(), subject: subject)
        _ = try beside.signIn(stays)
        let (waiting, open) = (try here.returned(), Primitive.freshBytes(32))
        let offered = try here.waiting(as: open)
        let before = try scene.admin.query("select from care.session where ended_at is null").count
        let salt = Primitive.freshBytes(32)
        let end: SQL = "select care.end_provider(\(here.provider), 1, \(salt), '\\x00')"
        try must("end_provider", "ends", try scene.admin.query(end)[0].decode(Bool.self, at: 0))
        try must("end_provider", "an entry says so", try entries(salt).map(\.act) == ["provider.end"])
        try must("end_provider", "once", try !scene.admin.query(end)[0].decode(Bool.self, at: 0))
        let isOver = try scene.admin.query(
            """
            select from care.session where secret_sha256 = \(Primitive.sha256(comer.session)) and ended_at is not null
            """
        )
        let after = try scene.admin.query("select from care.session where ended_at is null").count
        let isOn = try scene.admin.query(
            "select from care.session where secret_sha256 = \(Primitive.sha256(stays.session)) and ended_at is null"
        )
        try must("end_provider", "with its sessions", isOver.count == 1)
        try must("end_provider", "and not another provider's", isOn.count == 1)
        try must("end_provider", "and not all others", after > before / 2 && after < before)
        try must("providers", "none that ended", try shown(here.provider).isEmpty)
        try must("begin_flow", "nobody goes there", try here.begin(Primitive.freshBytes(32)) == 1)
        try must(
            "begin_federated_session",
            "nobody comes from there",
            try here.signIn(.init(secret: waiting, subject: subject)).isRefused(1, "no such visit to a provider")
        )
        try must("link_identity", "and nobody is linked", try !here.link(offered, by: one.pageSession, in: north))
        let unknown = try answer(
            UUID?.self,
            nil,
            "select care.provider_of_session(\(north.organization), \(comer.session))"
        )
        try must("provider_of_session", "none that ended", unknown == nil || unknown! == nil)
    }
}
