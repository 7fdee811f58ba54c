import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import People
import Seals

/// The one place where what went wrong becomes an answer: a refusal its status, everything else 500 with an id and no text.
struct AnswerFailures: RouterMiddleware {
    let log: Log
    let signIn: SignIn

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return await answer(to: error, request, context)
        }
    }

    private func answer(to error: any Error, _ request: Request, _ context: Visit) async -> Response {
        let failure = Failure(error)
        if failure.status.kind == .serverError {
            let note = RequestNote(request, context, status: failure.status.code)
            log.error("request failed", Fault(error), of: note)
        }
        let path = request.uri.path
        if path.hasPrefix("/fhir") || path.hasPrefix("/api") {
            return failure.outcomeResponse()
        }
        return await page(for: failure, request, context)
    }

    private func page(for failure: Failure, _ request: Request, _ context: Visit) async -> Response {
        let path = Self.page(at: request.uri.path, request.method)
        switch failure.refusal {
        case .signedOut?: return way(to: "/sign-in", backTo: path)
        case .secondFactorNeeded?: return way(to: "/second-factor", backTo: path)
        // To a page that was asked for; not to what was posted, which cannot be fetched.
        case .agreementNeeded?: return way(to: "/agreements", backTo: request.method == .get ? path : "/")
        // What was posted is not done later by itself: whoever sent it is told so, and sends it again.
        case .stepUpNeeded?:
            let address = Address(returningTo: path) ?? .patients
            return .seeOther(.stepUp(next: address, isAgain: request.method != .get))
        default: break
        }
        let frame = await frame(of: request, context, failure)
        let notice = failure.notice(requestID: context.requestID)
        var response = Response(page: frame.document(notice), status: failure.status)
        if let seconds = failure.waitSeconds { response.headers[.retryAfter] = "\(seconds)" }
        return response
    }

    /// Whoever is signed in stays so, and is shown it; while the stores are away nobody is asked who that is.
    private func frame(of request: Request, _ context: Visit, _ failure: Failure) async -> Frame {
        guard failure.status.kind != .serverError, let token = Cookies.sessionToken(in: request) else {
            return Frame(visitorOn: .now)
        }
        let caller = Caller(token: token, use: .page, origin: context.origin(of: request))
        guard let person = try? await signIn.person(caller) else { return Frame(visitorOn: .now) }
        return Frame(person, csrf: token.formToken)
    }

    /// Ends of addresses that take a form and show nothing: the form stands on the page above.
    private static let formsAlone: Set = ["codes", "end", "remove", "review", "stop", "withdraw"]

    /// The page that a request came from or is for: what a form was sent to may show nothing itself.
    static func page(at path: String, _ method: HTTPRequest.Method) -> String {
        guard method != .get, let slash = path.lastIndex(of: "/"),
            formsAlone.contains(String(path[path.index(after: slash)...]))
        else { return path }
        return String(path[..<slash])
    }

    /// The way to a page where somebody shows who they are, and back. Only a path of this server comes along, and never a query.
    private func way(to page: String, backTo path: String) -> Response {
        guard let address = Address(returningTo: path), address != .home, address != .signOut else {
            return Response(status: .seeOther, headers: [.location: page])
        }
        let encoded = address.text.addingPercentEncoding(allowing: "/-_.~")
        return Response(status: .seeOther, headers: [.location: "\(page)?next=\(encoded)"])
    }
}

/// What went wrong, as far as the client may know.
struct Failure {
    let refusal: Refusal?
    let status: HTTPResponse.Status
    let outcome: Outcome
    /// How long to wait before it is tried again, where that is known.
    let waitSeconds: Int?

    init(_ thrown: any Error) {
        let wait = (thrown as? TooManyTries).map { max(1, Int($0.until.timeIntervalSinceNow.rounded(.up))) }
        waitSeconds = wait
        let error: any Error = wait == nil ? thrown : Refusal.tooManyTries
        if let outcome = error as? Outcome {
            refusal = nil
            self.outcome = outcome
            status = Self.status(of: outcome)
        } else if let refusal = error as? Refusal {
            self.refusal = refusal
            status = refusal.status
            outcome = refusal.outcome
        } else if let refusal = (error as? SealError)?.refusal {
            self.refusal = refusal
            status = refusal.status
            outcome = refusal.outcome
        } else if let error = error as? HTTPError {
            refusal = error.status == .contentTooLarge ? .tooLarge : nil
            status = error.status
            outcome = Self.outcome(of: error.status)
        } else {
            refusal = nil
            status = .internalServerError
            outcome = Outcome(.exception, "something went wrong on our side; what was sent may not have been kept")
        }
    }

    func outcomeResponse() -> Response {
        var response = Response(json: outcome.json().serialized(), status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = refusal?.challenge ?? "Bearer" }
        if let waitSeconds { response.headers[.retryAfter] = "\(waitSeconds)" }
        return response
    }

    private static func status(of outcome: Outcome) -> HTTPResponse.Status {
        switch outcome.issues.first?.code {
        // A body too large as a whole is 413; one element that is too long is wrong content.
        case .tooLong?: outcome.issues.first?.expression == nil ? .contentTooLarge : .unprocessableContent
        case .tooCostly?: .badRequest
        case .notFound?: .notFound
        case .structure?: .badRequest
        case .notSupported?: .badRequest
        default: .unprocessableContent
        }
    }

    private static func outcome(of status: HTTPResponse.Status) -> Outcome {
        switch status {
        case .notFound: Refusal.notFound.outcome
        case .contentTooLarge: Refusal.tooLarge.outcome
        case .methodNotAllowed: Outcome(.notSupported, "this address does not answer that method")
        case .unsupportedMediaType: Outcome(.notSupported, "the body must be application/fhir+json or application/json")
        default: Outcome(.invalid, "the request could not be read")
        }
    }
}

extension Failure {
    /// What a page says of it. Each refusal has its own words: nobody is told that there is nothing where there is something.
    func notice(requestID: RequestID) -> NoticePage {
        if let refusal { return refusal.notice(requestID: requestID) }
        switch status {
        case .notFound: return .notFound
        case .contentTooLarge: return .tooLarge
        case .unsupportedMediaType: return .notDone(why: "What was sent is no form of this page.")
        case _ where status.kind == .serverError: return .wentWrong(id: requestID.description)
        default: return .notDone(why: outcome.issues.map { $0.rule.sentenceCased + "." }.joined(separator: " "))
        }
    }
}

extension Refusal {
    /// What a page says of it.
    func notice(requestID: RequestID) -> NoticePage {
        switch self {
        case .notFound: .notFound
        case .tooLarge: .tooLarge
        case .formIsForeign: .formExpired
        case .linkIsUsedUp: .linkExpired
        case .roleIsNotYours: .roleIsNotYours
        case .lastOwner: .lastOwner
        case .tooManyPatients: .tooManyPatients
        case .endIsNotPossible: .endIsNotPossible
        case .guardIsUp: .closed
        case .tooBusy, .tooManyTries: .tooMany
        case .unavailable: .wentWrong(id: requestID.description)
        case .signedOut, .secondFactorNeeded, .stepUpNeeded: .notDone(why: "Please sign in first.")
        case .agreementNeeded: .notDone(why: "There is something to agree to first.")
        case .tooManyProviders: .notDone(why: "There are ten already. Please end one first.")
        case .tooManyReports: .notDone(why: "Ten reports in a day are the most. Please wait until tomorrow.")
        case .overviewIsTooSoon: .notDone(why: OverviewPage.tooSoon)
        case .overviewIsTooAlike: .notDone(why: OverviewPage.tooAlike)
        case .wrongCredentials: .notDone(why: "The email address and the password do not go together.")
        case .wrongCode: .notDone(why: "The code is not right, or it was used already.")
        case .deleted: .notDone(why: "The entry was removed.")
        case .exists: .notDone(why: "It is there already.")
        case .changedMeanwhile, .versionDiffers:
            .notDone(why: "Somebody else changed it at the same time. Please look at it as it is now, and do it again.")
        case .patientMerged:
            .notDone(why: "This record was merged with another one of the same person. Please write in that one.")
        case .severalMatch: .notDone(why: "More than one entry fits.")
        case .shareLastsTooLong: .notDone(why: "Sharing ends on a day from today on, within a year.")
        case .reachIsNotYours:
            .notDone(
                why: "You can let in colleagues who may read records, for as long as you yourself may read this one."
            )
        case .settingIsOutOfBounds: .notDone(why: "There is no such setting, or the value is out of its bounds.")
        case .accountWaits:
            .notDone(
                why: "They are too young for an account of their own, or their birth date is not entered to the day."
            )
        case .unreadableText: .notDone(why: "There is a character in it that cannot be kept.")
        case .weakPassword: .notDone(why: "That password is too easy to guess.")
        case .weakPIN: .notDone(why: "A PIN is six digits that are hard to guess.")
        case .wrongPIN: .notDone(why: "That is not the PIN of whoever was chosen.")
        case .secondPersonNeeded: .notDone(why: CountersignPage.secondPersonRule)
        case .cannotBeCountersigned: .notDone(why: CountersignPage.rule)
        }
    }
}

extension SealError {
    /// The refusal that a missing key stands for; `nil` where it is a defect.
    fileprivate var refusal: Refusal? {
        switch self {
        // A key that is lost is no erased one: the record is there, and cannot be shown.
        case .storeUnavailable, .noKey: .unavailable
        case .notVouched, .erased, .fenced: .notFound
        default: nil
        }
    }
}

extension Refusal {
    /// What `WWW-Authenticate` says: for a session that is good and has not shown enough, as RFC 9470 has it.
    fileprivate var challenge: String? {
        switch self {
        case .secondFactorNeeded:
            #"Bearer error="insufficient_user_authentication", error_description="A second factor is needed", acr_values="mfa""#
        case .stepUpNeeded:
            #"Bearer error="insufficient_user_authentication", error_description="Show again who you are", max_age="300""#
        default: nil
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .signedOut, .wrongCredentials, .secondFactorNeeded, .stepUpNeeded, .wrongCode: .unauthorized
        case .tooManyTries, .tooManyPatients, .tooManyReports, .overviewIsTooSoon: .tooManyRequests
        case .notFound: .notFound
        case .linkIsUsedUp, .deleted: .gone
        case .formIsForeign, .roleIsNotYours, .agreementNeeded: .forbidden
        case .guardIsUp, .unavailable, .tooBusy: .serviceUnavailable
        case .tooLarge: .contentTooLarge
        case .exists, .changedMeanwhile, .lastOwner, .cannotBeCountersigned, .overviewIsTooAlike: .conflict
        case .versionDiffers, .severalMatch: .preconditionFailed
        case .shareLastsTooLong, .weakPassword, .patientMerged, .settingIsOutOfBounds, .endIsNotPossible,
            .reachIsNotYours, .tooManyProviders, .accountWaits, .unreadableText, .weakPIN, .wrongPIN,
            .secondPersonNeeded:
            .unprocessableContent
        }
    }

    var outcome: Outcome {
        switch self {
        case .signedOut: Outcome(.login, "sign in first, or again")
        case .wrongCredentials: Outcome(.login, "address and password do not belong together")
        case .secondFactorNeeded:
            Outcome(.login, "\(rawValue): a code of the second factor is needed; sign in with one, as `code`")
        case .stepUpNeeded:
            Outcome(.login, "\(rawValue): show a code, or the password where there is none, at /api/session/step-up")
        case .agreementNeeded:
            Outcome(
                .forbidden,
                "\(rawValue): there is an agreement to accept first: read it at /agreements or /api/agreements and answer there"
            )
        case .wrongCode: Outcome(.login, "\(rawValue): the code is wrong, or was used already")
        case .tooManyTries: Outcome(.throttled, "\(rawValue): too many wrong codes; wait, and try again")
        case .notFound: Outcome(.notFound, "there is no such thing for you to see")
        case .linkIsUsedUp: Outcome(.expired, "the link no longer works")
        case .formIsForeign: Outcome(.security, "the form is not one of this session")
        case .guardIsUp: Outcome(.security, "closed for safety: the database is not as it was released")
        case .unavailable: Outcome(.transient, "the stores do not answer")
        case .tooBusy: Outcome(.throttled, "too much is waiting; try again")
        case .tooLarge: Outcome(.tooLong, "the body is larger than this server takes")
        case .exists: Outcome(.duplicate, "it exists already")
        case .deleted: Outcome(.deleted, "it was deleted")
        case .changedMeanwhile: Outcome(.conflict, "somebody else changed it at the same time; read it again")
        case .versionDiffers: Outcome(.conflict, "If-Match must name the current version")
        case .patientMerged:
            Outcome(
                .businessRule,
                "the patient was merged into another one, whom Patient.link names; write about that one"
            )
        case .roleIsNotYours:
            Outcome(
                .forbidden,
                "nobody gives, takes or changes a role that permits what they do not hold, or an owner's"
            )
        case .tooManyPatients:
            Outcome(
                .throttled,
                "that would be more patients than one may be shown in a day; whoever runs the organisation is told"
            )
        case .overviewIsTooSoon:
            Outcome(.throttled, "\(rawValue): overviews are taken some days apart, as the setting overview.every says")
        case .overviewIsTooAlike:
            Outcome(
                .businessRule,
                "\(rawValue): something changed about fewer people since the last overview than the setting overview.smallest says"
            )
        case .tooManyProviders: Outcome(.businessRule, "an organisation has ten providers at most; end one first")
        case .tooManyReports: Outcome(.throttled, "ten reports within a day are taken, and no more")
        case .settingIsOutOfBounds: Outcome(.value, "there is no such setting, or the value is out of its bounds")
        case .endIsNotPossible:
            Outcome(.businessRule, "patients go to a member who may write records, and an end is a time within a year")
        case .reachIsNotYours:
            Outcome(
                .businessRule,
                "one lets in colleagues who may read records, for no more and no longer than one is there; a job ends within 31 days"
            )
        case .lastOwner: Outcome(.businessRule, "the last owner stays; make somebody else an owner first")
        case .severalMatch: Outcome(.multipleMatches, "the condition must be met by one record at most")
        case .shareLastsTooLong: Outcome(.businessRule, "a share ends in the future, within a year")
        case .accountWaits:
            Outcome(.businessRule, "an account of one's own waits for the age that the country's rule names")
        case .unreadableText: Outcome(.value, "a text has a character that cannot be kept: U+0000")
        case .weakPassword:
            Outcome(.businessRule, "a password has at least 8 characters, letters and others, and is not a common one")
        case .weakPIN: Outcome(.businessRule, "\(rawValue): a PIN is six digits that are hard to guess")
        case .wrongPIN: Outcome(.value, "\(rawValue): pin must be the second person's")
        case .secondPersonNeeded:
            Outcome(
                .businessRule,
                "\(rawValue): the second person is a member other than the first, who may write in this record and has a PIN"
            )
        case .cannotBeCountersigned:
            Outcome(
                .businessRule,
                "\(rawValue): a second person signs what the first wrote themselves within a day, as it is now, and once"
            )
        }
    }
}
