import Care
public import Foundation
import Postgres
import Seals

/// A provider of an organisation's own, as those see it who may: without its secret.
public struct OwnProvider: Sendable {
    public let id: UUID
    /// What stands on its button.
    public let name: String
    public let issuer: String
    public let clientID: String
    /// Domains of the addresses that it may vouch for; none for all.
    public let domains: [String]
    /// The claim by which it makes members, if it does.
    public let claim: String?
    /// `VALUE=ROLE` each.
    public let roles: [String]
    public let since: Date
    /// How many members sign in there.
    public let linked: Int
}

/// Where an organisation's members sign in, as its owners say. Who may is for the database to decide
/// (`database/records/current/48-provider.sql`). (ACC-5)
extension FederatedSignIn {
    /// What came of ending one.
    public enum Stopping: Int32, Sendable {
        case done = 0
        case unknown = 1
        /// Members would have no way in: it is the last one, and a password opens to owners alone.
        case lastWayIn = 2
    }

    /// The providers of the caller's organisation, the first one first, and whether they are the only way in. `isChanging` opens them to
    /// be changed afterwards: whoever has to show who they are does so before anything is typed.
    ///
    /// - Throws: `Refusal.notFound`, `Refusal.stepUpNeeded`.
    public func ownProviders(
        for caller: Caller,
        isChanging: Bool = false
    ) async throws -> (providers: [OwnProvider], isOnly: Bool) {
        let (_, rows) = try await gate.open(
            Errand(isChanging ? .changeProviders : .listProviders),
            for: caller,
            work: ["select organization_id, id, sealed, since, linked, is_only from care.own_providers()"]
        )
        let installation = try await keys.installation()
        let found = try rows[0].map { row in
            let provider = try Provider(row, installation)
            let settings = provider.settings
            return OwnProvider(
                id: provider.id,
                name: settings.name,
                issuer: settings.issuer,
                clientID: settings.clientID,
                domains: settings.domains,
                claim: settings.claim,
                roles: settings.mappings.map { "\($0.value)=\($0.role.rawValue)" },
                since: try row.decode(Date.self, at: 3),
                linked: Int(try row.decode(Int64.self, at: 4))
            )
        }
        return (found, try rows[0].first?.decode(Bool.self, at: 5) ?? false)
    }

    /// Names another one, which answered just now as providers do; its id. Of the draft ``ProviderDraft/rules(mayBeLocal:)`` has nothing
    /// to say.
    ///
    /// - Throws: `SignInTrouble.unreachable`, `.garbage` or `.document` where nothing of the kind answers; `Refusal.roleIsNotYours` if it
    ///   would make what the caller may not give; `Refusal.tooManyProviders`, `Refusal.notFound`, `Refusal.stepUpNeeded`.
    @discardableResult
    public func name(_ draft: ProviderDraft, for caller: Caller) async throws -> UUID {
        let (id, settings) = (UUID(), draft.settings)
        // Whoever may not change providers sends this server nowhere.
        _ = try await ownProviders(for: caller, isChanging: true)
        _ = try await document(of: settings.issuer)
        let sealed = try settings.sealed(for: id, of: caller.organization, by: await keys.installation().key)
        _ = try await gate.open(
            Errand(.changeProviders, query: "name \(id.uuidString.lowercased())"),
            for: caller,
            work: ["select care.name_provider(\(id), \(sealed), \(settings.admits.map(\.rawValue)))"]
        )
        return id
    }

    /// Ends one, with every session that was begun there.
    ///
    /// - Throws: `Refusal.notFound`, `Refusal.stepUpNeeded`.
    public func stop(_ provider: UUID, for caller: Caller) async throws -> Stopping {
        let (_, rows) = try await gate.open(
            Errand(.changeProviders, query: "end \(provider.uuidString.lowercased())"),
            for: caller,
            work: ["select care.stop_provider(\(provider))"]
        )
        return try rows[0].first.flatMap { Stopping(rawValue: try $0.decode(Int32.self, at: 0)) } ?? .unknown
    }

    /// Says whether members sign in at these alone; false where there are none. Whoever is in by a password, and is no owner, is
    /// signed out.
    ///
    /// - Throws: `Refusal.notFound`, `Refusal.stepUpNeeded`.
    public func requireProviders(_ isOnly: Bool, for caller: Caller) async throws -> Bool {
        let (_, rows) = try await gate.open(
            Errand(.changeProviders, query: isOnly ? "only" : "not only"),
            for: caller,
            work: ["select care.require_providers(\(isOnly))"]
        )
        return try rows[0].first?.decode(Bool.self, at: 0) ?? false
    }
}
