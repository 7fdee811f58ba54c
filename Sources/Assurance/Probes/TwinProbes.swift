import Foundation
import Postgres

/// Probes that do damage, on scratch copies of this release that end with the run.
extension Probe {
    private static let week = Duration.seconds(8 * 86_400)

    // ISO-1, ISO-2, ISO-4, ROL-1, ROL-2, ROL-3, ROL-6, AUD-1, INT-2
    static let unauthorisedPerson = unauthorisedPerson(stoppingAtFirstFailure: false)

    /// The same, which ends with the first failure where that is all that is asked.
    static func unauthorisedPerson(stoppingAtFirstFailure isHasty: Bool) -> Probe {
        Probe(
            .unauthorisedPerson,
            .twin,
            tries: "tries, on a copy, every command on every table in every situation but the right one",
            fresh: week,
            patience: .seconds(600)
        ) {
            ground in
            let report = try await onThread { () -> (UnauthorisedPerson.Report, Bool) in
                let (twin, isAlike) = try ground.twin()
                return (try UnauthorisedPerson(twin.ways).run(stoppingAtFirstFailure: isHasty), isAlike)
            }
            let failures = report.0.failures.map { "\($0)" } + unlike(report.1)
            return .judged(
                "\(report.0.attempts) attempts on \(report.0.tables.count) tables came to nothing; \(report.0.controls) things that must work did.",
                wrong: failures
            )
        }
    }

    // ISO-4
    static let unguardedTable = Probe(
        .unguardedTable,
        .twin,
        tries: "adds, on a copy, a table without rules, and runs the suite",
        fresh: week,
        patience: .seconds(120)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            let admin = try twin.admin()
            let suite = UnauthorisedPerson(twin.ways)
            guard try suite.run([.structure, .grants]).failures.isEmpty else {
                throw ProbeTrouble.controlFailed("the suite fails before there is such a table")
            }
            try admin.query("create table care.diary (organization_id uuid not null, id uuid not null)")
            try admin.query("grant select on care.diary to carekeep_server")
            let found = try suite.run([.structure, .grants]).failures.filter { $0.table == "diary" }
            let named = found.isEmpty ? ["a table without rules was not noticed"] : []
            return .judged("The suite failed for it at once, by its name.", wrong: named + unlike(isAlike))
        }
    }

    /// The settings by which steps back are told that what they destroy is meant, as their files name them.
    private static func refusals(ofStepsIn release: URL) throws -> Set<String> {
        let folder = release.appending(path: "migrations")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".down.sql")
        }
        return try names.reduce(into: []) { found, name in
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for match in text.matches(of: /carekeep\.destroy_[a-z_]+/) { found.insert(String(match.output)) }
        }
    }

    // APP-6
    static let stepsBack = Probe(
        .stepsBack,
        .twin,
        tries: "takes a filled copy of each database back step by step, and forward again",
        fresh: week,
        patience: .seconds(180)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            _ = try Scene(twin.ways)
            let release = try ground.release(of: "records")
            // The copy holds nothing that anybody will miss.
            let meant = try refusals(ofStepsIn: release).map { "-c \($0)=yes" }
            let conninfo = twin.cluster.cluster.adminConninfo + " options='\(meant.joined(separator: " "))'"
            let migrator = try Migrator(store: "records", schema: "care", folder: release, conninfo: conninfo)
            let records = try backAndForth(migrator)
            let keys = try stepsBackOfKeys(try ground.release(of: "keys"))
            return .judged(
                "\(records.steps + keys.steps) steps back and forward, and the result is as released.",
                wrong: records.wrong + keys.wrong + unlike(isAlike)
            )
        }
    }

    /// All steps of a store taken back and forward again: how many, and what is not as it was.
    private static func backAndForth(_ migrator: Migrator) throws -> (steps: Int, wrong: [String]) {
        let (down, up): ([String], [String])
        do {
            down = try migrator.down(to: 0)
            up = try migrator.up()
        } catch let error as ScriptError
            where error.error.kind == .server && !["53", "57", "58"].contains(error.error.sqlState.prefix(2))
        {
            // A statement of a step, and not the copy's machine.
            let place = "\(error.script), statement \(error.statement)"
            return (0, ["\(migrator.store): a step fails on the way: \(place), \(error.error.sqlState)"])
        }
        let differences = try migrator.drift().map { "\(migrator.store): \($0)" }
        return (
            up.count, differences + (down.reversed() == up ? [] : ["\(migrator.store): not every step was taken back"])
        )
    }

    /// The keys store has a copy of its own, with a key in it.
    private static func stepsBackOfKeys(_ release: URL) throws -> (steps: Int, wrong: [String]) {
        let cluster = try TemporaryCluster("keys")
        let admin = cluster.cluster.adminConninfo
        try Migrator(store: "keys", schema: "keys", folder: release, conninfo: admin).up()
        try AdminConnection(admin).query(
            """
            insert into keys.organization_key (organization_id, purpose, epoch, wrapped)
            values (\(UUID()), 'wrap', 1, \([UInt8](repeating: 7, count: 81)))
            """
        )
        let meant = try refusals(ofStepsIn: release).map { "-c \($0)=yes" }
        let conninfo = meant.isEmpty ? admin : admin + " options='\(meant.joined(separator: " "))'"
        return try backAndForth(Migrator(store: "keys", schema: "keys", folder: release, conninfo: conninfo))
    }

    // ROL-6, ROL-7
    static let roleMatrix = Probe(
        .roleMatrix,
        .twin,
        tries:
            "asks, on a copy, for every act in every role that the release's table of rights knows, by every way of reaching a patient, and with each permission alone and missing",
        fresh: week,
        patience: .seconds(300)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            let report = try AccessTrial(twin.ways).run()
            guard report.opened > 0, report.refused > 0 else {
                throw ProbeTrouble.controlFailed("nothing was opened, or nothing refused")
            }
            return .judged(
                "\(report.opened) openings that roles permit were granted, and \(report.refused) that they do not were refused.",
                wrong: report.wrong + unlike(isAlike)
            )
        }
    }

    // ACC-6
    static let leaving = Probe(
        .leaving,
        .twin,
        tries: "ends, on a copy, the membership of somebody who is at work, and lets them try again",
        fresh: week,
        patience: .seconds(120)
    ) {
        ground in
        try await onThread {
            let (twin, isAlike) = try ground.twin()
            let scene = try Scene(twin.ways)
            let (north, leaver) = (scene.north, try scene.somebody(["clinician"], in: scene.north))
            try scene.reach(north.ben, by: leaver, as: "care-team", in: north)
            let read = { scene.open(scene.request("record.read", by: leaver, of: north, about: north.ben)) }
            let opened = read()
            let look: SQL = "select 1 from care.record where organization_id = \(north.organization)"
            guard opened.outcome == 0, try scene.count(look, under: opened) > 0 else {
                throw ProbeTrouble.controlFailed("somebody at work reads nothing")
            }
            let end = { (account: UUID) throws -> Bool in
                let request = scene.request("member.end", by: north.keeper, of: north, about: north.ada)
                let pass = scene.open(request)
                return try scene.count(
                    "select care.end_membership(\(account), null, null, 1, \(request.salt), '\\x00')",
                    under: pass
                ) == 1
            }
            guard try end(leaver.account) else { throw ProbeTrouble.controlFailed("an owner could not end it") }
            var wrong: [String] = []
            if read().outcome != 1 { wrong.append("the next request is let in") }
            if try scene.count(look, under: opened) > 0 { wrong.append("a pass that was open still opens") }
            for (what, question) in [
                (
                    "a session",
                    "select 1 from care.session where ended_at is null and account_id = \(leaver.account)" as SQL
                ),
                ("a reach", "select 1 from care.reach where withdrawn_at is null and account_id = \(leaver.account)"),
                ("a link", "select 1 from care.link where used_at is null and account_id = \(leaver.account)"),
            ] where try !scene.admin.query(question).isEmpty {
                wrong.append("\(what) is left")
            }
            if try end(north.keeper.account) { wrong.append("the last owner could leave") }
            return .judged(
                "Session, open pass, links and reach ended together, at the next request; the last owner could not leave.",
                wrong: wrong + unlike(isAlike)
            )
        }
    }

    static func unlike(_ isAlike: Bool) -> [String] {
        isAlike
            ? []
            : ["the rules of this installation are not those of the copy, so what the copy shows does not hold here"]
    }
}
