import Care
import FHIR
import Foundation
import Hummingbird
import People

/// Who belongs to the organisation.
///
///     GET  /api/members   everybody: id, name, roles, own_roles
///     POST /api/members   {"name", "email", "roles": […]} → {"link", "purpose"}: owners and administrators add somebody. The link
///                         works once, and is for them alone: to set a password, or to join if they have one ("join"). Where mail
///                         is sent, it goes to them by mail, and the answer is {"mailed": true, "purpose"}
struct MemberRoutes {
    let members: Members

    func add(to api: RouterGroup<APIVisit>) {
        api.get("api/members") { _, visit in try await list(visit) }
        api.post("api/members") { request, visit in try await add(request, visit) }
    }

    private func list(_ visit: APIVisit) async throws -> Response {
        let lines = try await members.list(for: visit.caller).map { member -> JSON in
            [
                "id": .string("\(member.account)"), "name": .string(member.name), "active": .bool(member.isActive),
                "roles": .array(member.roles.map(\.rawValue).sorted().map { .string($0) }),
                "own_roles": .array(member.ownRoles.map { $0.uuidString.lowercased() }.sorted().map { .string($0) }),
            ]
        }
        return Response(json: JSON.array(lines).serialized())
    }

    private func add(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let name = body["name"]?.string, (1...200).contains(name.count) else {
            throw Outcome(.required, at: Expression("name"), "name must be given, with at most 200 characters")
        }
        guard let address = body["email"]?.string, address.split(separator: "@").count == 2, address.utf8.count <= 254
        else {
            throw Outcome(.value, at: Expression("email"), "email must be an e-mail address")
        }
        guard !members.sendsMail || MailAddress(address) != nil else {
            throw Outcome(
                .value,
                at: Expression("email"),
                "email must be an address that mail can be sent to, in letters, digits and signs of ASCII"
            )
        }
        let newcomer = Members.Newcomer(name: name, address: address, roles: try Self.roles(in: body))
        let invitation = try await members.add(newcomer, for: visit.caller)
        let purpose = JSON.string(invitation.purpose.rawValue)
        let answer: JSON =
            invitation.isMailed
            ? ["mailed": .bool(true), "purpose": purpose]
            : ["link": .string("/password?link=\(invitation.link.text)"), "purpose": purpose]
        return Response(json: answer.serialized(), status: .created)
    }

    /// The built-in roles that a body names; at least one, unless `mayBeNone`.
    static func roles(in body: JSON, mayBeNone: Bool = false) throws -> [Role] {
        let roles = (body["roles"]?.array ?? []).map { $0.string.flatMap(Role.init) }
        guard mayBeNone || !roles.isEmpty, !roles.contains(nil) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw Outcome(.value, at: Expression("roles"), "roles must be some of: \(known)")
        }
        return roles.compactMap(\.self)
    }
}
