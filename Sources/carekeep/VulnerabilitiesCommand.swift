import ArgumentParser
import Assurance
import Foundation

/// `carekeep vulnerabilities`: reports of weaknesses that strangers sent, and the clock of each.
struct VulnerabilitiesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vulnerabilities",
        abstract: "List reports of weaknesses and what is overdue; read, answer and close them.",
        discussion: """
            Reports come by the form at /security/report. Reading one for the first time tells its reporter that it was read. Answers \
            are shown to whoever has the report's link.
            """,
        subcommands: [List.self, Show.self, Answer.self, Close.self],
        defaultSubcommand: List.self
    )

    /// `carekeep vulnerabilities list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List reports; 1 if a promised time has passed.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        func run() async throws {
            var overdue = 0
            try await OpenHome.forCommand(config: config) { open, admin in
                let lines = try VulnerabilityBook(over: admin, keys: open.home.keys).lines()
                for line in lines { print(Self.text(line)) }
                overdue = lines.count { $0.isOverdue }
                print("\(lines.count) received, \(lines.count { $0.closedAt == nil }) open, \(overdue) overdue")
            }
            if overdue > 0 { throw ExitCode.failure }
        }

        private static func text(_ line: VulnerabilityBook.Line) -> String {
            let closed = line.closedAt.map { "closed \(time($0)) \(line.outcome?.rawValue ?? "")" }
            let wrote = line.writtenAt.flatMap { written in
                written > line.closedAt ?? line.answeredAt ?? line.acknowledgedAt ?? .distantPast
                    ? "the reporter wrote more \(time(written))" : nil
            }
            return [
                "\(line.number)", "received \(time(line.at))",
                line.acknowledgedAt.map { "read \(time($0))" } ?? "to be read by \(time(line.acknowledgeBy))",
                closed ?? line.answeredAt.map { "answered \(time($0))" } ?? "to be answered by \(time(line.answerBy))",
                wrote, line.isOverdue ? "OVERDUE" : nil,
            ].compactMap(\.self).joined(separator: "  ")
        }
    }

    /// `carekeep vulnerabilities show N`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a report. The first time, its reporter is told that it was read."
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The report's number.")
        var number: Int

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                guard let file = try await VulnerabilityBook(over: admin, keys: open.home.keys).read(number) else {
                    throw ValidationError("There is no report \(number).")
                }
                Self.tell(file)
            }
        }

        /// What strangers wrote has no signs that steer a terminal: they were taken out when it came, and are once more.
        private static func tell(_ file: VulnerabilityFile) {
            let report = file.report
            print("report \(file.number)  received \(time(file.at))")
            print("to be read by \(time(file.acknowledgeBy)), answered by \(time(file.answerBy))")
            for (label, text) in [
                ("what", report.what), ("where", report.place), ("how", report.steps),
                ("contact", report.contact.isEmpty ? "none was given" : report.contact),
                ("thank as", report.thanks.isEmpty ? "not wanted" : report.thanks),
            ] {
                print("\n\(label):\n\(indented(text))")
            }
            for act in file.acts {
                let outcome = act.outcome.map { " \($0.rawValue)" } ?? ""
                let what = act.kind == .written ? "the reporter wrote" : act.kind.rawValue
                print("\n\(time(act.at))  \(what)\(outcome)")
                if !act.text.isEmpty { print(indented(act.text)) }
            }
        }

        private static func indented(_ text: String) -> String {
            text.withoutControls.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
                .joined(separator: "\n")
        }
    }

    /// `carekeep vulnerabilities answer N TEXT`
    struct Answer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Answer a report, for its reporter to read.")

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The report's number.")
        var number: Int

        @Argument(help: "The answer; - reads it from the standard input.")
        var text: String

        func run() async throws {
            let given =
                text == "-" ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self) : text
            let words = given.trimmingCharacters(in: .whitespacesAndNewlines).withoutControls
            guard !words.isEmpty else { throw ValidationError("The answer is empty.") }
            guard words.utf8.count <= VulnerabilityDesk.longestWords else {
                throw ValidationError("An answer has at most \(VulnerabilityDesk.longestWords) bytes.")
            }
            try await OpenHome.forCommand(config: config) { open, admin in
                let book = VulnerabilityBook(over: admin, keys: open.home.keys)
                guard try await book.answer(number, words) else {
                    throw ValidationError("There is no report \(number).")
                }
                print("The reporter finds it at the report's link.")
            }
        }
    }

    /// `carekeep vulnerabilities close N fixed`
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a report that was answered: fixed, declined or duplicate."
        )

        @Option(name: .long, help: "The configuration file.")
        var config: String?

        @Argument(help: "The report's number.")
        var number: Int

        @Argument(
            help: "fixed, declined or duplicate.",
            transform: {
                guard let outcome = VulnerabilityOutcome(rawValue: $0) else {
                    throw ValidationError("A report is closed as fixed, declined or duplicate.")
                }
                return outcome
            }
        )
        var outcome: VulnerabilityOutcome

        func run() async throws {
            try await OpenHome.forCommand(config: config) { open, admin in
                let book = VulnerabilityBook(over: admin, keys: open.home.keys)
                do {
                    guard try await book.close(number, as: outcome) else {
                        throw ValidationError("There is no report \(number).")
                    }
                } catch is VulnerabilityBook.Unanswered {
                    throw ValidationError("Report \(number) was not answered: answer it first, then close it.")
                }
                print("Closed: \(outcome.rawValue).")
            }
        }
    }

    private static func time(_ time: Date) -> String { time.formatted(.iso8601) }
}
