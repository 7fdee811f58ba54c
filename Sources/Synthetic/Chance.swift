/// Chance that repeats itself: the same seed, index and purpose give the same numbers, on every machine and in every
/// release.
///
/// Each purpose has numbers of its own, so that a change in how visits are made up leaves names as they were. Only whole
/// numbers are used, since floating point may differ between machines in the last digit.
struct Chance {
    // xoshiro256** by Blackman and Vigna, seeded by SplitMix64 as its authors advise.
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// The numbers for one purpose, which is any text.
    init(seed: UInt64, index: Int, purpose: String) {
        var mixer = seed &+ 0x9E37_79B9_7F4A_7C15 &* UInt64(truncatingIfNeeded: index)
        for byte in purpose.utf8 { mixer = Self.splitMix(&mixer) ^ UInt64(byte) }
        state = (
            Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer), Self.splitMix(&mixer)
        )
    }

    private static func splitMix(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func next() -> UInt64 {
        let result = rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, by: 45)
        return result
    }

    private func rotated(_ word: UInt64, by bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }

    /// A number of the range, each as likely as the others.
    mutating func number(_ range: ClosedRange<Int>) -> Int {
        let count = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next().multipliedFullWidth(by: count).high)
    }

    /// A number of the range, those in the middle more likely than those at the ends.
    mutating func middling(_ range: ClosedRange<Int>) -> Int {
        (number(range) + number(range) + number(range)) / 3
    }

    /// Whether something happens that happens in so many of a hundred cases.
    mutating func happens(_ percent: Int) -> Bool { number(0...99) < percent }

    /// One of the things in a list that is not empty.
    mutating func pick<Element>(_ list: [Element]) -> Element { list[number(0...list.count - 1)] }

    /// So many different things of a list, in an order of their own; all of them if the list is shorter.
    mutating func pick<Element>(_ count: Int, of list: [Element]) -> [Element] {
        var rest = list
        return (0..<min(count, list.count)).map { _ in rest.remove(at: number(0...rest.count - 1)) }
    }

    /// A UUID of version 4, in the lower case that `urn:uuid` asks for.
    mutating func uuid() -> String {
        let words = (next(), next())
        let high = words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = Array(padded(high, to: 16) + padded(low, to: 16))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    private func padded(_ word: UInt64, to width: Int) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }
}
