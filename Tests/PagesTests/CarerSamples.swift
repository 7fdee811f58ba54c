import Care

@testable import Portal

/// The pages of whoever looks after somebody's record, and of whoever is asked to.
extension Samples {
    var carers: [(name: String, html: HTML)] {
        let page = CarersPage(patient: self.ada, carers: self.carersOfAda, waiting: self.waitingForAda)
        let wrong = with(page) { page in
            page.draft = .init(
                name: self.word("Kim Berg"),
                email: self.word("kim"),
                basis: "agreement",
                may: "guardian",
                until: self.word("2020-01-01"),
                nameError: self.word("Enter a name."),
                emailError: self.word("Enter an address."),
                basisError: self.word("Choose one."),
                mayError: self.word("Choose one."),
                untilError: self.word("That day is over.")
            )
            page.draft.shown.error = self.word("Tick one.")
        }
        let mailed = with(page) { $0.done = .mailed(to: self.word("Kim Berg")) }
        let made = with(page) { page in
            page.done = .made(for: self.word("Kim Berg"), link: self.word("https://localhost/password?link=abc"))
        }
        return [
            ("carers", self.frame().document(page)), ("carers-wrong", self.frame().document(wrong)),
            ("carers-paused", self.frame().document(self.paused(page))),
            ("carers-pause", self.frame().document(self.pause)),
            ("carers-pause-wrong", self.frame().document(self.pauseWrong)),
            ("carers-mailed", self.frame().document(mailed)), ("carers-made", self.frame().document(made)),
        ] + self.asked + self.growingUp + self.ownAccount
    }

    private var growingUp: [(name: String, html: HTML)] {
        let rules = [
            (11, self.word("Look at it."), self.word("a page")), (12, self.word("Talk."), self.word("our choice")),
        ]
        let page = GrowingUpPage(
            patient: self.ada,
            steps: GrowingUpPage.steps(born: self.ada.born, rules: rules, reviewBefore: 90),
            timeZone: self.word("Europe/London")
        )
        let unknown = with(page) { $0.steps = [] }
        let own = with(page) { ($0.own, $0.hasAccount) = (self.ownWords, true) }
        return [
            ("growing-up", self.frame().document(page)), ("growing-up-unknown", self.frame().document(unknown)),
            ("growing-up-own", self.frame().document(own)),
        ]
    }

    private var ownWords: OwnAccountWords { OwnAccountWords(name: self.word("Ada"), decidesFrom: Day(2030, 3, 28)) }

    private var ownAccount: [(name: String, html: HTML)] {
        let page = OwnAccountPage(patient: self.ada, words: self.ownWords)
        let wrong = with(page) { page in
            page.email = self.word("ada")
            page.emailError = self.word("Please enter an address.")
        }
        return [
            ("note", self.frame().document(NotePage(patient: self.ada))),
            (
                "note-wrong",
                self.frame().document(NotePage(patient: self.ada, isPrivate: true, textError: self.word("Write.")))
            ),
            ("own-account", self.frame().document(page)), ("own-account-wrong", self.frame().document(wrong)),
            ("own-account-waits", self.frame().document(with(page) { $0.obstacle = .waits(until: Day(2030, 3, 28)!) })),
            ("own-account-unknown", self.frame().document(with(page) { $0.obstacle = .unknownAge })),
            ("own-account-mailed", self.frame().document(with(page) { $0.done = .mailed })),
            (
                "own-account-made",
                self.frame().document(with(page) { $0.done = .made(link: self.word("https://localhost/a")) })
            ),
        ]
    }

    private var carersOfAda: [CarersPage.Carer] {
        [
            .init(name: self.word("Maria Berg"), isYou: true, does: CarerWords.does(.guardian)),
            .init(
                name: self.word("Kim Berg"),
                does: CarerWords.does(.carerReading),
                sees: self.word("medicines"),
                basis: self.word("helping out for a while"),
                until: Day(2026, 4, 1),
                reach: self.word("r1"),
                keep: self.word("a2"),
                account: self.word("a2")
            ),
            .init(name: self.word("Nan Berg"), does: CarerWords.does(.carer), from: Day(2030, 3, 28)),
        ]
    }

    private func paused(_ page: CarersPage) -> CarersPage {
        with(page) { page in
            page.carers[1].isPaused = true
            page.paused = [
                .init(
                    id: self.word("p1"),
                    name: self.word("Kim Berg"),
                    by: self.word("Maria Berg"),
                    since: Day(2026, 3, 4)!,
                    reason: self.word("We want to look at something first.")
                )
            ]
        }
    }

    private var pause: PausePage {
        PausePage(
            patient: self.ada,
            carer: self.word("Kim Berg"),
            account: self.word("a2"),
            toAsk: [.init(value: self.word("a1"), label: self.word("Maria Berg"))],
            ask: self.word("a1")
        )
    }

    private var pauseWrong: PausePage {
        with(self.pause) { page in
            page.reason = self.word("Because.")
            page.reasonError = self.word("Please say why.")
            page.askError = self.word("Please choose.")
        }
    }

    private var waitingForAda: [CarersPage.Waiting] {
        [
            .init(
                id: self.word("i1"),
                name: self.word("Nan Berg"),
                does: CarerWords.does(.carer),
                basis: self.word("agreed between us"),
                until: Day(2026, 3, 12)!
            )
        ]
    }

    /// What somebody who was asked sees before they answer.
    private var asked: [(name: String, html: HTML)] {
        let visitor = self.frame(signedIn: false)
        let asked = CarerWords(
            patient: self.word("Ada"),
            inviter: self.word("Maria Berg"),
            way: .carer,
            sees: self.word("medicines, results"),
            basis: .helpingOut,
            until: Day(2026, 4, 1)
        )
        let (csrf, token) = (self.word("t0ken"), self.word("s3cret"))
        let password = SetPasswordPage(csrf: csrf, token: token, email: self.word("kim@example.org"), asked: asked)
        let join = JoinPage(csrf: csrf, token: token, organization: self.word("The Berg family"), asked: asked)
        let own = with(asked) { ($0.way, $0.decidesFrom) = (.self, Day(2030, 3, 28)) }
        let ownPassword = with(password) { $0.asked = own }
        return [
            ("asked-own", visitor.document(ownPassword)),
            ("asked-new", visitor.document(password)), ("asked-known", visitor.document(join)),
            ("asked-declined", visitor.document(DeclinedPage())),
        ]
    }
}
