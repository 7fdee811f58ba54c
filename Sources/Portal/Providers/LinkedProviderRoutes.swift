import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// Where else somebody signs in. (ACC-5)
///
///     GET  /account/providers     the list
///     POST /account/providers     provider: it is taken back
///     GET  /account/providers/link/{provider}     asks whether to link the provider that somebody just came back from
///     POST /account/providers/link/{provider}     links it
struct LinkedProviderRoutes {
    let federated: FederatedSignIn
    let signIn: SignIn

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("account/providers") { request, visit in
            try await list(visit, request.uri.queryParameters["done"].map(String.init))
        }
        pages.post("account/providers") { request, visit in try await unlink(request, visit) }
        pages.get("account/providers/link/{provider}") { request, visit in try await ask(request, visit) }
        pages.post("account/providers/link/{provider}") { request, visit in try await link(request, visit) }
    }

    private func list(_ visit: PageVisit, _ done: String? = nil, problem: String? = nil) async throws -> Response {
        let lines = try await federated.linked(to: visit.caller).map {
            LinkedProvidersPage.Line(
                id: $0.id.uuidString.lowercased(),
                name: $0.name,
                organization: $0.organization,
                since: Moment($0.since, in: visit.zone)
            )
        }
        let page = LinkedProvidersPage(
            lines: lines,
            notice: done.flatMap(LinkedProvidersPage.Notice.init),
            problem: problem
        )
        return visit.response(page, status: problem == nil ? .ok : .unprocessableContent)
    }

    /// Of who comes back from a provider, shows a password and then a code.
    private func ask(_ request: Request, _ visit: PageVisit) async throws -> Response {
        try await signIn.requireSecondFactor(of: visit.caller)
        let provider = try Self.provider(visit)
        guard VisitCookie(request) != nil else { return .seeOther(.ownProviders) }
        let name = try await offer(provider)
        return visit.response(LinkProviderPage(provider: provider.uuidString.lowercased(), name: name))
    }

    private func link(_ request: Request, _ visit: PageVisit) async throws -> Response {
        _ = try await Form(request, of: visit.caller)
        try await signIn.requireSecondFactor(of: visit.caller)
        let provider = try Self.provider(visit)
        _ = try await offer(provider)
        guard let waiting = VisitCookie(request),
            try await federated.link(waiting.secret, at: provider, for: visit.caller)
        else {
            return try await list(
                visit,
                problem: "That visit is over, so nothing was linked. Sign in that way once more."
            )
        }
        var response = Response.seeOther(waiting.next ?? "/account/providers?done=linked")
        response.headers[.setCookie] = VisitCookie.forgotten
        return response
    }

    private func offer(_ provider: UUID) async throws -> String {
        do { return try await federated.offer(provider).name } catch is SignInTrouble { throw Refusal.notFound }
    }

    private static func provider(_ visit: PageVisit) throws -> UUID {
        guard let provider = UUID(uuidString: try visit.parameters.require("provider")) else { throw Refusal.notFound }
        return provider
    }

    private func unlink(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let provider = form["provider"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        switch try await federated.unlink(provider, for: visit.caller) {
        case .done: return .seeOther("/account/providers?done=unlinked")
        case .notLinked: throw Refusal.notFound
        case .lastWayIn:
            return try await list(
                visit,
                problem:
                    "That is the only way by which you get in somewhere. Set a password, or link another way, first. Nothing was changed."
            )
        }
    }
}
