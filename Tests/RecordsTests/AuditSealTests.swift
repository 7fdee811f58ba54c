import Foundation
import Testing
import Trail

@testable import Seals

@Suite struct AuditSealTests {
    @Test func `A note opens beside its own salt, and beside no other entry's`() throws {
        let key = SubjectKey(DataKey(Randomness.system.key()), of: .audit(of: UUID(), year: 2026))
        let note = AccessNote(address: "192.0.2.1", device: "browser", request: "1", query: "name=ada")
        let one = try AuditSeal(note, with: Sealer(key), year: 2026)
        let other = try AuditSeal(note, with: Sealer(key), year: 2026)
        #expect(try AuditSeal.open(one.sealed, salt: one.salt, with: key) == note)
        #expect(throws: SealError.notAuthentic) { try AuditSeal.open(one.sealed, salt: other.salt, with: key) }
    }

    @Test func `The year is UTC's`() {
        #expect(AuditSeal.year(of: Date(timeIntervalSince1970: 1_798_761_599)) == 2026)
        #expect(AuditSeal.year(of: Date(timeIntervalSince1970: 1_798_761_600)) == 2027)
    }
}
