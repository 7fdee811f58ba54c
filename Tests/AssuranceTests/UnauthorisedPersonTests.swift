import Assurance
import CarekeepTesting
import Postgres
import Testing

@Suite(.serialized) struct `The unauthorised person` {
    @Test func `reaches nothing, in any table, with any command, in any situation`() async throws {
        let town = try await TestTown()
        let report = try await onThread { try UnauthorisedPerson(town.ways).run() }
        print("the unauthorised person: \(report)")
        #expect(report.failures.isEmpty, "\(report)")
        await town.close()
    }

    @Test func `fails for a new table, by its name, until it is guarded and described`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        try admin.query(
            "create table care.diary (organization_id uuid not null, id uuid, primary key (organization_id, id))"
        )
        try admin.query("grant select on care.diary to carekeep_server")
        let report = try UnauthorisedPerson(town.ways).run([.structure, .grants])
        let seen = report.failures.filter { $0.table == "diary" }.map(\.seen)
        #expect(seen.contains("row security is off"))
        #expect(seen.contains("row security is not forced"))
        #expect(seen.contains { $0.hasPrefix("has no specimen") })
        #expect(report.failures.contains { $0.seen == "unexpected: carekeep_server may select on diary" })
        #expect(report.failures.contains { $0.command == "table-without-comment" && $0.seen == "diary" })
        try admin.query("create policy seen on care.diary to carekeep_server using (true) with check (true)")
        let opened = try UnauthorisedPerson(town.ways).run([.structure]).failures.filter { $0.table == "diary" }.map(
            \.seen
        )
        #expect(opened.contains("the wall of the organisation is missing or has a hole"))
        await town.close()
    }
}
