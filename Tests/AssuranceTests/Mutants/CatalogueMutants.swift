import Assurance
import Postgres

/// Damages made from the catalogue: each policy, each table, each grant.
enum CatalogueMutants {
    /// A policy as the catalogue has it.
    private struct Policy {
        let name: String
        let table: String
        let isPermissive: Bool
        let command: String
        let roles: String
        let using: String?
        let check: String?
        let isOfMonth: Bool
        /// The functions that name its table.
        let users: Set<String>

        /// `create policy …`, as it is or changed.
        func created(permissive: Bool? = nil, roles: String? = nil, using: String?, check: String?) -> String {
            "create policy \(name) on care.\(table) as \(permissive ?? isPermissive ? "permissive" : "restrictive") for \(command) "
                + "to \(roles ?? self.roles)" + (using.map { " using (\($0))" } ?? "")
                + (check.map { " with check (\($0))" } ?? "")
        }

        var dropped: String { "drop policy \(name) on care.\(table)" }
    }

    static func policies(of connection: AdminConnection) throws -> [Mutant] {
        try connection.query("set search_path = pg_catalog")  // so that names come out qualified
        return try connection.query(
            """
            select p.polname::text, c.relname::text, p.polpermissive,
                   case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                                 else 'all' end,
                   (select string_agg(r::regrole::text, ', ') from unnest(p.polroles) r),
                   pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), c.relispartition,
                   array(select f.proname::text from pg_proc f
                          where f.pronamespace = 'care'::regnamespace and f.prosrc ~ ('\\mcare\\.' || c.relname || '\\M'))
              from pg_policy p join pg_class c on c.oid = p.polrelid
             where c.relnamespace = 'care'::regnamespace and c.relname <> 'migration'
               and (not c.relispartition or c.oid = (select min(inhrelid) from pg_inherits))
             order by 2, 1
            """
        ).flatMap { row in
            mutants(
                of: Policy(
                    name: try row.decode(String.self, at: 0),
                    table: try row.decode(String.self, at: 1),
                    isPermissive: try row.decode(Bool.self, at: 2),
                    command: try row.decode(String.self, at: 3),
                    roles: try row.decode(String.self, at: 4),
                    using: try row.decode(String?.self, at: 5),
                    check: try row.decode(String?.self, at: 6),
                    isOfMonth: try row.decode(Bool.self, at: 7),
                    users: Set(try row.decode([String].self, at: 8))
                )
            )
        }
    }

    private static func mutants(of policy: Policy) -> [Mutant] {
        var changes = [("dropped", [policy.dropped])]
        let again = { (name: String, created: String) in changes.append((name, [policy.dropped, created])) }
        if !policy.isPermissive {
            again("made permissive", policy.created(permissive: true, using: policy.using, check: policy.check))
        }
        if let using = policy.using, using != "true" {
            // What reads or removes checks nothing that is written.
            let checks = !["select", "delete"].contains(policy.command)
            again("using (true)", policy.created(using: "true", check: policy.check ?? (checks ? using : nil)))
        }
        if let check = policy.check, check != "true" {
            again("with check (true)", policy.created(using: policy.using, check: "true"))
        }
        again(
            "for the server, too",
            policy.created(roles: "\(policy.roles), carekeep_server", using: policy.using, check: policy.check)
        )
        if policy.roles == "carekeep_server" { changes.removeLast() }
        return changes.map { change in
            Mutant(
                name: "policy \(policy.name) on \(policy.table): \(change.0)",
                damage: change.1,
                // Where all use it, looking at those first is looking twice.
                functions: policy.users.count < 20 && change.0 != "for the server, too" ? policy.users : [],
                tables: [policy.table],
                // What the server has no grant for, it cannot do by a policy either: how tables are made tells that one.
                search: change.0 == "for the server, too"
                    ? [[.structure], [.tables], [.gate]] : [[.tables], [.gate], [.detours], [.structure, .grants]],
                // Who looks can write nothing down then: looking answers nothing, and after five minutes the gate is shut.
                canBeSeen: policy.name != "guard_kept_by_the_gate" || change.0 != "dropped"
            )
        }
    }

    /// Row security off, FORCE off, everything granted to somebody, another owner.
    static func tables(of connection: AdminConnection) throws -> [Mutant] {
        let names = try connection.query(
            """
            select relname::text, array(
                       select g.grantee::regrole::text from aclexplode(relacl) g
                        where g.grantee in ('carekeep_gate'::regrole, 'carekeep_server'::regrole)
                       union
                       select g.grantee::regrole::text from pg_attribute a, aclexplode(a.attacl) g
                        where a.attrelid = c.oid and g.grantee in ('carekeep_gate'::regrole, 'carekeep_server'::regrole))
              from pg_class c
             where relnamespace = 'care'::regnamespace and relkind in ('r', 'p')
               and (not relispartition or oid = (select min(inhrelid) from pg_inherits))
             order by 1
            """
        ).map { try $0.decode((String, [String]).self) }
        return names.flatMap { table, grantees in
            let taken = grantees.map { ("taken from \($0)", "revoke all on care.\(table) from \($0)") }
            return
                ([
                    ("row security off", "alter table care.\(table) disable row level security"),
                    ("not forced", "alter table care.\(table) no force row level security"),
                    ("all granted to the server", "grant all on care.\(table) to carekeep_server"),
                    ("select granted to the keykeeper", "grant select on care.\(table) to carekeep_keykeeper"),
                    ("select granted to public", "grant select on care.\(table) to public"),
                    ("owned by the gate", "alter table care.\(table) owner to carekeep_gate"),
                ] + taken).map { change in
                    Mutant(
                        name: "table \(table): \(change.0)",
                        damage: [change.1],
                        tables: [table],
                        search: [[.tables], [.structure, .grants]]
                    )
                }
        }
    }

    /// Each trigger asleep, and each rule of a table's shape gone.
    static func shapes(of connection: AdminConnection) throws -> [Mutant] {
        let triggers = try connection.query(
            """
            select t.tgname::text, c.relname::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
             where c.relnamespace = 'care'::regnamespace and not t.tgisinternal and not c.relispartition order by 2, 1
            """
        ).map { row in
            let (trigger, table) = try row.decode((String, String).self)
            return Mutant(
                name: "trigger \(trigger) on \(table): asleep",
                damage: ["alter table care.\(table) disable trigger \(trigger)"],
                tables: [table],
                search: [[.gate], [.tables], [.detours], [.structure, .grants]]
            )
        }
        let rules = try connection.query(
            """
            select k.conname::text, c.relname::text from pg_constraint k join pg_class c on c.oid = k.conrelid
             where c.relnamespace = 'care'::regnamespace and c.relname <> 'migration' and k.contype in ('c', 'f', 'p', 'u', 'x')
               and not c.relispartition and k.conparentid = 0
             order by 2, 1
            """
        ).map { row in
            let (rule, table) = try row.decode((String, String).self)
            return Mutant(
                name: "constraint \(rule) on \(table): gone",
                damage: ["alter table care.\(table) drop constraint \(rule) cascade"],
                search: [],
                equivalentBecause:
                    "rules of a table's shape keep mistakes out and decide about nobody; the guard sees each of them go"
            )
        }
        return triggers + rules
    }

    /// Each function open to everybody, without its search path, of another owner, as its caller, or of another volatility.
    static func functions(of connection: AdminConnection) throws -> [Mutant] {
        try connection.query("set search_path = pg_catalog")
        return try connection.query(
            """
            select p.oid::regprocedure::text, p.prosecdef,
                   exists (select from pg_depend d
                            where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid),
                   exists (select from aclexplode(p.proacl) g where g.grantee <> p.proowner), p.proconfig is not null
              from pg_proc p where p.pronamespace = 'care'::regnamespace order by 1
            """
        ).flatMap { row -> [Mutant] in
            let name = try row.decode(String.self, at: 0)
            var changes = [
                ("granted to public", "grant execute on function \(name) to public"),
                ("of another owner", "alter function \(name) owner to carekeep_server"),
            ]
            // On the path of its owner's functions, and theirs alone, or on one of its own.
            changes.append(
                try row.decode(Bool.self, at: 4)
                    ? ("without a search path", "alter function \(name) reset all")
                    : ("of its owner, on any path", "alter function \(name) security definer")
            )
            if try row.decode(Bool.self, at: 1) {
                changes.append(("of the caller", "alter function \(name) security invoker"))
            }
            if try row.decode(Bool.self, at: 2) {
                changes.append(("immutable", "alter function \(name) immutable"))
                changes.append(("leakproof", "alter function \(name) leakproof"))
            }
            // What only its owner's functions call runs as its owner either way. (Not the triggers'; what
            // require_references asks is itself of its owner.)
            let isInner =
                try !row.decode(Bool.self, at: 3)
                && !["inspect_after_ddl", "keep_version", "keep_paused", "keep_handover", "take_back_with_share"]
                    .contains { name.contains($0) }
                || name.contains("require_references")
            // With the pass that it asks for, its caller sees the very rows that it looks for.
            let seesThem = name.contains("is_of_an_emergency")
            return changes.map {
                Mutant(
                    name: "function \(name): \($0.0)",
                    damage: [$0.1],
                    search: [[.structure, .grants], [.gate], [.detours]],
                    equivalentBecause: $0.0 == "of the caller" && (isInner || seesThem)
                        ? "what it does is done by its owner's functions, or its caller sees the same" : nil
                )
            }
        }
    }

    /// Each act with a power or a way of reaching more, for an office more, and asking for another permission or for none.
    static func acts(of connection: AdminConnection) throws -> [Mutant] {
        let powers = try connection.query("select distinct unnest(powers) from care.act order by 1").map {
            try $0.decode(String.self, at: 0)
        }
        // What no act carries in the directory is a power over nothing there.
        let ofDirectory = try connection.query("select distinct unnest(directory_powers) from care.act order by 1").map
        {
            try $0.decode(String.self, at: 0)
        }
        let columns: SQL =
            "name, scope, powers, reach, roles, directory_powers, permission, directory_permission, step_up"
        return try connection.query("select \(columns) from care.act order by 1").flatMap { row -> [Mutant] in
            let (name, scope, has, reach, roles) = try row.decode((String, String, [String], [String], [String]).self)
            let there = try row.decode([String].self, at: 5)
            var changes = powers.filter { !has.contains($0) }.map {
                ("with the power \($0)", "powers = powers || '{\($0)}'")
            }
            changes += has.map { ("without the power \($0)", "powers = array_remove(powers, '\($0)')") }
            if ["patient", "patients"].contains(scope) {
                changes += AccessMatrix.ways.filter { !reach.contains($0) }
                    .map { ("for \($0)", "reach = reach || '{\($0)}'") }
            }
            if !roles.isEmpty {
                changes += ["steward", "auditor"].filter { !roles.contains($0) }
                    .map { ("for \($0)", "roles = roles || '{\($0)}'") }
            }
            for (index, column) in [(6, "permission"), (7, "directory_permission")] {
                guard let asked = try row.decode(String?.self, at: index) else { continue }
                changes.append(("with no \(column)", "\(column) = null"))
                let other = asked == "member.read" ? "record.read" : "member.read"
                changes.append(("asking for another \(column)", "\(column) = '\(other)'"))
            }
            changes += ofDirectory.filter { !there.contains($0) }.map {
                ("with the power \($0) in the directory", "directory_powers = directory_powers || '{\($0)}'")
            }
            changes += there.map {
                (
                    "without the power \($0) in the directory",
                    "directory_powers = array_remove(directory_powers, '\($0)')"
                )
            }
            if try row.decode(Bool.self, at: 8) { changes.append(("without stepping up", "step_up = false")) }
            return changes.map {
                Mutant(
                    name: "act \(name): \($0.0)",
                    damage: ["update care.act set \($0.1) where name = '\(name)'"],
                    // The declared acts tell each of them. (What a power more opens by itself, the gate's checks and the
                    // tables show, too, for those who ask in the other order; that takes half a day.)
                    search: [[.grants], [.gate]]
                )
            }
        }
    }
}
