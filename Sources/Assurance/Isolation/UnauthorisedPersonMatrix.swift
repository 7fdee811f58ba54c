import FoundationEssentials
import Postgres
import Seals

/// Tables × commands × situations.
struct Matrix {
    let scene: Scene
    let catalogue: Catalogue
    let ledger: Ledger

    /// What a transaction shows before it tries.
    enum Shown {
        case nothing
        case setting(String)
        /// An opening in the same transaction, and its setting.
        case opening(SQL, String)
        /// An opening behind a savepoint that is rolled back.
        case openingRolledBack(SQL, String)
        /// Another role's name, set by the superuser, and what is shown besides.
        case role(SQL, String?)
    }

    func run(only tables: Set<String>?) throws {
        let passes = try Passes(scene, ledger)
        for table in catalogue.tables where tables?.contains(table.name) ?? true {
            // Opened before the sum is taken, since passes and entries are tables, too.
            let situations = Specimen.of(table.kind).map { ($0, passes.invalid(for: $0)) }
            let before = try sum(of: table)
            for (specimen, invalid) in situations {
                try controls(specimen, table, passes)
                try withoutPass(specimen, table, invalid)
                try withOtherPasses(specimen, table, passes)
                try asOthers(specimen, table, passes)
            }
            if try sum(of: table) != before {
                try ledger.fail(
                    table.name,
                    "all of them",
                    "-",
                    "rows were changed, though each statement said otherwise"
                )
            }
        }
    }

    /// How many rows there are, and a checksum of them. (A run opens passes and leaves entries, but not meanwhile.)
    private func sum(of table: Catalogue.Table) throws -> String {
        let rows = try scene.admin.query(
            """
            select count(*) || ' ' || coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from care.\(table.identifier) t
            """
        )
        return try rows[0].decode(String.self, at: 0)
    }

    // MARK: Controls

    /// The superuser's shows that each statement works; the right pass's, that the table is not closed to everybody.
    private func controls(_ specimen: Specimen, _ table: Catalogue.Table, _ passes: Passes) throws {
        let victim = Victim(house: scene.north, kept: scene.north.ada)
        for command in Command.all(for: specimen, of: table, victim: victim, elsewhere: scene.south) {
            ledger.report.controls += 1
            let seen = try attempt(
                command,
                over: scene.admin,
                .nothing,
                before: command.needsBefore ? specimen.before?(victim) : nil
            )
            if !isReal(seen, command) {
                try ledger.fail(specimen.name, command.name, "the superuser, as a control", "\(seen)")
            }
        }
        for (base, acts) in specimen.opened {
            for act in acts.sorted() { try control(specimen, table, base, act, passes) }
        }
    }

    private func control(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        _ base: Command.Base,
        _ act: String,
        _ passes: Passes
    ) throws {
        ledger.report.controls += 1
        guard let opened = passes.rightful[act] else {
            return try ledger.fail(specimen.name, "\(base)", "the right pass, \(act)", "it was not opened")
        }
        var victim = Victim(house: scene.north, kept: scene.north.ada)
        if let new = opened.newPatients.first { victim.newPatient = new }
        let commands = Command.all(for: specimen, of: table, victim: victim, elsewhere: scene.south)
        guard let command = commands.first(where: { $0.name == "\(base)" }) else { return }
        let seen = try attempt(
            command,
            over: scene.server,
            .setting(opened.setting),
            before: command.needsBefore ? specimen.before?(victim) : nil
        )
        guard case .rows(let count) = seen, count > 0 else {
            return try ledger.fail(specimen.name, command.name, "the right pass, \(act)", "\(seen)")
        }
    }

    /// A superuser is stopped by nothing but what the data themselves forbid.
    private func isReal(_ seen: Seen, _ command: Command) -> Bool {
        switch seen {
        case .rows(let count): count > 0 || !command.mayFindNothing || command.name.hasSuffix("do nothing")
        case .copyBegan: true
        case .refused("22012", _): command.divides
        case .refused(let state, _): ["23503", "23505", "23514", "0A000"].contains(state)
        }
    }

    // MARK: No valid pass

    private func withoutPass(_ specimen: Specimen, _ table: Catalogue.Table, _ situations: [Passes.Invalid]) throws {
        for situation in situations where table.isGranted || situation.isForAll {
            try everyCommand(
                specimen,
                table,
                over: situation.isUntouched ? scene.untouched : scene.server,
                situation.shown,
                situation.name,
                victim: scene.north.ada,
                in: scene.north,
                mustBeRefused: situation.mustBeRefused
            )
        }
    }

    // MARK: Passes for something else

    private func withOtherPasses(_ specimen: Specimen, _ table: Catalogue.Table, _ passes: Passes) throws {
        let opening = specimen.opened.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        for act in table.isGranted ? scene.openings : ["record.read"] {
            // What an act that opens nothing of it cannot do plainly, it cannot do in other words.
            let isTried = { (command: Command) in opening.contains(act) || command.isPlain || act == "record.read" }
            if let opened = passes.foreign[act] {
                try everyCommand(
                    specimen,
                    table,
                    over: scene.server,
                    .setting(opened.setting),
                    "\(act) of another organisation",
                    victim: scene.north.ada,
                    in: scene.north,
                    newPatient: opened.newPatients.first,
                    where: isTried
                )
            }
            guard let opened = passes.rightful[act] else { continue }
            if specimen.isOfPatient {
                try everyCommand(
                    specimen,
                    table,
                    over: scene.server,
                    .setting(opened.setting),
                    "\(act) about another patient",
                    victim: scene.north.ben,
                    in: scene.north,
                    where: isTried
                )
            }
            try everyCommand(
                specimen,
                table,
                over: scene.server,
                .setting(opened.setting),
                "\(act), which is not for this",
                victim: scene.north.ada,
                in: scene.north,
                newPatient: opened.newPatients.first,
                maySeeIt: specimen.opened[.select]?.contains(act) ?? false
            ) { isTried($0) && !(specimen.opened[$0.base]?.contains(act) ?? false) }
        }
    }

    // MARK: Other roles

    /// The keykeeper, somebody with nothing but what PUBLIC has, and the tables' owner, whom FORCE binds: with the right pass, too.
    private func asOthers(_ specimen: Specimen, _ table: Catalogue.Table, _ passes: Passes) throws {
        for shown in [nil, passes.rightful["record.read"]?.setting, passes.rightful["bundle.write"]?.setting] {
            let pass = shown == nil ? "no pass" : "a pass"
            try everyCommand(
                specimen,
                table,
                over: scene.keykeeper,
                shown.map { .setting($0) } ?? .nothing,
                "the keykeeper, \(pass)",
                victim: scene.north.ada,
                in: scene.north,
                mustBeRefused: true
            )
            try everyCommand(
                specimen,
                table,
                over: scene.admin,
                .role("set local role pg_signal_backend", shown),
                "public, \(pass)",
                victim: scene.north.ada,
                in: scene.north,
                mustBeRefused: true
            )
            guard table.name != "migration" else { continue }  // the migrator's own, as the owner
            try everyCommand(
                specimen,
                table,
                over: scene.admin,
                .role("set local role carekeep_owner", shown),
                "the owner, \(pass)",
                victim: scene.north.ada,
                in: scene.north
            ) { $0.mayFindNothing }
        }
    }

    // MARK: One situation

    private func everyCommand(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        over connection: AdminConnection,
        _ shown: Shown,
        _ situation: String,
        victim: Kept,
        in house: House,
        newPatient: UUID? = nil,
        mustBeRefused: Bool = false,
        maySeeIt: Bool = false,
        where isTried: (Command) -> Bool = { _ in true }
    ) throws {
        let there = commands(specimen, table, victim, house, newPatient)
        let nowhere = commands(specimen, table, scene.nowhere.ada, scene.nowhere, nil)
        for (command, twin) in zip(there, nowhere) where isTried(command) {
            if command.name == "copy to" || command.name.hasSuffix("without a condition") {
                // What the pass does open is among these rows.
                guard mustBeRefused || house.organization != scene.north.organization || isNoPass(shown) else {
                    continue
                }
            }
            ledger.report.attempts += 1
            let seen = try attempt(command, over: connection, shown)
            guard isNothing(seen, command, mustBeRefused) else {
                try ledger.fail(specimen.name, command.name, situation, "\(seen)")
                continue
            }
            // Whoever may see the row need not be kept from learning that it is there.
            guard specimen.match != nil, !maySeeIt else { continue }
            ledger.report.attempts += 1
            let answer = try attempt(twin, over: connection, shown)
            if answer != seen {
                try ledger.fail(
                    specimen.name,
                    command.name,
                    situation,
                    "an id that is there is answered \(seen), one that is not \(answer)"
                )
            }
        }
    }

    private func isNoPass(_ shown: Shown) -> Bool {
        if case .setting(let setting) = shown { return setting.isEmpty }
        if case .nothing = shown { return true }
        return false
    }

    private func commands(
        _ specimen: Specimen,
        _ table: Catalogue.Table,
        _ kept: Kept,
        _ house: House,
        _ newPatient: UUID?
    ) -> [Command] {
        var victim = Victim(house: house, kept: kept)
        if let newPatient { victim.newPatient = newPatient }
        return Command.all(for: specimen, of: table, victim: victim, elsewhere: scene.south)
    }

    private func isNothing(_ seen: Seen, _ command: Command, _ mustBeRefused: Bool) -> Bool {
        switch seen {
        case .refused("42501", _): true
        // Row security does without COPY FROM altogether, as PostgreSQL says to whoever may insert.
        case .refused("0A000", _): command.name.hasPrefix("copy from")
        case .rows(0): !mustBeRefused && command.mayFindNothing
        default: false
        }
    }

    /// Tries a statement in a transaction of its own. It is committed if it claims to have done nothing, so that what it did
    /// all the same can be seen, and else rolled back.
    private func attempt(
        _ command: Command,
        over connection: AdminConnection,
        _ shown: Shown,
        before: SQL? = nil
    ) throws -> Seen {
        try connection.query("begin")
        var ending: SQL = "rollback"
        defer { _ = try? connection.query(ending) }  // a connection that is gone fails the next attempt
        do throws(PostgresError) {
            try show(shown, over: connection)
            if let before { try connection.query(before) }
            let count = try run(command, over: connection)
            if count == 0, before == nil, command.mayFindNothing, case .setting = shown { ending = "commit" }
            return .rows(count)
        } catch {
            guard error.kind != .connection else { return .copyBegan }
            return .refused(error.sqlState, error.constraint)
        }
    }

    private func run(_ command: Command, over connection: AdminConnection) throws(PostgresError) -> Int {
        guard let script = command.script else {
            let rows = try connection.query(command.statement)
            return Swift.max(rows.affected, rows.count)
        }
        do { try connection.execute(script: script) } catch { throw error.error }
        return 0
    }

    private func show(_ shown: Shown, over connection: AdminConnection) throws(PostgresError) {
        switch shown {
        case .nothing: break
        case .setting(let setting): try connection.query("select set_config('care.pass', \(setting), true)")
        case .opening(let opening, let setting):
            try connection.query(opening)
            try connection.query("select set_config('care.pass', \(setting), true)")
        case .openingRolledBack(let opening, let setting):
            try connection.query("savepoint before")
            try connection.query(opening)
            try connection.query("rollback to savepoint before")
            try connection.query("select set_config('care.pass', \(setting), true)")
        case .role(let role, let setting):
            if let setting { try connection.query("select set_config('care.pass', \(setting), true)") }
            try connection.query(role)
        }
    }

}

/// The passes of a run: opened once, before anything is tried.
struct Passes {
    /// Opened by north's keeper, who is Ada's guardian, about Ada.
    private(set) var rightful: [String: Scene.Opened] = [:]
    /// The same by south's, about the namesake.
    private(set) var foreign: [String: Scene.Opened] = [:]
    private var fixed: [Invalid] = []
    private let scene: Scene

    /// A way of having no valid pass.
    struct Invalid {
        let name: String
        let shown: Matrix.Shown
        /// Whether an error must follow; else finding nothing is as good.
        var mustBeRefused = true
        var isUntouched = false
        /// Whether it is tried, too, on tables of which nothing is granted: there the situation makes no difference.
        var isForAll = false
    }

    init(_ scene: Scene, _ ledger: Ledger) throws {
        self.scene = scene
        for act in scene.openings {
            for house in [scene.north, scene.south] {
                let opened = scene.open(
                    scene.request(act, by: scene.rightful(act, in: house), of: house, about: house.ada)
                )
                ledger.report.controls += 1
                guard opened.outcome == 0 else {
                    let seen = opened.outcome.map { "outcome \($0)" } ?? "error \(opened.error?.sqlState ?? "unknown")"
                    try ledger.fail("open_pass", act, "the right person", seen)
                    continue
                }
                if house.organization == scene.north.organization {
                    rightful[act] = opened
                } else {
                    foreign[act] = opened
                }
            }
        }
        fixed = try Self.fixed(scene)
        // A run takes longer than a pass lasts where others keep the machine busy, and a pass that ran out proves nothing.
        try scene.admin.query(
            "update care.pass set until = until + interval '1 hour' where until > clock_timestamp()"
        )
    }

    /// The ways that are the same for all tables, and those that take an act which would be the right one.
    func invalid(for specimen: Specimen) -> [Invalid] {
        let acts = specimen.opened.values.flatMap { $0 }.sorted()
        return fixed + Set([acts.first ?? "record.read", acts.last ?? "record.read"]).sorted().flatMap(invalid)
    }

    private func invalid(_ act: String) -> [Invalid] {
        let request = { scene.request(act, by: scene.north.keeper, of: scene.north, about: scene.north.ada) }
        let expired = scene.open(request())
        let ended = Primitive.sha256(expired.secret)
        // A connection that is gone fails the next attempt.
        _ = try? scene.admin.query(
            "update care.pass set until = clock_timestamp() - interval '1 millisecond' where secret_sha256 = \(ended)"
        )
        var ofPage = request()
        ofPage.session = scene.north.keeper.pageSession
        var ofStranger = request()
        ofStranger.session = scene.north.clinician.session
        ofStranger.act = "trail.read"
        let (same, point) = (request(), request())
        var rolledBack = request()
        rolledBack.secret = openAndRollBack(rolledBack)
        return [
            Invalid(name: "\(act), expired", shown: .setting(expired.setting)),
            Invalid(
                name: "\(act), of a page's session presented as the API's",
                shown: .setting(scene.open(ofPage).setting)
            ),
            Invalid(name: "\(act), refused", shown: .setting(scene.open(ofStranger).setting)),
            Invalid(name: "\(act), opened by the same transaction", shown: .opening(same.statement, same.setting)),
            Invalid(name: "\(act), opened and rolled back", shown: .setting(rolledBack.setting)),
            Invalid(
                name: "\(act), opened and rolled back to a savepoint",
                shown: .openingRolledBack(point.statement, point.setting)
            ),
        ]
    }

    private func openAndRollBack(_ request: Scene.Request) -> [UInt8]? {
        _ = try? scene.server.query("begin")  // if the connection is gone, the next attempt says so
        _ = try? scene.server.query(request.statement)
        _ = try? scene.server.query("rollback")
        return request.secret
    }

    private static func fixed(_ scene: Scene) throws -> [Invalid] {
        let kept = scene.open(
            scene.request("record.read", by: scene.north.keeper, of: scene.north, about: scene.north.ada)
        )
        let digits = String(kept.setting.dropFirst(3))
        let forged = Scene.Request(nil, by: scene.north.keeper, of: scene.north).setting
        let hashed = Scene.Opened.setting(of: Array(kept.sha256.prefix(16)))
        return [
            Invalid(name: "no pass", shown: .nothing, mustBeRefused: false, isUntouched: true, isForAll: true),
            Invalid(name: "an empty setting", shown: .setting(""), mustBeRefused: false, isForAll: true),
            Invalid(name: "a forged secret", shown: .setting(forged), isForAll: true),
            Invalid(name: "the hash shown as the secret", shown: .setting(hashed)),
        ]
            + [
                "v2.\(digits)", "v1.", digits, "v1.\(digits.dropLast())", "\(kept.setting) ",
                "v1.\(digits.uppercased())x", " ", "v1.%",
            ]
            .map { Invalid(name: "a malformed setting of \($0.utf8.count) bytes", shown: .setting($0)) }
    }
}

extension Scene.Request {
    /// What would be shown to use the pass, were it opened.
    var setting: String { Scene.Opened.setting(of: secret ?? []) }
}

extension Scene.Opened {
    static func setting(of secret: [UInt8]) -> String {
        "v1." + secret.hexadecimal
    }
}
