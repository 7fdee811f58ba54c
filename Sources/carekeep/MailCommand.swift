import ArgumentParser
import Foundation
import People

/// `carekeep mail`: how many letters are on their way, were sent, or could not be.
struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail",
        abstract: "Count letters by what became of them; neither whom they are to nor what they say."
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    func run() async throws {
        let isOn = try ServerConfiguration.load(from: config).mail != nil
        try await OpenHome.forCommand(config: config) { _, admin in
            if !isOn { print("No mail server is configured: links are handed over.") }
            let lines = try LetterBook(over: admin).lines()
            if lines.isEmpty { print("There are no letters.") }
            for line in lines {
                let parts = [
                    line.state, line.template, "\(line.letters)", "oldest \(line.oldest.formatted(.iso8601))",
                    line.lastError.map { "error \($0)" },
                ]
                print(parts.compactMap(\.self).joined(separator: "  "))
            }
        }
    }
}
