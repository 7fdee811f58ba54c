import Foundation
import Postgres

/// What must be the same before and after a probe: rows of the synthetic organisations, rules of the database, scratch databases; and
/// that no synthetic member was noted anywhere else.
///
/// Entries of the trail stay, as they must. Sessions and links are the run's own, and end with it.
struct Traces: Equatable {
    private let counts: [String: Int]
    /// Of policies, grants and functions.
    let fingerprint: [UInt8]

    init(_ canaries: [UUID], over admin: AdminConnection) throws {
        var counts: [String: Int] = [:]
        let tables = try admin.query(
            """
            select c.relname::text from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
               and exists (select from pg_attribute a
                            where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
               and c.relname not in ('entry', 'pass', 'session', 'link')
            """
        ).map { try $0.decode(String.self, at: 0) }
        for table in tables.compactMap(SQL.Identifier.init) {
            counts["rows in \(table.name)"] = try admin.query(
                "select count(*) from care.\(table) where organization_id = any (\(canaries))"
            )[0].decode(Int.self, at: 0)
        }
        counts["acts in other organisations"] = try admin.query(
            """
            select count(*) from care.entry
             where actor_organization_id = any (\(canaries)) and not organization_id = any (\(canaries))
            """
        )[0].decode(Int.self, at: 0)
        counts["scratch databases"] = try Self.abandoned(over: admin).count
        self.counts = counts
        fingerprint = try admin.query("select care.fingerprint()")[0].decode([UInt8].self, at: 0)
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
        var lines = counts.keys.sorted().compactMap { name -> String? in
            let (was, now) = (before.counts[name] ?? 0, counts[name] ?? 0)
            return was == now ? nil : "\(name): \(was) before, \(now) after"
        }
        if fingerprint != before.fingerprint { lines.append("rules of the database were changed") }
        return lines
    }
}
