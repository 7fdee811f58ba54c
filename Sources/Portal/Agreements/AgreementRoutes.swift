import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People

/// What an organisation asks its members: reading and answering it, for everybody; publishing, for those who may. (GOV-9)
///
///     GET  /agreements                          what is asked and what was answered; `next` is the way back, `language` a wish
///     POST /agreements                          answer one: `agreement`, `version`, `language`, `answer`, `next`
///     GET  /settings/agreements                 every version, and how many said what
///     POST /settings/agreements                 publish one that was not there
///     GET  /settings/agreements/{agreement}     its next version, or another language
///     POST /settings/agreements/{agreement}
///
///     GET  /api/agreements                      the same for programs
///     POST /api/agreements                      {"kind", "language", "title", "text", "effective"} → {"id", "version"}
///     POST /api/agreements/{agreement}/versions {"language", "title", "text", "changes", "effective"} → {"version"}
///     POST /api/agreements/{agreement}/answers  {"version", "language", "answer"}
struct AgreementRoutes {
    let members: Members

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("agreements") { request, visit in
            let query = request.uri.queryParameters
            return try await read(
                visit,
                language: query["language"].map(String.init),
                next: query["next"].flatMap { Address(returningTo: String($0)) }
            )
        }
        pages.post("agreements") { request, visit in try await answer(request, visit) }
        pages.get("settings/agreements") { request, visit in
            try await desk(visit, isDone: request.uri.queryParameters["done"] != nil)
        }
        pages.post("settings/agreements") { request, visit in try await publish(request, visit) }
        pages.get("settings/agreements/:agreement") { _, visit in try await one(visit) }
        pages.post("settings/agreements/:agreement") { request, visit in try await goOn(request, visit) }
    }

    // MARK: Reading and answering

    private func read(
        _ visit: PageVisit,
        language: String? = nil,
        next: Address? = nil,
        problem: String? = nil
    ) async throws -> Response {
        let page = AgreementsPage(
            agreements: try await members.agreements(for: visit.caller).map {
                AgreementsPage.Item($0, in: language, zone: visit.zone)
            },
            next: next,
            problem: problem
        )
        return visit.response(page, status: problem == nil ? .ok : .conflict)
    }

    private func answer(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let next = form["next"].flatMap { Address(returningTo: $0) }
        guard let agreement = form["agreement"].flatMap(UUID.init(uuidString:)),
            let version = form["version"].flatMap({ Int($0) }), let language = form["language"],
            let reply = form["answer"].flatMap(Agreement.Reply.init)
        else { throw Refusal.notFound }
        do {
            try await members.answer(agreement, version: version, language: language, reply, for: visit.caller)
        } catch Refusal.changedMeanwhile {
            return try await read(
                visit,
                language: language,
                next: next,
                problem: "Another version was published meanwhile. Please read what is asked now. Nothing was noted."
            )
        }
        let isFree = try await members.agreements(for: visit.caller).allSatisfy { !$0.isDue }
        return .seeOther(isFree ? next ?? .agreements : .agreements(next: next, language: language))
    }

    // MARK: Publishing

    private func desk(_ visit: PageVisit, draft: AgreementDeskPage.Draft = .init(), isDone: Bool = false) async throws
        -> Response
    {
        try visit.require("settings.read")
        let counts = try await members.agreementCounts(for: visit.caller)
        let page = AgreementDeskPage(
            counts: counts.map { AgreementDeskPage.Line($0, zone: visit.zone) },
            mayPublish: visit.person.permits.contains("settings.administer"),
            draft: draft,
            isDone: isDone
        )
        return visit.response(page, status: draft.rules.isEmpty ? .ok : .unprocessableContent)
    }

    private func publish(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller, limit: Self.bodyLimit)
        var (draft, wanted) = Self.draft(in: form, visit, isFirst: true)
        let kind = form["kind"].flatMap(Agreement.Kind.init)
        draft.kind = kind?.rawValue
        if kind == nil { draft.rules["kind"] = "Please choose what it is." }
        guard let kind, draft.rules.isEmpty else { return try await desk(visit, draft: draft) }
        do {
            try await members.publish(wanted, as: UUID(), kind, for: visit.caller)
        } catch Refusal.endIsNotPossible {
            draft.rules["effective"] = Self.dayRule
            return try await desk(visit, draft: draft)
        }
        return .seeOther(.agreementDeskDone)
    }

    private func one(_ visit: PageVisit, draft: AgreementDeskPage.Draft? = nil) async throws -> Response {
        try visit.require("settings.administer")
        let id = try Self.agreement(visit)
        let versions = try await members.agreementCounts(for: visit.caller).filter { $0.agreement == id }
        guard let last = versions.first else { throw Refusal.notFound }
        let page = AgreementVersionPage(
            last: AgreementDeskPage.Line(last, zone: visit.zone),
            draft: draft ?? .init(language: last.languages.first ?? "en", title: last.title)
        )
        return visit.response(page, status: draft == nil ? .ok : .unprocessableContent)
    }

    private func goOn(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller, limit: Self.bodyLimit)
        let id = try Self.agreement(visit)
        guard let last = try await members.agreementCounts(for: visit.caller).first(where: { $0.agreement == id })
        else {
            throw Refusal.notFound
        }
        let isLanguage = form["as"] == "language"
        var (draft, wanted) = Self.draft(in: form, visit, isFirst: isLanguage && last.version == 1)
        draft.isLanguage = isLanguage
        guard draft.rules.isEmpty else { return try await one(visit, draft: draft) }
        do {
            if isLanguage {
                try await members.translate(wanted, of: id, for: visit.caller)
            } else {
                try await members.publish(wanted, as: id, last.kind, for: visit.caller)
            }
        } catch Refusal.exists {
            draft.rules["language"] = "This version is there in that language already."
            return try await one(visit, draft: draft)
        } catch Refusal.endIsNotPossible {
            draft.rules["effective"] = Self.dayRule
            return try await one(visit, draft: draft)
        }
        return .seeOther(.agreementDeskDone)
    }

    /// Room for the longest text, each letter of it encoded.
    private static let bodyLimit = 512 << 10
    private static let dayRule =
        "Please choose a day from today on, within a year, and not before the version that it follows."

    private static func draft(in form: Form, _ visit: PageVisit, isFirst: Bool) -> (
        AgreementDeskPage.Draft, AgreementDraft
    ) {
        var wanted = AgreementDraft(
            language: form["language"] ?? "",
            title: form["title"] ?? "",
            body: form["text"] ?? "",
            changes: form["changes"] ?? ""
        )
        var draft = AgreementDeskPage.Draft(
            language: wanted.language,
            title: wanted.title,
            text: wanted.body,
            changes: wanted.changes,
            effective: form["effective"] ?? "",
            rules: wanted.rules(isFirst: isFirst)
        )
        let today = Day.today(in: visit.zone)
        if !draft.effective.isEmpty {
            if let day = Day(fhir: draft.effective), day.day != nil, day >= today {
                if day > today { wanted.effective = Day(number: day.number - 1).end(in: visit.zone) }
            } else {
                draft.rules["effective"] = dayRule
            }
        }
        return (draft, wanted)
    }

    /// Only whom to show the page; the gate decides what is done.

    private static func agreement(_ visit: some RequestContext) throws -> UUID {
        guard let id = UUID(uuidString: try visit.parameters.require("agreement")) else { throw Refusal.notFound }
        return id
    }
}

// MARK: - For programs

extension AgreementRoutes {
    func add(toAPI api: RouterGroup<APIVisit>) {
        api.get("api/agreements") { _, visit in try await list(visit) }
        api.post("api/agreements") { request, visit in try await publish(request, visit) }
        api.post("api/agreements/:agreement/versions") { request, visit in try await publishNext(request, visit) }
        api.post("api/agreements/:agreement/answers") { request, visit in try await answer(request, visit) }
    }

    private func list(_ visit: APIVisit) async throws -> Response {
        let all = try await members.agreements(for: visit.caller)
        return Response(json: JSON.array(all.map(Self.json)).serialized())
    }

    private static func json(_ agreement: Agreement) -> JSON {
        var answer: JSON = [
            "id": .string(agreement.id.uuidString.lowercased()),
            "kind": .string(agreement.kind.rawValue),
            "is_due": .bool(agreement.isDue),
            "versions": .array(agreement.versions.map(json)),
        ]
        if let asked = agreement.asked { answer["asked_version"] = .number("\(asked.number)") }
        if let last = agreement.last {
            answer["answered"] = [
                "version": .number("\(last.version)"), "answer": .string(last.reply.rawValue),
                "language": .string(last.language), "at": .string(last.at.formatted(.iso8601)),
            ]
        }
        return answer
    }

    private static func json(_ version: Agreement.Version) -> JSON {
        [
            "version": .number("\(version.number)"),
            "effective": .string(version.effective.formatted(.iso8601)),
            "texts": .array(
                version.texts.map { text in
                    [
                        "language": .string(text.language), "title": .string(text.title), "text": .string(text.body),
                        "changes": .string(text.changes ?? ""),
                    ]
                }
            ),
        ]
    }

    private func publish(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: Self.bodyLimit)
        guard let kind = body["kind"]?.string.flatMap(Agreement.Kind.init) else {
            throw Outcome(.value, at: Expression("kind"), "kind must be terms, notice or consent")
        }
        let id = UUID()
        let version = try await members.publish(Self.draft(in: body, isFirst: true), as: id, kind, for: visit.caller)
        let answer: JSON = ["id": .string(id.uuidString.lowercased()), "version": .number("\(version)")]
        return Response(json: answer.serialized(), status: .created)
    }

    private func publishNext(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: Self.bodyLimit)
        let (id, draft) = (try Self.agreement(visit), try Self.draft(in: body, isFirst: false))
        guard let last = try await members.agreementCounts(for: visit.caller).first(where: { $0.agreement == id })
        else {
            throw Refusal.notFound
        }
        let version = try await members.publish(draft, as: id, last.kind, for: visit.caller)
        return Response(json: (["version": .number("\(version)")] as JSON).serialized(), status: .created)
    }

    private static func draft(in body: JSON, isFirst: Bool) throws -> AgreementDraft {
        var draft = AgreementDraft(
            language: body["language"]?.string ?? "",
            title: body["title"]?.string ?? "",
            body: body["text"]?.string ?? "",
            changes: body["changes"]?.string ?? ""
        )
        if let rule = draft.rules(isFirst: isFirst).min(by: { $0.key < $1.key }) {
            throw Outcome(.value, at: Expression("\(rule.key)"), "\(rule.value)")
        }
        if let value = body["effective"] {
            draft.effective = value.string.flatMap { try? Date($0, strategy: .iso8601) }  // no time is told below
            guard draft.effective != nil else {
                throw Outcome(.value, at: Expression("effective"), "effective must be a time, as 2026-11-30T17:00:00Z")
            }
        }
        return draft
    }

    private func answer(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 4 << 10)
        guard let reply = body["answer"]?.string.flatMap(Agreement.Reply.init) else {
            throw Outcome(.value, at: Expression("answer"), "answer must be accepted, refused or withdrawn")
        }
        guard let version = body["version"]?.integer, let language = body["language"]?.string else {
            throw Outcome(.required, at: Expression("version"), "version and language must be given")
        }
        try await members.answer(
            Self.agreement(visit),
            version: version,
            language: language,
            reply,
            for: visit.caller
        )
        return Response(status: .noContent)
    }
}
