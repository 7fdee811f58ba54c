import Care
import Foundation
import Synchronization
import Testing

@testable import Portal

/// A collector within the process: says what it is told to, and may be stopped.
private final class Collector: Sendable {
    let taken = Mutex<[ErrorReport]>([])
    let gate = DispatchSemaphore(value: 0)
    let answer = Mutex(Reports.Delivery(isTaken: true))

    /// With `isSlow` it answers when the gate is signalled, once for each report.
    func reports(isSlow: Bool = false) -> Reports {
        Reports { [self] in
            { report in
                if isSlow { self.gate.wait() }
                self.taken.withLock { $0.append(report) }
                return self.answer.withLock { $0 }
            }
        }
    }
}

private struct Broken: Error {}

private func report(_ event: StaticString = "failed", _ fault: Fault = Fault(Broken())) -> ErrorReport {
    ErrorReport(
        event: event,
        fault: fault,
        request: nil,
        facts: ["tries": .count(3)],
        place: SourcePlace(#fileID, #line)
    )
}

/// Different problems, by the server's exit code.
private func problem(_ number: Int32) -> ErrorReport { report("ended", Fault(serverEnded: number)) }

@Suite struct `Error reports` {
    private func until(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "it did not come about")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func `tell a problem once, and count its repeats`() async throws {
        let collector = Collector()
        let reports = collector.reports()
        for _ in 0..<50 { reports.offer(report()) }
        reports.offer(problem(70))
        try await until { reports.counts.sent == 2 }
        #expect(reports.counts == .init(sent: 2, dropped: 0, repeated: 49))
    }

    @Test func `wait in a queue that ends, and nobody waits for them`() async throws {
        let collector = Collector()
        let reports = collector.reports(isSlow: true)
        // Returns, though the collector does not answer.
        for number in 0..<200 { reports.offer(problem(Int32(number))) }
        let lost = reports.counts.dropped
        #expect(lost >= 200 - Reports.room - 1)
        for _ in 0..<200 { collector.gate.signal() }
        try await until { reports.counts.sent + reports.counts.dropped == 200 }
        #expect(reports.counts == .init(sent: 200 - lost, dropped: lost, repeated: 0))
    }

    @Test func `stop when the collector asks for silence`() async throws {
        let collector = Collector()
        let reports = collector.reports()
        collector.answer.withLock { $0 = .init(isTaken: false, quiet: .seconds(3600)) }
        reports.offer(problem(1))
        try await until { reports.counts.dropped == 1 }
        collector.answer.withLock { $0 = .init(isTaken: true) }
        reports.offer(problem(2))
        #expect(reports.counts == .init(sent: 0, dropped: 2, repeated: 0))
        #expect(collector.taken.withLock { $0.count } == 1)
    }

    @Test func `are taken no more after closing, and what waited is sent`() async throws {
        let collector = Collector()
        let reports = collector.reports()
        reports.offer(problem(1))
        await reports.close(within: .seconds(60))
        #expect(reports.counts.sent == 1)
        reports.offer(problem(2))
        #expect(reports.counts == .init(sent: 1, dropped: 1, repeated: 0))
    }

    @Test(
        arguments: [
            (200, [], nil), (500, [], nil), (429, [], 60), (429, ["Retry-After: 7"], 7), (503, ["Retry-After: 7"], nil),
            (429, ["retry-after:  12\r\n"], 12), (429, ["Retry-After: Wed, 21 Oct 2026 07:28:00 GMT"], 60),
            (429, ["Retry-After: 999999999"], 86_400), (429, ["Retry-After: -5"], 0),
            (200, ["X-Sentry-Rate-Limits: 30:error:organization"], 30), (200, ["x-sentry-rate-limits: 30"], 30),
            (200, ["X-Sentry-Rate-Limits: 30::organization"], 30),
            (200, ["X-Sentry-Rate-Limits: 30:transaction:key"], nil),
            (200, ["X-Sentry-Rate-Limits: 9:transaction;error:key, 2700:session:key, 40::organization:quota"], 40),
            (429, ["Retry-After: 5", "X-Sentry-Rate-Limits: 30:error:key"], 30),
            (200, ["X-Sentry-Rate-Limits: soon"], nil),
        ] as [(Int, [String], Int?)]
    )
    func `rest as long as an answer says`(status: Int, headers: [String], seconds: Int?) {
        var limit = RateLimit()
        for header in headers { limit.read(header) }
        #expect(limit.quiet(status: status) == seconds.map { .seconds($0) })
    }

    @Test func `are envelopes of three lines with a length that is right`() throws {
        let bytes = report().envelope(environment: .staging, release: "carekeep@1")
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 3)
        let parts = try lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any]) }
        #expect(parts[1]["length"] as? Int == lines[2].count && parts[1]["type"] as? String == "event")
        #expect(parts[0]["event_id"] as? String == parts[2]["event_id"] as? String)
        #expect((parts[0]["event_id"] as? String)?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(
            Set(parts[2].keys) == [
                "event_id", "timestamp", "platform", "level", "logger", "release", "environment", "exception", "tags",
                "fingerprint",
            ]
        )
        #expect(parts[2]["tags"] as? [String: String] == ["event": "failed", "tries": "3"])
    }

    @Test(
        arguments: [
            ("https://abc123@o1.ingest.example/42", "https://o1.ingest.example/api/42/envelope/"),
            (
                "https://k@bugs.example:8443/errors/tracker/7",
                "https://bugs.example:8443/errors/tracker/api/7/envelope/"
            ),
            ("http://k@127.0.0.1:8000/1", "http://127.0.0.1:8000/api/1/envelope/"),
            ("http://k@[::1]:8000/1", "http://[::1]:8000/api/1/envelope/"),
            ("http://k@bugs.example/1", nil), ("http://k@127.0.0.1.example/1", nil), ("https://bugs.example/1", nil),
            ("https://k@bugs.example/", nil), ("https://k@bugs.example/abc", nil),
            ("https://k:secret@bugs.example/1", nil),
            ("https://k@bugs.example/1?a=b", nil), ("https://k@bugs.example/1\nX: y", nil),
            ("ftp://k@bugs.example/1", nil),
            ("https://k@a@b/1", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `go where a DSN says, and never in the clear to another machine`(dsn: String, url: String?) {
        let address = ReportAddress(dsn)
        #expect(address?.url == url)
        if let address { #expect("\(address)" == "(hidden)") }
    }
}
