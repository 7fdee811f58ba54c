import ArgumentParser
import Assurance
import Care
import People

/// `carekeep leave`: somebody is gone, and nobody of the organisation is at hand to say so.
struct LeaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "End somebody's membership of an organisation at once.",
        discussion: """
            Ends together: their sessions, links that they have not used, open passes, records shared with them and every patient whom \
            they reach. Those who run the organisation do the same at /members. The last owner stays: make another one first. The \
            trail says that the operator did it. No record is opened.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(name: .long, help: "The organisation's id, where they belong to several.")
    var organization: String?

    @Argument(help: "The e-mail address with which they sign in.")
    var address: String

    func run() async throws {
        let named = organization.map(Organization.ID.init)
        if let named, named == nil { throw ValidationError("That is not the id of an organisation.") }
        try await OpenHome.forCommand(config: config) { open, admin in
            do {
                guard
                    let alone = try await Founding(keys: open.home.keys).expel(address, from: named ?? nil, over: admin)
                else { throw ValidationError("Nobody who belongs there signs in by that address.") }
                print("They do not belong there any more.")
                if alone > 0 { print("\(alone) patients are looked after by nobody now.") }
            } catch Refusal.severalMatch {
                throw ValidationError("They belong to several organisations: name one with --organization.")
            } catch Refusal.lastOwner {
                throw ValidationError("They are the last owner. Make somebody else an owner first.")
            }
        }
    }
}
