import Hummingbird
import Logging

/// One line a request in the log: its id, the method, the route's template (never the URL, which may name somebody), the status
/// and the time it took; and the same for the metrics. (LOG-1)
struct RequestLog: RouterMiddleware {
    private let log: Logger
    private let metrics: Metrics

    init(_ log: Logger, _ metrics: Metrics) {
        self.log = log
        self.metrics = metrics
    }

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = start.duration(to: .now)
        let (method, route) = (Self.method(request), Self.route(context))
        metrics.note(method: method, route: route, status: response.status.code, took: elapsed)
        log.info(
            "request",
            metadata: [
                "id": "\(context.requestID)", "method": "\(method)", "route": "\(route)",
                "status": "\(response.status.code)",
                "microseconds":
                    "\(elapsed.components.attoseconds / 1_000_000_000_000 + elapsed.components.seconds * 1_000_000)",
            ]
        )
        return response
    }

    /// The template; `none` for an address that has no route.
    private static func route(_ context: Visit) -> String {
        guard let path = context.endpointPath, path.hasPrefix("/") else { return "none" }
        return path
    }

    /// A method is the client's text: only those that are served are repeated.
    private static func method(_ request: Request) -> String {
        ServedMethods.names.contains(request.method.rawValue) ? request.method.rawValue : "OTHER"
    }
}
