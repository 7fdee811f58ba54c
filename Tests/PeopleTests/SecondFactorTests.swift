import Assurance
import Care
import CarekeepTesting
import Foundation
import Postgres
import Seals
import Testing

@testable import People

/// Second factors as the server uses them. What each condition in the database does is ``UnauthorisedPerson``'s part `gate`.
@Suite struct `A second factor` {
    @Test func `is asked of a clinic's staff for everything, and of a family for nothing`() async throws {
        let town = try await TestTown()
        let (meera, amara) = (try await passwordAlone("Meera", in: town), try await passwordAlone("Amara", in: town))
        await #expect(throws: Refusal.secondFactorNeeded) { try await town.home.members.list(for: meera) }
        #expect(try await !town.home.members.list(for: amara).isEmpty)
        guard case .shown(let token) = try await town.home.signIn.show(try code(in: town), for: meera) else {
            Issue.record("a right code was refused")
            return
        }
        let shown = Caller(token: token, use: .api, origin: meera.origin)
        #expect(try await !town.home.members.list(for: shown).isEmpty)
        // The secret that was known before the code was shown is nobody's.
        await #expect(throws: Refusal.signedOut) { try await town.home.members.list(for: meera) }
        await town.close()
    }

    @Test func `is set up by a code of the secret on offer, and from then on asked for in each new session`()
        async throws
    {
        let town = try await TestTown()
        let signIn = town.home.signIn
        let amara = try await passwordAlone("Amara", in: town)
        try await signIn.offerSecondFactor(for: amara)
        let secret = try #require(try await signIn.secondFactor(of: amara).offer)
        guard case .wrong = try await signIn.confirmSecondFactor("000000x", for: amara) else {
            Issue.record("a wrong code was taken")
            return
        }
        let code = secret.code(of: try step(in: town))
        guard case .confirmed(let token, let codes) = try await signIn.confirmSecondFactor(code, for: amara) else {
            Issue.record("a right code was refused")
            return
        }
        let first = Caller(token: token, use: .api, origin: amara.origin)
        #expect(try await !town.home.members.list(for: first).isEmpty)
        #expect(Set(codes).count == 10 && codes.allSatisfy { $0.wholeMatch(of: /([A-Z2-7]{4}-){5}[A-Z2-7]{4}/) != nil })
        let next = try await passwordAlone("Amara", in: town)
        await #expect(throws: Refusal.secondFactorNeeded) { try await town.home.members.list(for: next) }
        // As somebody types it who copied it from paper.
        guard case .shown(let late) = try await signIn.show(codes[3].lowercased() + " ", for: next) else {
            Issue.record("a recovery code was refused")
            return
        }
        let standing = try await signIn.secondFactor(of: Caller(token: late, use: .api, origin: next.origin))
        #expect(standing.codesLeft == 9 && standing.isShown && !standing.isDue)
        await town.close()
    }

    @Test func `is kept sealed, and for its account alone`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let clear = try admin.query(
            "select from care.second_factor where position(\(TestTown.secret.bytes) in sealed_secret) > 0"
        )
        #expect(clear.isEmpty)
        try admin.query(
            """
            update care.second_factor set sealed_secret = (
                select sealed_secret from care.second_factor where account_id = \(town["Ravi"].account.uuid))
             where account_id = \(town["Meera"].account.uuid)
            """
        )
        await #expect(throws: SealError.self) {
            try await town.home.signIn.show("000000", for: try await passwordAlone("Meera", in: town))
        }
        await town.close()
    }

    /// Two servers on one database, which know nothing of one another.
    @Test func `is good once, whichever of two servers it is shown to, and however fast`() async throws {
        let town = try await TestTown()
        let other = try await town.secondServer()
        for _ in 0..<5 {
            try AdminConnection(town.admin).query("update care.second_factor set last_step = 0")
            let (one, two) = (try await passwordAlone("Meera", in: town), try await passwordAlone("Meera", in: town))
            let code = try code(in: town)
            async let first = town.home.signIn.show(code, for: one)
            async let second = other.signIn.show(code, for: two)
            let shown = [try await first, try await second].count { if case .shown = $0 { true } else { false } }
            #expect(shown == 1)
        }
        await other.close()
        await town.close()
    }

    @Test func `is taken away by the operator, who leaves an entry`() async throws {
        let town = try await TestTown()
        let admin = try AdminConnection(town.admin)
        let reset = SecondFactorReset(keys: town.home.keys)
        #expect(try await reset.reset("nobody@example.org", over: admin) == nil)
        #expect(try await reset.reset("amara@example.org", over: admin) == false)
        #expect(try await reset.reset("meera@example.org", over: admin) == true)
        #expect(try admin.query("select from care.entry where act = 'second-factor.reset' and granted").count == 1)
        let meera = try await passwordAlone("Meera", in: town)
        await #expect(throws: Refusal.secondFactorNeeded) { try await town.home.members.list(for: meera) }
        #expect(try await town.home.signIn.secondFactor(of: meera).since == nil)
        await town.close()
    }

    // MARK: Parts

    /// A session that has shown a password and no more.
    private func passwordAlone(_ name: String, in town: TestTown) async throws -> Caller {
        try await town.session(of: name, showingSecondFactor: false)
    }

    private func step(in town: TestTown) throws -> Int64 {
        try AdminConnection(town.admin).query("select floor(extract(epoch from care.clock()) / 30)::bigint")[0]
            .decode(Int64.self, at: 0)
    }

    private func code(in town: TestTown) throws -> String { TestTown.secret.code(of: try step(in: town)) }
}
