import Care
import FHIR
import Foundation
import Hummingbird
import People
import Records

/// Who treats a patient. The gate decides who may let in whom.
///
///     GET    /api/patients/{id}/team           who reaches the patient: id, member, name, kind, since, until
///     POST   /api/patients/{id}/team           {"member", "kind": "care-team" | "assignment", "until"?} → {"id"}
///     DELETE /api/patients/{id}/team/{reach}   they do not any more
struct TeamRoutes {
    let records: PatientRecords

    func add(to api: RouterGroup<APIVisit>) {
        api.get("api/patients/:patient/team") { _, visit in try await list(visit) }
        api.post("api/patients/:patient/team") { request, visit in try await letIn(request, visit) }
        api.delete("api/patients/:patient/team/:reach") { _, visit in try await end(visit) }
    }

    private func list(_ visit: APIVisit) async throws -> Response {
        let lines = try await records.team(of: Self.patient(visit), for: visit.caller).map { reach -> JSON in
            [
                "id": .string(reach.id.uuidString.lowercased()),
                "member": reach.member.map { .string("\($0.account)") } ?? .null,
                "name": reach.member.map { .string($0.name) } ?? .null, "kind": .string(reach.kind.rawValue),
                "since": .string(reach.since.formatted(.iso8601)),
                "until": reach.until.map { .string($0.formatted(.iso8601)) } ?? .null,
            ]
        }
        return Response(json: JSON.array(lines).serialized())
    }

    private func letIn(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let member = body["member"]?.string.flatMap(Person.ID.init) else {
            throw Outcome(.value, at: Expression("member"), "member must be the id of a member")
        }
        guard let kind = body["kind"]?.string.flatMap(Reach.init), [.careTeam, .assignment].contains(kind) else {
            throw Outcome(.value, at: Expression("kind"), "kind must be care-team or assignment")
        }
        var until: Date?
        if let text = body["until"] {
            until = text.string.flatMap { try? Date($0, strategy: .iso8601) }  // what is no time is told here
            guard until != nil else {
                throw Outcome(.value, at: Expression("until"), "until must be a time, as 2026-11-30T17:00:00Z")
            }
        }
        let id = try await records.letIn(member, to: Self.patient(visit), as: kind, until: until, for: visit.caller)
        let answer: JSON = ["id": .string(id.uuidString.lowercased())]
        return Response(json: answer.serialized(), status: .created)
    }

    private func end(_ visit: APIVisit) async throws -> Response {
        guard let reach = UUID(uuidString: try visit.parameters.require("reach")) else { throw Refusal.notFound }
        try await records.endReach(reach, of: Self.patient(visit), for: visit.caller)
        return Response(status: .noContent)
    }

    private static func patient(_ visit: APIVisit) throws -> String {
        let id = try visit.parameters.require("patient")
        guard Resource.isID(id) else { throw Refusal.notFound }
        return id
    }
}
