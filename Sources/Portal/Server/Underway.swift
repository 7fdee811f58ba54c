import Hummingbird
import Synchronization

/// Counts the requests that are being answered, so that a stop can wait for them.
final class Underway: RouterMiddleware {
    /// One request. Whoever holds it last, the answer's body among them, ends it.
    private final class Ticket: Sendable {
        private let underway: Underway

        init(_ underway: Underway) {
            self.underway = underway
            underway.count.add(1, ordering: .relaxed)
        }

        deinit { underway.count.subtract(1, ordering: .relaxed) }
    }

    private let count = Atomic(0)

    /// How many there are now.
    var now: Int { count.load(ordering: .relaxed) }

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        let ticket = Ticket(self)
        var response = try await next(request, context)
        let body = response.body
        // What fits into the socket's buffer is gone with the answer's head.
        if body.contentLength ?? .max > 16 << 10 {
            response.body = ResponseBody(contentLength: body.contentLength) { writer in
                try await body.write(writer)
                withExtendedLifetime(ticket) {}
            }
        }
        withExtendedLifetime(ticket) {}
        return response
    }

    /// Waits until nothing has been under way for a fifth of a second, `limit` at most.
    func drain(within limit: Duration) async {
        let deadline = ContinuousClock.now + limit
        var quiet = 0
        while quiet < 10, ContinuousClock.now < deadline {
            quiet = count.load(ordering: .relaxed) == 0 ? quiet + 1 : 0
            // Nobody cancels a stop.
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
