import FoundationEssentials
import Postgres

/// The probe that takes away, on a copy, each rule by itself, and asks the gate.
extension Probe {
    // ISO-3
    static let `guard` = Probe.guard { $0 }

    /// The probe, of some of what can be damaged. All of it takes minutes.
    static func `guard`(of some: @escaping @Sendable ([GuardTrial.Damage]) -> [GuardTrial.Damage]) -> Probe {
        Probe(
            .guard,
            .twin,
            tries:
                "breaks, on a copy, every rule, right and function by itself, and asks the gate each time",
            fresh: .seconds(8 * 86_400),
            patience: .seconds(600)
        ) { ground in
            try await onThread {
                let (twin, isAlike) = try ground.twin()
                return try withExtendedLifetime(twin) {
                    let trial = try GuardTrial(twin.ways)
                    guard try trial.outcome() == .opened else {
                        throw ProbeTrouble.controlFailed("the gate refuses before anything is broken")
                    }
                    let damages = some(trial.damages)
                    guard !damages.isEmpty else { throw ProbeTrouble.controlFailed("there is nothing to damage") }
                    let wrong = try trial.atOnce() + trial.oneByOne(damages)
                    return .judged(
                        """
                        After each of \(damages.count) damages, to every policy, wall, right, trigger, act and function, the \
                        gate opened nothing; it opened again when all was as before.
                        """,
                        wrong: wrong + Self.unlike(isAlike)
                    )
                }
            }
        }
    }
}

/// Damage to everything that the guard watches, one thing at a time. Each is done and asked about within one transaction, as the
/// server's role, and taken back with it.
final class GuardTrial {
    /// What is broken, and how: statements as the database itself puts them together.
    struct Damage: Sendable {
        let name: String
        let statement: String
    }

    /// What the gate answers to a proper request.
    enum Outcome: Equatable {
        case opened, closed
        /// Any other answer, or an error: its code.
        case other(String)
    }

    let damages: [Damage]
    private let scene: Scene

    init(_ ways: UnauthorisedPerson.Ways) throws {
        scene = try Scene(ways)
        // What the statements name is the catalogue's own: quoted by the database, and run by it. (run)
        damages = try scene.admin.query(Self.all).map {
            Damage(name: try $0.decode(String.self, at: 0), statement: try $0.decode(String.self, at: 1))
        }
        try scene.admin.query(
            """
            create function pg_temp.run(statement text) returns void language plpgsql as $$ begin execute statement; end $$
            """
        )
    }

    /// What the gate answers outside of any transaction of ours.
    func outcome() throws -> Outcome { try outcome(over: scene.server) }

    /// The moment damage is committed, nobody having looked yet, the gate must know: of one of each kind.
    func atOnce() throws -> [String] {
        var wrong: [String] = []
        for (name, damage, repair) in Self.committed {
            try scene.admin.query(damage)
            if try outcome() != .closed { wrong.append("\(name): the gate does not close") }
            try scene.admin.query(repair)
            if try outcome() != .opened { wrong.append("\(name): the gate stays closed once it is repaired") }
        }
        return wrong
    }

    /// Each of these damages by itself.
    func oneByOne(_ some: [Damage]) throws -> [String] {
        var wrong: [String] = []
        for damage in some where try !isNoticed(damage) {
            wrong.append("\(damage.name): the gate does not close")
        }
        if try outcome() != .opened { wrong.append("the gate stays closed though everything was taken back") }
        return wrong
    }

    private func isNoticed(_ damage: Damage) throws -> Bool {
        let admin = scene.admin
        try admin.query("begin")
        defer { _ = try? admin.query("rollback") }  // else the next statement fails
        // So that the damage is done even where looking at it at once would fail, which would undo it.
        try admin.query("set local session_replication_role = replica")
        try admin.query("select pg_temp.run(\(damage.statement))")
        try admin.query("set local session_replication_role = origin")
        // Whoever looks is the server, with the rights that are left to it.
        try admin.query("set local role carekeep_server")
        do {
            if try admin.query("select care.inspect()")[0].decode(Bool?.self, at: 0) == true { return false }
        } catch {
            guard error.sqlState == "42501" else { throw error }
            try admin.query("rollback")
            return try isNoticedAtOnce(damage)
        }
        return try outcome(over: admin) != .opened
    }

    /// Where the server's own look would fail, the one that comes with each change of the catalogue notices, or undoes the change.
    private func isNoticedAtOnce(_ damage: Damage) throws -> Bool {
        try scene.admin.query("begin")
        do {
            try scene.admin.query("select pg_temp.run(\(damage.statement))")
        } catch {
            guard error.sqlState == "42501" else { throw error }
            return true
        }
        return try outcome(over: scene.admin) != .opened
    }

    private func outcome(over connection: AdminConnection) throws -> Outcome {
        let request = scene.request("record.read", by: scene.north.keeper, of: scene.north, about: scene.north.ada)
        do {
            switch try connection.query(request.statement).first?.decode(Int32?.self, at: 0) {
            case 0: return .opened
            case 3: return .closed
            case let other: return .other(other.map { "\($0)" } ?? "nothing")
            }
        } catch { return .other(error.sqlState) }
    }

    private static let committed: [(String, SQL, SQL)] = [
        (
            "a wall between organisations dropped", "drop policy record_stays_in_its_organization on care.record",
            """
            create policy record_stays_in_its_organization on care.record as restrictive to carekeep_server
                using (organization_id = (select care.acting_organization()))
                with check (organization_id = (select care.acting_organization()))
            """
        ),
        (
            "row security not forced", "alter table care.record no force row level security",
            "alter table care.record force row level security"
        ),
        (
            "a right too many", "grant select on care.pass to carekeep_server",
            "revoke select on care.pass from carekeep_server"
        ),
        (
            "a right for everybody", "grant execute on function care.acting() to public",
            "revoke execute on function care.acting() from public"
        ),
    ]

    /// Every damage: its name, and the statement.
    private static let all: SQL = """
        with relation as (
            select c.oid, c.relname, c.relacl, c.relowner, format('care.%I', c.relname) as name
              from pg_class c
             where c.relnamespace = 'care'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        ),
        routine as (
            select p.oid, p.oid::regprocedure::text as name, p.proacl, p.proowner
              from pg_proc p where p.pronamespace = 'care'::regnamespace and p.prokind = 'f'
        ),
        body as (
            select r.oid, r.name, pg_get_functiondef(r.oid) as text from routine r
        ),
        damage (name, statement) as (
            select format('policy %s of %s dropped', p.polname, r.relname), format('drop policy %I on %s', p.polname, r.name)
              from pg_policy p join relation r on r.oid = p.polrelid
             -- Without this one the guard cannot write down what it saw, and closes when its last look is five minutes old.
             where p.polname <> 'guard_kept_by_the_gate'
            union all
            select format('row security of %s %s', r.relname, d.name), format('alter table %s %s row level security', r.name, d.word)
              from relation r, (values ('not forced', 'no force'), ('switched off', 'disable')) d (name, word)
            union all
            select format('%s of %s taken from %s', g.privilege_type, r.relname, g.grantee::regrole),
                   format('revoke %s on %s from %s cascade', g.privilege_type, r.name, g.grantee::regrole)
              from relation r, aclexplode(coalesce(r.relacl, acldefault('r', r.relowner))) g
             where g.grantee not in (0, r.relowner)
            union all
            select format('%s of %s.%s taken from %s', g.privilege_type, r.relname, a.attname, g.grantee::regrole),
                   format('revoke %s (%I) on %s from %s cascade', g.privilege_type, a.attname, r.name, g.grantee::regrole)
              from relation r join pg_attribute a on a.attrelid = r.oid and a.attacl is not null, aclexplode(a.attacl) g
             where g.grantee <> 0
            union all
            select format('SELECT of %s given to everybody', r.relname), format('grant select on %s to public', r.name)
              from relation r
            union all
            select format('trigger %s of %s switched off', t.tgname, r.relname),
                   format('alter table %s disable trigger %I', r.name, t.tgname)
              from relation r join pg_trigger t on t.tgrelid = r.oid and not t.tgisinternal
            union all
            select format('%s given to everybody', f.name), format('grant execute on function %s to public', f.name) from routine f
            union all
            select format('%s taken from %s', f.name, g.grantee::regrole),
                   format('revoke execute on function %s from %s cascade', f.name, g.grantee::regrole)
              from routine f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) g
             where g.grantee not in (0, f.proowner)
            union all
            -- A character more in its body.
            select format('another body of %s', b.name),
                   regexp_replace(b.text, '\\$(\\w*)\\$\\s*$', ' $\\1$')
              from body b
            union all
            select format('act %s for everybody', a.name), format('update care.act set permission = null where name = %L', a.name)
              from care.act a where a.permission is not null
        )
        select name, statement from damage order by name
        """
}
