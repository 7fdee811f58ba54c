import Assurance
import Care
import CarekeepTesting
import FHIR
import Foundation
import Postgres
import Seals
import Synchronization
import Testing
import Trail

@testable import People

/// A provider as the directory sees it: it counts what it is asked, and can be away.
private final class Issuer: Sendable {
    static let name = "https://idp.example"

    private struct State {
        var key = "first"
        var isAway = false
        var asked: [String: Int] = [:]
        var clock = ContinuousClock.now
    }

    private let state = Mutex(State())

    var key: String {
        get { state.withLock(\.key) }
        set { state.withLock { $0.key = newValue } }
    }

    func goAway() { state.withLock { $0.isAway = true } }
    func wait(_ time: Duration) { state.withLock { $0.clock += time } }

    /// How often it was asked for what stands at a path.
    func asked(_ path: String) -> Int { state.withLock { $0.asked[path] ?? 0 } }

    var directory: ProviderDirectory {
        ProviderDirectory(
            door: { try self.answer($0) },
            mayBeLocal: false,
            now: { self.state.withLock(\.clock) }
        )
    }

    private func answer(_ question: OutsideQuestion) throws -> OutsideAnswer {
        let path = question.address.text.replacing(Self.name, with: "")
        let (key, isAway) = state.withLock { state in
            state.asked[path, default: 0] += 1
            return (state.key, state.isAway)
        }
        guard !isAway else { throw SignInTrouble.unreachable }
        let text =
            path == "/keys"
            ? """
            {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "\(key)", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
            """
            : """
            {"issuer": "\(Self.name)", "authorization_endpoint": "\(Self.name)/go", "token_endpoint": "\(Self.name)/token",
             "jwks_uri": "\(Self.name)/keys"}
            """
        return OutsideAnswer(status: 200, body: Array(text.utf8))
    }
}

@Suite struct `The directory of providers` {
    private let issuer = Issuer()

    @Test func `leaves a provider alone whatever strangers name, and still fetches a key that it names itself`()
        async throws
    {
        let directory = issuer.directory
        for number in 1...100 {
            _ = try await directory.keys(of: Issuer.name, naming: "made up \(number)", by: .anybody)
        }
        #expect(issuer.asked("/keys") == ProviderDirectory.most)
        #expect(issuer.asked("/.well-known/openid-configuration") == 1)
        issuer.key = "second"
        #expect(try await directory.keys(of: Issuer.name, naming: "second", by: .anybody).lacks("second"))
        #expect(try await !directory.keys(of: Issuer.name, naming: "second", by: .provider).lacks("second"))
        // An hour later strangers are before everybody else, and use up nothing but their own share.
        issuer.wait(.seconds(3601))
        for number in 1...100 {
            _ = try? await directory.keys(of: Issuer.name, naming: "made up \(number)", by: .anybody)
        }
        _ = try await directory.document(of: Issuer.name)
        issuer.key = "third"
        #expect(try await !directory.keys(of: Issuer.name, naming: "third", by: .provider).lacks("third"))
    }

    @Test func `goes by the document that it knows while the provider is away, for a day`() async throws {
        let directory = issuer.directory
        _ = try await directory.document(of: Issuer.name)
        issuer.goAway()
        issuer.wait(.seconds(3601))
        for _ in 1...50 { #expect(try await directory.document(of: Issuer.name).token.text == "\(Issuer.name)/token") }
        #expect(issuer.asked("/.well-known/openid-configuration") == 1 + ProviderDirectory.most)
        issuer.wait(.seconds(86_400))
        await #expect(throws: SignInTrouble.unreachable) { try await directory.document(of: Issuer.name) }
    }
}

@Suite struct `Signing in at a provider` {
    private func federated(_ town: TestTown, _ store: Store) -> FederatedSignIn {
        FederatedSignIn(
            store: store,
            keys: town.home.keys,
            gate: town.home.gate,
            signIn: town.home.signIn,
            base: "https://care.example.org",
            mayBeLocal: false,
            door: { _ in throw SignInTrouble.unreachable }
        )
    }

    private let answer = ProviderAnswer(state: "s", code: "c", issuer: nil, isError: false)
    private let origin = AccessNote(address: "192.0.2.1", device: "test", request: "1")

    @Test func `is not possible while the database is away, and that is no fault`() async throws {
        let town = try await TestTown()
        let away = Store(.init(conninfo: town.conninfo("carekeep_server"), poolSize: 1))
        try await away.start()
        await away.shutdown()
        let federated = federated(town, away)
        await #expect(throws: Refusal.unavailable) { try await federated.offers() }
        await #expect(throws: Refusal.unavailable) { try await federated.begin(at: UUID()) }
        await #expect(throws: Refusal.unavailable) {
            try await federated.comeBack(from: UUID(), with: self.answer, nil, origin: self.origin)
        }
        await #expect(throws: Refusal.unavailable) { try await federated.offer(UUID()) }
        #expect(try await self.federated(town, town.home.store).offers().providers.isEmpty)
        await town.close()
    }

    @Test func `tells its trouble also where that cannot be noted`() async throws {
        let town = try await TestTown()
        let federated = federated(town, town.home.store)
        let visit: @Sendable () async throws -> Void = {
            _ = try await federated.comeBack(from: UUID(), with: self.answer, nil, origin: self.origin)
        }
        await #expect(throws: SignInTrouble.provider) { try await visit() }
        let admin = try AdminConnection(town.admin)
        let noted = try admin.query("select count(*) from care.entry where not granted")
        #expect(try noted.first?.decode(Int.self, at: 0) ?? 0 > 0)
        try admin.query("alter function care.refuse_flow rename to refused_flow")
        await #expect(throws: SignInTrouble.provider) { try await visit() }
        await town.close()
    }
}
