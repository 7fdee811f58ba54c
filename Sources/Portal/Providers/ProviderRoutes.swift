import Care
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import People

/// Signing in at a provider. (ACC-5)
///
///     GET  /sign-in/at/{organization}      the providers of an organisation
///     GET  /sign-in/with/{provider}        to the provider; `next` says where to go afterwards
///     GET  /sign-in/back/{provider}        back from it, with `code` and `state`
///     POST /sign-in/back/{provider}        the same as a form (Apple), which is made the former
///     POST /sign-in/link/{provider}        csrf, email, password: whose account it is, the first time
///     GET  /sign-in/leave/{provider}       to where one signs out there
///     POST /sign-in/logout/{provider}      logout_token, from the provider itself
struct ProviderRoutes {
    let federated: FederatedSignIn
    let signIn: SignIn
    let limits: RateLimits

    private var pages: PageSession { PageSession(signIn: signIn) }

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("sign-in/at/{organization}") { request, context in try await list(request, context) }
        open.get("sign-in/with/{provider}") { request, context in
            try await telling(request, context) { try await leave(request, context, at: $0) }
        }
        open.get("sign-in/back/{provider}") { request, context in
            try await telling(request, context) { try await comeBack(request, context, from: $0) }
        }
        open.post("sign-in/back/{provider}") { request, context in try await unfold(request, context) }
        open.post("sign-in/link/{provider}") { request, context in
            try await telling(request, context) { try await link(request, context, at: $0) }
        }
        open.get("sign-in/leave/{provider}") { request, context in
            try await telling(request, context) { try await signOut(at: $0) }
        }
        open.post("sign-in/logout/{provider}") { request, context in try await end(request, context) }
    }

    // MARK: Going there

    private func list(_ request: Request, _ context: Visit) async throws -> Response {
        guard let organization = context.parameters.get("organization").flatMap({ Organization.ID(String($0)) }) else {
            return .seeOther(Address.signIn)
        }
        let offers = try await federated.offers(at: organization.uuid)
        // An organisation without providers is answered like one that is not there.
        guard let name = offers.organizationName, !offers.providers.isEmpty else { return .seeOther(Address.signIn) }
        let page = OrganizationSignInPage(
            organization: name,
            ways: offers.providers.map(SignInWay.init),
            next: Self.next(request),
            takesPasswords: !offers.isOnly
        )
        return Response(page: Frame(visitorOn: .now).document(page))
    }

    private func leave(_ request: Request, _ context: Visit, at provider: UUID) async throws -> Response {
        // Nobody else's page sends people on their way through us.
        let site = request.headers[HTTPField.Name("Sec-Fetch-Site")!]
        guard site == nil || site == "same-origin" || site == "none" else { return .seeOther(Address.signIn) }
        guard limits.take(.signIn, context.remoteAddress) == nil else { throw SignInTrouble.full }
        let departure = try await federated.begin(at: provider)
        var response = Self.elsewhere(departure.location)
        response.headers[.setCookie] = VisitCookie(secret: departure.secret, next: Self.next(request)).kept
        return response
    }

    // MARK: Coming back

    private func comeBack(_ request: Request, _ context: Visit, from provider: UUID) async throws -> Response {
        let visit = VisitCookie(request)
        let arrival = try await federated.comeBack(
            from: provider,
            with: ProviderAnswer(query: request.uri.query ?? ""),
            visit?.secret,
            origin: context.origin(of: request)
        )
        switch arrival {
        case .signedIn(let token):
            return try await pages.response(token, of: nil, next: visit?.next, and: [VisitCookie.forgotten])
        case .unknown(let address):
            return try await linkForm(request, at: provider, vouchedFor: address, email: address ?? "")
        }
    }

    /// A form that another site posts comes without our cookie; as an address that the browser then opens, it comes with it.
    private func unfold(_ request: Request, _ context: Visit) async throws -> Response {
        guard let provider = Self.provider(context) else { throw Refusal.notFound }
        let body = try await request.body(upTo: 128 << 10)
        let answer = ProviderAnswer(query: String(decoding: body.readableBytesView, as: UTF8.self))
        return .seeOther(Address.back(from: provider.uuidString.lowercased(), with: answer))
    }

    // MARK: Whose account it is

    private func linkForm(
        _ request: Request,
        at provider: UUID,
        vouchedFor address: String?,
        email: String,
        _ trouble: PasswordTrouble? = nil
    ) async throws -> Response {
        let visitor = VisitorToken(request)
        let page = LinkIdentityPage(
            csrf: visitor.formToken,
            provider: provider.uuidString.lowercased(),
            name: try await federated.offer(provider).name,
            vouchedFor: address,
            email: email,
            trouble: trouble
        )
        let html = Frame(visitorOn: .now).document(page)
        var response = trouble?.response(html) ?? Response(page: html)
        response.headers[.setCookie] = visitor.newCookie
        return response
    }

    private func link(_ request: Request, _ context: Visit, at provider: UUID) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard let visit = VisitCookie(request) else { throw SignInTrouble.visit }
        let email = form["email"] ?? ""
        let token: SessionToken
        do {
            let organization = try await federated.offer(provider).organization
            let password = form.exactly("password")
            token = try await pages.begin(email, password, in: organization, request, context, backFrom: visit.secret)
        } catch {
            guard let trouble = PasswordTrouble(error) else { throw error }
            return try await linkForm(request, at: provider, vouchedFor: nil, email: email, trouble)
        }
        let caller = Caller(token: token, use: .page, origin: context.origin(of: request))
        // A password alone links nothing to an account that has a code app. The visit waits for the code.
        if try await signIn.secondFactor(of: caller).isDue {
            return try await pages.response(
                token,
                of: email,
                next: .linkingAfterCode(at: provider.uuidString.lowercased())
            )
        }
        guard try await federated.link(visit.secret, at: provider, for: caller) else {
            try await signIn.end(caller)
            throw SignInTrouble.visit
        }
        return try await pages.response(token, of: email, next: visit.next, and: [VisitCookie.forgotten])
    }

    // MARK: Signing out

    private func signOut(at provider: UUID) async throws -> Response {
        guard let place = try await federated.wayOut(of: provider) else { return .seeOther("/sign-in?bye=1") }
        return Self.elsewhere(place)
    }

    /// Answers programs, so in JSON: 200, or 400 with the code of OpenID Connect Back-Channel Logout 1.0, section 2.8.
    private func end(_ request: Request, _ context: Visit) async throws -> Response {
        do {
            guard let provider = Self.provider(context) else { throw SignInTrouble.provider }
            let body = try await request.body(upTo: 128 << 10)
            let fields = QueryFields(String(decoding: body.readableBytesView, as: UTF8.self))
            try await federated.end(
                by: fields["logout_token"] ?? "",
                of: provider,
                origin: context.origin(of: request)
            )
            return Response(status: .ok)
        } catch is SignInTrouble {
            return Response(
                status: .badRequest,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"error": "invalid_request"}"#))
            )
        }
    }

    // MARK: Telling

    /// Does it for the provider that the address names, or says on a page what it came to.
    private func telling(
        _ request: Request,
        _ context: Visit,
        _ work: (UUID) async throws -> Response
    ) async throws -> Response {
        let provider = Self.provider(context)
        do {
            guard let provider else { throw SignInTrouble.provider }
            return try await work(provider)
        } catch let trouble as SignInTrouble {
            var page = SignInTroublePage(trouble: trouble)
            // One that is not there has no name.
            if let provider, let offer = try? await federated.offer(provider) {
                page.provider = offer.name
                if let organization = offer.organization { page.again = .signIn(at: organization.description) }
            }
            var response = Response(page: Frame(visitorOn: .now).document(page), status: page.status)
            response.headers[.setCookie] = VisitCookie.forgotten
            return response
        }
    }

    private static func provider(_ context: Visit) -> UUID? {
        context.parameters.get("provider").flatMap { $0.utf8.count == 36 ? UUID(uuidString: String($0)) : nil }
    }

    private static func next(_ request: Request) -> Address? {
        request.uri.queryParameters["next"].flatMap { Address(returningTo: String($0)) }
    }

    /// To a provider's own place, which its settings and its own document name; nothing of a request leads there.
    private static func elsewhere(_ place: String) -> Response {
        Response(status: .seeOther, headers: [.location: place])
    }
}

/// The cookie of a visit to a provider: its secret, and where to go afterwards. `Lax`, since the way back is another site's link.
struct VisitCookie {
    static let name = "__Host-visit"
    static let forgotten = "\(name)=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"

    let secret: FlowSecret
    let next: Address?

    init(secret: FlowSecret, next: Address?) {
        self.secret = secret
        self.next = next
    }

    init?(_ request: Request) {
        guard
            let parts = Cookies.value(Self.name, in: request)?.split(separator: ".", omittingEmptySubsequences: false),
            parts.count == 2, let secret = FlowSecret(parts[0])
        else { return nil }
        self.secret = secret
        next = Base64URL.bytes(parts[1]).flatMap { Address(returningTo: String(decoding: $0, as: UTF8.self)) }
    }

    var kept: String {
        let place = Base64URL.text(Array((next?.text ?? "").utf8))
        return "\(Self.name)=\(secret.text).\(place); Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600"
    }
}

/// The fields of a query or a form, each of which may stand there once.
struct QueryFields {
    private var fields: [String: String] = [:]
    private var repeated: Set<String> = []

    init(_ text: String) {
        for pair in text.split(separator: "&").prefix(100) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                String($0).replacing("+", with: " ").removingPercentEncoding ?? ""
            }
            if fields.updateValue(parts.count == 2 ? parts[1] : "", forKey: parts[0]) != nil {
                repeated.insert(parts[0])
            }
        }
    }

    /// A field; `nil` where it is missing, or stands there more than once. (RFC 6749, section 3.1)
    subscript(name: String) -> String? { repeated.contains(name) ? nil : fields[name] }
}

extension ProviderAnswer {
    init(query: String) {
        let fields = QueryFields(query)
        let short = { (name: String, longest: Int) in fields[name].flatMap { $0.utf8.count <= longest ? $0 : nil } }
        self.init(
            state: short("state", 200),
            code: short("code", 4096),
            issuer: short("iss", 1000),
            isError: fields["error"] != nil
        )
    }
}

extension SignInWay {
    init(_ offer: FederatedSignIn.Offer) {
        self.init(provider: offer.provider.uuidString.lowercased(), name: offer.name)
    }
}
