import FoundationEssentials
import Postgres
import Seals

/// Who holds an office of the installation, and what stewards may do to an attestation.
extension GateChecks {
    /// Which offices an act of the installation takes: declared here once more, beside the table of acts.
    private static let taken: [String: Set<String>] = [
        "attestation.list": ["steward", "auditor"], "attestation.evidence": ["steward", "auditor"],
        "probe.read": ["steward", "auditor"], "attestation.make": ["steward"], "attestation.review": ["steward"],
        "attestation.withdraw": ["steward"],
    ]

    func offices() throws {
        let all = scene.acts.filter { $0.scope == "installation" }.map(\.name)
        try must("act", "every act of the installation has its offices declared", Set(all) == Set(Self.taken.keys))
        let owner = try scene.somebody(["owner", "admin"], in: north)
        for act in all {
            try refuse("\(act) by an owner", asks(act, owner), as: "no such office")
            for office in ["steward", "auditor"] {
                let one = try scene.somebody(["member"], in: north)
                try scene.give(office, to: one)
                if Self.taken[act]?.contains(office) == true {
                    try grant("\(act) by a \(office)", asks(act, one))
                } else {
                    try refuse("\(act) by a \(office)", asks(act, one), as: "no such office")
                }
            }
            let request = Scene.Request(act, by: north.keeper, of: north, targets: [north.ada.person.tag])
            try refuse("\(act) takes no target", request, as: "no target is taken")
        }
        try officesInTime()
        try naming()
    }

    private func officesInTime() throws {
        let one = try scene.somebody(["member"], in: north)
        try scene.give("steward", to: one)
        let listing = { asks("attestation.list", one) }
        let known = {
            try answer([String].self, nil, "select offices from care.session_of(\(north.organization), \(one.session))")
        }
        try must("offices_of", "the office is known", try known() == ["steward"])
        try grant("before the office's end", listing())
        // An end is always now: one of a later time tells of a clock that was set back, and gives no office back.
        try set(one, "until = clock_timestamp() + interval '10 minutes'")
        try refuse("the office has not ended", listing(), as: "no such office")
        try must("offices_of", "not after its end, whatever the clock says", try known() == [])
        try set(one, "until = null, since = clock_timestamp() + interval '10 minutes'")
        try refuse("the office has begun", listing(), as: "no such office")
        try must("offices_of", "not before it begins", try known() == [])
    }

    private func set(_ someone: Someone, _ assignment: SQL) throws {
        try scene.admin.query("update care.office set \(assignment) where account_id = \(someone.account)")
    }

    /// The operator's functions: no server role may call them (``DeclaredGrants``); this is what they do.
    private func naming() throws {
        let (one, two) = (try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: north))
        let admin = scene.admin
        let salt = Primitive.freshBytes(32)
        let give = { (office: String, salt: [UInt8]) in
            try admin.query("select care.give_office(\(one.account), \(office), 1, \(salt), '\\x00')")[0]
                .decode(Bool.self, at: 0)
        }
        let end = { (who: Someone, office: String, salt: [UInt8]) in
            try admin.query("select care.end_office(\(who.account), \(office), 1, \(salt), '\\x00')")[0]
                .decode(Bool.self, at: 0)
        }
        let held = { (who: Someone) in
            try admin.query("select office from care.office_holders() where account_id = \(who.account) order by 1")
                .map { try $0.decode(String.self, at: 0) }
        }
        try scene.give("steward", to: two)
        try must("give_office", "it is given", try give("steward", salt) && held(one) == ["steward"])
        let entries = try entries(salt)
        try must(
            "give_office",
            "an entry says so",
            entries.map(\.act) == ["office.give"] && entries[0].account == one.account && entries[0].granted
        )
        let again = Primitive.freshBytes(32)
        try must("give_office", "not twice", try !give("steward", again) && self.entries(again).isEmpty)
        try must("give_office", "another one, too", try give("auditor", again) && held(one) == ["auditor", "steward"])
        let ending = Primitive.freshBytes(32)
        try must("end_office", "it is ended, and no other", try end(one, "steward", ending) && held(one) == ["auditor"])
        try must("end_office", "an entry says so", try self.entries(ending).map(\.act) == ["office.end"])
        try must("end_office", "nobody else's", try held(two) == ["steward"])
        let twice = Primitive.freshBytes(32)
        try must("end_office", "not twice", try !end(one, "steward", twice) && self.entries(twice).isEmpty)
        try refuse("an office that was ended", asks("attestation.make", one), as: "no such office")
        try must("give_office", "it can be given again", try give("steward", Primitive.freshBytes(32)))
        try grant("an office that was given again", asks("attestation.make", one))
    }
}

// MARK: - Attestations

extension GateChecks {
    /// A steward's passes.
    private struct Steward {
        let make: Scene.Opened
        let review: Scene.Opened
        let withdraw: Scene.Opened
        let list: Scene.Opened
        let evidence: Scene.Opened
    }

    private func steward(_ someone: Someone) throws -> Steward {
        Steward(
            make: try grant("to vouch", asks("attestation.make", someone)),
            review: try grant("to review", asks("attestation.review", someone)),
            withdraw: try grant("to withdraw", asks("attestation.withdraw", someone)),
            list: try grant("to see what was vouched for", asks("attestation.list", someone)),
            evidence: try grant("to see evidence", asks("attestation.evidence", someone))
        )
    }

    /// The last attestation of the suite's promise, which the next one follows.
    private static let last: SQL = """
        (select a.id from care.attestation a
          where a.promise = 'ZZ-2' and not exists (select from care.attestation b where b.follows = a.id))
        """

    private func attest(
        _ id: UUID,
        after: UUID?,
        file: Bool = false,
        since: SQL = "now()",
        until: SQL = "now() + interval '1 year'"
    ) -> SQL {
        """
        select care.attest(
            \(id), 'ZZ-2', \(after), 'it was done', 'somebody', 'https://evidence.example/x',
            \(file ? Primitive.freshBytes(32) : nil), \(file ? "pdf" : nil), \(file ? [UInt8]([7]) : nil), \(since), \(until))
        """
    }

    func attestations() throws {
        let (first, second) = (try scene.somebody(["member"], in: north), try scene.somebody(["member"], in: south))
        for someone in [first, second] { try scene.give("steward", to: someone) }
        let author = try steward(first)
        let request = scene.request("attestation.review", by: second, of: south, about: south.ada)
        let reviewer = try grant("to review, in another organisation", request)
        let (one, two) = (UUID(), UUID())
        let last = try scene.admin.query("select \(Self.last)")[0].decode(UUID?.self, at: 0)
        try powers(author, after: last)
        let waiting = { try answer(Int64.self, nil, "select care.attestations_waiting()") ?? -1 }
        let before = try waiting()
        try must("attest", "a steward vouches", try failure(author.make, attest(one, after: last, file: true)) == nil)
        try must(
            "attest",
            "not past what others did meanwhile",
            try failure(author.make, attest(two, after: last)) == "23505"
        )
        try must(
            "attest",
            "nor after what is of another promise",
            try failure(author.make, attest(two, after: north.attestation)) == "23503"
        )
        try must("attest", "and again after that", try failure(author.make, attest(two, after: one)) == nil)
        try must("attestations_waiting", "both wait", try waiting() == before + 2)
        try scene.later(by: .seconds(366 * 86_400)) {
            try must("attestations_waiting", "not when their time is over", try waiting() == 0)
        }
        try must("accepted_attestations", "what waits is not public", try shown(one) == 0)
        try must("review_attestation", "not one's own", try failure(author.review, accept(one)) == "23514")
        try oneAtATime(author, reviewer, one)
        try must("review_attestation", "another's", try failure(reviewer, accept(one)) == nil)
        try must("review_attestation", "once", try failure(reviewer, decline(one)) == "23505")
        try must("review_attestation", "not what is not there", try failure(reviewer, accept(UUID())) == "23514")
        try must(
            "review_attestation",
            "not without a reason to decline",
            try failure(reviewer, "select care.review_attestation(\(two), false, null)") == "23514"
        )
        try must("attestations_waiting", "one waits", try waiting() == before + 1)
        try must("accepted_attestations", "what was accepted is public", try shown(one) == 1)
        try withdrawing(author, reviewer, one, two)
        try must("attestations_waiting", "none waits", try waiting() == before)
        let addresses: [(Someone, SQL)] = [(first, "'\\x01'"), (second, "'\\x02'")]
        for (someone, address) in addresses {
            try scene.admin.query("update care.account set sealed_address = \(address) where id = \(someone.account)")
        }
        try looking(author, one, two)
        let who: SQL = """
            select author = \(first.account) and author_address = '\\x01' and reviewer = \(second.account)
                   and reviewer_address = '\\x02' and withdrawer = \(first.account) and withdrawer_address = '\\x01'
              from care.attestations() where id = \(one)
            """
        try must("attestations", "whose accounts did it", try answer(Bool.self, author.list, who) == true)
        let listing = scene.request("attestation.list", by: second, of: south, about: south.ada)
        let other = try grant("to see what was vouched for, in another organisation", listing)
        try must("attestations", "whoever asks", try answer(Bool.self, other, who) == true)
        try tooLate(author, second, after: declining(author, reviewer, after: two))
    }

    /// What was declined is not public; what is over is not accepted any more.
    private func declining(_ author: Steward, _ reviewer: Scene.Opened, after last: UUID) throws -> UUID {
        let one = UUID()
        try must("attest", "to be declined", try failure(author.make, attest(one, after: last)) == nil)
        try must("review_attestation", "with a reason", try failure(reviewer, decline(one)) == nil)
        try must("accepted_attestations", "what was declined is not public", try shown(one) == 0)
        return one
    }

    /// Nobody accepts what is being withdrawn, and the other way round.
    private func oneAtATime(_ author: Steward, _ reviewer: Scene.Opened, _ one: UUID) throws {
        try scene.admin.query("begin")
        defer { _ = try? scene.admin.query("rollback") }  // ends the locks it held
        try scene.admin.query("select care.hold_attestation(\(one))")
        let soon: SQL = "set_config('lock_timeout', '50ms', true)"
        try must(
            "review_attestation",
            "not while another act is under way",
            try failure(reviewer, "select \(soon), care.review_attestation(\(one), true, null)") == "55P03"
        )
        try must(
            "withdraw_attestation",
            "not while another act is under way",
            try failure(author.withdraw, "select \(soon), care.withdraw_attestation(\(one), 'x')") == "55P03"
        )
    }

    private func tooLate(_ author: Steward, _ second: Someone, after last: UUID) throws {
        let three = UUID()
        let make = attest(three, after: last, until: "now() + interval '10 minutes'")
        try must("attest", "for ten minutes", try failure(author.make, make) == nil)
        try scene.later(by: .seconds(610)) {
            let request = scene.request("attestation.review", by: second, of: south, about: south.ada)
            let reviewer = try grant("to review, later", request)
            try must("review_attestation", "not after its end", try failure(reviewer, accept(three)) == "23514")
        }
    }

    private func accept(_ id: UUID) -> SQL { "select care.review_attestation(\(id), true, null)" }

    private func decline(_ id: UUID) -> SQL { "select care.review_attestation(\(id), false, 'not so')" }

    private func shown(_ id: UUID) throws -> Int {
        let made = try scene.admin.query("select at from care.attestation where id = \(id)").first
        guard let at = try made?.decode(Date.self, at: 0) else { return -1 }
        return Int(
            try answer(
                Int64.self,
                nil,
                "select count(*) from care.accepted_attestations() where promise = 'ZZ-2' and accepted_at >= \(at)"
            ) ?? -1
        )
    }

    private func withdrawing(_ author: Steward, _ reviewer: Scene.Opened, _ one: UUID, _ two: UUID) throws {
        let withdraw = { (id: UUID) -> SQL in "select care.withdraw_attestation(\(id), 'not so any more')" }
        try must("withdraw_attestation", "before a review", try failure(author.withdraw, withdraw(two)) == nil)
        try must("review_attestation", "not what was withdrawn", try failure(reviewer, accept(two)) == "23514")
        try must("withdraw_attestation", "what was accepted", try failure(author.withdraw, withdraw(one)) == nil)
        try must("withdraw_attestation", "once", try failure(author.withdraw, withdraw(one)) == "23505")
        try must(
            "withdraw_attestation",
            "not what is not there",
            try failure(author.withdraw, withdraw(UUID())) == "23503"
        )
        let told = try answer(
            Bool.self,
            nil,
            "select withdrawn_at is not null from care.accepted_attestations() where promise = 'ZZ-2' order by accepted_at desc limit 1"
        )
        try must("accepted_attestations", "that it was withdrawn is public", told == true)
    }

    /// Each function by its own power alone.
    private func powers(_ author: Steward, after last: UUID?) throws {
        let others = [
            "attestation.list", "attestation.evidence", "attestation.make", "attestation.review",
            "attestation.withdraw", "record.read", "member.add",
        ]
        let functions: [(name: String, act: String, statement: SQL)] = [
            ("attest", "attestation.make", attest(UUID(), after: last)),
            ("review_attestation", "attestation.review", accept(north.attestation)),
            (
                "withdraw_attestation", "attestation.withdraw",
                "select care.withdraw_attestation(\(north.attestation), 'x')"
            ),
            ("attestations", "attestation.list", "select * from care.attestations()"),
            ("probe_failures", "probe.read", "select * from care.probe_failures(3)"),
            ("attestation_file", "attestation.evidence", "select * from care.attestation_file(\(north.attestation))"),
        ]
        for (name, act, statement) in functions {
            try must(name, "not without a pass", try isDenied(nil, statement))
            for other in others where other != act {
                let opened = try grant("\(other), to call functions with", asks(other))
                try must(name, "not by \(other)", try isDenied(opened, statement))
            }
        }
    }

    private func looking(_ author: Steward, _ one: UUID, _ two: UUID) throws {
        let rows = { (condition: SQL) in
            try answer(Int64.self, author.list, "select count(*) from care.attestations() where \(condition)") ?? -1
        }
        try must("attestations", "those of all", try rows("id in (\(one), \(two), \(north.attestation))") == 3)
        try must("attestations", "whose own they are", try rows("is_own and id in (\(one), \(two))") == 2)
        try must("attestations", "and whose not", try rows("is_own and id = \(north.attestation)") == 0)
        try must(
            "attestations",
            "what became of one",
            try rows("accepted and withdrawn_at is not null and id = \(one)") == 1
        )
        let file: (UUID) -> SQL = { "select coalesce(sealed, '\\x00') from care.attestation_file(\($0))" }
        try must("attestation_file", "the file of one", try answer([UInt8].self, author.evidence, file(one)) == [7])
        try must("attestation_file", "none of another", try answer([UInt8].self, author.evidence, file(two)) == [0])
    }
}
