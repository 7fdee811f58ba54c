import Foundation
import Postgres

/// The tables of the schema `care`, as the database's catalogue has them.
struct Catalogue {
    struct Table {
        let name: String
        let identifier: SQL.Identifier
        let columns: [SQL.Identifier]
        let key: [SQL.Identifier]
        /// Columns into which the server's role may insert.
        let insertable: Set<String>
        /// Whether any grant on it is the server's.
        let isGranted: Bool
        let isPartition: Bool
        let hasRowSecurity: Bool
        let isForced: Bool
        let isWalled: Bool
        /// Whether a permissive policy lets the server's role see or write anything.
        let isOpened: Bool
        /// Whether a permissive policy lets the server's role do what it was not granted: then the grant is all that is left. Months have
        /// the policies of the whole trail, on purpose, and no grant.
        let isOpenedInVain: Bool
        /// Whether a month has all walls of the whole trail, and no policy that the trail has not.
        let isLikeItsParent: Bool

        /// Copies to the client something that fails as soon as there is a row.
        let copying: SQLScript

        /// Months are one kind of table.
        var kind: String { isPartition ? "entry_MONTH" : name }
        var belongsToOrganization: Bool { columns.contains { $0.name == "organization_id" } }
    }

    let tables: [Table]

    init(_ connection: AdminConnection) throws {
        let rows = try connection.query(
            """
            select c.relname::text, c.relispartition, c.relrowsecurity, c.relforcerowsecurity,
                   array(select a.attname::text from pg_attribute a
                          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum),
                   array(select a.attname::text from pg_index i, unnest(i.indkey) with ordinality k (n, at)
                           join pg_attribute a on a.attrelid = c.oid and a.attnum = k.n
                          where i.indrelid = c.oid and i.indisprimary order by k.at),
                   array(select a.attname::text from pg_attribute a
                          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                            and has_column_privilege('carekeep_server', c.oid, a.attnum, 'insert')),
                   has_any_column_privilege('carekeep_server', c.oid, 'select, insert, update')
                     or has_table_privilege('carekeep_server', c.oid, 'delete, truncate'),
                   exists (select from pg_policy p
                            where p.polrelid = c.oid and not p.polpermissive and p.polcmd = '*'
                              and 'carekeep_server'::regrole = any (p.polroles)
                              and pg_get_expr(p.polqual, c.oid) = pg_get_expr(p.polwithcheck, c.oid)
                              and pg_get_expr(p.polqual, c.oid)
                                  = '(organization_id = ( SELECT care.acting_organization() AS acting_organization))'),
                   exists (select from pg_policy p
                            where p.polrelid = c.oid and p.polpermissive
                              and p.polroles && array[0::oid, 'carekeep_server'::regrole::oid]),
                   exists (select from pg_policy p
                            where not c.relispartition and p.polrelid = c.oid and p.polpermissive
                              and 'carekeep_server'::regrole = any (p.polroles)
                              and not case p.polcmd
                                      when 'r' then has_any_column_privilege('carekeep_server', c.oid, 'select')
                                      when 'a' then has_any_column_privilege('carekeep_server', c.oid, 'insert')
                                      when 'w' then has_any_column_privilege('carekeep_server', c.oid, 'update')
                                      when 'd' then has_table_privilege('carekeep_server', c.oid, 'delete')
                                      else has_any_column_privilege('carekeep_server', c.oid, 'select, insert, update') end),
                   not exists (
                        select from pg_inherits h cross join lateral (
                            select (p.polname, p.polpermissive, p.polcmd, p.polroles, pg_get_expr(p.polqual, p.polrelid),
                                    pg_get_expr(p.polwithcheck, p.polrelid))::text as rule,
                                   array_agg(p.polrelid) as places, not bool_or(p.polpermissive) as is_wall
                              from pg_policy p where p.polrelid in (h.inhrelid, h.inhparent) group by 1) r
                         where h.inhrelid = c.oid
                           and (not h.inhparent = any (r.places) or r.is_wall and not c.oid = any (r.places)))
              from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p', 'f', 'm', 'v')
             order by 1
            """
        )
        tables = try rows.map(Table.init)
    }

    /// Row security, FORCE, wall and specimen of every table.
    func checkStructure(_ ledger: Ledger) throws {
        for table in tables {
            ledger.report.controls += 1
            if !table.hasRowSecurity { try ledger.fail(table.name, "structure", "-", "row security is off") }
            if !table.isForced { try ledger.fail(table.name, "structure", "-", "row security is not forced") }
            if table.isOpened && !table.isWalled {
                try ledger.fail(table.name, "structure", "-", "the wall of the organisation is missing or has a hole")
            }
            if table.isOpenedInVain {
                try ledger.fail(table.name, "structure", "-", "a policy is the server's for what it was not granted")
            }
            if table.isPartition, !table.isLikeItsParent {
                try ledger.fail(table.name, "structure", "-", "has other policies than the whole trail")
            }
            if !table.belongsToOrganization, !Self.ofTheInstallation.contains(table.name) {
                try ledger.fail(
                    table.name,
                    "structure",
                    "-",
                    "belongs to no organisation, and is not one of the listed few"
                )
            }
            if Specimen.of(table.kind).isEmpty {
                try ledger.fail(
                    table.name,
                    "structure",
                    "-",
                    "has no specimen: declare what a row of it is and who opens it"
                )
            }
        }
    }

    /// Tables of the installation. None holds health data.
    static let ofTheInstallation: Set<String> = [
        "account", "act", "address_change", "age_rule", "attestation", "attestation_review", "attestation_withdrawal",
        "built_in_role", "guard", "job_kind", "migration", "office", "permission", "probe_result", "recovery_code",
        "reminder", "second_factor", "second_factor_offer", "setting", "sign_in_try", "spending", "token_key",
        "vulnerability", "vulnerability_act",
    ]
}

extension Catalogue.Table {
    init(_ row: Row) throws {
        name = try row.decode(String.self, at: 0)
        guard let identifier = SQL.Identifier(name) else { throw PostgresError(kind: .decoding, sqlState: "42602") }
        self.identifier = identifier
        isPartition = try row.decode(Bool.self, at: 1)
        hasRowSecurity = try row.decode(Bool.self, at: 2)
        isForced = try row.decode(Bool.self, at: 3)
        columns = try row.decode([String].self, at: 4).compactMap(SQL.Identifier.init)
        key = try row.decode([String].self, at: 5).compactMap(SQL.Identifier.init)
        insertable = try Set(row.decode([String].self, at: 6))
        isGranted = try row.decode(Bool.self, at: 7)
        isWalled = try row.decode(Bool.self, at: 8)
        isOpened = try row.decode(Bool.self, at: 9)
        isOpenedInVain = try row.decode(Bool.self, at: 10)
        isLikeItsParent = try row.decode(Bool.self, at: 11)
        let column = (key.first ?? columns[0]).name
        copying = try Self.script(
            "copy (select 10 / (length(\(column)::text) - length(\(column)::text)) from care.\(name)) to stdout"
        )
    }

    /// A script is a file of the release or a literal; one about a table of the catalogue has to be made a file first. Both names in
    /// it have passed as identifiers.
    private static func script(_ text: String) throws -> SQLScript {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).sql")
        try Data(text.utf8).write(to: file, options: .withoutOverwriting)
        defer { try? FileManager.default.removeItem(at: file) }  // holds a table's name and nothing else
        return try SQLScript(contentsOf: file)
    }
}
