import People

@testable import Portal

/// The pages on which people change how they sign in.
extension Samples {
    var accounts: [(name: String, html: HTML)] {
        let (visitor, person) = (self.frame(signedIn: false), self.frame())
        let address = self.word("maria@example.org")
        let forgot: [(String, ForgotPage.State)] = [
            ("asks", .asks), ("no-address", .hasNoAddress), ("asked", .asked), ("by-hand", .byHand),
        ]
        let passwords: [(String, ChangePasswordPage.Trouble?)] = [
            ("form", nil), ("wrong", .wrong), ("different", .new(.different)), ("personal", .new(.weak(.tooPersonal))),
        ]
        let addresses: [(String, ChangeAddressPage.Trouble?)] = [
            ("form", nil), ("wrong", .wrong), ("none", .noAddress),
        ]
        let notices: [(String, AccountPage.Notice?)] = [("", nil), ("-password", .password), ("-address", .address)]
        return notices.map { name, notice in
            (
                "account\(name)",
                person.document(AccountPage(address: address, sendsMail: notice != nil, notice: notice))
            )
        }
            + passwords.map { name, trouble in
                ("account-password-\(name)", person.document(ChangePasswordPage(address: address, trouble: trouble)))
            }
            + addresses.map { name, trouble in
                (
                    "account-address-\(name)",
                    person.document(
                        ChangeAddressPage(address: address, typed: self.word("m@example.org"), trouble: trouble)
                    )
                )
            }
            + forgot.map { name, state in
                (
                    "forgot-\(name)",
                    visitor.document(ForgotPage(csrf: self.word("t0ken"), email: address, state: state))
                )
            }
            + [
                (
                    "confirm-address",
                    visitor.document(ConfirmAddressPage(csrf: self.word("t0ken"), token: self.word("once")))
                ),
                ("linked-providers-none", person.document(LinkedProvidersPage(lines: [], notice: .unlinked))),
                ("link-provider", person.document(LinkProviderPage(provider: "a-provider", name: "Northgate"))),
                ("linked-providers", person.document(self.linkedProviders)),
            ]
    }

    private var linkedProviders: LinkedProvidersPage {
        LinkedProvidersPage(
            lines: [
                .init(
                    id: "p1",
                    name: self.word("Northgate"),
                    organization: self.word("Sunrise Clinics"),
                    since: Moment(Day(2026, 3, 3)!)
                )
            ],
            problem: "That is the only way."
        )
    }
}
