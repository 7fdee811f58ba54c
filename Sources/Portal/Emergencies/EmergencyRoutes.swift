import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Records

/// Opening a record in an emergency, and reviewing what others opened. The gate decides who does either. (ROL-8)
///
///     GET  /emergency                 the terms, and the form
///     POST /emergency                 open the record of the one patient who fits
///     GET  /emergency/reviews         what was opened: what waits for a review, and what had one
///     GET  /emergency/reviews/{id}    one of them: the reason, and what was done in that time
///     POST /emergency/reviews/{id}    whether it was right
struct EmergencyRoutes {
    let records: PatientRecords

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("emergency") { _, visit in try await form(visit) }
        pages.post("emergency") { request, visit in try await open(request, visit) }
        pages.get("emergency/reviews") { _, visit in try await list(visit) }
        pages.get("emergency/reviews/:emergency") { _, visit in try await one(visit) }
        pages.post("emergency/reviews/:emergency") { request, visit in try await review(request, visit) }
    }

    // MARK: Opening

    private func form(_ visit: PageVisit, draft: EmergencyPage.Draft = .init()) async throws -> Response {
        let terms = try await records.emergencyTerms(for: visit.caller)
        let page = EmergencyPage(
            minutes: terms.minutes,
            writes: terms.writes,
            kinds: EmergencyKind.allCases.map { Choice.Option(value: $0.rawValue, label: $0.label) },
            draft: draft
        )
        return visit.response(page, status: draft.hasErrors ? .unprocessableContent : .ok)
    }

    private func open(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = EmergencyPage.Draft(
            name: form["name"] ?? "",
            born: form["born"] ?? "",
            identifier: form["identifier"] ?? "",
            kind: form["kind"],
            reason: form["reason"] ?? ""
        )
        let search = Self.search(&draft)
        let kind = draft.kind.flatMap(EmergencyKind.init)
        if kind == nil { draft.kindError = "Please choose what kind of emergency it is." }
        if !(10...EmergencyPage.longestReason).contains(draft.reason.unicodeScalars.count) {
            draft.reasonError = "Please write what is happening, in 10 to \(EmergencyPage.longestReason) characters."
        }
        guard let search, let kind, !draft.hasErrors else { return try await self.form(visit, draft: draft) }
        switch try await records.openInEmergency(search, kind: kind, reason: draft.reason, for: visit.caller) {
        case .open(let patient, until: nil): return .seeOther(.timeline(of: patient))
        case .open(let patient, until: let until?):
            return visit.response(EmergencyOpenPage(patient: patient, until: Moment(until, in: visit.zone)))
        case .notOne: draft.problem = .notOne
        case .tooMany: draft.problem = .tooMany
        }
        return try await self.form(visit, draft: draft)
    }

    /// Whom is it about: by the number if there is one, else by name and birth date.
    private static func search(_ draft: inout EmergencyPage.Draft) -> EmergencySearch? {
        if !draft.identifier.isEmpty { return .identifier(draft.identifier) }
        if EmergencySearch.words(of: draft.name).count < 2 {
            draft.nameError = "Please write given name and family name, or use the number below."
        }
        if Day(fhir: draft.born)?.day == nil {
            draft.bornError = "Please enter the whole birth date, or use the number below."
        }
        return draft.hasErrors ? nil : .name(draft.name, born: draft.born)
    }

    // MARK: Reviewing

    private func list(_ visit: PageVisit) async throws -> Response {
        let all = try await records.emergencies(for: visit.caller).map { line($0, visit) }
        return visit.response(EmergencyReviewsPage(lines: all))
    }

    private func line(_ emergency: Emergency, _ visit: PageVisit) -> EmergencyReviewsPage.Line {
        let now = Date()
        return EmergencyReviewsPage.Line(
            id: emergency.id.uuidString.lowercased(),
            name: emergency.who?.name ?? "Someone who has left",
            role: emergency.who.map { visit.words.role($0.roles) },
            isOwn: emergency.isOwn,
            since: Moment(emergency.since, in: visit.zone),
            until: emergency.until.map { Moment($0, in: visit.zone) },
            isOn: emergency.until.map { $0 > now } ?? false,
            reviewBy: emergency.reviewBy.map { Moment($0, in: visit.zone) },
            isOverdue: emergency.review == nil && (emergency.reviewBy.map { $0 <= now } ?? false),
            kind: emergency.kind?.label ?? "Another emergency",
            reason: emergency.reason,
            review: emergency.review.map { review in
                EmergencyReviewsPage.Review(
                    when: Moment(review.at, in: visit.zone),
                    name: review.who?.name ?? "Someone who has left",
                    isJustified: review.isJustified,
                    words: review.words
                )
            }
        )
    }

    private func one(_ visit: PageVisit, draft: EmergencyReviewPage.Draft = .init()) async throws -> Response {
        let id = try Self.id(visit)
        guard let found = try await records.emergencies(for: visit.caller).first(where: { $0.id == id }) else {
            throw Refusal.notFound
        }
        let page = EmergencyReviewPage(
            line: line(found, visit),
            deeds: found.deeds.filter { $0.act != Act.openInEmergency.rawValue }.map { deed in
                EmergencyReviewPage.Deed(
                    when: Moment(deed.at, in: visit.zone),
                    words: deed.words
                )
            },
            draft: draft
        )
        return visit.response(page, status: draft.hasErrors ? .unprocessableContent : .ok)
    }

    private func review(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        var draft = EmergencyReviewPage.Draft(verdict: form["verdict"], words: form["words"] ?? "")
        if !["right", "not-right"].contains(draft.verdict) {
            draft.verdictError = "Please choose whether it was right."
        }
        if !(3...EmergencyPage.longestReason).contains(draft.words.unicodeScalars.count) {
            draft.wordsError = "Please say why, in 3 to \(EmergencyPage.longestReason) characters."
        }
        guard !draft.hasErrors else { return try await one(visit, draft: draft) }
        try await records.reviewEmergency(
            Self.id(visit),
            isJustified: draft.verdict == "right",
            words: draft.words,
            for: visit.caller
        )
        return .seeOther(.emergencyReviews)
    }

    private static func id(_ visit: PageVisit) throws -> UUID {
        guard let id = UUID(uuidString: try visit.parameters.require("emergency")) else { throw Refusal.notFound }
        return id
    }
}

extension EmergencyKind {
    /// As it is chosen and read.
    var label: String {
        switch self {
        case .unconscious: "Unconscious, or cannot answer"
        case .collapse: "Collapse, chest pain or a seizure"
        case .bleeding: "Injury or bleeding"
        case .breathing: "Trouble breathing"
        case .allergy: "An allergic reaction"
        case .poisoning: "Poisoning, or a wrong medicine"
        case .mentalHealth: "Danger to themselves or to others"
        case .other: "Another emergency"
        }
    }

    /// For those whose record it is, after a name.
    static func told(_ kind: String) -> String {
        let kind = (EmergencyKind(rawValue: kind) ?? .other).label.lowercased()
        return
            "opened this record in an emergency (\(kind)), for an hour at most; somebody else checks whether it was right"
    }
}

extension Emergency.Deed {
    /// What was done, after a time.
    fileprivate var words: String {
        let words =
            switch Act(rawValue: act) {
            case .readRecord?: "opened the record or an entry"
            case .searchRecords?, .browseRecords?: "read the timeline, or searched in the record"
            case .readHistory?, .readPatientHistory?: "looked at earlier versions of entries"
            case .createRecord?, .createRecordAboutSeveral?: "added an entry"
            case .updateRecord?: "changed an entry"
            case .listPatients?, .searchPatients?, .browsePatients?: "saw the name in a list"
            case .readEverything?: "downloaded all of the record"
            default: "did something else (\(act))"
            }
        return granted ? words : "was refused: \(words)"
    }
}
