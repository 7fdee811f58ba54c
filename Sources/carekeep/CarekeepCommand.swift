import ArgumentParser

/// Which release this is.
enum Release {
    static let version: StaticString = "0.1.0"
    /// When it came out; goes with the version.
    static let date: StaticString = "2026-11-22"
    /// As error reports name it.
    static let name: StaticString = "carekeep@0.1.0"
}

/// `carekeep`: everything an operator does.
struct CarekeepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "carekeep",
        abstract: "A home for health records whose security page can be checked.",
        version: "\(Release.version)",
        subcommands: [
            RunCommand.self, InitCommand.self, LinkCommand.self, SecondFactorCommand.self, ImportCommand.self,
            MigrateCommand.self,
            JobsCommand.self, MailCommand.self, PreflightCommand.self, ProveCommand.self, VerifyCommand.self,
            StewardsCommand.self,
            VulnerabilitiesCommand.self, ProvidersCommand.self, PackCommand.self, RootKeyCommand.self,
            AccessCommand.self,
            LeaveCommand.self,
            ConfigCommand.self,
            SynthesizeCommand.self, ServeCommand.self, DemoCommand.self, DemoCodeCommand.self,
        ]
    )
}

/// `carekeep config`: the settings in force.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Print every setting in force; secrets are left out."
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    func run() throws {
        for setting in try ServerConfiguration.load(from: config).effective {
            print("\(setting.key): \(setting.value)")
        }
    }
}
