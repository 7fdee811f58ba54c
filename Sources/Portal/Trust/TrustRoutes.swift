import Assurance
import Care
import Foundation
import HTTPTypes
import Hummingbird
import Postgres

/// What is promised and whether it is so, for everybody.
///
///     GET /trust                  the page; `?for=family`, `clinic` or `operations` shows one profile's
///     GET /trust.json             the same, signed
struct TrustRoutes {
    let desk: TrustDesk

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("trust") { request, _ in try await page(request) }
        open.get("trust.json") { _, _ in
            var response = Response(json: try await told().file)
            response.headers[.contentType] = "application/json"
            return response
        }
    }

    private func page(_ request: Request) async throws -> Response {
        let profile = request.uri.queryParameters["for"].flatMap { Audience(rawValue: String($0)) }
        let told = try await told()
        let page = TrustPage(told.report, for: profile, key: told.key)
        return Response(page: Frame(visitorOn: .now).document(page))
    }

    private func told() async throws -> (report: TrustReport, file: [UInt8], key: String) {
        do { return try await desk.told() } catch is PostgresError { throw Refusal.unavailable }
    }
}

extension TrustPage {
    /// The checks that somebody outside can repeat.
    private static let fromOutside = Set(Probe.fromOutside.map(\.name))

    init(_ report: TrustReport, for profile: Audience?, key: String) {
        let wanted = profile.flatMap { Promise.Profile(rawValue: $0.rawValue) }
        let themes = report.themes.map { theme in
            Theme(
                name: theme.name,
                rows: theme.rows.filter { wanted == nil || $0.promise.profiles.contains(wanted ?? .family) }.map(
                    Row.init
                )
            )
        }
        self.init(
            themes: themes.filter { !$0.rows.isEmpty },
            profile: profile,
            at: Moment(report.at, in: .gmt),
            key: key
        )
    }

    fileprivate static func check(_ check: TrustReport.Check) -> Check {
        let evidence: Evidence =
            switch check.probe.class {
            case .live: .live
            case .twin: .twin
            case .host: .host
            case .release: .release
            }
        return Check(
            tries: check.probe.tries,
            evidence: evidence,
            canBeRepeated: fromOutside.contains(check.probe.name),
            last: check.last.map { Moment($0.at, in: .gmt) },
            seen: check.last?.seen,
            isUntold: check.isUntold,
            history: check.history.map { $0.outcome == .kept }
        )
    }
}

extension TrustPage.Row {
    fileprivate init(_ row: TrustReport.Row) {
        let standing: TrustPage.Standing =
            switch row.standing {
            case .kept(let at): .kept(Moment(at, in: .gmt))
            case .partly(let at): .partly(Moment(at, in: .gmt))
            case .fallsShort(let since): .fallsShort(Moment(since, in: .gmt))
            case .outOfDate(let at): .outOfDate(Moment(at, in: .gmt))
            case .unchecked: .unchecked
            case .notBuilt: .notBuilt
            case .unvouched: .unvouched
            }
        self.init(
            id: row.promise.id,
            promise: row.promise.words,
            mechanism: row.promise.mechanism,
            standing: standing,
            missing: row.promise.missing,
            checks: row.checks.map(TrustPage.check)
        )
    }
}
