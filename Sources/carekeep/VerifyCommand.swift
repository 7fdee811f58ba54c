import ArgumentParser
import Assurance
import Foundation
import Seals

/// `carekeep verify`: checks a file of /trust.json, anywhere, without an installation.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the signature and the age of a file of /trust.json; needs no installation."
    )

    @Argument(help: "The file.")
    var file: String

    @Option(name: .long, help: "Whose it must be: the key as that installation's page /trust shows it.")
    var key: String?

    func run() throws {
        var wanted: NoteVerifier?
        if let key {
            wanted = NoteVerifier(key)
            if wanted == nil { throw ValidationError("--key must be a key as the page /trust shows it.") }
        }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("\(file) cannot be read.")
        }
        do {
            let contents = try TrustFile.verify(Array(data), key: wanted, at: Date())
            let name = contents.key.name.withoutControls
            print(
                wanted == nil
                    ? "\(file): whole, and signed at \(contents.issued) by a key that calls itself \(name); counts until \(contents.until)"
                    : "\(file): signed by \(name) at \(contents.issued), counts until \(contents.until)"
            )
            for (standing, count) in contents.counts { print("  \(standing): \(count)") }
            print("  not published: \(contents.withheld)")
            if contents.clockWasBehind {
                print(
                    "The clock of that server was wrong when it signed: something was noted at a later time, and no vouching was counted."
                )
            }
            if wanted == nil {
                print(
                    "Anybody can make such a file with a key of their own. Compare the key with one that you got another way, or give"
                )
                print("that as --key:")
                print("  \(contents.key)")
            }
        } catch {
            print("\(file): \(error)")
            throw ExitCode.failure
        }
    }
}
