import Assurance
import CarekeepTesting
import Foundation
import Postgres
import Testing

/// Damages what isolation rests on, one thing at a time, each in a clone of its own, and asks twice: does the gate's guard
/// see it, and, with the damage adopted as if it were the release's, does the unauthorised person get through or miss something?
///
/// All of them with `CAREKEEP_MUTANTS=all`, half of them, for a process on each of two cores, with `CAREKEEP_MUTANTS_PART=1/2` and
/// `2/2` beside it; those whose names have one of these in them, `CAREKEEP_MUTANTS=move_records,own_session`. Without it a
/// hundredth, another one each day; `CAREKEEP_MUTANTS_SHARE=20` a twentieth.
@Suite(.serialized) struct `Mutants` {

    @Test func `of the functions that decide are killed`() async throws {
        try await kill { try FunctionMutants.all(of: $0) }
    }

    @Test func `of policies are killed`() async throws {
        try await kill { try CatalogueMutants.policies(of: $0) }
    }

    @Test func `of tables, grants and functions' attributes are killed`() async throws {
        try await kill { try CatalogueMutants.tables(of: $0) + CatalogueMutants.functions(of: $0) }
    }

    @Test func `of triggers and constraints are killed, or seen`() async throws {
        try await kill { try CatalogueMutants.shapes(of: $0) }
    }

    @Test func `of acts are killed`() async throws {
        try await kill { try CatalogueMutants.acts(of: $0) }
    }

    private func kill(_ mutants: @escaping @Sendable (AdminConnection) throws -> [Mutant]) async throws {
        let original = try await Original()
        let start = ContinuousClock.now
        let (total, verdicts) = try await onThread {
            let all = try mutants(original.connection())
            let verdicts = try Self.share(of: all).map { mutant in
                let verdict = try original.judge(mutant)
                if Self.isWhole {
                    print(verdict)
                    fflush(nil)  // so that what was seen before a crash is there to read
                }
                return verdict
            }
            return (all.count, verdicts)
        }
        let time = ContinuousClock.now - start
        let alive = verdicts.filter { $0.killer == nil && $0.mutant.equivalentBecause == nil }
        let unseen = verdicts.filter { !$0.wasSeen && $0.mutant.canBeSeen }
        print(
            "mutants: \(verdicts.count { $0.killer != nil })/\(verdicts.count) killed,",
            "\(verdicts.count(where: \.wasSeen)) seen by the guard, of \(total) in the list, in \(time)"
        )
        // Whoever explains a survivor says so in the list; an explained one that is killed needs no explanation.
        let explained = verdicts.filter { $0.killer != nil && $0.mutant.equivalentBecause != nil }
        #expect(alive.map(\.mutant.name) == [])
        #expect(explained.map(\.mutant.name) == [])
        #expect(unseen.map(\.mutant.name) == [])
    }

    private static let wanted = ProcessInfo.processInfo.environment["CAREKEEP_MUTANTS"]
    private static let isWhole = wanted != nil

    private static let part = ProcessInfo.processInfo.environment["CAREKEEP_MUTANTS_SHARE"].flatMap { Int($0) } ?? 100

    /// So that a hundred days see them all.
    private static func share(of mutants: [Mutant]) -> [Mutant] {
        if let wanted {
            let names = wanted.split(separator: ",")
            return every(parts.count, from: parts.number - 1, of: mutants).filter { mutant in
                wanted == "all" || names.contains { mutant.name.contains($0) }
            }
        }
        return every(part, from: Int(Date().timeIntervalSince1970 / 86_400), of: mutants)
    }

    /// `2/3` is the second of three parts.
    private static let parts: (number: Int, count: Int) = {
        let numbers = ProcessInfo.processInfo.environment["CAREKEEP_MUTANTS_PART"]?.split(separator: "/").compactMap {
            Int($0)
        }
        return if let numbers, numbers.count == 2, numbers[1] > 0 { (numbers[0], numbers[1]) } else { (1, 1) }
    }()

    private static func every(_ step: Int, from offset: Int, of mutants: [Mutant]) -> [Mutant] {
        mutants.enumerated().filter { $0.offset % step == offset % step }.map(\.element)
    }
}

/// The lists themselves, which every run of the tests looks at.
@Suite struct `The list of mutants` {
    @Test func `damages what is there, and leaves out no function without saying why`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        _ = try FunctionMutants.all(of: admin)
        let functions = try Set(
            admin.query("select proname::text from pg_proc where pronamespace = 'care'::regnamespace")
                .map { try $0.decode(String.self, at: 0) }
        )
        let (damaged, spared) = (FunctionMutants.damaged, Set(FunctionMutants.withoutConditions.keys))
        #expect(functions.subtracting(damaged).subtracting(spared) == [])
        #expect(spared.intersection(damaged) == [])
        #expect(spared.isSubset(of: functions))
        await town.close()
    }
}
