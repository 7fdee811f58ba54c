import Assurance
import Care
import Foundation
import HTTPTypes
import Hummingbird
import People
import Seals

/// Where stewards vouch for what people do. The gate decides who is one; for anybody else there is nothing here.
///
///     GET  /trust/details                     what checks saw where they failed
///     GET  /trust/vouch                       every promise that people vouch for
///     GET  /trust/vouch/{promise}             one: who vouches, what waits, the form
///     POST /trust/vouch/{promise}             vouch (multipart/form-data)
///     POST /trust/vouch/{promise}/review      attestation, verdict, reason
///     POST /trust/vouch/{promise}/withdraw    attestation, reason
///     GET  /trust/vouch/{promise}/evidence/{attestation}   the file
struct VouchRoutes {
    let attestations: AttestationDesk
    let trust: TrustDesk

    /// A file and the fields beside it. What is a little too large is still read, so that the form can say so.
    private static let bodyLimit = EvidenceFile.longest + (1 << 20)

    func add(to pages: RouterGroup<PageVisit>) {
        pages.get("trust/details") { _, visit in try await failures(visit) }
        pages.get("trust/vouch") { _, visit in try await list(visit) }
        pages.get("trust/vouch/:promise") { request, visit in
            let done = request.uri.queryParameters["done"].flatMap { VouchPage.Done(rawValue: String($0)) }
            return try await show(visit) { $0.done = done }
        }
        pages.post("trust/vouch/:promise") { request, visit in try await vouch(request, visit) }
        pages.post("trust/vouch/:promise/review") { request, visit in
            let page = Address.vouching(for: try visit.parameters.require("promise"))
            return try await SecondFactorRoutes.steppingUp(backTo: page) { try await review(request, visit) }
        }
        pages.post("trust/vouch/:promise/withdraw") { request, visit in try await withdraw(request, visit) }
        pages.get("trust/vouch/:promise/evidence/:attestation") { _, visit in try await evidence(visit) }
    }

    // MARK: Looking

    private func failures(_ visit: PageVisit) async throws -> Response {
        let all = try await attestations.failures(for: visit.caller)
        let promises = try PromiseCatalogue.release.get().promises
        let checks = Dictionary(grouping: all, by: \.probe).sorted { $0.key < $1.key }.map { name, failures in
            let probe = ProbeName(rawValue: name)
            let known = Probe.all.first { $0.name == probe }
            return (
                stands: failures[0].stands,
                check: FailuresPage.Check(
                    name: name,
                    tries: known?.tries,
                    remedy: known?.remedy,
                    promises: promises.filter { probe.map($0.probes.contains) ?? false }.map(\.id),
                    since: Moment(failures[0].since, in: .gmt),
                    failures: failures.map(FailuresPage.Failure.init)
                )
            )
        }
        let page = FailuresPage(
            standing: checks.filter(\.stands).map(\.check),
            repaired: checks.filter { !$0.stands }.map(\.check)
        )
        return visit.response(page)
    }

    private func list(_ visit: PageVisit, problem: String? = nil, status: HTTPResponse.Status = .ok) async throws
        -> Response
    {
        let all = try await attestations.all(for: visit.caller)
        let now = Date()
        let rows = try PromiseCatalogue.release.get().promises.filter { $0.kinds.contains(.attested) }.map { promise in
            let own = all.filter { $0.promise == promise.id }
            let waiting = own.filter { $0.state(at: now) == .waiting }
            return VouchListPage.Row(
                id: promise.id,
                promise: promise.words,
                state: VouchListPage.State(own, at: now),
                waitsForYou: waiting.count { !$0.isOwn },
                waitsForOthers: waiting.count { $0.isOwn }
            )
        }
        let page = VouchListPage(rows: rows, isSteward: visit.isSteward, problem: problem)
        return visit.response(page, status: status)
    }

    /// The page of the promise that the address names, or the list with what is wrong with the name.
    private func show(
        _ visit: PageVisit,
        status: HTTPResponse.Status = .ok,
        _ change: (inout VouchPage) -> Void = { _ in }
    ) async throws -> Response {
        let promise: Promise
        switch try Self.promise(in: visit) {
        case .success(let named): promise = named
        case .failure(let misnamed): return try await list(visit, problem: misnamed.rule, status: misnamed.status)
        }
        let own = try await attestations.all(for: visit.caller).filter { $0.promise == promise.id }
        let now = Date()
        var page = VouchPage(
            promise: promise.id,
            words: promise.words,
            state: VouchListPage.State(own, at: now),
            vouchings: own.reversed().map { VouchPage.Vouching($0, at: now) },
            isSteward: visit.isSteward,
            latest: Moment(AttestationDraft.latest(at: now), in: .gmt).day,
            last: own.last?.id.uuidString.lowercased()
        )
        change(&page)
        return visit.response(page, status: status)
    }

    /// Why a promise that an address names has no page here.
    private struct Misnamed: Error {
        let rule: String
        let status: HTTPResponse.Status
    }

    private static func promise(in visit: PageVisit) throws -> Result<Promise, Misnamed> {
        let id = try visit.parameters.require("promise")
        guard let promise = try PromiseCatalogue.release.get()[id] else {
            return .failure(Misnamed(rule: "There is no promise of that id.", status: .notFound))
        }
        guard promise.kinds.contains(.attested) else {
            let rule = "\(promise.id) is for the software to keep and to show: nobody vouches for it."
            return .failure(Misnamed(rule: rule, status: .unprocessableContent))
        }
        return .success(promise)
    }

    private func evidence(_ visit: PageVisit) async throws -> Response {
        let promise = try visit.parameters.require("promise")
        guard let id = UUID(uuidString: try visit.parameters.require("attestation")),
            try await attestations.all(for: visit.caller).contains(where: { $0.id == id && $0.promise == promise }),
            let file = try await attestations.evidence(of: id, for: visit.caller)
        else { throw Refusal.notFound }
        let name = "\(id.uuidString.lowercased()).\(file.kind.ending)"
        return Response(
            status: .ok,
            headers: [
                .contentType: file.kind.contentType, .contentDisposition: "attachment; filename=\"\(name)\"",
            ],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes))
        )
    }

    // MARK: Vouching

    private func vouch(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form: Form
        do {
            form = try await Form(withFiles: request, of: visit.caller, limit: Self.bodyLimit)
        } catch Refusal.tooLarge {
            // Nothing of it was read, so nothing of it is shown again.
            return try await show(visit, status: .contentTooLarge) {
                $0.draft.rules = ["file": "Please choose a file of at most 5 MB."]
            }
        }
        guard case .success(let promise) = try Self.promise(in: visit) else { return try await show(visit) }
        let draft = AttestationDraft(
            words: form["words"] ?? "",
            signedAs: form["signed_as"] ?? "",
            link: form["link"] ?? "",
            file: form.file("file"),
            since: form["since"] ?? "",
            until: form["until"] ?? ""
        )
        let checked: AttestationDraft.Checked
        do { checked = try draft.checked(at: Date()) } catch {
            return try await show(visit, status: .unprocessableContent) {
                $0.draft = VouchPage.Draft(draft, error.rules)
            }
        }
        do {
            try await attestations.attest(
                checked,
                for: promise,
                after: form["after"].flatMap(UUID.init(uuidString:)),
                by: visit.caller
            )
        } catch AttestationDesk.Fault.othersVouchedMeanwhile {
            return try await show(visit, status: .conflict) {
                $0.draft = VouchPage.Draft(draft, [:])
                $0.problem =
                    "Somebody vouched for this after you had opened the page; it is shown below. Nothing was kept of yours. "
                    + "If it is still needed, send it again (a file has to be chosen again)."
            }
        }
        return .seeOther(.vouching(for: promise.id, done: .vouched))
    }

    // MARK: Reviewing

    private func review(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let id = form["attestation"].flatMap(UUID.init(uuidString:))
        guard let id, let verdict = form["verdict"], ["accept", "decline"].contains(verdict) else {
            return try await refuse(visit, "Please choose whether to accept or to decline, on a page loaded anew.")
        }
        let accepts = verdict == "accept"
        let refused = "review-\(id.uuidString.lowercased())"
        if !accepts, let rule = Self.rule(ofReason: form["reason"]) {
            return try await refuse(visit, nil, VouchPage.Refused(id: refused, rule: rule, text: form["reason"] ?? ""))
        }
        do {
            try await attestations.review(
                id,
                accepts: accepts,
                reason: accepts ? nil : form["reason"],
                by: visit.caller
            )
        } catch let fault as AttestationDesk.Fault {
            return try await refuse(visit, fault.rule, status: fault.status)
        }
        trust.renew()
        return .seeOther(.vouching(for: try visit.parameters.require("promise"), done: accepts ? .accepted : .declined))
    }

    private func withdraw(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        guard let id = form["attestation"].flatMap(UUID.init(uuidString:)) else {
            return try await refuse(visit, AttestationDesk.Fault.isWithdrawn.rule)
        }
        let refused = "withdraw-\(id.uuidString.lowercased())"
        guard let reason = form["reason"], Self.rule(ofReason: reason) == nil else {
            let rule = Self.rule(ofReason: form["reason"]) ?? ""
            return try await refuse(visit, nil, VouchPage.Refused(id: refused, rule: rule, text: form["reason"] ?? ""))
        }
        do {
            try await attestations.withdraw(id, reason: reason, by: visit.caller)
        } catch let fault as AttestationDesk.Fault {
            return try await refuse(visit, fault.rule, status: fault.status)
        }
        trust.renew()
        return .seeOther(.vouching(for: try visit.parameters.require("promise"), done: .withdrawn))
    }

    private static func rule(ofReason reason: String?) -> String? {
        guard let reason else { return "Please say why, in a sentence." }
        if reason.hasUnseenCharacters { return "Please leave out characters that cannot be seen." }
        return reason.unicodeScalars.count > 500 ? "Please use at most 500 characters." : nil
    }

    private func refuse(
        _ visit: PageVisit,
        _ problem: String?,
        _ refused: VouchPage.Refused? = nil,
        status: HTTPResponse.Status = .unprocessableContent
    ) async throws -> Response {
        try await show(visit, status: status) {
            $0.problem = problem ?? "Nothing was done. Please look at what is marked below."
            $0.refused = refused
        }
    }
}

extension FailuresPage.Failure {
    fileprivate init(_ failure: ProbeFailure) {
        self.init(
            at: Moment(failure.at, in: .gmt),
            isBroken: failure.outcome == "broken",
            seen: failure.seen,
            details: failure.details,
            release: failure.release,
            run: failure.run.uuidString.lowercased()
        )
    }
}

extension PageVisit {
    /// Only which forms to show; the gate decides what may be done.
    fileprivate var isSteward: Bool { person.offices.contains(.steward) }
}

extension AttestationDesk.Fault {
    fileprivate var rule: String {
        switch self {
        case .othersVouchedMeanwhile: "Somebody vouched for this meanwhile. Please look at it first."
        case .isOwn: "Nobody reviews what they vouched for themselves: another steward has to."
        case .doesNotWait:
            "This does not wait for a review: it was reviewed or withdrawn meanwhile, or its time is over. Nothing was done."
        case .isWithdrawn: "This was withdrawn already, or is not there. Nothing was done."
        case .reason: "Please say why, in at most 500 characters."
        }
    }

    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .othersVouchedMeanwhile, .doesNotWait, .isWithdrawn: .conflict
        case .isOwn, .reason: .unprocessableContent
        }
    }
}

extension VouchPage.Draft {
    fileprivate init(_ draft: AttestationDraft, _ rules: [AttestationDraft.Field: String]) {
        self.init(
            words: draft.words,
            signedAs: draft.signedAs,
            link: draft.link,
            since: draft.since,
            until: draft.until,
            rules: Dictionary(uniqueKeysWithValues: rules.map { ($0.key.rawValue, $0.value) })
        )
    }
}

extension VouchPage.Vouching {
    fileprivate init(_ attestation: Attestation, at now: Date) {
        let fate: VouchPage.Fate =
            switch attestation.state(at: now) {
            case .waiting: .waiting
            case .inForce: .inForce
            case .over: .over
            case .declined:
                .declined(
                    Moment(attestation.reviewedAt ?? attestation.at, in: .gmt),
                    reason: attestation.reviewReason ?? ""
                )
            case .withdrawn:
                .withdrawn(
                    Moment(attestation.withdrawnAt ?? attestation.at, in: .gmt),
                    reason: attestation.withdrawalReason ?? ""
                )
            }
        self.init(
            id: attestation.id.uuidString.lowercased(),
            by: attestation.signedAs,
            words: attestation.words,
            since: Moment(attestation.since, in: .gmt).day,
            until: Moment(attestation.until.addingTimeInterval(-1), in: .gmt).day,
            link: attestation.link.flatMap(OutsideLink.init),
            digest: attestation.file?.sha256.hexadecimal,
            at: Moment(attestation.at, in: .gmt),
            isOwn: attestation.isOwn,
            fate: fate,
            enteredBy: attestation.enteredBy,
            reviewedBy: attestation.reviewedBy,
            withdrawnBy: attestation.withdrawnBy
        )
    }
}

extension VouchListPage.State {
    /// Where the attestations of one promise leave it.
    fileprivate init(_ attestations: [Attestation], at now: Date) {
        let accepted = attestations.filter { $0.accepted == true }
        let ends = accepted.map { min($0.until, $0.withdrawnAt ?? $0.until) }
        guard let end = ends.max() else {
            self = .never
            return
        }
        let day = Moment(end.addingTimeInterval(-1), in: .gmt).day
        self =
            end > now
            ? .inForce(day, isDue: end < now.addingTimeInterval(30 * 86_400)) : .ended(Moment(end, in: .gmt).day)
    }
}

extension EvidenceFile.Kind {
    fileprivate var contentType: String {
        switch self {
        case .pdf: "application/pdf"
        case .png: "image/png"
        case .text: "text/plain; charset=utf-8"
        }
    }

    fileprivate var ending: String { self == .text ? "txt" : rawValue }
}
