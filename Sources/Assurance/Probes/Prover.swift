public import Foundation
import People
public import Postgres
import Seals
import Synchronization
import Trail

/// Runs probes, keeps what they saw, and catches those that do not behave.
///
/// Each probe has what its class has and as long as it says. One that hangs, breaks, uses what is not its class's, or leaves
/// something behind is a failure of its own: `broken`. Results are added to the store, each with an entry of the trail.
public struct Prover: Sendable {
    /// What came of a probe.
    public enum Outcome: String, Sendable {
        case kept
        case fallsShort = "falls short"
        /// The probe itself failed; what it would have seen is not known.
        case broken
        /// What it needs is not there. It says nothing about the promise.
        case notTried = "not tried"
        /// The machine does not tell. It is not taken for well.
        case cannotBeTold = "cannot be told"
    }

    /// One probe's result.
    public struct Result: Sendable {
        public let probe: Probe
        public let outcome: Outcome
        public let seen: String
        public fileprivate(set) var details: [String]
        public let took: Duration
        /// Why it was not tried; `nil` for any other outcome.
        public var lack: Lack?
    }

    /// What a probe needed that was not there.
    public enum Lack: Sendable {
        /// No server answers.
        case server
        /// The release's suites told nothing of this program.
        case releaseResults
        /// Something that is there where all is as it must.
        case other
    }

    private let site: Site
    private let probes: [Probe]
    private let release: String

    /// - `release`: names what is running, in each result.
    public init(_ site: Site, probes: [Probe] = Probe.all, release: String) {
        self.site = site
        self.probes = probes
        self.release = release
    }

    /// The probes that show any of these promises; all for none.
    public static func probes(for ids: [String], in catalogue: PromiseCatalogue) -> [Probe] {
        guard !ids.isEmpty else { return Probe.all }
        let names = Set(ids.flatMap { id in catalogue[id]?.probes ?? ProbeName(rawValue: id).map { [$0] } ?? [] })
        return Probe.all.filter { names.contains($0.name) }
    }

    /// Runs them one after another, and tells each result as it comes. What a schedule calls.
    ///
    /// Throws ``AnotherRun`` where one is under way: each would end what the other was lent.
    public func proveAll(tell: @Sendable (Result) -> Void = { _ in }) async throws -> [Result] {
        let admin = try AdminConnection(site.databases.admin, applicationName: "carekeep prove")
        guard try Loans.begin(over: admin) else { throw AnotherRun() }
        let outcome: Swift.Result<[Result], any Error>
        do { outcome = .success(try await run(over: admin, tell: tell)) } catch { outcome = .failure(error) }
        // Once, however it came out: the lock goes with it, and what another run is lent after that is not ours to end.
        do { try Loans.end(over: admin) } catch {
            if case .success = outcome { throw error }
        }
        return try outcome.get()
    }

    private func run(over admin: AdminConnection, tell: @Sendable (Result) -> Void) async throws -> [Result] {
        let canaries = Canaries(home: site.home, admin: admin)
        let (id, twins) = (UUID(), Twins())
        let keys = try AdminConnection(site.databases.keysAdmin, applicationName: "carekeep prove")
        let start = try admin.query("select care.clock()")[0].decode(Date.self, at: 0)
        // Probes that need nobody run even where nobody can be woken: with the guard up, above all.
        let wake = { () async throws -> Waking in
            do { return .awake(try await canaries.lend()) } catch {
                return .asleep(try Self.trouble(error, over: admin))
            }
        }
        var lent = try await wake()
        let organizations = try canaries.all()
        var results: [Result] = []
        var hung: [ProbeName] = []
        let (usual, crashed) = try inOrder(over: admin)
        for (number, probe) in (usual + crashed).enumerated() {
            // Those before have used up what they were lent: a link, a password, and tokens that do not last.
            if number == usual.count {
                try canaries.recall()
                lent = try await wake()
            }
            try await note(probe, "begun", "", [], .zero, id)
            let ground = { [lent] (before: Traces, caught: Caught) in
                Ground(site, for: probe, lent: lent, twins: twins, fingerprint: before.fingerprint, caught: caught)
            }
            let look = { try Traces(organizations, since: start, over: admin, keys, copies: twins.held) }
            let result = try await judge(probe, on: ground, hung: &hung, look: look)
            try await note(probe, result.outcome.rawValue, result.seen, result.details, result.took, id)
            results.append(result)
            tell(result)
        }
        return results
    }

    /// Last, what was begun the last time and never ended: should it end the whole run again, all others were tried before. Of several
    /// the one that was tried longest ago comes first, so that none keeps the others from being tried.
    private func inOrder(over admin: AdminConnection) throws -> (usual: [Probe], crashed: [Probe]) {
        let crashed = try admin.query(
            """
            select l.probe from (
                select distinct on (r.probe) r.probe, r.outcome, r.at from care.probe_result r order by r.probe, r.at desc) l
             where l.outcome = 'begun' order by l.at
            """
        ).map { try $0.decode(String.self, at: 0) }
        return (
            probes.filter { !crashed.contains($0.name.rawValue) },
            crashed.flatMap { name in probes.filter { $0.name.rawValue == name } }
        )
    }

    /// Why nobody could be woken. Under a guard that is up nothing is opened, which says nothing of what needs somebody awake; anything
    /// else is a fault.
    private static func trouble(_ error: any Error, over admin: AdminConnection) throws -> ProbeTrouble {
        guard try admin.query("select care.inspect()")[0].decode(Bool.self, at: 0) else {
            return .cannotBeTried("the synthetic people cannot be woken while the guard is up")
        }
        return .controlFailed(
            "the synthetic people could not be woken: \((error as? ProbeTrouble)?.description ?? name(of: error))"
        )
    }

    // MARK: One probe

    private func judge(
        _ probe: Probe,
        on ground: (Traces, Caught) -> Ground,
        hung: inout [ProbeName],
        look: () throws -> Traces
    ) async throws -> Result {
        let caught = Caught()
        let before = try look()
        let (end, took) = await Self.end(of: probe, on: ground(before, caught))
        let left = try look().left(since: before)
        // What hangs may go on, and leave something while another one is at work.
        let others = hung.map { "\($0.rawValue), which hung before, may have left it" }
        if case .hung = end {
            hung.append(probe.name)
            var result = Self.result(of: probe, end, after: took, caught)
            result.details += left + (left.isEmpty ? [] : others)
            return result
        }
        if caught.first == nil, !left.isEmpty {
            return Result(
                probe: probe,
                outcome: .broken,
                seen: others.isEmpty
                    ? "The check left something behind."
                    : "The check left something behind, or one that hung before it did.",
                details: left + others,
                took: took
            )
        }
        return Self.result(of: probe, end, after: took, caught)
    }

    /// What the end of a probe says.
    static func result(of probe: Probe, _ end: End, after took: Duration, _ caught: Caught) -> Result {
        let result = { (outcome: Outcome, seen: String, details: [String]) in
            Result(probe: probe, outcome: outcome, seen: seen, details: details, took: took)
        }
        if let trouble = caught.first {
            return result(.broken, "The check is not what it says it is: \(trouble).", [])
        }
        switch end {
        case .saw(let sighting):
            return result(sighting.isKept ? .kept : .fallsShort, sighting.seen, sighting.details)
        case .hung:
            return result(.broken, "The check did not end within \(probe.patience.components.seconds) seconds.", [])
        case .failed(let error as ProbeTrouble):
            var untried = result(.notTried, "\(error)", [])
            switch error {
            case .noServer: untried.lack = .server
            case .cannotBeTried: untried.lack = probe.class == .release ? .releaseResults : .other
            case .cannotBeTold: return result(.cannotBeTold, "\(error)", [])
            case .isOfAnotherClass, .controlFailed:
                return result(.broken, "The check could not conclude: \(error).", [])
            }
            return untried
        case .failed(let error):
            return result(.broken, "The check broke off: \(Self.name(of: error)).", [])
        }
    }

    /// How a probe ended.
    enum End: Sendable {
        case saw(Sighting)
        case failed(any Error)
        case hung
    }

    /// The first of two: the probe's end, or that of its time. A probe that hangs is left behind.
    static func end(of probe: Probe, on ground: Ground) async -> (end: End, took: Duration) {
        let start = ContinuousClock.now
        let (ends, end) = AsyncStream<End>.makeStream()
        let work = Task.detached {
            do { end.yield(.saw(try await probe.work(ground))) } catch { end.yield(.failed(error)) }
        }
        let clock = Task.detached {
            // Cancelled when the probe was faster.
            try? await Task.sleep(for: probe.patience)
            end.yield(.hung)
        }
        defer {
            work.cancel()
            clock.cancel()
        }
        for await first in ends { return (first, .now - start) }
        return (.hung, .now - start)
    }

    /// The name of an error's type, or its code: nothing with a value.
    static func name(of error: any Error) -> String {
        if let error = error as? PostgresError { return "\(error.kind.rawValue) \(error.sqlState)" }
        return "\(type(of: error))"
    }

    // MARK: Keeping

    private func note(
        _ probe: Probe,
        _ outcome: String,
        _ seen: String,
        _ details: [String],
        _ took: Duration,
        _ run: UUID
    ) async throws {
        let year = AuditSeal.year(of: Date())
        let note = AccessNote(address: "", device: "carekeep prove", request: probe.name.rawValue, query: outcome)
        let seal = try AuditSeal(
            note,
            with: try await site.home.keys.auditSealer(of: Installation.id, year: year),
            year: year
        )
        do {
            _ = try await site.home.store.query(
                """
                select care.note_probe(
                    \(run), \(probe.name.rawValue), \(probe.class.rawValue), \(outcome), \(seen.storable(atMost: 2000)),
                    \(details.prefix(100).map { $0.storable(atMost: 2000) }),
                    \(release), \(Int32(clamping: took.milliseconds)), make_interval(secs => \(Double(probe.fresh.components.seconds))),
                    \(seal.epoch), \(seal.salt), \(seal.sealed))
                """
            )
        } catch {
            guard error.constraint == "probe_result_follows_the_last" else { throw error }
            throw ClockSetBack()
        }
    }
}

/// The last result is of a later time than now.
public struct ClockSetBack: Error, CustomStringConvertible {
    public var description: String {
        """
        the clock of the database was set back: a result is of a later time than now; put the clock right, or say that it was ahead with \
        carekeep prove --clock-was-ahead
        """
    }
}

/// Promises are being tried already.
public struct AnotherRun: Error, CustomStringConvertible {
    public var description: String { "another run is under way: the promises are being tried already" }
}

extension Prover {
    /// Says, for the operator who put a clock right that had been ahead, that results of later times than now count no more. The last of
    /// those times; `nil` if there is none.
    public static func noteClockAhead(_ home: Home, over admin: AdminConnection, release: String) async throws -> Date?
    {
        let year = AuditSeal.year(of: Date())
        let note = AccessNote(address: "", device: "carekeep prove", request: "the clock was ahead")
        let sealer = try await home.keys.auditSealer(of: Installation.id, year: year)
        let seal = try AuditSeal(note, with: sealer, year: year)
        return try admin.query(
            "select care.note_clock_ahead(\(release), \(seal.epoch), \(seal.salt), \(seal.sealed))"
        )[0].decode(Date?.self, at: 0)
    }
}

extension String {
    /// What the store takes: at most so many bytes, and no control characters but tabs and ends of lines.
    func storable(atMost bytes: Int) -> String {
        let plain = withoutControls
        guard plain.utf8.count > bytes else { return plain }
        var (kept, left) = (String.UnicodeScalarView(), bytes - "…".utf8.count)
        for scalar in plain.unicodeScalars {
            left -= UTF8.width(scalar)
            guard left >= 0 else { break }
            kept.append(scalar)
        }
        return String(kept) + "…"
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
