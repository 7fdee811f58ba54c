import Hummingbird

/// One line a request in the log: its id, the method, the route's template (never the URL, which may name somebody), the status
/// and the time it took; and the same for the metrics. (LOG-1)
struct RequestLog: RouterMiddleware {
    private let log: Log
    private let metrics: Metrics

    init(_ log: Log, _ metrics: Metrics) {
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
        let note = RequestNote(request, context, status: response.status.code)
        metrics.note(method: note.method.text, route: note.route.text, status: note.status, took: elapsed)
        log.info("request", of: note, ["microseconds": .microseconds(elapsed)])
        return response
    }
}
