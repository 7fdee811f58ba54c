import FoundationEssentials
import Postgres
import Seals
import Synchronization

/// The keys that sign access tokens: one for all servers of an installation, kept in the records store under the installation's key.
///
/// The newest signs for 30 days; then whichever server comes first makes another. What an older one signed is believed until it is over.
final class TokenKeys: Sendable {
    private let store: Store
    private let keys: Keykeeper
    private let held = Mutex<Held?>(nil)

    /// Servers look this often whether there are others: a key that was taken away is believed no longer.
    private static let freshness = Duration.seconds(60)
    /// A token that names a key that nobody knows makes them look, this often at most.
    private static let patience = Duration.seconds(1)

    struct Key: Sendable {
        let id: String
        let signer: TokenSigner
        let signs: Bool
    }

    /// The keys of a moment, and what was checked with them.
    final class Held: Sendable {
        let issuer: String
        let keys: [Key]
        let sets: [String: KeySet]
        let at = ContinuousClock.now
        /// Tokens that were found good, by their SHA-256: whoever asks ten times a second is checked once.
        let checked = Mutex<[[UInt8]: AccessToken]>([:])

        init(issuer: String, keys: [Key]) {
            self.issuer = issuer
            self.keys = keys
            sets = Dictionary(
                keys.compactMap { key in key.signer.publicKey.map { (key.id, KeySet($0, id: key.id)) } },
                uniquingKeysWith: { first, _ in first }
            )
        }
    }

    init(store: Store, keys: Keykeeper) {
        self.store = store
        self.keys = keys
    }

    /// The keys as they are, or were less than a minute ago.
    func current() async throws -> Held {
        if let held = held.withLock({ $0 }), ContinuousClock.now - held.at < Self.freshness { return held }
        return try await load()
    }

    /// The keys, once more, where a token names one that is not among them.
    func lookingAgain(for id: String, after known: Held) async throws -> Held {
        guard ContinuousClock.now - known.at >= Self.patience else { return known }
        return try await load()
    }

    /// The key that signs now, made if there is none.
    func signing() async throws -> (key: Key, issuer: String) {
        var held = try await current()
        if !held.keys.contains(where: \.signs) {
            try await make()
            held = try await load()
        }
        guard let key = held.keys.first(where: \.signs) else { throw SealError.noKey }
        return (key, held.issuer)
    }

    private func load() async throws -> Held {
        let installation = try await keys.installation()
        let rows = try await refusing(at: .gate) {
            try await store.query("select id, sealed_key, signs from care.token_keys()")
        }
        let found = try rows.compactMap { row -> Key? in
            let id = try row.decode(UUID.self, at: 0)
            // What does not open was not put there by a server of this installation, and signs nothing.
            guard let bytes = try? installation.key.open(row.decode([UInt8].self, at: 1), for: Self.binding(of: id)),
                let signer = TokenSigner(bytes: bytes)
            else { return nil }
            return Key(id: id.uuidString.lowercased(), signer: signer, signs: try row.decode(Bool.self, at: 2))
        }
        let held = Held(issuer: installation.signIn.issuer, keys: found)
        self.held.withLock { $0 = held }
        return held
    }

    private func make() async throws {
        let (id, signer) = (UUID(), TokenSigner())
        let sealed = try await keys.installation().key.seal(signer.bytes, for: Self.binding(of: id))
        _ = try await refusing(at: .gate) { try await store.query("select care.add_token_key(\(id), \(sealed))") }
    }

    private static func binding(of id: UUID) -> Binding {
        Binding(organization: Installation.id, kind: "TokenKey", id: id, version: 1)
    }
}
