import Testing

@testable import Postgres

@Suite struct `A statement` {
    @Test func `numbers its parameters`() {
        let statement: SQL = "select \(1), \("a") and \(true)"
        let (text, types) = Template.rendered(statement.template)
        #expect(String(decoding: text.dropLast(), as: UTF8.self) == "select $1, $2 and $3")
        #expect(types == [20, 25, 16])
    }
}
