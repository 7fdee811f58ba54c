import FoundationEssentials
import Postgres
import Seals

/// Each condition in the functions that decide, from both of its sides where it has two.
struct GateChecks {
    let scene: Scene
    let ledger: Ledger

    /// The groups of checks, in the order in which they are run.
    private static var groups: [(name: String, check: (GateChecks) -> () throws -> Void)] {
        [
            ("sessions", GateChecks.sessions),
            ("requests", GateChecks.requests),
            ("targets", GateChecks.targets),
            ("roles", GateChecks.roles),
            ("reach", GateChecks.reach),
            ("kindsOfRecord", GateChecks.kindsOfRecord),
            ("carers", GateChecks.carers),
            ("guests", GateChecks.guests),
            ("pauses", GateChecks.pauses),
            ("countersigning", GateChecks.countersigning),
            ("growingUp", GateChecks.growingUp),
            ("privateEntries", GateChecks.privateEntries),
            ("whatIsWritten", GateChecks.whatIsWritten),
            ("together", GateChecks.together),
            ("theGuard", GateChecks.theGuard),
            ("settings", GateChecks.settings),
            ("roster", GateChecks.roster),
            ("vouching", GateChecks.vouching),
            ("disclosing", GateChecks.disclosing),
            ("functions", GateChecks.functions),
            ("references", GateChecks.references),
            ("signingIn", GateChecks.signingIn),
            ("signedIn", GateChecks.signedIn),
            ("secondFactors", GateChecks.secondFactors),
            ("ownSessions", GateChecks.ownSessions),
            ("signInTries", GateChecks.signInTries),
            ("programTokens", GateChecks.programTokens),
            ("passwords", GateChecks.passwords),
            ("members", GateChecks.members),
            ("founding", GateChecks.founding),
            ("renewing", GateChecks.renewing),
            ("givingRoles", GateChecks.givingRoles),
            ("leaving", GateChecks.leaving),
            ("team", GateChecks.team),
            ("appointments", GateChecks.appointments),
            ("providerDesk", GateChecks.providerDesk),
            ("emergencies", GateChecks.emergencies),
            ("links", GateChecks.links),
            ("versions", GateChecks.versions),
            ("several", GateChecks.several),
            ("jobs", GateChecks.jobs),
            ("letters", GateChecks.letters),
            ("changingAccounts", GateChecks.changingAccounts),
            ("spending", GateChecks.spending),
            ("moves", GateChecks.moves),
            ("sharedMoves", GateChecks.sharedMoves),
            ("merges", GateChecks.merges),
            ("sweeping", GateChecks.sweeping),
            ("months", GateChecks.months),
            ("offices", GateChecks.offices),
            ("attestations", GateChecks.attestations),
            ("vulnerabilities", GateChecks.vulnerabilities),
            ("providers", GateChecks.providers),
            ("agreements", GateChecks.agreements),
            ("activity", GateChecks.activity),
            ("reminders", GateChecks.reminders), ("handovers told", GateChecks.handoversTold),
            ("overviews", GateChecks.overviews),
            ("tellingAccounts", GateChecks.tellingAccounts),
            ("promises", GateChecks.promises),  // last: it ends the sessions of one of the houses
        ]
    }

    /// Runs them all, or those that are named.
    func run(only names: Set<String>? = nil) throws {
        let clock = ContinuousClock()
        var looked = clock.now
        try scene.lookAgain()
        for group in Self.groups where names?.contains(group.name) != false {
            // The guard must not have looked too long ago, and not before it was itself what was tried.
            if clock.now - looked > .seconds(60) || group.name == "settings" {
                try scene.lookAgain()
                looked = clock.now
            }
            ledger.group = group.name
            try group.check(self)()
        }
    }

    // MARK: Telling

    /// What must be.
    func must(_ function: String, _ condition: String, _ isSo: Bool, seen: String = "it was not so") throws {
        ledger.report.attempts += 1
        ledger.report.groups[function, default: []].insert(ledger.group)
        if !isSo { try ledger.fail(function, condition, "-", seen) }
    }

    /// An opening that must be refused for this very reason: no context, no names, no pass, and entries that say so.
    func refuse(
        _ condition: String,
        _ request: Scene.Request,
        as refusal: String,
        outcome: Int32 = 2,
        entries count: Int = 1
    ) throws {
        let opened = scene.open(request)
        let entries = try self.entries(request.salt)
        let kept = try scene.admin.query(
            "select from care.pass where secret_sha256 = \(Primitive.sha256(request.secret ?? []))"
        )
        let isSo =
            opened.outcome == outcome && opened.context == nil && opened.patients.isEmpty && opened.records.isEmpty
            && opened.roles.isEmpty && kept.isEmpty && entries.count == count
            && entries.allSatisfy { !$0.granted && $0.refusal == refusal }
        let reasons = Set(entries.map { $0.refusal ?? "granted" }).sorted().joined(separator: ", ")
        try must(
            "open_pass",
            condition,
            isSo,
            seen: "outcome \(opened.outcome ?? -1), \(kept.count) passes, \(entries.count) entries: \(reasons)"
        )
    }

    /// An opening that must be granted, as the control of a refusal.
    @discardableResult
    func grant(_ condition: String, _ request: Scene.Request) throws -> Scene.Opened {
        let opened = scene.open(request)
        ledger.report.controls += 1
        if opened.outcome != 0 || opened.context == nil || opened.roles.isEmpty {
            let reason = try entries(request.salt).first?.refusal ?? opened.error?.sqlState ?? "-"
            try ledger.fail("open_pass", condition, "a control", "outcome \(opened.outcome ?? -1): \(reason)")
        }
        return opened
    }

    /// An entry as the superuser sees it.
    struct Entry {
        let organization: UUID
        let actorOrganization: UUID?
        let account: UUID?
        let act: String
        let scope: String?
        let patient: UUID?
        let record: UUID?
        let granted: Bool
        let refusal: String?
        let purpose: String?
        let hasSession: Bool
        /// Whether it is of one opening, this transaction's time, key and salt.
        let isComplete: Bool
    }

    func entries(_ salt: [UInt8]) throws -> [Entry] {
        try scene.admin.query(
            """
            select organization_id, actor_organization_id, account_id, act, scope, patient_id, record_id, granted, refusal,
                   purpose, session_id is not null,
                   opening_id is not null and key_epoch = 1 and sealed = '\\x00'
                     and (until is not null) = (granted and scope is not null and session_id is not null
                                                and act not like 'session.%' and act not like 'second-factor.%')
              from care.entry where salt = \(salt) order by at, patient_id
            """
        ).map { row in
            Entry(
                organization: try row.decode(UUID.self, at: 0),
                actorOrganization: try row.decode(UUID?.self, at: 1),
                account: try row.decode(UUID?.self, at: 2),
                act: try row.decode(String.self, at: 3),
                scope: try row.decode(String?.self, at: 4),
                patient: try row.decode(UUID?.self, at: 5),
                record: try row.decode(UUID?.self, at: 6),
                granted: try row.decode(Bool.self, at: 7),
                refusal: try row.decode(String?.self, at: 8),
                purpose: try row.decode(String?.self, at: 9),
                hasSession: try row.decode(Bool.self, at: 10),
                isComplete: try row.decode(Bool.self, at: 11)
            )
        }
    }

    /// Whether a statement of the server's role, under this pass, ends in 42501.
    func isDenied(_ opened: Scene.Opened?, _ statement: SQL) throws -> Bool {
        try failure(opened, statement) == "42501"
    }

    /// The SQLSTATE that a statement of the server's role under a pass ends in; `nil` if it works.
    func failure(_ opened: Scene.Opened?, _ statement: SQL) throws -> String? {
        try scene.server.query("begin")
        do throws(PostgresError) {
            if let opened { try scene.server.query("select set_config('care.pass', \(opened.setting), true)") }
            try scene.server.query(statement)
            try scene.server.query("commit")
            return nil
        } catch {
            _ = try? scene.server.query("rollback")  // the error is what is asked for
            return error.sqlState
        }
    }

    /// What a statement of the server's role answers, under a pass.
    func answer<Value: Bindable>(_: Value.Type, _ opened: Scene.Opened?, _ statement: SQL) throws -> Value? {
        try scene.server.query("begin")
        defer { _ = try? scene.server.query("commit") }  // a connection that is gone fails the next statement
        do {
            if let opened { try scene.server.query("select set_config('care.pass', \(opened.setting), true)") }
            return try scene.server.query(statement).first?.decode(Value.self, at: 0)
        } catch { return nil }
    }

    var north: House { scene.north }
    var south: House { scene.south }

    func asks(_ act: String, _ someone: Someone? = nil, about kept: Kept? = nil) -> Scene.Request {
        scene.request(act, by: someone ?? scene.rightful(act, in: north), of: north, about: kept ?? north.ada)
    }
}

extension UUID {
    /// The nil organisation.
    static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
