import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// Where an organisation's members sign in, as its owners say. (ACC-5)
///
///     GET  /settings/providers            its own providers
///     POST /settings/providers            do=end: provider; do=only: only is yes or no
///     GET  /settings/providers/new        the form for one more: kind is google, apple or other
///     POST /settings/providers/new        kind, name, issuer, client, secret, team, key, domains, claim, roles
struct ProviderDeskRoutes {
    let federated: FederatedSignIn
    let baseURL: String

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("settings/providers") { request, visit in
            try await list(visit, request.uri.queryParameters["done"].flatMap { .init(rawValue: String($0)) })
        }
        pages.post("settings/providers") { request, visit in try await change(request, visit) }
        pages.get("settings/providers/new") { request, visit in
            try await form(request.uri.queryParameters["kind"].flatMap { .init(rawValue: String($0)) }, visit)
        }
        pages.post("settings/providers/new") { request, visit in try await name(request, visit) }
    }

    private func list(
        _ visit: PageVisit,
        _ notice: ProviderDeskPage.Notice? = nil,
        problem: String? = nil
    ) async throws -> Response {
        try visit.require("sign-in.read")
        let own = try await federated.ownProviders(for: visit.caller)
        let page = ProviderDeskPage(
            lines: own.providers.map { line($0, visit) },
            isOnly: own.isOnly,
            mayChange: visit.person.permits.contains("sign-in.administer"),
            signInAddress: "\(baseURL)/sign-in/at/\(visit.caller.organization.uuidString.lowercased())",
            notice: notice,
            problem: problem
        )
        return visit.response(page, status: problem == nil ? .ok : .unprocessableContent)
    }

    private func line(_ provider: OwnProvider, _ visit: PageVisit) -> ProviderDeskPage.Line {
        ProviderDeskPage.Line(
            id: provider.id.uuidString.lowercased(),
            name: provider.name,
            issuer: provider.issuer,
            clientID: provider.clientID,
            returnAddress: FederatedSignIn.returnAddress(of: provider.id, base: baseURL),
            logoutAddress: FederatedSignIn.logoutAddress(of: provider.id, base: baseURL),
            domains: provider.domains,
            claim: provider.claim,
            roles: provider.roles,
            since: Moment(provider.since, in: visit.zone),
            linked: provider.linked
        )
    }

    private func change(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        return try await SecondFactorRoutes.steppingUp(backTo: .providerDesk) {
            switch (form["do"], form["only"], form["provider"].flatMap(UUID.init(uuidString:))) {
            case ("end", _, let provider?):
                switch try await federated.stop(provider, for: visit.caller) {
                case .done: return .seeOther(.providerDesk(done: "ended"))
                case .unknown: throw Refusal.notFound
                case .lastWayIn:
                    return try await list(
                        visit,
                        problem: "Members would have no way in. Let passwords open again first. Nothing was changed."
                    )
                }
            case ("only", let wish?, _) where ["yes", "no"].contains(wish):
                let isOnly = wish == "yes"
                guard try await federated.requireProviders(isOnly, for: visit.caller) else { throw Refusal.notFound }
                return .seeOther(.providerDesk(done: isOnly ? "only" : "both"))
            default: throw Refusal.notFound
            }
        }
    }

    private func form(_ kind: NewProviderPage.Kind?, _ visit: PageVisit) async throws -> Response {
        try visit.require("sign-in.administer")
        guard let kind else { throw Refusal.notFound }
        return try await SecondFactorRoutes.steppingUp(backTo: .newProvider(kind.rawValue)) {
            _ = try await federated.ownProviders(for: visit.caller, isChanging: true)
            return visit.response(NewProviderPage(kind: kind, roleNames: Self.roleNames))
        }
    }

    private func name(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        try visit.require("sign-in.administer")
        guard let kind = form["kind"].flatMap(NewProviderPage.Kind.init) else { throw Refusal.notFound }
        var page = NewProviderPage(kind: kind, roleNames: Self.roleNames, draft: Self.typed(form))
        let draft = Self.draft(form, kind)
        page.draft.rules = draft.rules(mayBeLocal: federated.mayBeLocal)
        guard page.draft.rules.isEmpty else { return visit.response(page, status: .unprocessableContent) }
        do {
            return try await SecondFactorRoutes.steppingUp(backTo: .newProvider(kind.rawValue)) {
                try await federated.name(draft, for: visit.caller)
                return .seeOther(.providerDesk(done: "named"))
            }
        } catch let trouble as SignInTrouble {
            let words =
                trouble == .unreachable
                ? "Nothing answers there. Nothing was added."
                : "What answers there is no provider of that name. Nothing was added."
            if kind == .other { page.draft.rules["issuer"] = words } else { page.problem = words }
        } catch Refusal.roleIsNotYours {
            page.draft.rules["roles"] =
                "It would make members of a role that is not offered here, or that you may not give."
        } catch Refusal.tooManyProviders {
            page.problem = "There are ten already. Please end one first. Nothing was added."
        }
        return visit.response(page, status: .unprocessableContent)
    }

    private static let roleNames = Role.allCases.filter { $0 != .owner && $0 != .guest }.map(\.rawValue)

    private static func typed(_ form: Form) -> NewProviderPage.Draft {
        let text = { (name: String) in form[name] ?? "" }
        return NewProviderPage.Draft(
            name: text("name"),
            issuer: text("issuer"),
            clientID: text("client"),
            team: text("team"),
            keyID: text("key"),
            domains: text("domains"),
            claim: text("claim"),
            roles: text("roles")
        )
    }

    private static func draft(_ form: Form, _ kind: NewProviderPage.Kind) -> ProviderDraft {
        let text = { (name: String) in (form[name] ?? "").trimmingCharacters(in: .whitespacesAndNewlines) }
        var draft = ProviderDraft(ProviderDraft.Kind(rawValue: kind.rawValue) ?? .other)
        draft.name = text("name")
        draft.issuer = text("issuer")
        draft.clientID = text("client")
        draft.secret = text("secret")
        draft.team = text("team")
        draft.keyID = text("key")
        draft.domains = text("domains").lowercased().split { $0 == "," || $0.isWhitespace }.map(String.init)
        draft.claim = text("claim")
        draft.roles = text("roles").split(whereSeparator: \.isNewline).map(String.init)
            .filter { !$0.allSatisfy(\.isWhitespace) }
        return draft
    }
}
