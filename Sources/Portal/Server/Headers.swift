import HTTPTypes
import Hummingbird

/// What every answer says to browsers (APP-3, ENC-2), and the request's id, so that whoever asks about a slow or refused request
/// can name it. A client's own `X-Request-Id` is not taken over: it could hold anything.
struct SecurityHeaders: RouterMiddleware {
    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        Self.add(to: &response.headers)
        response.headers[Self.requestID] = context.requestID.description
        return response
    }

    static func add(to headers: inout HTTPFields) {
        for (name, value) in fixed { headers[name] = value }
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    }

    private static let requestID = HTTPField.Name("X-Request-Id")!

    private static let fixed: [(HTTPField.Name, String)] = [
        (
            HTTPField.Name("Content-Security-Policy")!,
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
                + "frame-ancestors 'none'; require-trusted-types-for 'script'"
        ),
        (.strictTransportSecurity, "max-age=63072000; includeSubDomains"),
        (.xContentTypeOptions, "nosniff"),
        (HTTPField.Name("X-Frame-Options")!, "DENY"),
        (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
        (
            HTTPField.Name("Permissions-Policy")!,
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
        ),
        (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
        (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    ]
}
