import FoundationEssentials
import Postgres
import Seals

extension GateChecks {
    func whatIsWritten() throws {
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
        // Where there is no entry, nothing equals what is expected.
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
        // As above: no entry is no match.
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
    func together() throws {
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

    /// Rows that come with the release are part of what the guard compares.
    private func watchedRows() throws {
        let isAsExpected = { try answer(Bool.self, nil, "select care.inspect()") == true }
        for (what, change, back) in [
            (
                "a permission", "insert into care.permission (name, module, action) values ('x.read', 'x', 'read')",
                "delete from care.permission where name = 'x.read'"
            ),
            (
                "what a role permits",
                "update care.built_in_role set permissions = permissions || '{x.read}' where name = 'member'",
                "update care.built_in_role set permissions = array_remove(permissions, 'x.read')"
            ),
            (
                "an act", "update care.act set powers = powers || '{x.read}' where name = 'record.read'",
                "update care.act set powers = array_remove(powers, 'x.read') where name = 'record.read'"
            ),
        ] as [(String, SQL, SQL)] {
            try scene.admin.query(change)
            try must("inspect", "\(what) more is seen", try !isAsExpected())
            try scene.admin.query(back)
            try must("inspect", "\(what) more, taken back", try isAsExpected())
        }
    }

    func theGuard() throws {
        // Whatever a mutation has left there comes back afterwards.
        let before = try scene.admin.query("select expected, seen from care.guard")[0]
        let (expected, seen) = (try before.decode([UInt8]?.self, at: 0), try before.decode([UInt8]?.self, at: 1))
        defer {
            _ = try? scene.admin.query(  // a failure is on its way already, or the next check tells
                "update care.guard set expected = \(expected), seen = \(seen), inspected_at = clock_timestamp()"
            )
        }
        try watchedRows()
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
