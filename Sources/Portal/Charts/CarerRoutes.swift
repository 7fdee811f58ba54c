import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Who looks after somebody's record, and asking others to.
///
///     GET  /patients/{id}/carers            who does, and who was asked
///     POST /patients/{id}/carers            ask somebody
///     POST /patients/{id}/carers/withdraw   take an invitation back
///     POST /patients/{id}/carers/end        let somebody out
///     GET  /patients/{id}/carers/{account}/pause   ask why, and whom they may ask
///     POST /patients/{id}/carers/{account}/pause   keep somebody out for now
///     POST /patients/{id}/carers/resume     let them in again
///     POST /invitation/decline              say no, by an invitation's link
struct CarerRoutes {
    let records: PatientRecords
    let signIn: SignIn
    let charts: ChartRoutes
    let baseURL: String

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients/:patient/carers") { _, visit in try await list(visit) }
        pages.post("patients/:patient/carers") { request, visit in try await invite(request, visit) }
        pages.post("patients/:patient/carers/withdraw") { request, visit in try await withdraw(request, visit) }
        pages.get("patients/:patient/carers/:account/pause") { _, visit in try await askWhy(visit) }
        pages.post("patients/:patient/carers/:account/pause") { request, visit in try await pause(request, visit) }
        pages.post("patients/:patient/carers/resume") { request, visit in try await resume(request, visit) }
        pages.post("patients/:patient/carers/end") { request, visit in try await end(request, visit) }
    }

    func add(toOpen open: RouterGroup<Visit>) {
        open.post("invitation/decline") { request, visit in try await decline(request, visit) }
    }

    private func list(_ visit: PageVisit, draft: CarersPage.Draft = .init(), done: CarersPage.Done? = nil) async throws
        -> Response
    {
        let found = try await records.carers(of: visit.patient, for: visit.caller)
        let page = CarersPage(
            patient: try charts.card(found.patient, visit, isOwn: true),
            carers: found.carers.map { carer($0, in: found, visit) },
            waiting: found.waiting.map { waiting($0.invitation, $0.name, visit) },
            paused: found.pauses.map { paused($0, found.names, visit) },
            draft: draft,
            done: done
        )
        return visit.response(page, status: draft.hasErrors ? .unprocessableContent : .ok)
    }

    private func carer(_ carer: PatientRecords.Carer, in found: PatientRecords.Carers, _ visit: PageVisit)
        -> CarersPage.Carer
    {
        let reach = carer.reach
        let account = reach.member?.account
        let isPaused = found.pauses.contains { $0.account == account }
        let isOver = reach.until.map { $0 <= Date() } ?? false
        let ownGave: Set<Reach> = [.guardian, .carer, .carerReading, .share]
        let canBePaused =
            !isPaused && !isOver && account != visit.person.account
            && (ownGave.contains(reach.kind) || visit.person.profile == .family && reach.kind != .self)
        return CarersPage.Carer(
            name: reach.member?.name ?? "Someone who has left",
            isYou: reach.member?.account == visit.person.account,
            does: CarerWords.does(reach.kind),
            sees: reach.kinds.map(ShownKinds.words),
            basis: carer.basis.map { CarerWords.label($0).lowercased() },
            from: reach.since > Date() ? Moment(reach.since, in: visit.zone).day : nil,
            until: reach.until.map { lastDay(before: $0, visit) },
            reach: isOver
                ? nil : [.carer, .carerReading].contains(reach.kind) ? reach.id.uuidString.lowercased() : nil,
            keep: mayGoOn(carer, in: found, visit) ? account.map { "\($0)" } : nil,
            account: canBePaused ? account.map { "\($0)" } : nil,
            isPaused: isPaused
        )
    }

    /// Whether whoever looks is the one whose record it is, and may say now that this carer goes on.
    private func mayGoOn(_ carer: PatientRecords.Carer, in found: PatientRecords.Carers, _ visit: PageVisit) -> Bool {
        let isOwn = found.carers.contains { $0.reach.kind == .self && $0.reach.member?.account == visit.person.account }
        guard isOwn, let ends = found.handsOverAt, carer.reach.until == ends, let member = carer.reach.member else {
            return false
        }
        let review = ends.addingTimeInterval(-86_400 * Double(found.reviewBefore))
        return member.isActive && review <= Date()
            && !found.carers.contains { $0.reach.member?.account == member.account && $0.reach.since >= ends }
    }

    private func paused(_ pause: Pause, _ names: [Person.ID: String], _ visit: PageVisit) -> CarersPage.Paused {
        CarersPage.Paused(
            id: pause.id.uuidString.lowercased(),
            name: names[pause.account] ?? "Someone who has left",
            by: names[pause.by] ?? "someone who has left",
            since: Moment(pause.since, in: visit.zone).day,
            reason: pause.reason
        )
    }

    private func waiting(_ invitation: WaitingInvitation, _ name: String?, _ visit: PageVisit) -> CarersPage.Waiting {
        CarersPage.Waiting(
            id: invitation.id.uuidString.lowercased(),
            name: name ?? "Somebody",
            does: CarerWords.does(invitation.way),
            basis: invitation.basis.map { CarerWords.label($0).lowercased() } ?? "",
            until: Moment(invitation.until, in: visit.zone).day
        )
    }

    /// The last day of something that ends at a midnight.
    private func lastDay(before end: Date, _ visit: PageVisit) -> Day {
        Moment(end.addingTimeInterval(-1), in: visit.zone).day
    }

    // MARK: Asking

    private func invite(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = CarersPage.Draft(
            name: form["name"] ?? "",
            email: form["email"] ?? "",
            basis: form["basis"],
            may: form["may"],
            until: form["until"] ?? "",
            shown: ShownKinds { form[$0] != nil }
        )
        let offer = check(&draft, visit)
        guard let (way, basis, until) = offer, !draft.hasErrors else { return try await list(visit, draft: draft) }
        let found = try await records.carers(of: visit.patient, for: visit.caller)
        let patient = found.patient
        let handsOver = found.handsOverAt.flatMap { $0 > Date() ? $0 : nil }
        let terms = CarerTerms(
            names: .init(
                patient: PatientFacts(try patient.resource, words: visit.words).shortName,
                inviter: visit.person.name
            ),
            way: way,
            kinds: draft.shown.types(of: ResourceType.names),
            basis: basis,
            // Whoever is let in before somebody decides by themselves is let in until then.
            until: until ?? handsOver
        )
        do {
            let invitation = try await records.invite(
                draft.name,
                address: draft.email,
                as: terms,
                to: visit.patient,
                for: visit.caller
            )
            let link = "\(baseURL)/password?link=\(invitation.link.text)"
            return try await list(
                visit,
                done: invitation.isMailed ? .mailed(to: draft.name) : .made(for: draft.name, link: link)
            )
        } catch Refusal.exists {
            draft.emailError = "Whoever has this address looks after the record already."
        } catch Refusal.reachIsNotYours {
            draft.mayError = "That is more than you may give, or for longer, or it would be to yourself."
        }
        return try await list(visit, draft: draft)
    }

    /// What is offered, if what was sent makes sense; else what is wrong with it is in the draft.
    private func check(_ draft: inout CarersPage.Draft, _ visit: PageVisit) -> (Reach, CarerBasis, Date?)? {
        let way = draft.may.flatMap(Reach.init).flatMap { CarerWords.ways.contains($0) ? $0 : nil }
        let basis = draft.basis.flatMap(CarerBasis.init)
        (draft.nameError, draft.emailError) = Self.problems(name: draft.name, email: draft.email, of: records)
        if basis == nil { draft.basisError = "Please choose on what basis." }
        if way == nil { draft.mayError = "Please choose what they may do." }
        if way == .guardian, draft.shown.types(of: ResourceType.names) != nil {
            draft.shown.error = "Whoever may do everything sees the whole record. Please tick all, or let them do less."
        }
        var until: Date?
        if !draft.until.isEmpty {
            guard let last = Day(fhir: draft.until), last.day != nil, last >= Day.today(in: visit.zone) else {
                draft.untilError = "Please choose a day from today on, or none."
                return nil
            }
            until = last.end(in: visit.zone)
        }
        guard let way, let basis else { return nil }
        return (way, basis, until)
    }

    /// What is wrong with whom somebody asks.
    static func problems(name: String, email: String, of records: PatientRecords) -> (name: String?, email: String?) {
        let isAddress =
            email.split(separator: "@").count == 2 && email.utf8.count <= 254
            && (!records.mailsInvitations || MailAddress(email) != nil)
        return (
            (1...200).contains(name.count) ? nil : "Please enter their name, in 200 letters or fewer.",
            isAddress ? nil : "Please enter an email address, such as name@example.org."
        )
    }

    private func withdraw(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let invitation = form["invitation"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.withdrawInvitation(invitation, to: visit.patient, for: visit.caller)
        return .seeOther(.carers(of: try visit.patient))
    }

    private func end(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let reach = form["reach"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.stopSharing(reach, of: visit.patient, for: visit.caller)
        return .seeOther(.carers(of: try visit.patient))
    }

    // MARK: Pausing

    private func askWhy(_ visit: PageVisit, _ change: (inout PausePage) -> Void = { _ in }) async throws -> Response {
        let account = try pausedAccount(visit)
        let found = try await records.carers(of: visit.patient, for: visit.caller)
        guard let name = found.carers.first(where: { $0.reach.member?.account == account })?.reach.member?.name else {
            throw Refusal.notFound
        }
        var page = PausePage(
            patient: try charts.card(found.patient, visit, isOwn: true),
            carer: name,
            account: "\(account)",
            toAsk: found.toAsk.filter { $0.account != account }.map {
                Choice.Option(value: "\($0.account)", label: $0.name)
            },
            ask: "\(visit.person.account)"
        )
        change(&page)
        return visit.response(page, status: page.hasErrors ? .unprocessableContent : .ok)
    }

    private func pausedAccount(_ visit: PageVisit) throws -> Person.ID {
        guard let account = Person.ID(try visit.parameters.require("account")) else { throw Refusal.notFound }
        return account
    }

    private func pause(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let (reason, named) = (form["reason"] ?? "", form["ask"].flatMap(Person.ID.init))
        let told: (inout PausePage) -> Void = { page in (page.reason, page.ask) = (reason, form["ask"]) }
        guard (1...2_000).contains(reason.unicodeScalars.count), let ask = named else {
            return try await askWhy(visit) { page in
                told(&page)
                if named == nil { page.askError = "Please choose whom they may ask." }
                if !(1...2_000).contains(reason.unicodeScalars.count) {
                    page.reasonError = "Please say why, in 2,000 letters or fewer."
                }
            }
        }
        let patient = try await records.carers(of: visit.patient, for: visit.caller).patient
        do {
            try await records.pauseCarer(
                pausedAccount(visit),
                ask: ask,
                reason: reason,
                patientName: PatientFacts(try patient.resource, words: visit.words).shortName,
                from: visit.patient,
                for: visit.caller
            )
        } catch Refusal.reachIsNotYours {
            return try await askWhy(visit) { page in
                told(&page)
                page.askError =
                    "Whoever keeps this record is paused only by an owner or administrator, and an owner by an owner. "
                    + "Whom they may ask must belong here, and be somebody else."
            }
        }
        return .seeOther(.carers(of: try visit.patient))
    }

    private func resume(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let pause = form["pause"].flatMap(UUID.init(uuidString:)) else { throw Refusal.notFound }
        try await records.resumeCarer(pause, from: visit.patient, for: visit.caller)
        return .seeOther(.carers(of: try visit.patient))
    }

    // MARK: Saying no

    private func decline(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard let link = form["token"].flatMap(AccountLink.init) else { throw Refusal.linkIsUsedUp }
        try await signIn.decline(link, origin: visit.origin(of: request))
        return Response(page: Frame(visitorOn: .now).document(DeclinedPage()))
    }
}

extension CarerWords {
    init(_ terms: CarerTerms) {
        self.init(
            patient: terms.names.patient,
            inviter: terms.names.inviter,
            decidesFrom: terms.names.grownUpOn.flatMap { Day(fhir: $0) },
            way: terms.way,
            sees: terms.kinds.map(ShownKinds.words),
            basis: terms.basis,
            purpose: terms.purpose,
            until: terms.until.map {
                Moment($0.addingTimeInterval(-1), in: TimeZone(identifier: terms.timeZone) ?? .gmt).day
            }
        )
    }
}
