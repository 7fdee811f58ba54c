import Synchronization

/// How much a cache of keys may hold, and for how long.
public struct CacheLimits: Sendable {
    /// Keys at most.
    public var entries: Int
    /// After this time a key is forgotten, however often it was used.
    public var lifetime: Duration

    /// 4,096 keys for five minutes: the patients of a busy clinic's hour, and no more than a shift forgets.
    public static let standard = CacheLimits(entries: 4096, lifetime: .seconds(300))

    /// Both limits are at least one.
    public init(entries: Int, lifetime: Duration) {
        self.entries = max(1, entries)
        self.lifetime = lifetime
    }
}

/// What a cache did since it was made.
public struct CacheCounts: Sendable, Equatable {
    /// Found.
    public var hits = 0
    /// Not found, so that a key was fetched, or one that was under way was waited for.
    public var misses = 0
    /// Forgotten for want of room, by age, or by order.
    public var evictions = 0
    /// Held now.
    public var entries = 0
}

/// Open keys for a while. Dropping one wipes it as soon as nobody is in the middle of using it.
final class KeyCache<ID: Hashable & Sendable, Value: Sendable>: Sendable {
    typealias Clock = @Sendable () -> ContinuousClock.Instant

    private struct Entry {
        let value: Value
        let until: ContinuousClock.Instant
        var lastUse: UInt64
    }

    private struct State {
        var entries: [ID: Entry] = [:]
        var loading: [ID: Task<Value, any Error>] = [:]
        var counts = CacheCounts()
        /// Counts uses, to know the least recent.
        var uses: UInt64 = 0
        /// Counts orders to forget: what was fetched before the last one may be what was to be forgotten.
        var removals: UInt64 = 0
        var isSweeping = false
    }

    private let limits: CacheLimits
    private let now: Clock
    private let state = Mutex(State())

    init(_ limits: CacheLimits, now: @escaping Clock = { .now }) {
        self.limits = limits
        self.now = now
    }

    var counts: CacheCounts {
        state.withLock { state in
            var counts = state.counts
            counts.entries = state.entries.count
            return counts
        }
    }

    /// What is held for this id, if it is not too old.
    func find(_ id: ID) -> Value? {
        let now = now()
        return state.withLock { state in
            guard let entry = state.entries[id], entry.until > now else { return nil }
            state.counts.hits += 1
            state.uses += 1
            state.entries[id]?.lastUse = state.uses
            return entry.value
        }
    }

    /// What is held, or else what one fetch, shared by all who ask meanwhile, brings.
    func value(for id: ID, load: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if let value = find(id) { return value }
        let task = state.withLock { state in
            state.counts.misses += 1
            if let task = state.loading[id] { return task }
            // Not structured: when the one who asked first gives up, the others still want the key.
            let task = Task { try await self.fetch(id, load) }
            state.loading[id] = task
            return task
        }
        return try await task.value
    }

    /// Holds a value fetched since the ticket was taken, unless something was forgotten meanwhile. If another holds the
    /// place, that one is the answer.
    func adopt(_ value: Value, for id: ID, since ticket: UInt64) -> Value? {
        let now = now()
        let sweep = state.withLock { state -> (value: Value?, starts: Bool) in
            guard state.removals == ticket else { return (nil, false) }
            if let entry = state.entries[id], entry.until > now { return (entry.value, false) }
            makeRoom(in: &state)
            state.uses += 1
            state.entries[id] = Entry(value: value, until: now + limits.lifetime, lastUse: state.uses)
            defer { state.isSweeping = true }
            return (value, !state.isSweeping)
        }
        if sweep.starts { keepSweeping() }
        return sweep.value
    }

    /// To be taken before a fetch, for ``adopt(_:for:since:)``.
    var ticket: UInt64 {
        state.withLock { $0.removals }
    }

    /// Forgets all that answer to a description, at once.
    @discardableResult
    func removeAll(where matches: (ID) -> Bool = { _ in true }) -> [Value] {
        state.withLock { state in
            state.removals += 1
            let removed = state.entries.filter { matches($0.key) }
            for id in removed.keys { state.entries[id] = nil }
            state.counts.evictions += removed.count
            return removed.values.map(\.value)
        }
    }

    /// Forgets what is too old. Says when the next will be.
    @discardableResult
    func sweep() -> ContinuousClock.Instant? {
        let now = now()
        return state.withLock { state in
            let before = state.entries.count
            state.entries = state.entries.filter { $0.value.until > now }
            state.counts.evictions += before - state.entries.count
            let next = state.entries.values.map(\.until).min()
            if next == nil { state.isSweeping = false }
            return next
        }
    }

    private func fetch(_ id: ID, _ load: @Sendable () async throws -> Value) async throws -> Value {
        defer { state.withLock { $0.loading[id] = nil } }
        // Something forgotten meanwhile is rare; three times in a row is a store that cannot be trusted to answer.
        for _ in 0..<3 {
            let ticket = ticket
            let value = try await load()
            if let adopted = adopt(value, for: id, since: ticket) { return adopted }
        }
        throw SealError.storeUnavailable
    }

    /// Forgets a sixteenth at a time, so that finding the least recently used is not paid for each time.
    private func makeRoom(in state: inout State) {
        guard state.entries.count >= limits.entries else { return }
        let oldest = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(max(1, limits.entries / 16))
        for (id, _) in oldest { state.entries[id] = nil }
        state.counts.evictions += oldest.count
    }

    /// An idle cache must forget too. Runs while there is anything to forget, and does not keep the cache alive.
    private func keepSweeping() {
        Task { [weak self, lifetime = limits.lifetime] in
            var next: ContinuousClock.Instant? = .now + lifetime
            while let instant = next {
                try? await Task.sleep(until: instant, clock: .continuous)  // Never cancelled, so it cannot throw.
                next = self?.sweep()
            }
        }
    }
}
