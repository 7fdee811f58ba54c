import Foundation

/// The public examples that lie beside the project while it is developed. Where they are absent there are simply none.
enum SampleData {
    struct File {
        let name: String
        let bytes: [UInt8]
    }

    /// All JSON files of the folders, or of every folder.
    static func files(_ folders: [String] = ["official-examples", "synthea", "ukcore-json-converted"]) throws -> [File]
    {
        guard let root else { return [] }
        return try folders.flatMap { folder in
            let directory = root.appending(path: folder)
            guard FileManager.default.fileExists(atPath: directory.path) else { return [File]() }
            return try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasSuffix(".json") }.sorted()
                .map { File(name: $0, bytes: [UInt8](try Data(contentsOf: directory.appending(path: $0)))) }
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
