import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// One's own password and address, and the way back in by mail.
///
///     GET  /account             how one signs in
///     GET  /account/password    the form      POST /account/password    old, password, again
///     GET  /account/address     the form      POST /account/address     email, password
///     GET  /address?link=…      behind a letter to a new address        POST /address    token
///     GET  /forgot              the form      POST /forgot              email
struct AccountRoutes {
    let signIn: SignIn

    func add(toOpen open: RouterGroup<Visit>) {
        open.get("forgot") { request, _ in forgotForm(request, signIn.sendsMail ? .asks : .byHand) }
        open.post("forgot") { request, visit in try await forgot(request, visit) }
        open.get("address") { request, _ in try await behindLink(request) }
        open.post("address") { request, visit in try await confirm(request, visit) }
    }

    func add(toPages pages: RouterGroup<PageVisit>) {
        pages.get("account") { request, visit in try await account(request, visit) }
        pages.get("account/password") { _, visit in try await passwordForm(visit) }
        pages.post("account/password") { request, visit in try await changePassword(request, visit) }
        pages.get("account/address") { _, visit in try await addressForm(visit) }
        pages.post("account/address") { request, visit in try await askForAddress(request, visit) }
    }

    private func answer(_ page: some PageBody, _ visit: PageVisit, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(page: Frame(visit.person, csrf: visit.caller.token.formToken).document(page), status: status)
    }

    private func account(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let own = try await signIn.ownAccount(visit.caller)
        let notice = request.uri.queryParameters["done"].flatMap { AccountPage.Notice(rawValue: String($0)) }
        let isElsewhere = try await signIn.ownOrganizations(visit.caller).count > 1
        return answer(
            AccountPage(address: own.address, sendsMail: signIn.sendsMail, isElsewhere: isElsewhere, notice: notice),
            visit
        )
    }

    // MARK: The password

    private func passwordForm(_ visit: PageVisit, _ trouble: ChangePasswordPage.Trouble? = nil) async throws -> Response
    {
        let own = try await signIn.ownAccount(visit.caller)
        return answer(
            ChangePasswordPage(address: own.address, trouble: trouble),
            visit,
            trouble == nil ? .ok : .unprocessableContent
        )
    }

    private func changePassword(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let new = form.exactly("password")
        guard new == form.exactly("again") else { return try await passwordForm(visit, .new(.different)) }
        let own = try await signIn.ownAccount(visit.caller)
        if let weakness = Password.weakness(of: new, personal: own.words) {
            return try await passwordForm(visit, .new(.weak(weakness)))
        }
        do {
            try await signIn.changePassword(of: own, from: form.exactly("old"), to: new, for: visit.caller)
        } catch Refusal.wrongCredentials {
            return try await passwordForm(visit, .wrong)
        } catch Refusal.tooManyTries {
            return try await passwordForm(visit, .tooManyTries)
        }
        return Response.seeOther("/account?done=password")
    }

    // MARK: The address

    private func addressForm(
        _ visit: PageVisit,
        typed: String = "",
        _ trouble: ChangeAddressPage.Trouble? = nil
    ) async throws -> Response {
        guard signIn.sendsMail else { throw Refusal.notFound }
        let own = try await signIn.ownAccount(visit.caller)
        return answer(
            ChangeAddressPage(address: own.address, typed: typed, trouble: trouble),
            visit,
            trouble == nil ? .ok : .unprocessableContent
        )
    }

    private func askForAddress(_ request: Request, _ visit: PageVisit) async throws -> Response {
        let form = try await Form(request, of: visit.caller)
        let typed = form["email"] ?? ""
        guard let address = MailAddress(typed) else { return try await addressForm(visit, typed: typed, .noAddress) }
        let own = try await signIn.ownAccount(visit.caller)
        do {
            try await signIn.askForAddress(address, password: form.exactly("password"), of: own, for: visit.caller)
        } catch Refusal.wrongCredentials {
            return try await addressForm(visit, typed: typed, .wrong)
        } catch Refusal.tooManyTries {
            return try await addressForm(visit, typed: typed, .tooManyTries)
        }
        return Response.seeOther("/account?done=address")
    }

    private func behindLink(_ request: Request) async throws -> Response {
        guard let text = request.uri.queryParameters["link"].map(String.init), let link = AccountLink(text),
            try await signIn.addressLinkWorks(link)
        else { throw Refusal.linkIsUsedUp }
        let visitor = VisitorToken(request)
        return answer(ConfirmAddressPage(csrf: visitor.formToken, token: text), visitor)
    }

    private func confirm(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard let link = form["token"].flatMap(AccountLink.init) else { throw Refusal.linkIsUsedUp }
        try await signIn.changeAddress(by: link, origin: visit.origin(of: request))
        return .seeOther("/sign-in?moved=1")
    }

    // MARK: Forgotten

    private func forgotForm(_ request: Request, _ state: ForgotPage.State, email: String = "") -> Response {
        let visitor = VisitorToken(request)
        var status = HTTPResponse.Status.ok
        if case .hasNoAddress = state { status = .unprocessableContent }
        return answer(ForgotPage(csrf: visitor.formToken, email: email, state: state), visitor, status)
    }

    private func forgot(_ request: Request, _ visit: Visit) async throws -> Response {
        let form = try await Form(ofVisitor: request)
        guard signIn.sendsMail else { return forgotForm(request, .byHand) }
        guard let email = form["email"], email.utf8.count <= 254, email.split(separator: "@").count == 2 else {
            return forgotForm(request, .hasNoAddress, email: form["email"] ?? "")
        }
        try await signIn.askForLink(to: email, origin: visit.origin(of: request))
        return forgotForm(request, .asked)
    }

    private func answer(_ page: some PageBody, _ visitor: VisitorToken, _ status: HTTPResponse.Status = .ok) -> Response
    {
        var response = Response(page: Frame(visitorOn: .now).document(page), status: status)
        response.headers[.setCookie] = visitor.newCookie
        return response
    }
}
