import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Which member a practitioner of the directory is, so that appointments let them in. The gate decides who says it. (ROL-3)
///
///     GET  /practitioners       who is who
///     POST /practitioners       say it of one
///     GET  /api/practitioners   [{"practitioner": "Practitioner/…", "name", "member"}]
///     PUT  /api/practitioners   {"practitioner": "Practitioner/…" | "PractitionerRole/…", "member": an id, or null for nobody any more}
struct PractitionerRoutes {
    let records: PatientRecords

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("practitioners") { request, visit in
            try await show(visit, isDone: request.uri.queryParameters["done"] != nil)
        }
        pages.post("practitioners") { request, visit in try await say(request, visit) }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.get("api/practitioners") { _, visit in
            let found = try await records.practitioners(for: visit.caller)
            let lines = try found.practitioners.map { known -> JSON in
                [
                    "practitioner": .string("\(known.record.type)/\(known.record.id)"),
                    "name": .string(Self.name(try known.record.resource, Words(.clinic))),
                    "member": known.member.map { .string("\($0.account)") } ?? .null,
                ]
            }
            return Response(json: JSON.array(lines).serialized())
        }
        api.put("api/practitioners") { request, visit in
            let body = try await JSON(body: request, limit: 16 << 10)
            guard let practitioner = Self.practitioner(body["practitioner"]?.string) else {
                throw Outcome(
                    .value,
                    at: Expression("practitioner"),
                    "practitioner must be Practitioner/id or PractitionerRole/id"
                )
            }
            let member = body["member"]?.string.flatMap(Person.ID.init)
            guard member != nil || body["member"] == .null else {
                throw Outcome(.value, at: Expression("member"), "member must be the id of a member, or null")
            }
            try await records.link(practitioner, to: member, for: visit.caller)
            return Response(status: .noContent)
        }
    }

    private func show(_ visit: PageVisit, _ draft: PractitionersPage.Draft = .init(), isDone: Bool = false)
        async throws -> Response
    {
        guard visit.person.permits.contains("member.administer"), visit.person.profile == .clinic else {
            throw Refusal.notFound
        }
        let found = try await records.practitioners(for: visit.caller)
        let page = PractitionersPage(
            lines: try found.practitioners.map { known in
                PractitionersPage.Line(
                    reference: "\(known.record.type)/\(known.record.id)",
                    name: Self.name(try known.record.resource, visit.words),
                    member: known.member?.name
                )
            },
            members: found.members.map { Choice.Option(value: "\($0.account)", label: $0.name) },
            cutAt: found.isCut ? PatientRecords.mostPractitioners : nil,
            draft: draft,
            isDone: isDone
        )
        return visit.response(page, status: draft.hasErrors ? .unprocessableContent : .ok)
    }

    private func say(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = PractitionersPage.Draft(practitioner: form["practitioner"], member: form["member"])
        let practitioner = Self.practitioner(draft.practitioner)
        let member = draft.member.flatMap(Person.ID.init)
        if practitioner == nil { draft.practitionerError = "Please choose a practitioner." }
        if member == nil, draft.member != "nobody" { draft.memberError = "Please choose who that is." }
        guard let practitioner, !draft.hasErrors else { return try await show(visit, draft) }
        do {
            return try await SecondFactorRoutes.steppingUp(backTo: .practitioners) {
                try await records.link(practitioner, to: member, for: visit.caller)
                return Response(status: .seeOther, headers: [.location: Address.practitioners.text + "?done=1"])
            }
        } catch Refusal.reachIsNotYours {
            draft.memberError = "It must be somebody who may read records; and only owners say it of themselves."
            return try await show(visit, draft)
        }
    }

    /// The record that a text names, if it is of one of the two types.
    private static func practitioner(_ text: String?) -> PatientRecords.Address? {
        guard let text, case .relative(let type, let id, nil) = Reference.Target(text),
            ["Practitioner", "PractitionerRole"].contains(type)
        else { return nil }
        return PatientRecords.Address(type: type, id: id)
    }

    /// What somebody is called: a Practitioner's name; of a role, whose it is and what.
    private static func name(_ resource: Resource, _ words: Words) -> String {
        let value = FHIRValue(object: resource.object, words: words)
        if let name = value.name(value.items("name").first) { return name }
        let whose = resource.object["practitioner"]?["display"]?.string
        let what = resource.object["code"]?[0]?["text"]?.string ?? resource.object["specialty"]?[0]?["text"]?.string
        let told = [whose, what].compactMap(\.self).joined(separator: ", ")
        return told.isEmpty ? "\(resource.type) without a name" : told
    }
}
