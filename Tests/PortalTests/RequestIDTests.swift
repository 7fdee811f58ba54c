import HTTPTypes
import Hummingbird
import Logging
import NIOEmbedded
import Testing
import Trail

@testable import Portal

@Suite struct `The id of a request` {
    private func visit() -> Visit {
        Visit(source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "test")))
    }

    private func request() -> Request {
        let asked: HTTPFields = [HTTPField.Name("X-Request-Id")!: "mine"]
        let head = HTTPRequest(
            method: .get,
            scheme: "https",
            authority: "localhost",
            path: "/fhir/Patient/1",
            headerFields: asked
        )
        return Request(head: head, body: RequestBody(buffer: .init()))
    }

    @Test func `is the same in the answer, in its line of the log and in the trail's note`() async throws {
        let (paper, visit) = (Paper(), visit())
        let answer = try await RequestLog(paper.log, Metrics()).handle(request(), context: visit) { request, visit in
            try await SecurityHeaders().handle(request, context: visit) { _, _ in Response(status: .notFound) }
        }
        let told = try #require(answer.headers[HTTPField.Name("X-Request-Id")!])
        #expect(told != "mine" && told == visit.requestID.description)
        #expect(try paper.entries().map { $0["request"] as? String } == [told])
        #expect(visit.origin(of: request()).request == told)
    }

    @Test func `is no other request's`() {
        let ids = (0..<1000).map { _ in visit().requestID }
        #expect(Set(ids).count == ids.count)
        #expect(Set(ids.map(\.description)).count == ids.count)
    }
}
