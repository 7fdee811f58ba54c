import Assurance
import Care
import CarekeepTesting
import Foundation
import People
import Postgres
import Testing

/// What each condition in the database does is ``UnauthorisedPerson``'s part `gate`.
@Suite struct `A session` {
    @Test func `that is ended on one server is over on another from the next request on`() async throws {
        let town = try await TestTown()
        let other = try await town.secondServer()
        let (here, there) = (try await town.session(of: "Amara"), try await town.session(of: "Amara"))
        #expect(try await !other.members.list(for: there).isEmpty)
        let sessions = try await town.home.signIn.sessions(of: here)
        #expect(sessions.count == 2 && sessions.count(where: \.isThis) == 1)
        let theirs = try #require(sessions.first { !$0.isThis })
        #expect(try await town.home.signIn.endSession(theirs.id, of: here) == 1)
        await #expect(throws: Refusal.signedOut) { try await other.members.list(for: there) }
        #expect(try await !other.members.list(for: here).isEmpty)
        await other.close()
        await town.close()
    }

    @Test func `of a member is ended by an administrator, and by nobody else`() async throws {
        let town = try await TestTown()
        let (amara, bo, tunde) = (
            try await town.session(of: "Amara"), try await town.session(of: "Bo"), try await town.session(of: "Tunde")
        )
        let bos = town["Bo"].account.uuid
        await #expect(throws: Refusal.notFound) { try await town.home.members.endSessions(of: bos, for: bo) }
        #expect(try await town.home.members.endSessions(of: bos, for: tunde) == 1)
        await #expect(throws: Refusal.signedOut) { try await town.home.members.list(for: bo) }
        let amaras = town["Amara"].account.uuid
        await #expect(throws: Refusal.notFound) { try await town.home.members.endSessions(of: amaras, for: tunde) }
        #expect(try await !town.home.members.list(for: amara).isEmpty)
        let meeras = town["Meera"].account.uuid
        let meera = try await town.session(of: "Meera")
        #expect(try await town.home.members.endSessions(of: meeras, for: amara) == 0, "not in another organisation")
        #expect(try await !town.home.members.list(for: meera).isEmpty)
        await town.close()
    }
}
