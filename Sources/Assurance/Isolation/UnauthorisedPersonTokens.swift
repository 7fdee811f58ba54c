import FoundationEssentials
import Postgres
import Seals

extension Specimen {
    /// Tokens of programs, which nobody but the gate sees.
    static let programTokens = [
        Specimen(
            name: "refresh_token",
            table: "refresh_token",
            match: nil,
            row: { victim, _ in
                [
                    ("organization_id", "\(victim.house.organization)"),
                    ("session_id", "'00000000-0000-0000-0000-0000000a22ce'"),
                    ("secret_sha256", "\(Primitive.freshBytes(32))"), ("made_at", "now()"),
                ]
            },
            change: "made_at = now()",
            before: {
                """
                insert into care.session
                    (organization_id, id, account_id, used_as, secret_sha256, created_at, seen_at, idle, until)
                values (\($0.house.organization), '00000000-0000-0000-0000-0000000a22ce', \($0.house.keeper.account), 'api',
                        \(Primitive.freshBytes(32)), now(), now(), '1 hour', now() + interval '1 hour')
                """
            },
            isOfPatient: false
        ),
        Specimen(
            name: "token_key",
            table: "token_key",
            match: nil,
            row: { _, _ in [("id", "\(UUID())"), ("sealed", "'\\x00'"), ("made_at", "now()")] },
            change: "made_at = now()",
            isOfPatient: false
        ),
    ]
}

// MARK: - Tokens of programs

extension GateChecks {
    func programTokens() throws {
        try granting()
        try expiring()
        try refreshing()
        try replaying()
        try refreshingWhatIsOver()
        try tokenKeys()
    }

    private func granting() throws {
        let (one, other) = (try scene.somebody(["caregiver"], in: north), try scene.somebody(["caregiver"], in: north))
        let (access, refresh) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let given = try give(one.session, access, refresh)
        try must("grant_access", "a session for programs has tokens", given.outcome == 0 && given.seconds == 600)
        try must("grant_access", "the secret it had opens nothing", try !opens(one, one.session))
        try must("grant_access", "the new one does", try opens(one, access))
        try must(
            "grant_access",
            "one family a session",
            try give(access, Primitive.freshBytes(32), refresh).outcome == 2
        )
        let next = Primitive.freshBytes(32)
        try must("grant_access", "another secret without a refresh token", try give(access, next, nil).outcome == 0)
        try must("grant_access", "in its place", try opens(one, next) && !opens(one, access))
        try must("grant_access", "nobody else's session", try opens(other, other.session) && livesOn(other, "page"))
        try must("grant_access", "not by a secret of nobody", try give(access, next, refresh).outcome == 1)
        try must("grant_access", "not for pages", try give(other.pageSession, next, refresh).outcome == 1)
        try must(
            "grant_access",
            "each session its own",
            try give(other.session, Primitive.freshBytes(32), Primitive.freshBytes(32)).outcome == 0
        )
        let closed = try scene.somebody(["staff"], in: north)
        try change(closed, "api", "second_factor_at = null")
        try must("grant_access", "not before the second factor", try give(closed.session, next, refresh).outcome == 5)
        let short = try scene.somebody(["caregiver"], in: north)
        try change(short, "api", "until = care.clock() + interval '3 minutes'")
        let shorter = try give(short.session, Primitive.freshBytes(32), Primitive.freshBytes(32))
        try must(
            "access_until",
            "not longer than the session",
            shorter.outcome == 0 && (1...180).contains(shorter.seconds)
        )
    }

    private func expiring() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let (access, refresh) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        _ = try give(one.session, access, refresh)
        try scene.later(by: .seconds(590)) {
            try must("open_pass", "an access token lasts ten minutes", try opens(one, access))
            try must("session_of", "and tells who it is", try isKnown(access))
            try must("live_session", "and is a session", try sessions(access) == 2)
        }
        try scene.later(by: .seconds(610)) {
            var request = Scene.Request("patient.list", by: one, of: north)
            request.session = access
            try refuse("after ten minutes", request, as: "access token has expired", outcome: 1)
            try must("session_of", "not after ten minutes", try !isKnown(access))
            try must("live_session", "not after ten minutes", try sessions(access) == 0)
            let next = Primitive.freshBytes(32)
            try must("refresh_access", "a refresh token goes on", try use(refresh, access: next).outcome == 0)
            try must("refresh_access", "and opens again", try opens(one, next))
        }
    }

    private func refreshing() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let (access, refresh) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        _ = try give(one.session, access, refresh)
        let (salt, entry) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let (nextAccess, nextRefresh) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        let first = try use(refresh, access: nextAccess, refresh: nextRefresh, salt: salt, entry: entry)
        try must("refresh_access", "works once", first.outcome == 0 && first.salt == salt && first.seconds == 600)
        try must("refresh_access", "the old access token ends", try opens(one, nextAccess) && !opens(one, access))
        let told = try entries(entry)
        try must(
            "refresh_access",
            "leaves an entry",
            told.map(\.act) == ["session.refresh"] && told.allSatisfy { $0.granted && $0.account == one.account }
        )
        let offered = Primitive.freshBytes(32)
        let again = try use(refresh, access: offered)
        try must("refresh_access", "a lost answer is given again", again.outcome == 0 && again.salt == salt)
        try must("refresh_access", "and nothing else", try opens(one, nextAccess) && !opens(one, offered))
        let elsewhere = try use(nextRefresh, organization: south.organization)
        try must("refresh_access", "nothing in another organisation", elsewhere.outcome == 1)
        let (unknown, note) = (Primitive.freshBytes(32), Primitive.freshBytes(32))
        try must("refresh_access", "not what nobody was given", try use(unknown, entry: note).outcome == 1)
        try must("refresh_access", "and that is noted", try entries(note).map(\.refusal) == ["no such refresh token"])
        try scene.later(by: .seconds(610)) {
            try must("refresh_access", "what came of it lasts ten minutes", try !opens(one, nextAccess))
        }
        let late = Primitive.freshBytes(32)
        try scene.later(by: .seconds(3_000)) {
            try must("refresh_access", "the successor works", try use(nextRefresh, access: late).outcome == 0)
        }
        // Before anything is opened with it: that would count, too.
        try scene.later(by: .seconds(4_800)) {
            try must("refresh_access", "refreshing counts for activity", try livesOn(one, "api"))
        }
        try scene.later(by: .seconds(3_100)) {
            try must("refresh_access", "and opens what it must", try opens(one, late))
        }
    }

    private func replaying() throws {
        let one = try scene.somebody(["caregiver"], in: north)
        let first = Primitive.freshBytes(32)
        _ = try give(one.session, Primitive.freshBytes(32), first)
        let (second, third, access) = (Primitive.freshBytes(32), Primitive.freshBytes(32), Primitive.freshBytes(32))
        _ = try use(first, refresh: second)
        _ = try use(second, access: access, refresh: third)
        try must("refresh_access", "two refreshes later it opens", try opens(one, access))
        let note = Primitive.freshBytes(32)
        try must("refresh_access", "used twice", try use(first, entry: note).outcome == 2)
        try must("refresh_access", "ends all that came of it", try !opens(one, access) && !livesOn(one, "api"))
        try must("refresh_access", "and the last refresh token", try use(third).outcome == 1)
        try must("refresh_access", "and no other session", try livesOn(one, "page"))
        let told = try entries(note)
        try must(
            "refresh_access",
            "and says so",
            Set(told.map(\.act)) == ["session.end", "session.refresh"]
                && told.contains { $0.refusal == "refresh token was used before" }
        )
        let late = try scene.somebody(["caregiver"], in: north)
        let token = Primitive.freshBytes(32)
        _ = try give(late.session, Primitive.freshBytes(32), token)
        _ = try use(token)
        try scene.later(by: .seconds(5)) {
            try must("refresh_access", "five seconds are little", try use(token).outcome == 0)
        }
        try scene.later(by: .seconds(30)) {
            try must("refresh_access", "half a minute is late", try use(token).outcome == 2)
        }
    }

    private func refreshingWhatIsOver() throws {
        let ways: [(String, SQL)] = [
            ("a session that ended", "ended_at = care.clock()"),
            ("one that is over", "until = created_at + interval '1 microsecond'"),
            ("one that nobody used", "idle = interval '1 microsecond'"),
        ]
        for (words, assignment) in ways {
            let one = try scene.somebody(["caregiver"], in: north)
            let refresh = Primitive.freshBytes(32)
            _ = try give(one.session, Primitive.freshBytes(32), refresh)
            try change(one, "api", assignment)
            try must("refresh_access", "not in \(words)", try use(refresh).outcome == 1)
        }
        let left = try scene.somebody(["caregiver"], in: north)
        let refresh = Primitive.freshBytes(32)
        _ = try give(left.session, Primitive.freshBytes(32), refresh)
        try scene.admin.query(
            """
            update care.membership set until = care.clock()
             where account_id = \(left.account) and organization_id = \(north.organization)
            """
        )
        try must("refresh_access", "not by somebody who left", try use(refresh).outcome == 1)
    }

    private func tokenKeys() throws {
        try scene.admin.query("delete from care.token_key")
        let (one, two, three) = (UUID(), UUID(), UUID())
        try must("add_token_key", "a first key", try add(one) && keys() == ["\(one) signs"])
        try must("add_token_key", "one at a time", try !add(two) && keys() == ["\(one) signs"])
        try scene.later(by: .seconds(30 * 86_400 + 600)) {
            try must("token_keys", "after a month it signs no more", try keys() == ["\(one)"])
            try must("add_token_key", "another comes", try add(two) && keys() == ["\(two) signs", "\(one)"])
        }
        try scene.later(by: .seconds(30 * 86_400 + 7_200)) {
            try must("token_keys", "an hour later nobody believes it", try keys() == ["\(two) signs"])
        }
        try scene.later(by: .seconds(61 * 86_400)) {
            try must("add_token_key", "old ones go", try add(three) && kept() == 1)
        }
        try scene.admin.query("delete from care.token_key")
    }

    // MARK: Parts

    /// Whole seconds, rounded up: a microsecond above ten minutes may fall on the next second, and servers refuse such a token.
    private func give(_ session: [UInt8], _ access: [UInt8], _ refresh: [UInt8]?) throws -> (
        outcome: Int32?, seconds: Int
    ) {
        let statement: SQL = """
            select outcome, ceil(extract(epoch from access_ends - at))::integer from care.grant_access(
                \(north.organization), \(session), \(Primitive.sha256(access)), \(refresh.map(Primitive.sha256)),
                interval '1 hour')
            """
        // What fails is given nothing.
        // What is refused by an error gives nothing either: that is what is asked for.
        guard let row = try? scene.server.query(statement).first else { return (nil, 0) }
        return (try row.decode(Int32.self, at: 0), Int(try row.decode(Int32?.self, at: 1) ?? 0))
    }

    private func use(
        _ shown: [UInt8],
        organization: UUID? = nil,
        access: [UInt8] = Primitive.freshBytes(32),
        refresh: [UInt8] = Primitive.freshBytes(32),
        salt: [UInt8] = Primitive.freshBytes(32),
        entry: [UInt8] = Primitive.freshBytes(32)
    ) throws -> (outcome: Int32?, salt: [UInt8]?, seconds: Int) {
        let statement: SQL = """
            select outcome, made_of, ceil(extract(epoch from access_ends - at))::integer from care.refresh_access(
                \(organization ?? north.organization), \(shown), \(salt), \(Primitive.sha256(refresh)),
                \(Primitive.sha256(access)), interval '1 hour', 1, \(entry), '\\x00')
            """
        // What is refused by an error gives nothing either: that is what is asked for.
        guard let row = try? scene.server.query(statement).first else { return (nil, nil, 0) }
        return (
            try row.decode(Int32.self, at: 0), try row.decode([UInt8]?.self, at: 1),
            Int(try row.decode(Int32?.self, at: 2) ?? 0)
        )
    }

    private func opens(_ one: Someone, _ secret: [UInt8]) throws -> Bool {
        var request = Scene.Request("patient.list", by: one, of: north)
        request.session = secret
        return scene.open(request).outcome == 0
    }

    private func isKnown(_ secret: [UInt8]) throws -> Bool {
        try scene.server.query(
            "select from care.session_of(\(north.organization), \(secret)) x where x.account_id is not null"
        ).count == 1
    }

    private func sessions(_ secret: [UInt8]) throws -> Int {
        try scene.server.query("select from care.own_sessions(\(north.organization), \(secret), 'api')").count
    }

    private func livesOn(_ one: Someone, _ use: String) throws -> Bool {
        try scene.admin.query(
            """
            select from care.session where account_id = \(one.account) and used_as = \(use) and ended_at is null
               and until > care.clock() and seen_at + idle > care.clock()
            """
        ).count == 1
    }

    private func change(_ one: Someone, _ use: String, _ assignment: SQL) throws {
        try scene.admin.query(
            "update care.session set \(assignment) where account_id = \(one.account) and used_as = \(use)"
        )
    }

    private func add(_ key: UUID) throws -> Bool {
        try scene.server.query("select care.add_token_key(\(key), '\\x00')").first?.decode(Bool.self, at: 0) ?? false
    }

    private func keys() throws -> [String] {
        try scene.server.query("select id, signs from care.token_keys()").map { row in
            "\(try row.decode(UUID.self, at: 0))" + (try row.decode(Bool.self, at: 1) ? " signs" : "")
        }
    }

    private func kept() throws -> Int64 {
        try scene.admin.query("select count(*) from care.token_key").first?.decode(Int64.self, at: 0) ?? 0
    }
}
