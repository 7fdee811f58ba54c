import ArgumentParser
import Assurance
import Care
import FHIR
import Foundation
import Glibc
import People
import Records
import Trail

/// `carekeep import FILE…`: takes in FHIR R4 JSON, as a signed-in member of an organisation.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take in FHIR R4 JSON: bundles or single resources, as a member of an organisation.",
        discussion: """
            Signs in as the member, so that every patient's trail says who brought the records. Makes stub patients where a bundle \
            names one that is missing. Leaves out what the organisation's profile forbids, and says so. The password is \
            asked for, or read from the file named by --password-file.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(name: .customLong("as"), help: "The member's e-mail address.")
    var member: String

    @Option(name: .long, help: "A file with the member's password.")
    var passwordFile: String?

    @Option(name: .long, help: "The code that the member's code app shows now, if they have one. Asked for without it.")
    var code: String?

    @Argument(help: "Files of FHIR R4 JSON.")
    var files: [String]

    func run() async throws {
        let password = try password()
        try await OpenHome.forCommand(config: config) { open, _ in
            let caller = try await Self.complete(Self.signIn(member, password, open.home), code, open.home)
            let failures = await Importer(home: open.home, caller: caller, showsProgress: isatty(STDERR_FILENO) == 1)
                .take(files)
            try await open.home.signIn.end(caller)
            if failures > 0 { throw ExitCode.failure }
        }
    }

    private func password() throws -> String {
        if let passwordFile {
            guard let data = FileManager.default.contents(atPath: passwordFile) else {
                throw ValidationError("--password-file cannot be read.")
            }
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        }
        guard let typed = getpass("Password of \(member): ") else { throw ValidationError("A password is needed.") }
        return String(cString: typed)
    }

    static func signIn(_ address: String, _ password: String, _ home: Home) async throws -> Caller {
        let origin = AccessNote(address: "", device: "carekeep on the host", request: "")
        let token: SessionToken
        do {
            token = try await home.signIn.begin(
                address: address,
                password: password,
                organization: nil,
                use: .api,
                origin: origin
            )
        } catch Refusal.wrongCredentials {
            throw ValidationError("Address and password do not belong together.")
        }
        return Caller(token: token, use: .api, origin: origin)
    }

    /// The session with its second factor shown, where it needs one.
    private static func complete(_ caller: Caller, _ code: String?, _ home: Home) async throws -> Caller {
        let standing = try await home.signIn.secondFactor(of: caller)
        guard standing.isDue else { return caller }
        guard standing.since != nil else {
            throw ValidationError("They need a code app first: sign in on a page, and set one up there.")
        }
        guard let code = code ?? getpass("Code of the app: ").map({ String(cString: $0) }),
            case .shown(let token) = try await home.signIn.show(code, for: caller)
        else {
            try await home.signIn.end(caller)
            throw ValidationError("The code is wrong, or was used already.")
        }
        return Caller(token: token, use: .api, origin: caller.origin)
    }
}

/// Brings files in, one after another, and says what came of each.
struct Importer {
    let home: Home
    let caller: Caller
    var reach: [PatientRecords.ImportReach] = []
    var showsProgress = false
    var isQuiet = false

    /// Takes in files. Answers how many failed.
    func take(_ files: [String]) async -> Int {
        let run = PatientRecords.ImportRun()
        var failures = 0
        for (number, file) in files.enumerated() {
            let name = URL(filePath: file).lastPathComponent
            do {
                guard let data = FileManager.default.contents(atPath: file) else {
                    throw Outcome(.notFound, "the file cannot be read")
                }
                let report = try await take(Array(data), named: "\(number + 1)/\(files.count)", in: run)
                if !isQuiet { say(report, of: name) }
            } catch let broken as PatientRecords.ImportBrokeOff {
                failures += 1
                let kept = "\(broken.written) of \(broken.total) records were written and stay"
                complain("\(name): broke off, \(kept): \(words(broken.reason))")
            } catch {
                failures += 1
                complain("\(name): refused, nothing of it was kept: \(words(error))")
            }
        }
        return failures
    }

    /// Takes in one text.
    func take(_ bytes: [UInt8], named name: String, in run: PatientRecords.ImportRun) async throws
        -> PatientRecords.ImportReport
    {
        let json: JSON
        do { json = try JSON(parsing: bytes, limits: .bulk) } catch { throw Outcome(error) }
        let shows = showsProgress
        let report = try await home.records.importFile(json, in: run, reach: reach, for: caller) { done, total in
            if shows { Self.draw(done, of: total, name) }
        }
        if shows { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        return report
    }

    private func complain(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }

    private func say(_ report: PatientRecords.ImportReport, of name: String) {
        let total = report.written.values.reduce(0, +)
        print("\(name): \(total) records of \(report.written.count) types")
        if report.reused > 0 { print("  \(report.reused) of the directory were there already") }
        if report.stubs > 0 { print("  \(report.stubs) patients were named and missing: a stub was made for each") }
        if report.dangling > 0 { print("  \(report.dangling) references lead outside of what was brought") }
        for (warning, count) in report.dropped.sorted(by: { $0.key < $1.key }) {
            print("  left out \(count) ×: \(warning)")
        }
    }

    private static func draw(_ done: Int, of total: Int, _ name: String) {
        let width = 40
        let filled = total == 0 ? width : done * width / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        FileHandle.standardError.write(Data("\r\(name) \(bar) \(done)/\(total)".utf8))
    }

    private func words(_ refusal: Refusal) -> String {
        switch refusal {
        case .notFound: "it takes rights that you do not have, or names somebody whom you do not reach"
        case .signedOut: "you are signed in no more"
        case .guardIsUp: "closed for safety: the database is not as it was released (carekeep migrate drift)"
        case .unavailable: "the stores do not answer"
        case .tooBusy: "too much is waiting; try again"
        default: refusal.rawValue
        }
    }

    private func words(_ error: any Error) -> String {
        switch error {
        case let outcome as Outcome:
            let shown = outcome.issues.prefix(5).map { issue in
                (issue.expression.map { "\($0): " } ?? "") + issue.rule
            }
            let more = outcome.issues.count > 5 ? " (and \(outcome.issues.count - 5) more)" : ""
            return shown.joined(separator: "; ") + more
        case let refusal as Refusal: return words(refusal)
        default: return "a fault of ours (\(type(of: error)))"
        }
    }
}
