import Crypto
import Foundation
import Synchronization

@testable import Postgres
@testable import Seals

extension UUID {
    /// An id of one digit, repeated: easy to tell apart in a failure.
    static func of(_ digit: Character) -> UUID {
        let digits = { (count: Int) in String(repeating: digit, count: count) }
        return UUID(uuidString: [8, 4, 4, 4, 12].map(digits).joined(separator: "-"))!
    }
}

let clinic = UUID.of("1")
let abroad = UUID.of("9")

extension SubjectKey {
    /// A key of one byte, repeated.
    static func of(_ byte: UInt8, _ subject: Subject) -> SubjectKey {
        SubjectKey(DataKey(SymmetricKey(data: [UInt8](repeating: byte, count: 32))), of: subject)
    }
}

extension Binding {
    static let observation = Binding(organization: clinic, kind: "Observation", id: .of("4"), version: 3)
}

extension Randomness {
    /// Deals out these bytes, one after another; asking for more, or for another length, is a failure of the test.
    static func dealing(_ draws: [UInt8]...) -> Randomness {
        let left = Mutex(draws)
        return Randomness { count in
            let draw = left.withLock { $0.removeFirst() }
            precondition(draw.count == count)
            return draw
        }
    }
}

/// The error that a piece of work ends with.
func failure(of work: () throws -> some Any) -> SealError? {
    do {
        _ = try work()
        return nil
    } catch {
        return error as? SealError
    }
}

/// The error that a piece of work ends with that takes its time.
func eventualFailure(of work: () async throws -> some Any) async -> SealError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? SealError
    }
}

/// A pass as a test wants it.
struct TestPass: PassProof {
    var organization = clinic
    var passHash: [UInt8] = [1, 2, 3]
    var subjects: Set<Subject> = []

    func vouches(for subject: Subject) -> Bool { subjects.contains(subject) }

    static func `for`(_ subjects: Subject...) -> TestPass {
        TestPass(organization: subjects[0].organization, subjects: Set(subjects))
    }
}

/// The records database's part, played: says yes to all it has not been told to refuse, and remembers what it was asked.
final class TestVoucher: Voucher {
    let questions = Mutex<[[UUID]]>([])
    let refused = Mutex<Set<UUID>>([])
    let isDown = Mutex(false)

    func vouch(passHash: [UInt8], organization: UUID, use: Subject.Use, subjects: [UUID]) async throws -> [UUID] {
        if isDown.withLock({ $0 }) { throw CancellationError() }
        questions.withLock { $0.append(subjects) }
        return refused.withLock { refused in subjects.filter { !refused.contains($0) } }
    }
}
