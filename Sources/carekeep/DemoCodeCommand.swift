import ArgumentParser
import Foundation
import Seals

/// `carekeep demo-code ADDRESS`: what the code app of somebody of the demo would show now.
struct DemoCodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-code",
        abstract: "Print the code that signs in somebody of the demo now.",
        discussion: """
            The demo's clinic and operations staff need a code beside the password, like all staff. Their secrets are in demo.json, so that \
            this command can stand in for a phone. With --link it prints what a real code app takes.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Flag(name: .long, help: "Print the link for a code app instead.")
    var link = false

    @Argument(help: "The e-mail address of somebody of the demo.")
    var address: String

    func run() throws {
        let paths = try InstallationPaths(ServerConfiguration.load(from: config))
        let people = try DemoCommand.people(paths)
        guard let person = people.first(where: { $0.email == address.lowercased() }) else {
            throw ValidationError("Nobody of the demo has that address.")
        }
        guard let secret = person.secret.flatMap(OneTimeSecret.init(base32:)) else {
            throw ValidationError("They sign in with the password alone.")
        }
        print(link ? secret.link(for: person.email) : secret.code(of: OneTimeSecret.step(at: Date())))
    }
}
