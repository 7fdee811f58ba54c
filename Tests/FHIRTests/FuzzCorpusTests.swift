import Foundation
import Testing

/// The fuzzer's rules, on inputs that were of interest once: as they are, cut short, and with a few bytes changed.
@Suite struct FuzzCorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func `No input of the corpus breaks a rule, nor does one that is cut short or changed`(_ target: FuzzTarget) throws
    {
        let files = try Corpus.files(target)
        try #require(files.count >= 4)
        for file in files {
            for input in [file.bytes] + file.cuts + file.changes {
                do { try target.run(input) } catch { Issue.record("\(file.name): \(error): \(input)") }
            }
        }
    }
}

private enum Corpus {
    struct File {
        let name: String
        let bytes: [UInt8]

        /// The input, ended early; at most in a hundred places.
        var cuts: [[UInt8]] {
            stride(from: 0, to: bytes.count, by: max(1, bytes.count / 100)).map { Array(bytes[..<$0]) }
        }

        /// The input with one to three bytes written over, by the same dice each time.
        var changes: [[UInt8]] {
            guard !bytes.isEmpty else { return [] }
            var dice = Dice(state: UInt64(bytes.count))
            return (0..<100).map { _ in
                var changed = bytes
                for _ in 0...Int.random(in: 0...2, using: &dice) {
                    let byte =
                        Bool.random(using: &dice)
                        ? bytes.randomElement(using: &dice)! : .random(in: 0...255, using: &dice)
                    changed[Int.random(in: 0..<bytes.count, using: &dice)] = byte
                }
                return changed
            }
        }
    }

    static func files(_ target: FuzzTarget) throws -> [File] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "fuzz/corpus/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
            File(name: name, bytes: Array(try Data(contentsOf: folder.appending(path: name))))
        }
    }
}

/// SplitMix64.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
