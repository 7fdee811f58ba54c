import Care
import Foundation
import HTTPTypes
import Hummingbird
import Testing

@testable import Portal

@Suite struct `A refusal on a page` {
    private func title(_ notice: NoticePage) -> String { notice.title(in: Frame(visitorOn: Date())) }

    @Test(arguments: Refusal.allCases.filter { $0 != .notFound })
    func `never says that there is nothing where there is something`(refusal: Refusal) {
        let notice = Failure(refusal).notice(requestID: RequestID())
        #expect(title(notice) != title(.notFound))
    }

    @Test(arguments: [HTTPResponse.Status.badRequest, .methodNotAllowed, .unsupportedMediaType, .contentTooLarge])
    func `says that a request was wrong where it was`(status: HTTPResponse.Status) {
        #expect(title(Failure(HTTPError(status)).notice(requestID: RequestID())) != title(.notFound))
    }

    @Test func `says that there is nothing where there is`() {
        #expect(title(Failure(Refusal.notFound).notice(requestID: RequestID())) == title(.notFound))
        #expect(title(Failure(HTTPError(.notFound)).notice(requestID: RequestID())) == title(.notFound))
    }
}

@Suite struct `The way back of a form` {
    @Test(arguments: [
        (Address.endMembership("m1"), Address.member("m1")), (.endRole("r1"), .role("r1")),
        (.stopSharing(of: "p1"), .sharing(of: "p1")), (.review(of: "ISO-1"), .vouching(for: "ISO-1")),
        (.withdrawal(of: "ISO-1"), .vouching(for: "ISO-1")), (.recoveryCodes, .ownSecondFactor),
        (.removeSecondFactor, .ownSecondFactor), (.member("m1"), .member("m1")), (.patients, .patients),
    ])
    func `leads to a page that can be opened`(form: Address, page: Address) {
        #expect(AnswerFailures.page(at: form.text, .post) == page.text)
    }

    @Test func `of what was opened leads there`() {
        #expect(AnswerFailures.page(at: "/patients/end", .get) == "/patients/end")
    }
}
