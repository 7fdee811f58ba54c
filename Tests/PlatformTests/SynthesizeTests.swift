import ArgumentParser
import Foundation
import Testing

@testable import carekeep

@Suite struct `Writing people who do not exist` {
    /// The names and bytes of what a run writes.
    private func files(_ arguments: String...) throws -> [String: Data] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "carekeep-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }  // the system empties the folder in any case
        let common = ["--out", folder.path, "--today", "2026-11-21"]
        let command = try SynthesizeCommand.parse(arguments + common)
        try command.run()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appending(path: $0))) }
        )
    }

    @Test(arguments: ["family", "clinic", "operations"])
    func `the same options give the same bytes`(profile: String) throws {
        let once = try files("--profile", profile, "--seed", "9", "--count", "3")
        #expect(once.keys.sorted() == (1...3).map { "\(profile)-00000\($0).json" })
        #expect(try files("--profile", profile, "--seed", "9", "--count", "3") == once)
        #expect(try files("--profile", profile, "--seed", "10", "--count", "3") != once)
        let last = try files("--profile", profile, "--seed", "9", "--first", "2", "--count", "1")
        #expect(last.first?.value == once["\(profile)-000003.json"])
    }

    @Test func `with lines there is one file, a bundle on each line`() throws {
        let file = try files("--profile", "operations", "--count", "4", "--lines")["operations.ndjson"]
        let lines = file.map { $0.split(separator: UInt8(ascii: "\n")) } ?? []
        #expect(lines.count == 4)
        for line in lines { #expect(line.starts(with: Data("{\"resourceType\":\"Bundle\"".utf8))) }
    }

    @Test(arguments: [
        ["--profile", "zoo"], ["--profile", "clinic", "--count", "0"], ["--profile", "clinic", "--first=-1"],
        ["--profile", "clinic", "--today", "2026-02-30"], ["--profile", "clinic", "--today", "1-1-1"],
    ])
    func `options that mean nothing are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try SynthesizeCommand.parse(arguments + ["--out", "/nowhere"]) }
    }
}
