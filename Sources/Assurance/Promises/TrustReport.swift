public import Foundation

extension Calendar {
    fileprivate static var utc: Calendar {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        return calendar
    }
}

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
    /// Of a failure: the first one without a good result between, of all that were ever noted. `nil` if nobody looked.
    public let since: Date?

    /// As the store has it.
    public init(
        probe: ProbeName,
        class: Probe.Class,
        outcome: Prover.Outcome?,
        seen: String?,
        release: String,
        at: Date,
        until: Date,
        since: Date? = nil
    ) {
        self.probe = probe
        self.class = `class`
        self.outcome = outcome
        self.seen = seen
        self.release = release
        self.at = at
        self.until = until
        self.since = since
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
    /// People vouch for it until this time.
    case vouched(until: Date)
    /// The same, and they have to do it anew: it ends within 30 days.
    case vouchingIsDue(until: Date)
    /// Nobody has vouched for it any more since this time.
    case vouchingEnded(Date)

    /// Every word of ``word``, in the order in which they are counted.
    public static let words: [String] = {
        let any = Date.distantPast
        let all: [Standing] = [
            .kept(any), .partly(any), .fallsShort(any), .outOfDate(any), .unchecked, .notBuilt, .vouched(until: any),
            .vouchingIsDue(until: any), .vouchingEnded(any), .unvouched,
        ]
        return all.map(\.word)
    }()

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
        case .vouched: "vouched for"
        case .vouchingIsDue: "vouched for, due"
        case .vouchingEnded: "vouching ended"
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
        /// Who vouches for it, or did last.
        public let attestation: AcceptedAttestation?
        /// Whether somebody vouched for it, a month apart, from the first time within twelve months until now. Empty where nobody did.
        public let attested: [Bool]

        /// Whether the public is told what its checks saw, and when. Where one falls short it is not: which of them would help an
        /// attacker more than anybody else.
        public var tellsChecks: Bool { if case .fallsShort = standing { false } else { true } }

        /// What is to be said where people have a part in it and nobody ever vouched for that.
        public var unvouched: String? {
            guard promise.kinds.contains(.attested), promise.kinds != [.attested], attestation == nil else {
                return nil
            }
            return "Nobody has vouched for what people do of it."
        }

        /// A day apart, oldest first: whether everything that was tried for it that day was well.
        public var days: [Bool] {
            let calendar = Calendar.utc
            let byDay = Dictionary(grouping: checks.flatMap(\.history)) { calendar.startOfDay(for: $0.at) }
            return byDay.sorted { $0.key < $1.key }.map { day in day.value.allSatisfy { $0.outcome == .kept } }
        }
    }

    /// Promises that belong together.
    public struct Theme: Sendable {
        public let name: String
        public let rows: [Row]
    }

    public let themes: [Theme]
    public let at: Date
    /// How many promises the operator chose not to publish.
    public let withheld: Int
    /// Whether something is of a later time than now. Then nobody can tell what has ended, and no vouching counts.
    public let clockIsBehind: Bool

    /// Every promise that is published.
    public var rows: [Row] { themes.flatMap(\.rows) }

    /// From what is promised, what was seen and what was vouched for.
    ///
    /// - `hidden`: ids that the operator chose not to publish. They are counted.
    public init(
        _ catalogue: PromiseCatalogue,
        _ records: [ProbeRecord],
        _ attestations: [AcceptedAttestation] = [],
        without hidden: Set<String> = [],
        at now: Date
    ) {
        let histories = Dictionary(grouping: records.sorted { $0.at < $1.at }, by: \.probe)
        // What was withdrawn before it was accepted never counted.
        let whole = attestations.filter { $0.acceptedAt < $0.end }
        let isBehind = Self.isBehind(now, records, whole)
        let accepted = Dictionary(grouping: whole.filter { isBehind || $0.acceptedAt <= now }, by: \.promise)
        at = now
        clockIsBehind = isBehind
        withheld = catalogue.promises.count { hidden.contains($0.id) }
        themes = catalogue.themes.map { theme in
            Theme(
                name: theme.name,
                rows: theme.promises.filter { !hidden.contains($0.id) }.map { promise in
                    let probes = promise.probes.compactMap { name in Probe.all.first { $0.name == name } }
                    let all = probes.map { ProbeHistory($0, histories[$0.name] ?? [], at: now) }
                    let vouching = promise.kinds.contains(.attested) ? accepted[promise.id] ?? [] : []
                    let last = vouching.max { $0.end < $1.end }
                    return Row(
                        promise: promise,
                        standing: Self.standing(of: promise, all, last, at: now, isBehind: isBehind),
                        checks: all.map { Check(probe: $0.probe, last: $0.untold ?? $0.last, history: $0.conclusive) },
                        attestation: isBehind ? nil : last,
                        attested: isBehind ? [] : Self.months(vouching, at: now)
                    )
                }
            )
        }
    }

    /// Whether a clock is behind what it noted before, by more than it may go wrong.
    private static func isBehind(_ now: Date, _ records: [ProbeRecord], _ attestations: [AcceptedAttestation]) -> Bool {
        let latest = now.addingTimeInterval(300)
        return records.contains { $0.at > latest }
            || attestations.contains { $0.acceptedAt > latest && $0.withdrawnAt == nil }
    }

    /// How many stand where, of all or of one profile's. In a fixed order, none left out.
    public func counts(for profile: Promise.Profile? = nil) -> [(standing: String, count: Int)] {
        let words = rows.filter { profile == nil || $0.promise.profiles.contains(profile ?? .family) }.map(
            \.standing.word
        )
        return Standing.words.map { word in (word, words.count { $0 == word }) }
    }

    private static func standing(
        of promise: Promise,
        _ histories: [ProbeHistory],
        _ attestation: AcceptedAttestation?,
        at now: Date,
        isBehind: Bool
    ) -> Standing {
        let shown = shown(of: promise, histories)
        guard promise.kinds.contains(.attested) else { return shown }
        let vouching = isBehind ? uncounted(attestation) : vouching(attestation, at: now)
        if promise.kinds == [.attested] { return vouching }
        // Where the software has a part and people another, one does not stand for the other.
        switch (shown, vouching) {
        case (.kept, .vouchingEnded), (.partly, .vouchingEnded), (.kept, .outOfDate), (.partly, .outOfDate):
            return vouching
        case (.kept(let at), .unvouched): return .partly(at)
        default: return shown
        }
    }

    /// How many promises that people vouch for stand where; those that the software has a part in are counted too.
    public var vouchingCounts: (inForce: Int, due: Int, ended: Int, never: Int) {
        var counts = (inForce: 0, due: 0, ended: 0, never: 0)
        for row in rows where row.promise.kinds.contains(.attested) {
            switch Self.vouching(row.attestation, at: at) {
            case .vouched: counts.inForce += 1
            case .vouchingIsDue: counts.due += 1
            case .vouchingEnded: counts.ended += 1
            default: counts.never += 1
            }
        }
        return counts
    }

    /// While the clock is behind, what was accepted may be over.
    private static func uncounted(_ attestation: AcceptedAttestation?) -> Standing {
        attestation.map { .outOfDate($0.acceptedAt) } ?? .unvouched
    }

    private static func vouching(_ attestation: AcceptedAttestation?, at now: Date) -> Standing {
        guard let attestation else { return .unvouched }
        if !attestation.counted(at: now) { return .vouchingEnded(attestation.end) }
        return attestation.isDue(at: now) ? .vouchingIsDue(until: attestation.end) : .vouched(until: attestation.end)
    }

    /// For twelve months and today, whether somebody vouched.
    private static func months(_ attestations: [AcceptedAttestation], at now: Date) -> [Bool] {
        guard !attestations.isEmpty else { return [] }
        let months = (0...12).reversed().map { months in
            let time = now.addingTimeInterval(Double(-months) * 365.25 / 12 * 86_400)
            return attestations.contains { $0.counted(at: time) }
        }
        // Before the first word nobody fell short of it.
        return Array(months.drop { !$0 })
    }

    /// What checks say of it.
    private static func shown(of promise: Promise, _ histories: [ProbeHistory]) -> Standing {
        guard !histories.isEmpty else { return .notBuilt }
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

    /// Since when it is not well: the first bad result after the last good one, also where that is older than what is shown.
    var fallsShortSince: Date? {
        let bad = conclusive.reversed().prefix { $0.outcome != .kept }.last
        return bad.map { min($0.at, $0.since ?? $0.at) } ?? brokenOff?.at
    }

    /// Whether the last result counts no more. One of a later time than now tells of a clock that was set back.
    var isOutOfDate: Bool {
        guard let last else { return true }
        return last.until < now || last.at > now.addingTimeInterval(300)
    }
}
