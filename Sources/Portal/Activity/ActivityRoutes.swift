import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// What was done as oneself, and reporting what looks wrong. (FAM-3)
///
///     GET  /account/activity           the newest, or from `page` on
///     GET  /account/activity/report    the form; `entry` is what it is about
///     POST /account/activity/report    `entry`, `words`
///     GET  /reports                    what members reported, for those who look after it
///     POST /reports/{concern}          `words`, `closing` (yes, no)
struct ActivityRoutes {
    let activity: Activity

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("account/activity") { request, visit in
            let query = request.uri.queryParameters
            return try await own(
                visit,
                after: query["page"].flatMap { OwnEntry.Place(String($0)) },
                isReported: query["done"] != nil
            )
        }
        pages.get("account/activity/report") { request, visit in
            let entry = request.uri.queryParameters["entry"].flatMap { OwnEntry.Place(String($0)) }
            return visit.response(ReportConcernPage(about: entry?.text ?? ""))
        }
        pages.post("account/activity/report") { request, visit in try await report(request, visit) }
        pages.get("reports") { _, visit in try await all(visit) }
        pages.post("reports/:concern") { request, visit in try await answer(request, visit) }
    }

    private static let pageLength = 100

    private func own(_ visit: PageVisit, after place: OwnEntry.Place?, isReported: Bool) async throws -> Response {
        let (entries, concerns) = try await activity.own(after: place, limit: Self.pageLength, for: visit.caller)
        let page = ActivityPage(
            lines: ActivityPage.Line.together(entries.map { ActivityPage.Line($0, zone: visit.zone) }),
            reports: concerns.map { ActivityPage.Report($0, zone: visit.zone) },
            older: entries.count == Self.pageLength ? entries.last?.place.text : nil,
            isOlder: place != nil,
            isReported: isReported
        )
        return visit.response(page)
    }

    private func report(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let place = form["entry"].flatMap { OwnEntry.Place($0) }
        let words = Self.words(in: form)
        guard Self.isRight(words) else {
            let page = ReportConcernPage(about: place?.text ?? "", words: words, problem: Self.rule)
            return visit.response(page, status: .unprocessableContent)
        }
        do {
            try await activity.report(words, about: place, for: visit.caller)
        } catch Refusal.tooManyReports {
            let page = ReportConcernPage(
                about: place?.text ?? "",
                words: words,
                problem: "You have sent ten reports within a day. Please send this one tomorrow, or speak to somebody."
            )
            return visit.response(page, status: .tooManyRequests)
        }
        return .seeOther(.activityReported)
    }

    // MARK: Those who look after reports

    private func all(
        _ visit: PageVisit,
        wrong: (concern: UUID, words: String, rule: String)? = nil
    ) async throws -> Response {
        guard visit.person.permits.contains("trail.administer") else { throw Refusal.notFound }
        let items = try await activity.all(for: visit.caller).map { concern, name in
            ConcernsPage.Item(
                id: concern.id.uuidString.lowercased(),
                name: name,
                report: ActivityPage.Report(concern, zone: visit.zone),
                sent: wrong?.concern == concern.id ? wrong?.words : nil,
                problem: wrong?.concern == concern.id ? wrong?.rule : nil
            )
        }
        return visit.response(ConcernsPage(items: items), status: wrong == nil ? .ok : .unprocessableContent)
    }

    private func answer(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let id = UUID(uuidString: try visit.parameters.require("concern")) else { throw Refusal.notFound }
        let words = Self.words(in: form)
        guard Self.isRight(words) else { return try await all(visit, wrong: (id, words, Self.rule)) }
        do {
            try await activity.answer(id, words, closing: form["closing"] == "yes", for: visit.caller)
        } catch Refusal.changedMeanwhile {
            return try await all(visit, wrong: (id, words, "Somebody closed this meanwhile. Nothing was noted."))
        }
        return .seeOther(.concerns)
    }

    private static let rule = "Please write something, in at most 2,000 characters."

    private static func words(in form: Form) -> String {
        (form["words"] ?? "").replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private static func isRight(_ words: String) -> Bool { (1...Activity.longest).contains(words.unicodeScalars.count) }
}
