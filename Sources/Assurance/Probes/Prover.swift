import Foundation
import People
import Postgres
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
        public let details: [String]
        public let took: Duration
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
        let names = Set(ids.flatMap { catalogue[$0]?.probes ?? [] })
        return Probe.all.filter { names.contains($0.name) }
    }

    /// Runs them one after another, and tells each result as it comes. What a schedule calls.
    public func proveAll(tell: @Sendable (Result) -> Void = { _ in }) async throws -> [Result] {
        let admin = try AdminConnection(site.databases.admin, applicationName: "carekeep prove")
        let canaries = Canaries(home: site.home, admin: admin)
        let (run, twins) = (UUID(), Twins())
        var lent: Lent?
        var results: [Result] = []
        // Probes that need nobody run even where nobody can be woken: with the guard up, above all.
        do { lent = try await canaries.lend() } catch { lent = nil }
        do {
            let organizations = try canaries.all()
            for probe in probes {
                try await note(probe, "begun", "", [], .zero, run)
                let result = try await judge(probe, lent, twins, organizations, admin)
                try await note(probe, result.outcome.rawValue, result.seen, result.details, result.took, run)
                results.append(result)
                tell(result)
            }
        } catch {
            try canaries.recall()
            throw error
        }
        try canaries.recall()
        guard try canaries.lentOut() == 0 else {
            throw ProbeTrouble.controlFailed("ending what was lent to the probes")
        }
        return results
    }

    // MARK: One probe

    private func judge(
        _ probe: Probe,
        _ lent: Lent?,
        _ twins: Twins,
        _ organizations: [UUID],
        _ admin: AdminConnection
    ) async throws -> Result {
        let caught = Caught()
        let before = try Traces(organizations, over: admin)
        let ground = Ground(
            site,
            for: probe,
            lent: lent,
            twins: twins,
            fingerprint: before.fingerprint,
            caught: caught
        )
        let (end, took) = await Self.end(of: probe, on: ground)
        let left = try Traces(organizations, over: admin).left(since: before)
        if caught.first == nil, !left.isEmpty {
            return Result(
                probe: probe,
                outcome: .broken,
                seen: "The check left something behind.",
                details: left,
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
            if case .cannotBeTried(let why) = error { return result(.notTried, why, []) }
            if case .cannotBeTold(let why) = error { return result(.cannotBeTold, why, []) }
            return result(.broken, "The check could not conclude: \(error).", [])
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
                    \(run), \(probe.name.rawValue), \(probe.class.rawValue), \(outcome), \(seen), \(Array(details.prefix(100))),
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
        "the clock of the database was set back: a result is of a later time than now; put the clock right"
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
