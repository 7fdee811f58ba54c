import ArgumentParser
import Seals

/// `carekeep root-key`: the key above all keys.
struct RootKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root-key",
        abstract: "Whether the root key is sealed; seal it.",
        subcommands: [Show.self, Seal.self],
        defaultSubcommand: Show.self
    )

    /// `carekeep root-key`
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whether the root key's file is sealed.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() throws {
            let path = try InstallationPaths(ServerConfiguration.load(from: config)).rootKeyFile
            do {
                print("\(path): \(try RootKey.isSealed(at: path) ? "sealed by a passphrase" : "in clear")")
            } catch {
                throw ValidationError("\(path): \(error)")
            }
        }
    }

    /// `carekeep root-key seal`
    struct Seal: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal a root key that lies in clear, by the passphrase that the configuration names.",
            discussion: """
                The server goes on with the key that it has; from its next start it needs the passphrase. Whoever loses file or \
                passphrase loses every record. What lay in clear may stay on the disk until it is written over, and in copies of the \
                file: treat those as keys.
                """
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() throws {
            let paths = try InstallationPaths(ServerConfiguration.load(from: config))
            do { try RootKeyPlace(paths).seal() } catch SealError.rootKeyExists {
                print("\(paths.rootKeyFile) is sealed already.")
                return
            }
            print("\(paths.rootKeyFile) is sealed. Keep the passphrase in two places, neither of them beside the data.")
        }
    }
}
