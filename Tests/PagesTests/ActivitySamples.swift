@testable import Portal

/// The pages on which people see what was done as them, and report what looks wrong.
extension Samples {
    var activities: [(name: String, html: HTML)] {
        let when = Moment(Day(number: 20_500), hour: 9, minute: 5)
        let lines = [
            ActivityPage.Line(
                place: "1.a",
                when: when,
                what: "Read an entry in somebody’s record",
                count: 3,
                device: self.word("Firefox on Android"),
                isThisSession: true
            ),
            ActivityPage.Line(place: "2.b", when: when, what: "Somebody tried to sign in as you", wasRefused: true),
        ]
        let report = { (isClosed: Bool, replies: [(when: Moment, words: String)]) in
            ActivityPage.Report(
                when: when,
                words: self.word("I was asleep."),
                about: (self.word("Signed in"), when),
                isClosed: isClosed,
                replies: replies
            )
        }
        let answered = report(false, [(when, self.word("It was your phone."))])
        let page = ActivityPage(
            lines: lines,
            reports: [report(false, []), answered, report(true, [])],
            older: "1.a",
            isReported: true
        )
        let items = [report(false, []), report(true, [(when, self.word("Closed."))])].enumerated().map {
            number,
            report in
            ConcernsPage.Item(
                id: "c\(number)",
                name: self.word("Ben"),
                report: report,
                sent: self.word("draft"),
                problem: "Please write something."
            )
        }
        return [
            ("activity", self.frame().document(page)),
            ("activity-none", self.frame().document(ActivityPage(lines: [], reports: [], isOlder: true))),
            (
                "activity-report",
                self.frame().document(
                    ReportConcernPage(about: "1.a", words: self.word("odd"), problem: "Please write.")
                )
            ),
            ("concerns", self.frame().document(ConcernsPage(items: items))),
            ("concerns-none", self.frame().document(ConcernsPage(items: []))),
        ]
    }
}
