@testable import Portal

/// The pages on which people read and answer what they are asked, and publish it.
extension Samples {
    var agreements: [(name: String, html: HTML)] {
        let (person, when) = (self.frame(), Moment(Day(number: 20_500), hour: 9, minute: 5))
        let text = AgreementsPage.Text(
            version: 2,
            language: "en",
            others: [("hi", self.word("हिन्दी"))],
            title: self.word("House rules"),
            body: self.word("Whoever looks is noted."),
            changes: [self.word("You can ask for a copy.")],
            effective: when
        )
        let item = { (kind: AgreementsPage.Kind, isAsked: Bool, answer: AgreementsPage.Item.Answer?) in
            AgreementsPage.Item(
                id: "a1",
                kind: kind,
                asked: isAsked ? text : nil,
                isDue: isAsked,
                answer: answer,
                answered: answer == nil ? nil : text,
                answeredAt: answer == nil ? nil : when
            )
        }
        let asked: [(String, [AgreementsPage.Item])] = [
            ("none", []), ("terms", [item(.terms, true, .refused)]), ("notice", [item(.notice, true, nil)]),
            ("choice", [item(.consent, true, nil)]), ("answered", [item(.consent, false, .accepted)]),
            ("taken-back", [item(.consent, false, .withdrawn)]),
        ]
        var frame = person
        frame.signedIn?.agreeBy = when
        return asked.map { name, items in
            (
                "agreements-\(name)",
                person.document(
                    AgreementsPage(
                        agreements: items,
                        next: .patients,
                        problem: self.word("Another version was published.")
                    )
                )
            )
        } + self.publishing(when) + [("agreement-reminder", frame.document(HomePage()))]
    }

    private func publishing(_ when: Moment) -> [(name: String, html: HTML)] {
        let line = AgreementDeskPage.Line(
            id: "a1",
            kind: .terms,
            version: 2,
            languages: [self.word("English")],
            title: self.word("House rules"),
            effective: when,
            members: 3,
            accepted: 2,
            refused: 1
        )
        let draft = AgreementDeskPage.Draft(
            title: self.word("House rules"),
            text: self.word("Rules"),
            rules: ["kind": "Please choose what it is.", "title": "Please enter a title."]
        )
        let desk = AgreementDeskPage(counts: [line], mayPublish: true, draft: draft, isDone: true)
        return [
            ("agreement-desk", self.frame().document(desk)),
            ("agreement-desk-none", self.frame().document(AgreementDeskPage(counts: [], mayPublish: false))),
            ("agreement-version", self.frame().document(AgreementVersionPage(last: line, draft: draft))),
        ]
    }
}
