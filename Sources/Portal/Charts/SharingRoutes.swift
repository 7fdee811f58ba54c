import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Who may read somebody's record, and letting a clinician read it: one who belongs here, or a guest.
///
///     GET  /patients/{id}/sharing           who may read
///     POST /patients/{id}/sharing           share with a clinician
///     POST /patients/{id}/sharing/stop      stop sharing
///     POST /patients/{id}/sharing/invite    ask a clinician of elsewhere
///     POST /patients/{id}/sharing/withdraw  take that back
struct SharingRoutes {
    let records: PatientRecords
    let charts: ChartRoutes
    let baseURL: String

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients/:patient/sharing") { request, visit in
            let fields = request.uri.queryParameters
            return try await show(visit) { page, found in
                page.draft.clinician = fields["clinician"].map(String.init)
                page.draft.until = fields["until"].flatMap { Day(fhir: String($0)) }?.iso ?? ""
                page.done = Self.done(fields["done"].map(String.init), page.readers, found.reaches)
            }
        }
        pages.post("patients/:patient/sharing") { request, visit in try await share(request, visit) }
        pages.post("patients/:patient/sharing/stop") { request, visit in try await stopSharing(request, visit) }
        pages.post("patients/:patient/sharing/invite") { request, visit in try await invite(request, visit) }
        pages.post("patients/:patient/sharing/withdraw") { request, visit in try await withdraw(request, visit) }
    }

    /// The page; `change` puts in what was sent, or was done.
    private func show(_ visit: PageVisit, _ change: (inout SharingPage, PatientRecords.Reaches) -> Void = { _, _ in })
        async throws -> Response
    {
        let found = try await records.reaches(of: visit.patient, for: visit.caller)
        let reached = Set(found.reaches.compactMap { $0.member?.account })
        let choices = found.clinicians.filter { !reached.contains($0.account) && $0.account != visit.person.account }
        var page = SharingPage(
            patient: try charts.card(found.patient, visit, isOwn: true),
            readers: found.reaches.map { reader($0, visit) },
            clinicians: choices.map {
                SharingPage.Clinician(id: "\($0.account)", name: $0.name, role: visit.words.role($0.roles))
            },
            waiting: found.waiting.map { waiting($0.invitation, $0.name, visit) },
            offersGuests: visit.person.profile == .family
        )
        change(&page, found)
        let hasErrors = page.draft.hasErrors || page.guest.hasErrors
        return visit.response(page, status: hasErrors ? .unprocessableContent : .ok)
    }

    /// What the address says was done: the id of the account with whom it was shared just now, or that sharing was stopped.
    private static func done(
        _ text: String?,
        _ readers: [SharingPage.Reader],
        _ reaches: [PatientRecords.ReachedBy]
    ) -> SharingPage.Done? {
        if text == SharingPage.Done.stopping { return .stopped }
        guard let account = text.flatMap(Person.ID.init) else { return nil }
        for (reader, reach) in zip(readers, reaches) where reach.kind == .share && reach.member?.account == account {
            if let until = reader.until { return .shared(with: reader.name, until: until) }
        }
        return nil
    }

    /// By what right somebody reads, in words.
    static func reason(_ reach: PatientRecords.ReachedBy, _ visit: PageVisit) -> String {
        switch reach.kind {
        case .guardian: "keeps the record"
        case .self: "it is their own record"
        case .share: SharingPage.reason(reach.purpose)
        case .careTeam: "belongs to the care team"
        case .assignment: "was sent to the job"
        case .breakGlass, .breakGlassWrite: "opened it in an emergency"
        case .carer: "looks after them, too"
        case .carerReading: "reads, as one of the carers"
        case .appointment:
            reach.since > Date()
                ? "has an appointment with them; can read from \(visit.words.date(Moment(reach.since, in: visit.zone).day))"
                : "has an appointment with them"
        }
    }

    private func reader(_ reach: PatientRecords.ReachedBy, _ visit: PageVisit) -> SharingPage.Reader {
        SharingPage.Reader(
            name: reach.member?.name ?? "Someone who has left",
            role: reach.member.map { visit.words.role($0.roles) } ?? "",
            isYou: reach.member?.account == visit.person.account,
            reason: Self.reason(reach, visit),
            until: reach.until.map { Day.last(before: $0, in: visit.zone) },
            sees: reach.kinds.map(ShownKinds.words),
            lastLooked: reach.lastLooked.map { Moment($0, in: visit.zone) },
            share: [.share, .carer, .carerReading].contains(reach.kind) ? reach.id.uuidString.lowercased() : nil
        )
    }

    private func waiting(_ invitation: WaitingInvitation, _ name: String?, _ visit: PageVisit) -> SharingPage.Waiting {
        SharingPage.Waiting(
            id: invitation.id.uuidString.lowercased(),
            name: name ?? "Somebody",
            reason: SharingPage.reason(invitation.purpose ?? .care),
            sees: invitation.kinds.map(ShownKinds.words),
            last: invitation.reachUntil.map { Moment($0.addingTimeInterval(-1), in: visit.zone).day },
            until: Moment(invitation.until, in: visit.zone).day
        )
    }

    // MARK: With somebody who belongs here

    private func share(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = SharingPage.Draft(
            clinician: form["clinician"],
            purpose: form["purpose"],
            until: form["until"] ?? "",
            shown: ShownKinds { form[$0] != nil }
        )
        let account = draft.clinician.flatMap(Person.ID.init)
        let purpose = draft.purpose.flatMap(Purpose.init)
        let last = Self.lastDay(draft.until, visit)
        if account == nil { draft.clinicianError = "Please choose who may read." }
        if purpose == nil { draft.purposeError = "Please choose why." }
        if last == nil { draft.untilError = Self.whichDay }
        guard let account, let purpose, let last, !draft.hasErrors else {
            return try await show(visit) { page, _ in page.draft = draft }
        }
        let until = last.end(in: visit.zone)
        let patient = try visit.patient
        // What it is for is asked again: that stands in no address.
        let draftAgain = Address.sharing(of: patient, clinician: "\(account)", until: last)
        return try await SecondFactorRoutes.steppingUp(backTo: draftAgain) {
            try await records.share(
                patient,
                with: account,
                purpose: purpose,
                until: until,
                kinds: draft.shown.types(of: ResourceType.names),
                for: visit.caller
            )
            return .seeOther(.sharing(of: patient, done: "\(account)"))
        }
    }

    private func stopSharing(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let share = form["share"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.stopSharing(share, of: visit.patient, for: visit.caller)
        return .seeOther(.sharing(of: try visit.patient, done: SharingPage.Done.stopping))
    }

    private static let whichDay = "Please choose a day from today on, within a year."

    /// The day that was sent, if a share can end on it.
    private static func lastDay(_ text: String, _ visit: PageVisit) -> Day? {
        let today = Day.today(in: visit.zone)
        return Day(fhir: text).flatMap { $0.day != nil && $0 >= today && $0 <= today.adding(days: 365) ? $0 : nil }
    }

    // MARK: With a guest

    private func invite(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = SharingPage.GuestDraft(
            name: form["name"] ?? "",
            email: form["email"] ?? "",
            purpose: form["purpose"],
            until: form["until"] ?? "",
            shown: ShownKinds { form[$0] != nil }
        )
        let purpose = draft.purpose.flatMap(Purpose.init)
        let last = Self.lastDay(draft.until, visit)
        if purpose == nil { draft.purposeError = "Please choose why." }
        if last == nil { draft.untilError = Self.whichDay }
        (draft.nameError, draft.emailError) = CarerRoutes.problems(name: draft.name, email: draft.email, of: records)
        guard let purpose, let last, !draft.hasErrors else {
            return try await show(visit) { page, _ in page.guest = draft }
        }
        return try await SecondFactorRoutes.steppingUp(backTo: .sharing(of: visit.patient)) {
            try await ask(draft, for: purpose, until: last.end(in: visit.zone), visit)
        }
    }

    private func ask(_ draft: SharingPage.GuestDraft, for purpose: Purpose, until: Date, _ visit: PageVisit)
        async throws -> Response
    {
        let patient = try await records.reaches(of: visit.patient, for: visit.caller).patient
        let names = CarerTerms.Names(
            patient: PatientFacts(try patient.resource, words: visit.words).shortName,
            inviter: visit.person.name
        )
        let kinds = draft.shown.types(of: ResourceType.names)
        var wrong = draft
        do {
            let invitation = try await records.invite(
                draft.name,
                address: draft.email,
                as: CarerTerms(names: names, guestFor: purpose, kinds: kinds, until: until),
                to: visit.patient,
                for: visit.caller
            )
            let link = "\(baseURL)/password?link=\(invitation.link.text)"
            return try await show(visit) { page, _ in
                page.done = invitation.isMailed ? .mailed(to: draft.name) : .made(for: draft.name, link: link)
            }
        } catch Refusal.exists {
            wrong.emailError = "Whoever has this address can read this record already."
        } catch Refusal.reachIsNotYours {
            wrong.untilError =
                "That is longer than you may give, it would be to yourself, or asking others in is not for you to do here."
        } catch Refusal.roleIsNotYours {
            wrong.emailError = "Whoever has this address waits here for more than you may give."
        } catch Refusal.shareLastsTooLong {
            wrong.untilError = Self.whichDay
        }
        return try await show(visit) { page, _ in page.guest = wrong }
    }

    private func withdraw(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let invitation = form["invitation"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.withdrawInvitation(invitation, to: visit.patient, for: visit.caller)
        return .seeOther(.sharing(of: try visit.patient))
    }
}
