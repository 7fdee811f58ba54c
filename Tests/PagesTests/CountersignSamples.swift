@testable import Portal

/// Two people on one device: the second one's PIN, and where they sign.
extension Samples {
    var countersigning: [(name: String, html: HTML)] {
        let at = Moment(Day(2026, 3, 4)!, hour: 9)
        let page = CountersignPage(
            patient: self.ada,
            record: self.word("r1"),
            words: RecordInWords(Samples.bloodPressure, words: Words(.clinic)),
            version: 1,
            canBeSigned: true,
            people: [Choice.Option(value: "m1", label: self.word("Ravi Patil"))],
            chosen: "m1"
        )
        let troubles: [(String, CountersignPage.Trouble)] = [
            ("none", .noName), ("wrong", .wrong), ("wait", .wait(minutes: 2)), ("other", .notTheSecond),
            ("late", .notNow),
        ]
        let frame = self.frame(.clinic)
        return [
            ("pin", frame.document(PINPage(since: at, waitsUntil: at, notice: .set))),
            ("pin-none", frame.document(PINPage(notice: .removed))),
            ("pin-short", frame.document(PINPage(trouble: .notSixDigits))),
            ("pin-simple", frame.document(PINPage(trouble: .tooSimple))),
            ("pin-different", frame.document(PINPage(trouble: .different))),
            ("countersign", frame.document(page)),
            ("countersign-nobody", frame.document(self.alone(page))),
            ("countersign-not", frame.document(self.past(page))),
        ]
            + troubles.map { name, trouble in
                var page = page
                page.trouble = trouble
                return ("countersign-\(name)", frame.document(page))
            }
    }

    private func alone(_ page: CountersignPage) -> CountersignPage {
        var page = page
        page.people = []
        return page
    }

    private func past(_ page: CountersignPage) -> CountersignPage {
        var page = page
        page.canBeSigned = false
        return page
    }
}
