public import Foundation

/// What one check of a promise said, once.
public struct ProbeRecord: Sendable, Equatable {
    public let probe: ProbeName
    public let `class`: Probe.Class
    /// `nil` for a check that was begun.
    public let outcome: Prover.Outcome?
    /// What was tried and seen, where all was well.
    public let seen: String?
    public let release: String
    public let at: Date
    /// Until when it counts.
    public let until: Date

    /// As the store has it.
    public init(
        probe: ProbeName,
        class: Probe.Class,
        outcome: Prover.Outcome?,
        seen: String?,
        release: String,
        at: Date,
        until: Date
    ) {
        self.probe = probe
        self.class = `class`
        self.outcome = outcome
        self.seen = seen
        self.release = release
        self.at = at
        self.until = until
    }
}

/// Where a promise stands.
public enum Standing: Sendable, Equatable {
    /// Every check of it was well, the oldest at this time.
    case kept(Date)
    /// Every check was well, and part of the promise is not built or not shown, or this machine does not tell.
    case partly(Date)
    /// A check was not well, since this time.
    case fallsShort(Date)
    /// The last results are too old to count; the oldest is of this time.
    case outOfDate(Date)
    /// Nothing has been checked yet.
    case unchecked
    /// There is nothing to check yet.
    case notBuilt
    /// People have to vouch for it, and nobody has.
    case unvouched

    /// A word for programs.
    public var word: String {
        switch self {
        case .kept: "checked"
        case .partly: "checked in part"
        case .fallsShort: "falls short"
        case .outOfDate: "out of date"
        case .unchecked: "not checked"
        case .notBuilt: "not built"
        case .unvouched: "nobody has vouched"
        }
    }
}

/// Where every promise stands, at one time.
public struct TrustReport: Sendable {
    /// A check of a promise: what it tries, its last result and those before.
    public struct Check: Sendable {
        public let probe: Probe
        /// The last that says something.
        public let last: ProbeRecord?
        /// Oldest first.
        public let history: [ProbeRecord]

        /// Whether the machine did not tell, the last time.
        public var isUntold: Bool { last?.outcome == .cannotBeTold }
    }

    /// A promise and where it stands.
    public struct Row: Sendable {
        public let promise: Promise
        public let standing: Standing
        public let checks: [Check]
    }

    /// Promises that belong together.
    public struct Theme: Sendable {
        public let name: String
        public let rows: [Row]
    }

    public let themes: [Theme]
    public let at: Date

    /// Every promise.
    public var rows: [Row] { themes.flatMap(\.rows) }

    /// From what is promised and what was seen.
    public init(_ catalogue: PromiseCatalogue, _ records: [ProbeRecord], at now: Date) {
        let histories = Dictionary(grouping: records.sorted { $0.at < $1.at }, by: \.probe)
        at = now
        themes = catalogue.themes.map { theme in
            Theme(
                name: theme.name,
                rows: theme.promises.map { promise in
                    let probes = promise.probes.compactMap { name in Probe.all.first { $0.name == name } }
                    let all = probes.map { ProbeHistory($0, histories[$0.name] ?? [], at: now) }
                    return Row(
                        promise: promise,
                        standing: Self.standing(of: promise, all),
                        checks: all.map { Check(probe: $0.probe, last: $0.untold ?? $0.last, history: $0.conclusive) }
                    )
                }
            )
        }
    }

    /// How many stand where, of all or of one profile's. In a fixed order, none left out.
    public func counts(for profile: Promise.Profile? = nil) -> [(standing: String, count: Int)] {
        let words = rows.filter { profile == nil || $0.promise.profiles.contains(profile ?? .family) }.map(
            \.standing.word
        )
        let order: [Standing] = [
            .kept(at), .partly(at), .fallsShort(at), .outOfDate(at), .unchecked, .notBuilt, .unvouched,
        ]
        return order.map { standing in (standing.word, words.count { $0 == standing.word }) }
    }

    private static func standing(of promise: Promise, _ histories: [ProbeHistory]) -> Standing {
        guard !histories.isEmpty else { return promise.kinds == [.attested] ? .unvouched : .notBuilt }
        if let since = histories.compactMap(\.fallsShortSince).min() { return .fallsShort(since) }
        let told = histories.filter { $0.untold == nil }
        let last = told.compactMap(\.last)
        guard let oldest = last.map(\.at).min(), last.count == told.count else { return .unchecked }
        if told.contains(where: \.isOutOfDate) { return .outOfDate(oldest) }
        return promise.missing == nil && told.count == histories.count ? .kept(oldest) : .partly(oldest)
    }
}

/// The results of one probe, oldest first.
private struct ProbeHistory {
    let probe: Probe
    /// Those that say something.
    let conclusive: [ProbeRecord]
    /// The last result, if it is that the machine does not tell, and still counts.
    let untold: ProbeRecord?
    private let now: Date
    /// A check that began and never ended.
    private let brokenOff: ProbeRecord?

    init(_ probe: Probe, _ records: [ProbeRecord], at now: Date) {
        self.probe = probe
        self.now = now
        conclusive = records.filter { [.kept, .fallsShort, .broken].contains($0.outcome) }
        let said = records.last { $0.outcome != nil && $0.outcome != .notTried }
        untold = said.flatMap { $0.outcome == .cannotBeTold && $0.until >= now ? $0 : nil }
        let patience = Double(probe.patience.components.seconds) + 600
        brokenOff = records.last.flatMap { last in
            last.outcome == nil && now.timeIntervalSince(last.at) > patience ? last : nil
        }
    }

    var last: ProbeRecord? { conclusive.last }

    /// Since when it is not well: the first bad result after the last good one.
    var fallsShortSince: Date? {
        let bad = conclusive.reversed().prefix { $0.outcome != .kept }.last?.at
        return bad ?? brokenOff?.at
    }

    /// Whether the last result counts no more. One of a later time than now tells of a clock that was set back.
    var isOutOfDate: Bool {
        guard let last else { return true }
        return last.until < now || last.at > now.addingTimeInterval(300)
    }
}
