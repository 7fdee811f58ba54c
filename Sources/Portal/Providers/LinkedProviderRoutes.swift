import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// Where else somebody signs in. (ACC-5)
///
///     GET  /account/providers     the list
///     POST /account/providers     provider: it is taken back
struct LinkedProviderRoutes {
    let federated: FederatedSignIn

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("account/providers") { request, visit in
            try await list(visit, request.uri.queryParameters["done"].map(String.init))
        }
        pages.post("account/providers") { request, visit in try await unlink(request, visit) }
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
