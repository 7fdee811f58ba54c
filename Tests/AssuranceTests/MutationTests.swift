import Assurance
import Foundation
import Postgres
import Testing

/// Damages what isolation rests on, one thing at a time, each in a clone of its own, and asks twice: does the gate's guard
/// see it, and, with the damage adopted as if it were the release's, does the unauthorised person get through or miss something?
///
/// All of them take two hours, with `CAREKEEP_MUTANTS=all`; those whose names have one of these in them,
/// `CAREKEEP_MUTANTS=move_records,own_session`. Without it a twentieth, another one each day; `CAREKEEP_MUTANTS_SHARE=100` a hundredth.
///
/// The day's share is off until the list, which has doubled, was run once as a whole: a damage that nobody tried yet may crash the checks.
@Suite(.serialized, .enabled(if: mutantsAreAsked)) struct `Mutants` {

    @Test func `of the functions that decide are killed`() async throws {
        try await kill { try FunctionMutants.all(of: $0) }
    }

    @Test func `of policies are killed`() async throws {
        try await kill { try CatalogueMutants.policies(of: $0) }
    }

    @Test func `of tables, grants and functions' attributes are killed`() async throws {
        try await kill { try CatalogueMutants.tables(of: $0) + CatalogueMutants.functions(of: $0) }
    }

    @Test func `of acts are killed`() async throws {
        try await kill { try CatalogueMutants.acts(of: $0) }
    }

    private func kill(_ mutants: @escaping @Sendable (AdminConnection) throws -> [Mutant]) async throws {
        let original = try await Original()
        let start = ContinuousClock.now
        let verdicts = try await onThread {
            try Self.share(of: mutants(original.connection())).map { mutant in
                let verdict = try original.judge(mutant)
                if Self.isWhole { print(verdict) }
                return verdict
            }
        }
        let time = ContinuousClock.now - start
        let alive = verdicts.filter { $0.killer == nil && $0.mutant.equivalentBecause == nil }
        let unseen = verdicts.filter { !$0.wasSeen && $0.mutant.canBeSeen }
        print(
            "mutants: \(verdicts.count { $0.killer != nil })/\(verdicts.count) killed,",
            "\(verdicts.count(where: \.wasSeen)) seen by the guard, in \(time)"
        )
        // Whoever explains a survivor says so in the list; an explained one that is killed needs no explanation.
        let explained = verdicts.filter { $0.killer != nil && $0.mutant.equivalentBecause != nil }
        #expect(alive.map(\.mutant.name) == [])
        #expect(explained.map(\.mutant.name) == [])
        #expect(unseen.map(\.mutant.name) == [])
    }

    private static let wanted = ProcessInfo.processInfo.environment["CAREKEEP_MUTANTS"]
    private static let isWhole = wanted != nil

    private static let part = ProcessInfo.processInfo.environment["CAREKEEP_MUTANTS_SHARE"].flatMap { Int($0) } ?? 20

    /// So that twenty days see them all.
    private static func share(of mutants: [Mutant]) -> [Mutant] {
        if let wanted {
            let names = wanted.split(separator: ",")
            return mutants.filter { mutant in wanted == "all" || names.contains { mutant.name.contains($0) } }
        }
        let day = Int(Date().timeIntervalSince1970 / 86_400)
        return mutants.enumerated().filter { ($0.offset + day) % part == 0 }.map(\.element)
    }
}

private let mutantsAreAsked: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return environment["CAREKEEP_MUTANTS"] != nil || environment["CAREKEEP_MUTANTS_SHARE"] != nil
}()
