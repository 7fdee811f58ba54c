import FoundationEssentials
import Postgres
import Seals

/// Letters: who can queue one, who opens it, and what is left of it afterwards.
extension GateChecks {
    func letters() throws {
        try mailingLinks()
        try openingLetters()
        try settlingLetters()
        try countingLetters()
        try sweepingLetters()
    }

    // MARK: Queueing

    private func mail(_ link: [UInt8], _ letter: UUID, in house: House? = nil) -> SQL {
        "select care.mail_link(\((house ?? north).organization), \(Primitive.sha256(link)), \(letter), 'en', '\\x07')"
    }

    /// Statements of one transaction of the server's, under a pass that adds members; what it ended in.
    func inOneTransaction(_ statements: [SQL]) throws -> String? {
        let adding = try grant("a pass to add members and write to them", asks("member.add"))
        try scene.server.query("begin")
        do throws(PostgresError) {
            try scene.server.query("select set_config('care.pass', \(adding.setting), true)")
            for statement in statements { try scene.server.query(statement) }
            try scene.server.query("commit")
            return nil
        } catch {
            _ = try? scene.server.query("rollback")  // the error is what is asked for
            return error.sqlState
        }
    }

    func addMember(_ account: UUID, _ token: [UInt8], _ link: [UInt8]) -> SQL {
        "select care.add_member(\(account), \(token), '\\x05', '\\x00', '{member}', \(Primitive.sha256(link)))"
    }

    private func exists(_ condition: SQL) throws -> Bool {
        try !scene.admin.query("select from care.letter l where \(condition)").isEmpty
    }

    private func mailingLinks() throws {
        let (account, token) = (UUID(), Primitive.freshBytes(32))
        let (link, letter) = (Primitive.freshBytes(32), UUID())
        try must(
            "mail_link",
            "with the link",
            try inOneTransaction([addMember(account, token, link), mail(link, letter)]) == nil
        )
        try must(
            "mail_link",
            "to whom the link is for, as long as it works",
            try exists(
                """
                l.id = \(letter) and l.organization_id = \(north.organization) and l.account_id = \(account)
                and l.template = 'set-password' and l.state = 'waiting' and l.sealed = '\\x07'
                and l.until - l.queued_at between interval '6 days 23 hours' and interval '7 days'
                """
            )
        )
        let jobs = try scene.admin.query(
            """
            select from care.job j where j.organization_id = \(north.organization) and j.kind = 'mail.send'
               and j.about_id = \(letter) and j.state = 'waiting' and j.account_id = \(account)
            """
        )
        try must("queue_letter", "with the job that sends it", jobs.count == 1)
        try must("mail_link", "not a link of another transaction", try isDenied(nil, mail(link, UUID())))
        let (other, more) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try must(
            "mail_link",
            "not another link than the one made",
            try inOneTransaction([addMember(UUID(), Primitive.freshBytes(32), other), mail(link, UUID())]) == "42501"
        )
        let used: SQL = "select care.use_link(\(north.organization), \(other), \(Scene.hash), 1, \(other), '\\x00')"
        try must(
            "mail_link",
            "not a link that is used",
            try inOneTransaction([addMember(UUID(), Primitive.freshBytes(32), other), used, mail(other, UUID())])
                == "42501"
        )
        try must(
            "mail_link",
            "not of another organisation",
            try inOneTransaction([addMember(UUID(), Primitive.freshBytes(32), more), mail(more, UUID(), in: south)])
                == "42501"
        )
        let invited = UUID()
        let (guest, way) = (try scene.somebody(["member"], in: south), Primitive.freshBytes(32))
        try must(
            "mail_link",
            "an invitation",
            try inOneTransaction([addMember(guest.account, guest.token, way), mail(way, invited)]) == nil
                && exists("l.id = \(invited) and l.template = 'invitation' and l.account_id = \(guest.account)")
        )
        let direct: SQL = """
            select care.queue_letter(\(north.organization), \(UUID()), \(north.keeper.account), 'set-password', 'en', '\\x00',
                                     null, interval '1 day')
            """
        try must("queue_letter", "not by the server itself", try isDenied(nil, direct))
    }

    // MARK: Sending

    private struct Job {
        let id: UUID
        let letter: UUID
        let organization: UUID
        var fence: Int64 = 0

        var open: SQL {
            """
            select letter, account, template, sealed, sealed_address, sealed_organization
              from care.open_letter(\(organization), \(id), \(fence))
            """
        }
        func settle(_ outcome: String, _ code: String? = nil) -> SQL {
            "select care.settle_letter(\(organization), \(id), \(fence), \(outcome), \(code))"
        }
    }

    /// A letter that waits to be sent, and its job, held.
    private func held(_ kind: String = "mail.send", address: [UInt8]? = nil, to someone: Someone? = nil) throws -> Job {
        let letter = UUID()
        try scene.admin.query("delete from care.job where kind = 'mail.send'")
        try scene.admin.query(
            """
            select care.queue_letter(\(north.organization), \(letter), \((someone ?? north.keeper).account), 'suite-sent', 'en',
                                     '\\x0a0b', \(address), interval '1 day')
            """
        )
        let row = try scene.admin.query(
            """
            update care.job set kind = \(kind), leased_until = clock_timestamp() + interval '10 minutes', fence = 3
             where about_id = \(letter) returning id
            """
        )[0]
        return Job(
            id: try row.decode(UUID.self, at: 0),
            letter: letter,
            organization: north.organization,
            fence: 3
        )
    }

    /// What it opens: the letter's id, its values and the address; nothing where there is nothing to send, or an error.
    private func opened(_ job: Job) throws -> (UUID, [UInt8], [UInt8])? {
        do {
            let row = try scene.server.query(job.open)[0]
            guard let letter = try row.decode(UUID?.self, at: 0) else { return nil }
            return (letter, try row.decode([UInt8].self, at: 3), try row.decode([UInt8].self, at: 4))
        } catch { return nil }
    }

    private func openingLetters() throws {
        let job = try held()
        let found = try opened(job)
        try must("open_letter", "whoever holds its job", found?.0 == job.letter && found?.1 == [10, 11])
        try must("open_letter", "to the account's address", found?.2 == [0])
        try must("open_letter", "it counts as an attempt", try exists("l.id = \(job.letter) and l.attempts = 1"))
        try must("open_letter", "no other does", try exists("l.id = \(north.letter) and l.attempts = 0"))
        for (name, wrong) in [
            ("another organisation's", Job(id: job.id, letter: job.letter, organization: south.organization, fence: 3)),
            ("another job's", Job(id: UUID(), letter: job.letter, organization: north.organization, fence: 3)),
            ("an earlier fence", Job(id: job.id, letter: job.letter, organization: north.organization, fence: 2)),
        ] {
            try must("open_letter", "not by \(name)", try isDenied(nil, wrong.open))
            try must("settle_letter", "not by \(name)", try isDenied(nil, wrong.settle("sent")))
        }
        let other = try held("suite.kept")
        try must("open_letter", "not by a job of another kind", try opened(other) == nil)
        try must("open_letter", "to the address it names", try opened(held(address: [9, 9]))?.2 == [9, 9])
        let closed = try scene.somebody(["member"], in: north)
        let late = try held(to: closed)
        try scene.admin.query("update care.account set closed_at = clock_timestamp() where id = \(closed.account)")
        try must("open_letter", "not to a closed account", try opened(late) == nil)
        try must("open_letter", "it is given up", try isEmptied(late, as: "expired"))
        let old = try held()
        try scene.admin.query("update care.job set leased_until = 'infinity' where id = \(old.id)")
        try scene.later(by: .seconds(86_390)) { try must("open_letter", "in time", try opened(old) != nil) }
        try scene.later(by: .seconds(86_410)) { try must("open_letter", "not too late", try opened(old) == nil) }
        try must("open_letter", "what is too late is given up", try isEmptied(old, as: "expired"))
    }

    private func isEmptied(_ job: Job, as state: String) throws -> Bool {
        try exists(
            """
            l.id = \(job.letter) and l.state = \(state) and l.sealed is null and l.sealed_address is null
            and l.settled_at is not null
            """
        )
    }

    private func settlingLetters() throws {
        for outcome in ["sent", "refused"] {
            let job = try held(address: [9])
            try must("settle_letter", "not yet", try !isEmptied(job, as: outcome))
            _ = try failure(nil, job.settle(outcome, "smtp_550"))
            try must("settle_letter", "\(outcome), and nothing of it is left", try isEmptied(job, as: outcome))
            try must("settle_letter", "no other letter", try exists("l.id = \(north.letter) and l.state = 'waiting'"))
            try must(
                "open_letter",
                "what was \(outcome) is not opened again",
                try opened(job) == nil && exists("l.id = \(job.letter) and l.attempts = 0")
            )
            _ = try failure(nil, job.settle(outcome == "sent" ? "refused" : "sent", "smtp_250"))
            try must("settle_letter", "nor told otherwise", try isEmptied(job, as: outcome))
            _ = try failure(nil, job.settle("waiting", "smtp_450"))
            try must("settle_letter", "what was \(outcome) stays so", try isEmptied(job, as: outcome))
        }
        let job = try held(address: [9])
        _ = try failure(nil, job.settle("waiting", "smtp_450"))
        try must(
            "settle_letter",
            "one that waits is whole, and it is known why",
            try exists("l.id = \(job.letter) and l.last_error = 'smtp_450'") && opened(job)?.2 == [9]
        )
        try must(
            "settle_letter",
            "a sentence is no code",
            try failure(nil, job.settle("waiting", "no such user")) == "23514"
        )
        let other = try held("suite.kept")
        _ = try failure(nil, other.settle("sent"))
        try must("settle_letter", "not by a job of another kind", try !isEmptied(other, as: "sent"))
    }

    // MARK: Counting and tidying

    private func countingLetters() throws {
        let counts = {
            try scene.server.query("select state, letters from care.letter_counts() order by 1").map {
                (try $0.decode(String.self, at: 0), try $0.decode(Int.self, at: 1))
            }
        }
        let before = try counts()
        try must("letter_counts", "each state", before.map(\.0) == ["expired", "refused", "sent", "waiting"])
        let job = try held()
        try must("letter_counts", "one more waits", try counts()[3].1 == before[3].1 + 1)
        _ = try failure(nil, job.settle("sent"))
        let after = try counts()
        try must("letter_counts", "one more is sent", after[2].1 == before[2].1 + 1 && after[3].1 == before[3].1)
    }

    private func sweepingLetters() throws {
        let (waiting, sent) = (try held(), try held())
        _ = try failure(nil, sent.settle("sent"))
        _ = try failure(nil, "select care.sweep_letters()")
        try must(
            "sweep_letters",
            "what waits and what was just sent stays",
            try exists("l.id = \(waiting.letter) and l.state = 'waiting'") && isEmptied(sent, as: "sent")
        )
        try scene.later(by: .seconds(86_410)) {
            _ = try failure(nil, "select care.sweep_letters()")
            try must("sweep_letters", "what is too late is emptied", try isEmptied(waiting, as: "expired"))
        }
        try scene.later(by: .seconds(29 * 86_400)) {
            _ = try failure(nil, "select care.sweep_letters()")
            try must("sweep_letters", "kept for a while", try exists("l.id = \(sent.letter)"))
        }
        try scene.later(by: .seconds(31 * 86_400)) {
            _ = try failure(nil, "select care.sweep_letters()")
            try must("sweep_letters", "and then gone", try !exists("l.id = \(sent.letter)"))
        }
        try scene.admin.query("delete from care.job where kind in ('mail.send', 'suite.kept') and about_id is not null")
    }
}
