import ArgumentParser
import Assurance
import Care
import Foundation
import People

/// `carekeep stewards`: who vouches for what people do, and who may see what went wrong.
struct StewardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stewards",
        abstract: "Name the installation's stewards, who vouch for promises, and its auditors; list them.",
        discussion: """
            Stewards vouch for what people do, at /trust/vouch, and review what other stewards vouch for: two are needed. Auditors see \
            the evidence, and what checks saw where they failed. An organisation's administrator can name neither. The trail says \
            whom the operator named.
            """,
        subcommands: [List.self, Add.self, Remove.self],
        defaultSubcommand: List.self
    )

    /// `carekeep stewards`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List stewards and auditors.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                let holders = try await Offices(keys: open.home.keys).holders(over: admin)
                for holder in holders {
                    print("\(holder.office.rawValue)  \(holder.address)  since \(holder.since.formatted(.iso8601))")
                }
                if holders.count(where: { $0.office == .steward }) < 2 {
                    print("Nothing can be vouched for with fewer than two stewards: another one has to review it.")
                }
            }
        }
    }

    /// `carekeep stewards add ADDRESS`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Name somebody who can sign in.")

        @OptionGroup var whom: Whom

        func run() async throws {
            try await OpenHome.forCommand(config: whom.config) { open, admin in
                let office = whom.office
                switch try await Offices(keys: open.home.keys).give(office, to: whom.address, over: admin) {
                case nil: throw ValidationError("Nobody signs in by that address.")
                case false?: print("They are \(office.article) \(office.rawValue) already.")
                case true?: print("They are \(office.article) \(office.rawValue) now.")
                }
            }
        }
    }

    /// `carekeep stewards remove ADDRESS`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "End somebody's office, within a minute. What they vouched for stays until another steward withdraws it."
        )

        @OptionGroup var whom: Whom

        func run() async throws {
            try await OpenHome.forCommand(config: whom.config) { open, admin in
                let office = whom.office
                switch try await Offices(keys: open.home.keys).end(office, of: whom.address, over: admin) {
                case nil: throw ValidationError("Nobody signs in by that address.")
                case false?: throw ValidationError("They are no \(office.rawValue).")
                case true?: print("They are no \(office.rawValue) any more.")
                }
            }
        }
    }

    /// Whom it is about, and which office.
    struct Whom: ParsableArguments {
        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Flag(name: .long, help: "An auditor, in place of a steward.")
        var auditor = false

        @Argument(help: "The e-mail address with which they sign in.")
        var address: String

        var office: Office { auditor ? .auditor : .steward }
    }
}

extension Office {
    fileprivate var article: String { self == .auditor ? "an" : "a" }
}
