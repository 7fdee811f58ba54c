import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// What members reported, and what was answered: opened by functions alone.
    static let concerns: [Specimen] = [
        Specimen(
            name: "concern",
            table: "concern",
            match: { "organization_id = \($0.house.organization) and id = \($0.house.concern)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("id", "\(existing ? victim.house.concern : UUID())"),
                    ("account_id", "\(victim.house.other.account)"), ("sealed", "'\\x00'"), ("at", "now()"),
                ]
            },
            change: "sealed = '\\x01'",
            isOfPatient: false
        ),
        Specimen(
            name: "concern_reply",
            table: "concern_reply",
            match: { "organization_id = \($0.house.organization) and concern_id = \($0.house.concern)" },
            row: { victim, existing in
                [
                    ("organization_id", "\(victim.house.organization)"), ("concern_id", "\(victim.house.concern)"),
                    ("number", existing ? "1" : "2"), ("account_id", "\(victim.house.keeper.account)"),
                    ("is_closing", "false"), ("sealed", "'\\x00'"), ("at", "now()"),
                ]
            },
            change: "is_closing = true",
            isOfPatient: false
        ),
    ]
}

extension Scene {
    /// Something that somebody reported, and an answer.
    func report(in house: House) throws {
        try admin.query(
            """
            insert into care.concern (organization_id, id, account_id, sealed, at)
            values (\(house.organization), \(house.concern), \(house.other.account), \([UInt8]([0])), '2026-01-01')
            """
        )
        try admin.query(
            """
            insert into care.concern_reply (organization_id, concern_id, number, account_id, is_closing, sealed, at)
            values (\(house.organization), \(house.concern), 1, \(house.keeper.account), false, \([UInt8]([0])), '2026-01-02')
            """
        )
    }
}

/// One's own activity: one's own entries and nobody else's; and reports, which reach those who look after them and nobody else.
extension GateChecks {
    func activity() throws {
        try ownEntries()
        try reporting()
        try reviewing()
    }

    private func pass(_ act: String, _ someone: Someone? = nil) throws -> Scene.Opened {
        try grant("a pass for \(act)", asks(act, someone))
    }

    // MARK: Entries

    /// An entry of somebody's, made by the superuser; its id and time.
    private func note(
        _ someone: Someone,
        in organization: UUID,
        ago: SQL = "interval '1 minute'",
        session: SQL = "null",
        refused: Bool = false
    ) throws -> (id: UUID, at: Date) {
        let id = UUID()
        let at = try scene.admin.query(
            """
            insert into care.entry (
                organization_id, id, opening_id, at, opened_in, account_id, session_id, act, granted, refusal, key_epoch, salt, sealed)
            values (\(organization), \(id), \(UUID()), clock_timestamp() - \(ago), pg_current_xact_id(), \(someone.account),
                    (\(session)), 'suite.act', \(!refused), case when \(refused) then 'so' end, 1, \(Primitive.freshBytes(32)), '\\x00')
            returning at
            """
        )[0].decode(Date.self, at: 0)
        return (id, at)
    }

    private func shown(_ someone: Someone, _ arguments: SQL = "null, null, 200") throws -> [UUID]? {
        try answer(
            [UUID].self,
            pass("activity.read", someone),
            """
            select array_agg(e.id order by e.entry_at desc, e.id desc) from care.own_entries(\(arguments)) e
             where e.act = 'suite.act'
            """
        )
    }

    private func ownEntries() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        try scene.join(one, ["caregiver"], to: south)
        let list: SQL = "select * from care.own_entries(null, null, 10)"
        try must("own_entries", "not without a pass", try isDenied(nil, list))
        try must("own_entries", "not by another pass", try isDenied(pass("member.list", one), list))
        let session: SQL = """
            select id from care.session where account_id = \(one.account) and used_as = 'api' limit 1
            """
        let first = try note(one, in: north.organization, ago: "interval '3 minutes'", session: session)
        let second = try note(one, in: north.organization, ago: "interval '2 minutes'", refused: true)
        let nowhere = try note(one, in: UUID.nobody, refused: true)
        _ = try note(one, in: south.organization)
        _ = try note(other, in: north.organization)
        try must(
            "own_entries",
            "one's own, here and of no organisation, the newest first",
            try shown(one) == [nowhere.id, second.id, first.id]
        )
        try must(
            "own_entries",
            "from a place on",
            try shown(one, "\(nowhere.at), \(nowhere.id), 200") == [second.id, first.id]
        )
        try must("own_entries", "not beyond a number", try shown(one, "null, null, 0")?.isEmpty ?? true)
        let devices = try answer(
            Int32.self,
            pass("activity.read", one),
            "select count(session_id)::integer from care.own_entries(null, null, 200) where act = 'suite.act'"
        )
        try must("own_entries", "with its session", devices == 1)
        let here = try answer(
            Bool.self,
            pass("activity.read", one),
            """
            select bool_and(is_this_session = (id = \(first.id))) from care.own_entries(null, null, 200) where act = 'suite.act'
            """
        )
        try must("own_entries", "and whether it is this one", here == true)
    }

    // MARK: Reports

    private func report(_ id: UUID = UUID(), _ entry: (id: UUID, at: Date)? = nil) -> SQL {
        "select care.report_concern(\(id), \(entry?.id), \(entry?.at), '\\x01')"
    }

    private func reporting() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        try must("report_concern", "not without a pass", try isDenied(nil, report()))
        try must("report_concern", "not by a pass that reads", try isDenied(pass("activity.read", one), report()))
        let (mine, theirs) = (try note(one, in: north.organization), try note(other, in: north.organization))
        let elsewhere = try note(one, in: south.organization)
        let reporting = try pass("concern.report", one)
        try must("report_concern", "not about another's entry", try isDenied(reporting, report(UUID(), theirs)))
        try must("report_concern", "nor one's own elsewhere", try isDenied(reporting, report(UUID(), elsewhere)))
        try must(
            "report_concern",
            "nor one of another time",
            try isDenied(reporting, report(UUID(), (mine.id, theirs.at)))
        )
        try must(
            "report_concern",
            "nor another one of that time",
            try isDenied(reporting, report(UUID(), (UUID(), mine.at)))
        )
        let id = UUID()
        try must("report_concern", "about one's own", try failure(reporting, report(id, mine)) == nil)
        let kept = try scene.admin.query(
            """
            select from care.concern where organization_id = \(north.organization) and id = \(id)
               and account_id = \(one.account) and entry_id = \(mine.id) and entry_act = 'suite.act' and entry_at = \(mine.at)
            """
        )
        try must("report_concern", "as whose, and about what", kept.count == 1)
        let nobodys = try note(one, in: UUID.nobody, refused: true)
        try must("report_concern", "about a try of nobody's", try failure(reporting, report(UUID(), nobodys)) == nil)
        for _ in 0..<8 {
            try must("report_concern", "ten a day", try failure(reporting, report()) == nil)
        }
        try must("report_concern", "and no more", try failure(reporting, report()) == "23514")
        try must("report_concern", "of each", try failure(pass("concern.report", other), report()) == nil)
        try scene.admin.query(
            "update care.concern set at = at - interval '25 hours' where account_id = \(one.account)"
        )
        try must("report_concern", "ten the next day", try failure(reporting, report()) == nil)
        let told = { (someone: Someone) in
            try answer(
                Int32.self,
                pass("activity.read", someone),
                "select count(distinct id)::integer from care.concerns()"
            )
        }
        try must("concerns", "one's own", try told(one) == 11 && told(other) == 1)
    }

    // MARK: Those who look after reports

    private func reviewing() throws {
        let (one, officer) = (
            try scene.somebody(["caregiver"], in: north), try scene.somebody(["privacy-officer"], in: north)
        )
        let (here, there) = (UUID(), UUID())
        let list: SQL = "select * from care.concerns()"
        try must("concerns", "not without a pass", try isDenied(nil, list))
        try must("concerns", "not by a pass that reports", try isDenied(pass("concern.report", one), list))
        try must("report_concern", "a member's", try failure(pass("concern.report", one), report(here)) == nil)
        try scene.admin.query(
            """
            insert into care.concern (organization_id, id, account_id, sealed, at)
            values (\(south.organization), \(there), \(south.keeper.account), '\\x01', clock_timestamp())
            """
        )
        let seen = try answer(
            [UUID].self,
            pass("concern.list", officer),
            "select array_agg(distinct id) from care.concerns()"
        )
        try must("concerns", "reach those who look after them", seen?.contains(here) == true)
        try must("concerns", "and nobody's elsewhere", seen?.contains(there) == false)
        let reply = { (concern: UUID, closes: Bool) -> SQL in
            "select care.answer_concern(\(concern), \(closes), '\\x02')"
        }
        try must("answer_concern", "not without a pass", try isDenied(nil, reply(here, false)))
        try must(
            "answer_concern",
            "not by a pass that lists",
            try isDenied(pass("concern.list", officer), reply(here, false))
        )
        let answering = try pass("concern.answer", officer)
        try must("answer_concern", "not elsewhere", try isDenied(answering, reply(there, false)))
        try must("answer_concern", "not what there is not", try isDenied(answering, reply(UUID(), false)))
        try must("answer_concern", "an answer", try failure(answering, reply(here, false)) == nil)
        try must("answer_concern", "and another, which closes it", try failure(answering, reply(here, true)) == nil)
        try must("answer_concern", "and none afterwards", try failure(answering, reply(here, false)) == "23514")
        let got = try answer(
            [Bool].self,
            pass("activity.read", one),
            "select array_agg(is_closing order by number) from care.concerns() where is_closed and sealed_reply = '\\x02'"
        )
        try must("concerns", "the reporter reads what was answered", got == [false, true])
    }
}
