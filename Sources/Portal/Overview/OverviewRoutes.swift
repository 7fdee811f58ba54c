import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People

/// The organisation in numbers. (ROL-4)
///
///     GET  /overview       the latest numbers
///     POST /overview       has them counted anew
///     GET  /api/overview   {"id", "taken_at", "smallest", "cells": [{"subject", "line", "column", "shown"}]}; 404 before there are any
///     POST /api/overview   201 {"id"}; 429 too soon after the last ones, 409 where too little changed
struct OverviewRoutes {
    let overviews: Overviews

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("overview") { _, visit in try await show(visit) }
        pages.post("overview") { request, visit in
            _ = try await Form(request, of: visit.caller)
            guard visit.person.permits.contains("overview.administer") else { throw Refusal.notFound }
            do {
                _ = try await overviews.take(for: visit.caller)
            } catch Refusal.overviewIsTooSoon {
                return try await show(visit, (.overviewIsTooSoon, OverviewPage.tooSoon))
            } catch Refusal.overviewIsTooAlike {
                return try await show(visit, (.overviewIsTooAlike, OverviewPage.tooAlike))
            }
            return .seeOther(.overview)
        }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.get("api/overview") { _, visit in
            guard let latest = try await overviews.latest(for: visit.caller) else { throw Refusal.notFound }
            return Response(json: Self.json(latest).serialized())
        }
        api.post("api/overview") { _, visit in
            let id = try await overviews.take(for: visit.caller)
            let answer: JSON = ["id": .string(id.uuidString.lowercased())]
            return Response(json: answer.serialized(), status: .created)
        }
    }

    private func show(_ visit: PageVisit, _ trouble: (refusal: Refusal, words: String)? = nil) async throws -> Response
    {
        guard visit.person.permits.contains("overview.read") else { throw Refusal.notFound }
        let latest = try await overviews.latest(for: visit.caller)
        let page = OverviewPage(
            numbers: latest.map { OverviewPage.Numbers($0, zone: visit.zone) },
            mayTake: visit.person.permits.contains("overview.administer"),
            problem: trouble?.words
        )
        return visit.response(page, status: trouble?.refusal.status ?? .ok)
    }

    private static func json(_ overview: Overview) -> JSON {
        let cells = overview.cells.map { cell -> JSON in
            [
                "subject": .string(cell.subject), "line": .string(cell.line), "column": .string(cell.column),
                "shown": cell.shown.map { JSON.number("\($0)") } ?? .null,
            ]
        }
        return [
            "id": .string(overview.id.uuidString.lowercased()),
            "taken_at": .string(overview.takenAt.formatted(.iso8601)),
            "smallest": .number("\(overview.smallest)"), "cells": .array(cells),
        ]
    }
}
