import ArgumentParser
import Assurance
import Foundation
import People

/// `carekeep second-factor reset ADDRESS`: for whoever has lost the phone and the recovery codes.
struct SecondFactorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "second-factor",
        abstract: "Take somebody's code app off the account: a phone that was lost, and recovery codes with it.",
        subcommands: [Reset.self]
    )

    /// `carekeep second-factor reset ADDRESS`
    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take it off, and end every session of the account.",
            discussion: """
                From then on the password alone opens the account, or, for staff, opens the page where another app is set up. So be sure who \
                asks: call them back on a number that you knew before. The trail says that the operator did it.
                """
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The e-mail address with which they sign in.")
        var address: String

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                switch try await SecondFactorReset(keys: open.home.keys).reset(address, over: admin) {
                case nil: throw ValidationError("Nobody signs in by that address.")
                case false?: throw ValidationError("They have no code app.")
                case true?:
                    print("Their code app and recovery codes are off the account. All their sessions have ended.")
                }
            }
        }
    }
}
