import Assurance
import CarekeepTesting
import HTTPTypes
import Hummingbird
import Logging
import People
import Testing

@testable import Portal

@Suite struct `Routes of the front door` {
    @Test func `are those that its checks go through, each behind the door that they say`() async throws {
        let town = try await TestTown()
        let (home, store, keys) = (town.home, town.home.store, town.home.keys)
        let services = Services(
            signIn: home.signIn,
            federated: FederatedSignIn(
                store: store,
                keys: keys,
                gate: home.gate,
                signIn: home.signIn,
                base: "https://localhost",
                mayBeLocal: false,
                door: { _ in throw CancellationError() }
            ),
            records: home.records,
            members: home.members,
            trust: TrustDesk(store: store, keys: keys, name: "localhost", release: "test"),
            attestations: AttestationDesk(gate: home.gate, keys: keys, store: store),
            vulnerabilities: VulnerabilityDesk(
                store: store,
                keys: keys,
                terms: .init(acknowledge: .workingDays(1), answer: .workingDays(10))
            ),
            security: SecurityNotice(contacts: [], policy: nil, languages: ["en"], base: "https://localhost"),
            rates: RateLimits([:], book: nil),
            release: PublishedRelease(version: "0", date: "2026-11-23"),
            isReady: { true }
        )
        let router = portal(
            services,
            limits: Limits(),
            baseURL: "https://localhost",
            underway: Underway(),
            metrics: Metrics(),
            log: Paper().log
        )
        let served = Set(router.routes.filter { $0.method.rawValue != "HEAD" }.map(\.description))
        let declared = FrontDoorRoute.all
        await town.close()
        // What a browser is given with every page. Their names change with what is in them.
        let (assets, rest) = (
            served.filter { $0.hasPrefix("GET /assets/") }, served.filter { !$0.hasPrefix("GET /assets/") }
        )
        #expect(assets.count == 2)
        #expect(rest == Set(declared.map(\.description)))
        #expect(declared.count == Set(declared).count)
    }
}
