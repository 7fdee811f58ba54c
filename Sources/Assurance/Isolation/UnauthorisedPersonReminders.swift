import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// What stewards were told of: opened by nobody.
    static let reminders: [Specimen] = [
        Specimen(
            name: "reminder",
            table: "reminder",
            match: { "about_id = \($0.house.attestation)" },
            row: { victim, existing in
                [
                    ("kind", "'review-waits'"), ("about_id", "\(existing ? victim.house.attestation : UUID())"),
                    ("told_at", "now()"),
                ]
            },
            change: "told_at = now()",
            isOfPatient: false
        )
    ]
}

extension Scene {
    /// Something that stewards were told of.
    func remember(in house: House) throws {
        try admin.query(
            "insert into care.reminder (kind, about_id, told_at) values ('review-waits', \(house.attestation), clock_timestamp())"
        )
    }
}

/// Letters to stewards: of what is due, to those who hold the office, once, and by the job that does so.
extension GateChecks {
    func reminders() throws {
        let admin = scene.admin
        // What other checks left is told.
        try admin.query(
            "insert into care.reminder (kind, about_id, told_at) select kind, about, care.clock() from care.reminders_due()"
        )
        try whereMailIsSent {
            try vouchedFor()
            try reported()
            try told()
        }
        try admin.query("delete from care.vulnerability")
    }

    private func due(_ about: UUID) throws -> Set<String> {
        Set(
            try scene.admin.query("select kind from care.reminders_due() where about = \(about)").map {
                try $0.decode(String.self, at: 0)
            }
        )
    }

    // MARK: What is due

    /// Something vouched for, until so many days from now; `nil` for not reviewed.
    @discardableResult
    private func vouch(
        _ promise: String,
        days: Int,
        accepted: Bool?,
        after earlier: UUID? = nil,
        withdrawn: Bool = false
    )
        throws -> UUID
    {
        let id = UUID()
        try scene.admin.query(
            """
            insert into care.attestation (id, promise, follows, account_id, words, signed_as, link, since, until, at)
            values (\(id), \(promise), \(earlier), \(north.keeper.account), 'it was done', 'somebody', 'https://evidence.example',
                    care.clock() - interval '90 days', care.clock() + make_interval(days => \(Int32(days))),
                    care.clock() - interval '90 days')
            """
        )
        if let accepted {
            try scene.admin.query(
                """
                insert into care.attestation_review (attestation_id, author_id, account_id, accepted, reason, at)
                values (\(id), \(north.keeper.account), \(south.keeper.account), \(accepted), 'as I saw it', care.clock())
                """
            )
        }
        if withdrawn {
            try scene.admin.query(
                """
                insert into care.attestation_withdrawal (attestation_id, account_id, reason, at)
                values (\(id), \(north.keeper.account), 'it is not so', care.clock())
                """
            )
        }
        return id
    }

    private func vouchedFor() throws {
        let alone: [(String, Int, Bool?, Bool, Set<String>)] = [
            ("what ends soon", 10, true, false, ["attestation-ends"]), ("not what ends later", 40, true, false, []),
            ("not what has ended", -1, true, false, []), ("not what was withdrawn", 10, true, true, []),
            ("not what was declined", 10, false, false, []), ("what waits", 40, nil, false, ["review-waits"]),
            ("not what was withdrawn while it waited", 40, nil, true, []),
            ("not what ended while it waited", -1, nil, false, []),
        ]
        for (number, (name, days, accepted, withdrawn, kinds)) in alone.enumerated() {
            let id = try vouch("ZA-\(number + 1)", days: days, accepted: accepted, withdrawn: withdrawn)
            try must("reminders_due", name, try due(id) == kinds)
        }
        let first = try vouch("ZB-1", days: 10, accepted: true)
        let waiting = try vouch("ZB-1", days: 100, accepted: nil, after: first)
        try must("reminders_due", "also while what follows it waits", try due(first) == ["attestation-ends"])
        let gone = try vouch("ZB-1", days: 100, accepted: true, after: waiting, withdrawn: true)
        try must("reminders_due", "also where what follows it was withdrawn", try due(first) == ["attestation-ends"])
        try vouch("ZB-2", days: 100, accepted: true)
        try must("reminders_due", "whatever is so of another promise", try due(first) == ["attestation-ends"])
        try vouch("ZB-1", days: 5, accepted: true, after: gone)
        try must("reminders_due", "also where what follows it ends before", try due(first) == ["attestation-ends"])
        let last = try vouch("ZB-3", days: 10, accepted: true)
        try vouch("ZB-3", days: 100, accepted: true, after: last)
        try must("reminders_due", "not where what was accepted lasts longer", try due(last) == [])
        try scene.admin.query(
            "insert into care.reminder (kind, about_id, told_at) values ('attestation-ends', \(first), care.clock())"
        )
        try must("reminders_due", "not what was told", try due(first) == [])
        let other = try vouch("ZB-4", days: 10, accepted: true)
        try scene.admin.query(
            "insert into care.reminder (kind, about_id, told_at) values ('review-waits', \(other), care.clock())"
        )
        try must(
            "reminders_due",
            "what was told of it before is something else",
            try due(other) == ["attestation-ends"]
        )
    }

    /// A report that came some hours ago, to be read within 100 hours and answered within 200.
    private func report(hours: Int, isTest: Bool = false, acts: [String] = []) throws -> UUID {
        let id = UUID()
        try scene.admin.query(
            """
            insert into care.vulnerability (id, number, token_sha256, is_test, at, acknowledge_by, answer_by, sealed)
            select \(id), (select coalesce(max(number), 0) + 1 from care.vulnerability), \(Primitive.freshBytes(32)), \(isTest),
                   t.at, t.at + interval '100 hours', t.at + interval '200 hours', '\\x00'
              from (select care.clock() - make_interval(hours => \(Int32(hours))) as at offset 0) t
            """
        )
        for act in acts {
            try scene.admin.query(
                """
                insert into care.vulnerability_act (vulnerability_id, id, at, kind, sealed)
                values (\(id), \(UUID()), care.clock(), \(act), case when \(act) = 'acknowledged' then null else '\\x00'::bytea end)
                """
            )
        }
        return id
    }

    private func reported() throws {
        let reports: [(String, Int, Bool, [String], Set<String>)] = [
            ("a report that is new", 1, false, [], ["weakness-reported"]), ("not a probe's", 90, true, [], []),
            ("words of its reporter do not make it read", 1, false, ["written"], ["weakness-reported"]),
            ("not one that was read", 90, false, ["acknowledged"], []),
            ("one whose reading is late", 76, false, [], ["weakness-reported", "weakness-unread"]),
            ("not long before", 74, false, [], ["weakness-reported"]),
            ("one whose answer is late", 151, false, ["acknowledged"], ["weakness-unanswered"]),
            ("nor long before that", 149, false, ["acknowledged"], []),
            ("not one that was answered", 190, false, ["acknowledged", "answered"], []),
        ]
        for (name, hours, isTest, acts, kinds) in reports {
            try must("reminders_due", name, try due(report(hours: hours, isTest: isTest, acts: acts)) == kinds)
        }
    }

    // MARK: Telling

    private func told() throws {
        let admin = scene.admin
        let stewards = try admin.query(
            "select count(distinct account_id) from care.office where office = 'steward' and until is null"
        )[0].decode(Int.self, at: 0)
        // Nobody of these is a steward now.
        let (auditor, former, closed) = (
            try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north),
            try scene.somebody(["member"], in: north)
        )
        let offices: [(Someone, String, Bool?)] = [
            (auditor, "auditor", nil), (former, "steward", true), (closed, "steward", nil),
        ]
        for (someone, office, until) in offices {
            try admin.query(
                """
                insert into care.office (account_id, office, since, until)
                values (\(someone.account), \(office), care.clock() - interval '1 day', case when \(until) then care.clock() end)
                """
            )
        }
        try admin.query("update care.account set closed_at = care.clock() where id = \(closed.account)")
        let job = try hold("stewards.remind")
        let kinds = try admin.query("select count(distinct kind) from care.reminders_due()")[0].decode(Int.self, at: 0)
        let needed = stewards * kinds
        ledger.report.controls += 1
        if kinds < 4 || stewards < 2 {
            try ledger.fail("remind_stewards", "something to tell", "a control", "there is too little")
        }
        try must("remind_stewards", "not by another job", try isDenied(nil, remind(hold("housekeeping"), 100)))
        try must(
            "remind_stewards",
            "not by an earlier fence",
            try isDenied(nil, remind((job.organization, job.id, 2), 100))
        )
        try admin.query("update care.guard set mails_links = false")
        try must("remind_stewards", "nothing where no mail is sent", try answer(Int32.self, nil, remind(job, 100)) == 0)
        try admin.query("update care.guard set mails_links = true")
        for (letters, sealed) in [(0, 0), (needed - 1, needed - 1), (needed, needed - 1), (needed - 1, needed)] {
            let asked = try answer(Int32.self, nil, remind(job, letters, sealed: sealed))
            try must("remind_stewards", "says how many letters it takes", asked.map { Int($0) } == needed)
        }
        try must("remind_stewards", "and queues none without them", try queued() == 0)
        try must(
            "remind_stewards",
            "with them",
            try answer(Int32.self, nil, remind(job, needed)).map { Int($0) } == needed
        )
        try must("remind_stewards", "one a kind to each", try queued() == needed)
        let others = try admin.query(
            """
            select from care.letter l where l.template = any (\(Self.templates))
               and l.account_id not in (select account_id from care.office where office = 'steward' and until is null)
                or l.template = any (\(Self.templates)) and l.account_id = \(closed.account)
            """
        )
        try must("remind_stewards", "to stewards alone", others.isEmpty)
        try must("remind_stewards", "once", try answer(Int32.self, nil, remind(job, 100)) == 0 && queued() == needed)
        try must(
            "reminders_due",
            "nothing is left to tell",
            try admin.query("select from care.reminders_due()").isEmpty
        )
        try must("reminders_due", "not by the server itself", try isDenied(nil, "select care.reminders_due()"))
        try admin.query("delete from care.job where kind = 'mail.send'")
        try admin.query("delete from care.letter where template = any (\(Self.templates))")
        try admin.query("delete from care.office where account_id = any (\([auditor, former, closed].map(\.account)))")
        try admin.query("update care.job set leased_until = null where kind in ('stewards.remind', 'housekeeping')")
    }

    private static let templates = [
        "attestation-ends", "review-waits", "weakness-reported", "weakness-unread", "weakness-unanswered",
    ]

    private func queued() throws -> Int {
        try scene.admin.query("select from care.letter where template = any (\(Self.templates)) and state = 'waiting'")
            .count
    }

    /// The one job of a kind, held by its third fence.
    func hold(_ kind: String) throws -> (organization: UUID, id: UUID, fence: Int64) {
        let row = try scene.admin.query(
            """
            update care.job set leased_until = clock_timestamp() + interval '10 minutes', fence = 3
             where kind = \(kind) and opening_id is null returning organization_id, id
            """
        )[0]
        let (organization, id) = try row.decode((UUID, UUID).self)
        return (organization, id, 3)
    }

    private func remind(_ job: (organization: UUID, id: UUID, fence: Int64), _ letters: Int, sealed: Int? = nil) -> SQL
    {
        """
        select care.remind_stewards(
            \(job.organization), \(job.id), \(job.fence), \((0..<letters).map { _ in UUID() }),
            \((0..<(sealed ?? letters)).map { _ in [7] as [UInt8] }))
        """
    }
}
