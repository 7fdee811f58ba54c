import Assurance
import Care
import CarekeepTesting
import Foundation
import Postgres
import Seals
import Testing
import Trail

@testable import People

/// What each condition in the database does is ``UnauthorisedPerson``'s part `gate`.
@Suite struct `Guessing a password` {
    @Test(arguments: [
        ("192.0.2.7", "4:192.0.2"), ("::ffff:192.0.2.99", "4:192.0.2"), ("2001:db8:1:2ff::1", "6:20:1:d:b8:0:1:2"),
        ("2001:db8:1:201::9", "6:20:1:d:b8:0:1:2"), ("here", "unknown"), ("", "unknown"),
    ])
    func `is counted by network`(address: String, network: String) {
        #expect(SignIn.network(of: address) == network)
    }

    @Test func `ten thousand times from many networks keeps nobody out`() async throws {
        let town = try await TestTown()
        let signIn = town.home.signIn
        let token = try await town.home.keys.installation().signIn.token(email: "amara@example.org")
        for round in 0..<100 {
            _ = try await town.home.store.query(
                """
                select count(*) from generate_series(0, 99) n,
                       lateral care.try_sign_in(\(token), '4:10.' || \(round) || '.' || n % 20, null)
                """
            )
        }
        _ = try await signIn.count("amara@example.org", from: "198.51.100.1", showing: nil)
        let known = try await signIn.knownDevice(of: "amara@example.org")
        _ = try await signIn.count("amara@example.org", from: "10.1.2.3", showing: known)
        await town.close()
    }

    @Test func `waits from one network, for an address that is there as for one that is not`() async throws {
        let town = try await TestTown()
        let other = try await town.secondServer()
        for address in ["amara@example.org", "nobody@example.org"] {
            for number in 0..<5 {
                _ = try await (number % 2 == 0 ? town.home : other).signIn.count(
                    address,
                    from: "192.0.2.1",
                    showing: nil
                )
            }
            await #expect(throws: TooManyTries.self) {
                try await other.signIn.count(address, from: "192.0.2.77", showing: nil)
            }
            _ = try await other.signIn.count(address, from: "192.0.3.1", showing: nil)
        }
        await other.close()
        await town.close()
    }

    @Test func `from a known device is told from another's, and from what somebody made up`() async throws {
        let town = try await TestTown()
        let installation = try await town.home.keys.installation()
        let known = try await town.home.signIn.knownDevice(of: "amara@example.org")
        let (amara, bo) = (
            installation.signIn.token(email: "amara@example.org"), installation.signIn.token(email: "bo@example.org")
        )
        #expect(SignIn.open(known, for: amara, with: installation.key)?.count == 16)
        #expect(SignIn.open(known, for: bo, with: installation.key) == nil)
        for forged in ["", "AAAA", String(known.dropLast(8)), String(known.reversed()), known + known] {
            #expect(SignIn.open(forged, for: amara, with: installation.key) == nil)
        }
        let again = try await town.home.signIn.knownDevice(of: "amara@example.org")
        #expect(known != again)
        await town.close()
    }
}
