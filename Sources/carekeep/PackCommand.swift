import ArgumentParser
import Assurance
import Foundation
import Paper
import Seals

/// `carekeep pack`: what somebody who examines us gets, as HTML and PDF.
struct PackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Write the security review pack, as HTML and PDF.",
        discussion: """
            It has where every promise stands, answers to the usual questions, and maps of frameworks. It is made from the signed \
            results alone: those of this installation, or those of a file of /trust.json, which is verified first.
            """
    )

    @Option(name: .long, help: "The configuration file.")
    var config: String?

    @Option(
        name: .long,
        help: "The folder for security-pack.html and security-pack.pdf; it is made if it is not there."
    )
    var out: String

    @Option(name: .long, help: "A file of /trust.json, in place of this installation's results.")
    var trust: String?

    @Option(name: .long, help: "The key that must have signed the file, as the page /trust shows it.")
    var key: String?

    func run() async throws {
        var wanted: NoteVerifier?
        if let key {
            guard trust != nil else { throw ValidationError("--key goes with --trust.") }
            wanted = NoteVerifier(key)
            guard wanted != nil else { throw ValidationError("--key is not the text of a key.") }
        }
        let bytes = try await signed()
        let contents: TrustFile.Contents
        do { contents = try TrustFile.verify(bytes, key: wanted, at: Date()) } catch {
            throw ValidationError("\(trust ?? "The installation's results"): \(error).")
        }
        // What is said of a time is said of when it was signed, so that one file gives one pack.
        let at = try Date(contents.issued, strategy: .iso8601)
        let document = try SecurityPack(contents, at: at).document
        let folder = URL(filePath: out, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, bytes) in [
            ("security-pack.html", Array(document.html().utf8)), ("security-pack.pdf", try document.pdf()),
        ] {
            let file = folder.appending(path: name)
            try Data(bytes).write(to: file, options: .atomic)
            print(file.path(percentEncoded: false))
        }
    }

    private func signed() async throws -> [UInt8] {
        if let trust {
            guard let data = FileManager.default.contents(atPath: trust) else {
                throw ValidationError("\(trust) cannot be read.")
            }
            guard data.count <= 4 << 20 else {
                throw ValidationError("\(trust) is larger than any file of /trust.json.")
            }
            return Array(data)
        }
        let configuration = try ServerConfiguration.load(from: config)
        var file: [UInt8] = []
        try await OpenHome.forCommand(config: config) { open, _ in
            file = try await TrustDesk(
                store: open.home.store,
                keys: open.home.keys,
                name: configuration.publicNames.first ?? "localhost",
                release: "\(Release.version)",
                withheld: Set(configuration.withheldPromises)
            ).told().file
        }
        return file
    }
}
