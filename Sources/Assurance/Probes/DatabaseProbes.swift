import Foundation
import People
import Postgres
import Seals

/// Probes that speak SQL: as the web server's role, which has no pass, and as an administrator who only looks.
extension Probe {
    // ISO-1
    static let wall = Probe(
        .wall,
        .live,
        tries:
            "asks every table for rows as the server's own database account, without a pass, with made-up ones, and with one of another organisation"
    ) {
        ground in
        let (server, look, lent) = (try ground.server(), try ground.look(), try ground.canaries())
        let tables = try look.query(
            """
            select c.relname::text, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')
              from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') order by 1
            """
        ).map { (try $0.decode(String.self, at: 0), try $0.decode(Bool.self, at: 1)) }
        let wall = Wall(server: server, organization: lent.north.organization)
        var wrong: [String] = []
        var attempts = 0
        let invented = "v1." + Primitive.freshBytes(16).hexadecimal
        let situations: [(String, String?)] = [
            ("without a pass", nil), ("with an empty one", ""), ("with nonsense", "x"),
            ("with an invented one", invented),
        ]
        let own = try wall.pass(of: lent.north)
        for (name, hasOrganization) in tables {
            guard let table = SQL.Identifier(name) else { continue }
            for (situation, pass) in situations {
                attempts += 1
                if try wall.rows(of: table, pass: pass, others: false) > 0 {
                    wrong.append("\(name) shows rows \(situation)")
                }
            }
            // What belongs to no organisation is for no member's pass at all.
            attempts += 1
            if try wall.rows(of: table, pass: own, others: hasOrganization) > 0 {
                wrong.append("\(name) shows rows \(hasOrganization ? "of another organisation" : "to any member")")
            }
        }
        guard let patient = SQL.Identifier("patient"), try wall.rows(of: patient, pass: own, others: false) == 1,
            try !look.query("select from care.patient where organization_id = \(lent.south.organization)").isEmpty
        else { throw ProbeTrouble.controlFailed("a pass of one's own opens nothing, or nobody else is there") }
        return .judged(
            "\(attempts) attempts on \(tables.count) tables saw no row; one with a proper pass saw its own.",
            wrong: wrong
        )
    }

    // ISO-3
    static let guardNow = Probe(.guardNow, .live, tries: "compares the rules in force with the release's") { ground in
        let isIntact = try ground.server().query("select care.inspect()")[0].decode(Bool.self, at: 0)
        return isIntact
            ? .kept("The rules in force are those of the release.")
            : .fallsShort(
                "The rules differ from the release's; nothing is opened until they are put right.",
                [
                    "carekeep migrate drift names what differs"
                ]
            )
    }

    // ISO-5
    static let grants = Probe(
        .grants,
        .live,
        tries: "compares every right of every database account with the declared ones"
    ) { ground in
        let records = try DeclaredGrants.records.differences(over: ground.look()).map { "records: \($0)" }
        let keys = try DeclaredGrants.keys.differences(over: ground.lookAtKeys()).map { "keys: \($0)" }
        let count = DeclaredGrants.records.lines.count + DeclaredGrants.keys.lines.count
        return .judged("\(count) declared rights, and no more and no less was found.", wrong: records + keys)
    }

    // APP-6
    static let drift = Probe(
        .drift,
        .live,
        tries: "compares the databases, thing by thing, with ones made from the release",
        patience: .seconds(180)
    ) {
        ground in
        let found = try await onThread { try ground.drift() }
        return .judged("Tables, rules, functions and rights are as released.", wrong: found)
    }

    // ENC-7
    static let passwordHashes = Probe(
        .passwordHashes,
        .live,
        tries:
            "looks at how passwords are stored, one of them cheaply until its first sign-in, and asks for them as the server"
    ) {
        ground in
        let (server, look, lent) = (try ground.server(), try ground.look(), try ground.canaries())
        let row = try look.query(
            """
            select count(*), count(*) filter (where password_hash !~ '^\\$2b\\$(1[2-9]|[23]\\d)\\$[./A-Za-z0-9]{53}$')
              from care.account where password_hash is not null
            """
        )[0]
        let (all, wrongly) = try row.decode((Int, Int).self)
        guard all > 0 else { throw ProbeTrouble.controlFailed("no password is stored at all") }
        var wrong = wrongly > 0 ? ["\(wrongly) passwords are stored otherwise, or with a lower cost"] : []
        if try !isRefused("select password_hash from care.account limit 1", over: server) {
            wrong.append("the server's database account can read hashes")
        }
        let typed = try look.query("select from care.account where strpos(password_hash, \(lent.north.password)) > 0")
        if !typed.isEmpty { wrong.append("a password stands in what is stored") }
        return .judged(
            """
            Every password is stored as a bcrypt hash of cost 12 or more, which the server cannot read; one of cost 10 was made anew \
            when its owner signed in.
            """,
            wrong: wrong
        )
    }
}

/// Whether the database refuses for want of a right. Any other failure is no answer.
private func isRefused(_ statement: SQL, over connection: AdminConnection) throws -> Bool {
    do { try connection.query(statement) } catch {
        guard error.sqlState == "42501" else { throw error }
        return true
    }
    return false
}

/// Asks tables for rows as somebody who shows this or that.
private struct Wall {
    let server: AdminConnection
    let organization: UUID

    /// How many rows a table shows. A refusal shows none; anything else that fails is no answer.
    func rows(of table: SQL.Identifier, pass: String?, others: Bool) throws -> Int {
        try server.query("begin")
        defer { _ = try? server.query("rollback") }  // a connection that is gone has nothing to roll back
        if let pass { try server.query("select set_config('care.pass', \(pass), true)") }
        do {
            let statement: SQL =
                others
                ? "select 1 from care.\(table) where organization_id <> \(organization) limit 100"
                : "select 1 from care.\(table) limit 100"
            return try server.query(statement).count
        } catch {
            guard error.sqlState == "42501" else { throw error }
            return 0
        }
    }

    /// A pass of the canary's own, opened as the server would: the list of whom its member reaches.
    func pass(of canary: Canary) throws -> String {
        let secret = Primitive.freshBytes(16)
        let outcome = try server.query(
            """
            select outcome from care.open_pass(
                \(canary.organization), \(canary.caller.token.secret), \(secret), 'api', 'patient.list', '{}', '{}', 'care', 1,
                \(Primitive.freshBytes(32)), \([UInt8]([0])))
            """
        )[0].decode(Int32.self, at: 0)
        guard outcome == 0 else { throw ProbeTrouble.controlFailed("the gate refuses a proper pass") }
        return "v1." + secret.hexadecimal
    }
}
