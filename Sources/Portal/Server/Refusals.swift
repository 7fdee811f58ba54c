import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Seals

/// The one place where what went wrong becomes an answer: a refusal its status, everything else 500 with an id and no text.
struct AnswerFailures: RouterMiddleware {
    let log: Log
    let limits: Limits

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return answer(to: error, request, context)
        }
    }

    private func answer(to error: any Error, _ request: Request, _ context: Visit) -> Response {
        let failure = Failure(error)
        if failure.status.kind == .serverError {
            let note = RequestNote(request, context, status: failure.status.code)
            log.error("request failed", Fault(error), of: note)
        }
        let path = request.uri.path
        if path.hasPrefix("/fhir") || path.hasPrefix("/api") {
            return failure.outcomeResponse(requestID: context.requestID)
        }
        return page(for: failure, path: path, context)
    }

    private func page(for failure: Failure, path: String, _ context: Visit) -> Response {
        if failure.refusal == .signedOut {
            return Response(status: .seeOther, headers: [.location: signInLocation(path)])
        }
        let notice: NoticePage =
            switch (failure.refusal, failure.status) {
            case (.tooLarge?, _), (_, .contentTooLarge): .tooLarge(megabytes: limits.body >> 20)
            case (.formIsForeign?, _): .formExpired
            case (.linkIsUsedUp?, _): .linkExpired
            case (.guardIsUp?, _): .closed
            case (.tooBusy?, _): .tooMany
            case (_, .internalServerError), (.unavailable?, _): .wentWrong(id: context.requestID.description)
            default: .notFound
            }
        let frame = Frame(visitorOn: .now)
        return Response(page: frame.document(notice), status: failure.status)
    }

    /// The way to the sign-in page and back. Only a path of this server comes along, and never a query.
    private func signInLocation(_ path: String) -> String {
        guard let address = Address(returningTo: path), address != .home, address != .signOut else { return "/sign-in" }
        let encoded = address.text.addingPercentEncoding(allowing: "/-_.~")
        return "/sign-in?next=\(encoded)"
    }
}

/// What went wrong, as far as the client may know.
struct Failure {
    let refusal: Refusal?
    let status: HTTPResponse.Status
    let outcome: Outcome

    init(_ error: any Error) {
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

    func outcomeResponse(requestID: RequestID) -> Response {
        var response = Response(json: outcome.json().serialized(), status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if status == .internalServerError { response.headers[HTTPField.Name("X-Request-Id")!] = requestID.description }
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
    var status: HTTPResponse.Status {
        switch self {
        case .signedOut, .wrongCredentials: .unauthorized
        case .notFound: .notFound
        case .linkIsUsedUp, .deleted: .gone
        case .formIsForeign: .forbidden
        case .guardIsUp, .unavailable, .tooBusy: .serviceUnavailable
        case .tooLarge: .contentTooLarge
        case .exists, .changedMeanwhile: .conflict
        case .versionDiffers, .severalMatch: .preconditionFailed
        case .shareLastsTooLong, .weakPassword, .patientMerged: .unprocessableContent
        }
    }

    var outcome: Outcome {
        switch self {
        case .signedOut: Outcome(.login, "sign in first, or again")
        case .wrongCredentials: Outcome(.login, "address and password do not belong together")
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
        case .severalMatch: Outcome(.multipleMatches, "the condition must be met by one record at most")
        case .shareLastsTooLong: Outcome(.businessRule, "a share ends in the future, within a year")
        case .weakPassword:
            Outcome(.businessRule, "a password has at least 8 characters, letters and others, and is not a common one")
        }
    }
}
