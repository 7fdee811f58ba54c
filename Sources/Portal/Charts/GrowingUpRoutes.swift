import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Growing up: what changes when, an account of one's own, and who goes on when somebody decides by themselves.
///
///     GET  /patients/{id}/growing-up     what changes at which birthday
///     GET  /patients/{id}/own-account    what an account of their own is
///     POST /patients/{id}/own-account    ask them to have one
///     POST /patients/{id}/carers/keep    let somebody go on
struct GrowingUpRoutes {
    let records: PatientRecords
    let charts: ChartRoutes
    let baseURL: String

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("patients/:patient/growing-up") { _, visit in try await show(visit) }
        pages.get("patients/:patient/own-account") { _, visit in try await ask(visit) }
        pages.post("patients/:patient/own-account") { request, visit in
            let back = Address.ownAccount(of: try visit.patient)
            return try await SecondFactorRoutes.steppingUp(backTo: back) { try await invite(request, visit) }
        }
        pages.post("patients/:patient/carers/keep") { request, visit in
            let back = Address.carers(of: try visit.patient)
            return try await SecondFactorRoutes.steppingUp(backTo: back) { try await keep(request, visit) }
        }
    }

    private func show(_ visit: PageVisit) async throws -> Response {
        let found = try await records.growingUp(of: visit.patient, for: visit.caller)
        let facts = PatientFacts(try found.patient.resource, words: visit.words)
        return visit.response(
            GrowingUpPage(
                patient: try charts.card(found.patient, visit),
                steps: GrowingUpPage.steps(
                    born: facts.born,
                    rules: found.rules.map { ($0.age, $0.words, $0.source) },
                    reviewBefore: found.reviewBefore
                ),
                timeZone: visit.zone.identifier,
                own: found.rules.contains(where: \.opensAccount) ? words(found, facts, visit) : nil,
                hasAccount: found.handsOverAt != nil
            )
        )
    }

    private func words(_ found: GrowingUp, _ facts: PatientFacts, _ visit: PageVisit) -> OwnAccountWords {
        let planned = found.handsOverAt.map { Moment($0, in: visit.zone).day }
        return OwnAccountWords(
            name: facts.shortName,
            decidesFrom: planned ?? day(of: \.handsOver, found, facts).map { max($0, Day.today(in: visit.zone)) }
        )
    }

    /// The birthday from which on a rule holds.
    private func day(of rule: (AgeRule) -> Bool, _ found: GrowingUp, _ facts: PatientFacts) -> Day? {
        guard let born = facts.born, let age = found.rules.first(where: rule)?.age else { return nil }
        return born.birthday(age)
    }

    // MARK: An account of one's own

    private func ask(_ visit: PageVisit, _ change: (inout OwnAccountPage) -> Void = { _ in }) async throws -> Response {
        let found = try await records.growingUp(of: visit.patient, for: visit.caller)
        guard found.rules.contains(where: \.opensAccount) else { throw Refusal.notFound }
        let facts = PatientFacts(try found.patient.resource, words: visit.words)
        var page = OwnAccountPage(
            patient: try charts.card(found.patient, visit),
            words: words(found, facts, visit)
        )
        if let opens = day(of: \.opensAccount, found, facts) {
            if opens > Day.today(in: visit.zone) { page.obstacle = .waits(until: opens) }
        } else {
            page.obstacle = .unknownAge
        }
        change(&page)
        return visit.response(page, status: page.emailError == nil ? .ok : .unprocessableContent)
    }

    private func invite(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let email = form["email"] ?? ""
        let wrong = { (error: String) in
            try await ask(visit) { page in (page.email, page.emailError) = (email, error) }
        }
        guard email.split(separator: "@").count == 2, email.utf8.count <= 254,
            !records.mailsInvitations || MailAddress(email) != nil
        else { return try await wrong("Please enter an email address, such as name@example.org.") }
        let found = try await records.growingUp(of: visit.patient, for: visit.caller)
        let facts = PatientFacts(try found.patient.resource, words: visit.words)
        guard let born = facts.born, born.day != nil else { throw Refusal.accountWaits }
        do {
            let invitation = try await records.inviteThemselves(
                facts.name.isEmpty ? facts.shortName : facts.name,
                address: email,
                named: .init(
                    patient: facts.shortName,
                    inviter: visit.person.name,
                    grownUpOn: words(found, facts, visit).decidesFrom?.iso
                ),
                born: born.iso,
                to: visit.patient,
                for: visit.caller
            )
            let link = "\(baseURL)/password?link=\(invitation.link.text)"
            return try await ask(visit) { $0.done = invitation.isMailed ? .mailed : .made(link: link) }
        } catch Refusal.exists {
            return try await wrong(
                "Somebody has an account for this record already, or this address is of one who looks after it."
            )
        } catch Refusal.reachIsNotYours {
            return try await wrong("Only those who keep this record may ask, and nobody themselves.")
        }
    }

    // MARK: Going on

    private func keep(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let account = form["account"].flatMap(Person.ID.init), let way = form["may"].flatMap(Reach.init) else {
            throw Refusal.notFound
        }
        do {
            try await records.keepCarer(account, as: way, of: visit.patient, for: visit.caller)
        } catch Refusal.exists {
            // They go on already: the page says so.
        }
        return .seeOther(.carers(of: try visit.patient))
    }
}
