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
            "select care.vouch(\(hash ?? opened.sha256), \(organization), \(use), \(subjects))"
        )[0].decode([UUID].self, at: 0)
    }

    func vouching() throws {
        let (ada, ben, here) = (north.ada.patient, north.ben.patient, north.organization)
        let read = try grant("a pass to vouch by", asks("record.read"))
        try must("vouch", "for the patient of the pass", try vouched(read, [ada]) == [ada])
        try must("vouch", "for no other", try vouched(read, [ben, ada, UUID()]) == [ada])
        try must("vouch", "not in another organisation", try vouched(read, [ada], in: south) == [])
        try must("vouch", "not by an unknown pass", try vouched(read, [ada], hash: Primitive.freshBytes(32)) == [])
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
                "account_to_add", ["member.add"],
                { try !isDenied($0, "select care.account_to_add(\(north.keeper.token))") }
            ),
            (
                "unknown_references",
                [
                    "record.create", "record.update", "record.delete", "record.update/directory",
                    "record.delete/directory", "patient.create", "bundle.write", "directory.create",
                ],
                { try !isDenied($0, "select care.unknown_references('{}')") }
            ),
            (
                "disclose", ["patient.list", "patient.search"],
                { try !isDenied($0, "select care.disclose('{}', 1, \(Primitive.freshBytes(32)), '')") }
            ),
            (
                "vouch for a patient",
                [
                    "record.read", "record.search", "record.create", "record.update", "record.delete", "record.history",
                    "patient.history", "patient.everything", "bundle.write", "trail.read",
                    "reach.read", "patient.list", "patient.search",
                ],
                { try vouched($0, [north.ada.patient]) == [north.ada.patient] }
            ),
            (
                "vouch for the directory",
                [
                    "record.read/directory", "record.history/directory", "record.update/directory",
                    "record.delete/directory", "patient.everything", "bundle.write", "directory.read",
                    "directory.search", "directory.history", "directory.create",
                ],
                { try vouched($0, [here], use: "directory") == [here] }
            ),
            (
                "vouch for the audit key", ["trail.read", "reach.read"],
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

// MARK: - Members and links

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

// MARK: - Tidying

extension GateChecks {
    func sweeping() throws {
        let opened = try grant("a pass that stays", asks("record.read"))
        let old = try grant("a pass that goes", asks("record.read"))
        try scene.admin.query(
            "update care.pass set until = clock_timestamp() - interval '61 seconds' where secret_sha256 = \(old.sha256)"
        )
        _ = try failure(nil, "select care.sweep()")
        let left = { (opened: Scene.Opened) in
            try scene.admin.query("select from care.pass where secret_sha256 = \(opened.sha256)").count
        }
        try must("sweep", "ended passes go", try left(old) == 0)
        try must("sweep", "open passes stay", try left(opened) == 1)
    }

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
                        and (select count(*) from pg_policy p where p.polrelid = c.oid) = 3
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
