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
            print("\(file): signed by \(contents.key.name) at \(contents.issued), counts until \(contents.until)")
            for (standing, count) in contents.counts { print("  \(standing): \(count)") }
            if wanted == nil {
                print("It names its own key. Compare that with one you got another way, or give it as --key:")
                print("  \(contents.key)")
            }
        } catch {
            print("\(file): \(error)")
            throw ExitCode.failure
        }
    }
}
