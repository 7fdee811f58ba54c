import Assurance
import CarekeepTesting
import Testing

@Suite(.serialized) struct `The unauthorised person` {
    @Test func `reaches nothing, in any table, with any command, in any situation`() async throws {
        let town = try await TestTown()
        let report = try UnauthorisedPerson(town.ways).run()
        print("the unauthorised person: \(report)")
        #expect(report.failures.isEmpty, "\(report)")
        await town.close()
    }
}

extension TestTown {
    /// The ways in that this town has.
    var ways: UnauthorisedPerson.Ways {
        .init(superuser: admin, server: conninfo("carekeep_server"), keykeeper: conninfo("carekeep_keykeeper"))
    }
}
