import Care
import FHIR
import Foundation
import Hummingbird
import People

/// What people are in the organisation. The gate decides who may change it.
///
///     PUT    /api/members/{id}/roles   {"roles": […], "own_roles": [ids]}: all that they have from now on
///     DELETE /api/members/{id}         ends their membership: `until` (a time) or `successor` (a member's id) in the query
///     GET    /api/roles                built_in: name, permissions; own: id, name, permissions
///     POST   /api/roles                {"name", "permissions": […]} → {"id"}
///     PUT    /api/roles/{id}           {"permissions": […]}
///     DELETE /api/roles/{id}
struct RoleRoutes {
    let members: Members

    func add(to api: RouterGroup<APIVisit>) {
        api.put("api/members/:member/roles") { request, visit in try await give(request, visit) }
        api.delete("api/members/:member") { request, visit in try await end(request, visit) }
        api.get("api/roles") { _, visit in try await list(visit) }
        api.post("api/roles") { request, visit in try await make(request, visit) }
        api.put("api/roles/:role") { request, visit in try await change(request, visit) }
        api.delete("api/roles/:role") { _, visit in
            try await members.endRole(Self.id("role", visit), for: visit.caller)
            return Response(status: .noContent)
        }
    }

    private func give(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        let own = (body["own_roles"]?.array ?? []).map { $0.string.flatMap(UUID.init(uuidString:)) }
        guard !own.contains(nil) else {
            throw Outcome(.value, at: Expression("own_roles"), "own_roles must be ids of the organisation's own roles")
        }
        try await members.changeRoles(
            of: Person.ID(try Self.id("member", visit)),
            to: try MemberRoutes.roles(in: body, mayBeNone: !own.isEmpty),
            own: Array(Set(own.compactMap(\.self))),
            for: visit.caller
        )
        return Response(status: .noContent)
    }

    private func end(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let query = request.uri.queryParameters
        var (until, successor): (Date?, Person.ID?)
        if let text = query["until"] {
            until = try? Date(String(text), strategy: .iso8601)  // what is no time is told below
            guard until != nil else {
                throw Outcome(.value, at: Expression("until"), "until must be a time, as 2026-11-30T17:00:00Z")
            }
        }
        if let text = query["successor"] {
            successor = Person.ID(String(text))
            guard successor != nil else {
                throw Outcome(.value, at: Expression("successor"), "successor must be a member's id")
            }
        }
        let alone = try await members.end(
            Person.ID(try Self.id("member", visit)),
            until: until,
            successor: successor,
            for: visit.caller
        )
        return Response(json: (["patients_without_anybody": .number("\(alone)")] as JSON).serialized())
    }

    private func list(_ visit: APIVisit) async throws -> Response {
        let found = try await members.people(for: visit.caller)
        let texts = { (permissions: Set<String>) in JSON.array(permissions.sorted().map { .string($0) }) }
        let answer: JSON = [
            "built_in": .array(
                found.offered.map { ["name": .string($0.role.rawValue), "permissions": texts($0.permissions)] }
            ),
            "own": .array(
                found.own.map {
                    [
                        "id": .string($0.id.uuidString.lowercased()), "name": .string($0.name),
                        "permissions": texts($0.permissions),
                    ]
                }
            ),
        ]
        return Response(json: answer.serialized())
    }

    private func make(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let name = body["name"]?.string, Members.isRoleName(name) else {
            throw Outcome(
                .value,
                at: Expression("name"),
                "name must be 2 to 40 small letters, digits, spaces or hyphens, and no built-in role's"
            )
        }
        let id = try await members.makeRole(name, permissions: try Self.permissions(in: body), for: visit.caller)
        let answer: JSON = ["id": .string(id.uuidString.lowercased())]
        return Response(json: answer.serialized(), status: .created)
    }

    private func change(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        let permissions = try Self.permissions(in: body)
        try await members.changeRole(Self.id("role", visit), permissions: permissions, for: visit.caller)
        return Response(status: .noContent)
    }

    private static func permissions(in body: JSON) throws -> [String] {
        let named = (body["permissions"]?.array ?? []).map { $0.string ?? "" }
        guard !named.isEmpty, named.allSatisfy(Members.permissions.contains) else {
            let known = Members.permissions.joined(separator: ", ")
            throw Outcome(.value, at: Expression("permissions"), "permissions must be some of: \(known)")
        }
        return Members.permissions.filter(named.contains)
    }

    private static func id(_ name: String, _ visit: APIVisit) throws -> UUID {
        guard let id = UUID(uuidString: try visit.parameters.require(name)) else { throw Refusal.notFound }
        return id
    }
}
