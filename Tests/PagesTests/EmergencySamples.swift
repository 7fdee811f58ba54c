import Care
import Records

@testable import Portal

extension Samples {
    /// What was opened in emergencies, from the form to the review.
    var emergencies: [(name: String, html: HTML)] {
        let kinds = EmergencyKind.allCases.map { Choice.Option(value: $0.rawValue, label: $0.label) }
        let wrong = EmergencyPage.Draft(
            name: self.word("Arjun"),
            born: "1980",
            kind: "bleeding",
            reason: self.word("x"),
            nameError: "Please write given name and family name.",
            bornError: "Please enter the whole birth date.",
            kindError: "Please choose.",
            reasonError: "Please write what is happening.",
            problem: .notOne
        )
        let at = Moment(Day(2026, 3, 4)!, hour: 9)
        var line = EmergencyReviewsPage.Line(
            id: "e1",
            name: self.word("Dr Kabir Shah"),
            role: "doctor or nurse",
            since: at,
            until: Moment(Day(2026, 3, 4)!, hour: 10),
            reviewBy: Moment(Day(2026, 3, 7)!, hour: 9),
            isOverdue: true,
            kind: "Injury or bleeding",
            reason: self.word("Brought in by ambulance after a fall.")
        )
        let review = EmergencyReviewPage(
            line: line,
            deeds: [.init(when: at, words: "opened the record or an entry")],
            draft: .init(verdict: nil, words: "", verdictError: "Please choose.", wordsError: "Please say why.")
        )
        var own = line
        own.isOwn = true
        let mine = EmergencyReviewPage(line: own, deeds: [])
        var vain = line
        vain.until = nil
        vain.isOverdue = false
        let waiting = line
        line.isOverdue = false
        line.review = .init(
            when: at,
            name: self.word("Ravi Patil"),
            isJustified: true,
            words: self.word("I asked her.")
        )
        let list = EmergencyReviewsPage(lines: [waiting, line, vain])
        let frame = self.frame(.clinic)
        return [
            ("emergency", frame.document(EmergencyPage(minutes: 60, writes: true, kinds: kinds))),
            ("emergency-wrong", frame.document(EmergencyPage(minutes: 60, writes: false, kinds: kinds, draft: wrong))),
            ("emergency-off", frame.document(EmergencyPage(minutes: 0, writes: false, kinds: kinds))),
            ("emergency-open", frame.document(EmergencyOpenPage(patient: "p1", until: at))),
            ("emergency-reviews", frame.document(list)),
            ("emergency-reviews-none", frame.document(EmergencyReviewsPage(lines: []))),
            ("emergency-review", frame.document(review)),
            ("emergency-review-own", frame.document(mine)),
            ("emergency-reviewed", frame.document(EmergencyReviewPage(line: line, deeds: []))),
        ]
    }
}
