import Crypto
import Foundation
import Testing

@testable import Seals

@Suite("A message") struct MessageTests {
    let key = SubjectKey.of(0xa1, .patient(.of("2"), of: clinic))
    let other = SubjectKey.of(0xa3, .patient(.of("3"), of: clinic))
    let content = Array(#"{"value":1.50}"#.utf8)

    @Test func `opens where it was sealed for`() throws {
        let message = try key.seal(content, for: .observation)
        #expect(try key.open(message, for: .observation) == content)
        #expect(message.count == content.count + 88)
    }

    @Test(arguments: [0, 1, 15, 16, 17, 4096, 1 << 20])
    func `may have any length`(count: Int) throws {
        let content = Primitive.freshBytes(count)
        #expect(try key.open(key.seal(content, for: .observation), for: .observation) == content)
    }

    @Test func `has a mark by which it is told from others, unless it is for several`() throws {
        let message = try key.seal(content, for: .observation)
        let mark = try #require(MessageMark(of: message))
        #expect(mark == MessageMark(of: message))
        #expect(try mark != MessageMark(of: key.seal(content, for: .observation)))
        for place in [8, 39, message.count - 16, message.count - 1] {
            var other = message
            other[place] ^= 1
            #expect(mark != MessageMark(of: other), "\(place)")
        }
        #expect(try MessageMark(of: SubjectKey.seal(content, for: .observation, under: [key, other])) == nil)
        for length in [0, 6, 7, 72, 87] { #expect(MessageMark(of: Array(message.prefix(length))) == nil) }
    }

    @Test func `is another each time`() throws {
        let messages = try (0..<100).map { _ in try key.seal(content, for: .observation) }
        #expect(Set(messages.map { Array($0[8..<40]) }).count == 100)
        #expect(Set(messages).count == 100)
    }

    @Test func `differs in its id when the random bytes repeat but the content or place does not`() throws {
        let zeros = [UInt8](repeating: 0, count: 32)
        func id(_ content: [UInt8], _ binding: Binding) throws -> [UInt8] {
            Array(try key.seal(content, for: binding, randomness: .dealing(zeros))[8..<40])
        }
        var moved = Binding.observation
        moved.version += 1
        let ids = try [id([1], .observation), id([2], .observation), id([1], moved)]
        #expect(Set(ids).count == 3)
        #expect(try id([1], .observation) == ids[0])
    }

    @Test func `is refused when cut short anywhere, or lengthened`() throws {
        let single = try key.seal(content, for: .observation)
        let several = try SubjectKey.seal(content, for: .observation, under: [key, other])
        for message in [single, several] {
            for count in 0..<message.count {
                #expect(failure { try key.open(Array(message[..<count]), for: .observation) } != nil)
                #expect(failure { try key.open(Array(message[(message.count - count)...]), for: .observation) } != nil)
            }
            #expect(failure { try key.open(message + [0], for: .observation) } == .notAuthentic)
            #expect(failure { try key.open([0] + message, for: .observation) } == .malformed)
            #expect(failure { try key.open(message + message, for: .observation) } == .notAuthentic)
        }
    }

    @Test func `is refused when any bit of it flips`() throws {
        let single = try key.seal(content, for: .observation)
        let several = try SubjectKey.seal(content, for: .observation, under: [key, other])
        for message in [single, several] {
            for bit in 0..<(message.count * 8) {
                var damaged = message
                damaged[bit / 8] ^= 1 << (bit % 8)
                #expect(failure { try key.open(damaged, for: .observation) } != nil, "bit \(bit)")
            }
        }
    }

    @Test func `is refused anywhere else`() throws {
        let message = try key.seal(content, for: .observation)
        var (kind, row, version, organization) = (
            Binding.observation, Binding.observation, Binding.observation, Binding.observation
        )
        kind.kind = "Card"
        row.id = .of("5")
        version.version = 4
        organization.organization = abroad
        for place in [kind, row, version] {
            #expect(failure { try key.open(message, for: place) } == .notAuthentic)
        }
        #expect(failure { try key.open(message, for: organization) } == .otherOrganization)
        #expect(failure { try key.seal(content, for: organization) } == .otherOrganization)
    }

    @Test func `is refused in another organisation even by the same bytes of a key`() throws {
        let message = try key.seal(content, for: .observation)
        var place = Binding.observation
        place.organization = abroad
        let namesake = SubjectKey.of(0xa1, .patient(.of("2"), of: abroad))
        #expect(failure { try namesake.open(message, for: place) } == .notAuthentic)
    }

    @Test func `is refused by another key before anything is decrypted`() throws {
        let message = try key.seal(content, for: .observation)
        #expect(failure { try other.open(message, for: .observation) } == .wrongKey)
    }

    @Test func `is refused by the same key in another subject's name or for another use`() throws {
        let message = try key.seal(content, for: .observation)
        for subject in [Subject.patient(.of("3"), of: clinic), .account(.of("2"), of: clinic)] {
            #expect(failure { try SubjectKey.of(0xa1, subject).open(message, for: .observation) } == .notAuthentic)
        }
    }

    @Test func `without its commitment, or with another's, is refused`() throws {
        let message = try key.seal(content, for: .observation)
        let stranger = try other.seal(content, for: .observation)
        let zeros = [UInt8](repeating: 0, count: 32)
        for commitment in [zeros, Array(stranger[40..<72])] {
            let damaged = message[..<40] + commitment + message[72...]
            #expect(failure { try key.open(Array(damaged), for: .observation) } == .wrongKey)
        }
        #expect(failure { try key.open(Array(message[..<40] + message[72...]), for: .observation) } != nil)
    }

    @Test func `of another version or suite is refused, never tried`() throws {
        let message = try key.seal(content, for: .observation)
        for at in 3...5 {
            for byte in UInt8.min ... .max where byte != message[at] {
                var other = message
                other[at] = byte
                #expect(failure { try key.open(other, for: .observation) } == .unknownVersion)
            }
        }
    }

    @Test func `of an unknown mode, or with wraps that its mode does not have, is malformed`() throws {
        let single = try key.seal([UInt8](repeating: 7, count: 8192), for: .observation)
        let several = try SubjectKey.seal([UInt8](repeating: 7, count: 8192), for: .observation, under: [key])
        for byte in UInt8(2) ... .max {
            var message = single
            message[6] = byte
            #expect(failure { try key.open(message, for: .observation) } == .malformed)
        }
        for count in UInt8(1) ... .max {
            var message = single
            message[7] = count
            #expect(failure { try key.open(message, for: .observation) } == .malformed)
        }
        for count in [UInt8(0), 65, 255] {
            var message = several
            message[7] = count
            #expect(failure { try key.open(message, for: .observation) } == .malformed)
        }
        // More wraps than the message has bytes for.
        var short = try SubjectKey.seal([], for: .observation, under: [key])
        short[7] = 64
        #expect(failure { try key.open(short, for: .observation) } == .malformed)
    }

    @Test func `does not pass for one of the other mode`() throws {
        var single = try key.seal(content, for: .observation)
        single[6] = 1
        single[7] = 1
        #expect(failure { try key.open(single, for: .observation) } != nil)
        var several = try SubjectKey.seal(content, for: .observation, under: [key])
        several[6] = 0
        several[7] = 0
        #expect(failure { try key.open(several, for: .observation) } != nil)
    }

    @Test func `may not be larger than a record can be, nor have a kind without name or end`() throws {
        let place = Binding.observation
        let tooLarge = [UInt8](repeating: 0, count: Message.longestPlaintext + 1)
        #expect(failure { try key.seal(tooLarge, for: place) } == .tooLarge)
        for kind in ["", String(repeating: "x", count: 65)] {
            let place = Binding(organization: clinic, kind: kind, id: .of("4"), version: 1)
            #expect(failure { try key.seal(content, for: place) } == .tooLarge)
        }
    }

    @Test func `cannot be read differently by moving letters between the fields of its place`() throws {
        let one = Binding(organization: clinic, kind: "AB", id: .of("4"), version: 1)
        let message = try key.seal(content, for: one)
        for kind in ["A", "ABB", "BA", "AB\0", "ab"] {
            let two = Binding(organization: clinic, kind: kind, id: .of("4"), version: 1)
            #expect(failure { try key.open(message, for: two) } == .notAuthentic)
        }
    }

    @Test func `can be sealed and not opened with a sealer`() throws {
        let message = try Sealer(key).seal(content, for: .observation)
        #expect(try key.open(message, for: .observation) == content)
    }

    @Test func `is neither sealed nor opened with a key that was wiped`() throws {
        let key = SubjectKey.of(0xa1, .patient(.of("2"), of: clinic))
        let message = try key.seal(content, for: .observation)
        key.wipe()
        #expect(failure { try key.open(message, for: .observation) } == .wiped)
        #expect(failure { try key.seal(content, for: .observation) } == .wiped)
    }
}

@Suite("A message about several") struct SeveralTests {
    let mother = SubjectKey.of(0xa1, .patient(.of("2"), of: clinic))
    let baby = SubjectKey.of(0xa3, .patient(.of("3"), of: clinic))
    let stranger = SubjectKey.of(0xa4, .patient(.of("5"), of: clinic))
    let content = Array("born at 04:10".utf8)

    @Test func `opens for each of them and nobody else`() throws {
        let message = try SubjectKey.seal(content, for: .observation, under: [mother, baby])
        #expect(try mother.open(message, for: .observation) == content)
        #expect(try baby.open(message, for: .observation) == content)
        #expect(failure { try stranger.open(message, for: .observation) } == .wrongKey)
        #expect(message.count == content.count + 88 + 2 * 64)
    }

    @Test func `has one to sixty-four subjects of one organisation, each once`() throws {
        func seal(_ keys: [SubjectKey]) -> SealError? {
            failure { try SubjectKey.seal(content, for: .observation, under: keys) }
        }
        let many = (0..<65).map { SubjectKey.of(UInt8($0), .patient(UUID(), of: clinic)) }
        #expect(seal([]) == .wrongRecipients)
        #expect(seal([mother, mother]) == .wrongRecipients)
        #expect(seal(many) == .wrongRecipients)
        #expect(seal(Array(many.dropLast())) == nil)
        #expect(seal([mother, .of(0xa5, .patient(.of("2"), of: abroad))]) == .otherOrganization)
    }

    @Test func `with wraps exchanged, taken out, doubled or from another message is refused`() throws {
        let message = try SubjectKey.seal(content, for: .observation, under: [mother, baby])
        let twin = try SubjectKey.seal(content, for: .observation, under: [mother, baby])
        let (front, first, second, rest) = (message[..<72], message[72..<136], message[136..<200], message[200...])
        let exchanged = Array(front + second + first + rest)
        let doubled = Array(front + first + first + rest)
        var single = Array(front + first + rest)
        single[7] = 1
        let transplanted = Array(front + twin[72..<200] + rest)
        let crossed = Array(front + first[..<88] + second[152...] + second[..<152] + first[88...] + rest)
        for forged in [exchanged, doubled, single, transplanted, crossed] {
            #expect(failure { try mother.open(forged, for: .observation) } == .notAuthentic)
        }
        // Under the other's name the wrap is found, and does not open.
        let renamed = Array(front + stranger.key.id + first.dropFirst(16) + second + rest)
        #expect(failure { try stranger.open(renamed, for: .observation) } == .notAuthentic)
    }

    @Test func `cannot be made to open into two different contents`() throws {
        // What a committing format is for: wraps of two record keys in one message. The second holder's key does not
        // answer to the commitment, and nothing is decrypted.
        let message = try SubjectKey.seal(content, for: .observation, under: [mother, baby])
        let secondKey = SymmetricKey(size: .bits256)
        let forgedWrap = try Message.wrap(secondKey, of: Array(message[8..<40]), for: baby)
        let forged = Array(message[..<136] + forgedWrap + message[200...])
        #expect(failure { try baby.open(forged, for: .observation) } == .wrongKey)
        #expect(failure { try mother.open(forged, for: .observation) } == .notAuthentic)
    }

    @Test func `is refused anywhere else`() throws {
        let message = try SubjectKey.seal(content, for: .observation, under: [mother, baby])
        let elsewhere = Binding(organization: clinic, kind: "Observation", id: .of("5"), version: 3)
        #expect(failure { try mother.open(message, for: elsewhere) } == .notAuthentic)
    }
}
