import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// A few words in one's own record.
///
///     GET  /patients/{id}/note   the form
///     POST /patients/{id}/note   write them, for others to see or for nobody
struct NoteRoutes {
    let records: PatientRecords
    let charts: ChartRoutes

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients/:patient/note") { _, visit in try await ask(visit) }
        pages.post("patients/:patient/note") { request, visit in try await write(request, visit) }
    }

    private func ask(_ visit: PageVisit, _ change: (inout NotePage) -> Void = { _ in }) async throws -> Response {
        let found = try await records.growingUp(of: visit.patient, for: visit.caller)
        var page = NotePage(patient: try charts.card(found.patient, visit))
        change(&page)
        return visit.response(page, status: page.textError == nil ? .ok : .unprocessableContent)
    }

    private func write(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let (text, isPrivate) = (form["text"] ?? "", form["private"] != nil)
        guard (1...NotePage.longest).contains(text.unicodeScalars.count) else {
            return try await ask(visit) { page in
                (page.text, page.isPrivate) = (text, isPrivate)
                page.textError = "Please write something, in 4,000 letters or fewer."
            }
        }
        let note = try Self.note(text, about: visit.patient)
        _ =
            try await isPrivate
            ? records.keepPrivate(note, for: visit.caller) : records.create(note, for: visit.caller)
        return .seeOther(.timeline(of: try visit.patient))
    }

    /// Words of theirs, said now, as FHIR has them.
    private static func note(_ text: String, about patient: String) throws -> Resource {
        let object: [(key: String, value: JSON)] = [
            ("resourceType", .string("Observation")), ("status", .string("final")),
            ("code", .object(JSONObject([("text", .string("In their own words"))]))),
            ("subject", .object(JSONObject([("reference", .string("Patient/\(patient)"))]))),
            ("effectiveDateTime", .string(Date().formatted(.iso8601))), ("valueString", .string(text)),
        ]
        return try Resource(.object(JSONObject(object)))
    }
}
