import FHIR
import Testing

@testable import Portal

@Suite struct `What a page says of a request that breaks a rule` {
    private func text(_ outcome: Outcome) -> String {
        Samples().frame().document(Failure(outcome).notice(requestID: RequestID())).text
    }

    @Test func `is the rule, and never that there is nothing`() {
        let text = self.text(Outcome(.value, "name must have a letter or digit"))
        #expect(text.contains("Name must have a letter or digit. Nothing was changed."))
        #expect(!text.contains("Nothing here for you to see"))
    }

    @Test func `is that there is nothing where there is`() {
        #expect(self.text(Outcome(.notFound, "there is no such thing")).contains("Nothing here for you to see"))
    }
}
