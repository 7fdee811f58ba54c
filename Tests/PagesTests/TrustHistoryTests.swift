import Testing

@testable import Portal

@Suite struct `The small picture of a promise's past` {
    private func bars(_ outcomes: [Bool], _ measure: TrustHistory.Measure = .times) throws -> [Markup.Tag] {
        let picture = try #require(TrustHistory(outcomes: outcomes, measure: measure).picture)
        return Markup(picture.text).tags.filter { $0.name == "rect" }
    }

    private func told(_ outcomes: [Bool], _ measure: TrustHistory.Measure) -> String? {
        TrustHistory(outcomes: outcomes, measure: measure).picture.flatMap { picture in
            Markup(picture.text).tags.first { $0.name == "svg" }?["aria-label"]
        }
    }

    @Test func `is none where nothing was tried`() {
        #expect(TrustHistory(outcomes: []).picture == nil)
    }

    @Test func `has a bar for each time, the last at the right, and a lower one where it fell short`() throws {
        let bars = try bars([true, false, true])
        #expect(bars.map { $0["class"] } == ["well", "ill", "well"])
        #expect(bars.map { $0["x"] } == ["0", "4", "8"])
        // Told by their height as well as by their colour.
        #expect(bars.map { $0["height"] } == ["14", "5", "14"])
    }

    @Test func `shows the last thirty, and counts no more than it shows`() throws {
        let outcomes = Array(repeating: false, count: 10) + Array(repeating: true, count: 29) + [false]
        let bars = try bars(outcomes)
        #expect(bars.count == 30 && bars.first?["x"] == "0" && bars.last?["class"] == "ill")
        #expect(told(outcomes, .times) == "29 of the last 30 times all was well")
    }

    @Test func `says in words what a bar stands for`() {
        #expect(told([true, false], .days) == "On 1 of the last 2 days all was well")
        #expect(told([true, true], .months) == "Looked at month by month, vouched for at 2 of the last 2 times")
    }
}
