public import Foundation
public import Postgres
public import Seals
import Synchronization

/// What a server tells of its promises, to anybody: from the catalogue and the results in the store.
public final class TrustDesk: Sendable {
    private let store: Store
    private let keys: Keykeeper
    private let name: String
    private let release: String
    private let withheld: Set<String>
    private let state = Mutex(State())

    /// What is told, and the key's text.
    private typealias Told = (report: TrustReport, file: [UInt8], key: String)

    private struct State {
        var kept: Told?
        /// The report in the making, for all who ask meanwhile, and from when it is.
        var making: (at: Date, task: Task<Told, any Error>)?
        /// Counts ``TrustDesk/renew()``: what was in the making then is not kept.
        var generation = 0
    }

    /// - `name`: under which the installation signs.
    /// - `withheld`: ids of promises that the operator chose not to publish.
    public init(store: Store, keys: Keykeeper, name: String, release: String, withheld: Set<String> = []) {
        self.store = store
        self.keys = keys
        self.name = name
        self.release = release
        self.withheld = withheld
    }

    /// Where every promise stands, the signed file, and the text of the key that signs. Made anew every ten seconds at most, so that
    /// asking often costs little.
    public func told(at now: Date = Date()) async throws -> (report: TrustReport, file: [UInt8], key: String) {
        if let kept = state.withLock({ $0.kept }), abs(now.timeIntervalSince(kept.report.at)) < 10 { return kept }
        let task = state.withLock { state -> Task<Told, any Error> in
            if let making = state.making, abs(now.timeIntervalSince(making.at)) < 10 { return making.task }
            let generation = state.generation
            let task = Task { try await self.made(at: now, generation) }
            state.making = (now, task)
            return task
        }
        return try await task.value
    }

    private func made(at now: Date, _ generation: Int) async throws -> Told {
        let told: Told
        do { told = try await make(at: now) } catch {
            state.withLock { state in if state.generation == generation { state.making = nil } }
            throw error
        }
        state.withLock { state in
            guard state.generation == generation else { return }
            state.kept = told
            state.making = nil
        }
        return told
    }

    private func make(at now: Date) async throws -> Told {
        let report = TrustReport(
            try PromiseCatalogue.release.get(),
            try await records(),
            try await attestations(),
            without: withheld,
            at: now
        )
        let signer = try await keys.installation().noteSigner(name: name)
        let file = try TrustFile.signed(report, by: signer, release: release)
        return (report: report, file: file, key: "\(signer.verifier)")
    }

    /// Has the next report made anew, for whoever changed what it says.
    public func renew() {
        state.withLock { state in
            state.kept = nil
            state.making = nil
            state.generation += 1
        }
    }

    /// What was vouched for and accepted, of promises that this release knows.
    private func attestations() async throws -> [AcceptedAttestation] {
        let rows = try await store.query(
            """
            select promise, words, signed_as, link, file_sha256, since, until, accepted_at, withdrawn_at
              from care.accepted_attestations()
            """
        )
        return try rows.map { row in
            AcceptedAttestation(
                promise: try row.decode(String.self, at: 0),
                words: try row.decode(String.self, at: 1),
                signedAs: try row.decode(String.self, at: 2),
                link: try row.decode(String?.self, at: 3),
                fileSHA256: try row.decode([UInt8]?.self, at: 4),
                since: try row.decode(Date.self, at: 5),
                until: try row.decode(Date.self, at: 6),
                acceptedAt: try row.decode(Date.self, at: 7),
                withdrawnAt: try row.decode(Date?.self, at: 8)
            )
        }
    }

    /// The last results of each probe that this release knows.
    private func records() async throws -> [ProbeRecord] {
        let rows = try await store.query(
            "select probe, class, outcome, seen, release, at, until, since from care.probe_results(\(Int32(30)))"
        )
        return try rows.compactMap { row in
            guard let probe = ProbeName(rawValue: try row.decode(String.self, at: 0)),
                let kind = Probe.Class(rawValue: try row.decode(String.self, at: 1))
            else { return nil }
            return ProbeRecord(
                probe: probe,
                class: kind,
                outcome: Prover.Outcome(rawValue: try row.decode(String.self, at: 2)),
                seen: try row.decode(String?.self, at: 3),
                release: try row.decode(String.self, at: 4),
                at: try row.decode(Date.self, at: 5),
                until: try row.decode(Date.self, at: 6),
                since: try row.decode(Date?.self, at: 7)
            )
        }
    }
}
