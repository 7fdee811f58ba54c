import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// Where somebody is signed in.
///
///     GET    /account/sessions                one's own devices       POST: session (an id, or `others`)
///     DELETE /api/members/{member}/sessions   an administrator signs a member out everywhere → {"ended"}
struct SessionRoutes {
    let signIn: SignIn
    let members: Members

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("account/sessions") { request, visit in
            try await list(visit, ended: request.uri.queryParameters["ended"].flatMap { Int($0) })
        }
        pages.post("account/sessions") { request, visit in try await end(request, visit) }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.delete("api/members/:member/sessions") { _, visit in try await endForMember(visit) }
    }

    private func list(_ visit: PageVisit, ended: Int?) async throws -> Response {
        let devices = try await signIn.sessions(of: visit.caller).map { session in
            DevicesPage.Device(
                id: session.id.uuidString.lowercased(),
                name: session.device,
                isProgram: session.use == .api,
                began: Moment(session.began, in: visit.zone),
                lastSeen: Moment(session.lastSeen, in: visit.zone),
                organization: session.otherOrganization,
                isThis: session.isThis
            )
        }
        return visit.response(DevicesPage(devices: devices, ended: ended))
    }

    private func end(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        try await signIn.requireSecondFactor(of: visit.caller)
        let id = form["session"].flatMap(UUID.init(uuidString:))
        guard id != nil || form["session"] == "others" else { throw Refusal.notFound }
        return .seeOther(.devices(ended: try await signIn.endSession(id, of: visit.caller)))
    }

    private func endForMember(_ visit: APIVisit) async throws -> Response {
        guard let member = Person.ID(try visit.parameters.require("member")) else { throw Refusal.notFound }
        let ended = try await members.endSessions(of: member.uuid, for: visit.caller)
        let body = Array("{\"ended\": \(ended)}".utf8)
        return Response(
            status: .ok,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}
