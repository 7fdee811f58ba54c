import Hummingbird
import Logging

/// One line a request in the log: its id, the method, the route's template (never the URL, which may name somebody), the status
/// and the time it took. (LOG-1)
struct RequestLog: RouterMiddleware {
    private let log: Logger

    init(_ log: Logger) {
        self.log = log
    }

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = start.duration(to: .now)
        log.info(
            "request",
            metadata: [
                "id": "\(context.requestID)", "method": "\(Self.method(request))",
                "route": "\(context.endpointPath ?? "none")", "status": "\(response.status.code)",
                "microseconds":
                    "\(elapsed.components.attoseconds / 1_000_000_000_000 + elapsed.components.seconds * 1_000_000)",
            ]
        )
        return response
    }

    /// A method is the client's text: only those that are served are repeated.
    private static func method(_ request: Request) -> String {
        ServedMethods.names.contains(request.method.rawValue) ? request.method.rawValue : "OTHER"
    }
}
