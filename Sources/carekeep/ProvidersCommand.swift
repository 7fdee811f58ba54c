import ArgumentParser
import Assurance
import Care
import Foundation
import People

/// `carekeep providers`: where people sign in besides by password, and who is let in by it.
struct ProvidersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "providers",
        abstract: "Let people sign in with Apple, Google or any OpenID Connect provider; list providers.",
        discussion: """
            A provider of an organisation signs in to that organisation alone; one of the installation to whatever somebody belongs to. \
            Whoever has an account proves it with its password once. The trail says what the operator changed.
            """,
        subcommands: [List.self, Add.self, Remove.self, Only.self],
        defaultSubcommand: List.self
    )

    /// `carekeep providers`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List providers, and what to enter there.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() async throws {
            let base = try ServerConfiguration.load(from: config).publicAddress
            try await OpenHome.forCommand(config: config) { open, admin in
                for line in try await ProviderBook(over: admin, keys: open.home.keys).lines() {
                    print("\(line.id.uuidString.lowercased())  \(line.name)  \(line.issuer)  client \(line.clientID)")
                    if let organization = line.organization {
                        print(
                            "  of \(organization), at \(base)/sign-in/at/\(organization)\(line.isOnly ? ", alone" : "")"
                        )
                    } else {
                        print("  of the installation, at \(base)/sign-in")
                    }
                    ProvidersCommand.tellAddresses(of: line.id, base: base)
                }
            }
        }
    }

    /// `carekeep providers add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a provider.",
            discussion: """
                For Google: --google --client-id --secret-file. For Apple: --apple --client-id (the service's id) --team --key-id \
                --secret-file (the .p8 file). For others: --name --issuer --client-id --secret-file.

                With --claim and --role, an organisation's provider makes members of people whom nobody invited: \
                --claim groups --role doctors=clinician. It never makes owners.
                """
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Option(name: .long, help: "The organisation's id; left out for the installation.")
        var organization: String?

        @Flag(name: .long, help: "Google.")
        var google = false

        @Flag(name: .long, help: "Apple.")
        var apple = false

        @Option(name: .long, help: "What stands on the button after \"Sign in with\".")
        var name: String?

        @Option(name: .long, help: "The issuer, https://…, to the letter.")
        var issuer: String?

        @Option(name: .long, help: "The id under which the provider knows this server.")
        var clientID: String

        @Option(
            name: .long,
            help: "A file with the secret that the provider gave, or Apple's key; - reads the standard input."
        )
        var secretFile: String

        @Option(name: .long, help: "Apple: the team's id.")
        var team: String?

        @Option(name: .customLong("key-id"), help: "Apple: the key's id.")
        var keyID: String?

        @Option(
            name: .long,
            help: "A domain of the addresses that it may vouch for; several times for several, none for all."
        )
        var domain: [String] = []

        @Option(name: .long, help: "The claim that says what somebody is.")
        var claim: String?

        @Option(
            name: .long,
            help: "A role that a value of the claim stands for: VALUE=ROLE; several times for several."
        )
        var role: [String] = []

        func run() async throws {
            let configuration = try ServerConfiguration.load(from: config)
            let wanted = organization.map { Organization.ID($0) }
            if case .some(.none) = wanted { throw ValidationError("--organization must be the id of an organisation.") }
            let draft = try draft()
            guard draft.roles.isEmpty || organization != nil else {
                throw ValidationError("Only an organisation's provider makes members.")
            }
            let rules = draft.rules(mayBeLocal: configuration.localProviders == .allowed)
            if let (field, rule) = rules.min(by: { $0.key < $1.key }) {
                throw ValidationError("\(Self.options[field] ?? field): \(rule)")
            }
            let settings = draft.settings
            try await OpenHome.forCommand(config: config) { open, admin in
                let book = ProviderBook(over: admin, keys: open.home.keys)
                guard let id = try await book.add(settings, to: wanted ?? nil) else {
                    throw ValidationError("There is no such organisation.")
                }
                print("Added \(id.uuidString.lowercased()). Enter at \(settings.name):")
                ProvidersCommand.tellAddresses(of: id, base: configuration.publicAddress)
            }
        }

        /// Which option a field of the draft was given with.
        private static let options = [
            "client": "--client-id", "secret": "--secret-file", "key": "--key-id", "domains": "--domain",
            "roles": "--role",
            "name": "--name", "issuer": "--issuer", "team": "--team", "claim": "--claim",
        ]

        private func draft() throws -> ProviderDraft {
            guard !(google && apple) else { throw ValidationError("One at a time.") }
            var draft = ProviderDraft(google ? .google : apple ? .apple : .other)
            draft.name = name ?? ""
            draft.issuer = issuer ?? ""
            draft.clientID = clientID
            draft.secret = try secret()
            draft.team = team ?? ""
            draft.keyID = keyID ?? ""
            draft.domains = domain.map { $0.lowercased() }
            draft.claim = claim ?? ""
            draft.roles = role
            return draft
        }

        private func secret() throws -> String {
            let data =
                secretFile == "-"
                ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: secretFile)
            let text = data.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
            guard let text, !text.isEmpty else {
                throw ValidationError("The secret's file cannot be read, or is empty.")
            }
            return text
        }
    }

    /// `carekeep providers remove ID`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a provider, and every session that was begun there."
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The provider's id.")
        var id: String

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                guard let id = UUID(uuidString: id),
                    try await ProviderBook(over: admin, keys: open.home.keys).end(id)
                else { throw ValidationError("There is no such provider.") }
                print("Nobody signs in there any more.")
            }
        }
    }

    /// `carekeep providers only ORGANIZATION on`
    struct Only: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Have an organisation's members sign in at its providers alone. Owners may use their password all the same.",
            discussion:
                "Have members sign in there once before: whoever is known by no provider by then is let in by none until it is off again."
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The organisation's id.")
        var organization: String

        @Argument(help: "on or off.")
        var state: State

        enum State: String, ExpressibleByArgument, CaseIterable {
            case on, off
        }

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                guard let organization = Organization.ID(organization),
                    try await ProviderBook(over: admin, keys: open.home.keys).require(state == .on, of: organization)
                else { throw ValidationError("There is no such organisation, or it has no provider.") }
                print(
                    state == .on
                        ? "Passwords are refused to members; owners keep theirs." : "Passwords are taken again."
                )
            }
        }
    }

    private static func tellAddresses(of id: UUID, base: String) {
        print("  redirect address: \(FederatedSignIn.returnAddress(of: id, base: base))")
        print("  back-channel logout: \(FederatedSignIn.logoutAddress(of: id, base: base))")
    }
}
