import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import Portal

@Suite struct `Rate limits` {
    private let noon = Date(timeIntervalSince1970: 1_795_348_800)
    private let limits = RateLimits([.reads: 3, .signIn: 2, .reports: 1], book: nil)
    private let ada = RateLimits.Spender.session([1])
    private let here = RateLimits.Spender.address("192.0.2.1")
    private let okafors = RateLimits.Spender.organization(UUID())

    private func spend(_ kind: RouteClass, _ count: Int, _ spenders: [RateLimits.Spender]) {
        for _ in 0..<count { limits.count(kind, spenders, at: noon) }
    }

    @Test func `refuse one person until the minute is over, and nobody else`() {
        spend(.reads, 2, [ada, here, okafors])
        #expect(limits.wait(.reads, [ada, here, okafors], at: noon) == nil)
        spend(.reads, 1, [ada, here, okafors])
        #expect(limits.wait(.reads, [ada], at: noon + 20) == 40)
        #expect(limits.wait(.reads, [here, .session([2]), okafors], at: noon + 20) == nil)
        #expect(limits.wait(.reads, [ada], at: noon + 60) == nil)
        #expect(limits.refused == 1)
    }

    @Test func `of one kind do not touch another`() {
        spend(.reads, 3, [ada])
        #expect(limits.wait(.reads, [ada], at: noon) != nil)
        #expect(limits.wait(.signIn, [ada], at: noon) == nil)
        #expect(limits.wait(.writes, [ada], at: noon) == nil, "what has no limit has none")
    }

    @Test func `give an address ten times and an organisation fifty times what a person has`() {
        spend(.reads, 29, [here, okafors])
        #expect(limits.wait(.reads, [here], at: noon) == nil)
        spend(.reads, 1, [here, okafors])
        #expect(limits.wait(.reads, [here], at: noon) != nil && limits.wait(.reads, [okafors], at: noon) == nil)
        spend(.reads, 120, [okafors])
        #expect(limits.wait(.reads, [okafors], at: noon) != nil)
    }

    @Test func `count where nobody signs in for an address alone`() {
        spend(.signIn, 2, [here])
        #expect(limits.wait(.signIn, [here], at: noon) != nil)
        #expect(limits.wait(.signIn, [.address("192.0.2.2")], at: noon) == nil)
    }

    @Test func `of reports hold for an hour`() {
        spend(.reports, 1, [here])
        #expect(limits.wait(.reports, [here], at: noon + 600) == 3000)
        #expect(limits.wait(.reports, [here], at: noon + 3600) == nil)
    }

    @Test func `take a household's network for one address`() throws {
        let network = { (text: String) in RateLimits.network(of: try SocketAddress(ipAddress: text, port: 1)) }
        #expect(try network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1"))
        #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
        #expect(try network("192.0.2.1") != network("192.0.2.2"))
        #expect(try network("::ffff:192.0.2.1") != network("::ffff:192.0.2.2"))
        #expect(RateLimits.network(of: nil) == "")
    }

    @Test(arguments: [
        ("POST", "/sign-in", RouteClass.signIn), ("GET", "/sign-in", .open), ("POST", "/api/session", .signIn),
        ("POST", "/sign-in/logout/1", .logout), ("POST", "/sign-in/link/1", .signIn),
        ("GET", "/sign-in/logout/1", .open),
        ("POST", "/api/session/refresh", .writes), ("POST", "/api/session/step-up", .signIn),
        ("POST", "/join", .signIn), ("GET", "/join", .links), ("POST", "/account/password", .signIn),
        ("GET", "/account", .pages), ("GET", "/password?link=x", .links), ("POST", "/forgot", .links),
        ("POST", "/address", .links), ("GET", "/patients", .pages), ("POST", "/patients", .pages),
        ("GET", "/fhir/Patient/1", .reads), ("GET", "/fhir/Patient/1/_history", .reads),
        ("GET", "/fhir/Patient?name=a", .searches),
        ("POST", "/fhir/Patient/_search", .searches), ("POST", "/fhir/Patient", .writes),
        ("PUT", "/fhir/Patient/1", .writes),
        ("POST", "/fhir", .writes), ("GET", "/fhir/Patient/1/$everything", .exports), ("GET", "/fhir/metadata", .open),
        ("GET", "/api/members", .reads), ("POST", "/api/members", .writes), ("DELETE", "/api/session", .writes),
        ("GET", "/", .open), ("GET", "/trust.json", .open), ("GET", "/health/ready", .open),
        ("GET", "/nonsense", .pages),
    ])
    func `know what a request is`(method: String, path: String, kind: RouteClass) {
        let head = HTTPRequest(method: .init(rawValue: method)!, scheme: "https", authority: "x", path: path)
        #expect(RouteClass(Request(head: head, body: .init(buffer: ByteBuffer()))) == kind)
    }
}
