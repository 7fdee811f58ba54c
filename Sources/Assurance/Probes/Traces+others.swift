import Foundation
import Postgres

/// Rows of real organisations, of the installation and of the keys store that came about while a probe was at work, where nobody else
/// was: then the probe made them.
///
/// Rows are known by the transaction that wrote them, so no copy of anything is kept. Where the trail shows an act of anybody else in an
/// organisation, its rows are theirs as far as can be told, and nothing is said; a probe that leaves something is found in a quiet hour.
/// Tables of more than 64 MB are passed over, and so is what goes by the clock or with each request. What was removed leaves no row and
/// is not seen.
struct OthersTraces {
    /// From where on a store's transactions are those of the probe.
    private struct Start {
        let transaction: Int64

        init(over admin: AdminConnection) throws {
            transaction = try admin.query("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")[0]
                .decode(Int64.self, at: 0)
        }
    }

    private let canaries: [UUID]
    private let records: AdminConnection
    private let keys: AdminConnection

    private let starts: (records: Start, keys: Start)
    private let start: Date

    /// From now on.
    init(_ canaries: [UUID], records: AdminConnection, keys: AdminConnection) throws {
        (self.canaries, self.records, self.keys) = (canaries, records, keys)
        starts = (try Start(over: records), try Start(over: keys))
        start = try records.query("select care.clock()")[0].decode(Date.self, at: 0)
    }

    /// What is there that was not there before, a line for each table.
    func left() throws -> [String] {
        let ofRecords = try tables("care", of: records).flatMap { table -> [String] in
            let found = try changed(table, of: "care", since: starts.records, over: records)
            return try found.filter { try isQuiet(table.owner, $0.owner) }.map {
                "rows in \(table.name) of others: \($0.rows) written"
            }
        }
        let ofKeys = try tables("keys", of: keys).flatMap { table in
            let found = try changed(table, of: "keys", since: starts.keys, over: keys)
            return try found.filter { try isQuiet(.organization, $0.owner) }.map {
                "rows in \(table.name) of the keys store: \($0.rows) written"
            }
        }
        return Set(ofRecords + ofKeys).sorted()
    }

    // MARK: Tables

    /// Whose a table's rows are.
    private enum Owner { case organization, account, installation }

    private struct Table {
        let name: String
        let owner: Owner
        /// The column that says so.
        let column: String?
    }

    /// Written by the clock, with each request or sign-in, or looked at elsewhere. (Traces)
    private static let passedOver = [
        "account_device", "disclosed", "entry", "federated_session", "guard", "job", "letter", "link", "pass",
        "probe_result", "refresh_token", "reminder", "session", "session_limit", "sign_in_flow", "sign_in_try",
        "spending", "token_key", "vulnerability",
    ]

    private func tables(_ schema: SQL, of admin: AdminConnection) throws -> [Table] {
        try admin.query(
            """
            select c.relname::text,
                   (select a.attname::text from pg_attribute a
                     where a.attrelid = c.oid and not a.attisdropped
                       and (a.attname in ('organization_id', 'account_id') or (c.relname = 'account' and a.attname = 'id'))
                     order by a.attname desc limit 1)
              from pg_class c
             where c.relnamespace = '\(schema)'::regnamespace and c.relkind = 'r' and not c.relispartition
               and not c.relname = any (\(Self.passedOver)) and pg_relation_size(c.oid) <= 64 << 20
             order by 1
            """
        ).map { row in
            let column = try row.decode(String?.self, at: 1)
            let owner: Owner =
                switch column {
                case nil: .installation
                case "organization_id": .organization
                default: .account
                }
            return Table(name: try row.decode(String.self, at: 0), owner: owner, column: column)
        }
    }

    private func changed(_ table: Table, of schema: SQL, since start: Start, over admin: AdminConnection) throws
        -> [(owner: UUID, rows: Int)]
    {
        guard let name = SQL.Identifier(table.name) else { return [] }
        let isNew: SQL = "age(t.xmin) <= age((\(start.transaction) % 4294967296)::text::xid)"
        let found: SQL
        if let column = table.column.flatMap({ SQL.Identifier($0) }) {
            found = "select t.\(column), count(*) from \(schema).\(name) t where \(isNew) group by 1"
        } else {
            found = "select \(UUID.none), count(*) from \(schema).\(name) t where \(isNew) having count(*) > 0"
        }
        return try admin.query(found).map { try $0.decode((UUID, Int).self) }
    }

    // MARK: Others at work

    /// Whether nobody but the probe was at work where a row belongs, and it does not belong to the synthetic people.
    ///
    /// What an opening lets somebody do follows within a minute; two are waited for.
    private func isQuiet(_ kind: Owner, _ owner: UUID) throws -> Bool {
        let places: [UUID] =
            switch kind {
            case .organization: [owner]
            case .installation: [.none]
            case .account:
                try records.query("select organization_id from care.membership where account_id = \(owner)")
                    .map { try $0.decode(UUID.self, at: 0) } + [.none]
            }
        guard !places.contains(where: canaries.contains) else { return false }
        let others = try records.query(
            """
            select from care.entry e
             where e.organization_id = any (\(places)) and e.granted and e.act <> 'promise.prove'
               and e.at >= \(start) - case when e.organization_id = \(UUID.none) then interval '0' else interval '2 minutes' end
               and not coalesce(e.actor_organization_id = any (\(canaries)), false)
               and not exists (select from care.membership m
                                where m.account_id = e.account_id and m.organization_id = any (\(canaries)))
             limit 1
            """
        )
        return others.isEmpty
    }
}

extension UUID {
    /// What belongs to no organisation.
    fileprivate static let none = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
