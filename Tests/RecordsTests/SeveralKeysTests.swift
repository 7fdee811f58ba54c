import Foundation
import Testing

@testable import Records
@testable import Seals

@Suite struct `Messages and several keys` {
    @Test func `the first key that a message was sealed for opens it, and what is damaged is no other key's`() throws {
        let organization = UUID()
        let keys = (0..<3).map { _ in
            SubjectKey(DataKey(Randomness.system.key()), of: .patient(UUID(), of: organization))
        }
        let binding = Binding(organization: organization, kind: "Observation", id: UUID(), version: 1)
        let message = try SubjectKey.seal([1, 2, 3], for: binding, under: Array(keys[1...]))
        #expect(try message.opened(with: keys, for: binding) == [1, 2, 3])
        #expect(try message.opened(with: [], for: binding) == nil)
        #expect(throws: SealError.wrongKey) { try message.opened(with: [keys[0]], for: binding) }
        var damaged = message
        damaged[damaged.count - 1] ^= 1
        #expect(throws: SealError.notAuthentic) { try damaged.opened(with: [keys[1], keys[0]], for: binding) }
    }
}
