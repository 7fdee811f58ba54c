import Care
import FHIR
import Foundation
import HTTPTypes
import Hummingbird
import People

/// Signing in and out.
///
///     GET  /            who we are
///     GET  /sign-in     the form          POST /sign-in    email, password, next
///     POST /sign-out
///     GET  /password    by a one-time link: `#` never reaches the server, so the link's secret is in the query, once
///     POST /password    token, password, again      POST /join     token, email, password: for whoever has an account
///     POST /api/session {"email", "password", "organization"?, "code"?} → {"token", "expires_in", "refresh_token", …}
///     POST /api/session/refresh {"refresh_token"} → the same     DELETE /api/session
struct SigningRoutes {
    let signIn: SignIn
    let federated: FederatedSignIn

    private var pages: PageSession { PageSession(signIn: signIn) }

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("/") { request, _ in
            if Cookies.sessionToken(in: request) != nil { return Response.seeOther(Address.patients) }
            return Response(page: Frame(visitorOn: .now).document(HomePage()))
        }
        open.get("sign-in") { request, _ in await form(request, trouble: nil) }
        open.post("sign-in") { request, visit in try await begin(request, visit) }
        open.get("password") { request, _ in try await behindLink(request) }
        open.post("password") { request, visit in try await setPassword(request, visit) }
        open.post("join") { request, visit in try await join(request, visit) }
        open.post("api/session") { request, visit in try await beginForAPI(request, visit) }
        open.post("api/session/refresh") { request, visit in try await refresh(request, visit) }
    }

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.post("sign-out") { request, visit in
            _ = try await Form(request, of: visit.caller)
            let provider = try await federated.provider(of: visit.caller)
            try await signIn.end(visit.caller)
            var response = Response.seeOther(
                provider.map { "/sign-in?bye=1&from=\($0.uuidString.lowercased())" } ?? "/sign-in?bye=1"
            )
            response.headers[.setCookie] = Cookies.forget
            return response
        }
        pages.get("organizations") { _, visit in try await organizations(visit) }
        pages.post("organizations") { request, visit in try await goElsewhere(request, visit) }
    }

    func add(toAPI api: RouterGroup<APIVisit>) {
        api.delete("api/session") { _, visit in
            try await signIn.end(visit.caller)
            return Response(status: .noContent)
        }
    }

    // MARK: Pages

    private func form(
        _ request: Request,
        trouble: SignInPage.Trouble?,
        email: String = "",
        next: Address? = nil,
        organization: Organization.ID? = nil
    ) async -> Response {
        let visitor = VisitorToken(request)
        let next = next ?? request.uri.queryParameters["next"].flatMap { Address(returningTo: String($0)) }
        let trouble =
            trouble ?? (request.uri.queryParameters["bye"] != nil ? .signedOut : nil)
            ?? (request.uri.queryParameters["set"] != nil ? .passwordSet : nil)
            ?? (request.uri.queryParameters["moved"] != nil ? .addressChanged : nil)
        var page = SignInPage(csrf: visitor.formToken, next: next, email: email, trouble: trouble)
        page.organization = organization ?? request.uri.queryParameters["to"].flatMap { Organization.ID(String($0)) }
        // While the store is away, the form is there without further ways in.
        page.ways = (try? await federated.offers())?.providers.map(SignInWay.init) ?? []
        if let from = request.uri.queryParameters["from"].flatMap({ UUID(uuidString: String($0)) }),
            let offer = try? await federated.offer(from)
        {
            let left = SignInWay(provider: from.uuidString.lowercased(), name: offer.name)
            page.left = left
            // An organisation's button is on a page of its own, and somebody who left by it may want to come back.
            if offer.organization != nil { page.ways.append(left) }
        }
        let html = Frame(visitorOn: .now).document(page)
        var response =
            if case .password(let trouble)? = trouble { trouble.response(html) } else { Response(page: html) }
        response.headers[.setCookie] = visitor.newCookie
        return response
    }

    private func begin(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        let next = form["next"].flatMap(Address.init(returningTo:))
        let email = form["email"] ?? ""
        let organization = form["organization"].flatMap { Organization.ID($0) }
        do {
            let token = try await pages.begin(email, form.exactly("password"), in: organization, request, visit)
            return try await pages.response(token, of: email, next: next)
        } catch {
            guard let trouble = PasswordTrouble(error) else { throw error }
            return await self.form(
                request,
                trouble: .password(trouble),
                email: email,
                next: next,
                organization: organization
            )
        }
    }

    // MARK: Another organisation

    private func organizations(_ visit: PageVisit) async throws -> Response {
        let own = try await signIn.ownOrganizations(visit.caller)
        return visit.response(
            ChooseOrganizationPage(
                organizations: own.map {
                    .init(id: "\($0.id)", name: $0.name, role: visit.words.role($0.roles), isThis: $0.isThis)
                }
            )
        )
    }

    /// A session is of one organisation: this one ends, and the form to sign in asks for the other.
    private func goElsewhere(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let wanted = form["organization"].flatMap { Organization.ID($0) }
        guard let there = try await signIn.ownOrganizations(visit.caller).first(where: { $0.id == wanted }) else {
            throw Refusal.notFound
        }
        if there.isThis { return .seeOther(.patients) }
        try await signIn.end(visit.caller)
        var response = Response.seeOther(.signIn(to: "\(there.id)"))
        response.headers[.setCookie] = Cookies.forget
        return response
    }

    // MARK: Links

    /// The page that a link leads to.
    private func behindLink(_ request: Request) async throws -> Response {
        guard let text = request.uri.queryParameters["link"].map(String.init), let link = AccountLink(text) else {
            throw Refusal.linkIsUsedUp
        }
        let (purpose, organization) = try await signIn.purpose(of: link)
        switch purpose {
        case .setPassword: return try await passwordForm(request, token: text, link)
        case .join: return try await joinForm(request, token: text, link, organization: organization)
        }
    }

    private func passwordForm(
        _ request: Request,
        token: String,
        _ link: AccountLink,
        trouble: SetPasswordPage.Trouble? = nil
    ) async throws -> Response {
        let visitor = VisitorToken(request)
        let own = try await signIn.account(behind: link)
        var page = SetPasswordPage(csrf: visitor.formToken, token: token, email: own?.address ?? "", trouble: trouble)
        page.asked = try await signIn.terms(behind: link).map(CarerWords.init)
        var response = Response(
            page: Frame(visitorOn: .now).document(page),
            status: trouble == nil ? .ok : .unprocessableContent
        )
        response.headers[.setCookie] = visitor.newCookie
        return response
    }

    private func joinForm(
        _ request: Request,
        token: String,
        _ link: AccountLink,
        organization: String,
        email: String = "",
        _ trouble: PasswordTrouble? = nil
    ) async throws -> Response {
        let visitor = VisitorToken(request)
        var page = JoinPage(
            csrf: visitor.formToken,
            token: token,
            organization: organization,
            email: email,
            trouble: trouble
        )
        page.asked = try await signIn.terms(behind: link).map(CarerWords.init)
        let html = Frame(visitorOn: .now).document(page)
        var response = trouble?.response(html) ?? Response(page: html)
        response.headers[.setCookie] = visitor.newCookie
        return response
    }

    private func join(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard let token = form["token"], let link = AccountLink(token) else { throw Refusal.linkIsUsedUp }
        let (purpose, organization) = try await signIn.purpose(of: link)
        guard purpose == .join else { throw Refusal.linkIsUsedUp }
        let (email, password) = (form["email"] ?? "", form.exactly("password"))
        do {
            try await signIn.join(
                by: link,
                address: email,
                password: password,
                origin: visit.origin(of: request),
                knownDevice: Cookies.value(Cookies.device, in: request)
            )
        } catch {
            guard let trouble = PasswordTrouble(error) else { throw error }
            return try await joinForm(request, token: token, link, organization: organization, email: email, trouble)
        }
        let session = try await pages.begin(email, password, in: Organization.ID(link.organization), request, visit)
        return try await pages.response(session, of: email, next: nil)
    }

    private func setPassword(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard let token = form["token"], let link = AccountLink(token) else { throw Refusal.linkIsUsedUp }
        let password = form.exactly("password")
        guard password == form.exactly("again") else {
            return try await passwordForm(request, token: token, link, trouble: .different)
        }
        guard let own = try await signIn.account(behind: link) else { throw Refusal.linkIsUsedUp }
        if let weakness = Password.weakness(of: password, personal: own.words) {
            return try await passwordForm(request, token: token, link, trouble: .weak(weakness))
        }
        try await signIn.setPassword(password, link: link, origin: visit.origin(of: request))
        return .seeOther("/sign-in?set=1")
    }

    // MARK: API

    private func beginForAPI(_ request: Request, _ visit: Visit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let email = body["email"]?.string, let password = body["password"]?.string else {
            throw Outcome(.required, "email and password must be given, as strings")
        }
        var organization: Organization.ID?
        if let wanted = body["organization"] {
            guard let id = wanted.string.flatMap(Organization.ID.init) else {
                throw Outcome(.value, "organization must be the id of an organisation")
            }
            organization = id
        }
        let token = try await signIn.begin(
            address: email,
            password: password,
            organization: organization,
            use: .api,
            origin: visit.origin(of: request)
        )
        let caller = Caller(token: token, use: .api, origin: visit.origin(of: request))
        let complete = try await complete(caller, with: body["code"]?.string)
        let shown = Caller(token: complete, use: .api, origin: caller.origin)
        return .tokens(try await signIn.tokens.issue(for: shown), .created)
    }

    /// No door: whoever refreshes has no access token that is good.
    private func refresh(_ request: Request, _ visit: Visit) async throws -> Response {
        let body = try await JSON(body: request, limit: 16 << 10)
        guard let token = body["refresh_token"]?.string else {
            throw Outcome(.required, "refresh_token must be given, as a string")
        }
        return .tokens(try await signIn.tokens.refresh(token, origin: visit.origin(of: request)))
    }
}

extension SigningRoutes {
    /// The token of a session that has shown all it needs. A program that has not gets none: the session ends.
    private func complete(_ caller: Caller, with code: String?) async throws -> SessionToken {
        do {
            let shown: ShowingAnswer? = if let code { try await signIn.show(code, for: caller) } else { nil }
            if let shown, !shown.isOtherWanted { return try shown.token }
            try await signIn.requireSecondFactor(of: caller)
            // The address and the password were right.
            guard shown == nil else {
                throw Outcome(.value, "code: the account has no code app; sign in without a code")
            }
            return caller.token
        } catch {
            try await signIn.end(caller)
            throw error
        }
    }
}

/// Reads who presents what, at each of the two doors.
struct PageDoor: RouterMiddleware {
    let signIn: SignIn

    func handle(_ request: Request, context: Visit, next: (Request, Visit) async throws -> Response) async throws
        -> Response
    {
        guard let token = Cookies.sessionToken(in: request) else { throw Refusal.signedOut }
        var visit = context
        let caller = Caller(
            token: token,
            use: .page,
            origin: context.origin(of: request),
            proof: context.proof
        )
        visit.caller = caller
        visit.person = try await signIn.person(caller)
        guard visit.person != nil else { throw Refusal.signedOut }
        return try await next(request, visit)
    }
}

extension ProgramTokens {
    /// The session of the access token that a request carries: `Authorization: Bearer`. (RFC 6750, section 2.1)
    func session(presentedBy request: Request) async throws -> SessionToken? {
        guard let field = request.headers[.authorization], field.count > 7, field.prefix(7).lowercased() == "bearer "
        else {
            return nil
        }
        return try await session(of: field.dropFirst(7))
    }
}

/// The API's door: an access token. A cookie opens nothing here, nor does a refresh token.
struct APIDoor: RouterMiddleware {
    let tokens: ProgramTokens

    func handle(_ request: Request, context: Visit, next: (Request, Visit) async throws -> Response) async throws
        -> Response
    {
        var token = context.program
        if token == nil { token = try await tokens.session(presentedBy: request) }
        guard let token else { throw Refusal.signedOut }
        var visit = context
        visit.caller = Caller(
            token: token,
            use: .api,
            origin: context.origin(of: request),
            proof: context.proof
        )
        return try await next(request, visit)
    }
}
