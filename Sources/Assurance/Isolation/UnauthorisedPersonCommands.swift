import Postgres

/// A statement about a specimen's row.
struct Command {
    /// The privilege that it takes first.
    enum Base: Hashable, Sendable { case select, insert, update, delete, other }

    let name: String
    let base: Base
    let statement: SQL
    /// Whether finding nothing is a refusal, too; TRUNCATE, COPY FROM and LOCK know no rows.
    var mayFindNothing = true
    /// Whether it is put together so that a row seen is an error 22012.
    var divides = false
    /// Whether it needs what the specimen says must be there before.
    var needsBefore = false
    /// A COPY to the client, as a script: only so does libpq's answer tell how it ended.
    var script: SQLScript?

    /// Whether it is its privilege's plain form.
    var isPlain: Bool { name == "\(base)" }

    /// Everything that can be tried on a specimen.
    static func all(for specimen: Specimen, of table: Catalogue.Table, victim: Victim, elsewhere: House) -> [Command] {
        var commands = inserts(specimen, table, victim) + whole(table)
        if let match = specimen.match?(victim) {
            commands += selects(table, match) + updates(specimen, table, match, elsewhere) + removals(table, match)
            commands += merges(specimen, table, match, victim)
        }
        return commands
    }

    private static func selects(_ table: Catalogue.Table, _ match: SQL) -> [Command] {
        let name = table.identifier
        let zero = zero(in: table)
        return [
            Command(name: "select", base: .select, statement: "select 1 from care.\(name) where \(match)"),
            Command(
                name: "select in a sample",
                base: .select,
                statement: "select 1 from care.\(name) tablesample system (100) where \(match)"
            ),
            Command(
                name: "select in a CTE",
                base: .select,
                statement: "with x as materialized (select 1 from care.\(name) where \(match)) select * from x"
            ),
            Command(
                name: "select, with a leaking condition",
                base: .select,
                statement: "select 1 from care.\(name) where \(match) and 10 / (\(zero)) > 0",
                divides: true
            ),
            Command(
                name: "select for update",
                base: .select,
                statement: "select 1 from care.\(name) where \(match) for update"
            ),
            Command(name: "copy to", base: .select, statement: "", divides: true, script: table.copying),
        ]
    }

    /// Zero, for every row, and known only when the row is there.
    private static func zero(in table: Catalogue.Table) -> SQL {
        let column = table.key.first ?? table.columns[0]
        return "length(\(column)::text) - length(\(column)::text)"
    }

    private static func inserts(_ specimen: Specimen, _ table: Catalogue.Table, _ victim: Victim) -> [Command] {
        let key = list(table.key.map { "\($0)" })
        let first = table.key.first ?? table.columns[0]
        return [
            Command(name: "insert", base: .insert, statement: insert(specimen, table, victim), needsBefore: true),
            Command(
                name: "insert of an id that is there",
                base: .insert,
                statement: insert(specimen, table, victim, existing: true),
                needsBefore: true
            ),
            Command(
                name: "insert returning",
                base: .insert,
                statement: "\(insert(specimen, table, victim)) returning \(first)",
                needsBefore: true
            ),
            Command(
                name: "insert on conflict do nothing",
                base: .insert,
                statement: "\(insert(specimen, table, victim)) on conflict do nothing",
                needsBefore: true
            ),
            Command(
                name: "insert on conflict do update",
                base: .insert,
                statement: """
                    \(insert(specimen, table, victim, existing: true))
                    on conflict (\(key)) do update set \(first) = excluded.\(first)
                    """,
                needsBefore: true
            ),
        ]
    }

    /// Into the columns that are granted, since others would be refused before the row is looked at.
    private static func insert(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        _ victim: Victim,
        existing: Bool = false
    ) -> SQL {
        let row = specimen.row(victim, existing)
        let granted = row.filter { table.insertable.contains($0.column) }
        let used = granted.isEmpty ? row : granted
        let columns = list(used.compactMap { SQL.Identifier($0.column) }.map { "\($0)" })
        return "insert into care.\(table.identifier) (\(columns)) values (\(list(used.map(\.value))))"
    }

    private static func updates(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        _ match: SQL,
        _ elsewhere: House
    ) -> [Command] {
        let name = table.identifier
        let change = change(specimen, table)
        var commands = [
            Command(name: "update", base: .update, statement: "update care.\(name) set \(change) where \(match)"),
            Command(
                name: "update without a condition",
                base: .update,
                statement: "update care.\(name) set \(change)"
            ),
            Command(
                name: "update returning",
                base: .update,
                statement:
                    "update care.\(name) set \(change) where \(match) returning \(table.key.first ?? table.columns[0])"
            ),
        ]
        if table.belongsToOrganization {
            commands.append(
                Command(
                    name: "move to another organisation",
                    base: .other,
                    statement: "update care.\(name) set organization_id = \(elsewhere.organization) where \(match)"
                )
            )
        }
        if table.columns.contains(where: { $0.name == "patient_id" }) {
            commands.append(
                Command(
                    name: "move to another patient",
                    base: .other,
                    statement: "update care.\(name) set patient_id = \(elsewhere.ben.patient) where \(match)"
                )
            )
        }
        return commands
    }

    private static func change(_ specimen: Specimen, _ table: Catalogue.Table) -> SQL {
        let column = table.columns[table.columns.count - 1]
        return specimen.change ?? "\(column) = \(column)"
    }

    private static func removals(_ table: Catalogue.Table, _ match: SQL) -> [Command] {
        let name = table.identifier
        return [
            Command(name: "delete", base: .delete, statement: "delete from care.\(name) where \(match)"),
            Command(name: "delete without a condition", base: .delete, statement: "delete from care.\(name)"),
            Command(
                name: "delete in a CTE",
                base: .delete,
                statement: "with x as (delete from care.\(name) where \(match) returning 1) select * from x"
            ),
        ]
    }

    private static func merges(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        _ match: SQL,
        _ victim: Victim
    ) -> [Command] {
        let head: SQL = "merge into care.\(table.identifier) t using (select 1) s on \(match) when matched then"
        return [
            Command(name: "merge update", base: .update, statement: "\(head) update set \(change(specimen, table))"),
            Command(name: "merge delete", base: .delete, statement: "\(head) delete"),
        ]
    }

    private static func whole(_ table: Catalogue.Table) -> [Command] {
        let name = table.identifier
        return [
            Command(name: "truncate", base: .other, statement: "truncate care.\(name) cascade", mayFindNothing: false),
            Command(name: "copy from", base: .insert, statement: "copy care.\(name) from stdin", mayFindNothing: false),
            Command(
                name: "copy from, into the columns granted",
                base: .insert,
                statement: """
                    copy care.\(name) (\(list(granted(table).map { "\($0)" }))) from stdin
                    """,
                mayFindNothing: false
            ),
            Command(
                name: "lock",
                base: .other,
                statement: "lock table care.\(name) in access exclusive mode",
                mayFindNothing: false
            ),
        ]
    }

    private static func granted(_ table: Catalogue.Table) -> [SQL.Identifier] {
        let granted = table.columns.filter { table.insertable.contains($0.name) }
        return granted.isEmpty ? table.columns : granted
    }

    static func list(_ parts: [SQL]) -> SQL {
        guard let first = parts.first else { return "" }
        return parts.dropFirst().reduce(first) { "\($0), \($1)" }
    }
}
