import ArgumentParser
import FHIR
import Foundation
import Synthetic

/// `carekeep synthesize`: writes people who do not exist, for trying things out.
struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Write records of people who do not exist, as FHIR R4 bundles.",
        discussion: """
            The same options give the same bytes, on every machine. Each patient is one transaction bundle, in a file of its own \
            that `carekeep import` takes, or with --lines in one file with a bundle on each line. Patients are made and \
            written one by one, so that any number can be.
            """
    )

    @Option(name: .long, help: "Whose patients: family, clinic or operations.", transform: Self.profile)
    var profile: SyntheticPatient.Profile

    @Option(name: .long, help: "Another seed is another world.")
    var seed: UInt64 = 42

    @Option(name: .long, help: "How many patients.")
    var count: Int = 10

    @Option(name: .long, help: "The number of the first, from 0.")
    var first: Int = 0

    @Option(
        name: .long,
        help: "The day on which the records end, as 2026-11-21; today if it is left out.",
        transform: Self.day
    )
    var today = Day(secondsSince1970: Int(Date().timeIntervalSince1970))

    @Option(name: .long, help: "The folder to write to; it is made if it is not there.")
    var out: String

    @Flag(name: .long, help: "Write one file, a bundle on each line.")
    var lines = false

    private static func profile(_ text: String) throws -> SyntheticPatient.Profile {
        guard let profile = SyntheticPatient.Profile(rawValue: text) else {
            throw ValidationError("--profile is family, clinic or operations.")
        }
        return profile
    }

    private static func day(_ text: String) throws -> Day {
        let parts = text.split(separator: "-").compactMap { Int($0) }
        if parts.count == 3, (1900...9000).contains(parts[0]), (1...12).contains(parts[1]) {
            let day = Day(parts[0], parts[1], parts[2])
            if day.description == text { return day }
        }
        throw ValidationError("--today is a day of the calendar, as 2026-11-21.")
    }

    func validate() throws {
        guard count > 0, first >= 0, first <= 1_000_000_000, count <= 1_000_000_000 else {
            throw ValidationError("--count must be above 0 and --first not below 0, neither beyond a thousand million.")
        }
    }

    func run() throws {
        let folder = URL(filePath: out, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        if lines {
            try writeLines(to: folder.appending(path: "\(profile.rawValue).ndjson"))
        } else {
            for index in first..<first + count {
                let file = folder.appending(path: "\(profile.rawValue)-\(Self.padded(index + 1)).json")
                try Data(bundle(index)).write(to: file)
            }
        }
        print("\(count) \(count == 1 ? "patient" : "patients") of seed \(seed), who do not exist, in \(out)")
    }

    private func writeLines(to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        for index in first..<first + count { try handle.write(contentsOf: Data(bundle(index) + [0x0A])) }
        try handle.close()
    }

    private func bundle(_ index: Int) -> [UInt8] {
        SyntheticPatient.bundle(seed: seed, index: index, profile: profile, today: today).serialized()
    }

    /// Six digits, so that files stand in order.
    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}
