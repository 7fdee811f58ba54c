import Assurance
import Care
import CarekeepTesting
import People
import Postgres
import Testing

@Suite(.serialized) struct `The access matrix` {
    @Test func `is what the gate does, cell by cell, both ways`() async throws {
        let town = try await TestTown()
        let ways = town.ways
        let report = try await onThread {
            try AccessTrial(ways).run()
        }
        print("access matrix: \(report.cells) cells, \(report.opened) opened, \(report.refused) refused")
        #expect(report.wrong == [])
        #expect(report.opened > 1_000 && report.refused > 1_000)
        #expect(report.cells == report.opened + report.refused)
        await town.close()
    }

    /// The trial itself is tried: with a door left open, or shut, it says so.
    @Test(arguments: [
        ("if refused is null and not a.permission = any (permits) then", "if false then"),
        ("r.kind = any (a.reach)", "true"), ("if not reached then", "if true then"),
    ])
    func `is seen to be broken when the gate is`(text: String, damage: String) async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let gate = try admin.query(
            """
            select pg_get_functiondef(p.oid) from pg_proc p
             where p.pronamespace = 'care'::regnamespace and p.proname = 'open_pass'
            """
        )[0].decode(String.self, at: 0)
        #expect(gate.contains(text))
        try admin.run(gate.replacing(text, with: damage))
        try admin.query("select care.adopt_fingerprint()")
        let ways = town.ways
        let report = try await onThread {
            try AccessTrial(ways).run()
        }
        #expect(!report.wrong.isEmpty)
        await town.close()
    }

    @Test func `has a role for each that the program knows, in each kind of organisation`() async throws {
        let town = try await TestTown()
        let matrix = try AccessMatrix(over: AdminConnection(town.admin))
        for profile in Organization.Profile.allCases {
            let names = matrix.roles.filter { $0.profile == profile.rawValue }.map(\.name)
            #expect(names == Role.allCases.map(\.rawValue).sorted())
        }
        let known = Set(matrix.permissions.map(\.name))
        #expect(matrix.roles.allSatisfy { $0.permissions.isSubset(of: known) })
        #expect(matrix.acts.allSatisfy { $0.permission.map(known.contains) ?? true })
        #expect(Set(Members.permissions) == Set(matrix.built))
        #expect(matrix.unbuiltModules.contains("medicines"))
        await town.close()
    }
}
