import Foundation
import Postgres

/// What must be the same before and after a probe: rows of the synthetic organisations and of their members, rules of the database,
/// scratch databases; and that no synthetic member was noted anywhere else.
///
/// Entries of the trail stay, as they must, and so does the day's count of whom somebody was shown. Sessions, their devices and
/// links are the run's own, and end with it; so do a report that a probe makes, what it publishes to agree to, and letters that tell a
/// synthetic member of their account. None of these may have been sent.
struct Traces: Equatable {
    /// How many rows there are, and a sum of their hashes.
    private struct Rows: Equatable {
        let count: Int
        var digest = ""
    }

    private let rows: [String: Rows]
    /// Of policies, grants and functions.
    let fingerprint: [UInt8]

    /// - `start`: when the run began. What was noted before is nobody's of this run.
    init(_ canaries: [UUID], since start: Date, over admin: AdminConnection) throws {
        var rows: [String: Rows] = [:]
        let tables = try admin.query(
            """
            select c.relname::text from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
               and exists (select from pg_attribute a
                            where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
               and c.relname not in ('entry', 'pass', 'session', 'account_device', 'refresh_token', 'link', 'disclosed', 'agreement', 'agreement_version',
                                     'agreement_answer')
            """
        ).map { try $0.decode(String.self, at: 0) }
        for table in tables.compactMap(SQL.Identifier.init) {
            rows["rows in \(table.name)"] = try Self.rows(
                "select t::text as t from care.\(table) t where t.organization_id = any (\(canaries))",
                over: admin
            )
        }
        let isMembers: SQL = """
            in (select m.account_id from care.membership m where m.organization_id = any (\(canaries)))
            """
        // Passwords are lent for the run, and a probe sets another.
        rows["rows in account"] = try Self.rows(
            "select (to_jsonb(t) - 'password_hash' - 'password_at')::text as t from care.account t where t.id \(isMembers)",
            over: admin
        )
        for name in ["office", "attestation", "attestation_review", "attestation_withdrawal"] {
            guard let table = SQL.Identifier(name) else { continue }
            rows["rows in \(name)"] = try Self.rows(
                "select t::text as t from care.\(table) t where t.account_id \(isMembers)",
                over: admin
            )
        }
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
        rows["scratch databases"] = Rows(count: try Self.abandoned(over: admin).count)
        self.rows = rows
        fingerprint = try admin.query("select care.fingerprint()")[0].decode([UInt8].self, at: 0)
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
        if fingerprint != before.fingerprint { lines.append("rules of the database were changed") }
        return lines
    }
}
