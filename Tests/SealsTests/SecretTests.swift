import Crypto
import Foundation
import Synchronization
import Testing

@testable import Seals

@Suite("A secret in memory") struct SecretTests {
    /// Sees what is in the memory after it was wiped and before it is given back.
    final class Witness: Sendable {
        private let seen = Mutex<[[UInt8]]>([])
        var sight: [[UInt8]] { seen.withLock { $0 } }
        func see(_ bytes: UnsafeRawBufferPointer) { seen.withLock { $0.append(Array(bytes)) } }
    }

    let witness = Witness()
    let bytes = [UInt8](repeating: 0x5a, count: 64)

    @Test func `is overwritten when the last user lets go, once`() {
        do { _ = Secret(copying: bytes, witness: witness.see) }
        #expect(witness.sight == [[UInt8](repeating: 0, count: 64)])
    }

    @Test func `is overwritten at once when told to, and cannot be used any more`() throws {
        let secret = Secret(copying: bytes, witness: witness.see)
        #expect(try secret.key() == SymmetricKey(data: bytes))
        secret.wipe()
        #expect(witness.sight == [[UInt8](repeating: 0, count: 64)])
        #expect(failure { try secret.key() } == .wiped)
        secret.wipe()
        #expect(witness.sight.count == 1)
    }

    @Test func `takes along what was remembered of it, once it is wiped`() {
        let key = SubjectKey.of(0xa1, .patient(.of("2"), of: clinic))
        #expect(key.memory.thing { "first" } == "first")
        #expect(key.memory.thing { "second" } == "first")
        key.wipe()
        #expect(key.memory.thing { "third" } == "third")
    }

    @Test func `may be used and wiped by many at once`() async {
        let secret = Secret(copying: bytes)
        await withTaskGroup(of: Void.self) { group in
            for user in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        let key = try? secret.key()  // Wiped meanwhile is what this is about.
                        #expect(key == nil || key == SymmetricKey(data: [UInt8](repeating: 0x5a, count: 64)))
                    }
                    if user == 3 { secret.wipe() }
                }
            }
        }
        #expect(failure { try secret.key() } == .wiped)
    }

    @Test func `is overwritten when a cache drops the key it belongs to`() async throws {
        let cache = KeyCache<Int, DataKey>(CacheLimits(entries: 2, lifetime: .seconds(60)))
        for id in 0..<3 {
            _ = try await cache.value(for: id) { [witness] in
                DataKey(SymmetricKey(size: .bits256), witness: id == 0 ? witness.see : nil)
            }
        }
        #expect(witness.sight == [[UInt8](repeating: 0, count: 64)])
    }
}

@Suite("A cache of keys") struct KeyCacheTests {
    final class Time: Sendable {
        private let elapsed = Mutex(Duration.zero)
        private let start = ContinuousClock.now
        var now: ContinuousClock.Instant { elapsed.withLock { start + $0 } }
        func pass(_ duration: Duration) { elapsed.withLock { $0 += duration } }
    }

    let time = Time()

    private func cache(_ entries: Int = 4) -> KeyCache<Int, Int> {
        KeyCache(CacheLimits(entries: entries, lifetime: .seconds(300)), now: { [time] in time.now })
    }

    @Test func `fetches once and finds afterwards`() async throws {
        let cache = cache()
        #expect(try await cache.value(for: 1) { 10 } == 10)
        #expect(try await cache.value(for: 1) { 11 } == 10)
        #expect(cache.counts == CacheCounts(hits: 1, misses: 1, evictions: 0, entries: 1))
    }

    @Test func `never holds more than it may, and drops the least recently used`() async throws {
        let cache = cache(4)
        for id in 0..<4 { _ = try await cache.value(for: id) { id } }
        #expect(cache.find(0) == 0)
        _ = try await cache.value(for: 4) { 4 }
        #expect(cache.find(1) == nil)
        #expect([0, 2, 3, 4].allSatisfy { cache.find($0) == $0 })
        for id in 5..<500 {
            _ = try await cache.value(for: id) { id }
            #expect(cache.counts.entries <= 4)
        }
    }

    @Test func `forgets by age however often a key was used, and sweeps what nobody asks for`() async throws {
        let cache = cache()
        _ = try await cache.value(for: 1) { 1 }
        time.pass(.seconds(299))
        #expect(cache.find(1) == 1)
        time.pass(.seconds(1))
        #expect(cache.find(1) == nil)
        #expect(cache.counts.entries == 1)
        #expect(cache.sweep() == nil)
        #expect(cache.counts == CacheCounts(hits: 1, misses: 1, evictions: 1, entries: 0))
    }

    @Test func `sweeps by itself while idle`() async throws {
        let cache = KeyCache<Int, Int>(CacheLimits(entries: 4, lifetime: .milliseconds(20)))
        _ = try await cache.value(for: 1) { 1 }
        let deadline = ContinuousClock.now + .seconds(10)
        while cache.counts.entries > 0, .now < deadline { await Task.yield() }
        #expect(cache.counts == CacheCounts(hits: 0, misses: 1, evictions: 1, entries: 0))
    }

    /// A door that stays closed until it is opened, and counts who came.
    private final class Door: Sendable {
        private let isOpen = Atomic<Bool>(false)
        private let visits = Atomic<Int>(0)
        var count: Int { visits.load(ordering: .acquiring) }

        func open() { isOpen.store(true, ordering: .releasing) }

        func pass() async {
            visits.add(1, ordering: .acquiringAndReleasing)
            while !isOpen.load(ordering: .acquiring) { await Task.yield() }
        }
    }

    @Test func `fetches once for all who ask at the same time`() async throws {
        let (cache, door) = (cache(), Door())
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await cache.value(for: 1) {
                        await door.pass()
                        return 42
                    }
                }
            }
            while cache.counts.misses < 20 { await Task.yield() }
            door.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values == [Int](repeating: 42, count: 20))
        #expect(door.count == 1)
    }

    @Test func `tells everybody of a failure, and tries again for the next`() async throws {
        let cache = cache()
        await #expect(throws: SealError.noKey) { try await cache.value(for: 1) { throw SealError.noKey } }
        #expect(try await cache.value(for: 1) { 1 } == 1)
    }

    @Test func `fetches again what was to be forgotten while it was fetched`() async throws {
        let cache = cache()
        let answers = Mutex([10, 11])
        let value = try await cache.value(for: 1) {
            let answer = answers.withLock { $0.removeFirst() }
            if answer == 10 { cache.removeAll { $0 == 1 } }
            return answer
        }
        #expect(value == 11)
        #expect(cache.find(1) == 11)
    }

    @Test func `forgets one, or all`() async throws {
        let cache = cache()
        for id in 0..<3 { _ = try await cache.value(for: id) { id } }
        #expect(cache.removeAll { $0 == 1 } == [1])
        #expect(cache.find(1) == nil)
        #expect(cache.find(2) == 2)
        cache.removeAll()
        #expect(cache.counts.entries == 0)
    }
}
