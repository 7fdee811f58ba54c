import Foundation
import Testing

/// The public examples that lie beside the project while it is developed. Tests of them say that they were skipped where they are absent.
enum SampleData {
    struct File {
        let name: String
        let bytes: [UInt8]
    }

    /// For tests that are nothing without them.
    static var needed: ConditionTrait { .enabled("the public examples are not there") { root != nil } }

    /// All JSON files of the folders, or of every folder; of each at least one.
    static func files(_ folders: [String] = ["official-examples", "synthea", "ukcore-json-converted"]) throws -> [File]
    {
        let root = try #require(root)
        return try folders.flatMap { folder in
            let directory = root.appending(path: folder)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasSuffix(".json") }.sorted()
                .map { File(name: $0, bytes: [UInt8](try Data(contentsOf: directory.appending(path: $0)))) }
            try #require(!files.isEmpty, "no examples in \(folder)")
            return files
        }
    }

    /// `CAREKEEP_SAMPLES`, or `shared/data/fhir` beside the root of the project, wherever the tests are run from.
    private static var root: URL? {
        if let folder = ProcessInfo.processInfo.environment["CAREKEEP_SAMPLES"] { return URL(filePath: folder) }
        let project = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let candidates = [project, URL(filePath: FileManager.default.currentDirectoryPath)]
            .map { $0.deletingLastPathComponent().appending(path: "shared/data/fhir") }
        return candidates.first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
