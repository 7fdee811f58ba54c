import FoundationEssentials
import Postgres
import Seals

// MARK: - What policies ask

extension GateChecks {
    /// The functions that read the setting, asked by name: without a pass they have nothing, with a wrong one they fail.
    func settings() throws {
        let search = try grant("a pass to ask with", asks("record.search"))
        let asked: [(String, SQL)] = [
            ("acting_organization", "select care.acting_organization() is not null"),
            ("acting_account", "select care.acting_account() is not null"),
            ("acting_opening", "select care.acting_opening() is not null"),
            ("acting_patients", "select cardinality(care.acting_patients('record.read')) > 0"),
            ("acting_shared", "select cardinality(care.acting_shared('record.read')) > 0"),
        ]
        for (name, question) in asked {
            try must(name, "nothing without a pass", try answer(Bool.self, nil, question) != true)
            try must(name, "something with one", try answer(Bool.self, search, question) == true)
        }
        try must(
            "acting_patients",
            "nobody without the power",
            try answer([UUID].self, search, "select care.acting_patients('record.write')") == []
        )
        try must(
            "acting_new_patients",
            "nobody without a pass",
            try answer([UUID].self, nil, "select care.acting_new_patients('patient.write')") == []
        )
        let make = try grant("a pass that makes a patient", asks("patient.create"))
        try must(
            "acting_new_patients",
            "the new one",
            try answer([UUID].self, make, "select care.acting_new_patients('patient.write')") == make.newPatients
        )
        try must(
            "acting_new_patients",
            "nobody without the power",
            try answer([UUID].self, make, "select care.acting_new_patients('record.read')") == []
        )
        try mays(make)
    }

    private func mays(_ make: Scene.Opened) throws {
        let directory = try grant("a pass of the directory", asks("directory.read"))
        let may: SQL = "select care.acting_may('directory.read')"
        try must("acting_may", "the directory's pass reads it", try answer(Bool.self, directory, may) == true)
        try must("acting_may", "without a pass nobody may", try answer(Bool.self, nil, may) == false)
        try must(
            "acting_may",
            "reading is not writing",
            try answer(Bool.self, directory, "select care.acting_may('directory.write')") == false
        )
        try must(
            "acting_may",
            "a patient's pass is none of the directory",
            try answer(Bool.self, make, "select care.acting_may('record.write')") == false
        )
        let members: SQL = "select care.acting_may_see_members()"
        try must("acting_may_see_members", "not without a pass", try answer(Bool.self, nil, members) == false)
        try must("acting_may_see_members", "not with any pass", try answer(Bool.self, make, members) == false)
    }

    /// Whom somebody may reach, in time, in their organisation, by their own reach.
    func roster() throws {
        let one = try scene.somebody(["clinician"], in: north)
        try scene.join(one, ["clinician"], to: south)
        try scene.reach(north.ben, by: one, as: "share", in: north)
        try scene.reach(south.ada, by: one, as: "guardian", in: south)
        let list: SQL = "select array(select care.acting_roster('roster.read'))"
        let opened = try grant("a roster", asks("patient.list", one))
        let names = { try answer([UUID].self, opened, list) }
        try must("acting_roster", "one's own, here", try names() == [north.ben.patient])
        try must(
            "acting_roster",
            "nobody without the power",
            try answer([UUID].self, opened, "select array(select care.acting_roster('record.read'))") == []
        )
        try must("acting_roster", "nobody without a pass", try answer([UUID].self, nil, list) == [])
        let search = try grant("a pass that is no roster", asks("record.search"))
        try must(
            "acting_roster",
            "nobody for a pass of another scope",
            try answer([UUID].self, search, "select array(select care.acting_roster('record.read'))") == []
        )
        try setReach(one, "until = clock_timestamp() + interval '30 seconds'")
        try scene.later(by: .seconds(20)) {
            try must("acting_roster", "before its end", try names() == [north.ben.patient])
        }
        try scene.later(by: .seconds(40)) {
            try must("acting_roster", "not after its end", try names() == [])
            try must("vouch", "not after its end", try vouched(opened, [north.ben.patient]) == [])
        }
        try must("vouch", "for whom is on the roster", try vouched(opened, [north.ben.patient]) == [north.ben.patient])
        try setReach(one, "since = clock_timestamp() + interval '20 seconds'")
        try must("acting_roster", "not before it begins", try names() == [])
        try must("vouch", "not before it begins", try vouched(opened, [north.ben.patient]) == [])
        try setReach(one, "since = clock_timestamp() - interval '20 seconds', withdrawn_at = clock_timestamp()")
        try must("acting_roster", "not when withdrawn", try names() == [])
        try must("vouch", "not when withdrawn", try vouched(opened, [north.ben.patient]) == [])
        try must("vouch", "not for whom they reach elsewhere", try vouched(opened, [north.ada.patient]) == [])
    }
}

// MARK: - vouch, disclose, references

extension GateChecks {
    /// For whom the database tells the keykeeper to hand out keys.
    func vouched(
        _ opened: Scene.Opened,
        _ subjects: [UUID],
        use: String = "patient",
        in house: House? = nil,
        hash: [UInt8]? = nil
    ) throws -> [UUID] {
        let organization = (house ?? north).organization
        return try scene.keykeeper.query(
            "select coalesce(care.vouch(\(hash ?? opened.sha256), \(organization), \(use), \(subjects)), '{}')"
        )[0].decode([UUID].self, at: 0)
    }

    func vouching() throws {
        let (ada, ben, here) = (north.ada.patient, north.ben.patient, north.organization)
        let read = try grant("a pass to vouch by", asks("record.read"))
        try must("vouch", "for the patient of the pass", try vouched(read, [ada]) == [ada])
        try must("vouch", "for no other", try vouched(read, [ben, ada, UUID()]) == [ada])
        try must("vouch", "not in another organisation", try vouched(read, [ada], in: south) == [])
        try must("vouch", "not by an unknown pass", try vouched(read, [ada], hash: Primitive.freshBytes(32)) == [])
        let unknown = try scene.keykeeper.query(
            "select care.vouch(\(Primitive.freshBytes(32)), \(here), 'patient', \([ada])) is null"
        )
        try must("vouch", "nothing is said of an unknown pass", try unknown[0].decode(Bool.self, at: 0))
        try must("vouch", "not by the secret itself", try vouched(read, [ada], hash: read.secret) == [])
        try must("vouch", "not of an unknown use", try vouched(read, [ada, here], use: "wrap") == [])
        try scene.later(by: .seconds(61)) {
            try must("vouch", "not by an expired pass", try vouched(read, [ada]) == [])
        }
        for act in ["reach.share", "reach.withdraw"] {
            let opened = try grant(act, asks(act))
            try must("vouch", "not by \(act)", try vouched(opened, [ada]) == [])
        }
        let roster = try grant("a roster to vouch by", asks("patient.list"))
        try must("vouch", "for the roster, and no other", try vouched(roster, [ada, ben]) == [ada])
        try must("vouch", "a roster's people are patients", try vouched(roster, [ada], use: "directory") == [])
        // Somebody's pass for a patient does not stretch to the others whom they reach.
        let both = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ada, by: both, as: "guardian", in: north)
        try scene.reach(north.ben, by: both, as: "guardian", in: north)
        let one = try grant("a pass for one of two", asks("record.read", both))
        try must("vouch", "for the patient of the pass, not for all in reach", try vouched(one, [ada, ben]) == [ada])
        try vouchingForOrganizations(read, roster)
        try vouchingUncommitted()
    }

    private func vouchingForOrganizations(_ read: Scene.Opened, _ roster: Scene.Opened) throws {
        let here = north.organization
        let directory = try grant("a pass of the directory to vouch by", asks("directory.read"))
        try must("vouch", "for the directory", try vouched(directory, [here], use: "directory") == [here])
        try must(
            "vouch",
            "for no other organisation's",
            try vouched(directory, [south.organization], use: "directory") == []
        )
        try must("vouch", "for the directory only by its pass", try vouched(read, [here], use: "directory") == [])
        try must(
            "vouch",
            "for the audit key only by the trail's pass",
            try vouched(directory, [here], use: "audit-2026") == []
        )
        try must("vouch", "nor by a record's", try vouched(read, [here], use: "audit-2026") == [])
        let trail = try grant("a pass of the trail to vouch by", asks("trail.read"))
        try must("vouch", "for the audit key", try vouched(trail, [here], use: "audit-2026") == [here])
        try must(
            "vouch",
            "for no other organisation's audit key",
            try vouched(trail, [south.organization], use: "audit-2026") == []
        )
        try must(
            "vouch",
            "for no patient as if an audit key",
            try vouched(trail, [north.ada.patient], use: "audit-2026") == []
        )
    }

    /// The keykeeper asks on a connection of its own, and so cannot see what is not committed. Should it ever ask in the same
    /// transaction, it is told nothing either.
    private func vouchingUncommitted() throws {
        let request = asks("record.read")
        let admin = scene.admin
        try admin.query("begin")
        defer { _ = try? admin.query("rollback") }  // what was opened there is not wanted
        try admin.query(request.statement)
        let hash = Primitive.sha256(request.secret ?? [])
        let answer = try admin.query(
            "select care.vouch(\(hash), \(north.organization), 'patient', \([north.ada.patient]))"
        )[0].decode([UUID].self, at: 0)
        try must("vouch", "not by a pass that is not committed", answer.isEmpty)
    }

    func disclosing() throws {
        let roster = try grant("a roster to disclose by", asks("patient.search"))
        let read = try grant("a pass that discloses nothing", asks("record.read"))
        let salt = Primitive.freshBytes(32)
        let name = { (patients: [UUID]) -> SQL in "select care.disclose(\(patients), 1, \(salt), '\\x00')" }
        try must("disclose", "not by a pass of another scope", try isDenied(read, name([north.ada.patient])))
        try must("disclose", "nor for nobody", try isDenied(read, name([])))
        try must("disclose", "not without a pass", try isDenied(nil, name([north.ada.patient])))
        try must(
            "disclose",
            "not who is out of reach",
            try isDenied(roster, name([north.ada.patient, north.ben.patient]))
        )
        try must("disclose", "nothing is written of what is refused", try entries(salt).isEmpty)
        try must("disclose", "who was found", try answer(Int32.self, roster, name([north.ada.patient])) == 1)
        let entries = try entries(salt)
        try must(
            "disclose",
            "an entry names who was found",
            entries.count == 1 && entries[0].patient == north.ada.patient && entries[0].granted
                && entries[0].organization == north.organization && entries[0].account == north.keeper.account
                && entries[0].act == "patient.search" && entries[0].hasSession
        )
    }

    /// Functions are no tables: which act opens which of them is declared here.
    func functions() throws {
        let here = north.organization
        let isOpen: [(name: String, acts: Set<String>, answer: (Scene.Opened) throws -> Bool)] = [
            (
                "account_to_add", ["member.add", "carer.invite", "guest.invite"],
                { try !isDenied($0, "select care.account_to_add(\(north.keeper.token))") }
            ),
            (
                "unknown_references",
                [
                    "record.create", "record.keep-private", "record.create.several", "record.update", "record.delete",
                    "record.update/directory",
                    "record.delete/directory", "patient.create", "bundle.write", "directory.create",
                    "record.move", "patient.merge",
                ],
                { try !isDenied($0, "select care.unknown_references('{}')") }
            ),
            (
                "disclose", ["patient.list", "patient.search", "patient.browse"],
                { try !isDenied($0, "select care.disclose('{}', 1, \(Primitive.freshBytes(32)), '')") }
            ),
            (
                "vouch for a patient",
                [
                    "record.read", "record.search", "record.browse", "record.create", "record.create.several",
                    "record.keep-private", "record.update", "record.delete",
                    "record.history", "patient.history", "patient.everything", "bundle.write", "trail.read",
                    "reach.read", "patient.list", "patient.search", "patient.browse", "record.move", "patient.merge",
                ],
                { try vouched($0, [north.ada.patient]) == [north.ada.patient] }
            ),
            (
                "vouch for the directory",
                [
                    "record.read/directory", "record.history/directory", "record.update/directory",
                    "record.delete/directory", "patient.everything", "bundle.write", "directory.read",
                    "practitioner.list",
                    "directory.search", "directory.browse", "directory.history", "directory.create", "record.browse",
                ],
                { try vouched($0, [here], use: "directory") == [here] }
            ),
            (
                "move_records", ["record.move", "patient.merge"],
                {
                    let ada = north.ada.patient
                    return try !isDenied(
                        $0,
                        "select care.move_records(\(ada), \(ada), '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"
                    )
                }
            ),
            (
                "count_reach_of_merged", ["patient.merge"],
                { try !isDenied($0, "select care.count_reach_of_merged(\(north.ada.patient))") }
            ),
            (
                "vouch for the audit key", ["trail.read", "reach.read", "break-glass.list"],
                { try vouched($0, [here], use: "audit-2026") == [here] }
            ),
        ]
        for act in scene.openings {
            let opened = try grant("\(act), to call functions with", asks(act))
            for (name, acts, answer) in isOpen {
                let works = try answer(opened)
                try must(name, "by \(act)", works == acts.contains(act), seen: works ? "it worked" : "it was refused")
            }
        }
    }

    func references() throws {
        let create = try grant("a pass that writes", asks("record.create"))
        let read = try grant("a pass that reads", asks("record.read"))
        let tags = [
            north.ada.weight.tag, north.place.tag, north.ben.weight.tag, south.ada.weight.tag, Primitive.freshBytes(16),
        ]
        let ask: SQL = "select care.unknown_references(\(tags))"
        try must(
            "unknown_references",
            "known are the patient's own and the directory's",
            try answer([[UInt8]].self, create, ask) == Array(tags[2...])
        )
        try must("unknown_references", "not by a pass that reads", try isDenied(read, ask))
        try must("unknown_references", "not without a pass", try isDenied(nil, ask))
        try must(
            "require_references",
            "another's is answered like none",
            try failure(create, "select care.require_references(\([north.ben.weight.tag]))") == "23503"
                && failure(create, "select care.require_references(\([Primitive.freshBytes(16)]))") == "23503"
        )
        try must(
            "require_references",
            "the patient's own is known",
            try failure(create, "select care.require_references(\([north.ada.person.tag]))") == nil
        )
        let change = { (record: UUID, patient: UUID?) -> SQL in "select care.acting_on(\(record), \(patient))" }
        try must(
            "acting_on",
            "the patient's record",
            try answer(Bool.self, create, change(north.ada.weight.id, north.ada.patient)) == true
        )
        try must(
            "acting_on",
            "not another's",
            try answer(Bool.self, create, change(north.ben.weight.id, north.ada.patient)) == false
        )
        try must(
            "acting_on",
            "not one there is not",
            try answer(Bool.self, create, change(UUID(), north.ada.patient)) == false
        )
        try must(
            "acting_on",
            "not the directory's",
            try answer(Bool.self, create, change(north.place.id, north.ada.patient)) == false
        )
        try must(
            "acting_on",
            "not without a pass",
            try answer(Bool.self, nil, change(north.ada.weight.id, north.ada.patient)) == false
        )
    }
}

// MARK: - Sessions and passwords

extension GateChecks {
    /// An attempt to sign in.
    private struct SignIn {
        var token: [UInt8]
        var hash: String? = Scene.hash
        var wanted: UUID?
        var lasting: Int32 = 1
        let secret = Primitive.freshBytes(32)
        let salt = Primitive.freshBytes(32)

        init(_ someone: Someone, wanting wanted: UUID? = nil) {
            token = someone.token
            self.wanted = wanted
        }

        var statement: SQL {
            """
            select outcome, organization from care.begin_session(
                \(token), \(hash), \(wanted), 'api', \(Primitive.sha256(secret)), interval '1 hour',
                make_interval(days => \(lasting)), null, 1, \(salt), '\\x00')
            """
        }
    }

    private func signIn(_ condition: String, _ attempt: SignIn, to house: House?, refused: String? = nil) throws {
        let row = try scene.server.query(attempt.statement)[0]
        let outcome = try row.decode(Int32.self, at: 0)
        let organization = try row.decode(UUID?.self, at: 1)
        let sessions = try scene.admin.query(
            "select from care.session where secret_sha256 = \(Primitive.sha256(attempt.secret))"
        )
        let entries = try entries(attempt.salt)
        let isSo =
            outcome == (house == nil ? 1 : 0) && organization == house?.organization
            && sessions.count == (house == nil ? 0 : 1)
            && entries.map(\.act) == ["session.begin"] && entries.map(\.refusal) == [refused]
            && (house == nil || entries[0].organization == organization && entries[0].hasSession)
        try must(
            "begin_session",
            condition,
            isSo,
            seen: "outcome \(outcome), \(sessions.count) sessions, \(entries.first?.refusal ?? "granted")"
        )
    }

    func signingIn() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let wrong = "wrong address or password"
        try signIn("signs in", SignIn(one), to: north)
        var other = SignIn(one)
        other.hash = Scene.hash.replacing("s", with: "t")
        try signIn("with the password only", other, to: nil, refused: wrong)
        var without = SignIn(one)
        without.hash = nil
        try signIn("not without one", without, to: nil, refused: wrong)
        var unknown = SignIn(one)
        unknown.token = Primitive.freshBytes(32)
        try signIn("with the address only", unknown, to: nil, refused: wrong)
        try signIn(
            "not where they do not belong",
            SignIn(one, wanting: south.organization),
            to: nil,
            refused: "not a member"
        )
        try setMembership(one, "until = clock_timestamp() + interval '10 minutes'")
        try scene.later(by: .seconds(590)) { try signIn("before the membership's end", SignIn(one), to: north) }
        try scene.later(by: .seconds(610)) {
            try signIn("not after the membership's end", SignIn(one), to: nil, refused: "not a member")
        }
        try setMembership(one, "until = null, since = clock_timestamp() + interval '10 minutes'")
        try signIn("not before the membership begins", SignIn(one), to: nil, refused: "not a member")
        try signingInToOneOfTwo()
        try signingInWithoutPassword(wrong)
        try longSessions()
    }

    private func signingInToOneOfTwo() throws {
        let both = try scene.somebody(["caregiver"], in: north)
        try scene.join(both, ["member"], to: south)
        try signIn("to the first, if none is wanted", SignIn(both), to: north)
        try signIn("to the one wanted", SignIn(both, wanting: south.organization), to: south)
    }

    private func signingInWithoutPassword(_ refusal: String) throws {
        let closed = try scene.somebody(["caregiver"], in: north)
        try setAccount(closed, "closed_at = clock_timestamp()")
        try signIn("not to a closed account", SignIn(closed), to: nil, refused: refusal)
        let pending = try scene.somebody(["caregiver"], in: north)
        try setAccount(pending, "password_hash = null")
        try signIn("not without a password kept", SignIn(pending), to: nil, refused: refusal)
        var guess = SignIn(pending)
        guess.hash = nil
        try signIn("no password is not the same as no password", guess, to: nil, refused: refusal)
    }

    private func setAccount(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.account set \(assignment) where id = \(someone.account)")
    }

    private func longSessions() throws {
        var long = SignIn(try scene.somebody(["caregiver"], in: north))
        long.lasting = 90
        try signIn("for thirty days at most", long, to: north)
        let rows = try scene.admin.query(
            "select until <= created_at + interval '30 days' from care.session where secret_sha256 = \(Primitive.sha256(long.secret))"
        )
        try must("begin_session", "for thirty days at most", try rows.first?.decode(Bool.self, at: 0) == true)
    }

    /// `session_of` and `end_session`.
    func signedIn() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let who = { (organization: UUID, secret: [UInt8]) -> UUID? in
            try answer(UUID?.self, nil, "select account_id from care.session_of(\(organization), \(secret))") ?? nil
        }
        let me = { try who(north.organization, one.session) }
        try must("session_of", "knows its own", try me() == one.account)
        try belongingElsewhere()
        try must("session_of", "not by another secret", try who(north.organization, Primitive.freshBytes(32)) == nil)
        try must("session_of", "not in another organisation", try who(south.organization, one.session) == nil)
        try scene.later(by: .seconds(3_590)) { try must("session_of", "before it is idle", try me() == one.account) }
        try scene.later(by: .seconds(3_610)) { try must("session_of", "not when idle", try me() == nil) }
        try setSession(one, "idle = interval '2 days'")
        try scene.later(by: .seconds(86_390)) { try must("session_of", "before its end", try me() == one.account) }
        try scene.later(by: .seconds(86_410)) { try must("session_of", "not after its end", try me() == nil) }
        try setMembership(one, "until = clock_timestamp() + interval '10 minutes'")
        try scene.later(by: .seconds(610)) { try must("session_of", "not after the membership's end", try me() == nil) }
        try setMembership(one, "until = null, since = clock_timestamp() + interval '10 minutes'")
        try must("session_of", "not before the membership begins", try me() == nil)
        try setMembership(one, "since = clock_timestamp() - interval '10 minutes'")
        let salt = Primitive.freshBytes(32)
        let end = { (organization: UUID, secret: [UInt8]) -> SQL in
            "select care.end_session(\(organization), \(secret), 1, \(salt), '\\x00')"
        }
        _ = try failure(nil, end(north.organization, Primitive.freshBytes(32)))
        _ = try failure(nil, end(south.organization, one.session))
        try must("end_session", "only by its own secret", try me() == one.account)
        try must("end_session", "no entry of nothing", try entries(salt).isEmpty)
        _ = try failure(nil, end(north.organization, one.session))
        try must("end_session", "ends it", try me() == nil)
        try must(
            "end_session",
            "and no other",
            try who(north.organization, north.keeper.session) == north.keeper.account
        )
        _ = try failure(nil, end(north.organization, one.session))
        let entries = try entries(salt)
        try must(
            "end_session",
            "one entry says so",
            entries.map(\.act) == ["session.end"] && entries[0].account == one.account && entries[0].hasSession
        )
    }

    /// Whether somebody can go to another organisation.
    private func belongingElsewhere() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let belongs = {
            try answer(
                Bool.self,
                nil,
                "select belongs_elsewhere from care.session_of(\(north.organization), \(one.session))"
            )
        }
        try must("session_of", "belongs here alone", try belongs() == false)
        try scene.join(one, ["caregiver"], to: south)
        try must("session_of", "belongs elsewhere, too", try belongs() == true)
        for (what, assignment) in [
            ("belonged there", "since = now() - interval '2 days', until = now() - interval '1 day'"),
            ("has yet to join there", "since = now() + interval '1 day', until = null"),
        ] as [(String, SQL)] {
            try scene.admin.query(
                """
                update care.membership set \(assignment)
                 where organization_id = \(south.organization) and account_id = \(one.account)
                """
            )
            try must("session_of", what, try belongs() == false)
        }
    }

    private func setSession(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            "update care.session set \(assignment) where organization_id = \(north.organization) and account_id = \(someone.account)"
        )
    }

    /// `password_setting` and `raise_cost`.
    func passwords() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let setting = { (token: [UInt8]) in try answer(String.self, nil, "select care.password_setting(\(token))") ?? ""
        }
        try must("password_setting", "is the account's", try setting(one.token) == String(Scene.hash.prefix(29)))
        let (a, b) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let decoy = try setting(a)
        try must("password_setting", "a decoy looks alike", decoy.utf8.count == 29 && decoy.hasPrefix("$2b$12$"))
        try must("password_setting", "a decoy stays", try setting(a) == decoy)
        try must("password_setting", "each address has its own decoy", try setting(b) != decoy)
        let cost = { (token: [UInt8], old: String, new: String) -> Bool? in
            try answer(Bool.self, nil, "select care.raise_cost(\(token), \(old), \(new))")
        }
        let dearer = Scene.hash.replacing("$12$", with: "$13$")
        try must("raise_cost", "not by another hash", try cost(one.token, Scene.hash + "x", dearer) != true)
        try must("raise_cost", "not of another account", try cost(a, Scene.hash, dearer) == false)
        try must(
            "raise_cost",
            "not lowered",
            try cost(one.token, Scene.hash, Scene.hash.replacing("$12$", with: "$11$")) == false
        )
        try must(
            "raise_cost",
            "not exchanged",
            try cost(one.token, Scene.hash, Scene.hash.replacing("s", with: "t")) == false
        )
        try must("raise_cost", "raised by the one that is kept", try cost(one.token, Scene.hash, dearer) == true)
        let others = try scene.admin.query(
            "select from care.account where password_hash = \(dearer) and id <> \(one.account)"
        )
        try must("raise_cost", "of no other account", others.isEmpty)
        try setAccount(one, "closed_at = clock_timestamp()")
        try must(
            "raise_cost",
            "not of a closed account",
            try cost(one.token, dearer, dearer.replacing("$13$", with: "$14$")) == false
        )
        try must(
            "password_setting",
            "a closed account's is a decoy",
            try setting(one.token) != String(dearer.prefix(29))
        )
    }
}

// MARK: - Tidying

extension GateChecks {
    /// Months are made ahead, each as guarded as the parent, and the guard takes them for what they are.
    func months() throws {
        let before = try scene.admin.query("select from pg_inherits where inhparent = 'care.entry'::regclass").count
        let added = try scene.later(by: .seconds(40 * 86_400)) {
            try answer(Int32.self, nil, "select care.add_months()")
        }
        let after = try scene.admin.query("select from pg_inherits where inhparent = 'care.entry'::regclass").count
        try must("add_months", "the months ahead are made", added == Int32(after - before) && after - before >= 1)
        let naked = try scene.admin.query(
            """
            select from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'care.entry'::regclass
               and not (c.relrowsecurity and c.relforcerowsecurity
                        and (select count(*) from pg_policy p where p.polrelid = c.oid) = 5
                        and c.relacl is null)
            """
        )
        try must("add_months", "each month has row security, its policies and no grant", naked.isEmpty)
        try must(
            "inspect",
            "a month more is no difference",
            try answer(Bool.self, nil, "select care.inspect()") == true
        )
        try must("add_months", "a second time makes none", try answer(Int32.self, nil, "select care.add_months()") == 0)
    }
}
