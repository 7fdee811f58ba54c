import ArgumentParser
import Assurance
import Care
import Foundation
import People
import Postgres

/// `carekeep init`: the first organisation, and a link with which its owner sets a password.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Found an organisation; prints a link with which its owner sets a password."
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(name: .long, help: "The organisation's name.")
    var name: String

    @Option(name: .long, help: "family, clinic or operations.")
    var profile: String

    @Option(name: .long, help: "Its country, two letters (ISO 3166).")
    var country: String

    @Option(name: .long, help: "Its time zone, such as Europe/London.")
    var timeZone: String = "UTC"

    @Option(name: .long, help: "The owner's name.")
    var owner: String

    @Option(name: .long, help: "The owner's e-mail address, with which they sign in.")
    var email: String

    func validate() throws {
        guard Organization.Profile(rawValue: profile) != nil else {
            throw ValidationError("--profile must be family, clinic or operations.")
        }
        guard country.utf8.count == 2, country.utf8.allSatisfy({ (65...90).contains($0) }) else {
            throw ValidationError("--country must be two capital letters, such as GB.")
        }
        guard TimeZone(identifier: timeZone) != nil else {
            throw ValidationError("--time-zone must be a name of the time zone database, such as Europe/London.")
        }
        guard email.split(separator: "@").count == 2 else {
            throw ValidationError("--email must be an e-mail address.")
        }
        guard !name.isEmpty, !owner.isEmpty else { throw ValidationError("--name and --owner must not be empty.") }
    }

    func run() async throws {
        let address = try ServerConfiguration.load(from: config)
        try await OpenHome.forCommand(config: config) { open, admin in
            let profile = Organization.Profile(rawValue: profile) ?? .family
            let roles: [Role] =
                switch profile {
                case .family: [.owner, .caregiver]
                case .clinic: [.owner, .clinician]
                case .operations: [.owner, .staff]
                }
            let plan = Founding.Plan(
                name: name,
                profile: profile,
                country: country,
                timeZone: timeZone,
                owner: Members.Newcomer(name: owner, address: email, roles: roles)
            )
            let (organization, invitation) = try await Founding(keys: open.home.keys).found(plan, over: admin)
            print("Organisation \(organization) is founded.")
            switch invitation.purpose {
            case .setPassword: print("Its owner sets a password here, once, within 7 days:")
            case .join:
                print("Its owner has an account already, and joins with its password here, once, within 7 days:")
            }
            print("  \(address.publicAddress)/password?link=\(invitation.link.text)")
        }
    }
}
