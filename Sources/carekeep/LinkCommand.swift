import ArgumentParser
import Assurance
import Care
import Foundation
import People

/// `carekeep link`: a new one-time link for somebody who forgot the password, or whose link ran out.
struct LinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Make a new one-time link for a member: a forgotten password, a link that ran out.",
        discussion: """
            Whoever opens the link sets the account's password, so be sure whom you give it to. Links made before end at once, \
            and with the new password every session of the account. The trail says that the operator made one. Where a mail server \
            is configured the link is mailed to them, unless --print is given.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(name: .long, help: "The member's e-mail address.")
    var email: String

    @Option(name: .long, help: "The organisation's id, for somebody who belongs to several.")
    var organization: String?

    @Flag(name: .customLong("print"), help: "Print the link, and mail nothing.")
    var isPrinted = false

    func run() async throws {
        let wanted = organization.map { Organization.ID($0) }
        if case .some(.none) = wanted { throw ValidationError("--organization must be the id of an organisation.") }
        let configuration = try ServerConfiguration.load(from: config)
        let byMail = configuration.mail != nil && !isPrinted
        if byMail, MailAddress(email) == nil {
            throw ValidationError("No mail can be sent to that address. With --print the link is printed.")
        }
        try await OpenHome.forCommand(config: config) { open, admin in
            let founding = Founding(keys: open.home.keys)
            let made = try await founding.renewLink(for: email, in: wanted ?? nil, byMail: byMail, over: admin)
            guard let invitation = made else { throw ValidationError("Nobody belongs here by that address.") }
            if invitation.isMailed { return print("A letter with a link is on its way to them.") }
            switch invitation.purpose {
            case .setPassword: print("They set a password here, once, within the days that are set for invitations:")
            case .join:
                print(
                    "They join with their account's password here, once, within the days that are set for invitations:"
                )
            }
            print("  \(configuration.publicAddress)/password?link=\(invitation.link.text)")
        }
    }
}
