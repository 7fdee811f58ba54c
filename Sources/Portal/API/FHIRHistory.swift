import Care
import FHIR
import Foundation
import Hummingbird
import Records

/// Versions: `_history` of a record and of a type.
extension FHIRRoutes {
    func version(_ visit: APIVisit) async throws -> Response {
        guard let version = Int32(try visit.parameters.require("version")), version > 0 else { throw Refusal.notFound }
        return Self.response(try await records.read(visit.type, visit.id, version: version, for: visit.caller), .ok)
    }

    func history(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let asked = try HistoryQuery(Self.parameters(request.uri.query), isOfOne: true)
        let (type, id) = (try visit.type, try visit.id)
        let history = try await records.history(of: type, id, asked.range, for: visit.caller)
        return Response(json: bundle(history, asked, path: "/\(type)/\(id)/_history"))
    }

    func historyOfType(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let asked = try HistoryQuery(Self.parameters(request.uri.query), isOfOne: false)
        let type = try visit.type
        let history = try await records.history(ofType: type, patient: asked.patient, asked.range, for: visit.caller)
        return Response(json: bundle(history, asked, path: "/\(type)/_history"))
    }

    private func bundle(_ history: PatientRecords.History, _ asked: HistoryQuery, path: String) -> [UInt8] {
        let entries = history.versions.map { version in
            BundleResponse.Past(
                fullURL: "\(baseURL)/\(version.type)/\(version.id)",
                resource: version.isDeleted ? nil : version.json,
                method: version.isDeleted ? .delete : version.version == 1 ? .post : .put,
                url: version.version == 1 ? version.type : "\(version.type)/\(version.id)",
                status: version.isDeleted ? "204 No Content" : version.version == 1 ? "201 Created" : "200 OK",
                etag: "W/\"\(version.version)\"",
                lastModified: version.writtenAt.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            )
        }
        let next = history.next.map { place in
            BundleResponse.Link("next", baseURL + path + "?" + asked.text(after: place))
        }
        return BundleResponse.history(entries, total: history.total, links: next.map { [$0] } ?? [])
    }
}

/// What a request for a history asks: `_count`, `_since`, `_after` (where the last page ended), and the patient.
private struct HistoryQuery {
    let range: PatientRecords.HistoryRange
    let patient: String?
    private let asked: [(String, String)]

    init(_ parameters: [(String, String)], isOfOne: Bool) throws(Outcome) {
        var range = PatientRecords.HistoryRange()
        var patient: String?
        for (name, value) in parameters {
            switch name {
            case "_count":
                guard let count = Int(value), count > 0 else {
                    throw Outcome(.value, "_count must be a number above 0")
                }
                range.count = min(count, 500)
            case "_since":
                guard let since = DateTime(value, as: .instant) else {
                    throw Outcome(.value, "_since must be an instant, with its time zone")
                }
                range.since = Date(timeIntervalSince1970: Double(since.start) / 1e6)
            case "_after":
                range.after = value
            case "patient" where !isOfOne:
                let id = value.hasPrefix("Patient/") ? String(value.dropFirst("Patient/".count)) : value
                guard Resource.isID(id) else { throw Outcome(.value, "patient must be the id of one patient") }
                patient = id
            case "_format", "_pretty": break
            default:
                throw Outcome(.notSupported, "a history is asked for by _count, _since\(isOfOne ? "" : " and patient")")
            }
        }
        self.range = range
        self.patient = patient
        asked = parameters.filter { $0.0 != "_after" }
    }

    func text(after place: String) -> String {
        FHIRRoutes.query(asked + [("_after", place)])
    }
}
