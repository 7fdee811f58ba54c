import Care
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Who treats somebody, and letting a colleague in. (ROL-3)
///
///     GET  /patients/{id}/team        who reaches the patient
///     POST /patients/{id}/team        colleague, kind (care-team or assignment), until (a day)
///     POST /patients/{id}/team/end    reach: they do not any more; own, if it is the reader's own
struct CareTeamRoutes {
    let records: PatientRecords
    let charts: ChartRoutes

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients/:patient/team") { request, visit in
            try await show(visit, request.uri.queryParameters["done"].flatMap { .init(rawValue: String($0)) })
        }
        pages.post("patients/:patient/team") { request, visit in try await letIn(request, visit) }
        pages.post("patients/:patient/team/end") { request, visit in try await end(request, visit) }
    }

    private func show(
        _ visit: PageVisit,
        _ notice: CareTeamPage.Notice? = nil,
        _ draft: CareTeamPage.Draft = .init()
    ) async throws -> Response {
        let id = try visit.patient
        let (team, colleagues) = try await records.teamAndColleagues(of: id, for: visit.caller)
        let (_, patient, _) = try await records.read("Patient", id, of: id, for: visit.caller)
        let own = team.filter { $0.member?.account == visit.person.account }.map(\.kind)
        let mayLetIn =
            visit.person.permits.contains("sharing.write")
            && own.contains { [.careTeam, .guardian, .assignment].contains($0) }
        let there = Set(team.compactMap { $0.member?.account })
        let page = CareTeamPage(
            patient: try charts.card(patient, visit),
            lines: team.map { line($0, visit, mayEnd: mayLetIn) },
            colleagues: colleagues.filter { !there.contains($0.account) }.map {
                Choice.Option(value: "\($0.account)", label: "\($0.name), \(visit.words.role($0.roles))")
            },
            mayLetIn: mayLetIn,
            draft: draft,
            notice: notice
        )
        return visit.response(page, status: draft.rules.isEmpty ? .ok : .unprocessableContent)
    }

    private func line(_ reach: PatientRecords.ReachedBy, _ visit: PageVisit, mayEnd: Bool) -> CareTeamPage.Line {
        CareTeamPage.Line(
            reach: mayEnd && [.careTeam, .assignment].contains(reach.kind) ? reach.id.uuidString.lowercased() : nil,
            name: reach.member?.name ?? "Someone who has left",
            role: reach.member.map { visit.words.role($0.roles) } ?? "",
            reason: SharingRoutes.reason(reach, visit),
            since: Moment(reach.since, in: visit.zone).day,
            until: reach.until.map { Day.last(before: $0, in: visit.zone) },
            isYou: reach.member?.account == visit.person.account
        )
    }

    private func letIn(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = CareTeamPage.Draft(colleague: form["colleague"], kind: form["kind"], until: form["until"] ?? "")
        let (colleague, kind) = (draft.colleague.flatMap(Person.ID.init), draft.kind.flatMap(Reach.init))
        let last = Day(fhir: draft.until).flatMap { day in
            let today = Day.today(in: visit.zone)
            return day.day != nil && day >= today && day <= today.adding(days: CareTeamPage.longestJob) ? day : nil
        }
        if colleague == nil { draft.rules["colleague"] = "Please choose whom." }
        if kind != .careTeam, kind != .assignment { draft.rules["kind"] = "Please choose as what." }
        if kind == .assignment, last == nil {
            draft.rules["until"] = "Please choose a day from today on, within \(CareTeamPage.longestJob) days."
        }
        guard let colleague, let kind, draft.rules.isEmpty else { return try await show(visit, nil, draft) }
        do {
            let until = kind == .assignment ? last?.end(in: visit.zone) : nil
            _ = try await records.letIn(colleague, to: visit.patient, as: kind, until: until, for: visit.caller)
        } catch Refusal.reachIsNotYours {
            draft.rules["colleague"] =
                "It must be somebody who may read records, and for no longer than you yourself may read this one."
            return try await show(visit, nil, draft)
        }
        return .seeOther(.team(of: try visit.patient, done: CareTeamPage.Notice.letIn.rawValue))
    }

    private func end(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let reach = form["reach"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.endReach(reach, of: visit.patient, for: visit.caller)
        // Whoever ended their own way in sees this record no more.
        if form["own"] != nil { return .seeOther(.patients) }
        return .seeOther(.team(of: try visit.patient, done: CareTeamPage.Notice.ended.rawValue))
    }
}
