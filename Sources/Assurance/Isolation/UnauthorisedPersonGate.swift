import FoundationEssentials
import Postgres
import Seals

/// Each condition in the functions that decide, from both of its sides where it has two.
struct GateChecks {
    let scene: Scene
    let ledger: Ledger

    func run() throws {
        try scene.lookAgain()
        try sessions()
        try requests()
        try targets()
        try roles()
        try reach()
        try kindsOfRecord()
        try carers()
        try pauses()
        try whatIsWritten()
        try together()
        try theGuard()
        try scene.lookAgain()
        try settings()
        try roster()
        try vouching()
        try disclosing()
        try functions()
        try references()
        try scene.lookAgain()
        try signingIn()
        try signedIn()
        try secondFactors()
        try ownSessions()
        try signInTries()
        try programTokens()
        try passwords()
        try scene.lookAgain()
        try members()
        try founding()
        try renewing()
        try givingRoles()
        try leaving()
        try team()
        try emergencies()
        try scene.lookAgain()
        try links()
        try versions()
        try several()
        try jobs()
        try scene.lookAgain()
        try letters()
        try changingAccounts()
        try spending()
        try moves()
        try sharedMoves()
        try merges()
        try sweeping()
        try months()
        try scene.lookAgain()
        try offices()
        try attestations()
        try vulnerabilities()
        try providers()
        try agreements()
        try activity()
        try tellingAccounts()
        try promises()  // last: it ends the sessions of one of the houses
    }

    // MARK: Telling

    /// What must be.
    func must(_ function: String, _ condition: String, _ isSo: Bool, seen: String = "it was not so") throws {
        ledger.report.attempts += 1
        if !isSo { try ledger.fail(function, condition, "-", seen) }
    }

    /// An opening that must be refused for this very reason: no context, no names, no pass, and entries that say so.
    func refuse(
        _ condition: String,
        _ request: Scene.Request,
        as refusal: String,
        outcome: Int32 = 2,
        entries count: Int = 1
    ) throws {
        let opened = scene.open(request)
        let entries = try self.entries(request.salt)
        let kept = try scene.admin.query(
            "select from care.pass where secret_sha256 = \(Primitive.sha256(request.secret ?? []))"
        )
        let isSo =
            opened.outcome == outcome && opened.context == nil && opened.patients.isEmpty && opened.records.isEmpty
            && opened.roles.isEmpty && kept.isEmpty && entries.count == count
            && entries.allSatisfy { !$0.granted && $0.refusal == refusal }
        let reasons = Set(entries.map { $0.refusal ?? "granted" }).sorted().joined(separator: ", ")
        try must(
            "open_pass",
            condition,
            isSo,
            seen: "outcome \(opened.outcome ?? -1), \(kept.count) passes, \(entries.count) entries: \(reasons)"
        )
    }

    /// An opening that must be granted, as the control of a refusal.
    @discardableResult
    func grant(_ condition: String, _ request: Scene.Request) throws -> Scene.Opened {
        let opened = scene.open(request)
        ledger.report.controls += 1
        if opened.outcome != 0 || opened.context == nil || opened.roles.isEmpty {
            let reason = try entries(request.salt).first?.refusal ?? opened.error?.sqlState ?? "-"
            try ledger.fail("open_pass", condition, "a control", "outcome \(opened.outcome ?? -1): \(reason)")
        }
        return opened
    }

    /// An entry as the superuser sees it.
    struct Entry {
        let organization: UUID
        let actorOrganization: UUID?
        let account: UUID?
        let act: String
        let scope: String?
        let patient: UUID?
        let record: UUID?
        let granted: Bool
        let refusal: String?
        let purpose: String?
        let hasSession: Bool
        /// Whether it is of one opening, this transaction's time, key and salt.
        let isComplete: Bool
    }

    func entries(_ salt: [UInt8]) throws -> [Entry] {
        try scene.admin.query(
            """
            select organization_id, actor_organization_id, account_id, act, scope, patient_id, record_id, granted, refusal,
                   purpose, session_id is not null,
                   opening_id is not null and key_epoch = 1 and sealed = '\\x00'
                     and (until is not null) = (granted and scope is not null and session_id is not null
                                                and act not like 'session.%' and act not like 'second-factor.%')
              from care.entry where salt = \(salt) order by at, patient_id
            """
        ).map { row in
            Entry(
                organization: try row.decode(UUID.self, at: 0),
                actorOrganization: try row.decode(UUID?.self, at: 1),
                account: try row.decode(UUID?.self, at: 2),
                act: try row.decode(String.self, at: 3),
                scope: try row.decode(String?.self, at: 4),
                patient: try row.decode(UUID?.self, at: 5),
                record: try row.decode(UUID?.self, at: 6),
                granted: try row.decode(Bool.self, at: 7),
                refusal: try row.decode(String?.self, at: 8),
                purpose: try row.decode(String?.self, at: 9),
                hasSession: try row.decode(Bool.self, at: 10),
                isComplete: try row.decode(Bool.self, at: 11)
            )
        }
    }

    /// Whether a statement of the server's role, under this pass, ends in 42501.
    func isDenied(_ opened: Scene.Opened?, _ statement: SQL) throws -> Bool {
        try failure(opened, statement) == "42501"
    }

    /// The SQLSTATE that a statement of the server's role under a pass ends in; `nil` if it works.
    func failure(_ opened: Scene.Opened?, _ statement: SQL) throws -> String? {
        try scene.server.query("begin")
        do throws(PostgresError) {
            if let opened { try scene.server.query("select set_config('care.pass', \(opened.setting), true)") }
            try scene.server.query(statement)
            try scene.server.query("commit")
            return nil
        } catch {
            _ = try? scene.server.query("rollback")  // the error is what is asked for
            return error.sqlState
        }
    }

    /// What a statement of the server's role answers, under a pass.
    func answer<Value: Bindable>(_: Value.Type, _ opened: Scene.Opened?, _ statement: SQL) throws -> Value? {
        try scene.server.query("begin")
        defer { _ = try? scene.server.query("commit") }  // a connection that is gone fails the next statement
        do {
            if let opened { try scene.server.query("select set_config('care.pass', \(opened.setting), true)") }
            return try scene.server.query(statement).first?.decode(Value.self, at: 0)
        } catch { return nil }
    }

    var north: House { scene.north }
    var south: House { scene.south }

    func asks(_ act: String, _ someone: Someone? = nil, about kept: Kept? = nil) -> Scene.Request {
        scene.request(act, by: someone ?? north.keeper, of: north, about: kept ?? north.ada)
    }
}

// MARK: - open_pass

extension GateChecks {
    private func sessions() throws {
        try grant("the session is theirs", asks("record.read"))
        var unknown = asks("record.read")
        unknown.session = Primitive.freshBytes(32)
        try refuse("the session is known", unknown, as: "no such session", outcome: 1)
        try must(
            "write_entry",
            "what belongs to nobody is the nil organisation's",
            try entries(unknown.salt).allSatisfy { $0.organization == UUID.nobody && $0.account == nil }
        )
        var elsewhere = asks("record.read")
        elsewhere.organization = south.organization
        try refuse("the session is of the organisation", elsewhere, as: "no such session", outcome: 1)
        var page = asks("record.read")
        page.use = "page"
        try refuse("the session is used as it was begun for", page, as: "session is of another use", outcome: 1)

        let one = try scene.somebody(["caregiver"], in: north)
        let listing = { asks("patient.list", one) }
        try grant("before the session's end", listing())
        try scene.later(by: .seconds(3_590)) { try grant("ten seconds before the session is idle", listing()) }
        // Its use has been written down: from here on it is idle an hour later.
        try scene.later(by: .seconds(3_590 + 3_605)) {
            try refuse("the session is not idle", listing(), as: "session has ended", outcome: 1)
        }
        try set(one, "idle = interval '2 days'")
        try scene.later(by: .seconds(86_390)) { try grant("ten seconds before the session's end", listing()) }
        try scene.later(by: .seconds(86_410)) {
            try refuse("the session has not run out", listing(), as: "session has ended", outcome: 1)
        }
        try set(one, "ended_at = clock_timestamp()")
        try refuse("the session is not ended", listing(), as: "session has ended", outcome: 1)
        try memberships()
        try freshness()
    }

    private func set(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            "update care.session set \(assignment) where organization_id = \(north.organization) and account_id = \(someone.account)"
        )
    }

    func setMembership(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            """
            update care.membership set \(assignment)
             where organization_id = \(north.organization) and account_id = \(someone.account)
            """
        )
    }

    private func memberships() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let listing = { asks("patient.list", one) }
        try setMembership(one, "until = clock_timestamp() + interval '10 minutes'")
        try scene.later(by: .seconds(590)) { try grant("ten seconds before the membership's end", listing()) }
        try scene.later(by: .seconds(610)) {
            try refuse("the membership has not ended", listing(), as: "session has ended", outcome: 1)
        }
        try setMembership(one, "until = null, since = clock_timestamp() + interval '10 minutes'")
        try refuse("the membership has begun", listing(), as: "session has ended", outcome: 1)
        // A membership elsewhere is none here.
        let both = try scene.somebody(["caregiver"], in: north)
        try scene.join(both, ["owner"], to: south)
        try setMembership(both, "until = clock_timestamp(), since = clock_timestamp() - interval '1 day'")
        try refuse("the membership is the session's", asks("patient.list", both), as: "session has ended", outcome: 1)
    }

    /// Written at most once a minute.
    private func freshness() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let seen: () throws -> Double = {
            try scene.admin.query(
                """
                select extract(epoch from seen_at - created_at)::float8 from care.session
                 where organization_id = \(north.organization) and account_id = \(one.account) and used_as = 'api'
                """
            )[0].decode(Double.self, at: 0)
        }
        try scene.later(by: .seconds(50)) { try grant("50 s later", asks("patient.list", one)) }
        try must("open_pass", "freshness is not written within a minute", try seen() == 0)
        try scene.later(by: .seconds(70)) { try grant("70 s later", asks("patient.list", one)) }
        try must("open_pass", "freshness is written after a minute", try seen() >= 70)
        let others = try scene.admin.query(
            """
            select from care.session
             where organization_id = \(north.organization) and account_id = \(one.account) and seen_at <> created_at
               and used_as = 'page'
            """
        )
        try must("open_pass", "only the session's own freshness is written", others.isEmpty)
    }

    private func requests() throws {
        try refuse("the act is known", asks("record.steal"), as: "no such act")
        var nothing = asks("record.read")
        nothing.act = nil
        // The trail has no entry without an act: nothing is opened, and nothing is written.
        let opened = scene.open(nothing)
        try must("open_pass", "there is an act", opened.outcome == nil && opened.error != nil)
        for secret in [Primitive.freshBytes(15), Primitive.freshBytes(17), []] {
            var request = asks("record.read")
            request.secret = secret
            try refuse("the secret is 16 bytes", request, as: "secret is not 16 bytes")
        }
        var none = asks("record.read")
        none.secret = nil
        try refuse("there is a secret", none, as: "secret is not 16 bytes")
        var long = asks("record.read")
        long.purpose = String(repeating: "p", count: 61)
        try refuse("the purpose is short", long, as: "purpose is too long")
        let twice = try grant("a secret once", asks("record.read"))
        var again = asks("record.read")
        again.secret = twice.secret
        try must("open_pass", "a secret opens one pass", scene.open(again).outcome != 0)
        try numbers()
    }

    private func numbers() throws {
        let unknown = { (count: Int) in (0..<count).map { _ in Primitive.freshBytes(16) } }
        try grant("100 new patients", Scene.Request("bundle.write", by: north.keeper, of: north, newPatients: ids(100)))
        try refuse(
            "at most 100 new patients",
            Scene.Request("bundle.write", by: north.keeper, of: north, newPatients: ids(101)),
            as: "more than 100 targets"
        )
        try refuse(
            "at most 100 targets",
            Scene.Request("bundle.write", by: north.keeper, of: north, targets: unknown(101)),
            as: "more than 100 targets",
            entries: 100
        )
        try refuse(
            "at most 100 of both",
            Scene.Request("bundle.write", by: north.keeper, of: north, targets: unknown(60), newPatients: ids(41)),
            as: "more than 100 targets",
            entries: 60
        )
        var stranger = Scene.Request("bundle.write", by: north.keeper, of: north, targets: unknown(5_000))
        stranger.session = Primitive.freshBytes(32)
        try refuse("a refusal leaves 100 entries at most", stranger, as: "no such session", outcome: 1, entries: 100)
    }

    private func ids(_ count: Int) -> [UUID] { (0..<count).map { _ in UUID() } }

    private func targets() throws {
        let ada = north.ada
        let to = { (act: String, targets: [[UInt8]?], new: [UUID]) in
            Scene.Request(act, by: north.keeper, of: north, targets: targets, newPatients: new)
        }
        try refuse("the target is known", to("record.read", [Primitive.freshBytes(16)], []), as: "no such record")
        try refuse(
            "the target is of the organisation",
            to("record.read", [south.ada.weight.tag], []),
            as: "no such record"
        )
        try refuse("a target that is null", to("record.read", [nil], []), as: "no such record")
        try refuse("a patient act has a target", to("record.search", [], []), as: "one target is needed")
        try refuse(
            "a patient act has one target",
            to("record.search", [ada.person.tag, ada.weight.tag], []),
            as: "one target is needed",
            entries: 2
        )
        try refuse(
            "a patient act makes nobody",
            to("record.search", [ada.person.tag], [UUID()]),
            as: "one target is needed"
        )
        for act in ["record.search", "record.create", "patient.everything", "trail.read", "reach.share"] {
            try refuse("the directory is no patient, for \(act)", to(act, [north.place.tag], []), as: "not a patient")
        }
        try refuse(
            "the directory's acts take no patient",
            to("directory.read", [ada.weight.tag], []),
            as: "not of the directory"
        )
        try refuse("nor do the organisation's", to("member.list", [ada.weight.tag], []), as: "not of the directory")
        try refuse("the roster takes no target", to("patient.list", [ada.weight.tag], []), as: "no target is taken")
        for act in [
            "patient.list", "patient.search", "directory.read", "directory.create", "member.list", "member.add",
        ] {
            try refuse("\(act) makes nobody", to(act, [], [north.ben.patient]), as: "no patient is made")
        }
        try refuse("a new patient is new", to("patient.create", [], [north.ben.patient]), as: "patient exists")
        try refuse("and among several", to("bundle.write", [], [UUID(), north.ben.patient]), as: "patient exists")
        try unknownAndForbidden()
    }

    /// What is not there and what is not theirs get the same answer.
    private func unknownAndForbidden() throws {
        let unknown = scene.open(
            Scene.Request("record.read", by: north.keeper, of: north, targets: [Primitive.freshBytes(16)])
        )
        let forbidden = scene.open(
            Scene.Request("record.read", by: north.keeper, of: north, targets: [north.ben.weight.tag])
        )
        try must(
            "open_pass",
            "unknown and forbidden are answered alike",
            unknown.outcome == forbidden.outcome && unknown.context == forbidden.context
                && unknown.patients == forbidden.patients && unknown.records == forbidden.records
        )
    }

    /// Which roles an act takes: declared here once more, beside the tables of roles and acts. Others take none, or a patient in reach.
    private static let taken: [String: Set<String>] = {
        let own: Set<String> = ["patient", "teen"]
        let readers = own.union(["owner", "admin", "member", "caregiver", "clinician", "staff"])
        let makers = readers.subtracting(["member"])
        let managers: Set<String> = ["owner", "admin"]
        var taken: [String: Set<String>] = [
            "patient.create": makers, "bundle.write": makers, Scene.actAboutSeveral: makers,
            "directory.create": makers.subtracting(own), "record.move": makers.subtracting(own),
            "patient.merge": makers.subtracting(own), "member.list": readers.union(["auditor", "privacy-officer"]),
        ]
        for act in ["patient.list", "patient.search", "patient.browse"] { taken[act] = readers }
        for act in ["directory.read", "directory.search", "directory.browse", "directory.history"] {
            taken[act] = readers
        }
        for act in [
            "member.add", "member.change-roles", "member.end", "member.end-sessions", "notice.list", "role.make",
            "role.change", "role.end",
            "settings.change",
        ] { taken[act] = managers }
        taken["agreement.publish"] = managers
        taken["agreement.count"] = managers.union(["auditor", "privacy-officer", "data-governance-officer"])
        for act in ["break-glass.offer", "break-glass.open"] { taken[act] = managers.union(["clinician"]) }
        for act in ["break-glass.list", "break-glass.review"] { taken[act] = ["privacy-officer"] }
        taken["settings.list"] = managers.union(["auditor", "privacy-officer", "data-governance-officer"])
        taken["member.leave"] = readers.union([
            "researcher", "data-governance-officer", "principal-investigator", "safety-monitor", "auditor",
            "privacy-officer",
        ])
        for act in ["concern.list", "concern.answer"] { taken[act] = ["owner", "auditor", "privacy-officer"] }
        for act in ["agreement.list", "agreement.answer", "activity.read", "concern.report"] {
            taken[act] = taken["member.leave"]
        }
        return taken
    }()

    private func roles() throws {
        for role in [
            "owner", "admin", "member", "caregiver", "patient", "teen", "clinician", "staff", "researcher",
            "data-governance-officer", "principal-investigator", "safety-monitor", "auditor", "privacy-officer",
        ] {
            let one = try scene.somebody([role], in: north)
            for (act, scope) in scene.acts where scope != "patient" && scope != "installation" {
                let new = Scene.actsThatMakePatients.contains(act) ? [UUID()] : []
                let request = Scene.Request(act, by: one, of: north, newPatients: new)
                guard let taken = Self.taken[act] else {
                    try must("act", "\(act) has its roles declared", false)
                    continue
                }
                if taken.contains(role) {
                    try grant("\(act) by \(role)", request)
                } else {
                    try refuse("\(act) by \(role)", request, as: "no permission")
                }
            }
        }
        // Roles held elsewhere are not held here.
        let plain = try scene.somebody(["member"], in: north, after: (south, ["owner"]))
        try refuse("roles are the session's organisation's", asks("member.add", plain), as: "no permission")
        try permissions()
    }

    /// What a role permits, and reach, are both needed; and what is of the directory takes a permission of its own.
    private func permissions() throws {
        let researcher = try scene.somebody(["researcher"], in: north)
        try scene.reach(north.ada, by: researcher, as: "guardian", in: north)
        for act in ["record.read", "record.search", "patient.everything", "record.update", "trail.read", "reach.share"]
        {
            try refuse("\(act) by a guardian whose role permits nothing", asks(act, researcher), as: "no permission")
        }
        for act in ["record.read/directory", "record.update/directory"] {
            try refuse("\(act) by one whose role permits nothing", asks(act, researcher), as: "no permission")
        }
        let exporter = try scene.somebody(["member"], in: north)
        try scene.reach(north.ada, by: exporter, as: "guardian", in: north)
        let directory = { (opened: Scene.Opened) in
            try scene.admin.query("select directory from care.pass where secret_sha256 = \(opened.sha256)")
                .first?.decode(Bool.self, at: 0)
        }
        let whole = try grant("a member's export", asks("patient.everything", exporter))
        try must("open_pass", "an export brings the directory along", try directory(whole) == true)
        try hold(exporter, ["record.export"])
        let narrow = try grant("an export by a role of that alone", asks("patient.everything", exporter))
        try must("open_pass", "and leaves it out without permission", try directory(narrow) == false)
        try hold(exporter, ["directory.write"])
        try refuse("records by one who keeps the directory", asks("record.update", exporter), as: "no permission")
        try grant("the directory by one who keeps it", asks("record.update/directory", exporter))
    }

    private func reach() throws {
        try refuse("somebody else's patient", asks("record.read", about: north.ben), as: "out of reach")
        for (act, scope) in scene.acts
        where ["patient", "patients"].contains(scope) && act != "patient.create" && Self.accepted[act] == nil {
            try must("act", "\(act) has its ways of reaching declared", false)
        }
        for kind in Self.kinds {
            let one = try scene.somebody(["clinician"], in: north)
            try scene.reach(north.ben, by: one, as: kind, in: north)
            for (act, accepted) in Self.accepted.sorted(by: { $0.key < $1.key }) {
                let request = asks(act, one, about: north.ben)
                if accepted.contains(kind) {
                    try grant("\(act) by \(kind)", request)
                } else {
                    try refuse("\(act) by \(kind)", request, as: "out of reach")
                }
            }
            try refuse("\(kind) of another patient", asks("record.read", one), as: "out of reach")
        }
        try reachInTime()
        try reachOfSeveral()
    }

    private static let kinds: Set<String> = Set(AccessMatrix.ways)

    /// By which ways of reaching a patient an act is open: declared here once more, beside the table of acts.
    private static let accepted: [String: Set<String>] = {
        let writers: Set<String> = ["guardian", "self", "care-team", "assignment", "carer"]
        let emergency = writers.union(["break-glass-write"])
        let exporters = kinds.subtracting(["break-glass", "break-glass-write"])
        let staying = writers.subtracting(["carer"])
        let own: Set<String> = ["guardian", "self"]
        return [
            "record.read": kinds, "record.search": kinds, "record.browse": kinds, "patient.everything": exporters,
            "record.create": emergency, Scene.actAboutSeveral: writers,
            "record.update": emergency, "record.delete": writers, "record.history": kinds, "patient.history": kinds,
            "bundle.write": writers, "record.move": staying, "patient.merge": staying, "trail.read": own,
            "reach.read": own, "reach.share": own, "reach.withdraw": own, "reach.team": staying,
            "carer.invite": own, "carer.withdraw": own, "carer.pause": own, "carer.resume": own,
            "reach.give": staying.subtracting(["self"]), "reach.end": staying.subtracting(["self"]),
        ]
    }()

    private func reachInTime() throws {
        let one = try scene.somebody(["clinician"], in: north)
        try scene.reach(north.ben, by: one, as: "share", in: north)
        let read = { asks("record.read", one, about: north.ben) }
        try setReach(one, "until = clock_timestamp() + interval '10 minutes'")
        try scene.later(by: .seconds(590)) { try grant("ten seconds before the share's end", read()) }
        try scene.later(by: .seconds(610)) { try refuse("the share has not run out", read(), as: "out of reach") }
        try setReach(one, "since = clock_timestamp() + interval '5 minutes'")
        try refuse("the share has begun", read(), as: "out of reach")
        try setReach(one, "since = clock_timestamp() - interval '5 minutes', withdrawn_at = clock_timestamp()")
        try refuse("the share is not withdrawn", read(), as: "out of reach")
        // Reach to the namesake in another organisation is none here.
        let both = try scene.somebody(["clinician"], in: north)
        try scene.join(both, ["clinician"], to: south)
        try scene.reach(south.ben, by: both, as: "guardian", in: south)
        try refuse("the reach is of the organisation", asks("record.read", both, about: north.ben), as: "out of reach")
    }

    func setReach(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query(
            "update care.reach set \(assignment) where organization_id = \(north.organization) and account_id = \(someone.account)"
        )
    }

    /// Each of several targets must be reached, wherever it stands.
    private func reachOfSeveral() throws {
        for targets in [[north.ada.person.tag, north.ben.person.tag], [north.ben.person.tag, north.ada.person.tag]] {
            try refuse(
                "each of several is reached",
                Scene.Request("bundle.write", by: north.keeper, of: north, targets: targets),
                as: "out of reach",
                entries: 2
            )
        }
        for targets in [
            [north.ada.person.tag, Primitive.freshBytes(16)], [Primitive.freshBytes(16), north.ada.person.tag],
        ] {
            try refuse(
                "each of several is known",
                Scene.Request("bundle.write", by: north.keeper, of: north, targets: targets),
                as: "no such record",
                entries: 2
            )
        }
    }
}

// MARK: - What is written

extension GateChecks {
    private func whatIsWritten() throws {
        let request = asks("record.read")
        let opened = try grant("an entry of reading", request)
        let entries = try entries(request.salt)
        let entry = entries.first
        try must("write_entry", "one entry a patient", entries.count == 1)
        let makes = asks("patient.create")
        let made = try grant("an entry of making a patient", makes)
        try must(
            "open_pass",
            "one entry for a new patient, and no other",
            try self.entries(makes.salt).map(\.patient) == made.newPatients.map(Optional.some)
        )
        let lists = asks("patient.list")
        try grant("an entry of listing", lists)
        try must(
            "open_pass",
            "one entry for what is about nobody",
            try self.entries(lists.salt).map(\.patient) == [nil]
        )
        try must(
            "write_entry",
            "the entry says who, what, to whom and why",
            entry?.organization == north.organization && entry?.actorOrganization == north.organization
                && entry?.account == north.keeper.account && entry?.act == "record.read" && entry?.scope == "patient"
                && entry?.patient == north.ada.patient && entry?.record == north.ada.weight.id && entry?.granted == true
                && entry?.purpose == "care" && entry?.hasSession == true && entry?.isComplete == true
        )
        try must(
            "open_pass",
            "the answer names patient and record",
            opened.patients == [north.ada.patient] && opened.records == [north.ada.weight.id]
        )
        try refusalEntry()
        try bundleEntries()
        try narrowing()
        try changingTheDirectory()
        try until(opened)
    }

    private func refusalEntry() throws {
        let request = asks("record.read", about: north.ben)
        _ = scene.open(request)
        let entry = try entries(request.salt).first
        try must(
            "write_entry",
            "a refusal names whom it was about",
            entry?.organization == north.organization && entry?.account == north.keeper.account
                && entry?.patient == north.ben.patient && entry?.record == north.ben.weight.id
                && entry?.granted == false
                && entry?.isComplete == true
        )
    }

    private func bundleEntries() throws {
        let request = asks("bundle.write")
        let opened = try grant("an entry of a bundle", request)
        let entries = try entries(request.salt)
        try must(
            "write_entry",
            "one entry for each target and each new patient",
            Set(entries.map(\.patient)) == [north.ada.patient, opened.newPatients.first] && entries.count == 2
                && entries.allSatisfy { $0.granted && $0.isComplete }
        )
        let own = try scene.admin.query(
            """
            select patients = \([north.ada.patient] + opened.newPatients) and new_patients = \(opened.newPatients)
                   and directory and session_id is not null and account_id = \(north.keeper.account)
                   and actor_organization_id = \(north.organization) and scope = 'patients' and purpose = 'care'
              from care.pass where secret_sha256 = \(opened.sha256)
            """
        )
        try must(
            "open_pass",
            "the pass carries whom it was opened for",
            try own.first?.decode(Bool?.self, at: 0) == true
        )
    }

    /// Reading what belongs to no patient is reading of the directory, and nothing else.
    private func narrowing() throws {
        let opened = try grant("reading the directory", asks("record.read/directory"))
        let own = try scene.admin.query(
            """
            select scope = 'directory' and powers = '{directory.read}' and patients = '{}' and directory
              from care.pass where secret_sha256 = \(opened.sha256)
            """
        )
        try must(
            "open_pass",
            "reading the directory opens the directory alone",
            try own.first?.decode(Bool?.self, at: 0) == true
        )
        for (act, isOpen) in [
            ("record.read", false), ("record.create", false), ("patient.everything", true), ("patient.create", false),
            ("record.update", false), ("record.history", false), ("bundle.write", true),
        ] {
            let opened = try grant(act, asks(act))
            let rows = try scene.admin.query("select directory from care.pass where secret_sha256 = \(opened.sha256)")
            try must(
                "open_pass",
                "\(act) \(isOpen ? "opens" : "does not open") the directory",
                try rows.first?.decode(Bool.self, at: 0) == isOpen
            )
        }
    }

    /// Who changes the directory: those whom the act names for it, in a bundle too.
    private func changingTheDirectory() throws {
        let member = try scene.somebody(["member"], in: north)
        let patient = try scene.somebody(["patient"], in: north)
        for act in ["record.update/directory", "record.delete/directory"] {
            try grant("\(act), by a caregiver", asks(act))
            for (role, someone) in [("member", member), ("patient", patient)] {
                try refuse("\(act), by a \(role)", asks(act, someone), as: "no permission")
            }
        }
        try grant("a member reads the directory", asks("record.history/directory", member))
        let bundle = { (someone: Someone) in
            var request = self.asks("bundle.write", someone)
            request.targets = [self.north.place.tag]
            return request
        }
        try grant("a bundle that changes the directory", bundle(north.keeper))
        try refuse("a bundle that changes the directory, by a patient", bundle(patient), as: "out of reach")
        var own = bundle(patient)
        own.targets = []
        let opened = try grant("a patient's bundle", own)
        let rows = try scene.admin.query(
            "select directory, powers && '{directory.write,directory.read}' from care.pass where secret_sha256 = \(opened.sha256)"
        )
        try must(
            "open_pass",
            "a patient's bundle does not open the directory",
            try rows.first.map { try !$0.decode(Bool.self, at: 0) && !$0.decode(Bool.self, at: 1) } == true
        )
    }

    /// A pass is good for a minute.
    private func until(_ opened: Scene.Opened) throws {
        let look: SQL = "select 1 from care.record"
        let fresh = try grant("a pass to be used later", asks("record.search"))
        try scene.later(by: .seconds(50)) {
            try must("acting", "a pass is good for 50 s", try failure(fresh, look) == nil)
        }
        try scene.later(by: .seconds(61)) {
            try must("acting", "a pass is over after a minute", try isDenied(fresh, look))
        }
        let rows = try scene.admin.query(
            """
            select until between clock_timestamp() + interval '30 seconds' and clock_timestamp() + interval '60 seconds'
              from care.pass where secret_sha256 = \(opened.sha256)
            """
        )
        try must("open_pass", "a pass lasts a minute", try rows.first?.decode(Bool.self, at: 0) == true)
    }

    // MARK: Together

    /// Passes opened together are decided, written down and answered as each alone; and each shows its own record, no other's.
    private func together() throws {
        let (alone, company) = (companions(), companions())
        let expected = alone.map { scene.open($0) }
        let seen = scene.open(
            together: company.enumerated().map { ($1, Int32(2000 + $0), [UInt8($0)]) }
        )
        try must(
            "open_passes",
            "everybody is answered",
            seen.count == company.count && seen.allSatisfy { $0.opened.error == nil }
        )
        for (index, (request, own)) in zip(zip(alone, expected), zip(company, seen)).enumerated() {
            let (opened, sha256) = own.1
            try must(
                "open_passes",
                "number \(index) is decided as if it were alone",
                opened.outcome == request.1.outcome && opened.patients == request.1.patients
                    && opened.records == request.1.records && opened.roles == request.1.roles
                    && (opened.context == nil) == (request.1.context == nil)
            )
            try must(
                "open_passes",
                "number \(index) is told by its secret",
                sha256 == Primitive.sha256(own.0.secret ?? [])
            )
            try must(
                "open_passes",
                "number \(index) is written down as if it were alone",
                try lines(own.0, 2000 + index, [UInt8(index)]) == lines(request.0, 1, [0])
            )
            try must(
                "open_passes",
                "number \(index) shows what it names",
                try answer([UUID].self, opened, kept) == answer([UUID].self, request.1, kept)
            )
        }
        try must("open_passes", "nobody is opened nothing", scene.open(together: []).isEmpty)
    }

    private var kept: SQL { "select array(select id from care.record order by id)" }

    /// Requests of every fate, no two neighbours alike.
    private func companions() -> [Scene.Request] {
        var page = asks("record.read")
        page.use = "page"
        var stranger = asks("record.read")
        stranger.session = Primitive.freshBytes(32)
        var abroad = scene.request("record.search", by: south.keeper, of: south, about: south.ada)
        abroad.purpose = "treatment"
        var short = asks("record.read")
        short.secret = Primitive.freshBytes(15)
        return [
            asks("record.read"), stranger, abroad, page, asks("record.read", about: north.ben), short,
            asks("record.read", north.other, about: north.ben), asks("record.read/directory"), asks("record.create"),
        ]
    }

    /// The entries of a request, as text, if this is what was sealed for it.
    private func lines(_ request: Scene.Request, _ epoch: Int, _ sealed: [UInt8]) throws -> [String] {
        try scene.admin.query(
            """
            select concat_ws(' ', organization_id, actor_organization_id, account_id, session_id, act, scope, patient_id,
                             record_id, granted, refusal, purpose, until - at)
              from care.entry where salt = \(request.salt) and key_epoch = \(epoch) and sealed = \(sealed) order by 1
            """
        ).map { try $0.decode(String.self, at: 0) }
    }

    // MARK: The guard

    private func theGuard() throws {
        // Whatever a mutation has left there comes back afterwards.
        let before = try scene.admin.query("select expected, seen from care.guard")[0]
        let (expected, seen) = (try before.decode([UInt8]?.self, at: 0), try before.decode([UInt8]?.self, at: 1))
        defer {
            _ = try? scene.admin.query(  // the store is a copy
                "update care.guard set expected = \(expected), seen = \(seen), inspected_at = clock_timestamp()"
            )
        }
        let read = { asks("record.read") }
        let isUp = { (condition: String) in try refuse(condition, read(), as: "the guard is up", outcome: 3) }
        try scene.admin.query("update care.guard set seen = '\\x00'")
        try isUp("what is seen is what is expected")
        try must("inspect", "looking again puts it right", try answer(Bool.self, nil, "select care.inspect()") == true)
        try grant("after looking again", read())
        try scene.admin.query("update care.guard set expected = null, seen = null")
        try isUp("something is expected")
        try scene.admin.query("update care.guard set expected = '\\x00', seen = '\\x00'")
        try must("inspect", "what differs is told", try answer(Bool.self, nil, "select care.inspect()") == false)
        try isUp("what is expected is what is seen")
        try scene.admin.query(
            "update care.guard set expected = \(expected), seen = \(seen), inspected_at = clock_timestamp() - interval '290 seconds'"
        )
        try grant("looked at within five minutes", read())
        try scene.admin.query("update care.guard set inspected_at = clock_timestamp() - interval '301 seconds'")
        try isUp("it was looked at within five minutes")
        try scene.admin.query("update care.guard set inspected_at = null")
        try isUp("it was looked at")
        try scene.admin.query("update care.guard set inspected_at = clock_timestamp()")
        try scene.admin.query("create policy passing on care.token for select to carekeep_owner using (false)")
        try isUp("a change of policies is seen at once")
        try scene.admin.query("drop policy passing on care.token")
        try grant("and its repair", read())
    }
}

extension UUID {
    /// The nil organisation.
    static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
