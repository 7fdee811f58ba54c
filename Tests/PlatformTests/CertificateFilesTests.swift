import Foundation
import Postgres
import Seals
import Testing

@testable import carekeep

/// Files that an operator brings.
@Suite final class `Certificate files` {
    private let folder = FileManager.default.temporaryDirectory.appending(component: "pem-\(UUID())").path()

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What an authority signs: as good as what comes from elsewhere.
    private func issue(_ name: String) throws -> LocalAuthority {
        let (own, account) = ("\(folder)/\(name)", try Account.ofThisProcess())
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let authority = LocalAuthority(folder: own, owner: account, server: account, names: [])
        try authority.prepare()
        return authority
    }

    private func bring(_ path: String, as name: String) throws {
        try Data(contentsOf: URL(filePath: path)).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    @Test func `are new when they were renewed, and both of them were`() throws {
        let (first, second) = (try issue("first"), try issue("second"))
        let files = try #require(
            CertificateFiles(.files(certificate: "\(folder)/server.pem", key: "\(folder)/server.key"))
        )
        try bring(first.certificateFile, as: "server.pem")
        try bring(first.keyFile, as: "server.key")
        files.note()
        #expect(try !files.areNew())
        try bring(second.certificateFile, as: "server.pem")
        #expect(throws: ConfigurationError.self, "half of them") { try files.areNew() }
        try bring(second.keyFile, as: "server.key")
        #expect(try files.areNew())
        files.note()
        #expect(try !files.areNew())
        try FileManager.default.removeItem(atPath: "\(folder)/server.key")
        #expect(throws: ConfigurationError.self) { try files.areNew() }
    }

    @Test func `are nobody's concern where the local authority signs`() {
        #expect(CertificateFiles(.localAuthority) == nil)
    }
}

@Suite final class `The root key's passphrase` {
    private let folder = FileManager.default.temporaryDirectory.appending(component: "root-\(UUID())").path()

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @Test func `is the first line of its file, for the commands as for the server`() throws {
        try Data("open sesame, and be quick about it\r\nnot this\n".utf8).write(
            to: URL(filePath: "\(folder)/passphrase")
        )
        let configuration = try ServerConfiguration(
            yaml: """
                data_folder: \(folder)/data
                root_key: {file: \(folder)/root.key, passphrase_file: \(folder)/passphrase}
                """,
            file: "test.yaml"
        )
        let account = try Account.ofThisProcess()
        let paths = try InstallationPaths(configuration, accounts: .init(database: account, server: account))
        try RootKeyPlace(paths).createIfMissing()
        _ = try RootKeyPlace(paths).load()
        _ = try RootKey.load(at: "\(folder)/root.key", passphrase: "open sesame, and be quick about it")
        #expect(try ServerProcess.passphrase(configuration.rootKey) == Array("open sesame, and be quick about it".utf8))
    }
}
