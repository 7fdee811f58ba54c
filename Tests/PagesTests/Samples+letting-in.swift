@testable import Portal

/// Pages on which somebody says who is let in: colleagues to a record, and members by a provider.
extension Samples {
    var careTeam: CareTeamPage {
        var patient = self.ada
        patient.seesTeam = true
        return CareTeamPage(
            patient: patient,
            lines: [
                .init(
                    reach: "r1",
                    name: self.word("Dr Bello"),
                    role: self.word("clinician"),
                    reason: "belongs to the care team",
                    since: Day(fhir: "2026-03-03"),
                    until: Day(fhir: "2026-03-09"),
                    isYou: true
                )
            ],
            colleagues: [.init(value: "m2", label: self.word("Jo Carver"))],
            mayLetIn: true,
            draft: .init(
                colleague: "m2",
                kind: "assignment",
                until: "2026-03-09",
                rules: ["colleague": "Please choose.", "kind": "Please choose.", "until": "Please choose a day."]
            ),
            notice: .letIn
        )
    }

    var providerDesk: ProviderDeskPage {
        ProviderDeskPage(
            lines: [
                .init(
                    id: "p1",
                    name: self.word("Northgate"),
                    issuer: self.word("https://idp.example"),
                    clientID: self.word("carekeep"),
                    returnAddress: "https://care.example/sign-in/back/p1",
                    logoutAddress: "https://care.example/sign-in/logout/p1",
                    domains: [self.word("example.org")],
                    claim: self.word("groups"),
                    roles: [self.word("doctors=clinician")],
                    since: Moment(Day(2026, 3, 3)!, hour: 14),
                    linked: 1
                )
            ],
            isOnly: true,
            mayChange: true,
            signInAddress: "https://care.example/sign-in/at/o1",
            notice: .named,
            problem: "Members would have no way in."
        )
    }

    func newProvider(_ kind: NewProviderPage.Kind) -> NewProviderPage {
        let fields = ["name", "issuer", "client", "secret", "team", "key", "domains", "claim", "roles"]
        return NewProviderPage(
            kind: kind,
            roleNames: ["clinician"],
            draft: .init(
                name: self.word("Northgate"),
                issuer: self.word("https://idp.example"),
                clientID: self.word("carekeep"),
                team: self.word("TEAM"),
                keyID: self.word("KEY"),
                domains: self.word("example.org"),
                claim: self.word("groups"),
                roles: self.word("doctors = clinician"),
                rules: Dictionary(uniqueKeysWithValues: fields.map { ($0, "Please enter it.") })
            )
        )
    }
}
