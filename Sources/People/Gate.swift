public import Care
public import FoundationEssentials
public import Postgres
public import Seals
public import Trail

/// What somebody is about to do: the arguments that the gate authorises and writes down.
public struct Errand: Sendable {
    /// What is done.
    public let act: Act
    /// Keyed tags of the records it is about.
    public let targets: [[UInt8]]
    /// Ids for patients whom it creates.
    public let newPatients: [UUID]
    /// Why, as declared.
    public let purpose: Purpose
    /// The query, of a search; sealed in the entry.
    public let query: String

    /// Describes an errand.
    public init(
        _ act: Act,
        targets: [[UInt8]] = [],
        newPatients: [UUID] = [],
        purpose: Purpose = .care,
        query: String = ""
    ) {
        self.act = act
        self.targets = targets
        self.newPatients = newPatients
        self.purpose = purpose
        self.query = query
    }
}

/// The one way to the data: opens passes, and runs statements under them.
///
/// Transaction 1 opens the pass and commits, transaction 2 uses it; both travel as one pipeline. Readers who wait at the same
/// moment share transaction 1. The decision and the entry are the database's (`database/records/current/30-gate.sql`).
public final class Gate: Sendable {
    private let store: Store
    private let keys: Keykeeper
    private let openings: SharedOpenings

    /// A gate to a records store.
    public init(store: Store, keys: Keykeeper) {
        self.store = store
        self.keys = keys
        // Two for each core of the database: with fewer, writing waits for reading; with more, less is shared.
        openings = SharedOpenings(store: store, lanes: max(store.poolSize / 2, 1))
    }

    /// Opens a pass and, in the same pipeline, does the work under it.
    ///
    /// - Throws: a `Refusal`: `.signedOut`, `.secondFactorNeeded`, `.stepUpNeeded`, `.guardIsUp`, `.patientMerged`, `.tooManyPatients`,
    ///   `.unavailable`, `.tooBusy`; what the caller may not do or know exists is `.notFound`.
    public func open(
        _ errand: Errand,
        for caller: Caller,
        work: [SQL] = []
    ) async throws -> (pass: Pass, rows: [Rows]) {
        let opening = Opening(
            errand: errand,
            caller: caller,
            secret: PassSecret(),
            seal: try await auditSeal(caller, query: errand.query),
            work: work
        )
        let outcome = try await refusing(at: .gate) {
            try await opening.isShared ? openings.open(opening) : openings.alone(opening)
        }
        let answer = outcome.answer
        // Whatever else the gate says, it has found the session.
        if answer.outcome != 1 { caller.proof.find() }
        switch answer.outcome {
        case 0: break
        case 1: throw Refusal.signedOut
        case 3: throw Refusal.guardIsUp
        case 4: throw Refusal.patientMerged
        case 5: throw Refusal.secondFactorNeeded
        case 6: throw Refusal.stepUpNeeded
        case 7: throw Refusal.tooManyPatients
        case 8: throw Refusal.agreementNeeded
        default: throw Refusal.notFound
        }
        let pass = try Pass(answer, act: errand.act, secret: opening.secret)
        let rows = try refusing(at: .data) { try outcome.work.get() }
        return (pass, Array(rows.dropFirst()))
    }

    /// Does work under a pass that is open, in one transaction.
    public func work(under pass: Pass, _ statements: [SQL]) async throws -> [Rows] {
        let results = try await refusing(at: .data) { try await store.pipeline([[pass.shown] + statements]) }
        return Array(try refusing(at: .data) { try results[0].get() }.dropFirst())
    }

    /// Names in the trail the patients whom a search or list disclosed. The answer may leave when this has returned.
    ///
    /// - Throws: `Refusal.tooManyPatients` where they would be more than the caller may be shown in a day.
    public func disclose(_ patients: [UUID], query: String, under pass: Pass, for caller: Caller) async throws {
        guard !patients.isEmpty else { return }
        let seal = try await auditSeal(caller, query: query)
        let rows = try await work(
            under: pass,
            ["select care.disclose(\(patients), \(seal.epoch), \(seal.salt), \(seal.sealed))"]
        )
        guard try rows[0].first?.decode(Int32.self, at: 0) ?? -1 >= 0 else { throw Refusal.tooManyPatients }
    }

    /// Seals where a caller comes from and why they do something, in their own words, to be kept with an entry.
    public func seal(_ reason: String, query: String, for caller: Caller) async throws -> AuditSeal {
        var note = caller.origin
        note.query = query
        note.reason = reason
        return try await auditSeal(note, organization: caller.organization)
    }

    func auditSeal(_ caller: Caller, query: String = "") async throws -> AuditSeal {
        var note = caller.origin
        note.query = query
        return try await auditSeal(note, organization: caller.organization)
    }

    func auditSeal(_ note: AccessNote, organization: UUID) async throws -> AuditSeal {
        let year = AuditSeal.year(of: Date())
        do {
            let sealer = try await keys.auditSealer(of: organization, year: year)
            return try AuditSeal(note, with: sealer, year: year)
        } catch SealError.noKey {
            // The token names an organisation that is not here: to be refused, and noted under the installation's key.
            let sealer = try await keys.auditSealer(of: Installation.id, year: year)
            return try AuditSeal(note, with: sealer, year: year)
        }
    }
}

/// Where in the database work failed: at a function that decides, or at what a pass opens.
enum Place {
    case gate, data
}

/// Runs database work and turns what its failures stand for into refusals.
func refusing<Result>(at place: Place, _ work: () throws -> Result) throws -> Result {
    do { return try work() } catch let error as PostgresError { throw error.refusal(at: place) ?? error }
}

/// The same for work that waits.
func refusing<Result>(
    at place: Place,
    isolation: isolated (any Actor)? = #isolation,
    _ work: () async throws -> Result
) async throws -> Result {
    do { return try await work() } catch let error as PostgresError { throw error.refusal(at: place) ?? error }
}

extension PostgresError {
    /// The refusal that a failure of the database stands for, if it stands for one.
    func refusal(at place: Place) -> (any Error)? {
        switch (kind, sqlState, constraint) {
        // A pass that was good is gone: passes do not outlive a crash of the database. What was to be done under it was not.
        case (_, _, "pass_is_valid"?) where place == .data: Refusal.unavailable
        case (_, _, "session_is_stepped_up"?): Refusal.stepUpNeeded
        // No such schema, table or function, or no right to it: the database is not as it was released.
        case (_, "42501", _) where place == .gate, (_, "3F000", _), (_, "42P01", _), (_, "42883", _): Refusal.guardIsUp
        case (.poolExhausted, _, _): Refusal.tooBusy
        case (.connection, _, _), (.timeout, _, _): Refusal.unavailable
        case (.cancelled, _, _): CancellationError()
        // Two who waited for each other: PostgreSQL undid the whole of one.
        case (_, "40P01", _): Refusal.changedMeanwhile
        // What PostgreSQL takes for no text, in a statement's values as in JSON's.
        case (_, "22021", _), (_, "22P05", _): Refusal.unreadableText
        case (_, _, "setting_is_within_bounds"?): Refusal.settingIsOutOfBounds
        case (_, _, "membership_ends_within_a_year"?), (_, _, "successor_is_a_member_who_writes"?):
            Refusal.endIsNotPossible
        case (_, _, "reach_is_theirs_to_give"?): Refusal.reachIsNotYours
        case (_, _, "own_account_waits_for_an_age"?): Refusal.accountWaits
        case (_, _, "role_is_theirs_to_give"?), (_, _, "role_is_offered_there"?): Refusal.roleIsNotYours
        case (_, _, "answer_is_to_what_is_asked"?), (_, _, "concern_is_open"?): Refusal.changedMeanwhile
        case (_, _, "providers_are_few"?): Refusal.tooManyProviders
        case (_, _, "concerns_are_few_a_day"?): Refusal.tooManyReports
        case (_, _, "overviews_are_days_apart"?): Refusal.overviewIsTooSoon
        case (_, _, "overviews_differ_by_many"?): Refusal.overviewIsTooAlike
        case (_, _, "agreement_counts_within_a_year"?): Refusal.endIsNotPossible
        case (_, _, "organization_keeps_an_owner"?): Refusal.lastOwner
        case (_, _, "share_lasts_a_year_at_most"?), (_, _, "reach_ends_after_it_begins"?): Refusal.shareLastsTooLong
        case (_, "42501", _): Refusal.notFound
        case (_, _, "change_is_one_a_version"?), (_, _, "move_is_whole"?): Refusal.changedMeanwhile
        case (_, _, "patient_is_not_merged"?): Refusal.patientMerged
        case (_, "23505", _): Refusal.exists
        default: nil
        }
    }
}
