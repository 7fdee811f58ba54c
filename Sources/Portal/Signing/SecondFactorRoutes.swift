import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People
import Seals

/// Second factors, and stepping up.
///
///     GET  /second-factor                 asks for a code, after the password     POST: code or recovery, next
///     GET  /step-up                       asks again who is there                 POST: code, recovery or password, next
///     GET  /account/second-factor         one's own code app
///     POST /account/second-factor         next: keeps a secret on offer
///     GET  /account/second-factor/new     shows it to the app                     POST: code, next
///     POST /account/second-factor/codes   new recovery codes
///     POST /account/second-factor/remove
///     POST /api/session/step-up           {"code"} or {"password"} → {"token", …}
struct SecondFactorRoutes {
    let signIn: SignIn
    let federated: FederatedSignIn

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("second-factor") { request, visit in try await challenge(request, visit) }
        pages.post("second-factor") { request, visit in try await meet(request, visit) }
        pages.get("step-up") { request, visit in try await askAgain(request, visit) }
        pages.post("step-up") { request, visit in try await stepUp(request, visit) }
        pages.get("account/second-factor") { request, visit in try await own(request, visit) }
        pages.post("account/second-factor") { request, visit in try await offer(request, visit) }
        pages.get("account/second-factor/new") { request, visit in try await new(visit, next: Self.next(request)) }
        pages.post("account/second-factor/new") { request, visit in try await confirm(request, visit) }
        pages.post("account/second-factor/codes") { request, visit in try await renewCodes(request, visit) }
        pages.post("account/second-factor/remove") { request, visit in try await remove(request, visit) }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.post("api/session/step-up") { request, visit in try await stepUpForAPI(request, visit) }
    }

    // MARK: After the password

    private func challenge(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let next = Self.next(request)
        let standing = try await signIn.secondFactor(of: visit.caller)
        if standing.since == nil { return .seeOther(.ownSecondFactor(next: next)) }
        if standing.isShown { return .seeOther(next ?? .patients) }
        return visit.response(SecondFactorPage(next: next))
    }

    private func meet(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let next = form["next"].flatMap(Address.init(returningTo:))
        let answer = try await signIn.show(form["recovery"] ?? form["code"] ?? "", for: visit.caller)
        switch answer {
        case .shown(let token): return Self.goOn(to: next, with: token)
        case .otherIsWanted: return .seeOther(.ownSecondFactor(next: next))
        case .wrong, .wait:
            let page = SecondFactorPage(next: next, trouble: answer.trouble, wasRecovery: form["recovery"] != nil)
            return visit.response(page, status: answer.status)
        }
    }

    // MARK: Stepping up

    private func askAgain(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let page = StepUpPage(
            next: Self.next(request),
            way: try await way(visit),
            isAgain: request.uri.queryParameters["again"] != nil
        )
        return visit.response(page)
    }

    /// What somebody can show: a code if there is an app, else the password, else that a provider still knows them.
    private func way(_ visit: PageVisit) async throws -> StepUpPage.Way {
        if try await signIn.secondFactor(of: visit.caller).since != nil { return .code }
        if try await signIn.hasPassword(visit.caller) { return .password }
        guard let provider = try await federated.provider(of: visit.caller) else { return .none }
        // One that was taken away since has no name.
        guard let name = try? await federated.offer(provider).name else { return .none }
        return .provider(SignInWay(provider: provider.uuidString.lowercased(), name: name))
    }

    private func stepUp(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let next = form["next"].flatMap(Address.init(returningTo:))
        let typed = form["recovery"] ?? form["code"]
        if typed == nil, try await !signIn.hasPassword(visit.caller) {
            return visit.response(StepUpPage(next: next, way: try await way(visit)), status: .unprocessableContent)
        }
        let answer =
            if let typed { try await signIn.show(typed, for: visit.caller) } else {
                try await signIn.show(password: form.exactly("password"), for: visit.caller)
            }
        switch answer {
        case .shown(let token): return Self.goOn(to: next, with: token)
        case .otherIsWanted: return visit.response(StepUpPage(next: next, way: try await way(visit)))
        case .wrong, .wait:
            var page = StepUpPage(next: next, way: typed == nil ? .password : .code)
            page.trouble = answer.trouble
            page.wasRecovery = form["recovery"] != nil
            return visit.response(page, status: answer.status)
        }
    }

    private func stepUpForAPI(_ request: Request, _ visit: APIVisit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        let answer: ShowingAnswer
        if let code = body["code"]?.string {
            answer = try await signIn.show(code, for: visit.caller)
        } else if let password = body["password"]?.string {
            answer = try await signIn.show(password: password, for: visit.caller)
        } else {
            throw Outcome(.required, "code must be given, or password, as a string")
        }
        let shown = Caller(token: try answer.token, use: .api, origin: visit.caller.origin)
        return .tokens(try await signIn.tokens.reissue(for: shown))
    }

    // MARK: One's own code app

    private func own(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let standing = try await signIn.secondFactor(of: visit.caller)
        let page = OwnSecondFactorPage(
            since: standing.since.map { Day.today($0, in: visit.zone) },
            codesLeft: standing.codesLeft,
            failures: standing.failures,
            isRequired: standing.isRequired,
            next: Self.next(request),
            done: request.uri.queryParameters["done"].flatMap { OwnSecondFactorPage.Done(rawValue: String($0)) }
        )
        return visit.response(page)
    }

    private func offer(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let next = form["next"].flatMap(Address.init(returningTo:))
        return try await Self.steppingUp(backTo: .ownSecondFactor(next: next)) {
            try await signIn.offerSecondFactor(for: visit.caller)
            return .seeOther(.newSecondFactor(next: next))
        }
    }

    private func new(_ visit: PageVisit, next: Address?, wasWrong: Bool = false) async throws -> Response {
        let standing = try await signIn.secondFactor(of: visit.caller)
        guard let secret = standing.offer else { return .seeOther(.ownSecondFactor(next: next)) }
        let link = CodeAppLink(secret, address: standing.address)
        let page = NewSecondFactorPage(
            picture: QRCode(link.text)?.picture(saying: "A picture for the camera of your code app"),
            secret: Self.grouped(secret.base32),
            link: link,
            wasWrong: wasWrong,
            next: next
        )
        return visit.response(page, status: wasWrong ? .unprocessableContent : .ok)
    }

    private func confirm(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let next = form["next"].flatMap(Address.init(returningTo:))
        return try await Self.steppingUp(backTo: .ownSecondFactor(next: next)) {
            switch try await signIn.confirmSecondFactor(form["code"] ?? "", for: visit.caller) {
            case .confirmed(let token, let codes):
                var response = Self.frame(visit, with: token, RecoveryCodesPage(codes: codes, next: next))
                response.headers[.setCookie] = Cookies.keep(token)
                return response
            case .wrong: return try await new(visit, next: next, wasWrong: true)
            case .tooLate: return .seeOther(.ownSecondFactor(next: next))
            case .tooManyTries:
                throw Refusal.tooManyTries
            }
        }
    }

    private func renewCodes(_ request: Request, _ visit: PageVisit) async throws -> Response {
        _ = try await Form(request, of: visit.caller)
        return try await Self.steppingUp(backTo: .ownSecondFactor) {
            let codes = try await signIn.renewRecoveryCodes(for: visit.caller)
            return visit.response(RecoveryCodesPage(codes: codes, next: .ownSecondFactor))
        }
    }

    private func remove(_ request: Request, _ visit: PageVisit) async throws -> Response {
        _ = try await Form(request, of: visit.caller)
        return try await Self.steppingUp(backTo: .ownSecondFactor) {
            try await signIn.removeSecondFactor(for: visit.caller)
            return .seeOther(.removedSecondFactor)
        }
    }

    // MARK: Parts

    /// Only a path of this server.
    private static func next(_ request: Request) -> Address? {
        request.uri.queryParameters["next"].flatMap { Address(returningTo: String($0)) }
    }

    private static func goOn(to next: Address?, with token: SessionToken) -> Response {
        var response = Response.seeOther(next ?? .patients)
        response.headers[.setCookie] = Cookies.keep(token)
        return response
    }

    /// A page whose forms carry the token of the session as it is from now on.
    private static func frame(_ visit: PageVisit, with token: SessionToken, _ page: some PageBody) -> Response {
        Response(page: Frame(visit.person, csrf: token.formToken).document(page))
    }

    /// Does it, or leads to where somebody shows who they are and back to a page that can be opened.
    static func steppingUp(backTo address: Address, _ work: () async throws -> Response) async throws -> Response {
        do { return try await work() } catch Refusal.stepUpNeeded {
            return .seeOther(.stepUp(next: address, isAgain: true))
        }
    }

    private static func grouped(_ text: String) -> String {
        stride(from: 0, to: text.count, by: 4).map { String(text.dropFirst($0).prefix(4)) }.joined(separator: " ")
    }
}

extension ShowingAnswer {
    /// What the page says of it; `nil` where there is nothing to say.
    var trouble: SecondFactorPage.Trouble? {
        switch self {
        case .shown, .otherIsWanted: nil
        case .wrong: .wrong
        case .wait(let until): .wait(minutes: max(1, Int((until.timeIntervalSinceNow / 60).rounded(.up))))
        }
    }

    /// Whether there is nothing that it could be compared with.
    var isOtherWanted: Bool { if case .otherIsWanted = self { true } else { false } }

    var status: HTTPResponse.Status {
        switch self {
        case .shown, .otherIsWanted: .ok
        case .wrong: .unauthorized
        case .wait: .tooManyRequests
        }
    }

    /// The session's token from here on, or why there is none.
    var token: SessionToken {
        get throws {
            switch self {
            case .shown(let token): token
            case .wrong: throw Refusal.wrongCode
            case .wait: throw Refusal.tooManyTries
            case .otherIsWanted: throw Refusal.stepUpNeeded
            }
        }
    }
}

extension Response {
    /// Tokens of the API, as the client that asked for them is told.
    static func tokens(_ issued: IssuedTokens, _ status: HTTPResponse.Status = .ok) -> Response {
        var answer: JSON = [
            "token": .string(issued.access), "token_type": "Bearer", "expires_in": .number("\(issued.seconds)"),
        ]
        if let refresh = issued.refresh {
            answer["refresh_token"] = .string(refresh)
            answer["refresh_expires_in"] = .number("\(issued.refreshSeconds)")
        }
        var response = Response(json: answer.serialized(), status: status)
        response.headers[.contentType] = "application/json"
        return response
    }
}
