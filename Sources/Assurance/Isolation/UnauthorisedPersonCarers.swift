import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// What belongs to families.
    static let family = [
        Specimen(
            name: "invitation",
            table: "invitation",
            match: { "organization_id = \($0.house.organization) and id = \($0.kept.invitation)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("id", "\(existing ? victim.kept.invitation : UUID())"),
                    ("link_sha256", "\(Primitive.freshBytes(32))"), ("patient_id", "\(victim.kept.patient)"),
                    ("invited_by", "\(victim.house.keeper.account)"),
                    ("account_id", "\(victim.house.clinician.account)"), ("kind", "'carer'"), ("basis", "'agreement'"),
                    ("sealed", "'\\x00'"), ("made_at", "now()"), ("until", "now()"),
                ]
            },
            change: "basis = 'agreement'",
            opened: [.select: ["reach.read"]]
        ),
        Specimen(
            name: "age_rule",
            table: "age_rule",
            match: { _ in "country = '*' and age = 12" },
            row: { _, existing in
                [
                    ("country", "'*'"), ("age", existing ? "12" : "29"), ("words", "'x'"), ("source", "'x'"),
                    ("checked_on", "now()"),
                ]
            },
            change: "words = words",
            isOfPatient: false
        ),
        Specimen(
            name: "growing_up",
            table: "growing_up",
            match: { "organization_id = \($0.house.organization) and patient_id = \($0.kept.patient)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("patient_id", "\(existing ? victim.kept.patient : victim.newPatient)"),
                    ("planned_by", "\(victim.house.keeper.account)"), ("grown_up_at", "now()"),
                ]
            },
            change: "hands_over_at = null",
            before: makeNewPatient,
            opened: [.select: readRecords]
        ),
        Specimen(
            name: "pause",
            table: "pause",
            match: { "organization_id = \($0.house.organization) and id = \($0.kept.pause)" },
            row: { victim, existing in
                pause(victim, existing, of: victim.house.clinician, by: victim.house.keeper)
            },
            change: "since = since",
            opened: [.select: ["reach.read"]]
        ),
        Specimen(
            name: "pause (of whoever looks)",
            table: "pause",
            match: { "organization_id = \($0.house.organization) and id = \($0.kept.ownPause)" },
            row: { victim, existing in
                pause(victim, existing, of: victim.house.keeper, by: victim.house.clinician)
            },
            change: "since = since"
        ),
    ]

    private static func pause(_ victim: Victim, _ existing: Bool, of paused: Someone, by guardian: Someone) -> [(
        column: String, value: SQL
    )] {
        let id = paused.account == victim.house.keeper.account ? victim.kept.ownPause : victim.kept.pause
        return [
            ("organization_id", "\(victim.house.organization)"), ("id", "\(existing ? id : UUID())"),
            ("patient_id", "\(victim.kept.patient)"), ("account_id", "\(paused.account)"),
            ("paused_by", "\(guardian.account)"), ("ask_account_id", "\(guardian.account)"),
            ("sealed_reason", "'\\x00'"), ("sealed_patient", "'\\x00'"), ("since", "now()"), ("ended_at", "now()"),
            ("ended_by", "\(guardian.account)"),
        ]
    }
}

extension Scene {
    /// Pauses that have ended: somebody's, and the keeper's own.
    func pause(_ kept: Kept, in house: House) throws {
        for (id, paused, guardian) in [
            (kept.pause, house.clinician, house.keeper), (kept.ownPause, house.keeper, house.clinician),
        ] {
            try admin.query(
                """
                insert into care.pause (
                    organization_id, id, patient_id, account_id, paused_by, ask_account_id, sealed_reason, sealed_patient,
                    since, ended_at, ended_by)
                values (\(house.organization), \(id), \(kept.patient), \(paused.account), \(guardian.account),
                        \(guardian.account), '\\x00', '\\x00', now(), now(), \(guardian.account))
                """
            )
        }
    }

    /// When they will be grown up, which nobody was told.
    func planGrowingUp(of kept: Kept, by guardian: Someone, in house: House) throws {
        try admin.query(
            """
            insert into care.growing_up (organization_id, patient_id, planned_by, grown_up_at)
            values (\(house.organization), \(kept.patient), \(guardian.account), now() + interval '9 years')
            """
        )
    }

    /// An invitation that nobody answers.
    func invite(to kept: Kept, by guardian: Someone, in house: House) throws {
        try admin.query(
            """
            insert into care.invitation (
                organization_id, id, link_sha256, patient_id, invited_by, account_id, kind, basis, sealed, made_at, until)
            values (\(house.organization), \(kept.invitation), \(Primitive.freshBytes(32)), \(kept.patient),
                    \(guardian.account), \(house.clinician.account), 'carer', 'agreement', '\\x00', now(), now())
            """
        )
    }
}

/// Who asks somebody to be a carer, as what and until when; what the link does, and what it does not.
extension GateChecks {
    /// Somebody who is asked: an account that there may be, and the link that they get.
    struct Asked {
        var account = UUID()
        var token = Primitive.freshBytes(32)
        let link = Primitive.freshBytes(32)
        let invitation = UUID()

        init() {}

        init(_ someone: Someone) { (account, token) = (someone.account, someone.token) }
    }

    func carers() throws {
        // Whoever lets carers in is a setting of families.
        try setProfile("family")
        defer { try? setProfile("clinic") }  // the store is a copy
        try whoInvites()
        try whatIsOffered()
        try joining()
        try inviterStays()
        try membersInvited()
        try readersWhoEnter()
        try passwordsOfOthers()
        try rolesOfInvited()
        try howLongInvited()
        try takingBack()
        try sayingNo()
    }

    func setProfile(_ profile: String) throws {
        try scene.admin.query(
            "update care.organization set profile = \(profile) where organization_id = \(north.organization)"
        )
    }

    func guardian(_ roles: [String] = ["caregiver"], as way: String = "guardian") throws -> Someone {
        let one = try scene.somebody(roles, in: north)
        try scene.reach(north.ben, by: one, as: way, in: north)
        return one
    }

    private func pass(_ act: String, _ someone: Someone) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone, about: north.ben))
    }

    func invite(
        _ asked: Asked,
        _ kind: String = "carer",
        kinds: SQL = "null",
        lasting: SQL = "null",
        for purpose: String? = nil
    ) -> SQL {
        """
        select care.invite_carer(
            \(asked.invitation), \(asked.account), \(asked.token), '\\x05', '\\x00', \(kind), (\(kinds))::text[],
            \(purpose == nil ? "agreement" : nil), \(purpose), (\(lasting))::timestamptz, '\\x09', \(Primitive.sha256(asked.link)))
        """
    }

    func use(_ asked: Asked, in house: House? = nil, _ salt: [UInt8]? = nil) -> SQL {
        """
        select care.use_link(
            \((house ?? north).organization), \(asked.link), \(Scene.hash), 1, \(salt ?? Primitive.freshBytes(32)), '\\x00')
        """
    }

    func join(_ asked: Asked, as someone: Someone, _ salt: [UInt8]? = nil) -> SQL {
        """
        select care.join_organization(
            \(north.organization), \(asked.link), \(someone.token), \(Scene.hash), 1, \(salt ?? Primitive.freshBytes(32)), '\\x00')
        """
    }

    func works(_ statement: SQL) throws -> Bool { try answer(Bool.self, nil, statement) == true }

    private func says(_ asked: Asked, in house: House? = nil) throws -> Bool {
        try answer(
            [UInt8].self,
            nil,
            "select sealed from care.invitation_of(\((house ?? north).organization), \(asked.link))"
        ) == [9]
    }

    func isLinked(_ asked: Asked) throws -> Bool {
        try answer(
            Bool.self,
            nil,
            "select purpose is not null from care.link_of(\(north.organization), \(asked.link))"
        ) == true
    }

    private func count(_ rows: SQL) throws -> Int { try scene.admin.query(rows).count }

    func reaches(_ asked: Asked, _ condition: SQL) throws -> Bool {
        try count(
            """
            select 1 from care.reach
             where organization_id = \(north.organization) and account_id = \(asked.account)
               and patient_id = \(north.ben.patient) and withdrawn_at is null and \(condition)
            """
        ) == 1
    }

    func membership(_ asked: Asked, _ condition: SQL) throws -> Bool {
        try count(
            """
            select 1 from care.membership
             where organization_id = \(north.organization) and account_id = \(asked.account) and \(condition)
            """
        ) == 1
    }

    // MARK: Asking

    private func whoInvites() throws {
        let one = try guardian()
        let inviting = try pass("carer.invite", one)
        try must("invite_carer", "not without a pass", try isDenied(nil, invite(Asked())))
        try must("invite_carer", "not by a pass that shares", try isDenied(pass("reach.share", one), invite(Asked())))
        try must("invite_carer", "not oneself", try failure(inviting, invite(Asked(one))) == "23514")
        try must(
            "invite_carer",
            "not until what is over",
            try failure(inviting, invite(Asked(), lasting: "clock_timestamp() - interval '1 minute'")) == "23514"
        )
        // Between the pass and the invitation, whoever asks may stop being who they were.
        let day: SQL = "clock_timestamp() + interval '1 day'"
        for (what, assignment, kind, lasting) in [
            ("it is not withdrawn", "withdrawn_at = clock_timestamp()", "carer", "null"),
            ("it has begun", "since = \(day)", "carer", "null"),
            ("an end has no beyond", "until = \(day)", "carer", "null"),
            ("nor later than it", "until = \(day)", "carer", "clock_timestamp() + interval '2 days'"),
            ("it is to that patient", "patient_id = \(north.ada.patient)", "carer", "null"),
            ("it is theirs", "account_id = \(north.clinician.account)", "carer", "null"),
            ("a share is none", "kind = 'share', until = clock_timestamp() + interval '9 days'", "carer", day),
            ("who it is about makes no guardian", "kind = 'self'", "guardian", "null"),
        ] as [(String, SQL, String, SQL)] {
            let other = try guardian()
            let opened = try pass("carer.invite", other)
            try setReach(other, assignment)
            try must("may_invite", what, try failure(opened, invite(Asked(), kind, lasting: lasting)) == "23514")
        }
        let namesake = try guardian()
        try scene.join(namesake, ["caregiver"], to: south)
        try scene.reach(south.ben, by: namesake, as: "guardian", in: south)
        let here = try pass("carer.invite", namesake)
        try setReach(namesake, "withdrawn_at = clock_timestamp()")
        try must("may_invite", "who keeps it elsewhere does not", try failure(here, invite(Asked())) == "23514")
        let own = try guardian(["owner"], as: "self")
        try must("may_invite", "who it is about asks", try failure(pass("carer.invite", own), invite(Asked())) == nil)
        try must("may_invite", "who keeps it asks", try failure(inviting, invite(Asked(), lasting: day)) == nil)
        try must("may_invite", "and makes guardians", try failure(inviting, invite(Asked(), "guardian")) == nil)
        try members(one)
        try setting(one)
    }

    private func members(_ one: Someone) throws {
        for (what, assignment) in [
            ("they belong still", "until = clock_timestamp(), since = clock_timestamp() - interval '1 day'"),
            ("they have joined", "since = clock_timestamp() + interval '1 day'"),
        ] as [(String, SQL)] {
            let other = try guardian()
            let asked = Asked()
            try must("invite_carer", "asked", try failure(pass("carer.invite", other), invite(asked)) == nil)
            try setMembership(other, assignment)
            try must("may_invite", what, try !isLinked(asked) && !works(use(asked)))
        }
    }

    private func setting(_ one: Someone) throws {
        let set = { (value: String?) throws -> Void in
            _ = try scene.admin.query(
                "delete from care.organization_setting where organization_id = \(north.organization) and name = 'carer.invited-by'"
            )
            guard let value else { return }
            _ = try scene.admin.query(
                """
                insert into care.organization_setting (organization_id, name, value, changed_at)
                values (\(north.organization), 'carer.invited-by', \(value), now())
                """
            )
        }
        try set("owner")
        let opened = try pass("carer.invite", one)
        try must("may_invite", "who the setting names", try failure(opened, invite(Asked())) == "23514")
        try set("owner,teen")
        let teen = try guardian(["teen"], as: "self")
        let young = try pass("carer.invite", teen)
        try must("invite_carer", "nobody gives a role beyond theirs", try isDenied(young, invite(Asked())))
        try must("invite_carer", "but one within", try failure(young, invite(Asked(), "carer-reading")) == nil)
        let reader = Asked(try scene.somebody(["member"], in: north))
        try must("invite_carer", "nor to one who belongs", try isDenied(young, invite(reader)))
        try must("invite_carer", "but to read", try failure(young, invite(reader, "carer-reading")) == nil)
        try set(nil)
        try must("may_invite", "as it begins", try failure(opened, invite(Asked())) == nil)
    }

    // MARK: The link

    private func whatIsOffered() throws {
        let one = try guardian()
        let inviting = try pass("carer.invite", one)
        let asked = Asked()
        let day: SQL = "now() + interval '20 days'"
        let purpose = try answer(
            String.self,
            inviting,
            invite(asked, "carer-reading", kinds: "'{Patient,Condition}'", lasting: day)
        )
        try must("invite_carer", "a new account sets its password", purpose == "set-password")
        try must("invite_carer", "nobody belongs who has not accepted", try membership(asked, "since = 'infinity'"))
        try must("invite_carer", "a reader is a member", try membership(asked, "roles = '{member}'"))
        try must("take_up_invitation", "nothing is reached yet", try !reaches(asked, "true"))
        try must("invitation_of", "what is offered is read", try says(asked))
        try must("invitation_of", "not elsewhere", try !says(asked, in: south))
        try must("invitation_of", "not by another link", try !says(Asked()))
        try must("use_link", "not elsewhere, of an invitation", try !works(use(asked, in: south)))
        let salt = Primitive.freshBytes(32)
        try must("use_link", "an invitation's", try works(use(asked, salt)))
        try must(
            "take_up_invitation",
            "what was offered is reached",
            try reaches(
                asked,
                "kind = 'carer-reading' and kinds = '{Patient,Condition}' and basis = 'agreement' and until > now()"
            )
        )
        try must("take_up_invitation", "they belong", try membership(asked, "since <= clock_timestamp()"))
        let told = try entries(salt).filter { $0.act == "carer.accept" }
        try must(
            "take_up_invitation",
            "the trail says so",
            told.count == 1
                && told.allSatisfy { $0.patient == north.ben.patient && $0.account == asked.account && $0.granted }
        )
        try must("use_link", "not twice", try !works(use(asked)))
        try must("invitation_of", "nothing is offered twice", try !says(asked))
        try must("invite_carer", "a carer is one already", try failure(inviting, invite(anew(asked))) == "23505")
        let other = Asked()
        try must("invite_carer", "asked to enter", try failure(inviting, invite(other)) == nil)
        try must("invite_carer", "who enters is a caregiver", try membership(other, "roles = '{caregiver}'"))
        try scene.later(by: .seconds(7 * 86_400 + 60)) {
            try must("invitation_of", "not after a week", try !says(other))
            try must("use_link", "not after a week", try !works(use(other)))
        }
        try must("use_link", "within it", try works(use(other)))
    }

    /// The same person, asked anew.
    func anew(_ asked: Asked) -> Asked {
        var again = Asked()
        (again.account, again.token) = (asked.account, asked.token)
        return again
    }

    /// Whoever has an account shows its password.
    private func joining() throws {
        let one = try guardian()
        let inviting = try pass("carer.invite", one)
        let (far, other) = (try scene.somebody(["caregiver"], in: south), try scene.somebody(["caregiver"], in: south))
        let asked = Asked(far)
        try must("invite_carer", "an account joins", try answer(String.self, inviting, invite(asked)) == "join")
        try must("join_organization", "nobody else does", try !works(join(asked, as: other)))
        try must("use_link", "no password is set by it", try !works(use(asked)))
        try must("join_organization", "they do", try works(join(asked, as: far)))
        try must(
            "take_up_invitation",
            "and reach",
            try reaches(asked, "kind = 'carer' and kinds is null and until is null")
        )
        try must("join_organization", "not twice", try !works(join(asked, as: far)))
        let twin = try count(
            "select 1 from care.reach where organization_id = \(south.organization) and account_id = \(far.account)"
        )
        try must("take_up_invitation", "and nobody elsewhere", twin == 0)
        // An ordinary link brings no reach.
        let adding = try grant("a pass to add members", asks("member.add"))
        let plain = Asked()
        try must("add_member", "added", try failure(adding, addMember(plain.account, plain.token, plain.link)) == nil)
        try must("take_up_invitation", "not by an ordinary link", try works(use(plain)) && !reaches(plain, "true"))
    }

    /// An invitation ends with the right of whoever asked, and with what it offers.
    private func inviterStays() throws {
        let one = try guardian()
        let inviting = try pass("carer.invite", one)
        let far = try scene.somebody(["caregiver"], in: south)
        let (new, known) = (Asked(), Asked(far))
        for asked in [new, known] { try must("invite_carer", "asked", try failure(inviting, invite(asked)) == nil) }
        try setReach(one, "withdrawn_at = clock_timestamp()")
        try must("link_of", "not once the inviter is out", try !isLinked(new))
        try must("invitation_of", "not once the inviter is out", try !says(new))
        try must("use_link", "not once the inviter is out", try !works(use(new)))
        try must("join_organization", "not once the inviter is out", try !works(join(known, as: far)))
        try setReach(one, "withdrawn_at = null, paused_at = clock_timestamp()")
        try must("may_invite", "not while the inviter is paused", try !isLinked(new))
        try setReach(one, "paused_at = null")
        try must("link_of", "while the inviter is in", try isLinked(new) && says(new))
        try must("use_link", "while the inviter is in", try works(use(new)))
        try must("join_organization", "while the inviter is in", try works(join(known, as: far)))
        let short = Asked()
        let hour: SQL = "clock_timestamp() + interval '1 hour'"
        try must("invite_carer", "for an hour", try failure(inviting, invite(short, lasting: hour)) == nil)
        try scene.later(by: .seconds(7_200)) {
            try must("invitation_stands", "not when what it offers is over", try !isLinked(short) && !works(use(short)))
        }
        try must("invitation_stands", "before that", try isLinked(short))
    }

    /// Members are asked, too, and keep what they are.
    private func membersInvited() throws {
        let inviting = try pass("carer.invite", try guardian())
        let mate = try scene.somebody(["staff"], in: north)
        let (first, asked) = (Asked(mate), Asked(mate))
        try must("invite_carer", "a member joins", try answer(String.self, inviting, invite(first)) == "join")
        var wrong = Asked(mate)
        wrong.token = Primitive.freshBytes(32)
        try must("invite_carer", "by their own address", try failure(inviting, invite(wrong)) == "23505")
        let sibling = Asked(mate)
        let about = try grant("a pass to ask for another", asks("carer.invite"))
        try must("invite_carer", "for another", try failure(about, invite(sibling)) == nil)
        try must("invite_carer", "again", try failure(inviting, invite(asked)) == nil)
        try must("invite_carer", "one for another patient stays", try isLinked(sibling))
        try must("invite_carer", "one takes the other's place", try !isLinked(first) && !works(join(first, as: mate)))
        try must("join_organization", "the last one works", try works(join(asked, as: mate)))
        try must(
            "invite_carer",
            "roles stay",
            try membership(asked, "roles = '{staff}'") && reaches(asked, "kind = 'carer'")
        )
        try setReach(mate, "withdrawn_at = clock_timestamp()")
        let again = Asked(mate)
        try must("invite_carer", "who was let out is asked again", try failure(inviting, invite(again)) == nil)
        try setReach(mate, "withdrawn_at = null, patient_id = \(north.ada.patient)")
        try must("invite_carer", "or cares for another", try failure(inviting, invite(Asked(mate))) == nil)
    }

    /// Somebody who could only read becomes a caregiver by being asked to enter, and by nothing less.
    private func readersWhoEnter() throws {
        let inviting = try pass("carer.invite", try guardian())
        let reader = try scene.somebody(["member"], in: north)
        let other = try scene.somebody(["member"], in: north)
        let (reads, enters) = (Asked(reader), Asked(other))
        try must("invite_carer", "to read", try failure(inviting, invite(reads, "carer-reading")) == nil)
        try must("invite_carer", "to enter", try failure(inviting, invite(enters)) == nil)
        try must("take_up_invitation", "only when they accept", try membership(enters, "roles = '{member}'"))
        try must("join_organization", "to read", try works(join(reads, as: reader)))
        try must("join_organization", "to enter", try works(join(enters, as: other)))
        try must("take_up_invitation", "a reader stays one", try membership(reads, "roles = '{member}'"))
        try must(
            "take_up_invitation",
            "who enters is a caregiver",
            try membership(enters, "roles = '{member,caregiver}'")
        )
        try grant("entering", asks("record.create", other, about: north.ben))
    }

    /// Nobody gets a link that sets the password of an account that belongs elsewhere, too.
    private func passwordsOfOthers() throws {
        let inviting = try pass("carer.invite", try guardian())
        let new = Asked()
        try must("invite_carer", "new", try answer(String.self, inviting, invite(new)) == "set-password")
        let again = try answer(String.self, inviting, invite(anew(new)))
        try must("invite_carer", "new, and asked again", again == "set-password")
        // They set a password by the first link, and have not joined yet: another link sets no other.
        try scene.admin.query("update care.account set password_hash = \(Scene.hash) where id = \(new.account)")
        let once = try answer(String.self, inviting, invite(anew(new)))
        try must("invite_carer", "who waits and has a password shows it", once == "join")
        let far = try scene.somebody(["caregiver"], in: south)
        try scene.admin.query("update care.account set password_hash = null where id = \(far.account)")
        for _ in 0..<2 {
            let purpose = try answer(String.self, inviting, invite(Asked(far)))
            try must("invite_carer", "whose account another opened", purpose == "join")
        }
        let known = try scene.somebody(["staff"], in: north)
        let purpose = try answer(String.self, inviting, invite(Asked(known)))
        try must("invite_carer", "who has a password shows it", purpose == "join")
        // Whoever belongs and has none, as before their first link or with a provider alone: this link sets none.
        let pending = try scene.somebody(["owner"], in: north)
        try scene.admin.query("update care.account set password_hash = null where id = \(pending.account)")
        let theirs = try answer(String.self, inviting, invite(Asked(pending), "carer-reading"))
        try must("invite_carer", "who belongs and has no password", theirs == "join")
    }

    /// What somebody waits with begins with the invitation, so it must be the inviter's to give; and what was taken away stays so.
    private func rolesOfInvited() throws {
        let inviting = try pass("carer.invite", try guardian())
        let waiting = try scene.somebody(["admin"], in: north)
        try setMembership(waiting, "since = 'infinity'")
        try must(
            "invite_carer",
            "not who waits with more than theirs",
            try isDenied(inviting, invite(Asked(waiting), "carer-reading"))
        )
        try setRoles(waiting, "{caregiver}")
        try must(
            "invite_carer",
            "who waits with theirs",
            try failure(inviting, invite(Asked(waiting), "carer-reading")) == nil
        )
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let (mine, theirs) = (Asked(one), Asked(other))
        for asked in [mine, theirs] { try must("invite_carer", "asked", try failure(inviting, invite(asked)) == nil) }
        let changing = try grant("a pass that changes roles", asks("member.change-roles"))
        let change = { (someone: Someone, roles: String) -> SQL in
            "select care.change_roles(\(someone.account), (\(roles))::text[], '{}')"
        }
        try must("change_roles", "to one who enters", try failure(changing, change(one, "{caregiver,member}")) == nil)
        try must("change_roles", "an invitation stays", try isLinked(mine))
        try must("change_roles", "to one who reads", try failure(changing, change(one, "{member}")) == nil)
        try must("change_roles", "an invitation gives nothing back", try !isLinked(mine) && !works(join(mine, as: one)))
        try must("change_roles", "others' stay", try isLinked(theirs) && works(join(theirs, as: other)))
    }

    private func setRoles(_ someone: Someone, _ roles: String) throws {
        try scene.admin.query(
            """
            update care.membership set roles = (\(roles))::text[]
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    /// An invitation lasts as long as the organisation's links do.
    private func howLongInvited() throws {
        try scene.set("invitation.lasts", to: "10", in: north)
        let inviting = try pass("carer.invite", try guardian())
        let mate = try scene.somebody(["caregiver"], in: north)
        for asked in [Asked(), Asked(mate)] {
            try must("invite_carer", "asked", try failure(inviting, invite(asked)) == nil)
            try scene.later(by: .seconds(9 * 86_400)) {
                try must("invite_carer", "as long as links do", try isLinked(asked))
            }
            try scene.later(by: .seconds(11 * 86_400)) { try must("invite_carer", "no longer", try !isLinked(asked)) }
            let rows = try count(
                """
                select 1 from care.invitation i join care.link l on l.secret_sha256 = i.link_sha256
                 where i.id = \(asked.invitation) and abs(extract(epoch from i.until - l.until)) < 60
                """
            )
            try must("invite_carer", "and is listed as long", rows == 1)
        }
        try scene.admin.query(
            "delete from care.organization_setting where organization_id = \(north.organization) and name = 'invitation.lasts'"
        )
    }

    // MARK: An end

    private func takingBack() throws {
        let one = try guardian()
        let (inviting, taking) = (try pass("carer.invite", one), try pass("carer.withdraw", one))
        let asked = Asked()
        let back: SQL = "select care.withdraw_invitation(\(asked.invitation))"
        try must("invite_carer", "asked", try failure(inviting, invite(asked)) == nil)
        try must("withdraw_invitation", "not without a pass", try isDenied(nil, back))
        try must("withdraw_invitation", "not by a pass that asks", try isDenied(inviting, back))
        try must(
            "withdraw_invitation",
            "not of another patient",
            try isDenied(taking, "select care.withdraw_invitation(\(north.ada.invitation))")
        )
        try must(
            "withdraw_invitation",
            "not elsewhere",
            try isDenied(taking, "select care.withdraw_invitation(\(UUID()))")
        )
        try must("withdraw_invitation", "it is taken back", try failure(taking, back) == nil)
        try must("settle_invitations", "its link ends", try !isLinked(asked) && !works(use(asked)) && !says(asked))
        try must("withdraw_invitation", "not twice", try isDenied(taking, back))
        let others = try count(
            "select 1 from care.invitation where organization_id = \(north.organization) and id in (\(north.ada.invitation), \(north.ben.invitation)) and outcome is null"
        )
        try must("settle_invitations", "others wait", others == 2)
    }

    private func sayingNo() throws {
        let inviting = try pass("carer.invite", try guardian())
        let (asked, late, void) = (Asked(), Asked(), Asked())
        for one in [asked, late, void] { try must("invite_carer", "asked", try failure(inviting, invite(one)) == nil) }
        let salt = Primitive.freshBytes(32)
        let no = { (one: Asked, house: House) -> SQL in
            "select care.decline_invitation(\(house.organization), \(one.link), 1, \(salt), '\\x00')"
        }
        try must("decline_invitation", "not elsewhere", try !works(no(asked, south)))
        try must("decline_invitation", "not by another link", try !works(no(Asked(), north)))
        try must("decline_invitation", "nothing is written of it", try entries(salt).isEmpty)
        let hash = Primitive.sha256(void.link)
        try scene.admin.query("update care.link set used_at = now() where secret_sha256 = \(hash)")
        try must("decline_invitation", "not by a link that ended", try !works(no(void, north)) && !says(void))
        try must("decline_invitation", "no", try works(no(asked, north)))
        let told = try entries(salt)
        try must(
            "decline_invitation",
            "the trail says so",
            told.count == 1
                && told.allSatisfy {
                    $0.act == "carer.decline" && $0.patient == north.ben.patient && $0.account == asked.account
                }
        )
        try must("decline_invitation", "not twice", try !works(no(asked, north)))
        try must("decline_invitation", "no is no", try !works(use(asked)) && !reaches(asked, "true"))
        try scene.later(by: .seconds(7 * 86_400 + 60)) {
            try must("decline_invitation", "not after a week", try !works(no(late, north)))
        }
        try must(
            "decline_invitation",
            "another's is another's",
            try works(use(late)) && reaches(late, "kind = 'carer'")
        )
    }
}
