import Care
import HTTPTypes
import Hummingbird
import NIOCore

extension Request {
    /// The body, if it is not larger than `limit` bytes.
    ///
    /// One that says it is larger is refused before it is read, one that turns out to be while it is read. A client that goes
    /// away is no fault of ours.
    func body(upTo limit: Int) async throws -> ByteBuffer {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw Refusal.tooLarge }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw Refusal.tooLarge
        } catch let error as CancellationError {
            throw error
        } catch {
            throw HTTPError(.badRequest)
        }
    }
}

/// Lets through the methods that routes are made for. What else there is may change how a connection is read (`CONNECT` does), so
/// the answer ends it.
struct ServedMethods: RouterMiddleware {
    static let names: Set<String> = ["GET", "HEAD", "POST", "PUT", "DELETE"]

    func handle(
        _ request: Request,
        context: Visit,
        next: (Request, Visit) async throws -> Response
    ) async throws -> Response {
        guard Self.names.contains(request.method.rawValue) else {
            return Response(
                status: .methodNotAllowed,
                headers: [.connection: "close", .allow: "GET, HEAD, POST, PUT, DELETE"]
            )
        }
        let response = try await next(request, context)
        // Whatever is answered to HEAD, a refusal too, is a head alone.
        return request.method == .head ? response.createHeadResponse() : response
    }
}
