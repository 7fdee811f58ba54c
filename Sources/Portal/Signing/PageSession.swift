import Care
import Foundation
import HTTPTypes
import Hummingbird
import People

/// How a session of the pages begins, whatever form asked for the password.
struct PageSession {
    let signIn: SignIn

    /// Begins one by address and password. A known device does not wait for others' wrong passwords.
    ///
    /// - Throws: what ``PasswordTrouble`` is made of.
    func begin(
        _ email: String,
        _ password: String,
        in organization: Organization.ID?,
        _ request: Request,
        _ visit: Visit,
        backFrom flow: FlowSecret? = nil
    ) async throws -> SessionToken {
        try await signIn.begin(
            address: email,
            password: password,
            organization: organization,
            use: .page,
            origin: visit.origin(of: request),
            knownDevice: Cookies.value(Cookies.device, in: request),
            backFrom: flow
        )
    }

    /// On to a page, signed in. Where a password was shown, the device is known for its address from now on.
    func response(
        _ token: SessionToken,
        of email: String?,
        next: Address?,
        and cookies: [String] = []
    ) async throws -> Response {
        var response = Response.seeOther(next ?? .patients)
        var all = [Cookies.keep(token), Cookies.forgetVisitor] + cookies
        if let email { all.append(Cookies.keep(device: try await signIn.knownDevice(of: email))) }
        response.headers[values: .setCookie] = all
        return response
    }
}

/// Why a form that asks for an address and a password is shown again.
enum PasswordTrouble: Sendable {
    /// Never says which of the two was wrong.
    case wrong
    case wait(seconds: Int)

    /// `nil` for what is no fault of what was typed.
    init?(_ error: any Error) {
        switch error {
        case Refusal.wrongCredentials: self = .wrong
        case let tries as TooManyTries:
            self = .wait(seconds: max(1, Int(tries.until.timeIntervalSinceNow.rounded(.up))))
        default: return nil
        }
    }

    /// Rounded up.
    var minutes: Int { if case .wait(let seconds) = self { (seconds + 59) / 60 } else { 0 } }

    var words: String {
        switch self {
        case .wrong: "The email address and password do not go together. Please try again."
        case .wait:
            "That was tried too often. Please wait \(minutes == 1 ? "a minute" : "\(minutes) minutes") and try again. "
                + "Nothing is lost."
        }
    }

    /// The form once more, as an answer to what was sent.
    func response(_ page: HTML) -> Response {
        switch self {
        case .wrong: return Response(page: page, status: .unauthorized)
        case .wait(let seconds):
            var response = Response(page: page, status: .tooManyRequests)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        }
    }
}
