import Foundation
import Postgres

/// What must be the same before and after a probe: rows of the synthetic organisations and of their members, their keys, what the
/// release put into the database, rules, scratch databases and copies; and that no synthetic member was noted anywhere else.
///
/// Every table counts but for those named here, so that a new one does. What real organisations have changes while they work and
/// cannot be told from a probe's doing. What a probe is given leads there by functions alone that the server may call without a pass, as
/// when somebody signs in: the front door is for a synthetic member, whose acts are noted, and administrators' connections read.
struct Traces: Equatable {
    /// How many rows there are, and a sum of their hashes.
    private struct Rows: Equatable {
        let count: Int
        var digest = ""
    }

    /// What a run may leave while it lasts. Entries of the trail and results stay, as they must, and so does the day's count of whom
    /// somebody was shown; passes end by themselves; of the rest, ``Canaries/lentOut()`` sees that it ended with the run.
    private static let ofTheRun: Set<String> = [
        "entry", "probe_result", "disclosed",
        "pass", "session", "account_device", "refresh_token", "link", "letter", "job", "vulnerability",
        "second_factor", "second_factor_offer", "recovery_code",
        "agreement", "agreement_version", "agreement_answer",
    ]
    /// Tables of neither organisations nor accounts that change with whoever uses the installation, or with time.
    private static let ofEverybody: Set<String> = [
        "guard", "token_key", "sign_in_try", "spending", "reminder", "vulnerability_act", "canary",
    ]

    private let rows: [String: Rows]
    private let copies: Int
    /// Of policies, grants and functions.
    let fingerprint: [UInt8]

    /// - `start`: when the run began. What was noted before is nobody's of this run.
    /// - `copies`: scratch copies that somebody holds.
    init(
        _ canaries: [UUID],
        since start: Date,
        over admin: AdminConnection,
        _ keys: AdminConnection,
        copies: Int
    ) throws {
        var rows: [String: Rows] = [:]
        for table in try Self.tables(over: admin) where !Self.ofTheRun.contains(table.name.name) {
            rows["rows in \(table.name.name)"] = try Self.rows(table.rows(of: canaries), over: admin)
        }
        for table in try Self.keyTables(over: keys) {
            rows["keys in \(table.name)"] = try Self.rows(
                // A key of the trail is made with the first entry of a year.
                """
                select t::text as t from keys.\(table) t
                 where t.organization_id = any (\(canaries)) and coalesce(to_jsonb(t) ->> 'class', '') not like 'audit-%'
                """,
                over: keys
            )
        }
        let isMembers = Self.isMembers(of: canaries)
        let sent = try admin.query(
            """
            select count(*) from care.letter l
             where l.state = 'sent' and (l.account_id \(isMembers) or l.sign_in_token in (
                       select a.sign_in_token from care.account a where a.id \(isMembers)))
            """
        )[0].decode(Int.self, at: 0)
        rows["letters that were sent"] = Rows(count: sent)
        let elsewhere = try admin.query(
            """
            select count(*) from care.entry
             where at >= \(start) and actor_organization_id = any (\(canaries)) and not organization_id = any (\(canaries))
            """
        )[0].decode(Int.self, at: 0)
        rows["acts in other organisations"] = Rows(count: elsewhere)
        rows["scratch databases"] = Rows(
            count: try Self.abandoned(over: admin).count + Self.abandoned(over: keys).count
        )
        self.rows = rows
        self.copies = copies
        fingerprint = try admin.query("select care.fingerprint()")[0].decode([UInt8].self, at: 0)
    }

    /// A table, and whose its rows are.
    private struct Table {
        enum Owner { case organization, account, release }

        let name: SQL.Identifier
        let owner: Owner

        /// The rows that must stay as they are, each as a text.
        func rows(of canaries: [UUID]) -> SQL {
            let isMembers = Traces.isMembers(of: canaries)
            // Passwords are lent for the run, and a probe sets another.
            if name.name == "account" {
                return """
                    select (to_jsonb(t) - 'password_hash' - 'password_at')::text as t from care.account t where t.id \(isMembers)
                    """
            }
            switch owner {
            case .organization:
                return "select t::text as t from care.\(name) t where t.organization_id = any (\(canaries))"
            case .account: return "select t::text as t from care.\(name) t where t.account_id \(isMembers)"
            case .release: return "select t::text as t from care.\(name) t"
            }
        }
    }

    private static func tables(over admin: AdminConnection) throws -> [Table] {
        try admin.query(
            """
            select c.relname::text,
                   exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped),
                   exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'account_id' and not a.attisdropped)
              from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            """
        ).compactMap { row in
            let (text, isOrganizations, isAccounts) = try row.decode((String, Bool, Bool).self)
            guard let name = SQL.Identifier(text), isOrganizations || isAccounts || !ofEverybody.contains(text) else {
                return nil
            }
            return Table(name: name, owner: isOrganizations ? .organization : isAccounts ? .account : .release)
        }
    }

    private static func keyTables(over keys: AdminConnection) throws -> [SQL.Identifier] {
        try keys.query(
            """
            select c.relname::text from pg_class c
             where c.relnamespace = 'keys'::regnamespace and c.relkind in ('r', 'p')
               and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
            """
        ).compactMap { SQL.Identifier(try $0.decode(String.self, at: 0)) }
    }

    private static func isMembers(of canaries: [UUID]) -> SQL {
        "in (select m.account_id from care.membership m where m.organization_id = any (\(canaries)))"
    }

    private static func rows(_ texts: SQL, over admin: AdminConnection) throws -> Rows {
        let row = try admin.query(
            "select count(*), coalesce(sum(hashtextextended(x.t, 0)::numeric), 0)::text from (\(texts)) x"
        )[0]
        return Rows(count: try row.decode(Int.self, at: 0), digest: try row.decode(String.self, at: 1))
    }

    /// Scratch databases of this store that nobody holds. Others compare releases too, and theirs are held.
    ///
    /// One that is dropped while this looks may be seen without its lock; the second look does not see it.
    private static func abandoned(over admin: AdminConnection) throws -> Set<String> {
        let look = {
            try Set(
                admin.query(
                    """
                    select d.datname::text from pg_database d
                     where d.datname like (select 'carekeep\\_' || s.oid || '\\_%' from pg_database s where s.datname = current_database())
                       and not exists (select from pg_locks l
                                        where l.locktype = 'advisory' and l.objsubid = 1
                                          and (l.classid::bigint << 32) | l.objid::bigint = hashtextextended(d.datname::text, 0))
                    """
                ).map { try $0.decode(String.self, at: 0) }
            )
        }
        let first = try look()
        return first.isEmpty ? first : try first.intersection(look())
    }

    /// What a probe left: one line each.
    func left(since before: Traces) -> [String] {
        var lines = rows.keys.sorted().compactMap { name -> String? in
            let none = Rows(count: 0)
            let (was, now) = (before.rows[name] ?? none, rows[name] ?? none)
            if was.count != now.count { return "\(name): \(was.count) before, \(now.count) after" }
            return was == now ? nil : "\(name): as many as before, and not the same"
        }
        // Fewer, where one that hung has ended at last.
        if copies > before.copies { lines.append("scratch copies: \(before.copies) before, \(copies) after") }
        if fingerprint != before.fingerprint { lines.append("rules of the database were changed") }
        return lines
    }
}
