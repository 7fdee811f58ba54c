import Crypto
import Foundation
import Testing

@testable import Seals

@Suite("A wrapped key") struct WrappingKeyTests {
    let wrapping = WrappingKey(SymmetricKey(data: [UInt8](repeating: 0xb1, count: 32)), epoch: 7)
    let key = SymmetricKey(size: .bits256)
    let place = WrappingKey.Place(organization: clinic, subject: .of("2"), use: "patient", generation: 1)

    @Test func `is unwrapped in its place`() throws {
        let wrapped = try wrapping.wrap(key, at: place, randomness: .system)
        #expect(try wrapping.unwrap(wrapped, at: place) == key)
        #expect(try WrappingKey.epoch(of: wrapped) == 7)
        #expect(wrapped.count == WrappingKey.wrappedLength)
    }

    @Test func `is refused in any other place`() throws {
        let wrapped = try wrapping.wrap(key, at: place, randomness: .system)
        let others = [
            WrappingKey.Place(organization: abroad, subject: .of("2"), use: "patient", generation: 1),
            .init(organization: clinic, subject: .of("3"), use: "patient", generation: 1),
            .init(organization: clinic, subject: .of("2"), use: "account", generation: 1),
            .init(organization: clinic, subject: .of("2"), use: "patient", generation: 2),
            .init(store: "elsewhere", organization: clinic, subject: .of("2"), use: "patient", generation: 1),
        ]
        for other in others {
            #expect(failure { try wrapping.unwrap(wrapped, at: other) } == .notAuthentic)
        }
    }

    @Test func `is refused by another key, or one of another epoch`() throws {
        let wrapped = try wrapping.wrap(key, at: place, randomness: .system)
        let same = SymmetricKey(data: [UInt8](repeating: 0xb1, count: 32))
        let stranger = WrappingKey(SymmetricKey(size: .bits256), epoch: 7)
        #expect(failure { try stranger.unwrap(wrapped, at: place) } == .notAuthentic)
        #expect(failure { try WrappingKey(same, epoch: 8).unwrap(wrapped, at: place) } == .wrongKey)
        var relabelled = wrapped
        relabelled[4] = 8
        #expect(failure { try WrappingKey(same, epoch: 8).unwrap(relabelled, at: place) } == .notAuthentic)
    }

    @Test func `is refused when cut short, lengthened, or with any bit flipped`() throws {
        let wrapped = try wrapping.wrap(key, at: place, randomness: .system)
        for count in 0..<wrapped.count {
            #expect(failure { try wrapping.unwrap(Array(wrapped[..<count]), at: place) } == .malformed)
        }
        #expect(failure { try wrapping.unwrap(wrapped + [0], at: place) } == .malformed)
        #expect(failure { try wrapping.unwrap([2] + wrapped.dropFirst(), at: place) } == .unknownVersion)
        for bit in 0..<(wrapped.count * 8) {
            var damaged = wrapped
            damaged[bit / 8] ^= 1 << (bit % 8)
            #expect(failure { try wrapping.unwrap(damaged, at: place) } != nil, "bit \(bit)")
        }
    }
}
