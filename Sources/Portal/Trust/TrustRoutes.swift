import Assurance
import Care
import Foundation
import HTTPTypes
import Hummingbird
import People
import Postgres
import Seals

/// What is promised and whether it is so, for everybody.
///
///     GET /trust                  the page; `?for=family`, `clinic` or `operations` shows one profile's
///     GET /trust.json             the same, signed
struct TrustRoutes {
    let desk: TrustDesk
    let signIn: SignIn

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("trust") { request, visit in try await page(request, visit) }
        open.get("trust.json") { _, _ in
            var response = Response(json: try await told().file)
            response.headers[.contentType] = "application/json"
            return response
        }
    }

    private func page(_ request: Request, _ visit: Visit) async throws -> Response {
        let profile = request.uri.queryParameters["for"].flatMap { Audience(rawValue: String($0)) }
        let told = try await told()
        var page = TrustPage(told.report, for: profile, key: told.key)
        guard let (person, csrf) = try await reader(request, visit) else {
            return Response(page: Frame(visitorOn: .now).document(page))
        }
        page.isForOfficer = !person.offices.isEmpty
        return Response(page: Frame(person, csrf: csrf).document(page))
    }

    /// Who reads, if somebody signed in does. The page says the same to everybody; stewards and auditors are shown where theirs is.
    private func reader(_ request: Request, _ visit: Visit) async throws -> (SignedInPerson, csrf: String)? {
        guard let token = Cookies.sessionToken(in: request) else { return nil }
        let caller = Caller(token: token, use: .page, origin: visit.origin(of: request))
        return try await signIn.person(caller).map { ($0, token.formToken) }
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
            key: key,
            withheld: report.withheld,
            clockIsBehind: report.clockIsBehind
        )
    }

    fileprivate static func check(_ check: TrustReport.Check, isTold: Bool) -> Check {
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
            last: isTold ? check.last.map { Moment($0.at, in: .gmt) } : nil,
            seen: isTold ? check.last?.seen : nil,
            isUntold: isTold && check.isUntold,
            history: isTold ? check.history.map { $0.outcome == .kept } : []
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
            case .vouched(let until): .vouched(Self.lastDay(until), isDue: false)
            case .vouchingIsDue(let until): .vouched(Self.lastDay(until), isDue: true)
            case .vouchingEnded(let since): .vouchingEnded(Moment(since, in: .gmt).day)
            }
        self.init(
            id: row.promise.id,
            promise: row.promise.words,
            mechanism: row.promise.mechanism,
            standing: standing,
            missing: row.promise.missing,
            checks: row.checks.map { TrustPage.check($0, isTold: row.tellsChecks) },
            days: row.tellsChecks ? [] : row.days,
            vouching: row.attestation.map { attestation in
                TrustPage.Vouching(
                    by: attestation.signedAs,
                    words: attestation.words,
                    until: Self.lastDay(attestation.until),
                    isInForce: row.attested.last ?? false,
                    link: attestation.link.flatMap(OutsideLink.init),
                    digest: attestation.fileSHA256.map(\.hexadecimal),
                    history: row.attested
                )
            },
            unvouched: row.unvouched
        )
    }

    /// The last day before a moment, in UTC.
    private static func lastDay(_ end: Date) -> Day { Moment(end.addingTimeInterval(-1), in: .gmt).day }
}
