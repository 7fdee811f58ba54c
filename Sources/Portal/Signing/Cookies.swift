import Foundation
import HTTPTypes
import Hummingbird
import People
import Seals

/// The cookies: the session's, the known device's, and a visitor's against forged forms before there is a session. `__Host-` makes browsers refuse
/// them unless they are Secure, of this host alone and of the whole site.
enum Cookies {
    static let session = "__Host-carekeep"
    static let visitor = "__Host-visitor"

    static func value(_ name: String, in request: Request) -> String? {
        guard let cookies = request.headers[.cookie] else { return nil }
        for cookie in cookies.split(separator: ";") {
            let pair = cookie.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if pair.count == 2, pair[0] == name { return pair[1] }
        }
        return nil
    }

    static func sessionToken(in request: Request) -> SessionToken? {
        value(session, in: request).flatMap(SessionToken.init)
    }

    /// `SameSite=Lax`: following a link from elsewhere arrives signed in; posting from elsewhere does not.
    static func keep(_ token: SessionToken) -> String {
        "\(session)=\(token.text); Path=/; Secure; HttpOnly; SameSite=Lax"
    }

    /// A visitor's token does not outlive the visit.
    static let forgetVisitor = "\(visitor)=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"

    /// A device on which somebody was signed in: others' wrong passwords do not make it wait.
    static let device = "__Host-device"

    static func keep(device text: String) -> String {
        "\(device)=\(text); Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=\(SignIn.knownDeviceSeconds)"
    }

    static let forget = "\(session)=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
}

/// What a visitor's form carries: derived from a random cookie, so that another site cannot make one.
struct VisitorToken {
    /// The cookie to set, if the visitor had none.
    let newCookie: String?
    let formToken: String

    init(_ request: Request) {
        if let held = Cookies.value(Cookies.visitor, in: request), held.utf8.count == 43 {
            newCookie = nil
            formToken = Self.formToken(of: held)
        } else {
            let fresh = Base64URL.text(Primitive.freshBytes(32))
            newCookie = "\(Cookies.visitor)=\(fresh); Path=/; Secure; HttpOnly; SameSite=Strict"
            formToken = Self.formToken(of: fresh)
        }
    }

    static func formToken(in request: Request) -> String? {
        Cookies.value(Cookies.visitor, in: request).flatMap { $0.utf8.count == 43 ? formToken(of: $0) : nil }
    }

    private static func formToken(of cookie: String) -> String {
        Base64URL.text(Primitive.sha256(Array("carekeep visitor v1".utf8) + Array(cookie.utf8)))
    }
}
