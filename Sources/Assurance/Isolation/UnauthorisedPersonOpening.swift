import FoundationEssentials
import Postgres
import Seals

extension GateChecks {
    func sessions() throws {
        try contexts()
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

    /// What a pass carries, byte by byte: whoever reads it takes each field by its place.
    private func contexts() throws {
        let uuid = { (letter: String) in String(repeating: letter, count: 32) }
        let text = { (text: String) in text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        let fields = [
            uuid("a"), uuid("b"), uuid("c"), uuid("d"), uuid("e"), text("record.read"), text("patient"),
            "00000010" + uuid("f"),
            text("treatment"), "00000000000f4240", text("patient/*.read"),
        ]
        let encoded = fields.map { field in
            let length = String(field.count / 2, radix: 16)
            return String(repeating: "0", count: 4 - length.count) + length + field
        }
        for (steppedUp, last) in [("2000-01-01T00:00:02Z", "000800000000001e8480"), (nil, "ffff")] {
            let found = try scene.admin.query(
                """
                select encode(care.context_of(jsonb_populate_record(null::care.pass, jsonb_build_object(
                    'actor_organization_id', \(uuid("a")), 'organization_id', \(uuid("b")), 'account_id', \(uuid("c")),
                    'session_id', \(uuid("d")), 'opening_id', \(uuid("e")), 'act', 'record.read', 'scope', 'patient',
                    'patients', jsonb_build_array(\(uuid("f"))), 'purpose', 'treatment', 'until', '2000-01-01T00:00:01Z',
                    'client_scope', 'patient/*.read', 'stepped_up_at', \(steppedUp)::text))), 'hex')
                """
            )[0].decode(String.self, at: 0)
            try must("context_of", "has each field in its place", found == "01" + encoded.joined() + last)
        }
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

    func requests() throws {
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

    func targets() throws {
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
        for act in ["patient.list", "patient.search", "patient.browse"] { taken[act] = readers.union(["guest"]) }
        for act in ["directory.read", "directory.search", "directory.browse", "directory.history"] {
            taken[act] = readers
        }
        for act in [
            "member.add", "member.change-roles", "member.end", "member.end-sessions", "practitioner.link",
            "notice.list", "role.make",
            "role.change", "role.end",
            "settings.change",
        ] { taken[act] = managers }
        taken["practitioner.list"] = taken["member.list"]
        taken["provider.list"] = managers
        taken["provider.change"] = ["owner"]
        taken["agreement.publish"] = managers
        taken["agreement.count"] = managers.union(["auditor", "privacy-officer", "data-governance-officer"])
        for act in ["break-glass.offer", "break-glass.open"] { taken[act] = managers.union(["clinician"]) }
        for act in ["break-glass.list", "break-glass.review"] { taken[act] = ["privacy-officer"] }
        taken["settings.list"] = managers.union(["auditor", "privacy-officer", "data-governance-officer"])
        taken["member.leave"] = readers.union([
            "researcher", "data-governance-officer", "principal-investigator", "safety-monitor", "auditor",
            "privacy-officer", "guest",
        ])
        taken["overview.take"] = managers.union(["data-governance-officer"])
        taken["overview.read"] = managers.union(["data-governance-officer", "auditor"])
        for act in ["concern.list", "concern.answer"] { taken[act] = ["owner", "auditor", "privacy-officer"] }
        for act in ["agreement.list", "agreement.answer", "activity.read", "concern.report"] {
            taken[act] = taken["member.leave"]
        }
        return taken
    }()

    func roles() throws {
        for role in [
            "owner", "admin", "member", "caregiver", "patient", "teen", "clinician", "staff", "researcher",
            "data-governance-officer", "principal-investigator", "safety-monitor", "auditor", "privacy-officer",
            "guest",
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

    func reach() throws {
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
        let writers: Set<String> = ["guardian", "self", "care-team", "assignment", "carer", "appointment"]
        let emergency = writers.union(["break-glass-write"])
        let exporters = kinds.subtracting(["break-glass", "break-glass-write"])
        let staying = writers.subtracting(["carer", "appointment"])
        let own: Set<String> = ["guardian", "self"]
        return [
            "record.read": kinds, "record.search": kinds, "record.browse": kinds, "patient.everything": exporters,
            "record.create": emergency, Scene.actAboutSeveral: writers,
            "record.update": emergency, "record.delete": writers, "record.history": kinds, "patient.history": kinds,
            "bundle.write": writers, "record.move": staying, "patient.merge": staying, "trail.read": own,
            "reach.read": own, "reach.share": own, "reach.withdraw": own, "reach.team": staying.union(["appointment"]),
            "carer.invite": own, "carer.withdraw": own, "guest.invite": own, "carer.pause": own, "carer.resume": own,
            "reach.give": staying.subtracting(["self"]), "reach.end": staying.subtracting(["self"]),
            "carer.keep": ["self"], "record.keep-private": ["self"],
            "countersign.offer": staying.subtracting(["self"]), "countersign.sign": staying.subtracting(["self"]),
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
